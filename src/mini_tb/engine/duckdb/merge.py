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

Summing adds up a Nested called `…Map` key by key; beside one, or a state, no row vanishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.project import Column, Datasource
from mini_tb.types import DataType, to_duckdb
from mini_tb.types.duckdb import quote_identifier as quote

ROW = '"insertion order"'
"""The insertion order inside these relations: a name that no data source's column can have, since
theirs are without blanks."""

LEVEL = '"level of signs"'
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


@dataclass(frozen=True, slots=True)
class SortingKey:
    """A sorting key: DuckDB expressions over the alias ALIAS, and the columns that they read."""

    expressions: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()


Merge = Callable[[str, Sequence[Column]], str]
"""(ClickHouse aggregate, the columns that it reads) → its DuckDB text."""


def final_relation(datasource: Datasource, key: SortingKey, merge: Merge) -> str | None:
    """DuckDB text for `FROM table FINAL`; None where that is the table itself."""
    engine = datasource.engine
    rows = ordered_rows(datasource)
    if engine.name == "ReplacingMergeTree":
        hidden = f" WHERE {quote(engine.is_deleted)} = 0" if engine.is_deleted else ""
        winners = f"SELECT * FROM {rows} QUALIFY {_is_newest(datasource, key)}"
        return f"(SELECT {_columns(datasource)} FROM ({winners}){hidden})"
    if engine.name == "CollapsingMergeTree":
        return f"(SELECT {_columns(datasource)} FROM {rows} QUALIFY {_is_state(datasource, key)})"
    if engine.name == "VersionedCollapsingMergeTree":
        walk, survives = _balanced(datasource, key, rows)
        return f"(SELECT {_columns(datasource)} FROM {walk} QUALIFY {survives})"
    if engine.name in MERGING and key.expressions:
        return f"({_merged(datasource, key, rows, merge, keeps_zeros=False)})"
    return None


def compacted_rows(datasource: Datasource, key: SortingKey, merge: Merge, where: str = "") -> str:
    """DuckDB text of a SELECT of the fewest rows that answer every FINAL, now and after any later
    insert, as all rows do; sorted by the key. `where` is a condition over ALIAS on what is kept.

    So what FINAL only hides stays: the newest row although it is deleted, sums that are zero, and
    of cancelled rows as many as a later row could still need.
    """
    engine = datasource.engine
    rows = ordered_rows(datasource, where)
    order = f" ORDER BY {', '.join([*key.expressions, ROW])}"
    if engine.name == "ReplacingMergeTree":
        kept = f"{rows} QUALIFY {_is_newest(datasource, key)}"
    elif engine.name == "CollapsingMergeTree":
        kept = f"{rows} QUALIFY {_is_needed(datasource, key)}"
    elif engine.name == "VersionedCollapsingMergeTree":
        walk, survives = _balanced(datasource, key, rows)
        kept = f"{walk} QUALIFY {survives}"
    elif engine.name in MERGING and key.expressions:
        merged = _merged(datasource, key, rows, merge, keeps_zeros=True)
        return f"{merged} ORDER BY {', '.join(key.expressions)}"
    else:
        kept = rows
    return f"SELECT {_columns(datasource)} FROM {kept}{order}"


def ordered_rows(datasource: Datasource, where: str = "") -> str:
    """The table with its insertion order as the column ROW, called ALIAS."""
    hides_rowid = any(column.name.lower() == "rowid" for column in datasource.columns)
    # A column called `rowid` hides DuckDB's; a scan numbers its rows in the same order.
    order = "row_number() OVER ()" if hides_rowid else "rowid"
    rows = f"SELECT *, {order} AS {ROW} FROM {quote(datasource.name)}"
    if where:
        rows = f"SELECT * FROM ({rows}) AS {ALIAS} WHERE {where}"
    return f"({rows}) AS {ALIAS}"


def _columns(datasource: Datasource) -> str:
    return ", ".join(quote(column.name) for column in datasource.columns)


def _over(key: Sequence[str], order: str = "") -> str:
    partition = f"PARTITION BY {', '.join(key)}" if key else ""
    return f"OVER ({partition}{order})"


def _is_newest(datasource: Datasource, key: SortingKey) -> str:
    """ReplacingMergeTree: whether a row wins."""
    ver = datasource.engine.ver
    newest = f"{quote(ver)} DESC, {ROW} DESC" if ver else f"{ROW} DESC"
    return f"row_number() {_over(key.expressions, f' ORDER BY {newest}')} = 1"


def _collapse(datasource: Datasource, key: SortingKey) -> tuple[str, str, str, str]:
    """CollapsingMergeTree: the sign; per key the sum of signs and the sign of the last row; and a
    row's place among those of its sign, from the last."""
    sign = quote(datasource.engine.sign or "")
    balance = f"sum({sign}) {_over(key.expressions)}"
    last = f"arg_max({sign}, {ROW}) {_over(key.expressions)}"
    place = f"row_number() {_over([*key.expressions, sign], f' ORDER BY {ROW} DESC')}"
    return sign, balance, last, place


def _is_state(datasource: Datasource, key: SortingKey) -> str:
    """CollapsingMergeTree: whether a row is the last state and is not cancelled."""
    sign, balance, last, place = _collapse(datasource, key)
    return f"{sign} = 1 AND {place} = 1 AND ({balance} > 0 OR ({balance} = 0 AND {last} = 1))"


def _is_needed(datasource: Datasource, key: SortingKey) -> str:
    """CollapsingMergeTree: whether a row is needed to keep the last state, the last sign and the
    balance. Of the rest, a pair of both signs can go: as many of each as the lesser has."""
    sign, _, last, place = _collapse(datasource, key)
    positive = f"count(*) FILTER ({sign} = 1) {_over(key.expressions)}"
    negative = f"count(*) FILTER ({sign} = -1) {_over(key.expressions)}"
    ends_negative = f"CAST({last} = -1 AS INTEGER)"
    removable = f"greatest(0, least({positive} - 1, {negative} - {ends_negative}))"
    count = f"CASE WHEN {sign} = 1 THEN {positive} ELSE {negative} END"
    return f"{place} <= {count} - {removable}"


def _balanced(datasource: Datasource, key: SortingKey, rows: str) -> tuple[str, str]:
    """VersionedCollapsingMergeTree: rows with their level, and whether a row survives.

    Each row moves the level of its key and version by its sign; a row survives if no later one
    crosses back: it is the last that reached its level, which lies between zero and the final one.
    """
    sign = quote(datasource.engine.sign or "")
    versioned = [*key.expressions, quote(datasource.engine.version or "")]
    level = f"sum({sign}) {_over(versioned, f' ORDER BY {ROW}')}"
    walk = f"(SELECT *, {level} AS {LEVEL} FROM {rows}) AS {ALIAS}"
    total = f"sum({sign}) {_over(versioned)}"
    place = f"row_number() {_over([*versioned, sign, LEVEL], f' ORDER BY {ROW} DESC')}"
    return walk, f"{place} = 1 AND {sign} * {LEVEL} BETWEEN 1 AND {sign} * {total}"


def _merged(
    datasource: Datasource,
    key: SortingKey,
    rows: str,
    merge: Merge,
    *,
    keeps_zeros: bool,
) -> str:
    """SummingMergeTree and AggregatingMergeTree: one row a key."""
    key_columns = key.columns
    is_summing = datasource.engine.name == "SummingMergeTree"
    summed = _summed(datasource, key_columns) if is_summing else frozenset[str]()
    maps = dict(_maps(datasource, key_columns, merge)) if is_summing else {}
    items: list[str] = []
    zeros: list[str] = []
    keeps_zeros = keeps_zeros or bool(maps)
    for column in datasource.columns:
        # Of the columns that SummingMergeTree does not name, states are not merged either.
        is_kept = bool(datasource.engine.columns) and column.name not in datasource.engine.columns
        merged = maps.get(column.name) or _merge_column(
            column, column.name in summed, is_kept, key_columns, merge
        )
        items.append(f"{merged} AS {quote(column.name)}")
        if column.name in summed:
            # A Nullable sum counts as nothing only if it is NULL.
            zeros.append(f"{merged} IS NULL" if column.type.is_nullable else f"{merged} = 0")
        keeps_zeros |= column.type.name in ("AggregateFunction", "SimpleAggregateFunction")
    having = f" HAVING NOT ({' AND '.join(zeros)})" if zeros and not keeps_zeros else ""
    grouped = f"{rows} GROUP BY {', '.join(key.expressions)}"
    return f"SELECT {', '.join(items)} FROM {grouped}{having}"


_KEYS = ("ID", "Key", "Type")
"""How the names of columns end that are keys of a Nested map, beside the first."""


def _maps(
    datasource: Datasource, key_columns: frozenset[str], merge: Merge
) -> Iterator[tuple[str, str]]:
    """SummingMergeTree: the columns of Nesteds called `…Map`, which are added up key by key, each
    with its text. Whatever columns it names, it does so; keys whose sums are zero vanish."""
    nested: dict[str, list[Column]] = {}
    for column in datasource.columns:
        name, _, part = column.name.rpartition(".")
        if name.endswith("Map") and part and column.type.is_array:
            nested.setdefault(name, []).append(column)
    for columns in nested.values():
        keys = [c for i, c in enumerate(columns) if i == 0 or c.name.endswith(_KEYS)]
        values = [c for c in columns if c not in keys]
        if (
            not values
            or any(c.name in key_columns for c in columns)
            or not all(_is_key(c.type.element) for c in keys)
            or not all(c.type.element.is_number and not c.type.element.is_bool for c in values)
        ):
            continue
        names = [f"`{c.name}`" for c in keys]
        key = names[0] if len(names) == 1 else f"arrayZip({', '.join(names)})"
        found = f"sumMapWithOverflow({', '.join((key, *(f'`{c.name}`' for c in values)))})"
        for i, column in enumerate(keys):
            part = f"{found}.1" if len(keys) == 1 else f"arrayMap(x -> x.{i + 1}, {found}.1)"
            yield column.name, f"CAST({merge(part, columns)} AS {to_duckdb(column.type)})"
        for i, column in enumerate(values):
            part = merge(f"{found}.{i + 2}", columns)
            yield column.name, f"CAST({part} AS {to_duckdb(column.type)})"


def _is_key(t: DataType) -> bool:
    return t.is_integer or t.is_string or t.is_date_or_datetime or t.bare.name.startswith("Enum")


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
    is_kept: bool,
    key_columns: frozenset[str],
    merge: Merge,
) -> str:
    name = quote(column.name)
    t = column.type
    if is_kept:
        return f"arg_min_null({name}, {ROW})"
    if t.is_state:
        return merge(_merging(t, column.name), [column])
    if column.name not in key_columns:
        if is_summed:
            return _sum(t, name)
        if t.name == "SimpleAggregateFunction":
            function = str(t.params[0])
            if function in ("sum", "sumWithOverflow"):
                return _sum(t.types[0], name)
            if function in _MAPS:
                merged = merge(f"{function}(`{column.name}`)", [column])
                return f"CAST({merged} AS {to_duckdb(t)})"
            return _SIMPLE[function].format(c=name, r=ROW)
    return f"arg_min_null({name}, {ROW})"


_MAPS = frozenset({"sumMap", "minMap", "maxMap"})
"""SimpleAggregateFunctions over maps, which the functions of their names merge."""


def _merging(t: DataType, name: str) -> str:
    """The ClickHouse aggregate that merges the states in a column into one."""
    function, *parameters = t.params
    given = f"({', '.join(map(repr, parameters))})" if parameters else ""
    return f"{function}MergeState{given}(`{name}`)"


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
    return frozenset(_SIMPLE) | _MAPS | {"sum", "sumWithOverflow"}
