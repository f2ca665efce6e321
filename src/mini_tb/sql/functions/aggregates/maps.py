"""Keys and values in two arrays: `sumMap(keys, values)` and its like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import Base, Leaf, Types, wrapped
from mini_tb.sql.functions.aggregates.rows import (
    ITEM,
    Rows,
    columns_of,
    field,
    fresh,
    struct,
    unnested,
    zipped,
)
from mini_tb.sql.functions.aggregates.simple import sum_type
from mini_tb.sql.functions.constants import literal
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import DataType, array, to_duckdb, tuple_of


def _arrays(types: Types, name: str) -> list[DataType]:
    """The element types: of the key array, then of each value array; one Tuple of arrays counts
    as its arrays."""
    given = list(types[0].types) if len(types) == 1 and types[0].is_tuple else list(types)
    if len(given) < 2 or not all(t.is_array for t in given):
        raise ArgumentError(f"`{name}` takes a Map, or an Array of keys and Arrays of values")
    return [t.element for t in given]


def _columns(f: Leaf, rows: Rows) -> tuple[str, ...]:
    if len(f.types) == 1:
        names = f.types[0].names or tuple(str(i + 1) for i in range(len(f.types[0].types)))
        return tuple(field(rows.args[0], name) for name in names)
    return rows.args


def _mapped(
    name: str,
    function: str,
    value_type: Callable[[DataType], DataType],
    *,
    filtered: bool = False,
    state_name: str | None = None,
) -> Base:
    def returns(types: Types, params: Sequence[Any]) -> DataType:
        key, *values = _arrays(types, name)
        return tuple_of(array(key.bare), *(array(value_type(v.bare)) for v in values))

    def held(f: Leaf) -> list[DataType]:
        """The types of keys and values in states, where sums of Decimals keep all their digits."""
        key, *values = (t.element for t in f.type.types)
        sums = function == "sum"
        return [key, *(sum_type([v]) if sums and v.is_decimal else v for v in values)]

    def state(f: Leaf) -> DataType:
        return array(tuple_of(*held(f)))

    def group(f: Leaf, items: str) -> str:
        key, *values = columns_of(ITEM, len(f.type.types))
        types = held(f)[1:]
        results = []
        for i, (value, t) in enumerate(zip(values, types, strict=True)):
            text = f"{function}({value})"
            text = wrapped(t, text) if function == "sum" else text
            results.append(f"'{i + 2}': CAST({text} AS {to_duckdb(t)})")
        kept = f" WHERE {key} IN ({_wanted(f)})" if filtered else ""
        groups = (
            f"SELECT {key} AS k, {{'1': {key}, {', '.join(results)}}} AS v "
            f"FROM {unnested(items)}{kept} GROUP BY {key}"
        )
        return f"(SELECT list(v ORDER BY k) FROM ({groups}))"

    def collect(f: Leaf, rows: Rows) -> str:
        pairs = zipped(_columns(f, rows))
        return group(f, f"flatten({rows.call('list', pairs)})")

    def finish(f: Leaf, items: str) -> str:
        count = len(f.type.types)
        e = fresh(items)
        if function == "sum" and not any(v.is_nullable for v in _arrays(f.types, name)[1:]):
            some = " OR ".join(f"{field(e, str(i + 2))} <> 0" for i in range(count - 1))
            items = f"list_filter({items}, lambda {e}: {some})"
        lists = (
            f"CAST(list_transform({items}, lambda {e}: {field(e, str(i + 1))}) AS {to_duckdb(t)})"
            for i, t in enumerate(f.type.types)
        )
        return struct({str(i + 1): f"coalesce({text}, [])" for i, text in enumerate(lists)})

    return Base(
        name,
        returns,
        state,
        collect,
        lambda f, rows: group(f, f"flatten({rows.call('list', rows.args[0])})"),
        finish,
        args=(1, None),
        params=(1, 1) if filtered else (0, 0),
        nulls="skip",
        state_name=state_name,
    )


def _wanted(f: Leaf) -> str:
    keys = f.params[0]
    if not isinstance(keys, list | tuple) or not keys:
        raise ArgumentError(f"`{f.base.name}` takes an array of keys as its parameter", 36)
    key = f.type.types[0].element
    return ", ".join(literal(value, key) for value in keys)


def _sum(t: DataType) -> DataType:
    return t if t.is_decimal else sum_type([t])


def _same(t: DataType) -> DataType:
    return t


BASES = (
    _mapped("sumMappedArrays", "sum", _sum, state_name="sumMap"),
    _mapped("sumMapWithOverflow", "sum", _same),
    _mapped("minMappedArrays", "min", _same, state_name="minMap"),
    _mapped("maxMappedArrays", "max", _same, state_name="maxMap"),
    _mapped("sumMapFiltered", "sum", _sum, filtered=True),
    _mapped("sumMapFilteredWithOverflow", "sum", _same, filtered=True),
)
