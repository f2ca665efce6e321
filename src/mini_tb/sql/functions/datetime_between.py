"""The distance between two moments: `dateDiff`, which counts boundaries, and `age`, whole units."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions import zone
from mini_tb.sql.functions.convert_moment import day_number
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import INT64, DataType

_NAMES = {
    "nanosecond": ("nanoseconds", "ns"),
    "microsecond": ("microseconds", "us", "u"),
    "millisecond": ("milliseconds", "ms"),
    "second": ("seconds", "ss", "s"),
    "minute": ("minutes", "mi", "n"),
    "hour": ("hours", "hh", "h"),
    "day": ("days", "dd", "d"),
    "week": ("weeks", "wk", "ww"),
    "month": ("months", "mm", "m"),
    "quarter": ("quarters", "qq", "q"),
    "year": ("years", "yyyy", "yy"),
}
_UNITS = {name: unit for unit, names in _NAMES.items() for name in (unit, *names)}
_MICROSECONDS = {
    "microsecond": 1,
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
}


_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def _unit(args: Sequence[Expr]) -> str:
    name = text(args[0]).lower()
    if name not in _UNITS:
        raise ArgumentError(f"unknown unit `{name}`", 36, 0)
    return _UNITS[name]


def _returns(args: Sequence[Expr]) -> DataType:
    _unit(args)
    for arg in args[1:3]:
        if not arg.type.is_date_or_datetime:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a date or time")
    if len(args) > 3:
        zone.checked(text(args[3]))
    return INT64


def _zone(call: Call, index: int) -> str | None:
    return text(call.args[3]) if len(call.args) > 3 else call.args[index].type.zone


def _lower_date_diff(call: Call, args: list[str]) -> str:
    unit = _unit(call.args)
    sides = [(call.args[i].type.bare, args[i], _zone(call, i)) for i in (1, 2)]
    if unit == "nanosecond":
        first, second = (f"epoch_ns({_instant(t, sql)})" for t, sql, _ in sides)
        return f"({second} - {first})"
    if unit in _MICROSECONDS:
        size = _MICROSECONDS[unit]
        counts = [f"epoch_us({_instant(t, sql)})" for t, sql, _ in sides]
        if unit == "hour":
            counts = [
                count
                if t.is_date or zone.is_whole_hours(name)
                else f"({count} - {zone.offset_of_1970(name) * 1_000_000})"
                for count, (t, _, name) in zip(counts, sides, strict=True)
            ]
        return f"({counts[1]} // {size} - {counts[0]} // {size})"
    first, second = (
        sql if t.is_date else f"CAST({zone.wall(t, sql, name)} AS DATE)" for t, sql, name in sides
    )
    if unit == "week":
        first, second = (f"({day_number(side)} + 3) // 7" for side in (first, second))
        return f"({second} - {first})"
    return f"datediff('{unit}', {first}, {second})"


def _instant(t: DataType, sql: str) -> str:
    return f"CAST({sql} AS TIMESTAMP)" if t.is_date else sql


def _lower_age(call: Call, args: list[str]) -> str:
    unit = _unit(call.args)
    walls = [zone.wall(call.args[i].type.bare, args[i], _zone(call, i)) for i in (1, 2)]
    first, second = walls
    if unit == "nanosecond":
        return f"(epoch_ns({second}) - epoch_ns({first}))"
    if unit not in _MONTHS:
        return f"datesub('{unit}', {first}, {second})"
    # A month is whole when the same day and time of the month has come, even past its end.
    months = f"((year({second}) - year({first})) * 12 + month({second}) - month({first}))"
    one, two = (f"(epoch_us({w}) - epoch_us(date_trunc('month', {w})))" for w in walls)
    whole = (
        f"({months} - CASE WHEN {second} >= {first} THEN CASE WHEN {two} < {one} THEN 1 ELSE 0 END "
        f"ELSE CASE WHEN {two} > {one} THEN -1 ELSE 0 END END)"
    )
    return f"CAST({whole} // {_MONTHS[unit]} AS BIGINT)"


def _lower_time_diff(call: Call, args: list[str]) -> str:
    first, second = (
        f"epoch_us({_instant(arg.type.bare, sql)}) // 1000000"
        for arg, sql in zip(call.args, args, strict=True)
    )
    return f"({second} - {first})"


def _time_diff_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_date_or_datetime:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a date or time")
    return INT64


ROWS = (
    Function(
        "dateDiff",
        _returns,
        _lower_date_diff,
        args=(3, 4),
        aliases=("DATE_DIFF", "timestampDiff", "timestamp_diff"),
        any_case=True,
    ),
    Function("age", _returns, _lower_age, args=(3, 4), any_case=True),
    Function("timeDiff", _time_diff_returns, _lower_time_diff, args=(2, 2)),
)
