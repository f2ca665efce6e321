"""Parts of dates and times: `toYear`, `toHour`, `toYYYYMM`, `toISOWeek`, `toRelativeDayNum`, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions import zone
from mini_tb.sql.functions.convert import lower_cast, unreadable
from mini_tb.sql.functions.convert_moment import (
    LAST_DAY,
    LAST_SECOND,
    best_effort,
    day_number,
    seconds,
    to_ticks,
    whole_seconds,
)
from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    INT32,
    INT64,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    DataType,
    datetime,
    to_duckdb,
)


def moment(args: Sequence[Expr], *, times: bool = False) -> DataType:
    """The type of the first argument; an error unless it is a date or, with `times`, a time."""
    t = args[0].type.bare
    if not (t.is_datetime if times else t.is_date_or_datetime):
        wanted = "DateTime or DateTime64" if times else "Date, Date32, DateTime or DateTime64"
        raise ArgumentError(f"illegal type `{args[0].type}`, expected {wanted}")
    return t


def wall(call: Call, args: list[str], index: int = 1) -> str:
    """The wall clock of the first argument, in the zone that argument `index` may name: DATE or
    TIMESTAMP."""
    t = call.args[0].type.bare
    if t.is_date:
        return args[0]
    return zone.wall(t, args[0], zone.argument(call.args, index))


def day_wall(call: Call, args: list[str], index: int = 1) -> str:
    """As `wall`, for what is made of days as Dates count them: there are none before 1970."""
    since = zone.since_1970(call.args[0].type.bare, args[0], zone.argument(call.args, index))
    return wall(call, [since, *args[1:]], index)


def _part(
    name: str,
    result: DataType,
    template: str,
    *,
    times: bool = False,
    aliases: tuple[str, ...] = (),
    any_case: bool = False,
) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        moment(args, times=times)
        zone.argument(args, 1)
        return result

    def lower(call: Call, args: list[str]) -> str:
        found = template.replace("{w}", wall(call, args)).replace("{a}", args[0])
        return f"CAST({found} AS {to_duckdb(result)})"

    return Function(name, returns, lower, args=(1, 2), aliases=aliases, any_case=any_case)


_CLOCK = "hour({w}) * 10000 + minute({w}) * 100 + second({w})"
_DAY = "year({w}) * 10000 + month({w}) * 100 + day({w})"
_PARTS = (
    _part("toYear", UINT16, "year({w})", aliases=("YEAR",), any_case=True),
    _part("toQuarter", UINT8, "quarter({w})", aliases=("QUARTER",), any_case=True),
    _part("toMonth", UINT8, "month({w})", aliases=("MONTH",), any_case=True),
    _part("toDayOfYear", UINT16, "dayofyear({w})", aliases=("DAYOFYEAR",), any_case=True),
    _part("toDayOfMonth", UINT8, "day({w})", aliases=("DAYOFMONTH", "DAY"), any_case=True),
    _part("toHour", UINT8, "hour({w})", times=True, aliases=("HOUR",), any_case=True),
    _part("toMinute", UINT8, "minute({w})", times=True, aliases=("MINUTE",), any_case=True),
    _part("toSecond", UINT8, "second({w})", times=True, aliases=("SECOND",), any_case=True),
    _part(
        "toMillisecond",
        UINT16,
        "millisecond({w}) % 1000",
        times=True,
        aliases=("MILLISECOND",),
        any_case=True,
    ),
    _part(
        "toMicrosecond",
        UINT32,
        "microsecond({w}) % 1000000",
        times=True,
        aliases=("MICROSECOND",),
        any_case=True,
    ),
    _part(
        "toNanosecond",
        UINT32,
        "nanosecond({a}) % 1000000000",
        times=True,
        aliases=("NANOSECOND",),
        any_case=True,
    ),
    _part("toISOYear", UINT16, "isoyear({w})"),
    _part("toISOWeek", UINT8, "weekofyear({w})"),
    _part("toYYYYMM", UINT32, "year({w}) * 100 + month({w})"),
    _part("toYYYYMMDD", UINT32, _DAY),
    _part("toYearNumSinceEpoch", UINT16, "greatest(0, year({w}) - 1970)"),
    _part("toRelativeYearNum", UINT16, "year({w})"),
    _part("toRelativeQuarterNum", UINT32, "year({w}) * 4 + quarter({w}) - 1"),
    _part("toMonthNumSinceEpoch", UINT32, "greatest(0, year({w}) * 12 + month({w}) - 23641)"),
    _part("toRelativeMonthNum", UINT32, "year({w}) * 12 + month({w})"),
)


def _digits_returns(args: Sequence[Expr]) -> DataType:
    moment(args)
    zone.argument(args, 1)
    return UINT64


def _lower_yyyymmddhhmmss(call: Call, args: list[str]) -> str:
    w = wall(call, args)
    clock = "0" if call.args[0].type.is_date else f"({_CLOCK.replace('{w}', w)})"
    return f"CAST(({_DAY.replace('{w}', w)}) * 1000000 + {clock} AS UBIGINT)"


def _bounded(t: DataType, count: str, last: int = 0) -> str:
    """A count since 1970, not below 0 nor above `last`, if there is one; those of a Date or
    DateTime are not but for seconds."""
    if t.name in ("Date", "DateTime") and not last:
        return count
    above = f"WHEN {count} > {last} THEN {last} " if last else ""
    return f"CASE WHEN {count} < 0 THEN 0 {above}ELSE {count} END"


def _numbered(
    name: str, template: str, *aliases: str, since: bool = True, last: int = 0
) -> Function:
    """A number made of days (`{d}`) of the wall clock's date, `since` 1970 and not before. Others
    ClickHouse makes, of a DateTime, of the days of UTC."""

    def returns(args: Sequence[Expr]) -> DataType:
        moment(args)
        zone.argument(args, 1)
        return UINT32

    def lower(call: Call, args: list[str]) -> str:
        t = call.args[0].type.bare
        is_utc = t.name == "DateTime" and not since
        days = day_number(f"CAST({args[0] if is_utc else wall(call, args)} AS DATE)")
        if t.name == "DateTime" and last and zone.differs_from_utc(t.zone):
            days = f"({days} & {last})"  # west of Greenwich the first day is that before 1970
        elif since:
            days = _bounded(t, days, 0 if t.name in ("Date", "DateTime") else last)
        return f"CAST({template.replace('{d}', days)} AS UINTEGER)"

    any_case = bool(aliases)
    return Function(name, returns, lower, args=(1, 2), aliases=aliases, any_case=any_case)


def _elapsed(name: str, size: int) -> Function:
    """Whole units of `size` seconds since 1970."""

    def returns(args: Sequence[Expr]) -> DataType:
        moment(args)
        zone.argument(args, 1)
        return UINT32

    def lower(call: Call, args: list[str]) -> str:
        t = call.args[0].type.bare
        last = LAST_SECOND if size == 1 and t.name != "DateTime" else 0
        if t.is_date:
            count = f"{day_number(args[0])} * {86_400 // size}"
            return f"CAST({_bounded(t, count, last)} AS UINTEGER)"
        zone_name = zone.argument(call.args, 1) or t.zone
        count = whole_seconds(t, args[0])
        if size == 3_600 and not zone.is_whole_hours(zone_name):
            # Hours of such a zone are counted from a day earlier, by its offset of 1970.
            count = f"({count} + {86_400 - zone.offset_of_1970(zone_name)})"
        return f"CAST({_bounded(t, count, last)} // {size} AS UINTEGER)"

    return Function(name, returns, lower, args=(1, 2))


# Weeks and weekdays ----------------------------------------------------------------------


def _week_returns(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        moment(args)
        if len(args) > 1:
            integer(args[1])
        zone.argument(args, 2)
        return result

    return returns


def mode_argument(call: Call) -> int:
    """The week mode, 0 to 9, of `toWeek` and its like."""
    return integer(call.args[1]) if len(call.args) > 1 else 0


def _lower_day_of_week(call: Call, args: list[str]) -> str:
    day = f"isodow({wall(call, args, 2)})"
    found = (day, f"{day} - 1", f"{day} % 7", f"{day} % 7 + 1")[mode_argument(call) & 3]
    return f"CAST({found} AS UTINYINT)"


def _lower_week(call: Call, args: list[str]) -> str:
    w, mode = day_wall(call, args, 2), mode_argument(call)
    if mode == 3:
        return f"CAST(weekofyear({w}) AS UTINYINT)"
    if mode == 0:
        return f"CAST((dayofyear({w}) + 6 - isodow({w}) % 7) // 7 AS UTINYINT)"
    return f"CAST(mt_week(CAST({w} AS DATE), {mode}) % 100 AS UTINYINT)"


def _lower_year_week(call: Call, args: list[str]) -> str:
    w = wall(call, args, 2)
    return f"CAST(mt_week(CAST({w} AS DATE), {mode_argument(call) | 2}) AS UINTEGER)"


# Unix timestamps -------------------------------------------------------------------------


def _unix_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_string:
        moment(args)
    zone.argument(args, 1)
    return UINT32


def _lower_unix(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    if t.is_string:
        target = datetime(zone.argument(call.args, 1))
        at = f"coalesce({best_effort(target, args[0])}, {unreadable(target)})"
        return f"CASE WHEN {args[0]} IS NOT NULL THEN CAST({seconds(at)} AS UINTEGER) END"
    if t.is_date:
        return f"CAST({day_number(args[0])} * 86400 & 4294967295 AS UINTEGER)"
    return lower_cast(t, UINT32, args[0])


def _unix64(name: str, scale: int) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        if args[0].type.bare.name != "DateTime64":
            raise ArgumentError(f"illegal type `{args[0].type}`, expected DateTime64")
        return INT64

    def lower(call: Call, args: list[str]) -> str:
        own = call.args[0].type.scale
        count = to_ticks(call.args[0].type.bare, args[0])
        if scale >= own:
            return f"({count} * {10 ** (scale - own)})"
        return f"({count} // {10 ** (own - scale)})"

    return Function(name, returns, lower)


# Zones -----------------------------------------------------------------------------------


def _zone_of_returns(args: Sequence[Expr]) -> DataType:
    moment(args, times=True)
    return STRING


def _lower_zone_of(call: Call, args: list[str]) -> str:
    return "'" + (call.args[0].type.zone or "UTC") + "'"


def _offset_returns(args: Sequence[Expr]) -> DataType:
    moment(args, times=True)
    return INT32


def _lower_offset(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    at = f"date_trunc('second', {zone.instant(t, args[0])})"
    return f"CAST({seconds(zone.to_wall(at, t.zone))} - {seconds(at)} AS INTEGER)"


ROWS = (
    *_PARTS,
    Function(
        "toYYYYMMDDhhmmss",
        _digits_returns,
        _lower_yyyymmddhhmmss,
        args=(1, 2),
    ),
    _numbered("toRelativeDayNum", "{d}", last=LAST_DAY),
    _numbered("toRelativeWeekNum", "({d} + 3) // 7"),
    _numbered("toDaysSinceYearZero", "{d} + 719528", "TO_DAYS", since=False),
    _elapsed("toRelativeHourNum", 3_600),
    _elapsed("toRelativeMinuteNum", 60),
    _elapsed("toRelativeSecondNum", 1),
    Function(
        "toDayOfWeek",
        _week_returns(UINT8),
        _lower_day_of_week,
        args=(1, 3),
        aliases=("DAYOFWEEK",),
        any_case=True,
    ),
    Function(
        "toWeek", _week_returns(UINT8), _lower_week, args=(1, 3), aliases=("WEEK",), any_case=True
    ),
    Function(
        "toYearWeek",
        _week_returns(UINT32),
        _lower_year_week,
        args=(1, 3),
        aliases=("YEARWEEK",),
        any_case=True,
    ),
    Function("toUnixTimestamp", _unix_returns, _lower_unix, args=(1, 2)),
    _unix64("toUnixTimestamp64Second", 0),
    _unix64("toUnixTimestamp64Milli", 3),
    _unix64("toUnixTimestamp64Micro", 6),
    _unix64("toUnixTimestamp64Nano", 9),
    Function(
        "timeZoneOf",
        _zone_of_returns,
        _lower_zone_of,
        aliases=("timezoneOf",),
        nulls=False,
        exact=True,
        of_types=True,
    ),
    Function("timezoneOffset", _offset_returns, _lower_offset, aliases=("timeZoneOffset",)),
)
