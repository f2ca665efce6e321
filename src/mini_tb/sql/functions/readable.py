"""Numbers as people write them, and back: `formatReadableSize`, `parseReadableSize`, …

Durations are read by ISO 8601.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    constant,
    keep_low_cardinality,
    text,
)
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, STRING, UINT8, UINT64, DataType, nullable

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


_PARTS = {"W": 604800, "D": 86400, "H": 3600, "M": 60, "S": 1}
"""The seconds of each part of a duration."""
_PART = r"(?:(\d+(?:\.\d+)?){})?"
_DURATION = "P{}{}(T{}{}{})?".format(*(_PART.format(part) for part in _PARTS))
_GROUPS = (1, 2, 4, 5, 6)
"""Which groups of the pattern are the parts; the third is those of the time."""


def _duration_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if t.is_nothing:
        return nullable(FLOAT64)
    if t.bare != STRING:
        raise ArgumentError(f"illegal type `{t}`, expected a String")
    result = nullable(FLOAT64) if t.is_nullable else FLOAT64
    return keep_low_cardinality(args, result)


def _lower_duration(call: Call, args: list[str]) -> str:
    value = f"CAST({args[0]} AS VARCHAR)"
    groups = [f"regexp_extract({value}, '{_DURATION}', {group})" for group in range(1, 7)]
    parts = (
        f"coalesce(TRY_CAST({groups[group - 1]} AS DOUBLE), 0) * {seconds}"
        for group, seconds in zip(_GROUPS, _PARTS.values(), strict=True)
    )
    total = " + ".join(parts)
    is_one = f"regexp_full_match({value}, '{_DURATION}') AND NOT regexp_matches({value}, '[PT]$')"
    failed = "error('DB::36: the text is no duration of ISO 8601 in weeks, days and shorter parts')"
    return (
        f"CASE WHEN {value} IS NOT NULL THEN CASE WHEN {is_one} AND isfinite({total}) "
        f"THEN {total} ELSE {failed} END END"
    )


ROWS = (
    Function("parseISO8601Duration", _duration_returns, _lower_duration, nulls=False),
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
