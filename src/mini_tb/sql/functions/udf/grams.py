"""Sparse n-grams of texts; each distinct text is read once.

A piece of a text is one if the hashes of the grams at its ends, of one letter less than the
shortest piece, are greater than those of all such grams between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mini_tb.sql.functions.udf.shingles import crc_table
from mini_tb.sql.functions.udf.values import python_udf

_WORD = 8


def gram_hash(gram: bytes | str) -> int:
    """CRC-32C of words of eight bytes: what is left is at the end of another, and how much it is
    at its beginning; of a text that is shorter than a word, the other way round."""
    data = gram if isinstance(gram, bytes) else gram.encode()
    size = len(data)
    tail = size % _WORD
    if size < _WORD:
        data = data.ljust(_WORD - 1, b"\0") + bytes([size])
    elif tail:
        whole = size - tail
        data = data[:whole] + bytes([tail]).ljust(_WORD - tail, b"\0") + data[whole:]
    table, crc = crc_table(), 0
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _spans(hashes: Sequence[int]) -> list[tuple[int, int]]:
    """The first and last gram of each piece, by where it ends, the shorter first."""
    found, open_ = [], list[int]()
    for last, value in enumerate(hashes):
        while open_:
            found.append((open_[-1], last))
            before = hashes[open_[-1]]
            if before <= value:
                open_.pop()
            if before >= value:
                break
        open_.append(last)
    return found


def pieces(text: Any, least: int, most: int, cutoff: int) -> list[Any]:
    """The pieces of a text, of so many bytes, or letters if it is a str."""
    size = least - 1
    hashes = [gram_hash(text[i : i + size]) for i in range(len(text) - size + 1)]
    return [
        text[first : last + size]
        for first, last in _spans(hashes)
        if cutoff <= last + size - first <= most
    ]


def _hashes(text: Any, least: int, most: int, cutoff: int) -> list[int]:
    return [gram_hash(piece) for piece in pieces(text, least, most, cutoff)]


_SIZES = ("INTEGER", "INTEGER", "INTEGER")
_KINDS = {"": "BLOB", "_utf8": "VARCHAR"}

UDFS = tuple(
    udf
    for suffix, kind in _KINDS.items()
    for udf in (
        python_udf(f"mt_gram_pieces{suffix}", (kind, *_SIZES), f"{kind}[]", pieces, constants=3),
        python_udf(f"mt_gram_hashes{suffix}", (kind, *_SIZES), "UINTEGER[]", _hashes, constants=3),
    )
)
