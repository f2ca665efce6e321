"""Moments of texts, lengths of months, intervals by name: `timestamp`, `toDaysInMonth`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions import zone
from mini_tb.sql.functions.compose import call as called
from mini_tb.sql.functions.compose import composed
from mini_tb.sql.functions.convert_moment import to_ticks
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.functions.strings import need_string
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import STRING, UINT8, DataType, datetime
from mini_tb.types.family import INTERVAL_UNITS


def _days_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_date_or_datetime:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a date or time")
    return UINT8


def _days(args: Sequence[Expr]) -> Expr:
    """The day of the month's last day."""
    _days_returns(args)
    day = called("toDate32", args[0])
    return called(
        "toDayOfMonth",
        called("addDays", called("addMonths", _first_of_month(day), _number(1)), _number(-1)),
    )


def _first_of_month(day: Expr) -> Expr:
    return called("addDays", day, called("minus", _number(1), called("toDayOfMonth", day)))


def _number(number: int) -> Const:
    return Const(DataType("Int8"), number)


def _interval(args: Sequence[Expr]) -> Expr:
    unit = text(args[1]).capitalize()
    if unit not in INTERVAL_UNITS:
        raise ArgumentError(f"`{text(args[1])}` is no unit of intervals", 36)
    return called(f"toInterval{unit}", args[0])


def _local_time(args: Sequence[Expr]) -> Expr:
    return called("toTime", called("now"))


# The time on a fixed day -------------------------------------------------------------------------


def _fixed_day_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    if not t.is_datetime:
        raise ArgumentError(f"illegal type `{t}`, expected a DateTime")
    return datetime(zone.argument(args, 1) or t.zone)


def _lower_fixed_day(call: Call, args: list[str]) -> str:
    """On the second day since 1970; parts of seconds are cut off."""
    t = call.args[0].type.bare
    at = args[0]
    if t.name == "DateTime64":
        at = f"make_timestamp({to_ticks(t, at)} // {10**t.scale} * 1000000)"
    wall = zone.to_wall(at, call.type.bare.zone)
    moved = f"TIMESTAMP '1970-01-02 00:00:00' + ({wall} - date_trunc('day', {wall}))"
    return zone.to_instant(f"({moved})", call.type.bare.zone)


# `timestamp` ---------------------------------------------------------------------------------

_TIME = r"^([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?$"


def _timestamp_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        need_string(arg)
    return called("toDateTime64", Const(STRING, "2024-01-01 00:00:00"), Const(UINT8, 6)).type


def _lower_timestamp(call: Call, args: list[str]) -> str:
    moment = f"CAST({args[0]} AS TIMESTAMP)"
    if len(args) == 1:
        return moment
    sign, hours, minutes, seconds, fraction = (
        f"regexp_extract({args[1]}, '{_TIME}', {group})" for group in range(1, 6)
    )
    parts = ((hours, 3_600_000_000), (minutes, 60_000_000), (seconds, 1_000_000))
    terms = [f"TRY_CAST({part} AS BIGINT) * {unit}" for part, unit in parts]
    terms.append(f"TRY_CAST(left(rpad({fraction}, 6, '0'), 6) AS BIGINT)")
    micros = f"({' + '.join(terms)})"
    signed = f"CASE WHEN {sign} = '-' THEN -({micros}) ELSE {micros} END"
    return (
        f"CASE WHEN regexp_matches({args[1]}, '{_TIME}') "
        f"THEN {moment} + to_microseconds({signed}) WHEN {args[1]} IS NOT NULL THEN {moment} END"
    )


ROWS = (
    composed("localtime", _local_time, args=(0, 0), any_case=True),
    Function("toTimeWithFixedDate", _fixed_day_returns, _lower_fixed_day, args=(1, 2)),
    Function("timestamp", _timestamp_returns, _lower_timestamp, args=(1, 2), any_case=True),
    composed("toDaysInMonth", _days),
    composed("toInterval", _interval, (2, 2)),
)
