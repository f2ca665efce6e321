"""The most frequent values: `topK` and its like. Counts are exact, so their error is 0.

The state is the list of (value, weight) of every value, in the order in which the values reached
their weight: among equals the earlier stays ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import Base, Leaf, Types, numbers, plain, wrapped
from mini_tb.sql.functions.aggregates.rows import (
    INDEX,
    ITEM,
    Rows,
    columns_of,
    field,
    fresh,
    rows_of,
    struct,
    unnested,
)
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import UINT64, DataType, array, tuple_of

MAX_VALUES = 65536


def _check(name: str, weighted: bool) -> Any:
    def check(types: Types, params: Sequence[Any]) -> None:
        for value in params[:2]:
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"parameters of `{name}` must be positive integers", 36)
        if params and params[0] > MAX_VALUES:
            raise ArgumentError(f"`{name}` keeps at most {MAX_VALUES} values", 36)
        if len(params) > 2 and params[2] not in ("counts", ""):
            raise ArgumentError(f"third parameter of `{name}` must be 'counts'", 36)
        if weighted:
            numbers(name, types[1:])
            if not types[1].is_integer:
                raise ArgumentError(f"illegal type `{types[1]}` of a weight, expected an integer")

    return check


def _counted_type(element: DataType) -> DataType:
    return array(tuple_of(element, UINT64, UINT64, names=("item", "count", "error")))


def _state(f: Leaf) -> DataType:
    return array(tuple_of(f.types[0], UINT64))


def _weights(items: str, value: str, weight: str) -> str:
    """(value, its whole weight) of a list, heaviest first."""
    total = wrapped(UINT64, f"CAST(sum({weight}) AS HUGEINT)")
    groups = (
        f"SELECT {value} AS v, {total} AS w, max({INDEX}) AS last FROM {unnested(items)} GROUP BY v"
    )
    pair = "{'1': v, '2': CAST(w AS UBIGINT)}"
    return f"(SELECT list({pair} ORDER BY w DESC, last) FROM ({groups}))"


def _top(name: str, *aliases: str, weighted: bool = False, counted: bool = False) -> Base:
    def returns(types: Types, params: Sequence[Any]) -> DataType:
        with_counts = counted or (len(params) > 2 and params[2] == "counts")
        return _counted_type(types[0]) if with_counts else array(types[0])

    def collect(f: Leaf, rows: Rows) -> str:
        columns = columns_of(ITEM, len(f.types))
        weight = f"greatest(CAST({columns[1]} AS HUGEINT), 0)" if weighted else "1"
        return _weights(rows_of(rows), columns[0], weight)

    def merge(f: Leaf, rows: Rows) -> str:
        value, weight = columns_of(ITEM, 2)
        return _weights(f"flatten({rows.call('list', rows.args[0])})", value, weight)

    def finish(f: Leaf, state: str) -> str:
        count = f.params[0] if f.params else 10
        first = f"({state})[:{count}]"
        e = fresh(state)
        if f.type.element.names == ("item", "count", "error"):
            item = struct({"item": field(e, "1"), "count": field(e, "2"), "error": "0"})
            return f"list_transform({first}, lambda {e}: {item})"
        return f"list_transform({first}, lambda {e}: {field(e, '1')})"

    return Base(
        name,
        returns,
        _state,
        collect,
        merge,
        finish,
        args=(2, 2) if weighted else (1, 1),
        params=(0, 3),
        nulls="skip",
        check=_check(name, weighted),
        aliases=aliases,
        any_case=counted,
    )


BASES = (
    _top("topK"),
    _top("topKWeighted", weighted=True),
    _top("approx_top_k", "approx_top_count", counted=True),
    _top("approx_top_sum", weighted=True, counted=True),
    # The value of more than half of the rows, if there is one; what it gives else is not defined.
    plain("anyHeavy", lambda types, params: types[0], "mode"),
)
