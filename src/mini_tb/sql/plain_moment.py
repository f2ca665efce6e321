"""Days and times of day in their plain form, as most texts that stand for them are.

A text that is one, and known before a query runs, needs none of the care that other texts need:
`t >= '2025-01-02 00:00:00'` compares with a value. A bound text is known by its form alone, which
the name of its parameter in DuckDB's text tells (`$second1`); so a statement compiled for a text of
one form serves all of that form.
"""

from __future__ import annotations

import re
from datetime import datetime

DAY, SECOND, MOMENT = "day", "second", "moment"
"""`2025-01-02`; `2025-01-02 03:04:05`; the same with a fraction of up to six digits."""

_PLAIN = re.compile(
    r"(?P<year>\d{4})-\d\d-\d\d(?P<time>[ T](?:[01]\d|2[0-3]):\d\d:\d\d(?P<fraction>\.\d{1,6})?)?",
    re.ASCII,
)
_SQL = re.compile(
    rf"'(?P<written>[^']*)'|CAST\(\$(?P<bound>{DAY}|{SECOND}|{MOMENT})\d+ AS VARCHAR\)"
)
_YEARS = range(1971, 2106)
"""Whose moments are in the range of every type, in every time zone."""


def form(text: str) -> str | None:
    """The form of a text that is plainly a day or a moment of the years 1971 to 2105; else None."""
    found = _PLAIN.fullmatch(text) if 10 <= len(text) <= 26 else None
    if found is None or int(found["year"]) not in _YEARS:
        return None
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:  # the calendar does not have it
        return None
    if found["fraction"]:
        return MOMENT
    return SECOND if found["time"] else DAY


def form_in(sql: str) -> str | None:
    """The form of a plain day or moment that is written or bound in DuckDB's text; else None."""
    found = _SQL.fullmatch(sql)
    if found is None:
        return None
    return found["bound"] or form(found["written"])
