"""Dates and times moved by intervals: `addDays`, `subtractHours`, `date + INTERVAL …`.

Days and longer units move the wall clock of the argument's zone, shorter ones the instant.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions import convert_moment, zone
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import DATETIME, INT64, DataType, datetime64, tuple_of
from mini_tb.types.duckdb import field_names, quote_identifier, quote_string
from mini_tb.types.family import INTERVAL_UNITS

_DAYS = {"Day": "to_days({})", "Week": "to_days(7 * {})"}
_MONTHS = {"Month": "to_months({})", "Quarter": "to_months(3 * {})", "Year": "to_months(12 * {})"}
INTERVALS_OF_DATES = (*_DAYS, *_MONTHS)
"""The units that move a Date."""
_NANOSECONDS = {
    "Nanosecond": 1,
    "Microsecond": 1_000,
    "Millisecond": 1_000_000,
    "Second": 1_000_000_000,
    "Minute": 60_000_000_000,
    "Hour": 3_600_000_000_000,
}
_SCALES = {"Nanosecond": 9, "Microsecond": 6, "Millisecond": 3}


def shifted(t: DataType, unit: str) -> DataType:
    """The type of a date or time moved by an interval of `unit`. Raises `ArgumentError`."""
    if t.is_string:
        t = datetime64(3)
    if unit in _SCALES:
        if t.is_date:
            raise ArgumentError(f"illegal type `{t}` to move by {unit.lower()}s")
        return datetime64(max(_SCALES[unit], t.scale), t.zone)
    if t.is_date and unit in ("Second", "Minute", "Hour"):
        return DATETIME if t.name == "Date" else datetime64(3)
    return t


def shift(source: DataType, unit: str, sql: str, count: str, *, back: bool = False) -> str:
    """DuckDB text of a date, time or text moved by `count` (BIGINT text) of a unit."""
    target = shifted(source, unit)
    if source.is_string:
        sql, source = lower_cast(source, target, sql), target
    sign = "-" if back else "+"
    if unit in _NANOSECONDS:
        at = lower_cast(source, target, sql)
        size = _NANOSECONDS[unit]
        if target.name == "DateTime":  # past its range it wraps around
            moved = f"{convert_moment.seconds(at)} {sign} {count} * {size // 1_000_000_000}"
            return convert_moment.second(f"(({moved}) & {convert_moment.LAST_SECOND})")
        if target.scale > 6:
            return f"make_timestamp_ns(epoch_ns({at}) {sign} {count} * {size})"
        return f"({at} {sign} to_microseconds({count} * {size // 1_000}))"
    if source.name == "Date" and unit in _DAYS:
        days = count if unit == "Day" else f"{count} * 7"
        moved = f"{convert_moment.day_number(sql)} {sign} {days}"
        return convert_moment.day(f"(({moved}) & {convert_moment.LAST_DAY})")
    step = (_DAYS.get(unit) or _MONTHS[unit]).format(f"CAST({count} AS INTEGER)")
    if source.is_date:
        moved = f"CAST({sql} {sign} {step} AS DATE)"
        return _within_date(moved) if source.name == "Date" else moved
    if source.scale > 6:
        w = zone.to_wall(f"date_trunc('second', {zone.instant(source, sql)})", source.zone)
        moved = zone.to_instant(f"({w} {sign} {step})", source.zone)
        return f"make_timestamp_ns(epoch_us({moved}) * 1000 + epoch_ns({sql}) % 1000000000)"
    moved = zone.to_instant(f"({zone.to_wall(sql, source.zone)} {sign} {step})", source.zone)
    if source.name == "DateTime64":
        return f"CAST({moved} AS TIMESTAMP)"
    number = convert_moment.seconds(moved)
    wrapped = convert_moment.second(f"({number} & {convert_moment.LAST_SECOND})")
    if unit in _DAYS:
        return wrapped
    first = "TIMESTAMP '1970-01-01'"
    return f"CASE WHEN {moved} < {first} THEN {first} ELSE {wrapped} END"


def _within_date(moved: str) -> str:
    """A DATE moved by months: before 1970 it is 1970-01-01, past the end it wraps around."""
    number = convert_moment.day_number(moved)
    wrapped = convert_moment.day(f"{number} & {convert_moment.LAST_DAY}")
    return f"CASE WHEN {number} < 0 THEN DATE '1970-01-01' ELSE {wrapped} END"


def duck_interval(unit: str, count: str) -> str:
    """DuckDB's INTERVAL of `count` (BIGINT text) units; nanoseconds are cut to microseconds."""
    if unit == "Nanosecond":
        return f"to_microseconds({count} // 1000)"
    if unit in _NANOSECONDS:
        return f"to_microseconds({count} * {_NANOSECONDS[unit] // 1_000})"
    return (_DAYS.get(unit) or _MONTHS[unit]).format(f"CAST({count} AS INTEGER)")


def count_text(t: DataType, sql: str) -> str:
    """A count of units as BIGINT; fractions are cut off."""
    return lower_cast(t, INT64, sql)


def shift_by_tuple(t: DataType, spans: DataType, sql: str, tuple_sql: str, *, back: bool) -> str:
    """Moved by each interval of a tuple in turn."""
    for name, element in zip(field_names(spans), spans.types, strict=True):
        unit = str(element.bare.params[0])
        count = f"struct_extract({tuple_sql}, {quote_string(name)})"
        sql = shift(t, unit, sql, count, back=back)
        t = shifted(t, unit)
    return sql


def shifted_by_tuple(t: DataType, spans: DataType) -> DataType:
    """The type of a date or time moved by a tuple of intervals."""
    for element in spans.types:
        if not element.is_interval:
            raise ArgumentError(f"expected a tuple of intervals, found `{spans}`")
        t = shifted(t, str(element.bare.params[0]))
    return t


def _checked(t: DataType) -> DataType:
    if not (t.is_date_or_datetime or t.is_string):
        raise ArgumentError(f"illegal type `{t}`, expected a date or time")
    return t


def _by(unit: str, *, back: bool) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        if not args[1].type.is_number:
            raise ArgumentError(f"expected a number, found `{args[1].type}`", 43, 1)
        if args[0].type.is_interval:
            return args[0].type
        return shifted(_checked(args[0].type), unit)

    def lower(call: Call, args: list[str]) -> str:
        t, n = call.args[0].type.bare, call.args[1].type.bare
        return shift(t, unit, args[0], count_text(n, args[1]), back=back)

    return Function(
        f"{'subtract' if back else 'add'}{unit}s", returns, lower, args=(2, 2), bytes_ok=True
    )


# Intervals among themselves --------------------------------------------------------------


def _spans(t: DataType) -> list[DataType]:
    bare = t.bare
    found = list(bare.types) if bare.is_tuple else [bare]
    if not found or not all(span.is_interval for span in found):
        raise ArgumentError(f"expected an interval or a tuple of intervals, found `{t}`")
    return found


def interval_sum_returns(args: Sequence[Expr]) -> DataType:
    """`interval ± interval`: a tuple; the last of it takes an interval of its own unit in."""
    first, second = _spans(args[0].type), args[1].type.bare
    if not second.is_interval:
        raise ArgumentError(f"expected an interval, found `{second}`", 43, 1)
    return tuple_of(*first) if first[-1] == second else tuple_of(*first, second)


def lower_interval_sum(call: Call, args: list[str], *, back: bool) -> str:
    """DuckDB text of `interval ± interval`."""
    first = call.args[0].type.bare
    counts = [args[0]]
    if first.is_tuple:
        counts = [f"struct_extract({args[0]}, {quote_string(n)})" for n in field_names(first)]
    if len(counts) == len(call.type.bare.types):
        counts[-1] = f"({counts[-1]} {'-' if back else '+'} {args[1]})"
    else:
        counts.append(f"(-{args[1]})" if back else args[1])
    fields = zip(field_names(call.type.bare), counts, strict=True)
    return "{" + ", ".join(f"{quote_identifier(n)}: {sql}" for n, sql in fields) + "}"


def _tuple_returns(args: Sequence[Expr]) -> DataType:
    return shifted_by_tuple(_checked(args[0].type), args[1].type.bare)


def _tuple(name: str, *, back: bool) -> Function:
    return Function(
        name,
        _tuple_returns,
        lambda call, args: shift_by_tuple(
            call.args[0].type.bare, call.args[1].type.bare, args[0], args[1], back=back
        ),
        args=(2, 2),
    )


def _date_by_interval_returns(args: Sequence[Expr]) -> DataType:
    if not args[1].type.is_interval:
        raise ArgumentError(f"expected an interval, found `{args[1].type}`", 43, 1)
    return shifted(_checked(args[0].type), str(args[1].type.params[0]))


def _date_by_interval(name: str, aliases: tuple[str, ...], *, back: bool) -> Function:
    def lower(call: Call, args: list[str]) -> str:
        t, span = call.args[0].type.bare, call.args[1].type.bare
        return shift(t, str(span.params[0]), args[0], args[1], back=back)

    return Function(
        name, _date_by_interval_returns, lower, args=(2, 2), aliases=aliases, any_case=True
    )


ROWS = (
    *(_by(unit, back=back) for back in (False, True) for unit in INTERVAL_UNITS),
    Function(
        "addInterval",
        interval_sum_returns,
        lambda call, args: lower_interval_sum(call, args, back=False),
        args=(2, 2),
    ),
    Function(
        "subtractInterval",
        interval_sum_returns,
        lambda call, args: lower_interval_sum(call, args, back=True),
        args=(2, 2),
    ),
    _tuple("addTupleOfIntervals", back=False),
    _tuple("subtractTupleOfIntervals", back=True),
    _date_by_interval("addDate", ("ADDDATE",), back=False),
    _date_by_interval("subDate", ("SUBDATE",), back=True),
)
