"""MurmurHash2 and MurmurHash3 in the versions that ClickHouse has."""

from __future__ import annotations

from mini_tb.sql.functions.udf.hash_forms import hash_udfs
from mini_tb.sql.functions.udf.kernel import Function, Variable, Word
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_M32, _M64 = 0x5BD1E995, 0xC6A4A7935BD1E995
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F


def _tail(at: Word, size: Word) -> Word:
    """The first `size` bytes, fewer than eight, as a number."""
    return at.word() & ((at.body.number(1) << (size << 3)) - 1)


def _murmur2_32(at: Word, size: Word, seed: int = 0) -> Word:
    body = at.body
    place, last = body.variable(at), at + (size & -4)
    h = body.variable(size.short() ^ seed)
    with body.repeat(lambda: place < last):
        k = place.half() * _M32
        h.set((h * _M32) ^ ((k ^ (k >> 24)) * _M32))
        place.set(place + 4)
    rest = size & 3
    with body.when(rest > 0):
        h.set((h ^ _tail(last, rest).short()) * _M32)
    x = (h ^ (h >> 13)) * _M32
    return x ^ (x >> 15)


def _kafka(at: Word, size: Word) -> Word:
    """As Kafka's default partitioner has it."""
    return _murmur2_32(at, size, 0x9747B28C) & 0x7FFF_FFFF


def _murmur2_64(at: Word, size: Word, *, gcc: bool = False) -> Word:
    """MurmurHash64A, or the hash of GCC's standard library, which mixes its words otherwise."""
    body = at.body
    place, last = body.variable(at), at + (size & -8)
    h = body.variable((size * _M64) ^ (0xC70F6907 if gcc else 0))
    with body.repeat(lambda: place < last):
        k = place.word() * _M64
        h.set((h ^ ((k ^ (k >> 47)) * _M64)) * _M64)
        place.set(place + 8)
    rest = size & 7
    with body.when(rest > 0):
        h.set((h ^ _tail(last, rest)) * _M64)
    x = (h ^ (h >> 47)) * _M64
    return x ^ (x >> 47)


def _gcc(at: Word, size: Word) -> Word:
    return _murmur2_64(at, size, gcc=True)


def _scrambled(k: Word) -> Word:
    return (k * 0xCC9E2D51).left(15) * 0x1B873593


def _murmur3_32(at: Word, size: Word) -> Word:
    body = at.body
    place, last = body.variable(at), at + (size & -4)
    h = body.variable(0, 32)
    with body.repeat(lambda: place < last):
        h.set((h ^ _scrambled(place.half())).left(13) * 5 + 0xE6546B64)
        place.set(place + 4)
    x = h ^ _scrambled(_tail(last, size & 3).short()) ^ size.short()
    x = (x ^ (x >> 16)) * 0x85EBCA6B
    x = (x ^ (x >> 13)) * 0xC2B2AE35
    return x ^ (x >> 16)


def _mixed(x: Word) -> Word:
    x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCD
    x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53
    return x ^ (x >> 33)


def _low(k: Word) -> Word:
    return (k * _C1).left(31) * _C2


def _high(k: Word) -> Word:
    return (k * _C2).left(33) * _C1


def _take_rest(h1: Variable, h2: Variable, at: Word, size: Word) -> None:
    """What is left behind the blocks of 16 bytes."""
    body = at.body
    with body.when(size >= 8):
        h2.set(h2 ^ _high(_tail(at + 8, size - 8)))
        h1.set(h1 ^ _low(at.word()))
    with body.when(size < 8):
        h1.set(h1 ^ _low(_tail(at, size)))


def _murmur3_128(at: Word, size: Word) -> tuple[Word, Word]:
    body = at.body
    place, last = body.variable(at), at + (size & -16)
    h1, h2 = body.variable(0), body.variable(0)
    with body.repeat(lambda: place < last):
        h1.set(((h1 ^ _low(place.word())).left(27) + h2) * 5 + 0x52DCE729)
        h2.set(((h2 ^ _high(place.word(8))).left(31) + h1) * 5 + 0x38495AB5)
        place.set(place + 16)
    _take_rest(h1, h2, last, size & 15)
    b = h2 ^ size
    a = (h1 ^ size) + b
    b = b + a
    a, b = _mixed(a), _mixed(b)
    a = a + b
    return a, b + a


def _murmur3_64(at: Word, size: Word) -> Word:
    """The halves of the 128 bits joined."""
    a, b = _murmur3_128(at, size)
    return a ^ b


def _of_text_128(row: Row) -> None:
    low, high = _murmur3_128(*row.span(0))
    row.result.put(low)
    row.result.put(high, 8)


_MURMUR3_32 = Function("murmur3_32", 32, _murmur3_32)
UDFS = (
    *hash_udfs("mt_murmur2_32", Function("murmur2_32", 32, _murmur2_32)),
    *hash_udfs("mt_kafka_murmur", Function("kafka", 32, _kafka)),
    *hash_udfs("mt_murmur2_64", Function("murmur2_64", 64, _murmur2_64)),
    *hash_udfs("mt_gcc_murmur", Function("gcc", 64, _gcc)),
    *hash_udfs("mt_murmur3_32", _MURMUR3_32),
    *hash_udfs("mt_iceberg", _MURMUR3_32, returns="INTEGER"),
    *hash_udfs("mt_murmur3_64", Function("murmur3_64", 64, _murmur3_64)),
    kernel_udf("mt_murmur3_128", ("BLOB",), "BLOB", _of_text_128, width=16),
)
