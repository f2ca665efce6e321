"""What the JSON formats write around the values: names, `meta`, and what is said at the end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from mini_tb.formats.answer import Answer

# ClickHouse's own choice: the solidus is escaped, letters of other alphabets are not.
JSON_ESCAPES: Mapping[bytes, bytes] = {
    b"\\": b"\\\\",
    b'"': b'\\"',
    b"/": b"\\/",
    b"\b": b"\\b",
    b"\f": b"\\f",
    b"\n": b"\\n",
    b"\r": b"\\r",
    b"\t": b"\\t",
    **{
        bytes([code]): f"\\u{code:04X}".encode()
        for code in range(0x20)
        if code not in b"\b\f\n\r\t"
    },
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}

_TABLE = str.maketrans({key.decode(): text.decode() for key, text in JSON_ESCAPES.items()})
_SPECIAL = re.compile("[" + "".join(re.escape(key.decode()) for key in JSON_ESCAPES) + "]")


def is_plain(text: str) -> bool:
    """Whether nothing of it has to be escaped in a JSON string."""
    return not _SPECIAL.search(text)


def json_quoted(text: str) -> str:
    """A text as a JSON string."""
    return f'"{text}"' if is_plain(text) else f'"{text.translate(_TABLE)}"'


@lru_cache(maxsize=4096)
def json_key(name: str) -> bytes:
    """A name as a JSON string."""
    return json_quoted(name).encode()


def meta(answer: Answer) -> str:
    """The member `meta` of a document."""
    columns = ",\n".join(
        f'\t\t{{\n\t\t\t"name": {json_quoted(column.name)},\n'
        f'\t\t\t"type": {json_quoted(str(column.type))}\n\t\t}}'
        for column in answer.columns
    )
    return f'\t"meta":\n\t[\n{columns}\n\t]'


def labels(answer: Answer, *, compact: bool) -> list[bytes]:
    """What stands before each value of a document's row."""
    if compact:
        return [b""] * len(answer.columns)
    return [b"\n\t\t\t" + json_key(column.name) + b": " for column in answer.columns]


def tail(answer: Answer, rows: int, totals: bytes) -> bytes:
    """What stands behind a document's rows. Asks for the statistics."""
    parts = [f'\n\t],\n\n{totals.decode()}\t"rows": {rows}']
    cost = answer.statistics()
    if answer.has_limit:
        parts.append(f'\t"rows_before_limit_at_least": {max(rows, cost.rows_before_limit)}')
    parts.append(
        f'\t"statistics":\n\t{{\n\t\t"elapsed": {cost.elapsed:.9g},\n'
        f'\t\t"rows_read": {cost.rows_read},\n\t\t"bytes_read": {cost.bytes_read}\n\t}}\n}}\n'
    )
    return ",\n\n".join(parts).encode()
