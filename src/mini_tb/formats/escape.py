"""Escaping of whole columns: JSON strings, ClickHouse's escaped and quoted text, CSV.

A column is searched once for the bytes that need escaping; only those found are replaced, each in
one pass over the column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mini_tb.formats.jsontext import JSON_ESCAPES
from mini_tb.formats.text import BYTES, content, join, literal

_QUOTE = literal(b'"')
_APOSTROPHE = literal(b"'")

TEXT_ESCAPES: Mapping[bytes, bytes] = {
    b"\\": b"\\\\",
    b"\0": b"\\0",
    b"\b": b"\\b",
    b"\f": b"\\f",
    b"\n": b"\\n",
    b"\r": b"\\r",
    b"\t": b"\\t",
    b"'": b"\\'",
}

CSV_ESCAPES: Mapping[bytes, bytes] = {b'"': b'""'}


class Escaper:
    """Replaces the keys of a table by its values. The backslash, if any, must come first."""

    def __init__(self, table: Mapping[bytes, bytes]) -> None:
        self._table = tuple(table.items())
        self._first = bytes({key[0] for key, _ in self._table})

    def __call__(self, column: Any) -> Any:
        """The column with everything escaped."""
        data = content(column)
        if len(data.translate(None, self._first)) == len(data):
            return column
        for key, replacement in self._table:
            if key in data:
                column = pc.replace_substring(column, key, replacement)
        return column

    def one(self, text: str) -> bytes:
        """One text escaped."""
        data = text.encode()
        for key, replacement in self._table:
            data = data.replace(key, replacement)
        return data


json_escape = Escaper(JSON_ESCAPES)
text_escape = Escaper(TEXT_ESCAPES)
csv_escape = Escaper(CSV_ESCAPES)


def json_string(column: Any) -> Any:
    """Each text as a JSON string; null stays null."""
    return join(_QUOTE, json_escape(column), _QUOTE)


def apostrophes(column: Any) -> Any:
    """Each text in ClickHouse's single quotes; null stays null."""
    return join(_APOSTROPHE, text_escape(column), _APOSTROPHE)


def csv_quotes(column: Any) -> Any:
    """Each text in CSV's double quotes; null stays null."""
    return join(_QUOTE, csv_escape(column), _QUOTE)


def fill(column: Any, null: bytes) -> Any:
    """The column with `null` in place of NULL."""
    return column if column.null_count == 0 else pc.fill_null(column, pa.scalar(null, BYTES))
