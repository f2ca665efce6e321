"""Numbers printed for people: `formatReadableSize`, `formatReadableTimeDelta`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, DataType

_UNITS = (
    "years",
    "months",
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
)


def _number(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_number:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a number")
    for arg in args[1:]:
        if text(arg) not in _UNITS:
            raise ArgumentError(f"`{text(arg)}` is no unit: {', '.join(_UNITS)}", 36)
    return STRING


def _lower_time(call: Call, args: list[str]) -> str:
    largest = text(call.args[1]) if len(args) > 1 else "years"
    fine = _UNITS.index(largest) > _UNITS.index("seconds")
    smallest = text(call.args[2]) if len(args) > 2 else "nanoseconds" if fine else "seconds"
    return f"mt_readable_time(CAST({args[0]} AS DOUBLE), '{largest}', '{smallest}')"


ROWS = (
    Function(
        "formatReadableSize",
        _number,
        "mt_readable_size(CAST({0} AS DOUBLE))",
        aliases=("FORMAT_BYTES",),
        any_case=True,
    ),
    Function("formatReadableDecimalSize", _number, "mt_readable_decimal_size(CAST({0} AS DOUBLE))"),
    Function("formatReadableQuantity", _number, "mt_readable_quantity(CAST({0} AS DOUBLE))"),
    Function("formatReadableTimeDelta", _number, _lower_time, args=(1, 3)),
)
