"""Hashes byte by byte: Java's, cyclic redundancy checks; and jump consistent hashing."""

from __future__ import annotations

import struct
from collections.abc import Callable

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.hash_forms import text_udf
from mini_tb.sql.functions.udf.kernel import Function, Word
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_CRC32, _CRC64 = 0xEDB88320, 0xC96C5795D7870F42


def _java(at: Word, size: Word) -> Word:
    """`String.hashCode` of Java over bytes."""
    body = at.body
    place, end, h = body.variable(at), at + size, body.variable(0, 32)
    with body.repeat(lambda: place < end):
        h.set(h * 31 + place.byte().signed_byte())
        place.set(place + 1)
    return h


def _java_utf16(at: Word, size: Word) -> Word:
    """`String.hashCode` of Java over UTF-16, little-endian."""
    body = at.body
    place, end, h = body.variable(at), at + (size & -2), body.variable(0, 32)
    with body.repeat(lambda: place < end):
        h.set(h * 31 + place.pair())
        place.set(place + 2)
    return h


def _table(polynomial: int, bits: int) -> bytes:
    """What eight bytes add to a checksum, each by its distance from the end."""
    row = []
    for crc in range(256):
        for _ in range(8):
            crc = crc >> 1 ^ polynomial * (crc & 1)
        row.append(crc)
    rows = [row]
    for _ in range(7):
        rows.append([row[crc & 255] ^ crc >> 8 for crc in rows[-1]])
    flat = [crc for row in rows for crc in row]
    return struct.pack(f"<{len(flat)}{'Q' if bits == 64 else 'I'}", *flat)


def _crc(polynomial: int, bits: int, start: int, end: int) -> Callable[[Word, Word], Word]:
    """A checksum that begins at one number and is combined with another at the end."""

    def build(at: Word, size: Word) -> Word:
        body = at.body
        table = body.table(_table(polynomial, bits))

        def looked_up(index: Word, distance: int) -> Word:
            place = table + index * (bits // 8)
            offset = distance * 256 * bits // 8
            return place.word(offset) if bits == 64 else place.half(offset)

        def low(word: Word) -> Word:
            return (word if word.bits == 64 else word.long()) & 255

        place, stop = body.variable(at), at + size
        crc = body.variable(start, bits)
        with body.repeat(lambda: place + 8 <= stop):
            word = place.word() ^ (crc if bits == 64 else crc.long())
            found = [looked_up(low(word >> 8 * i), 7 - i) for i in range(8)]
            total = found[0]
            for more in found[1:]:
                total = total ^ more
            crc.set(total)
            place.set(place + 8)
        with body.repeat(lambda: place < stop):
            crc.set(looked_up(low(crc) ^ place.byte().long(), 0) ^ (crc >> 8))
            place.set(place + 1)
        return crc ^ end

    return build


def _jump(row: Row) -> None:
    """The bucket of a key."""
    body = row.body
    key, buckets = body.variable(row.number(0)), row.number(1)
    bucket, following = body.variable(-1), body.variable(0)
    with body.repeat(lambda: following.below(buckets)):
        bucket.set(following)
        key.set(key * 2862933555777941757 + 1)
        following.set((bucket + 1).times(body.number(1 << 31).over((key >> 33) + 1)))
    row.result.put(bucket.short())


def _crc_udf(name: str, polynomial: int, bits: int, *, start: int = 0, end: int = 0) -> Udf:
    function = Function("crc", bits, _crc(polynomial, bits, start, end))
    return text_udf(name, function)


UDFS = (
    text_udf("mt_java", Function("java", 32, _java), "INTEGER"),
    text_udf("mt_java_utf16", Function("java", 32, _java_utf16), "INTEGER"),
    _crc_udf("mt_crc32", _CRC32, 32, start=-1, end=-1),
    _crc_udf("mt_crc32_ieee", _CRC32, 32),
    _crc_udf("mt_crc64", _CRC64, 64),
    kernel_udf("mt_jump", ("UBIGINT", "UBIGINT"), "INTEGER", _jump),
)
