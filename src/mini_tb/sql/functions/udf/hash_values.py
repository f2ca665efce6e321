"""Hashes of one value: the ones too rare for vectors. Each distinct value is hashed once."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_distinct

_32, _64 = (1 << 32) - 1, (1 << 64) - 1


def _words(data: bytes, size: int) -> tuple[int, ...]:
    """The whole little-endian words of `size` bytes."""
    count = len(data) // size
    return struct.unpack(f"<{count}{'Q' if size == 8 else 'I'}", data[: count * size])


def _tail(data: bytes, size: int) -> int:
    """What is left behind the whole words, as a little-endian number."""
    return int.from_bytes(data[len(data) // size * size :], "little")


def _left(x: int, by: int, bits: int) -> int:
    return (x << by | x >> (bits - by)) & ((1 << bits) - 1)


def murmur2_32(data: bytes, seed: int = 0) -> int:
    """MurmurHash2."""
    m, h = 0x5BD1E995, seed ^ len(data)
    for k in _words(data, 4):
        k = k * m & _32
        k = (k ^ k >> 24) * m & _32
        h = (h * m & _32) ^ k
    if len(data) % 4:
        h = (h ^ _tail(data, 4)) * m & _32
    h = (h ^ h >> 13) * m & _32
    return h ^ h >> 15


def kafka_murmur(data: bytes) -> int:
    """MurmurHash2 as Kafka's default partitioner has it."""
    return murmur2_32(data, 0x9747B28C) & 0x7FFF_FFFF


def murmur2_64(data: bytes) -> int:
    """MurmurHash64A."""
    m, h = 0xC6A4A7935BD1E995, len(data) * 0xC6A4A7935BD1E995 & _64
    for k in _words(data, 8):
        k = k * m & _64
        k = (k ^ k >> 47) * m & _64
        h = (h ^ k) * m & _64
    if len(data) % 8:
        h = (h ^ _tail(data, 8)) * m & _64
    h = (h ^ h >> 47) * m & _64
    return h ^ h >> 47


def gcc_murmur(data: bytes) -> int:
    """The hash of GCC's standard library."""
    m = 0xC6A4A7935BD1E995
    h = 0xC70F6907 ^ (len(data) * m & _64)
    for k in _words(data, 8):
        k = k * m & _64
        h = (h ^ ((k ^ k >> 47) * m & _64)) * m & _64
    if len(data) % 8:
        h = (h ^ _tail(data, 8)) * m & _64
    h = (h ^ h >> 47) * m & _64
    return h ^ h >> 47


def murmur3_32(data: bytes) -> int:
    """MurmurHash3 of 32 bits."""
    c1, c2, h = 0xCC9E2D51, 0x1B873593, 0
    for k in _words(data, 4):
        h ^= _left(k * c1 & _32, 15, 32) * c2 & _32
        h = (_left(h, 13, 32) * 5 + 0xE6546B64) & _32
    h ^= _left(_tail(data, 4) * c1 & _32, 15, 32) * c2 & _32
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & _32
    h = (h ^ h >> 13) * 0xC2B2AE35 & _32
    return h ^ h >> 16


def _mix3(h: int) -> int:
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & _64
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & _64
    return h ^ h >> 33


def _murmur3(data: bytes) -> tuple[int, int]:
    c1, c2, h1, h2 = 0x87C37B91114253D5, 0x4CF5AD432745937F, 0, 0
    blocks = len(data) // 16
    words = _words(data[: blocks * 16], 8)
    for i in range(blocks):
        h1 ^= _left(words[2 * i] * c1 & _64, 31, 64) * c2 & _64
        h1 = ((_left(h1, 27, 64) + h2) * 5 + 0x52DCE729) & _64
        h2 ^= _left(words[2 * i + 1] * c2 & _64, 33, 64) * c1 & _64
        h2 = ((_left(h2, 31, 64) + h1) * 5 + 0x38495AB5) & _64
    tail = data[blocks * 16 :]
    h2 ^= _left(int.from_bytes(tail[8:], "little") * c2 & _64, 33, 64) * c1 & _64
    h1 ^= _left(int.from_bytes(tail[:8], "little") * c1 & _64, 31, 64) * c2 & _64
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & _64
    h2 = (h2 + h1) & _64
    h1, h2 = _mix3(h1), _mix3(h2)
    h1 = (h1 + h2) & _64
    return h1, (h2 + h1) & _64


def murmur3_64(data: bytes) -> int:
    """MurmurHash3 of 128 bits, its halves joined."""
    a, b = _murmur3(data)
    return a ^ b


def murmur3_128(data: bytes) -> bytes:
    """MurmurHash3 of 128 bits."""
    return struct.pack("<QQ", *_murmur3(data))


def xx32(data: bytes) -> int:
    """xxHash32."""
    p1, p2, p3, p4, p5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
    words = _words(data, 4)
    stripes = len(data) // 16
    h = p5
    if stripes:
        acc = [(p1 + p2) & _32, p2, 0, -p1 & _32]
        for i in range(stripes):
            acc = [
                _left((a + words[4 * i + lane] * p2) & _32, 13, 32) * p1 & _32
                for lane, a in enumerate(acc)
            ]
        h = sum(_left(a, by, 32) for a, by in zip(acc, (1, 7, 12, 18), strict=True)) & _32
    h = (h + len(data)) & _32
    for word in words[stripes * 4 :]:
        h = _left((h + word * p3) & _32, 17, 32) * p4 & _32
    for byte in data[len(words) * 4 :]:
        h = _left((h + byte * p5) & _32, 11, 32) * p1 & _32
    h = (h ^ h >> 15) * p2 & _32
    h = (h ^ h >> 13) * p3 & _32
    return h ^ h >> 16


def _right(x: int, by: int) -> int:
    return _left(x, 64 - by, 64)


def metro64(data: bytes) -> int:
    """MetroHash64, variant 1."""
    k0, k1, k2, k3 = 0xC83A91E1, 0x8648DBDB, 0x7BDEC03B, 0x2F5870A5
    h = (k2 * k0 + len(data)) & _64
    at, size = 0, len(data)

    def read(count: int) -> int:
        nonlocal at
        at += count
        return int.from_bytes(data[at - count : at], "little")

    if size >= 32:
        v = [h] * 4
        while size - at >= 32:
            v[0] = (_right((v[0] + read(8) * k0) & _64, 29) + v[2]) & _64
            v[1] = (_right((v[1] + read(8) * k1) & _64, 29) + v[3]) & _64
            v[2] = (_right((v[2] + read(8) * k2) & _64, 29) + v[0]) & _64
            v[3] = (_right((v[3] + read(8) * k3) & _64, 29) + v[1]) & _64
        v[2] ^= _right(((v[0] + v[3]) * k0 + v[1]) & _64, 33) * k1 & _64
        v[3] ^= _right(((v[1] + v[2]) * k1 + v[0]) & _64, 33) * k0 & _64
        v[0] ^= _right(((v[0] + v[2]) * k0 + v[3]) & _64, 33) * k1 & _64
        v[1] ^= _right(((v[1] + v[3]) * k1 + v[2]) & _64, 33) * k0 & _64
        h = (h + (v[0] ^ v[1])) & _64
    if size - at >= 16:
        a = _right((h + read(8) * k0) & _64, 33) * k1 & _64
        b = _right((h + read(8) * k1) & _64, 33) * k2 & _64
        a ^= (_right(a * k0 & _64, 35) + b) & _64
        b ^= (_right(b * k3 & _64, 35) + a) & _64
        h = (h + b) & _64
    for count, by in ((8, 33), (4, 15), (2, 13), (1, 25)):
        if size - at >= count:
            h = (h + read(count) * k3) & _64
            h ^= _right(h, by) * k1 & _64
    h ^= _right(h, 33)
    h = h * k0 & _64
    return h ^ _right(h, 33)


def _signed(x: int) -> int:
    x &= _32
    return x - (1 << 32) if x >> 31 else x


def java(data: bytes) -> int:
    """`String.hashCode` of Java over bytes."""
    h = 0
    for byte in data:
        h = (31 * h + byte - (byte >> 7 << 8)) & _32
    return _signed(h)


def java_utf16(data: bytes) -> int:
    """`String.hashCode` of Java over UTF-16, little-endian."""
    h = 0
    for i in range(0, len(data) - 1, 2):
        h = (31 * h + data[i] + (data[i + 1] << 8)) & _32
    return _signed(h)


def _crc64_table() -> list[int]:
    table = []
    for i in range(256):
        crc = i
        for _ in range(8):
            crc = crc >> 1 ^ 0xC96C5795D7870F42 * (crc & 1)
        table.append(crc)
    return table


_CRC64 = _crc64_table()


def crc64(data: bytes) -> int:
    """CRC-64 of ECMA-182."""
    crc = 0
    for byte in data:
        crc = _CRC64[(crc ^ byte) & 255] ^ crc >> 8
    return crc


def crc32_ieee(data: bytes) -> int:
    """CRC-32 that starts at 0 and is not inverted at the end."""
    return zlib.crc32(data, _32) ^ _32


def jump(key: int, buckets: int) -> int:
    """The bucket of a key by jump consistent hashing."""
    b, j = -1, 0
    while j < buckets:
        b = j
        key = (key * 2862933555777941757 + 1) & _64
        j = int((b + 1) * ((1 << 31) / ((key >> 33) + 1)))
    return b


def _udf(name: str, function: Callable[[bytes], Any], duck: str) -> Udf:
    """A hash of bytes."""

    def over(values: Any) -> Any:
        import pyarrow as pa

        arrow = {"UINTEGER": pa.uint32(), "UBIGINT": pa.uint64(), "INTEGER": pa.int32()}
        return over_distinct(function, values, arrow.get(duck, pa.binary()))

    return Udf(name, ("BLOB",), duck, over)


def _digest(name: str) -> Callable[[bytes], bytes]:
    return lambda data: hashlib.new(name, data).digest()


def _jump(keys: Any, buckets: Any) -> Any:
    import pyarrow as pa

    pairs = zip(keys.to_pylist(), buckets.to_pylist(), strict=True)
    return pa.array([None if k is None or n is None else jump(k, n) for k, n in pairs], pa.int32())


UDFS = (
    _udf("mt_murmur2_32", murmur2_32, "UINTEGER"),
    _udf("mt_kafka_murmur", kafka_murmur, "UINTEGER"),
    _udf("mt_murmur2_64", murmur2_64, "UBIGINT"),
    _udf("mt_gcc_murmur", gcc_murmur, "UBIGINT"),
    _udf("mt_murmur3_32", murmur3_32, "UINTEGER"),
    _udf("mt_murmur3_64", murmur3_64, "UBIGINT"),
    _udf("mt_murmur3_128", murmur3_128, "BLOB"),
    _udf("mt_xx32", xx32, "UINTEGER"),
    _udf("mt_metro", metro64, "UBIGINT"),
    _udf("mt_java", java, "INTEGER"),
    _udf("mt_java_utf16", java_utf16, "INTEGER"),
    _udf("mt_crc32", zlib.crc32, "UINTEGER"),
    _udf("mt_crc32_ieee", crc32_ieee, "UINTEGER"),
    _udf("mt_crc64", crc64, "UBIGINT"),
    *(
        _udf(f"mt_{name}", _digest(name), "BLOB")
        for name in ("sha224", "sha384", "sha512", "sha512_256")
        if name in hashlib.algorithms_available
    ),
    Udf("mt_jump", ("UBIGINT", "BIGINT"), "INTEGER", _jump),
)
