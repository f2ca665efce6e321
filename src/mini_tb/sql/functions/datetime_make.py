"""Dates and times that are made: `now`, `makeDate`, `fromUnixTimestamp`, `toTimeZone`, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions import convert_moment, zone
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.datetime_parts import moment
from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    DATE,
    DATE32,
    DATETIME,
    INT32,
    INT64,
    STRING,
    DataType,
    datetime,
    datetime64,
    nullable,
    to_duckdb,
)

_ZERO = "TIMESTAMP '1970-01-01 00:00:00'"


def _now64_returns(args: Sequence[Expr]) -> DataType:
    precision = integer(args[0]) if args else 3
    if not 0 <= precision <= 9:
        raise ArgumentError(f"precision {precision} is not between 0 and 9", 69, 0)
    return datetime64(precision, zone.argument(args, 1))


def _lower_now64(call: Call, args: list[str]) -> str:
    target = call.type.bare
    if target.scale > 6:
        return "CAST($now AS TIMESTAMP_NS)"
    return convert_moment.rescale(datetime64(6), target, "CAST($now AS TIMESTAMP)")


# makeDate, makeDateTime ------------------------------------------------------------------


def _whole(args: Sequence[Expr], count: int) -> None:
    for arg in args[:count]:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")


def _make_date_returns(target: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        _whole(args, 3)
        return target

    return returns


def _count(arg: Expr, sql: str, cut: str = "trunc") -> str:
    """A number as BIGINT, its fraction cut off as `cut` does; -1, which is part of no date, for
    what is too large."""
    t = arg.type.bare
    if not (t.is_float or t.is_decimal):
        return lower_cast(t, INT64, sql)
    return f"CASE WHEN {sql} IS NOT NULL THEN coalesce(TRY_CAST({cut}({sql}) AS BIGINT), -1) END"


def _ints(call: Call, args: list[str], count: int) -> list[str]:
    return [_count(arg, sql) for arg, sql in zip(call.args[:count], args[:count], strict=True)]


def date_of(year: str, month: str, day: str, years: tuple[int, int]) -> str:
    """DATE text of three numbers: a day past its month's end is in the next, nonsense is 1970."""
    valid = (
        f"{year} BETWEEN {years[0]} AND {years[1]} AND {month} BETWEEN 1 AND 12 "
        f"AND {day} BETWEEN 1 AND 31"
    )
    return (
        f"CASE WHEN {valid} THEN TRY(make_date({year}, {month}, 1)) + CAST({day} - 1 AS INTEGER) "
        f"WHEN ({year} + {month} + {day}) IS NOT NULL THEN DATE '1970-01-01' END"
    )


def _lower_make_date(call: Call, args: list[str]) -> str:
    numbers = _ints(call, args, 3)
    years = (1970, 2149) if call.type.bare.name == "Date" else (0, 9999)
    if len(numbers) == 3:
        made = date_of(numbers[0], numbers[1], numbers[2], years)
        if years[0] == 1970:
            return f"CASE WHEN {made} > DATE '2149-06-06' THEN DATE '1970-01-01' ELSE {made} END"
        return made
    year, day = numbers
    valid = f"{year} BETWEEN {years[0]} AND {years[1]} AND {day} BETWEEN 1 AND 365 + " + (
        f"CAST(({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0)) AS INTEGER)"
    )
    return (
        f"CASE WHEN {valid} THEN TRY(make_date({year}, 1, 1)) + CAST({day} - 1 AS INTEGER) "
        f"WHEN ({year} + {day}) IS NOT NULL THEN DATE '1970-01-01' END"
    )


def _make_datetime_returns(args: Sequence[Expr]) -> DataType:
    _whole(args, 6)
    return datetime(zone.argument(args, 6))


def _make_datetime64_returns(args: Sequence[Expr]) -> DataType:
    _whole(args, 7)
    precision = integer(args[7]) if len(args) > 7 else 3
    return datetime64(precision, zone.argument(args, 8))


def _moment(target: DataType, parts: list[str], ticks: str, past: str, before: str = "0") -> str:
    """The moment of a wall clock's parts and a fraction of a second in ticks. Nonsense is the first
    second of ClickHouse's range with `before` ticks, what is past it its last with `past`."""
    year, month, day, hour, minute, second = parts
    is_wide = target.name == "DateTime64"
    low, high, first, last = _WIDE if is_wide else _NARROW
    wall = (
        f"(CAST(TRY(make_date({year}, {month}, 1)) + CAST({day} - 1 AS INTEGER) AS TIMESTAMP) + "
        f"to_microseconds(({hour} * 3600 + {minute} * 60 + {second}) * 1000000))"
    )

    made = zone.to_instant(wall, target.zone)
    reached = made
    if is_wide:
        made, reached = _with_ticks(target, made, ticks), wall
        least = _with_ticks(target, zone.to_instant(first, target.zone), before)
        over = _with_ticks(target, zone.to_instant(last, target.zone), past)
        if target.scale > 6:
            over = failure(407, "Decimal math overflow")
    else:
        least, over = first, last
    return (
        f"CASE WHEN ({' + '.join(parts)}) IS NULL THEN NULL WHEN NOT ({month} BETWEEN 1 AND 12 "
        f"AND {day} BETWEEN 1 AND 31 AND {hour} BETWEEN 0 AND 99 AND {minute} >= 0 "
        f"AND {second} >= 0) OR {year} < {low} THEN {least} WHEN {year} > {high} THEN {over} "
        f"WHEN {reached} < {first} THEN {least} WHEN {reached} >= {last} THEN {over} "
        f"ELSE {made} END"
    )


def _with_ticks(target: DataType, instant: str, ticks: str) -> str:
    """A DateTime64 of a whole second and ticks."""
    count = f"epoch_us({instant}) // 1000000 * {10**target.scale} + {ticks}"
    return convert_moment.from_ticks(target, count)


_WIDE = (1900, 2299, "TIMESTAMP '1900-01-01 00:00:00'", "TIMESTAMP '2299-12-31 23:59:59'")
_NARROW = (1969, 2106, _ZERO, "TIMESTAMP '2106-02-07 06:28:15'")
"""First and last year, and the first and last second, of DateTime64 by its wall clock, and of
DateTime in UTC."""


def _lower_make_datetime(call: Call, args: list[str]) -> str:
    return _moment(call.type.bare, _ints(call, args, 6), "0", "0")


def _lower_make_datetime64(call: Call, args: list[str]) -> str:
    target = call.type.bare
    last = 10**target.scale - 1
    if len(args) < 7:
        return _moment(target, _ints(call, args, 6), "0", str(last))
    fraction = _ints(call, args, 7)[6]
    ticks = f"CAST(greatest(0, least({fraction}, {last})) AS BIGINT)"
    made = _moment(target, _ints(call, args, 6), ticks, str(last))
    return f"CASE WHEN {args[6]} IS NOT NULL THEN {made} END"


def _digits_returns(
    target: Callable[[Sequence[Expr]], DataType],
) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        _whole(args, 1)
        return target(args)

    return returns


def _lower_digits_date(call: Call, args: list[str]) -> str:
    number = _count(call.args[0], args[0], "round")
    years = (1970, 2149) if call.type.bare.name == "Date" else (1, 9999)
    parts = (f"({number} // 10000)", f"({number} // 100 % 100)", f"({number} % 100)")
    return date_of(parts[0], parts[1], parts[2], years)


def _lower_digits_datetime(call: Call, args: list[str]) -> str:
    source, target = call.args[0].type.bare, call.type.bare
    is_wide = target.name == "DateTime64"
    number = _count(call.args[0], args[0], "round")
    parts = [f"({number} // {10**10})"]
    parts += [f"({number} // {10**power} % 100)" for power in (8, 6, 4, 2, 0)]
    ticks = "0"
    if is_wide and (source.is_float or source.is_decimal):
        part = f"(CAST({args[0]} AS DOUBLE) - round(CAST({args[0]} AS DOUBLE)))"
        ticks = f"coalesce(TRY_CAST(round({part} * {10**target.scale}) AS BIGINT), 0)"
    return _moment(target, parts, ticks, ticks, ticks)


# fromUnixTimestamp -----------------------------------------------------------------------


def _from_unix64(name: str, scale: int) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        if not args[0].type.is_integer:
            raise ArgumentError(f"expected an integer, found `{args[0].type}`")
        return datetime64(scale, zone.argument(args, 1))

    def lower(call: Call, args: list[str]) -> str:
        count = lower_cast(call.args[0].type.bare, INT64, args[0])
        return convert_moment.from_ticks(datetime64(scale), convert_moment.bounded(scale, count))

    return Function(name, returns, lower, args=(1, 2))


# Zones -----------------------------------------------------------------------------------


def _to_zone_returns(args: Sequence[Expr]) -> DataType:
    t, name = moment(args, times=True), zone.argument(args, 1)
    return datetime(name) if t.name == "DateTime" else datetime64(t.scale, name)


def _shift_zone_returns(args: Sequence[Expr]) -> DataType:
    zone.argument(args, 1)
    t = args[0].type.bare
    if t.is_string:
        return datetime64(3)
    if moment(args, times=True).zone:
        raise ArgumentError("expected a time without a zone of its own")
    return datetime() if t.name == "DateTime" else datetime64(t.scale)


def _lower_to_utc(call: Call, args: list[str]) -> str:
    # The offset is that at the moment which the clock shows if it is UTC's.
    at = lower_cast(call.args[0].type.bare, call.type.bare, args[0])
    return f"({at} - ({zone.to_wall(at, zone.argument(call.args, 1))} - {at}))"


def _lower_from_utc(call: Call, args: list[str]) -> str:
    at = lower_cast(call.args[0].type.bare, call.type.bare, args[0])
    return zone.to_wall(at, zone.argument(call.args, 1))


# Days of other calendars -----------------------------------------------------------------


def _year_zero(target: DataType) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        days = lower_cast(call.args[0].type.bare, INT32, args[0])
        if target.name == "Date":
            return convert_moment.day(f"(({days} - 719528) & 65535)")
        return convert_moment.day(f"{days} - 719528")

    return lower


def _julian_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_string:
        raise ArgumentError(f"expected a String, found `{args[0].type}`")
    return INT32


_ISO = "regexp_full_match({0}, '\\d{{4}}-\\d\\d-\\d\\d')"
_JULIAN = f"CASE WHEN {_ISO} THEN CAST(TRY_CAST({{0}} AS DATE) - DATE '1858-11-17' AS INTEGER) END"
_DATE_OF_JULIAN = (
    "CASE WHEN {0} BETWEEN -678941 AND 2973119 "
    "THEN CAST(DATE '1858-11-17' + CAST({0} AS INTEGER) AS VARCHAR) END"
)


def _or_fail(template: str, number: int, message: str) -> str:
    fail = failure(number, message)
    return f"CASE WHEN {{0}} IS NOT NULL THEN coalesce({template}, {fail}) END"


_CHANGES = {
    "changeYear": "make_date({n}, month({w}), 1) + CAST(day({w}) - 1 AS INTEGER)",
    "changeMonth": "make_date(year({w}), {n}, 1) + CAST(day({w}) - 1 AS INTEGER)",
    "changeDay": "make_date(year({w}), month({w}), 1) + CAST({n} - 1 AS INTEGER)",
}
_RANGES = {
    "changeYear": (1970, 2149),
    "changeMonth": (1, 12),
    "changeDay": (1, 31),
    "changeHour": (0, 23),
    "changeMinute": (0, 59),
    "changeSecond": (0, 59),
}
_CLOCK_PARTS = {"changeHour": ("hour", 3_600), "changeMinute": ("minute", 60)}
_CLOCK_PARTS |= {"changeSecond": ("second", 1)}


def _change_returns(name: str) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        t = moment(args)
        if not args[1].type.is_integer:
            raise ArgumentError(f"expected an integer, found `{args[1].type}`", 43, 1)
        if t.is_date and name in _CLOCK_PARTS:
            return DATETIME if t.name == "Date" else datetime64(3)
        if t.name not in ("Date", "DateTime") and name in _CHANGES:
            raise ArgumentError(f"`{t}` is not supported here")
        return t

    return returns


def _lower_change(call: Call, args: list[str]) -> str:
    t, target, name = call.args[0].type.bare, call.type.bare, call.function.name
    n = lower_cast(call.args[1].type.bare, INT64, args[1])
    low, high = _RANGES[name]
    at = lower_cast(t, target, args[0])
    w = zone.wall(target, at)
    duck = to_duckdb(target)
    if name in _CLOCK_PARTS:
        part, size = _CLOCK_PARTS[name]
        moved = f"({w} + to_microseconds(({n} - {part}({w})) * {size * 1_000_000}))"
    else:
        date = "(" + _CHANGES[name].format(w=w, n=n) + ")"
        moved = (
            date
            if target.is_date
            else f"(CAST({date} AS TIMESTAMP) + ({w} - date_trunc('day', {w})))"
        )
    if target.is_datetime:
        moved = zone.to_instant(moved, target.zone)
    zero = "DATE '1970-01-01'" if target.is_date else _ZERO
    return (
        f"CASE WHEN {n} BETWEEN {low} AND {high} THEN CAST({moved} AS {duck}) "
        f"WHEN ({n} IS NOT NULL AND {args[0]} IS NOT NULL) THEN CAST({zero} AS {duck}) END"
    )


ROWS = (
    Function(
        "now",
        lambda args: datetime(zone.argument(args, 0)),
        "date_trunc('second', CAST($now AS TIMESTAMP))",
        args=(0, 1),
        aliases=("nowInBlock", "current_timestamp", "localtimestamp"),
        any_case=True,
        exact=True,
    ),
    Function("now64", _now64_returns, _lower_now64, args=(0, 2), any_case=True),
    Function("nowInBlock64", _now64_returns, _lower_now64, args=(0, 2)),
    Function(
        "today",
        DATE,
        "CAST($now AS DATE)",
        args=(0, 0),
        aliases=("curdate", "current_date"),
        any_case=True,
    ),
    Function("yesterday", DATE, "(CAST($now AS DATE) - 1)", args=(0, 0)),
    Function(
        "UTCTimestamp",
        datetime("UTC"),
        "date_trunc('second', CAST($now AS TIMESTAMP))",
        args=(0, 0),
        aliases=("UTC_timestamp",),
        any_case=True,
        exact=True,
    ),
    Function("makeDate", _make_date_returns(DATE), _lower_make_date, args=(2, 3), any_case=True),
    Function(
        "makeDate32", _make_date_returns(DATE32), _lower_make_date, args=(2, 3), any_case=True
    ),
    Function(
        "makeDateTime", _make_datetime_returns, _lower_make_datetime, args=(6, 7), any_case=True
    ),
    Function(
        "makeDateTime64",
        _make_datetime64_returns,
        _lower_make_datetime64,
        args=(6, 9),
        any_case=True,
    ),
    Function(
        "YYYYMMDDToDate", _digits_returns(lambda args: DATE), _lower_digits_date, any_case=True
    ),
    Function(
        "YYYYMMDDToDate32", _digits_returns(lambda args: DATE32), _lower_digits_date, any_case=True
    ),
    Function(
        "YYYYMMDDhhmmssToDateTime",
        _digits_returns(lambda args: datetime(zone.argument(args, 1))),
        _lower_digits_datetime,
        args=(1, 2),
        any_case=True,
    ),
    Function(
        "YYYYMMDDhhmmssToDateTime64",
        _digits_returns(
            lambda args: datetime64(
                integer(args[1]) if len(args) > 1 else 3, zone.argument(args, 2)
            )
        ),
        _lower_digits_datetime,
        args=(1, 3),
    ),
    _from_unix64("fromUnixTimestamp64Second", 0),
    _from_unix64("fromUnixTimestamp64Milli", 3),
    _from_unix64("fromUnixTimestamp64Micro", 6),
    _from_unix64("fromUnixTimestamp64Nano", 9),
    Function(
        "toTimeZone",
        _to_zone_returns,
        "{0}",
        args=(2, 2),
        aliases=("toTimezone",),
        exact=True,
    ),
    Function(
        "toUTCTimestamp",
        _shift_zone_returns,
        _lower_to_utc,
        args=(2, 2),
        aliases=("to_utc_timestamp",),
        any_case=True,
    ),
    Function(
        "fromUTCTimestamp",
        _shift_zone_returns,
        _lower_from_utc,
        args=(2, 2),
        aliases=("from_utc_timestamp",),
        any_case=True,
    ),
    Function(
        "fromDaysSinceYearZero", DATE, _year_zero(DATE), aliases=("FROM_DAYS",), any_case=True
    ),
    Function("fromDaysSinceYearZero32", DATE32, _year_zero(DATE32)),
    Function(
        "toModifiedJulianDay",
        _julian_returns,
        _or_fail(_JULIAN, 38, "Cannot parse date from String"),
        exact=True,
    ),
    Function(
        "toModifiedJulianDayOrNull",
        lambda args: nullable(_julian_returns(args)),
        _JULIAN,
        exact=True,
    ),
    Function(
        "fromModifiedJulianDay",
        STRING,
        _or_fail(_DATE_OF_JULIAN, 490, "The day is out of the range of dates"),
        exact=True,
    ),
    Function("fromModifiedJulianDayOrNull", nullable(STRING), _DATE_OF_JULIAN, exact=True),
    *(
        Function(name, _change_returns(name), _lower_change, args=(2, 2), per_row=True)
        for name in _RANGES
    ),
)
