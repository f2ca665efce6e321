"""wyHash: a hash by products of 128 bits."""

from __future__ import annotations

from mini_tb.sql.functions.udf.hash_forms import hash_udfs
from mini_tb.sql.functions.udf.kernel import Function, Word

_SECRET = (0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3)


def folded_product(a: Word, b: Word) -> Word:
    """The halves of the product of two words, one laid over the other."""
    low, high = a.product(b)
    return low ^ high


def _short(at: Word, size: Word) -> Word:
    """Of up to sixteen bytes: two words, which overlap."""
    body = at.body
    a, b = body.variable(0), body.variable(0)
    with body.when(size >= 4):
        middle = (size >> 3) << 2
        end = at + size - 4
        a.set((at.half().long() << 32) | (at + middle).half().long())
        b.set((end.half().long() << 32) | (end - middle).half().long())
    with body.when((size < 4) & (size > 0)):
        three = (at.byte() << 16) | ((at + (size >> 1)).byte() << 8) | (at + size - 1).byte()
        a.set(three.long())
    return _finished(a, b, body.number(_SECRET[0]), size)


def _finished(a: Word, b: Word, seed: Word, size: Word) -> Word:
    return folded_product(size ^ _SECRET[1], folded_product(a ^ _SECRET[1], b ^ seed))


def _wy(at: Word, size: Word) -> Word:
    body = at.body
    with body.when(size <= 16):
        body.give(body.call(_SHORT, at, size))
    place, left = body.variable(at), body.variable(size)
    seed = body.variable(_SECRET[0])
    with body.when(size > 48):
        lanes = [seed, body.variable(_SECRET[0]), body.variable(_SECRET[0])]
        with body.repeat(lambda: left > 48):
            for i, lane in enumerate(lanes):
                first, second = place.word(16 * i), place.word(16 * i + 8)
                lane.set(folded_product(first ^ _SECRET[i + 1], second ^ lane))
            place.set(place + 48)
            left.set(left - 48)
        seed.set(lanes[0] ^ lanes[1] ^ lanes[2])
    with body.repeat(lambda: left > 16):
        seed.set(folded_product(place.word() ^ _SECRET[1], place.word(8) ^ seed))
        place.set(place + 16)
        left.set(left - 16)
    end = place + left - 16
    return _finished(end.word(), end.word(8), seed, size)


_SHORT = Function("short", 64, _short)

UDFS = hash_udfs("mt_wy", Function("wy", 64, _wy))
