"""Dates and times as people write them, read the way ClickHouse's best-effort parser does.

| text | is |
|---|---|
| `2024-01-02`, `2024/1/2`, `2024.01.02`, `20240102`, `2024-01`, `2024` | midnight |
| `2024-01-02 03:04[:05[.678]]`, also with `T`, with `AM`/`PM`; `20240102030405` | that moment |
| `…Z`, `… UTC`, `… GMT`, `…+02:00`, `…-0800`, `…+02` | converted to UTC |
| `02/01/2024 …`, `02/01/24 …` | the day first (but the month, where it can be no other way) |
| `Jan 2, 2024 …`, `2 January 2024 …`, `Tue, 02 Jan 2024 03:04:05 GMT` | that moment |
| `2024 Jan 2`, `Jan 2024` | that day, the first of that month |
| 9 or 10 digits, 13, 16, 19 digits | seconds, milli-, micro-, nanoseconds since 1970 |

Hours, minutes and seconds past their end roll over (`25:04` is 01:04 of the next day). A date that
the calendar does not have is refused, and so is a text that needs today's date to be completed.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

_EPOCH = date(1970, 1, 1)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH_NAME = (
    r"(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MOMENT = re.compile(
    r"\s*(?:(?:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?),?\s+)?"
    r"(?:(?P<y1>\d{4})(?P<sep>[-/._])(?P<m1>\d{1,2})(?:(?P=sep)(?P<d1>\d{1,2}))?"
    r"|(?P<y2>\d{4})(?P<m2>\d\d)(?P<d2>\d\d)(?=T|$|Z|\s)"
    r"|(?P<d3>\d{1,2})(?P<sep3>[/.-])(?P<m3>\d{1,2})(?P=sep3)(?P<y3>\d{4}|\d\d)(?!\d)"
    r"|(?P<d4>\d{1,2})[ -]" + _MONTH_NAME.format("m4") + r"[ -](?P<y4>\d{4})"
    r"|" + _MONTH_NAME.format("m5") + r"\s(?P<d5>\d{1,2}),?\s(?P<y5>\d{4})"
    r"|" + _MONTH_NAME.format("m6") + r"\s(?P<y6>\d{4})(?P<d6>)"
    r"|(?P<y7>\d{4})\s" + _MONTH_NAME.format("m7") + r"\s(?P<d7>\d{1,2}))"
    r"(?:(?:T|,?\s+)(?:(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?)?"
    r"|(?P<packed>\d{6}))(?P<fraction>\.\d*)?(?:\s*(?P<half>[ap]m))?)?"
    r"\s*(?P<zone>(?-i:Z)|UTC|GMT|[+-]\d\d(?::?\d\d)?)?\s*",
    re.ASCII | re.IGNORECASE,
)
_DIGITS = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_EPOCH_UNITS = {9: SECOND, 10: SECOND, 13: 1_000_000, 16: 1_000, 19: 1}
_DATE = re.compile(r"(\d{4})(?:[-/._](\d{1,2})[-/._](\d{1,2})|(\d\d)(\d\d))", re.ASCII)


class NotADate(ValueError):
    """The text is no date or time; the message says why, for people."""


def parse_moment(text: str, zone: ZoneInfo | None = None, *, month_first: bool = False) -> int:
    """Nanoseconds since 1970 in UTC. A text without a zone of its own is in `zone` (None: UTC).

    `month_first` reads `02/01/2024` as people in the US write it. Raises NotADate.
    """
    if match := _DIGITS.fullmatch(text):
        return _digits(match[1], match[2], zone)
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise NotADate("not a date")
    part = match.groupdict()
    for form in "1234567":
        if part[f"y{form}"]:
            year, month, day = part[f"y{form}"], part[f"m{form}"], part[f"d{form}"] or "1"
            break
    if part["y1"] and part["d1"] is None and (part["hour"] or part["packed"] or part["zone"]):
        raise NotADate("not a date (a month with a time)")
    if part["hour"] and part["minute"] is None and (part["zone"] or "Z")[0] in "+-":
        raise NotADate("not a date")  # `03-04` is neither an hour nor minutes
    number = _MONTHS.get(month[:3].lower()) or int(month)
    if part["y3"]:
        if len(year) == 2:
            year = f"{20 if int(year) < 70 else 19}{year}"
        number, day_number = (int(day), number) if month_first else (number, int(day))
        if number > 12:  # the other order after all: `02/13/2024`
            number, day_number = day_number, number
        day = str(day_number)
    days = _days(int(year), number, int(day))
    if part["packed"]:
        hour, minute, second = (int(part["packed"][i : i + 2]) for i in (0, 2, 4))
    else:
        hour, minute, second = (int(part[unit] or 0) for unit in ("hour", "minute", "second"))
    if part["half"]:
        if not 1 <= hour <= 12:
            raise NotADate(f"not a date (hour {hour} of a half day)")
        hour = hour % 12 + (12 if part["half"].lower() == "pm" else 0)
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    seconds -= _offset(part["zone"], seconds, zone)
    return seconds * SECOND + _nanoseconds(part["fraction"])


def parse_date(text: str) -> int:
    """Days since 1970 of a bare date, year first. Raises NotADate."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise NotADate("not a date (`YYYY-MM-DD`)")
    year, month, day = match[1], match[2] or match[4], match[3] or match[5]
    return _days(int(year), int(month), int(day))


def _digits(whole: str, fraction: str | None, zone: ZoneInfo | None) -> int:
    unit = _EPOCH_UNITS.get(len(whole))
    if unit is not None and (fraction is None or unit == SECOND):
        return int(whole) * unit + _nanoseconds("." + fraction if fraction else None)
    if fraction is None and len(whole) in (4, 6, 8, 14):
        padded = whole.ljust(6, "0").ljust(8, "0").ljust(14, "0")
        year, month, day, hour, minute, second = (
            int(padded[start:end])
            for start, end in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
        )
        days = _days(year, month if len(whole) > 4 else 1, day if len(whole) > 6 else 1)
        seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
        return (seconds - _offset(None, seconds, zone)) * SECOND
    raise NotADate(f"not a date ({len(whole)} digits are neither a date nor an epoch)")


def _days(year: int, month: int, day: int) -> int:
    try:
        return (date(year, month, day) - _EPOCH).days
    except ValueError:
        raise NotADate("not a date of the calendar") from None


def _nanoseconds(fraction: str | None) -> int:
    return int(fraction[1:10].ljust(9, "0")) if fraction else 0


def _offset(written: str | None, seconds: int, zone: ZoneInfo | None) -> int:
    """Seconds east of UTC of a wall time: what the text says, else what the zone says then."""
    if written is None:
        if zone is None:
            return 0
        wall = datetime(1970, 1, 1) + timedelta(seconds=seconds)
        # An hour that a change of clocks leaves out or repeats counts as summer time.
        sides = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
        return max(int(side.total_seconds()) for side in sides if side is not None)
    if written.upper() in ("Z", "UTC", "GMT"):
        return 0
    digits = written[1:].replace(":", "").ljust(4, "0")
    size = int(digits[:2]) * 3_600 + int(digits[2:]) * 60
    return -size if written[0] == "-" else size
