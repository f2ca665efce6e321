"""Dates and times: `now`, `toStartOf*`, `toYYYYMM`, `dateDiff`, intervals, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import DATE, DATETIME, INT64, UINT8, UINT16, UINT32, DataType, datetime


def _dates(args: Sequence[Expr]) -> None:
    if not args[0].type.is_date_or_datetime:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected Date or DateTime")


def _to_date(args: Sequence[Expr]) -> DataType:
    _dates(args)
    return DATE


def _to_datetime(args: Sequence[Expr]) -> DataType:
    _dates(args)
    return datetime(args[0].type.zone)


def _number(result: DataType) -> object:
    def returns(args: Sequence[Expr]) -> DataType:
        _dates(args)
        return result

    return returns


_START_OF_DATE = {"Month": "month", "Quarter": "quarter", "Year": "year"}
_START_OF_TIME = {"Minute": "minute", "Hour": "hour", "Day": "day"}
_PARTS = {
    "toYear": (UINT16, "year({0})"),
    "toMonth": (UINT8, "month({0})"),
    "toDayOfMonth": (UINT8, "day({0})"),
    "toHour": (UINT8, "hour({0})"),
    "toMinute": (UINT8, "minute({0})"),
    "toSecond": (UINT8, "second({0})"),
    "toYYYYMM": (UINT32, "year({0}) * 100 + month({0})"),
    "toYYYYMMDD": (UINT32, "year({0}) * 10000 + month({0}) * 100 + day({0})"),
}
_UNITS = {"second", "minute", "hour", "day", "week", "month", "quarter", "year", "millisecond"}


def _lower_date_diff(call: Call, args: list[str]) -> str:
    unit = text(call.args[0]).lower()
    if unit not in _UNITS:
        raise ArgumentError(f"unknown unit `{unit}`", 36)
    return f"datediff('{unit}', CAST({args[1]} AS TIMESTAMP), CAST({args[2]} AS TIMESTAMP))"


ROWS = (
    Function("now", DATETIME, "date_trunc('second', $now)", args=(0, 1), any_case=True),
    Function("today", DATE, "CAST($now AS DATE)", args=(0, 0), any_case=True),
    Function("yesterday", DATE, "CAST($now AS DATE) - 1", args=(0, 0)),
    *(
        Function(f"toStartOf{unit}", _to_date, f"date_trunc('{duck}', {{0}})")
        for unit, duck in _START_OF_DATE.items()
    ),
    *(
        Function(f"toStartOf{unit}", _to_datetime, f"date_trunc('{duck}', {{0}})")
        for unit, duck in _START_OF_TIME.items()
    ),
    *(
        Function(name, _number(result), lower)  # type: ignore[arg-type]  # a Returns callable
        for name, (result, lower) in _PARTS.items()
    ),
    Function(
        "dateDiff",
        INT64,
        _lower_date_diff,
        args=(3, 4),
        aliases=("DATE_DIFF", "date_diff", "timestampDiff", "timestamp_diff"),
        any_case=True,
    ),
)
