"""Numbers as people write them, and back: `formatReadableSize`, `parseReadableSize`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, constant, text
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT8, UINT64, DataType, nullable

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
_SECONDS = {
    "Nanosecond": 1e-9,
    "Microsecond": 1e-6,
    "Millisecond": 1e-3,
    "Second": 1.0,
    "Minute": 60.0,
    "Hour": 3600.0,
    "Day": 86400.0,
    "Week": 604800.0,
}


def _number(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_number:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a number")
    for arg in args[1:]:
        if arg.type != UINT8:
            raise ArgumentError(f"illegal type `{arg.type}` of a precision, expected UInt8")
        constant(arg)
    return STRING


def _scaled(name: str, udf: str, *aliases: str) -> Function:
    def lower(call: Call, args: list[str]) -> str:
        digits = args[1] if len(args) > 1 else "2"
        return f"{udf}(CAST({args[0]} AS DOUBLE), CAST({digits} AS INTEGER))"

    return Function(name, _number, lower, args=(1, 2), aliases=aliases, any_case=bool(aliases))


def _span(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if t.is_interval:
        if t.params[0] not in _SECONDS:
            raise ArgumentError(f"how long `{t}` is depends on when it is", 36)
    elif not t.is_number:
        raise ArgumentError(f"illegal type `{t}`, expected a number or an interval")
    for arg in args[1:]:
        if text(arg) not in _UNITS:
            raise ArgumentError(f"`{text(arg)}` is no unit: {', '.join(_UNITS)}", 36)
    return STRING


def _lower_time(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    seconds = f"CAST({args[0]} AS DOUBLE)"
    if t.is_interval:
        seconds = f"({seconds} * {_SECONDS[str(t.params[0])]})"
    largest = text(call.args[1]) if len(args) > 1 else "years"
    fine = _UNITS.index(largest) > _UNITS.index("seconds")
    smallest = text(call.args[2]) if len(args) > 2 else "nanoseconds" if fine else "seconds"
    return f"mt_readable_time({seconds}, '{largest}', '{smallest}')"


ROWS = (
    _scaled("formatReadableSize", "mt_readable_size", "FORMAT_BYTES"),
    _scaled("formatReadableDecimalSize", "mt_readable_decimal_size"),
    _scaled("formatReadableQuantity", "mt_readable_quantity"),
    Function("formatReadableTimeDelta", _span, _lower_time, args=(1, 3)),
    Function("parseReadableSize", strings(UINT64), "mt_size({0})", exact=True),
    Function(
        "parseReadableSizeOrNull", strings(nullable(UINT64)), "mt_size_or_null({0})", exact=True
    ),
    Function("parseReadableSizeOrZero", strings(UINT64), "coalesce(mt_size_or_null({0}), 0)"),
)
