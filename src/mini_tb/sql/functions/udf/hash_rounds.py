"""Older digests of MD5's family: MD4 and RIPEMD-160."""

from __future__ import annotations

from collections.abc import Callable

from mini_tb.sql.functions.udf.hash_digest import (
    MD5_START,
    SHA1_START,
    Digest,
    Words,
    choice,
    digest_udf,
    majority,
    parity,
)
from mini_tb.sql.functions.udf.kernel import Word

Mix = Callable[[Word, Word, Word], Word]

_MD4_ROUNDS: tuple[tuple[Mix, int, tuple[int, ...], tuple[int, ...]], ...] = (
    (choice, 0, (3, 7, 11, 19), tuple(range(16))),
    (majority, 0x5A827999, (3, 5, 9, 13), tuple(i % 4 * 4 + i // 4 for i in range(16))),
    (parity, 0x6ED9EBA1, (3, 9, 11, 15), (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15)),
)
"""What is mixed, what is added, by how much it is turned, and the order of the block's words."""


def _md4_block(state: Words, block: Words) -> Words:
    a, b, c, d = state
    for mix, constant, turns, order in _MD4_ROUNDS:
        for i, place in enumerate(order):
            total = a + mix(b, c, d) + block[place] + constant
            a, b, c, d = d, total.left(turns[i % 4]), b, c
    return [a, b, c, d]


# RIPEMD-160 is two lines of five rounds, side by side. -------------------------------------------

_MIXES: tuple[Mix, ...] = (
    parity,
    choice,
    lambda x, y, z: (x | ~y) ^ z,
    lambda x, y, z: choice(z, x, y),
    lambda x, y, z: x ^ (y | ~z),
)
_ADDED = (0, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E)
_ADDED_RIGHT = (0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0)
_STEP = (7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8)
"""Each round takes the words in the order of the one before, permuted by this."""
_TURNS = (
    (11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8),
    (12, 13, 11, 15, 6, 9, 9, 7, 12, 15, 11, 13, 7, 8, 7, 7),
    (13, 15, 14, 11, 7, 7, 6, 8, 13, 14, 13, 12, 5, 5, 6, 9),
    (14, 11, 12, 14, 8, 6, 5, 5, 15, 12, 15, 14, 9, 9, 8, 6),
    (15, 12, 13, 13, 9, 5, 8, 6, 14, 11, 12, 11, 8, 6, 5, 5),
)
"""By how much each word of the block is turned, in each round."""


def _line(
    state: Words, block: Words, order: list[int], mixes: tuple[Mix, ...], added: tuple[int, ...]
) -> Words:
    a, b, c, d, e = state
    for turns, mix, constant in zip(_TURNS, mixes, added, strict=True):
        for place in order:
            total = a + mix(b, c, d) + block[place] + constant
            a, b, c, d, e = e, total.left(turns[place]) + e, b, c.left(10), d
        order = [_STEP[place] for place in order]
    return [a, b, c, d, e]


def _ripemd_block(state: Words, block: Words) -> Words:
    a, b, c, d, e = _line(state, block, list(range(16)), _MIXES, _ADDED)
    right = [(9 * i + 5) % 16 for i in range(16)]
    u, v, w, x, y = _line(state, block, right, _MIXES[::-1], _ADDED_RIGHT)
    p, q, r, s, t = state
    # The words move on by one; what the digest adds to each is taken off.
    return [q + c + x - p, r + d + y - q, s + e + u - r, t + a + v - s, p + b + w - t]


UDFS = (
    digest_udf("mt_md4", Digest(MD5_START, _md4_block, big_endian=False), 16),
    digest_udf("mt_ripemd160", Digest(SHA1_START, _ripemd_block, big_endian=False), 20),
)
