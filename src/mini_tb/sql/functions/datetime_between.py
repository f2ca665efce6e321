"""The distance between two moments: `dateDiff`, which counts boundaries, and `age`, whole units."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mini_tb.sql.functions import zone
from mini_tb.sql.functions.convert_moment import day_number, floored
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


Side = tuple[DataType, str, str | None]
"""A moment's type, text and zone."""


def _sides(call: Call, args: list[str]) -> tuple[Side, Side]:
    first, second = ((call.args[i].type.bare, args[i], _zone(call, i)) for i in (1, 2))
    return first, second


def _lower_date_diff(call: Call, args: list[str]) -> str:
    unit = _unit(call.args)
    sides = _sides(call, args)
    if unit == "nanosecond":
        first, second = (
            f"epoch_ns({zone.start_of_day(sql, name) if t.is_date else sql})"
            for t, sql, name in sides
        )
        return f"({second} - {first})"
    if unit in _MICROSECONDS or unit == "week":
        number = _week_number if unit == "week" else partial(_count, unit)
        first, second = (number(*side) for side in sides)
        return f"({second} - {first})"
    first, second = (_date(*side) for side in sides)
    return f"datediff('{unit}', {first}, {second})"


def _count(unit: str, t: DataType, sql: str, name: str | None) -> str:
    """How many of a unit up to an hour have begun since 1970; hours are counted as if the zone had
    always had its offset of 1970."""
    size = _MICROSECONDS[unit]
    if t.scale > 6 and size < 1_000_000:
        return f"epoch_ns({sql}) // {size * 1_000}"
    count = f"epoch_us({_instant(t, sql, name)})"
    if unit == "hour" and zone.offset_of_1970(name):
        count = f"{count} - {zone.offset_of_1970(name) * 1_000_000}"
    elif t.name in ("Date", "DateTime") or size < 1_000_000:
        return f"{count} // {size}"
    return floored(count, size)


def _week_number(t: DataType, sql: str, name: str | None) -> str:
    """The week since 1970 as ClickHouse counts; before it divides towards zero."""
    days = day_number(_date(t, sql, name))
    if t.name == "Date32":
        return f"({days} + 8 - isodow({sql})) // 7"
    return f"({days} + 3) // 7"


def _date(t: DataType, sql: str, name: str | None) -> str:
    return sql if t.is_date else f"CAST({zone.wall(t, sql, name)} AS DATE)"


def _instant(t: DataType, sql: str, name: str | None) -> str:
    return zone.start_of_day(sql, name) if t.is_date else zone.instant(t, sql)


# age -------------------------------------------------------------------------------------

_CLOCK = "epoch_us({w}) - epoch_us(date_trunc('day', {w}))"
_REST = {
    "hour": "epoch_us({w}) - epoch_us(date_trunc('hour', {w}))",
    "day": _CLOCK,
    "month": "epoch_us({w}) - epoch_us(date_trunc('month', {w}))",
    "quarter": f"((month({{w}}) - 1) % 3 * 31 + day({{w}})) * 86400000000 + {_CLOCK}",
    "year": f"(month({{w}}) * 31 + day({{w}})) * 86400000000 + {_CLOCK}",
}
"""What of a wall clock is left when its whole units are taken away."""


def _lower_age(call: Call, args: list[str]) -> str:
    unit = _unit(call.args)
    sides = _sides(call, args)
    first, second = (_instant(*side) for side in sides)
    zones = {name for _, _, name in sides}
    if unit == "nanosecond":
        return _lower_date_diff(call, args)
    if unit in _MICROSECONDS and (unit != "hour" or zones <= {None, "UTC"}):
        return f"((epoch_us({second}) - epoch_us({first})) // {_MICROSECONDS[unit]})"
    # A unit more has begun than is whole, if less is left of the later side than of the earlier.
    one, two = (zone.wall(*side) for side in sides)
    if unit == "week":
        less, more = _less_of_week(one, two, one, two), _less_of_week(one, two, two, one)
    else:
        left, right = (f"({_REST[unit].replace('{w}', w)})" for w in (one, two))
        less, more = f"{left} > {right}", f"{right} > {left}"
    return (
        f"({_lower_date_diff(call, args)} + CASE WHEN {first} <= {second} "
        f"THEN CASE WHEN {less} THEN -1 ELSE 0 END ELSE CASE WHEN {more} THEN 1 ELSE 0 END END)"
    )


def _less_of_week(one: str, two: str, earlier: str, later: str) -> str:
    """ClickHouse's condition: the weekdays are compared in the order of the arguments, and within
    the same hour the rest of the clock decides alone."""
    days = f"isodow({one}) {{}} isodow({two})"
    hours = f"hour({earlier}) {{}} hour({later})"
    rest = " > ".join(_REST["hour"].replace("{w}", w) for w in (earlier, later))
    return (
        f"{days.format('>')} OR ({days.format('=')} AND {hours.format('>')}) "
        f"OR ({hours.format('=')} AND {rest})"
    )


def _lower_time_diff(call: Call, args: list[str]) -> str:
    first, second = (
        _count("second", arg.type.bare, sql, None) for arg, sql in zip(call.args, args, strict=True)
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
    Function("timeDiff", _time_diff_returns, _lower_time_diff, args=(2, 2), any_case=True),
)
