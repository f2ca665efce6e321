"""The rules of dates and times; `types.moment` knows how people write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from mini_tb.ingest.jsontext import Number
from mini_tb.ingest.numbers import INTEGER, WIDE, exact_number
from mini_tb.ingest.refused import Parse, Refused
from mini_tb.types import DataType
from mini_tb.types.moment import SECOND, NotADate, parse_date, parse_moment
from mini_tb.types.zone import zone_info

EPOCH = datetime(1970, 1, 1)
_DAYS = re.compile(r"-?\d{1,9}", re.ASCII)
_TIME = re.compile(r"(-?)(\d{1,3}):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)
_DAYS_MAX = 65_535
_DATE32_RANGE = (
    (date(1900, 1, 1) - date(1970, 1, 1)).days,
    (date(2299, 12, 31) - date(1970, 1, 1)).days,
)
_DATETIME64_RANGE = (
    _DATE32_RANGE[0] * 86_400 * SECOND,
    (_DATE32_RANGE[1] + 1) * 86_400 * SECOND - 1,
)


def _date(t: DataType) -> Parse:
    low, high = (0, _DAYS_MAX) if t.name == "Date" else _DATE32_RANGE

    def parse(value: Any) -> date:
        if isinstance(value, Number) and _DAYS.fullmatch(value) and value != "-0":
            days = int(value)
        elif isinstance(value, str) and not isinstance(value, Number):
            try:
                days = parse_date(value)
            except NotADate as error:
                raise Refused(f"{error}, for {t}") from None
        else:
            raise Refused(f"not {t}")
        if not low <= days <= high:
            raise Refused(f"out of the range of {t}")
        return date(1970, 1, 1) + timedelta(days=days)

    return parse


def _moment_ns(value: Any, t: DataType, fractions: bool) -> int:
    """Nanoseconds since 1970 of a JSON value; without `fractions`, of a whole second."""
    if isinstance(value, Number):
        number = exact_number(value)
        if number is None or (not number and "e" in value.lower()):
            raise Refused(f"not {t}")
        if abs(number) >= 10**12:
            raise Refused(f"out of the range of {t}: a number is seconds since 1970")
        return (
            int(number.quantize(Decimal(1), rounding=ROUND_DOWN)) * SECOND
            if not fractions
            else int(number.scaleb(9, context=WIDE))
        )
    if not isinstance(value, str):
        raise Refused(f"not {t}")
    if not fractions and "." in value and value.replace(".", "").isdigit() and len(value) > 10:
        raise Refused(f"not {t}: an epoch with a fraction")
    try:
        return parse_moment(value, zone_info(t.zone))
    except NotADate as error:
        raise Refused(f"{error}, for {t}") from None


def _datetime(t: DataType) -> Parse:
    def parse(value: Any) -> datetime:
        seconds = _moment_ns(value, t, fractions=False) // SECOND
        if not 0 <= seconds <= 0xFFFFFFFF:
            raise Refused(f"out of the range of {t}")
        return EPOCH + timedelta(seconds=seconds)

    return parse


def _datetime64(t: DataType) -> Parse:
    unit = int(10 ** (9 - t.scale))
    low, high = _DATETIME64_RANGE
    if t.scale > 6:  # nanoseconds in 64 bits
        high = (1 << 63) - 1

    def parse(value: Any) -> Any:
        ns = _moment_ns(value, t, fractions=True)
        if not low <= ns <= high:
            raise Refused(f"out of the range of {t}")
        # A number is cut off towards zero; the digits of a text are cut off as they stand.
        ns += -ns % unit if ns < 0 and isinstance(value, Number) else -(ns % unit)
        return ns if t.scale > 6 else EPOCH + timedelta(microseconds=ns // 1000)

    return parse


def _time(t: DataType) -> Parse:
    unit = int(10**t.scale)

    def parse(value: Any) -> int:
        if isinstance(value, Number) and INTEGER.fullmatch(value) and len(value) < 10:
            return int(value) * unit
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise Refused(f"not {t}")
        seconds = int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4])
        ticks = seconds * unit + int((match[5] or "").ljust(9, "0")) * unit // SECOND
        return -ticks if match[1] else ticks

    return parse


MOMENTS: dict[str, Callable[[DataType], Parse]] = {
    "Date": _date,
    "Date32": _date,
    "DateTime": _datetime,
    "DateTime64": _datetime64,
    "Time": _time,
    "Time64": _time,
}
"""By the type's name."""
