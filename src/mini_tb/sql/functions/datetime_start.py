"""The start of a day, an hour, a week, …: `toStartOf*`, `dateTrunc`, `toStartOfInterval`, `tumble`.

Months, quarters, years and weeks start with a Date; days and what is shorter, with a DateTime in
the zone of the argument. What would be outside of their ranges is brought to the end of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions import zone
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_moment import (
    LAST_DAY,
    LAST_SECOND,
    day,
    day_number,
    floored,
    from_ticks,
    second,
    seconds,
    to_ticks,
    whole_seconds,
)
from mini_tb.sql.functions.datetime_parts import (
    day_wall,
    mode_argument,
    moment,
    wall,
)
from mini_tb.sql.functions.function import ArgumentError, Function, constant, integer, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import DATE, DATE32, DATETIME, DataType, datetime, datetime64, tuple_of
from mini_tb.types.duckdb import field_names, quote_identifier, to_duckdb

_SECONDS = {"Second": 1, "Minute": 60, "Hour": 3_600, "Day": 86_400, "Week": 604_800}
_SCALES = {"Millisecond": 3, "Microsecond": 6, "Nanosecond": 9}
_MONTHS = {"Month": 1, "Quarter": 3, "Year": 12}


_FIRST_DATE, _LAST_DATE = "DATE '1970-01-01'", "DATE '2149-06-06'"
_FIRST_TIME, _LAST_TIME = "TIMESTAMP '1970-01-01'", "TIMESTAMP '2106-02-07 06:28:15'"


def _as_date(t: DataType, w: str, found: str) -> str:
    """A DATE made of the wall clock `w`, brought into the range of Date; what is made of a Date or
    DateTime is in it."""
    if t.name in ("Date", "DateTime"):
        return found
    return (
        f"CASE WHEN {w} < {_FIRST_DATE} THEN {_FIRST_DATE} "
        f"WHEN {w} > {_LAST_DATE} THEN least({found}, {_LAST_DATE}) ELSE {found} END"
    )


def _as_week(t: DataType, found: str) -> str:
    """As `_as_date` for a bound of a week: that of 1970-01-01 started before."""
    above = "" if t.name == "DateTime" else f"WHEN {found} > {_LAST_DATE} THEN {_LAST_DATE} "
    return f"CASE WHEN {found} < {_FIRST_DATE} THEN {_FIRST_DATE} {above}ELSE {found} END"


def _as_time(t: DataType, source: str, found: str) -> str:
    """A TIMESTAMP made of the instant `source`, brought into the range of DateTime."""
    if t.name == "DateTime":
        return found
    below = "" if t.name == "Date" else f"WHEN {source} < {_FIRST_TIME} THEN {_FIRST_TIME} "
    least = found if t.name == "Date" else f"greatest({found}, {_FIRST_TIME})"
    return (
        f"CASE {below}WHEN {source} > {_LAST_TIME} THEN least({found}, {_LAST_TIME}) "
        f"ELSE {least} END"
    )


def start_of_date(t: DataType, w: str, unit: str, count: int = 1) -> str:
    """DATE text of the start of `count` months, quarters, years or weeks around wall clock `w`."""
    found = _date_start(w, unit, count)
    if unit == "Week":
        return _as_week(t, found)
    if count > 1 and t.name in ("Date", "DateTime"):
        return f"CASE WHEN {found} < {_FIRST_DATE} THEN {_FIRST_DATE} ELSE {found} END"
    return _as_date(t, w, found)


def _date_start(w: str, unit: str, count: int) -> str:
    """The start wherever it lies."""
    if unit == "Week" and count > 1:
        weeks = floored(f"{day_number(f'CAST({w} AS DATE)')} - 4", 7 * count)
        return day(f"{weeks} * {7 * count} + 4")
    if count == 1:
        return f"CAST(date_trunc('{unit.lower()}', {w}) AS DATE)"
    if unit == "Year":
        return f"make_date(year({w}) // {count} * {count}, 1, 1)"
    size = _MONTHS[unit] * count
    # Counted from January 1900.
    months = f"(((year({w}) - 1900) * 12 + month({w}) - 1) // {size} * {size})"
    return f"make_date(1900 + {months} // 12, {months} % 12 + 1, 1)"


def start_of_time(t: DataType, sql: str, zone_name: str | None, unit: str, count: int = 1) -> str:
    """TIMESTAMP text of the start of `count` days, hours, minutes or seconds around an instant."""
    if t.is_date:  # of a day
        w = f"CAST({sql} AS TIMESTAMP)"
        start = w
        if count > 1:
            start = f"CAST({day(f'{day_number(sql)} // {count} * {count}')} AS TIMESTAMP)"
        return zone.start_of_day(_as_time(t, w, start), zone_name)
    sql = zone.instant(t, sql)
    if unit in ("Second", "Minute"):
        size = _SECONDS[unit] * count * 1_000_000
        if count == 1:
            found = f"date_trunc('{unit.lower()}', {sql})"
        else:
            found = f"make_timestamp(epoch_us({sql}) // {size} * {size})"
        return _as_time(t, sql, found)
    if unit == "Day":
        sql = zone.since_1970(t, sql, zone_name)
    w = zone.to_wall(sql, zone_name)
    if unit == "Hour" and count == 1:
        if zone.is_whole_hours(zone_name):
            return _as_time(t, sql, f"date_trunc('hour', {sql})")
        # By the minutes that have passed: an hour that the clock shows twice stays apart.
        return _as_time(t, sql, f"({sql} - ({w} - date_trunc('hour', {w})))")
    if unit == "Hour":
        size = 3_600_000_000 * count
        midnight = f"epoch_us(date_trunc('day', {w}))"
        found = f"make_timestamp({midnight} + (epoch_us({w}) - {midnight}) // {size} * {size})"
    elif count == 1:
        found = f"date_trunc('day', {w})"
    else:
        days = day_number(f"CAST({w} AS DATE)")
        found = f"CAST({day(f'{days} // {count} * {count}')} AS TIMESTAMP)"
    to_instant = zone.start_of_day if unit == "Day" else zone.start_of_hours
    return _as_time(t, sql, to_instant(found, zone_name))


def start_of_fraction(t: DataType, target: DataType, sql: str, unit: str, count: int) -> str:
    """Text of the start of `count` milli-, micro- or nanoseconds, as DateTime64 `target`."""
    precise = lower_cast(t, target, sql)
    size = 10 ** (target.scale - _SCALES[unit]) * count
    whole = floored(to_ticks(target, precise), size, wide=target.scale > 6)
    return from_ticks(target, f"{whole} * {size}")


@dataclass(frozen=True, slots=True)
class Span:
    """`count` of a unit; `name` as in `IntervalDay`."""

    unit: str
    count: int

    def returns(self, t: DataType, zone_name: str | None) -> DataType:
        """The type of the start of such a span around a value of type `t`."""
        if self.unit in ("Week", "Month", "Quarter", "Year"):
            return DATE
        if self.unit in _SCALES:
            if not t.is_datetime:
                raise ArgumentError(f"illegal type `{t}` for an interval of {self.unit.lower()}s")
            return datetime64(max(_SCALES[self.unit], t.scale), zone_name or t.zone)
        if t.is_date and self.unit != "Day":
            raise ArgumentError(f"illegal type `{t}` for an interval of {self.unit.lower()}s")
        return datetime(zone_name or t.zone)

    def lower(self, t: DataType, sql: str, zone_name: str | None) -> str:
        """DuckDB text of the start."""
        zone_name = zone_name or t.zone
        if self.unit in ("Week", "Month", "Quarter", "Year"):
            since = zone.since_1970(t, sql, zone_name)
            w = sql if t.is_date else zone.wall(t, since, zone_name)
            return start_of_date(t, w, self.unit, self.count)
        if self.unit in _SCALES:
            target = self.returns(t, zone_name)
            return start_of_fraction(t, target, sql, self.unit, self.count)
        return start_of_time(t, sql, zone_name, self.unit, self.count)


def span_argument(expr: Expr) -> Span:
    """The constant interval of `toStartOfInterval` and `tumble`."""
    if not expr.type.is_interval:
        raise ArgumentError(f"expected an interval, found `{expr.type}`")
    value = constant_count(expr)
    if value <= 0:
        raise ArgumentError("the interval must be positive", 36)
    return Span(str(expr.type.bare.params[0]), value)


def constant_count(expr: Expr) -> int:
    """The count of a constant interval."""
    if isinstance(expr, Call) and expr.args and expr.args[0].type.is_string:
        return int(text(expr.args[0]))
    value = constant(expr)
    return int(value) if isinstance(value, float) and math.isfinite(value) else integer(expr)


# toStartOf<Unit> -------------------------------------------------------------------------


def _start(
    name: str, unit: str, count: int = 1, *, aliases: tuple[str, ...] = (), any_case: bool = False
) -> Function:
    span = Span(unit, count)

    def returns(args: Sequence[Expr]) -> DataType:
        t = moment(args)
        if unit in (*_SCALES, "Second") and t.name != "DateTime64":
            raise ArgumentError(f"illegal type `{args[0].type}`, expected DateTime64")
        if unit == "Second":
            return datetime64(t.scale, zone.argument(args, 1) or t.zone)
        return span.returns(t, zone.argument(args, 1))

    def lower(call: Call, args: list[str]) -> str:
        t, zone_name = call.args[0].type.bare, zone.argument(call.args, 1)
        if unit == "Second":
            return from_ticks(t, f"{whole_seconds(t, args[0])} * {10**t.scale}")
        return span.lower(t, args[0], zone_name)

    return Function(name, returns, lower, args=(1, 2), aliases=aliases, any_case=any_case)


def _of_wall(
    name: str,
    made: Callable[[DataType, str], str],
    *,
    aliases: tuple[str, ...] = (),
    any_case: bool = False,
) -> Function:
    """A Date made of the wall clock."""

    def returns(args: Sequence[Expr]) -> DataType:
        moment(args)
        zone.argument(args, 1)
        return DATE

    def lower(call: Call, args: list[str]) -> str:
        return f"CAST({made(call.args[0].type.bare, day_wall(call, args))} AS DATE)"

    return Function(name, returns, lower, args=(1, 2), aliases=aliases, any_case=any_case)


def _iso_year(t: DataType, w: str) -> str:
    start = f"CAST(date_trunc('week', make_date(isoyear({w}), 1, 4)) AS DATE)"
    if t.name in ("Date", "DateTime"):
        return _as_week(DATETIME, start)
    return f"CASE WHEN {w} > {_LAST_DATE} THEN DATE '2148-12-30' ELSE {_as_week(t, start)} END"


def _last_of_month(t: DataType, w: str) -> str:
    found = f"last_day({w})"
    if t.name == "DateTime":
        return found
    first = "" if t.name == "Date" else f"WHEN {w} < {_FIRST_DATE} THEN {_FIRST_DATE} "
    return f"CASE {first}WHEN {w} >= DATE '2149-06-01' THEN {_LAST_DATE} ELSE {found} END"


def _week_returns(args: Sequence[Expr]) -> DataType:
    moment(args)
    if len(args) > 1:
        integer(args[1])
    zone.argument(args, 2)
    return DATE


def _lower_week(call: Call, args: list[str]) -> str:
    w = day_wall(call, args, 2)
    date = f"CAST({w} AS DATE)"
    since = f"isodow({w}) - 1" if mode_argument(call) & 1 else f"isodow({w}) % 7"
    if call.function.name == "toLastDayOfWeek":
        since += " - 6"
    found = f"({date} - CAST({since} AS INTEGER))"
    return _as_week(call.args[0].type.bare, found)


# dateTrunc, toStartOfInterval ------------------------------------------------------------

_TRUNC = {unit.lower(): unit for unit in (*_SECONDS, *_SCALES, *_MONTHS)}


def _trunc_span(args: Sequence[Expr]) -> Span:
    name = text(args[0]).lower()
    if name not in _TRUNC:
        raise ArgumentError(f"unknown unit `{name}`", 36, 0)
    return Span(_TRUNC[name], 1)


def _trunc_returns(args: Sequence[Expr]) -> DataType:
    t, span = moment(args[1:]), _trunc_span(args)
    found = span.returns(t, zone.argument(args, 2))
    if t.name in ("Date", "DateTime"):
        return found
    # Unlike its kin, it keeps to the wide types.
    return DATE32 if found.is_date else datetime64(_SCALES.get(span.unit, 0), found.zone)


def _lower_trunc(call: Call, args: list[str]) -> str:
    t, span = call.args[1].type.bare, _trunc_span(call.args)
    zone_name = zone.argument(call.args, 2)
    if t.name == "Date32" or (t.name == "DateTime64" and span.unit not in _SCALES):
        moment_sql = args[1]
        if span.unit == "Second":  # towards 1970, as all that have precision to lose
            moment_sql = lower_cast(t, datetime64(0, t.zone), moment_sql)
            t = datetime64(0, t.zone)
        w = wall(Call(t, call.function, call.args[1:]), [moment_sql, *args[2:]])
        unit = span.unit.lower()
        found = f"date_trunc('{unit}', {w})"
        if call.type.is_datetime:
            found = zone.to_instant(found, call.type.zone)
    elif t.name == "DateTime64":
        found = start_of_fraction(t, call.type.bare, args[1], span.unit, 1)
    else:
        found = span.lower(t, args[1], zone_name)
    return f"CAST({found} AS {to_duckdb(call.type)})"


def _interval_arguments(args: Sequence[Expr]) -> tuple[Span, Expr | None, str | None]:
    """Span, origin and zone of `toStartOfInterval`."""
    span, origin, zone_name = span_argument(args[1]), None, None
    for arg in args[2:]:
        if arg.type.is_string:
            zone_name = zone.checked(text(arg))
        else:
            origin = arg
    return span, origin, zone_name


def _interval_returns(args: Sequence[Expr]) -> DataType:
    t = moment(args)
    span, origin, zone_name = _interval_arguments(args)
    if origin is None:
        return span.returns(t, zone_name)
    if origin.type.bare.name != t.name:
        raise ArgumentError(f"the origin must be of type `{t}`, found `{origin.type}`", 43, 2)
    if span.unit not in _SECONDS:
        raise ArgumentError(f"an origin with an interval of {span.unit.lower()}s is not supported")
    if t.is_date and span.unit not in ("Day", "Week"):
        raise ArgumentError(f"illegal type `{t}` for an interval of {span.unit.lower()}s")
    return t if zone_name is None or t.is_date else datetime(zone_name)


def _wrapped_start(span: Span, sql: str, zone_name: str | None) -> str:
    """The start around a Date32: outside of the range of its type it wraps around."""
    if span.unit != "Day":
        found = day_number(_date_start(sql, span.unit, span.count))
        return day(f"{found} & {LAST_DAY}")
    days = f"{day_number(sql)} // {span.count} * {span.count}"
    start = zone.start_of_day(day(days), zone_name)
    return second(f"({seconds(start)} & {LAST_SECOND})")


def _lower_interval(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    span, origin, zone_name = _interval_arguments(call.args)
    if origin is None and t.name == "Date32":
        return _wrapped_start(span, args[0], zone_name)
    if origin is None:
        return span.lower(t, args[0], zone_name)
    start = args[2]
    if t.is_date:
        size = span.count * _SECONDS[span.unit] // 86_400
        return f"({start} + CAST(({args[0]} - {start}) // {size} * {size} AS INTEGER))"
    size = span.count * _SECONDS[span.unit] * 10**t.scale
    since = f"({to_ticks(t, args[0])} - {to_ticks(t, start)}) // {size} * {size}"
    return f"CAST({from_ticks(t, f'{to_ticks(t, start)} + {since}')} AS {to_duckdb(t)})"


# tumble, hop -----------------------------------------------------------------------------

_STEP = {
    "Week": "to_days(7 * {})",
    "Month": "to_months({})",
    "Quarter": "to_months(3 * {})",
    "Year": "to_years({})",
}


def _moved(t: DataType, sql: str, span: Span, count: int) -> str:
    """A window's bound moved by so many units; a day has 24 hours."""
    if span.unit in _STEP:
        return f"CAST({sql} + {_STEP[span.unit].format(count)} AS {to_duckdb(t)})"
    return f"({sql} + to_microseconds({_SECONDS[span.unit] * count * 1_000_000}))"


def _window(name: str, *, hop: bool, side: str) -> Function:
    """`tumble`/`hop`: the window of a time; `side` is Start, End or '' for both."""
    at_zone = 3 if hop else 2

    def parts(args: Sequence[Expr]) -> tuple[Span, Span, str | None]:
        step = span_argument(args[1])
        size = span_argument(args[2]) if hop else step
        if step.unit != size.unit:
            raise ArgumentError("both intervals must be of the same unit", 36)
        return step, size, zone.argument(args, at_zone)

    def returns(args: Sequence[Expr]) -> DataType:
        t = moment(args, times=True)
        step, _, zone_name = parts(args)
        bound = step.returns(t, zone_name)
        return bound if side else tuple_of(bound, bound)

    def lower(call: Call, args: list[str]) -> str:
        step, size, zone_name = parts(call.args)
        t = call.args[0].type.bare
        bound = step.returns(t, zone_name)
        start = step.lower(t, args[0], zone_name)
        start = _moved(bound, start, step, step.count - size.count) if hop else start
        end = _moved(bound, start, step, size.count)
        if side:
            return start if side == "Start" else end
        one, two = (quote_identifier(field) for field in field_names(call.type.bare))
        return f"{{{one}: {start}, {two}: {end}}}"

    return Function(name, returns, lower, args=(at_zone, at_zone + 1))


def _slot_returns(args: Sequence[Expr]) -> DataType:
    return datetime(moment(args, times=True).zone)


def _lower_slot(call: Call, args: list[str]) -> str:
    return start_of_time(call.args[0].type.bare, args[0], None, "Minute", 30)


ROWS = (
    _start("toStartOfYear", "Year"),
    _start("toStartOfQuarter", "Quarter"),
    _start("toStartOfMonth", "Month"),
    _start("toMonday", "Week"),
    _start("toStartOfDay", "Day"),
    _start("toStartOfHour", "Hour"),
    _start("toStartOfMinute", "Minute"),
    _start("toStartOfFiveMinutes", "Minute", 5, aliases=("toStartOfFiveMinute",)),
    _start("toStartOfTenMinutes", "Minute", 10),
    _start("toStartOfFifteenMinutes", "Minute", 15),
    _start("toStartOfSecond", "Second"),
    _start("toStartOfMillisecond", "Millisecond"),
    _start("toStartOfMicrosecond", "Microsecond"),
    _start("toStartOfNanosecond", "Nanosecond"),
    _of_wall("toStartOfISOYear", _iso_year),
    _of_wall("toLastDayOfMonth", _last_of_month, aliases=("LAST_DAY",), any_case=True),
    Function("toStartOfWeek", _week_returns, _lower_week, args=(1, 3)),
    Function("toLastDayOfWeek", _week_returns, _lower_week, args=(1, 3)),
    Function(
        "dateTrunc",
        _trunc_returns,
        _lower_trunc,
        args=(2, 3),
        aliases=("DATE_TRUNC",),
        any_case=True,
    ),
    Function(
        "toStartOfInterval",
        _interval_returns,
        _lower_interval,
        args=(2, 4),
        aliases=("date_bin", "time_bucket"),
        any_case=True,
    ),
    Function("timeSlot", _slot_returns, _lower_slot),
    *(_window(f"tumble{side}", hop=False, side=side) for side in ("", "Start", "End")),
    *(_window(f"hop{side}", hop=True, side=side) for side in ("", "Start", "End")),
)
