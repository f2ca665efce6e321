"""XXH3 of 64 and of 128 bits, without a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.hash_forms import hash_udfs
from mini_tb.sql.functions.udf.hash_wide import folded_product
from mini_tb.sql.functions.udf.kernel import Function, Variable, Word
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_P = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_Q = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
_MIX = 0x9FB21C651E98DF25
_START = (_Q[2], _P[0], _P[1], _P[2], _P[3], _Q[1], _P[4], _Q[0])
_MASK = (1 << 64) - 1
_STRIPE, _BLOCK = 64, 1024
_LAST_SECRET = len(_SECRET) - _STRIPE


def _secret(at: int, size: int = 8) -> int:
    return int.from_bytes(_SECRET[at : at + size], "little")


def _spread(h: Word) -> Word:
    """XXH64's last step."""
    h = (h ^ (h >> 33)) * _P[1]
    h = (h ^ (h >> 29)) * _P[2]
    return h ^ (h >> 32)


def _spread_3(h: Word) -> Word:
    h = (h ^ (h >> 37)) * 0x165667919E3779F9
    return h ^ (h >> 32)


def _mixed(at: Word, secret: int, offset: int = 0) -> Word:
    """Of sixteen bytes, with sixteen of the secret."""
    first, second = at.word(offset), at.word(offset + 8)
    return folded_product(first ^ _secret(secret), second ^ _secret(secret + 8))


def _three(at: Word, size: Word) -> Word:
    """Up to three bytes and how many they are, in 32 bits."""
    first, middle, last = at.byte(), (at + (size >> 1)).byte(), (at + size - 1).byte()
    return (first << 16) | (middle << 24) | last | (size.short() << 8)


# 64 bits ---------------------------------------------------------------------------------------


def _short(at: Word, size: Word) -> Word:
    """Of up to sixteen bytes."""
    body = at.body
    with body.when(size > 8):
        low = at.word() ^ (_secret(24) ^ _secret(32))
        high = (at + size - 8).word() ^ (_secret(40) ^ _secret(48))
        total = size + low.swapped() + high + folded_product(low, high)
        body.give(_spread_3(total))
    with body.when(size >= 4):
        both = (at + size - 4).half().long() + (at.half().long() << 32)
        h = both ^ (_secret(8) ^ _secret(16))
        h = (h ^ h.left(49) ^ h.left(24)) * _MIX
        h = (h ^ ((h >> 35) + size)) * _MIX
        body.give(h ^ (h >> 28))
    with body.when(size > 0):
        body.give(_spread(_three(at, size).long() ^ (_secret(0, 4) ^ _secret(4, 4))))
    return _spread(body.number(_secret(56) ^ _secret(64)))


def _middle(at: Word, size: Word) -> Word:
    """Of 17 to 240 bytes."""
    body, end = at.body, at + size
    total = body.variable(size * _P[0])
    with body.when(size <= 128):
        for i in (3, 2, 1, 0):
            with body.when(size > 32 * i):
                far = _mixed(end - 16 * (i + 1), 32 * i + 16)
                total.set(total + _mixed(at, 32 * i, 16 * i) + far)
        body.give(_spread_3(total))
    for i in range(8):
        total.set(total + _mixed(at, 16 * i, 16 * i))
    total.set(_spread_3(total))
    for i in range(8, 15):
        with body.when(size >= 16 * (i + 1)):
            total.set(total + _mixed(at, 16 * (i - 8) + 3, 16 * i))
    total.set(total + _mixed(end - 16, 136 - 17))
    return _spread_3(total)


def _accumulated(at: Word, size: Word) -> list[Variable]:
    """Eight lanes over the stripes of a long text."""
    body = at.body
    lanes = [body.variable(start) for start in _START]
    place, end = body.variable(at), at + size
    secrets = body.table(_SECRET)
    secret, last = body.variable(secrets), secrets + _LAST_SECRET

    def stripe(text: Word, key: Word) -> None:
        words = [text.word(8 * i) for i in range(8)]
        keyed = [word ^ key.word(8 * i) for i, word in enumerate(words)]
        for i, lane in enumerate(lanes):
            lane.set(lane + words[i ^ 1] + (keyed[i] & 0xFFFFFFFF) * (keyed[i] >> 32))

    with body.repeat(lambda: place + _STRIPE < end):
        stripe(place, secret)
        place.set(place + _STRIPE)
        secret.set(secret + 8)
        with body.when(secret >= last):
            for i, lane in enumerate(lanes):
                lane.set((lane ^ (lane >> 47) ^ _secret(_LAST_SECRET + 8 * i)) * _Q[0])
            secret.set(secrets)
    stripe(end - _STRIPE, last - 7)
    return lanes


def _merged(lanes: Sequence[Word], secret: int, start: Word) -> Word:
    total = start
    for i in range(0, 8, 2):
        keys = _secret(secret + 8 * i), _secret(secret + 8 * i + 8)
        total = total + folded_product(lanes[i] ^ keys[0], lanes[i + 1] ^ keys[1])
    return _spread_3(total)


def _long(at: Word, size: Word) -> Word:
    return _merged(_accumulated(at, size), 11, size * _P[0])


_SHORT = Function("short", 64, _short)
_MIDDLE = Function("middle", 64, _middle)
_LONG = Function("long", 64, _long)


def _xx3(at: Word, size: Word) -> Word:
    body = at.body
    for most, function in ((16, _SHORT), (240, _MIDDLE)):
        with body.when(size <= most):
            body.give(body.call(function, at, size))
    return body.call(_LONG, at, size)


# 128 bits --------------------------------------------------------------------------------------

_Pair = tuple[Word, Word]


def _short_128(at: Word, size: Word, give: Callable[[Word, Word], None]) -> None:
    body = at.body
    with body.when(size > 8):
        first, last = at.word(), (at + size - 8).word()
        low, high = (first ^ last ^ (_secret(32) ^ _secret(40))).product(_P[0])
        low = low + ((size - 1) << 54)
        last = last ^ (_secret(48) ^ _secret(56))
        high = high + last + (last & 0xFFFFFFFF) * (_Q[1] - 1)
        low = low ^ high.swapped()
        h_low, h_high = low.product(_P[1])
        give(_spread_3(h_low), _spread_3(h_high + high * _P[1]))
    with body.when((size >= 4) & (size <= 8)):
        both = at.half().long() + ((at + size - 4).half().long() << 32)
        key = both ^ (_secret(16) ^ _secret(24))
        low, high = key.product((size << 2) + _P[0])
        high = high + (low << 1)
        low = low ^ (high >> 3)
        low = (low ^ (low >> 35)) * _MIX
        give(low ^ (low >> 28), _spread_3(high))
    with body.when((size > 0) & (size < 4)):
        three = _three(at, size)
        turned = three.swapped().left(13)
        give(
            _spread(three.long() ^ (_secret(0, 4) ^ _secret(4, 4))),
            _spread(turned.long() ^ (_secret(8, 4) ^ _secret(12, 4))),
        )
    with body.when(size < 1):
        give(
            _spread(body.number(_secret(64) ^ _secret(72))),
            _spread(body.number(_secret(80) ^ _secret(88))),
        )


def _mix_two(sums: tuple[Variable, Variable], first: Word, second: Word, secret: int) -> None:
    low, high = sums
    a, b = _mixed(first, secret), _mixed(second, secret + 16)
    low.set((low + a) ^ (second.word() + second.word(8)))
    high.set((high + b) ^ (first.word() + first.word(8)))


def _middle_128(at: Word, size: Word, give: Callable[[Word, Word], None]) -> None:
    body, end = at.body, at + size
    low, high = sums = body.variable(size * _P[0]), body.variable(0)
    with body.when(size <= 128):
        for i in (3, 2, 1, 0):
            with body.when(size > 32 * i):
                _mix_two(sums, at + 16 * i, end - 16 * (i + 1), 32 * i)
    with body.when(size > 128):
        for i in range(4):
            _mix_two(sums, at + 32 * i, at + (32 * i + 16), 32 * i)
        low.set(_spread_3(low))
        high.set(_spread_3(high))
        for i in range(4, 7):
            with body.when(size >= 32 * (i + 1)):
                _mix_two(sums, at + 32 * i, at + (32 * i + 16), 32 * (i - 4) + 3)
        _mix_two(sums, end - 16, end - 32, 136 - 17 - 16)
    give(
        _spread_3(low + high),
        0 - _spread_3(low * _P[0] + high * _P[3] + size * _P[1]),
    )


def _long_128(at: Word, size: Word, give: Callable[[Word, Word], None]) -> None:
    lanes = _accumulated(at, size)
    high = _merged(lanes, _LAST_SECRET - 11, ~(size * _P[1]))
    give(_merged(lanes, 11, size * _P[0]), high)


def _wide(row: Row, at: Word, size: Word) -> None:
    """The 128 bits, the low word first."""

    def give(low: Word, high: Word) -> None:
        row.result.put(low)
        row.result.put(high, 8)

    body = row.body
    with body.when(size <= 16):
        _short_128(at, size, give)
    with body.when((size > 16) & (size <= 240)):
        _middle_128(at, size, give)
    with body.when(size > 240):
        _long_128(at, size, give)


def _of_text(row: Row) -> None:
    _wide(row, *row.span(0))


UDFS: tuple[Udf, ...] = (
    *hash_udfs("mt_xx3", Function("xx3", 64, _xx3)),
    kernel_udf("mt_xx3_128", ("BLOB",), "BLOB", _of_text, width=16),
)
