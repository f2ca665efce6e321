"""What ClickHouse's merging table engines leave of their rows: the relation behind `FINAL`.

Rows are stored as they came and merged when they are read with FINAL, so FINAL is exact at any
time. Rows of one sorting key have an order, that of insertion: `rowid`, which grows with every
insert and which compaction keeps. Rules (all observed on ClickHouse 26):

| engine | FINAL |
|---|---|
| Replacing | the row with the highest `ver`, the last of equals; none if it is deleted |
| Summing | sums of the summed columns, the first row's value of the rest; rows of zeros vanish |
| Aggregating | states and simple aggregates merged, the first row's value of the rest |
| Summing, Aggregating without sorting key | every row as it is |
| Collapsing | the last `+1` row, unless `-1` rows cancel it |
| VersionedCollapsing | what is left when `+1` and `-1` of one key and version cancel in order |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.project import Column, Datasource
from mini_tb.types import DataType, to_duckdb
from mini_tb.types.duckdb import quote_identifier as quote

ROW = '"insertion order"'
"""The insertion order inside these relations: a name that no data source's column can have, since
theirs are without blanks."""

ALIAS = "s"
"""What the expressions of the key call the table."""

MERGING = frozenset(
    {
        "ReplacingMergeTree",
        "SummingMergeTree",
        "AggregatingMergeTree",
        "CollapsingMergeTree",
        "VersionedCollapsingMergeTree",
    }
)

_SIMPLE: dict[str, str] = {
    # SimpleAggregateFunction → its merge; {c} is the column, {r} the insertion order.
    "any": "arg_min({c}, {r})",
    "any_respect_nulls": "arg_min_null({c}, {r})",
    "anyLast": "arg_max({c}, {r})",
    "anyLast_respect_nulls": "arg_max_null({c}, {r})",
    "min": "min({c})",
    "max": "max({c})",
    "groupBitAnd": "bit_and({c})",
    "groupBitOr": "bit_or({c})",
    "groupBitXor": "bit_xor({c})",
    "groupArrayArray": "coalesce(flatten(list({c} ORDER BY {r})), [])",
    "groupArrayLastArray": "coalesce(flatten(list({c} ORDER BY {r})), [])",
    "groupUniqArrayArray": "coalesce(list_distinct(flatten(list({c} ORDER BY {r}))), [])",
}


def final_relation(
    name: str,
    datasource: Datasource,
    key: Sequence[str],
    key_columns: frozenset[str],
    merge_state: Callable[[DataType, str], str],
) -> str | None:
    """DuckDB text for `FROM table FINAL`; None where that is the table itself.

    `key` are DuckDB expressions of the sorting key over the alias ALIAS, `key_columns` the columns
    they read.
    `merge_state(type, column)` is the DuckDB aggregate that merges states of `type`.
    """
    engine = datasource.engine
    if engine.name not in MERGING:
        return None
    source = _ordered(name, datasource)
    columns = ", ".join(quote(column.name) for column in datasource.columns)
    if engine.name == "ReplacingMergeTree":
        return _replacing(source, columns, key, engine.ver, engine.is_deleted)
    if engine.name == "CollapsingMergeTree":
        return _collapsing(source, columns, key, quote(engine.sign or ""))
    if engine.name == "VersionedCollapsingMergeTree":
        versioned = [*key, quote(engine.version or "")]
        return _versioned_collapsing(source, columns, versioned, quote(engine.sign or ""))
    if not key:
        return None
    return _merged(source, datasource, key, key_columns, merge_state)


def _ordered(name: str, datasource: Datasource) -> str:
    """The table with its insertion order as the column ROW."""
    hides_rowid = any(column.name.lower() == "rowid" for column in datasource.columns)
    # A column called `rowid` hides DuckDB's; a scan numbers its rows in the same order.
    order = "row_number() OVER ()" if hides_rowid else "rowid"
    return f"(SELECT *, {order} AS {ROW} FROM {quote(name)}) AS {ALIAS}"


def _over(key: Sequence[str], *more: str, order: str = "") -> str:
    partition = ", ".join([*key, *more])
    return f"OVER ({f'PARTITION BY {partition}' if partition else ''}{order})"


def _replacing(
    source: str, columns: str, key: Sequence[str], ver: str | None, is_deleted: str | None
) -> str:
    newest = f"{quote(ver)} DESC, {ROW} DESC" if ver else f"{ROW} DESC"
    rank = f"row_number() {_over(key, order=f' ORDER BY {newest}')}"
    hidden = f" WHERE {quote(is_deleted)} = 0" if is_deleted else ""
    winners = f"SELECT * FROM {source} QUALIFY {rank} = 1"
    return f"(SELECT {columns} FROM ({winners}){hidden})"


def _collapsing(source: str, columns: str, key: Sequence[str], sign: str) -> str:
    balance = f"sum({sign}) {_over(key)}"
    last = f"arg_max({sign}, {ROW}) {_over(key)}"
    rank = f"row_number() {_over(key, sign, order=f' ORDER BY {ROW} DESC')}"
    return (
        f"(SELECT {columns} FROM {source} QUALIFY {sign} = 1 AND {rank} = 1 "
        f"AND ({balance} > 0 OR ({balance} = 0 AND {last} = 1)))"
    )


def _versioned_collapsing(source: str, columns: str, key: Sequence[str], sign: str) -> str:
    # Each row moves a level by its sign; a row survives if no later one crosses back: it is the
    # last that reached its level, and the level lies between zero and the final one.
    walk = f"SELECT *, sum({sign}) {_over(key, order=f' ORDER BY {ROW}')} AS level FROM {source}"
    total = f"sum({sign}) {_over(key)}"
    rank = f"row_number() {_over(key, sign, 'level', order=f' ORDER BY {ROW} DESC')}"
    return (
        f"(SELECT {columns} FROM ({walk}) AS {ALIAS} QUALIFY {rank} = 1 "
        f"AND {sign} * level BETWEEN 1 AND {sign} * {total})"
    )


def _merged(
    source: str,
    datasource: Datasource,
    key: Sequence[str],
    key_columns: frozenset[str],
    merge_state: Callable[[DataType, str], str],
) -> str:
    is_summing = datasource.engine.name == "SummingMergeTree"
    summed = _summed(datasource, key_columns) if is_summing else frozenset[str]()
    items: list[str] = []
    zeros: list[str] = []
    has_aggregates = False
    for column in datasource.columns:
        merged = _merge_column(column, column.name in summed, key_columns, merge_state)
        items.append(f"{merged} AS {quote(column.name)}")
        if column.name in summed:
            # A Nullable sum counts as nothing only if it is NULL.
            zeros.append(f"{merged} IS NULL" if column.type.is_nullable else f"{merged} = 0")
        has_aggregates |= column.type.name in ("AggregateFunction", "SimpleAggregateFunction")
    having = "" if has_aggregates or not zeros else f" HAVING NOT ({' AND '.join(zeros)})"
    return f"(SELECT {', '.join(items)} FROM {source} GROUP BY {', '.join(key)}{having})"


def _summed(datasource: Datasource, key_columns: frozenset[str]) -> frozenset[str]:
    """The columns that SummingMergeTree adds up: ENGINE_COLUMNS, or all numbers off the keys."""
    chosen = datasource.engine.columns
    return frozenset(
        column.name
        for column in datasource.columns
        if column.name not in key_columns
        and (column.name in chosen if chosen else True)
        and column.type.name not in ("AggregateFunction", "SimpleAggregateFunction")
        and (column.type.is_integer or column.type.is_float or column.type.is_decimal)
    )


def _merge_column(
    column: Column,
    is_summed: bool,
    key_columns: frozenset[str],
    merge_state: Callable[[DataType, str], str],
) -> str:
    name = quote(column.name)
    t = column.type
    if t.is_state:
        return merge_state(t, column.name)
    if column.name not in key_columns:
        if is_summed:
            return _sum(t, name)
        if t.name == "SimpleAggregateFunction":
            function = str(t.params[0])
            if function in ("sum", "sumWithOverflow"):
                return _sum(t.types[0], name)
            if function in _MAPS:
                return f"CAST({_merged_map(function, name)} AS {to_duckdb(t)})"
            return _SIMPLE[function].format(c=name, r=ROW)
    return f"arg_min_null({name}, {ROW})"


_MAPS = {"sumMap": "list_sum", "minMap": "list_min", "maxMap": "list_max"}
"""SimpleAggregateFunction over Map → what it does with the values of one key."""


def _merged_map(function: str, name: str) -> str:
    """Maps merged key by key, keys in their order; `sumMap` leaves out keys whose sum is zero."""
    # The names of the lambdas' parameters are no column's, which would be meant otherwise.
    key, entry = '"the key"', '"the entry"'
    pairs = f"flatten(list(map_entries({name})))"
    keys = f"list_sort(list_distinct(list_transform({pairs}, lambda {entry}: {entry}.key)))"
    same = f"list_filter({pairs}, lambda {entry}: {entry}.key = {key})"
    values = f"{_MAPS[function]}(list_transform({same}, lambda {entry}: {entry}.value))"
    merged = f"list_transform({keys}, lambda {key}: {{'key': {key}, 'value': {values}}})"
    if function == "sumMap":
        merged = f"list_filter({merged}, lambda {entry}: {entry}.value <> 0)"
    return f"map_from_entries({merged})"


def _sum(t: DataType, name: str) -> str:
    """A sum that has the column's own type; integers wrap around as ClickHouse's do."""
    stored = to_duckdb(t)
    if not t.is_integer or t.bits > 64:
        return f"sum({name})::{stored}"
    modulus = 1 << t.bits
    low = modulus // 2 if t.is_signed else 0
    total = f"sum({name}::HUGEINT)"
    wrapped = f"((({total} + {low}) % {modulus} + {modulus}) % {modulus} - {low})"
    return f"{wrapped}::{stored}"


def simple_functions() -> frozenset[str]:
    """The functions that `SimpleAggregateFunction` columns may name on this engine."""
    return frozenset(_SIMPLE) | frozenset(_MAPS) | {"sum", "sumWithOverflow"}
