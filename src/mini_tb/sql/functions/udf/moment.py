"""Dates and times from text by ClickHouse's two parsers: best effort, and the basic one.

The common form is read by DuckDB itself (`functions.convert_moment`); what comes here is the rest.
Texts repeat, so each distinct one is read once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import over_distinct
from mini_tb.types.moment import SECOND, NotADate, parse_moment
from mini_tb.types.zone import zone_info

_DATE = re.compile(r"(\d{4})[^\w\s](\d\d?)[^\w\s](\d\d?)|(\d{4})(\d\d)(\d\d)", re.ASCII)
_FULL_DATE = re.compile(r"(\d{4})[^\w\s](\d\d)[^\w\s](\d\d)", re.ASCII)
_TIME = re.compile(r"[ T](?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)(?:\.(?P<fraction>\d*))?", re.ASCII)
_NUMBER = re.compile(r"(?P<whole>\d{5,}|-\d+)(?:\.(?P<fraction>\d*))?", re.ASCII)
_EPOCH_FRACTION = re.compile(r"\d+\.\d*", re.ASCII)
_AFTER_DATE = re.compile(r"[ T]\d\d:\d\d:\d\d(?:\.\d+)?", re.ASCII)
_MOMENT_SIZE = len("2024-01-02 03:04:05")
_EPOCH = date(1970, 1, 1).toordinal()
LAST_SECOND = 4_294_967_295
"""Seconds since 1970 of the last DateTime."""
LAST_SECOND_NS = 9_223_372_036
"""… and of what nanoseconds since 1970 in 64 bits can say."""


_FIRST_DAY = date(1900, 1, 1).toordinal() - _EPOCH
_LAST_MOMENT = 253_402_300_799  # 9999-12-31 23:59:59


def _days(year: str, month: str, day: str, wide: bool) -> int:
    """Days since 1970 as ClickHouse counts them: a day past the month's end is in the next one, and
    what the calendar cannot say is 1970-01-01, or for the `wide` types 1900-01-01."""
    y, m, d = int(year), int(month), int(day)
    if not (1 <= m <= 12 and 1 <= d <= 31 and y >= 1):
        return _FIRST_DAY if wide else 0
    return date(y, m, 1).toordinal() - _EPOCH + d - 1


def _day_of(match: re.Match[str], wide: bool) -> int:
    year, month, day = (part for part in match.groups() if part is not None)
    return _days(year, month, day, wide)


def basic_date(text: str, wide: bool) -> int | None:
    """Days since 1970 of `YYYY-MM-DD`, `YYYY-M-D`, `YYYYMMDD`, a time after it ignored; None
    for anything else."""
    match = _DATE.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    if rest and not _is_time(text, rest):
        return None
    return _day_of(match, wide)


def _is_time(text: str, rest: str) -> bool:
    """Whether what follows a date is taken for a time: anything is in a text of the usual size."""
    if rest[0] in " T" and len(text.encode()) == _MOMENT_SIZE:
        return True
    return len(text) - len(rest) == 10 and _AFTER_DATE.fullmatch(rest) is not None


def basic_datetime(text: str, zone: str, wide: bool) -> int | None:
    """Microseconds since 1970 in UTC of `YYYY-MM-DD[ hh:mm:ss]` in `zone`, or of seconds since
    1970; None for anything else. For the `wide` DateTime64 fractions may follow, numbers of 13
    digits and more are milliseconds, and no text is 1970."""
    if wide and not text:
        return 0
    number = _NUMBER.fullmatch(text)
    if number is not None and (wide or text.isdigit()):
        return _moment_of_number(number, wide)
    match = _FULL_DATE.match(text)
    if match is None:
        return None
    seconds = _day_of(match, wide) * 86_400
    micros = 0
    if rest := text[match.end() :]:
        time = _TIME.fullmatch(rest)
        if time is None or (time["fraction"] is not None and not wide):
            return None
        seconds += int(time["h"]) * 3_600 + int(time["m"]) * 60 + int(time["s"])
        micros = _micros(time["fraction"])
    return (seconds - _offset(seconds, zone)) * 1_000_000 + micros


def _moment_of_number(number: re.Match[str], wide: bool) -> int:
    seconds, micros = int(number["whole"]), _micros(number["fraction"])
    if wide and len(number["whole"]) >= 13:
        seconds, millis = divmod(seconds, 1_000)
        micros = millis * 1_000
    return max(-_LAST_MOMENT, min(seconds, _LAST_MOMENT)) * 1_000_000 + micros


def _micros(fraction: str | None) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def clamped(seconds: int) -> int:
    """Microseconds of a second within the range of DateTime."""
    return max(0, min(seconds, LAST_SECOND)) * 1_000_000


def _offset(seconds: int, zone: str) -> int:
    info = zone_info(zone or None)
    if info is None:
        return 0
    wall = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    offset = wall.replace(tzinfo=info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _reader(zones: Any, month_first: Any) -> Callable[[str], int | None]:
    """Nanoseconds since 1970 of a text; None if it is no time."""
    zone = zone_info(_first(zones) or None)
    us = bool(_first(month_first))

    def read(text: str) -> int | None:
        try:
            return parse_moment(text, zone, month_first=us)
        except (NotADate, OverflowError):
            return None

    return read


def _best_effort(texts: Any, zones: Any, month_first: Any, seconds: Any) -> Any:
    import pyarrow as pa

    read, whole = _reader(zones, month_first), bool(_first(seconds))

    def micros(text: str) -> int | None:
        if whole and _EPOCH_FRACTION.fullmatch(text):
            return None  # fractions of a second since 1970 are for DateTime64
        moment = read(text)
        if moment is None:
            return None
        return clamped(moment // SECOND) if whole else moment // 1_000

    return over_distinct(micros, texts, pa.int64())


def _best_effort_ns(texts: Any, zones: Any, month_first: Any) -> Any:
    import pyarrow as pa

    read, last = _reader(zones, month_first), LAST_SECOND_NS * SECOND

    def nanos(text: str) -> int | None:
        moment = read(text)
        return None if moment is None else max(min(moment, last), -last)

    return over_distinct(nanos, texts, pa.int64())


def _basic(texts: Any, zones: Any, seconds: Any) -> Any:
    import pyarrow as pa

    zone, whole = _first(zones), bool(_first(seconds))

    def micros(text: str) -> int | None:
        moment = basic_datetime(text, zone, wide=not whole)
        return moment if moment is None or not whole else clamped(moment // 1_000_000)

    return over_distinct(micros, texts, pa.int64())


def _basic_date(texts: Any, wide: Any) -> Any:
    import pyarrow as pa

    is_wide = bool(_first(wide))

    def read(text: str) -> int | None:
        days = basic_date(text, is_wide)
        return days if days is None or is_wide else max(0, min(days, 65_535))

    return over_distinct(read, texts, pa.int32())


def week(day: date, mode: int) -> int:
    """`yyyyww`: the year and week of a day by one of MySQL's week modes, or 8 and 9 of ClickHouse.

    Bits of the mode: 1, a week starts on Monday; 2, the days before week 1 belong to the year
    before, else to week 0; 4, week 1 starts with the year's first such weekday, else it is the
    first with four days in the year; 8, week 1 is the week of January 1.
    """
    monday, carry = bool(mode & 1), bool(mode & 2) or bool(mode & 8)
    first_weekday = bool(mode & 4) if monday else not mode & 4

    def first(year: int) -> int:
        """The day number on which week 1 of a year starts."""
        start = date(year, 1, 1)
        behind = start.weekday() if monday else (start.weekday() + 1) % 7
        if mode & 8:
            return start.toordinal() - behind
        late = behind != 0 if first_weekday else behind >= 4
        return start.toordinal() + (7 - behind if late else -behind)

    number, year = day.toordinal(), day.year
    if number < first(year):
        if not carry:
            return year * 100
        year -= 1
    elif carry and number >= first(year + 1):
        year += 1
    return year * 100 + (number - first(year)) // 7 + 1


def _week(days: Any, modes: Any) -> Any:
    import pyarrow as pa

    mode = int(_first(modes) or 0)
    return over_distinct(lambda day: week(day, mode), days, pa.int32())


_CLOCK = re.compile(
    r"(-?)(?:(?:(\d{1,3}):(?=\d\d:))?(\d{1,2}):(?=\d\d(?!\d)))?(\d{1,2})(?:(\.)(\d*))?", re.ASCII
)
"""Hours can be left out, and minutes; what comes after something has two digits."""


def _time(texts: Any, digits: Any) -> Any:
    import pyarrow as pa

    scale = int(_first(digits) or 0)
    unit = int("1" + "0" * scale)

    def ticks(text: str) -> int | None:
        match = _CLOCK.fullmatch(text)
        if match is None or (match[5] and not scale):
            return None
        sign, hour, minute, second, _point, fraction = match.groups()
        seconds = int(hour or 0) * 3_600 + int(minute or 0) * 60 + int(second)
        count: int = seconds * unit + int((fraction or "")[:scale].ljust(scale, "0") or 0)
        return -count if sign else count

    return over_distinct(ticks, texts, pa.int64())


def _first(column: Any) -> Any:
    """The one value of a column of equal values (a constant argument)."""
    return column[0].as_py() if len(column) else None


UDFS = (
    Udf("mt_best_effort", ("VARCHAR", "VARCHAR", "BOOLEAN", "BOOLEAN"), "BIGINT", _best_effort),
    Udf("mt_best_effort_ns", ("VARCHAR", "VARCHAR", "BOOLEAN"), "BIGINT", _best_effort_ns),
    Udf("mt_basic_datetime", ("VARCHAR", "VARCHAR", "BOOLEAN"), "BIGINT", _basic),
    Udf("mt_week", ("DATE", "INTEGER"), "INTEGER", _week),
    Udf("mt_time", ("VARCHAR", "INTEGER"), "BIGINT", _time),
    Udf("mt_basic_date", ("VARCHAR", "BOOLEAN"), "INTEGER", _basic_date),
)
