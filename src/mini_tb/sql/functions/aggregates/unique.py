"""Counts of distinct values: `uniq` and its like, all exact; `groupUniqArray`; entropy.

ClickHouse estimates beyond some ten thousand values; exact is what the estimates stand for. The
state of `uniqExact` holds the values, that of the others a number of 64 bits for each value: the
value where it fits, else the half of its MD5, which no version of anything will change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import (
    Base,
    Leaf,
    Types,
    listed,
    row_type,
)
from mini_tb.sql.functions.aggregates.rows import (
    ITEM,
    Rows,
    item_of,
    unnested,
)
from mini_tb.types import FLOAT64, UINT64, DataType, array


def _hash(f: Leaf, columns: Sequence[str]) -> str:
    t = f.types[0] if len(f.types) == 1 else None
    if t is not None and t.is_integer and t.bits <= 64:
        mask = "" if not t.is_signed else f" & {(1 << 64) - 1}::HUGEINT"
        wide = "UBIGINT" if not t.is_signed else "HUGEINT"
        return f"CAST(CAST({columns[0]} AS {wide}){mask} AS UBIGINT)"
    if t is not None and t.is_bytes:
        return f"md5_number_lower(hex({columns[0]}))"
    if t is not None and t.name == "String":
        return f"md5_number_lower({columns[0]})"
    return f"md5_number_lower(CAST({item_of(columns)} AS VARCHAR))"


def _direct(f: Leaf, rows: Rows) -> str:
    item = item_of(rows.args)
    if _have_zeros(f.types):
        item = f"CAST({item} AS VARCHAR)"  # which tells 0 and -0 apart
    count = rows.call("count", item, distinct=True)
    if f.types[0].is_float and len(f.types) == 1 and f.base.name != "uniqUpTo":
        count = f"({count} + {_second_zero(rows)})"
    return f"nullif({count}, 0)" if f.type.is_nullable else count


def _have_zeros(types: Sequence[DataType]) -> bool:
    """Whether there are floats among numbers in arrays, tuples or several columns."""
    inner = [leaf for t in types for leaf in _leaves(t)]
    is_nested = len(types) > 1 or not types[0].is_number
    return is_nested and any(t.is_float for t in inner) and all(t.is_number for t in inner)


def _leaves(t: DataType) -> list[DataType]:
    inner = t.bare.types
    return [leaf for element in inner for leaf in _leaves(element)] if inner else [t]


def _second_zero(rows: Rows) -> str:
    """1 where there are both 0 and -0: one value to DuckDB and `uniqUpTo`, two to the others."""
    value = rows.args[0]
    signs = (f"{value} = 0 AND {sign}signbit({value})" for sign in ("", "NOT "))
    both = " AND ".join(f"{rows.where(sign).call('count')} > 0" for sign in signs)
    return f"CAST(({both}) AS UTINYINT)"


def _distinct_count(name: str, *, exact: bool = False) -> Base:
    def collect(f: Leaf, rows: Rows) -> str:
        text = item_of(rows.args) if exact else _hash(f, rows.args)
        return rows.call("list", text, distinct=True)

    is_combined = name in ("uniqCombined", "uniqCombined64")
    return Base(
        name,
        UINT64,
        lambda f: array(row_type(f) if exact else UINT64),
        collect,
        lambda f, rows: f"list_distinct(flatten({rows.call('list', rows.args[0])}))",
        lambda f, s: f"len({s})",
        _direct,
        args=(1, None),
        params=(0, 1) if is_combined else (0, 0),
        nulls="null" if is_combined else "skip",
    )


def _up_to(f: Leaf, count: str) -> str:
    limit = f.params[0] if f.params else 10
    return f"least(coalesce({count}, 0), {int(limit) + 1})"


def _limit(params: Sequence[Any]) -> str:
    return f"[:{int(params[0])}]" if params else ""


def _in_order(f: Leaf, items: str) -> str:
    # ClickHouse gives them in the order of its hash table; ours is one that stays the same.
    return f"list_sort(list_distinct({items})){_limit(f.params)}"


def _array_of(types: Types, params: Sequence[Any]) -> DataType:
    return array(types[0])


def _entropy(f: Leaf, items: str) -> str:
    counts = f"SELECT CAST(count(*) AS DOUBLE) AS n FROM {unnested(items)} GROUP BY {ITEM}"
    return f"(SELECT log2(sum(n)) - sum(n * log2(n)) / sum(n) FROM ({counts}))"


BASES = (
    _distinct_count("uniq"),
    _distinct_count("uniqExact", exact=True),
    _distinct_count("uniqCombined"),
    _distinct_count("uniqCombined64"),
    _distinct_count("uniqHLL12"),
    _distinct_count("uniqTheta"),
    listed(
        "uniqUpTo",
        UINT64,
        lambda f, items: _up_to(f, f"len(list_distinct({items}))"),
        value=lambda f, rows: _up_to(f, _direct(f, rows)),
        args=(1, None),
        params=(0, 1),
        nulls="skip",
    ),
    Base(
        "groupUniqArray",
        _array_of,
        lambda f: array(f.types[0]),
        lambda f, rows: _in_order(f, rows.call("list", rows.args[0])),
        lambda f, rows: _in_order(f, f"flatten({rows.call('list', rows.args[0])})"),
        lambda f, s: s,
        params=(0, 1),
        nulls="skip",
    ),
    listed("entropy", FLOAT64, _entropy, args=(1, None)),
)
