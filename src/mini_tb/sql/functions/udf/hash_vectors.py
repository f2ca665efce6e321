"""Hashes of whole columns at once: CityHash64 (1.0.2), SipHash-2-4, xxHash64, integer mixing.

Strings of one kind of length go through the same steps, so each step is one operation of numpy over
all of them. Numbers wrap around at 64 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mini_tb.sql.duckdb.udf import Udf

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
_U = np.uint64
_K0, _K1, _K2, _K3 = (
    _U(k) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F, 0xC949D7C7509E6557)
)
_MUL = _U(0x9DDFEA08EB382D69)
_SHIFTS = [_U(by) for by in range(65)]
_MASK = {1: _U(0xFF), 2: _U(0xFFFF), 4: _U(0xFFFF_FFFF), 8: _U(0xFFFF_FFFF_FFFF_FFFF)}


def left(x: Words, by: int) -> Words:
    """The bits rotated to the left."""
    return (x << _SHIFTS[by]) | (x >> _SHIFTS[64 - by])


def right(x: Words, by: int) -> Words:
    """The bits rotated to the right."""
    return (x >> _SHIFTS[by]) | (x << _SHIFTS[64 - by])


def _shift_mix(x: Words) -> Words:
    return x ^ (x >> _U(47))


def city_pair(low: Words, high: Words) -> Words:
    """CityHash's hash of 128 bits: also how ClickHouse joins the hashes of several arguments."""
    a = _shift_mix((low ^ high) * _MUL)
    return _shift_mix((high ^ a) * _MUL) * _MUL


def int_hash64(x: Words) -> Words:
    """`intHash64`."""
    x = x ^ _U(0x4CF2D2BAAE6DA887)
    x = x ^ (x >> _U(33))
    x = x * _U(0xFF51AFD7ED558CCD)
    x = x ^ (x >> _U(33))
    x = x * _U(0xC4CEB9FE1A85EC53)
    return x ^ (x >> _U(33))


def int_hash32(x: Words) -> Words:
    """`intHash32`."""
    x = x ^ _U(0x75D9543DE018BF45)
    x = (~x) + (x << _U(18))
    x = x ^ right(x, 31)
    x = x * _U(21)
    x = x ^ right(x, 11)
    x = x + (x << _U(6))
    return (x ^ right(x, 22)) & _MASK[4]


class Texts:
    """The strings of a column: where each starts, how long it is, and words at any position."""

    def __init__(self, column: Any) -> None:
        import pyarrow as pa

        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        kind: Any = np.int64 if pa.types.is_large_binary(array.type) else np.int32
        _, offsets, data = array.buffers()
        ends = np.frombuffer(offsets, kind)[array.offset : array.offset + len(array) + 1]
        ends = ends.astype(np.int64)
        self.starts: Places = ends[:-1]
        self.sizes: Places = ends[1:] - ends[:-1]
        body = b"" if data is None else data
        # Words are read beyond the end of the last string, never before the first.
        padded = np.zeros(len(body) + 8, np.uint8)
        padded[: len(body)] = np.frombuffer(body, np.uint8)
        self.bytes = padded
        count = len(padded) - 7
        self.words: Any = np.ndarray((count,), np.dtype("<u8"), padded, strides=(1,))
        self.halves: Any = np.ndarray((count,), np.dtype("<u4"), padded, strides=(1,))

    def word(self, at: Any) -> Words:
        """Eight bytes from each position."""
        found: Words = self.words[at]
        return found

    def half(self, at: Any) -> Words:
        """Four bytes from each position."""
        found: Words = self.halves[at].astype(np.uint64)
        return found

    def byte(self, at: Any) -> Words:
        """One byte from each position."""
        found: Words = self.bytes[at].astype(np.uint64)
        return found


# CityHash --------------------------------------------------------------------------------------


def _city_short(t: Texts, at: Any, size: Any) -> Words:
    """Up to 16 bytes."""
    n = size.astype(np.uint64)
    result = np.full(len(at), _K2, np.uint64)
    if (i := np.flatnonzero((size > 0) & (size < 4))).size:
        a, b = t.byte(at[i]), t.byte(at[i] + (size[i] >> 1))
        c = t.byte(at[i] + size[i] - 1)
        result[i] = _shift_mix(((a + (b << _U(8))) * _K2) ^ ((n[i] + (c << _U(2))) * _K3)) * _K2
    if (i := np.flatnonzero((size >= 4) & (size <= 8))).size:
        first = n[i] + (t.half(at[i]) << _U(3))
        result[i] = city_pair(first, t.half(at[i] + size[i] - 4))
    if (i := np.flatnonzero(size > 8)).size:
        a, b, k = t.word(at[i]), t.word(at[i] + size[i] - 8), n[i]
        turned = b + k
        turned = (turned >> k) | (turned << (_U(64) - k))
        result[i] = city_pair(a, turned) ^ b
    return result


def _city_17_32(t: Texts, at: Any, size: Any) -> Words:
    n = size.astype(np.uint64)
    a, b = t.word(at) * _K1, t.word(at + 8)
    c, d = t.word(at + size - 8) * _K2, t.word(at + size - 16) * _K0
    return city_pair(right(a - b, 43) + right(c, 30) + d, a + right(b ^ _K3, 20) - c + n)


def _city_33_64(t: Texts, at: Any, size: Any) -> Words:
    n, end = size.astype(np.uint64), at + size
    z = t.word(at + 24)
    a = t.word(at) + (n + t.word(end - 16)) * _K0
    b, c = right(a + z, 52), right(a, 37)
    a = a + t.word(at + 8)
    c = c + right(a, 7)
    a = a + t.word(at + 16)
    vf, vs = a + z, b + right(a, 31) + c
    a = t.word(at + 16) + t.word(end - 32)
    z = t.word(end - 8)
    b, c = right(a + z, 52), right(a, 37)
    a = a + t.word(end - 24)
    c = c + right(a, 7)
    a = a + t.word(end - 16)
    wf, ws = a + z, b + right(a, 31) + c
    r = _shift_mix((vf + ws) * _K2 + (wf + vs) * _K0)
    return _shift_mix(r * _K0 + vs) * _K2


def _weak(t: Texts, at: Any, a: Words, b: Words) -> tuple[Words, Words]:
    w, x, y, z = (t.word(at + offset) for offset in (0, 8, 16, 24))
    a = a + w
    b = right(b + a + z, 21)
    c = a
    a = a + x + y
    return a + z, b + right(a, 44) + c


def _city_long(t: Texts, at: Any, size: Any) -> Words:
    """More than 64 bytes, of as many blocks each."""
    n, end = size.astype(np.uint64), at + size
    x, y, z = t.word(at), t.word(end - 16) ^ _K1, t.word(end - 56) ^ _K0
    v = _weak(t, end - 64, n, y)
    w = _weak(t, end - 32, n * _K1, np.full(len(at), _K0, np.uint64))
    z = z + _shift_mix(v[1]) * _K1
    x, y = right(z + x, 39) * _K1, right(y, 33) * _K1
    for _ in range((int(size[0]) - 1) // 64):
        x = right(x + y + v[0] + t.word(at + 16), 37) * _K1
        y = right(y + v[1] + t.word(at + 48), 42) * _K1
        x, y = x ^ w[1], y ^ v[0]
        z = right(z ^ w[0], 33)
        v = _weak(t, at, v[1] * _K1, x + w[0])
        w = _weak(t, at + 32, z + w[1], y)
        z, x = x, z
        at = at + 64
    return city_pair(city_pair(v[0], w[0]) + _shift_mix(y) * _K1 + z, city_pair(v[1], w[1]) + x)


def city(t: Texts) -> Words:
    """CityHash64 of each string."""
    at, size = t.starts, t.sizes
    result = np.empty(len(at), np.uint64)
    for low, high, function in ((0, 16, _city_short), (17, 32, _city_17_32), (33, 64, _city_33_64)):
        i = np.flatnonzero((size >= low) & (size <= high))
        if i.size:
            result[i] = function(t, at[i], size[i])
    blocks = (size - 1) // 64
    for count in np.unique(blocks[size > 64]):
        i = np.flatnonzero((blocks == count) & (size > 64))
        result[i] = _city_long(t, at[i], size[i])
    return result


# SipHash ---------------------------------------------------------------------------------------


def _turn(x: Words, by: int, spare: Words) -> None:
    """Rotate to the left in place."""
    np.left_shift(x, _SHIFTS[by], out=spare)
    np.right_shift(x, _SHIFTS[64 - by], out=x)
    np.bitwise_or(x, spare, out=x)


class Sip:
    """The state of SipHash-2-4 for many inputs at once."""

    def __init__(self, count: int, k0: int = 0, k1: int = 0, *, reference: bool = False) -> None:
        start = (
            k0 ^ 0x736F6D6570736575,
            k1 ^ 0x646F72616E646F6D ^ (0xEE if reference else 0),
            k0 ^ 0x6C7967656E657261,
            k1 ^ 0x7465646279746573,
        )
        self.v = [np.full(count, value, np.uint64) for value in start]

    def _round(self, v: list[Words]) -> None:
        v0, v1, v2, v3 = v
        spare = np.empty_like(v0)
        v0 += v1
        _turn(v1, 13, spare)
        v1 ^= v0
        _turn(v0, 32, spare)
        v2 += v3
        _turn(v3, 16, spare)
        v3 ^= v2
        v0 += v3
        _turn(v3, 21, spare)
        v3 ^= v0
        v2 += v1
        _turn(v1, 17, spare)
        v1 ^= v2
        _turn(v2, 32, spare)

    def word(self, words: Words, which: Any = None) -> None:
        """Take a word into all states, or into those of `which`."""
        v = self.v if which is None else [part[which] for part in self.v]
        v[3] ^= words
        self._round(v)
        self._round(v)
        v[0] ^= words
        if which is not None:
            for part, changed in zip(self.v, v, strict=True):
                part[which] = changed

    def finish(self, mark: int) -> None:
        """The rounds at the end."""
        self.v[2] ^= _U(mark)
        for _ in range(4):
            self._round(self.v)

    def hash64(self) -> Words:
        """The 64-bit hash."""
        self.finish(0xFF)
        return self.joined()

    def joined(self) -> Words:
        """All of the state in one word."""
        return self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3]

    def hash128(self, *, reference: bool) -> tuple[Words, Words]:
        """The 128-bit hash, low word first: ClickHouse's own, or that of the reference."""
        if not reference:
            self.finish(0xFF)
            return self.v[0] ^ self.v[1], self.v[2] ^ self.v[3]
        self.finish(0xEE)
        low = self.joined()
        self.v[1] ^= _U(0xDD)
        self.finish(0)
        return low, self.joined()


def _last_word(t: Texts) -> Words:
    """What is left behind the whole words, with the length in its highest byte."""
    rest = t.sizes % 8
    kept = (_U(1) << (rest.astype(np.uint64) * _U(8))) - _U(1)
    size = t.sizes.astype(np.uint64) << _U(56)
    last: Words = (t.word(t.starts + t.sizes - rest) & kept) | size
    return last


def sip_state(t: Texts, k0: int = 0, k1: int = 0, *, reference: bool = False) -> Sip:
    """The states after each string."""
    sip = Sip(len(t.sizes), k0, k1, reference=reference)
    whole = t.sizes // 8
    for i in range(int(whole.max(initial=0))):
        which = np.flatnonzero(whole > i)
        if len(which) == len(whole):
            sip.word(t.word(t.starts + 8 * i))
        else:
            sip.word(t.word(t.starts[which] + 8 * i), which)
    sip.word(_last_word(t))
    return sip


def sip_bits(values: Words, width: int, k0: int = 0, k1: int = 0) -> Words:
    """SipHash of numbers of `width` bytes."""
    sip = Sip(len(values), k0, k1)
    if width == 8:
        sip.word(values)
        sip.word(np.full(len(values), 8 << 56, np.uint64))
    else:
        sip.word(values | _U(width << 56))
    return sip.hash64()


def sip_pair(a: Words, b: Words, k0: int = 0, k1: int = 0) -> Words:
    """SipHash of two hashes, one behind the other."""
    sip = Sip(len(a), k0, k1)
    sip.word(a)
    sip.word(b)
    sip.word(np.full(len(a), 16 << 56, np.uint64))
    return sip.hash64()


# xxHash ----------------------------------------------------------------------------------------

_P1, _P2, _P3, _P4, _P5 = (
    _U(p)
    for p in (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )
)


def _xx_round(acc: Words, word: Words) -> Words:
    return left(acc + word * _P2, 31) * _P1


def _xx_stripes(t: Texts, at: Any, stripes: int) -> Words:
    seeds = (_U(0x60EA27EEADC0B5D6), _P2, _U(0), _U(0x61C8864E7A143579))
    acc = [np.full(len(at), seed, np.uint64) for seed in seeds]
    for i in range(stripes):
        acc = [_xx_round(a, t.word(at + (32 * i + 8 * lane))) for lane, a in enumerate(acc)]
    total = left(acc[0], 1) + left(acc[1], 7) + left(acc[2], 12) + left(acc[3], 18)
    zero = np.zeros(len(at), np.uint64)
    for a in acc:
        total = (total ^ _xx_round(zero, a)) * _P1 + _P4
    return total


def xx64(t: Texts) -> Words:
    """xxHash64 of each string, seed 0."""
    at, size = t.starts, t.sizes
    h = np.full(len(at), _P5, np.uint64)
    stripes = size // 32
    for count in np.unique(stripes[stripes > 0]):
        i = np.flatnonzero(stripes == count)
        h[i] = _xx_stripes(t, at[i], int(count))
    h = h + size.astype(np.uint64)
    at, rest = at + stripes * 32, size % 32
    for step in range(3):
        if (i := np.flatnonzero(rest >= 8 * (step + 1))).size:
            mixed = h[i] ^ _xx_round(np.zeros(len(i), np.uint64), t.word(at[i] + 8 * step))
            h[i] = left(mixed, 27) * _P1 + _P4
    at, rest = at + (rest & 24), rest & 7
    if (i := np.flatnonzero(rest >= 4)).size:
        h[i] = left(h[i] ^ (t.half(at[i]) * _P1), 23) * _P2 + _P3
    at, rest = at + (rest & 4), rest & 3
    for step in range(3):
        if (i := np.flatnonzero(rest > step)).size:
            h[i] = left(h[i] ^ (t.byte(at[i] + step) * _P5), 11) * _P1
    h = (h ^ (h >> _U(33))) * _P2
    h = (h ^ (h >> _U(29))) * _P3
    return h ^ (h >> _U(32))


# Over Arrow ------------------------------------------------------------------------------------


def numbers(column: Any) -> Words:
    """The numbers of a column of UBIGINT; NULL is 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    filled = pc.fill_null(array, 0) if array.null_count else array
    return np.asarray(filled.to_numpy(zero_copy_only=False), np.uint64)


def answer(result: Words, *columns: Any) -> Any:
    """An Arrow column, NULL where one of the columns is."""
    import pyarrow as pa

    mask = None
    for column in columns:
        if column.null_count:
            nulls = np.asarray(column.is_null().to_numpy(zero_copy_only=False), bool)
            mask = nulls if mask is None else mask | nulls
    return pa.array(result, pa.uint64(), mask=mask)


def _number(column: Any) -> int:
    """A constant argument."""
    return int(column[0].as_py()) if len(column) else 0


def _over_texts(function: Any) -> Any:
    return lambda column: answer(function(Texts(column)), column)


def _over_numbers(function: Any) -> Any:
    return lambda column: answer(function(numbers(column)), column)


def _city_pair(a: Any, b: Any) -> Any:
    return answer(city_pair(numbers(a), numbers(b)), a, b)


def _sip_bytes(column: Any, k0: Any, k1: Any) -> Any:
    return answer(sip_state(Texts(column), _number(k0), _number(k1)).hash64(), column)


def _sip128(column: Any, k0: Any, k1: Any, reference: Any) -> Any:
    import pyarrow as pa

    keys = _number(k0), _number(k1)
    is_reference = bool(_number(reference))
    state = sip_state(Texts(column), *keys, reference=is_reference)
    low, high = state.hash128(reference=is_reference)
    pairs = np.stack([low, high], axis=1).astype("<u8")
    offsets = np.arange(len(low) + 1, dtype=np.int32) * 16
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(pairs.tobytes())]
    result = pa.Array.from_buffers(pa.binary(), len(low), buffers)
    if not column.null_count:
        return result
    return pa.compute.if_else(column.is_valid(), result, pa.scalar(None, pa.binary()))


def _sip_bits(column: Any, width: Any, k0: Any, k1: Any) -> Any:
    hashed = sip_bits(numbers(column), _number(width) or 8, _number(k0), _number(k1))
    return answer(hashed, column)


def _sip_pair(a: Any, b: Any, k0: Any, k1: Any) -> Any:
    return answer(sip_pair(numbers(a), numbers(b), _number(k0), _number(k1)), a, b)


def _fold(before: Any, lists: Any, pair: Any) -> Any:
    """The hashes of an array's elements joined to the hash before them, one after the other."""
    import pyarrow as pa

    array = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    result = numbers(before).copy()
    starts = np.asarray(array.offsets.to_numpy(), np.int64)
    items = numbers(array.values)
    sizes = starts[1:] - starts[:-1]
    for i in range(int(sizes.max(initial=0))):
        which = np.flatnonzero(sizes > i)
        result[which] = pair(result[which], items[starts[:-1][which] + i])
    return answer(result, before)


def _city_fold(before: Any, lists: Any) -> Any:
    return _fold(before, lists, city_pair)


def _sip_fold(before: Any, lists: Any, k0: Any, k1: Any) -> Any:
    keys = _number(k0), _number(k1)
    return _fold(before, lists, lambda a, b: sip_pair(a, b, *keys))


UDFS = (
    Udf("mt_city", ("BLOB",), "UBIGINT", _over_texts(city)),
    Udf("mt_city_pair", ("UBIGINT", "UBIGINT"), "UBIGINT", _city_pair),
    Udf("mt_city_fold", ("UBIGINT", "UBIGINT[]"), "UBIGINT", _city_fold),
    Udf("mt_int_hash64", ("UBIGINT",), "UBIGINT", _over_numbers(int_hash64)),
    Udf("mt_int_hash32", ("UBIGINT",), "UBIGINT", _over_numbers(int_hash32)),
    Udf("mt_sip", ("BLOB", "UBIGINT", "UBIGINT"), "UBIGINT", _sip_bytes),
    Udf("mt_sip128", ("BLOB", "UBIGINT", "UBIGINT", "BOOLEAN"), "BLOB", _sip128),
    Udf("mt_sip_bits", ("UBIGINT", "INTEGER", "UBIGINT", "UBIGINT"), "UBIGINT", _sip_bits),
    Udf("mt_sip_pair", ("UBIGINT", "UBIGINT", "UBIGINT", "UBIGINT"), "UBIGINT", _sip_pair),
    Udf("mt_sip_fold", ("UBIGINT", "UBIGINT[]", "UBIGINT", "UBIGINT"), "UBIGINT", _sip_fold),
    Udf("mt_xx64", ("BLOB",), "UBIGINT", _over_texts(xx64)),
)
