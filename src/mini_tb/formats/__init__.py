"""How answers are written: ClickHouse's output formats, byte for byte, from Arrow columns.

`write(answer, format)` yields the bytes of an answer in a named format; `registry` lists the
formats with their content types. Everything is vectorised: a column becomes a column of texts
(`text`, `value`), those are joined to rows in one call. Nothing here knows HTTP or SQL.

Arrow is loaded with the first answer that needs it: the JSON formats write few rows without.
"""

from mini_tb.formats.answer import Answer, ResultColumn, Settings, Statistics
from mini_tb.formats.registry import FORMATS, Format, find_format, write

__all__ = [
    "FORMATS",
    "Answer",
    "Format",
    "ResultColumn",
    "Settings",
    "Statistics",
    "find_format",
    "write",
]
