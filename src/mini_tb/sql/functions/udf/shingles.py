"""SimHash and MinHash of the shingles of texts; each distinct text is read once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from mini_tb.sql.functions.udf.values import python_udf

MASK = (1 << 64) - 1
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]+")
_SHORTEST_WORD = 4
"""In bytes: shorter words do not count."""
_FOLDED = bytes(byte | 0x20 for byte in range(256))
"""How letters are told without their case: others are, too."""

Shingle = tuple[bytes, bytes]
"""What is hashed, and what is shown of it."""


@cache
def crc_table() -> list[int]:
    """What each byte adds to a CRC-32C."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


def crc32c(data: bytes) -> int:
    """CRC-32C as it is before the last inversion; of no bytes at all 64 ones."""
    if not data:
        return MASK
    table, crc = crc_table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def shingles(data: bytes, kind: str, size: int) -> list[Shingle]:
    """The shingles of a text, of so many bytes, characters or words each; a text with fewer is one
    shingle. Of characters, the first shingle does not count."""
    if kind == "word":
        words = [m.span() for m in _WORD.finditer(data) if len(m[0]) >= _SHORTEST_WORD]
        size = min(size, len(words))
        groups = [words[i : i + size] for i in range(len(words) - size + 1) if size]
        return [
            (b"".join(data[start:end] for start, end in group), data[group[0][0] : group[-1][1]])
            for group in groups
        ]
    if kind == "byte":
        parts = [data[i : i + size] for i in range(len(data) - size + 1)] or [data]
    else:
        text = data.decode("utf-8", "surrogateescape")
        spans = (text[i : i + size] for i in range(1, len(text) - size + 1))
        parts = [span.encode("utf-8", "surrogateescape") for span in spans]
        parts = parts if len(text) >= size else [data]
    return [(part, part) for part in parts]


def _hashes(data: bytes, kind: str, fold: bool, size: int) -> list[tuple[int, bytes]]:
    """The hash of each shingle, and what is shown of it."""
    found = shingles(data, kind, size)
    return [(crc32c(part.translate(_FOLDED) if fold else part), shown) for part, shown in found]


def sim_hash(data: bytes, kind: str, fold: bool, size: int) -> int:
    """The bits that more than half of the shingles' hashes have."""
    found = [value for value, _ in _hashes(data, kind, fold, size)]
    bits = np.unpackbits(np.array(found, "<u8").view(np.uint8), bitorder="little").reshape(-1, 64)
    most = 2 * bits.sum(axis=0) > len(found)
    return int.from_bytes(np.packbits(most, bitorder="little").tobytes(), "little")


def _ends(hashes: Iterable[int], count: int) -> tuple[list[int], list[int]]:
    """The least hashes, from the greatest of them on, and the greatest, from the least on."""
    ordered = sorted(hashes)
    return ordered[:count][::-1], ordered[-count:]


def _combined(hashes: Sequence[int]) -> int:
    """CityHash's way to make one of two, over all."""
    multiplier, total = 0x9DDFEA08EB382D69, 0
    for value in hashes:
        a = (total ^ value) * multiplier & MASK
        a ^= a >> 47
        b = (value ^ a) * multiplier & MASK
        b ^= b >> 47
        total = b * multiplier & MASK
    return total


def min_hash(data: bytes, kind: str, fold: bool, size: int, count: int) -> list[int]:
    """One number of the least hashes and one of the greatest."""
    hashes = {value for value, _ in _hashes(data, kind, fold, size)}
    return [_combined(end) for end in _ends(hashes, count)]


def min_hash_shingles(
    data: bytes, kind: str, fold: bool, size: int, count: int
) -> list[list[bytes]]:
    """The shingles with the least hashes and those with the greatest, filled up with empty ones."""
    by_hash = dict(reversed(_hashes(data, kind, fold, size)))  # of equal ones the first
    shown = [[by_hash[value] for value in end] for end in _ends(by_hash, count)]
    return [end + [b""] * (count - len(end)) for end in shown]


_T, _B, _I = "VARCHAR", "BLOB", "INTEGER"

UDFS = (
    python_udf("mt_sim_hash", (_B, _T, "BOOLEAN", _I), "UBIGINT", sim_hash, constants=3),
    python_udf("mt_min_hash", (_B, _T, "BOOLEAN", _I, _I), "UBIGINT[]", min_hash, constants=4),
    python_udf(
        "mt_min_hash_shingles",
        (_B, _T, "BOOLEAN", _I, _I),
        "BLOB[][]",
        min_hash_shingles,
        constants=4,
    ),
)
