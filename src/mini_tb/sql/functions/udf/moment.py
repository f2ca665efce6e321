"""Dates and times from text by ClickHouse's two parsers: best effort, and the basic one.

The common form is read by DuckDB itself (`functions.convert_moment`); what comes here is the rest.
Texts repeat, so each distinct one is read once.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_distinct
from mini_tb.types.moment import SECOND, NotADate, parse_moment, zone_info

_DATE = re.compile(r"(\d{4})[^\w\s](\d\d?)[^\w\s](\d\d?)|(\d{4})(\d\d)(\d\d)", re.ASCII)
_TIME = re.compile(r"[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_AFTER_DATE = re.compile(r"[ T]\d\d:\d\d:\d\d(?:\.\d+)?", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()
LAST_SECOND = 9_223_372_036  # of what nanoseconds since 1970 in 64 bits can say
_DAYS_BEFORE_1970 = -25_567  # 1900-01-01, the first that the basic parser knows


def _days(year: str, month: str, day: str) -> int:
    """Days since 1970 as ClickHouse counts them: a day past the month's end is in the next one, and
    what the calendar cannot say at all is 1970-01-01."""
    y, m, d = int(year), int(month), int(day)
    if not (1 <= m <= 12 and 1 <= d <= 31 and y >= 1):
        return 0
    return date(y, m, 1).toordinal() - _EPOCH + d - 1


def basic_date(text: str) -> int | None:
    """Days since 1970 of `YYYY-MM-DD`, `YYYY-M-D`, `YYYYMMDD`, a time after it ignored; None
    for anything else."""
    match = _DATE.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    if rest and not _AFTER_DATE.fullmatch(rest):
        return None
    return _days(*(part for part in match.groups() if part is not None))


def basic_datetime(text: str, zone: str, fraction: bool) -> int | None:
    """Microseconds since 1970 in UTC of `YYYY-MM-DD[ hh:mm:ss]` in `zone`, or of seconds since 1970;
    None for anything else. `fraction` allows `.123` behind."""
    whole, point, digits = text.partition(".")
    if point and not (fraction and digits.isascii() and (digits.isdigit() or not digits)):
        return None
    micros = int(digits[:6].ljust(6, "0")) if digits else 0
    if whole.isascii() and whole.isdigit() and len(whole) >= 5:
        return min(int(whole), 1 << 40) * 1_000_000 + micros
    match = _DATE.match(whole)
    if match is None:
        return None
    days = _days(*(part for part in match.groups() if part is not None))
    seconds = days * 86_400
    rest = whole[match.end() :]
    if rest:
        time = _TIME.fullmatch(rest)
        if time is None:
            return None
        hour, minute, second = map(int, time.groups())
        seconds += hour * 3_600 + minute * 60 + second
    return (seconds - _offset(seconds, zone)) * 1_000_000 + micros


def _offset(seconds: int, zone: str) -> int:
    info = zone_info(zone or None)
    if info is None:
        return 0
    wall = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    offset = wall.replace(tzinfo=info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _best_effort(texts: Any, zones: Any, month_first: Any) -> Any:
    import pyarrow as pa

    zone = zone_info(_first(zones) or None)
    us = bool(_first(month_first))

    def read(text: str) -> int | None:
        try:
            return parse_moment(text, zone, month_first=us) // 1_000
        except (NotADate, OverflowError):
            return None

    return over_distinct(read, texts, pa.int64())


def _best_effort_ns(texts: Any, zones: Any, month_first: Any) -> Any:
    import pyarrow as pa

    zone = zone_info(_first(zones) or None)
    us = bool(_first(month_first))

    def read(text: str) -> int | None:
        try:
            moment = parse_moment(text, zone, month_first=us)
        except (NotADate, OverflowError):
            return None
        return max(min(moment, LAST_SECOND * SECOND), -LAST_SECOND * SECOND)

    return over_distinct(read, texts, pa.int64())


def _basic(texts: Any, zones: Any, fraction: Any) -> Any:
    import pyarrow as pa

    zone, with_fraction = _first(zones), bool(_first(fraction))
    return over_distinct(lambda text: basic_datetime(text, zone, with_fraction), texts, pa.int64())


def _basic_date(texts: Any) -> Any:
    import pyarrow as pa

    return over_distinct(basic_date, texts, pa.int32())


def _first(column: Any) -> Any:
    """The one value of a column of equal values (a constant argument)."""
    return column[0].as_py() if len(column) else None


UDFS = (
    Udf("mt_best_effort", ("VARCHAR", "VARCHAR", "BOOLEAN"), "BIGINT", _best_effort),
    Udf("mt_best_effort_ns", ("VARCHAR", "VARCHAR", "BOOLEAN"), "BIGINT", _best_effort_ns),
    Udf("mt_basic_datetime", ("VARCHAR", "VARCHAR", "BOOLEAN"), "BIGINT", _basic),
    Udf("mt_basic_date", ("VARCHAR",), "INTEGER", _basic_date),
)
