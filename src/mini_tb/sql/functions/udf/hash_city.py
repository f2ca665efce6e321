"""CityHash64 in the version that ClickHouse keeps (1.0.2); how integers and hashes are mixed."""

from __future__ import annotations

from mini_tb.sql.functions.udf.hash_forms import folded
from mini_tb.sql.functions.udf.kernel import Function, Word
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_K0, _K1, _K2, _K3 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F, 0xC949D7C7509E6557
_MUL = 0x9DDFEA08EB382D69


def _shift_mix(x: Word) -> Word:
    return x ^ (x >> 47)


def city_pair(low: Word, high: Word) -> Word:
    """CityHash's hash of 128 bits: also how ClickHouse joins the hashes of several arguments."""
    a = _shift_mix((low ^ high) * _MUL)
    return _shift_mix((high ^ a) * _MUL) * _MUL


def int_hash64(x: Word) -> Word:
    """`intHash64`."""
    x = x ^ 0x4CF2D2BAAE6DA887
    x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCD
    x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53
    return x ^ (x >> 33)


def int_hash32(x: Word) -> Word:
    """`intHash32`."""
    x = x ^ 0x75D9543DE018BF45
    x = ~x + (x << 18)
    x = (x ^ x.right(31)) * 21
    x = x ^ x.right(11)
    x = x + (x << 6)
    return (x ^ x.right(22)).short()


def _short(at: Word, size: Word) -> Word:
    """Up to 16 bytes."""
    body = at.body
    with body.when(size > 8):
        a, b = at.word(), (at + size - 8).word()
        body.give(city_pair(a, (b + size).right(size)) ^ b)
    with body.when(size >= 4):
        body.give(city_pair(size + (at.half().long() << 3), (at + size - 4).half().long()))
    with body.when(size > 0):
        a, b, c = (x.byte().long() for x in (at, at + (size >> 1), at + size - 1))
        body.give(_shift_mix(((a + (b << 8)) * _K2) ^ ((size + (c << 2)) * _K3)) * _K2)
    return body.number(_K2)


def _of_17_to_32(at: Word, size: Word) -> Word:
    end = at + size
    a, b = at.word() * _K1, at.word(8)
    c, d = (end - 8).word() * _K2, (end - 16).word() * _K0
    return city_pair((a - b).right(43) + c.right(30) + d, a + (b ^ _K3).right(20) - c + size)


def _half_of_64(at: Word, a: Word, z: Word) -> tuple[Word, Word]:
    b, c = (a + z).right(52), a.right(37)
    a = a + at.word(8)
    c = c + a.right(7)
    a = a + at.word(16)
    return a + z, b + a.right(31) + c


def _of_33_to_64(at: Word, size: Word) -> Word:
    tail = at + size - 32
    first = at.word() + (size + tail.word(16)) * _K0
    v = _half_of_64(at, first, at.word(24))
    w = _half_of_64(tail, at.word(16) + tail.word(), tail.word(24))
    r = _shift_mix((v[0] + w[1]) * _K2 + (w[0] + v[1]) * _K0)
    return _shift_mix(r * _K0 + v[1]) * _K2


def _weak(at: Word, a: Word, b: Word) -> tuple[Word, Word]:
    z = at.word(24)
    a = a + at.word()
    b = (b + a + z).right(21)
    c = a
    a = a + at.word(8) + at.word(16)
    return a + z, b + a.right(44) + c


def _long(at: Word, size: Word) -> Word:
    """More than 64 bytes."""
    body, end = at.body, at + size
    x, y, z = at.word(), (end - 16).word() ^ _K1, (end - 56).word() ^ _K0
    v = _weak(end - 64, size, y)
    w = _weak(end - 32, size * _K1, body.number(_K0))
    z = z + _shift_mix(v[1]) * _K1
    state = [body.variable(s) for s in ((z + x).right(39) * _K1, y.right(33) * _K1, z, *v, *w)]
    place = body.variable(at)
    last = at + ((size - 1) & -64)
    with body.repeat(lambda: place < last):
        x, y, z, v0, v1, w0, w1 = state
        new_x = ((x + y + v0 + place.word(16)).right(37) * _K1) ^ w1
        new_y = ((y + v1 + place.word(48)).right(42) * _K1) ^ v0
        new_z = (z ^ w0).right(33)
        v = _weak(place, v1 * _K1, new_x + w0)
        w = _weak(place + 32, new_z + w1, new_y)
        for variable, value in zip(state, (new_z, new_y, new_x, *v, *w), strict=True):
            variable.set(value)
        place.set(place + 64)
    x, y, z, v0, v1, w0, w1 = state
    return city_pair(city_pair(v0, w0) + _shift_mix(y) * _K1 + z, city_pair(v1, w1) + x)


def _city(at: Word, size: Word) -> Word:
    body = at.body
    for most, function in ((16, _SHORT), (32, _OF_17_TO_32), (64, _OF_33_TO_64)):
        with body.when(size <= most):
            body.give(body.call(function, at, size))
    return body.call(_LONG, at, size)


_SHORT = Function("short", 64, _short)
_OF_17_TO_32 = Function("of_17_to_32", 64, _of_17_to_32)
_OF_33_TO_64 = Function("of_33_to_64", 64, _of_33_to_64)
_LONG = Function("long", 64, _long)
CITY = Function("city", 64, _city)


def _of_text(row: Row) -> None:
    row.result.put(row.body.call(CITY, *row.span(0)))


def _of_pair(row: Row) -> None:
    row.result.put(city_pair(row.number(0), row.number(1)))


UDFS = (
    kernel_udf("mt_city", ("BLOB",), "UBIGINT", _of_text),
    kernel_udf("mt_city_pair", ("UBIGINT", "UBIGINT"), "UBIGINT", _of_pair),
    kernel_udf("mt_city_fold", ("UBIGINT", "UBIGINT[]"), "UBIGINT", folded(city_pair)),
    kernel_udf(
        "mt_int_hash64",
        ("UBIGINT",),
        "UBIGINT",
        lambda row: row.result.put(int_hash64(row.number(0))),
    ),
    kernel_udf(
        "mt_int_hash32",
        ("UBIGINT",),
        "UINTEGER",
        lambda row: row.result.put(int_hash32(row.number(0))),
    ),
)
