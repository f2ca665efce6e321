"""xxHash32 and xxHash64, seed 0; xxHash64 with the seed of Spark."""

from __future__ import annotations

from mini_tb.sql.functions.udf.hash_forms import hash_udfs, text_udf
from mini_tb.sql.functions.udf.kernel import Function, Word

_P = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_Q = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1)


def _round64(lane: Word, word: Word) -> Word:
    return (lane + word * _P[1]).left(31) * _P[0]


def _round32(lane: Word, half: Word) -> Word:
    return (lane + half * _Q[1]).left(13) * _Q[0]


def _xx64(at: Word, size: Word, seed: int = 0) -> Word:
    body, zero = at.body, at.body.number(0)
    place, end = body.variable(at), at + size
    h = body.variable(_P[4] + seed)
    with body.when(size >= 32):
        lanes = [body.variable(start + seed) for start in (_P[0] + _P[1], _P[1], 0, -_P[0])]
        last = end - 31
        with body.repeat(lambda: place < last):
            for i, lane in enumerate(lanes):
                lane.set(_round64(lane, place.word(8 * i)))
            place.set(place + 32)
        a, b, c, d = lanes
        total = a.left(1) + b.left(7) + c.left(12) + d.left(18)
        for lane in lanes:
            total = (total ^ _round64(zero, lane)) * _P[0] + _P[3]
        h.set(total)
    h.set(h + size)
    with body.repeat(lambda: place + 8 <= end):
        h.set((h ^ _round64(zero, place.word())).left(27) * _P[0] + _P[3])
        place.set(place + 8)
    with body.when(place + 4 <= end):
        h.set((h ^ (place.half().long() * _P[0])).left(23) * _P[1] + _P[2])
        place.set(place + 4)
    with body.repeat(lambda: place < end):
        h.set((h ^ (place.byte().long() * _P[4])).left(11) * _P[0])
        place.set(place + 1)
    x = (h ^ (h >> 33)) * _P[1]
    x = (x ^ (x >> 29)) * _P[2]
    return x ^ (x >> 32)


def _xx32(at: Word, size: Word) -> Word:
    body = at.body
    place, end = body.variable(at), at + size
    h = body.variable(_Q[4], 32)
    with body.when(size >= 16):
        lanes = [body.variable(start, 32) for start in (_Q[0] + _Q[1], _Q[1], 0, -_Q[0])]
        last = end - 15
        with body.repeat(lambda: place < last):
            for i, lane in enumerate(lanes):
                lane.set(_round32(lane, place.half(4 * i)))
            place.set(place + 16)
        a, b, c, d = lanes
        h.set(a.left(1) + b.left(7) + c.left(12) + d.left(18))
    h.set(h + size.short())
    with body.repeat(lambda: place + 4 <= end):
        h.set((h + place.half() * _Q[2]).left(17) * _Q[3])
        place.set(place + 4)
    with body.repeat(lambda: place < end):
        h.set((h + place.byte() * _Q[4]).left(11) * _Q[0])
        place.set(place + 1)
    x = (h ^ (h >> 15)) * _Q[1]
    x = (x ^ (x >> 13)) * _Q[2]
    return x ^ (x >> 16)


_SPARK = 42


def _spark(at: Word, size: Word) -> Word:
    return _xx64(at, size, _SPARK)


UDFS = (
    text_udf("mt_xx64_spark", Function("spark", 64, _spark), "BIGINT"),
    *hash_udfs("mt_xx64", Function("xx64", 64, _xx64)),
    *hash_udfs("mt_xx32", Function("xx32", 32, _xx32)),
)
