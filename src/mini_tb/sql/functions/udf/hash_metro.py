"""MetroHash64, variant 1."""

from __future__ import annotations

from mini_tb.sql.functions.udf.hash_forms import text_udf
from mini_tb.sql.functions.udf.kernel import Function, Word

_K0, _K1, _K2, _K3 = 0xC83A91E1, 0x8648DBDB, 0x7BDEC03B, 0x2F5870A5


def _metro(at: Word, size: Word) -> Word:
    body = at.body
    place, end = body.variable(at), at + size
    h = body.variable(size + _K2 * _K0)
    with body.when(size >= 32):
        v = [body.variable(h) for _ in range(4)]
        with body.repeat(lambda: place + 32 <= end):
            for i, k in enumerate((_K0, _K1, _K2, _K3)):
                v[i].set((v[i] + place.word(8 * i) * k).right(29) + v[(i + 2) % 4])
            place.set(place + 32)
        for into, add, times, then, k in (
            (2, (0, 3), _K0, 1, _K1),
            (3, (1, 2), _K1, 0, _K0),
            (0, (0, 2), _K0, 3, _K1),
            (1, (1, 3), _K1, 2, _K0),
        ):
            mixed = ((v[add[0]] + v[add[1]]) * times + v[then]).right(33) * k
            v[into].set(v[into] ^ mixed)
        h.set(h + (v[0] ^ v[1]))
    with body.when(place + 16 <= end):
        a = (h + place.word() * _K0).right(33) * _K1
        b = (h + place.word(8) * _K1).right(33) * _K2
        a = a ^ ((a * _K0).right(35) + b)
        b = b ^ ((b * _K3).right(35) + a)
        h.set(h + b)
        place.set(place + 16)
    for count, by in ((8, 33), (4, 15), (2, 13), (1, 25)):
        with body.when(place + count <= end):
            word = {8: place.word, 4: place.half, 2: place.pair, 1: place.byte}[count]()
            mixed = h + (word if count == 8 else word.long()) * _K3
            h.set(mixed ^ (mixed.right(by) * _K1))
            place.set(place + count)
    x = (h ^ h.right(33)) * _K0
    return x ^ x.right(33)


UDFS = (text_udf("mt_metro", Function("metro", 64, _metro)),)
