"""Functions that take or make aggregate states, and aggregates over the elements of arrays."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from mini_tb.sql.functions.aggregates.combinators import Bound
from mini_tb.sql.functions.aggregates.registry import bind, bind_state
from mini_tb.sql.functions.aggregates.rows import (
    GroupRows,
    ListRows,
    columns_of,
    elements,
    zipped,
)
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import DataType, array


def named_aggregate(spelling: str, types: Sequence[DataType]) -> Bound:
    """The aggregate that a text names, as `'sum'` or `'quantiles(0.5, 0.9)'`."""
    match = re.fullmatch(r"\s*(\w+)\s*(\(.*\))?\s*", spelling)
    if match is None:
        raise ArgumentError(f"`{spelling}` is no aggregate function", 36)
    params: tuple[object, ...] = ()
    if match[2]:
        try:
            params = tuple(ast.literal_eval(f"({match[2][1:-1]},)" if match[2] != "()" else "()"))
        except (SyntaxError, ValueError):
            raise ArgumentError(f"the parameters of `{spelling}` are no constants", 36) from None
    return bind(match[1], params, types)


def _state(expr: Expr) -> Bound:
    if not expr.type.is_state:
        raise ArgumentError(f"illegal type `{expr.type}`, expected an aggregate state")
    return bind_state(expr.type)


def _finalize(call: Call, args: list[str]) -> str:
    return _state(call.args[0]).finish(args[0])


def _initialized(args: Sequence[Expr]) -> Bound:
    return named_aggregate(text(args[0]), [arg.type for arg in args[1:]])


def _initialize(call: Call, args: list[str]) -> str:
    return _initialized(call.args).value(ListRows.of("[0]", lambda item: args[1:]))


def _reduced(args: Sequence[Expr]) -> Bound:
    for arg in args[1:]:
        if not arg.type.is_array:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an Array")
    return named_aggregate(text(args[0]), [arg.type.element for arg in args[1:]])


def _elements(arrays: Sequence[str]) -> ListRows:
    """The elements of arrays of equal length as rows."""
    return elements(zipped(arrays), len(arrays))


def _reduce(call: Call, args: list[str]) -> str:
    return _reduced(call.args).value(_elements(args[1:]))


def _ranges_type(args: Sequence[Expr]) -> DataType:
    ranges = args[1].type
    if not (ranges.is_array and ranges.element.is_tuple and len(ranges.element.types) == 2):
        raise ArgumentError(f"illegal type `{ranges}`, expected an Array of (start, length)")
    return array(_reduced([args[0], *args[2:]]).type)


def _reduce_ranges(call: Call, args: list[str]) -> str:
    bound = _reduced([call.args[0], *call.args[2:]])
    ranges = ListRows.of(args[1], lambda item: columns_of(item, 2))
    start, length = ranges.args
    # Positions count from 1, or from the end; at 0 there is nothing.
    part = f"{start}:{start} + {length} - 1"
    slices = [f"CASE WHEN {start} = 0 THEN [] ELSE {arg}[{part}] END" for arg in args[2:]]
    return f"coalesce({ranges.call('list', bound.value(_elements(slices)))}, [])"


def _accumulate(call: Call, args: list[str]) -> str:
    partition = f"PARTITION BY {args[1]} " if len(args) > 1 else ""
    over = f"OVER ({partition}ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    bound = _state(call.args[0])
    return bound.finish(bound.merge(GroupRows((args[0],), over=over)))


ROWS = (
    Function("finalizeAggregation", lambda args: _state(args[0]).type, _finalize, nulls=False),
    Function(
        "initializeAggregation",
        lambda args: _initialized(args).type,
        _initialize,
        args=(2, None),
        nulls=False,
        bytes_ok=True,
    ),
    Function(
        "arrayReduce",
        lambda args: _reduced(args).type,
        _reduce,
        args=(2, None),
        nulls=False,
        bytes_ok=True,
    ),
    Function(
        "arrayReduceInRanges",
        _ranges_type,
        _reduce_ranges,
        args=(3, None),
        nulls=False,
        bytes_ok=True,
    ),
    Function(
        "runningAccumulate",
        lambda args: _state(args[0]).type,
        _accumulate,
        args=(1, 2),
        nulls=False,
    ),
)
