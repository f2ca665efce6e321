"""FarmHash's `Hash64`, and its `Fingerprint64`, which stays the same on all machines.

`Hash64` of 512 bytes and more depends on what the processor can do: that is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.udf.hash_forms import folded
from mini_tb.sql.functions.udf.kernel import Body, Function, Variable, Word
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_MUL = 0x9DDFEA08EB382D69


def _mix(x: Word) -> Word:
    return x ^ (x >> 47)


def _join(u: Word, v: Word, factor: Word) -> Word:
    a = _mix((u ^ v) * factor)
    return _mix((v ^ a) * factor) * factor


def _of_0_to_16(at: Word, size: Word) -> Word:
    body, end = at.body, at + size
    factor = (size << 1) + _K2
    with body.when(size >= 8):
        a, b = at.word() + _K2, (end - 8).word()
        body.give(_join(b.right(37) * factor + a, (a.right(25) + b) * factor, factor))
    with body.when(size >= 4):
        body.give(_join(size + (at.half().long() << 3), (end - 4).half().long(), factor))
    with body.when(size > 0):
        first, middle, last = (x.byte().long() for x in (at, at + (size >> 1), end - 1))
        body.give(_mix(((first + (middle << 8)) * _K2) ^ ((size + (last << 2)) * _K0)) * _K2)
    return body.number(_K2)


def _of_17_to_32(at: Word, size: Word) -> Word:
    u, v, factor = _ends(at, at + size, (size << 1) + _K2, _K1)
    return _join(u, v, factor)


def _ends(at: Word, end: Word, factor: Word, first: int) -> tuple[Word, Word, Word]:
    """The first and the last 16 bytes."""
    a, b = at.word() * first, at.word(8)
    c, d = (end - 8).word() * factor, (end - 16).word() * _K2
    return (a + b).right(43) + c.right(30) + d, a + (b + _K2).right(18) + c, factor


def _print_33_to_64(at: Word, size: Word) -> Word:
    end, factor = at + size, (size << 1) + _K2
    y, v, _ = _ends(at, end, factor, _K2)
    z = _join(y, v, factor)
    e, f = at.word(16) * factor, at.word(24)
    g, h = (y + (end - 32).word()) * factor, (z + (end - 24).word()) * factor
    a = at.word() * _K2
    return _join((e + f).right(43) + g.right(30) + h, e + (f + a).right(18) + g, factor)


def _of_32(at: Word, factor: Word, *seeds: Word) -> Word:
    u, v, _ = _ends(at, at + 32, factor, _K1)
    if seeds:
        u, v = u + seeds[0], v + seeds[1]
    a = _mix((u ^ v) * factor)
    return _mix((v ^ a) * factor)


def _of_33_to_64(at: Word, size: Word) -> Word:
    first = at.body.number(_K2 - 30)
    second = (size << 1) + (_K2 - 30)
    a, b = _of_32(at, first), _of_32(at + size - 32, second)
    return (b * second + a) * second


def _of_65_to_96(at: Word, size: Word) -> Word:
    first = at.body.number(_K2 - 114)
    second = (size << 1) + (_K2 - 114)
    a, b = _of_32(at, first), _of_32(at + 32, second)
    c = _of_32(at + size - 32, second, a, b)
    return (c * 9 + (a >> 17) + (b >> 21)) * second


def _weak(at: Word, a: Word, b: Word) -> tuple[Word, Word]:
    a = a + at.word()
    z = at.word(24)
    b = (b + a + z).right(21)
    c = a
    a = a + at.word(8) + at.word(16)
    return a + z, b + a.right(44) + c


def _set(state: list[Variable], *values: Word) -> None:
    for variable, value in zip(state, values, strict=True):
        variable.set(value)


def _step(state: Sequence[Word], at: Word, factor: Word, times: int) -> tuple[Word, ...]:
    x, y, z, v0, v1, w0, w1 = state
    x = ((x + y + v0 + at.word(8)).right(37) * factor) ^ (w1 * times)
    y = (y + v1 + at.word(48)).right(42) * factor + v0 * times + at.word(40)
    z = (z + w0).right(33) * factor
    v = _weak(at, v1 * factor, x + w0)
    w = _weak(at + 32, z + w1, y + at.word(16))
    return z, y, x, *v, *w


def _print_long(at: Word, size: Word) -> Word:
    """More than 64 bytes."""
    body, factor = at.body, at.body.number(_K1)
    second = body.number(81 * _K1 + 113)
    third = _mix(second * _K2 + 113) * _K2
    zeros = [body.number(0)] * 4
    state = [body.variable(word) for word in (at.word() + 81 * _K2, second, third, *zeros)]
    place, last = body.variable(at), at + ((size - 1) & -64)
    with body.repeat(lambda: place < last):
        _set(state, *_step(state, place, factor, 1))
        place.set(place + 64)
    x, y, z, v0, v1, w0, w1 = (word + 0 for word in state)
    factor = ((z & 0xFF) << 1) + _K1
    w0 = w0 + ((size - 1) & 63)
    v0 = v0 + w0
    w0 = w0 + v0
    x, y, z, v0, v1, w0, w1 = _step((x, y, z, v0, v1, w0, w1), at + size - 64, factor, 9)
    return _join(_join(v0, w0, factor) + _mix(y) * _K0 + z, _join(v1, w1, factor) + x, factor)


def _turned(x: Word, y: Word, factor: int, by: int) -> Word:
    a = (x ^ y) * factor
    return ((y ^ _mix(a)) * factor).right(by) * factor


def _very_long(at: Word, size: Word) -> Word:
    """More than 256 bytes."""
    body = at.body
    z = _mix(body.number(113 * _K2)) * _K2
    u = 81 - z
    factor = (u & 0x82) + _K2
    start = (body.number(81 * _K2), body.number(113), z, u)
    state = [body.variable(s) for s in (*start, *map(body.number, (81, 0, 0, 0)))]
    place, last = body.variable(at), at + ((size - 1) & -64)
    with body.repeat(lambda: place < last):
        _set(state, *_very_long_step(state, [place.word(8 * i) for i in range(8)], factor))
        place.set(place + 64)
    x, y, z, u, v0, v1, w0, w1 = (word + 0 for word in state)
    end = at + size - 64
    u, v1, v0 = u * 9, v1.right(28), v0.right(20)
    w0 = w0 + ((size - 1) & 63)
    u = u + y
    y = y + u
    x = ((y - x + v0 + end.word(8)).right(37) * factor) ^ (w1 * 9)
    y = (y ^ v1 ^ end.word(48)).right(42) * factor + v0 + end.word(40)
    z = (z + w0).right(33) * factor
    v0, v1 = _weak(end, v1 * factor, x + w0)
    w0, w1 = _weak(end + 32, z + w1, y + end.word(16))
    joined = _join(v0 + x, w0 ^ y, factor) + z - u
    return _turned(joined, _turned(v1 + y, w1 + z, _K2, 30) ^ x, _K2, 31)


def _very_long_step(state: list[Variable], a: list[Word], factor: Word) -> tuple[Word, ...]:
    x, y, z, u, v0, v1, w0, w1 = (word + 0 for word in state)
    x, y, z = (x + a[0] + a[1]).right(26) * 9, (y + a[2]).right(29), (z + a[3]) * factor
    v0, v1 = (v0 + a[4]).right(33), (v1 + a[5] + a[1]).right(30)
    w0, w1 = ((w0 + a[6]) ^ x) * 9, w1 + a[7]
    z = z.right(32) + w1
    w1 = w1 + z
    z = z * 9
    u, y = y, u
    z, v0, v1 = z + a[0] + a[6], v0 + a[2], v1 + a[3]
    w0, w1 = w0 + a[4], w1 + a[5] + a[6]
    x, y = x + a[1], y + a[7] + v0
    v0, v1 = v0 + x - y, v1 + w0
    w0, w1 = w0 + v1, w1 + x - y
    x, w1 = x + w1, w1.right(34)
    return x, y, u, z, v0, v1, w0, w1


_SMALL = (
    (16, Function("of_0_to_16", 64, _of_0_to_16)),
    (32, Function("of_17_to_32", 64, _of_17_to_32)),
)
_PRINT_LONG = Function("print_long", 64, _print_long)


def _farm(at: Word, size: Word) -> Word:
    sizes = (
        *_SMALL,
        (64, Function("of_33_to_64", 64, _of_33_to_64)),
        (96, Function("of_65_to_96", 64, _of_65_to_96)),
        (256, _PRINT_LONG),
    )
    return _by_size(sizes, Function("very_long", 64, _very_long), at, size)


def _fingerprint(at: Word, size: Word) -> Word:
    sizes = (*_SMALL, (64, Function("print_33_to_64", 64, _print_33_to_64)))
    return _by_size(sizes, _PRINT_LONG, at, size)


def _by_size(
    sizes: tuple[tuple[int, Function], ...], otherwise: Function, at: Word, size: Word
) -> Word:
    body: Body = at.body
    for most, function in sizes:
        with body.when(size <= most):
            body.give(body.call(function, at, size))
    return body.call(otherwise, at, size)


def _fingerprint_pair(low: Word, high: Word) -> Word:
    """The fingerprint of 128 bits."""
    b = (high ^ _mix((low ^ high) * _MUL)) * _MUL
    b = (b ^ (b >> 44)) * _MUL
    return (b ^ (b >> 41)) * _MUL


_FARM = Function("farm", 64, _farm)
_FINGERPRINT = Function("fingerprint", 64, _fingerprint)


def _of_text(row: Row) -> None:
    at, size = row.span(0)
    with row.body.when(size >= 512):
        row.fail()
    row.result.put(row.body.call(_FARM, at, size))


def _of_pair(row: Row) -> None:
    row.result.put(_fingerprint_pair(row.number(0), row.number(1)))


UDFS = (
    kernel_udf(
        "mt_farm",
        ("BLOB",),
        "UBIGINT",
        _of_text,
        failure="DB::48: `farmHash64` of 512 bytes and more is not the same on all machines, and is"
        " not computed here; `farmFingerprint64` is",
    ),
    kernel_udf(
        "mt_farm_fingerprint",
        ("BLOB",),
        "UBIGINT",
        lambda row: row.result.put(row.body.call(_FINGERPRINT, *row.span(0))),
    ),
    kernel_udf("mt_farm_fingerprint_pair", ("UBIGINT", "UBIGINT"), "UBIGINT", _of_pair),
    kernel_udf(
        "mt_farm_fingerprint_fold", ("UBIGINT", "UBIGINT[]"), "UBIGINT", folded(_fingerprint_pair)
    ),
)
