"""Digests: MD5, SHA-1 and the SHA-2 family, of several texts side by side.

Each of the texts has a lane, and blocks are taken of all at once until the longest is through: a
text that is through before takes nothing more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from mini_tb.dataclass import dataclass
from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Word
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_SIDE = 32
"""The bytes of what is done side by side. Of twice as many, a processor with registers for them
would make a tenth more, and one without would take the compiler three times as long."""
_NUMBERS = 16
"""How many numbers are digested side by side."""
Words = list[Word]


def _primes(count: int) -> list[int]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def _cube_root(x: int) -> int:
    root = round(x ** (1 / 3))
    while True:
        better = (2 * root + x // (root * root)) // 3
        if abs(better - root) <= 1:
            return max(r for r in range(better - 2, better + 3) if r**3 <= x)
        root = better


_SQUARE_ROOTS = [math.isqrt(p << 128) & ((1 << 64) - 1) for p in _primes(16)]
_CUBE_ROOTS = [_cube_root(p << 192) & ((1 << 64) - 1) for p in _primes(80)]
"""The first 64 bits behind the point."""
_SINES = [int(abs(math.sin(i + 1)) * (1 << 32)) - i // 48 for i in range(64)]
"""What each step of MD5 adds, in the last sixteen less the one by which adding the complement of a
number differs from taking it off."""
MD5_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_SHA512_256_START = (
    0x22312194FC2BF72C,
    0x9F555FA3C84C64C2,
    0x2393B86B6F53B151,
    0x963877195940EABD,
    0x96283EE2A88EFFE3,
    0xBE5E1E2553863992,
    0x2B0199FC2C85B8AA,
    0x0EB72DDC81C52CA2,
)


def choice(b: Word, c: Word, d: Word) -> Word:
    """The bits of `c` where `b` has one, else those of `d`."""
    return d ^ (b & (c ^ d))


def parity(b: Word, c: Word, d: Word) -> Word:
    """The bits that an odd number of the three have."""
    return b ^ c ^ d


def majority(b: Word, c: Word, d: Word) -> Word:
    """The bits that at least two of the three have."""
    return (b & c) | (d & (b | c))


Step = Callable[[Word, Word, Word, Word], Word]
_MD5_ROUNDS: tuple[tuple[Step, tuple[int, ...], int, int], ...] = (
    (lambda a, b, c, d: a + choice(b, c, d), (7, 12, 17, 22), 1, 0),
    (lambda a, b, c, d: a + (c & ~d) + (b & d), (5, 9, 14, 20), 5, 1),
    (lambda a, b, c, d: a + (b ^ (c ^ d)), (4, 11, 16, 23), 3, 5),
    (lambda a, b, c, d: a - (c ^ (d & ~b)), (6, 10, 15, 21), 7, 0),
)
"""What is mixed and added, by how much it is turned, and which word of the block comes next. Of the
sum, `b` is known last: what can be done without it is done before."""
_SHA1_ROUNDS = (
    (choice, 0x5A827999),
    (parity, 0x6ED9EBA1),
    (majority, 0x8F1BBCDC),
    (parity, 0xCA62C1D6),
)
_SHA2 = {
    32: (64, ((7, 18, 3), (17, 19, 10), (2, 13, 22), (6, 11, 25))),
    64: (80, ((1, 8, 7), (19, 61, 6), (28, 34, 39), (14, 18, 41))),
}
"""The rounds of SHA-2 by the bits of its words, and by how much words are turned in them."""


def _read(at: Word, bits: int, offset: int, lanes: int = 1) -> Word:
    """A word of so many bits."""
    return at.word(offset, lanes) if bits == 64 else at.half(offset, lanes)


def _md5_block(state: Words, block: Sequence[Word | int]) -> Words:
    a, b, c, d = state
    for i, sine in enumerate(_SINES):
        mix, turns, step, first = _MD5_ROUNDS[i // 16]
        total = mix(a + (block[(i * step + first) % 16] + sine), b, c, d)
        a, b, c, d = d, b + total.left(turns[i % 4]), b, c
    return [a, b, c, d]


def _sha1_block(state: Words, block: Words) -> Words:
    """Loops of sixteen words and of five steps: written out, they would take the compiler two to
    five times as long."""
    body, lanes = block[0].body, block[0].lanes
    words, room = [body.variable(word) for word in state], body.room(80 * _SIDE)
    place = body.variable(room)

    def until(count: int) -> AbstractContextManager[None]:
        return body.repeat(lambda: place < room + count * _SIDE)

    for i, word in enumerate(block):
        place.put(word, _SIDE * i)
    with until(64):
        # The sixteen words before, and those that are made here.
        w = [_read(place, 32, _SIDE * i, lanes) for i in range(16)]
        for i in range(16, 32):
            w.append((w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).left(1))
            place.put(w[i], _SIDE * i)
        place.set(place + 16 * _SIDE)
    place.set(room)
    for i, (mix, constant) in enumerate(_SHA1_ROUNDS):
        with until(20 * (i + 1)):
            a, b, c, d, e = [word.now() for word in words]
            for j in range(5):
                added = _read(place, 32, _SIDE * j, lanes) + constant
                a, b, c, d, e = a.left(5) + mix(b, c, d) + (e + added), a, b.left(30), c, d
            for variable, word in zip(words, (a, b, c, d, e), strict=True):
                variable.set(word)
            place.set(place + 5 * _SIDE)
    return [*words]


def _sha2_block(state: Words, block: Words) -> Words:
    """A loop of sixteen rounds: written out, they would take the compiler several times as long."""
    body, bits = block[0].body, block[0].bits
    rounds, turns = _SHA2[bits]
    size = bits // 8

    def spread(x: Word, by: tuple[int, int, int]) -> Word:
        return x.right(by[0]) ^ x.right(by[1]) ^ (x >> by[2])

    def turned(x: Word, by: tuple[int, int, int]) -> Word:
        return x.right(by[0]) ^ x.right(by[1]) ^ x.right(by[2])

    w = [body.variable(word) for word in block]
    words = [body.variable(word) for word in state]
    table = body.table(_roots(bits))
    root, end = body.variable(table), table + size * rounds
    with body.repeat(lambda: root < end):
        a, b, c, d, e, f, g, h = [word.now() for word in words]
        differing = b ^ c
        for i in range(16):
            first = h + turned(e, turns[3]) + choice(e, f, g) + (w[i] + _read(root, bits, size * i))
            # The majority of a, b and c is b, unless both of the others differ from it.
            before, differing = differing, a ^ b
            second = turned(a, turns[2]) + (b ^ (differing & before))
            a, b, c, d, e, f, g, h = first + second, a, b, c, d + first, e, f, g
        for variable, word in zip(words, (a, b, c, d, e, f, g, h), strict=True):
            variable.set(word)
        root.set(root + 16 * size)
        with body.when(root < end):
            for i in range(16):
                more = spread(w[(i + 1) % 16], turns[0]) + spread(w[(i + 14) % 16], turns[1])
                w[i].set(w[i] + w[(i + 9) % 16] + more)
    return [*words]


def _roots(bits: int) -> bytes:
    """What each round of SHA-2 adds."""
    rounds, _ = _SHA2[bits]
    roots = _CUBE_ROOTS[:rounds]
    return b"".join((root >> 64 - bits).to_bytes(bits // 8, "little") for root in roots)


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest: the words it begins with, what a block adds to them, and their width in bits."""

    start: tuple[int, ...]
    block: Callable[[Words, Words], Words]
    bits: int = 32
    big_endian: bool = True

    @property
    def lanes(self) -> int:
        """How many texts are digested side by side."""
        return 8 * _SIDE // self.bits

    @property
    def _width(self) -> int:
        """The bytes of a block."""
        return 2 * self.bits

    def _ordered(self, word: Word) -> Word:
        return word.swapped() if self.big_endian else word

    def _put(self, to: Word, eight: Word) -> None:
        """Lay eight bytes down as words of a lane."""
        for i, word in enumerate([eight] if self.bits == 64 else eight.halves()):
            to.put(word, _SIDE * i)

    def _lay(self, to: Word, at: Word, size: Word, first: Word) -> None:
        """Lay a block of a text down as the words of a lane, from the byte `first` of the text on.
        Behind the text follow a bit, zeros, and at the end of a block its length in bits."""
        body, width = at.body, self._width
        eight = _SIDE * 64 // self.bits
        with body.when(first <= size):
            start, place = body.variable(at + first), body.variable(to)
            left = body.variable((size - first).least(width))
            with body.repeat(lambda: left >= 8):
                self._put(place, start.word())
                start.set(start + 8)
                place.set(place + eight)
                left.set(left - 8)
            with body.when(size - first < width):
                behind = left << 3
                kept = start.word() & ((body.number(1) << behind) - 1)
                self._put(place, kept | (body.number(0x80) << behind))
        with body.when(size + self.bits // 4 < first + width):
            self._put(to + eight * (width // 8 - 1), self._ordered(size << 3))

    def lay_words(self, row: Row, to: Word) -> None:
        """Lay down the words of as many texts as there are lanes, of each word all lanes."""
        body, lanes, bits, width = row.body, self.lanes, self.bits, self._width
        block, taking = body.room(16 * _SIDE), body.room(_SIDE)
        words = [body.variable(body.number(word, bits, lanes)) for word in self.start]
        first, more = body.variable(0), body.variable(1, 32)
        with body.repeat(lambda: more > 0):
            more.set(0)
            for i in range(16):
                block.put(body.number(0, bits, lanes), _SIDE * i)
            lane = body.variable(0)
            with body.repeat(lambda: lane < row.count.least(lanes)):
                at, size = row.span(0, lane)
                place = lane * (bits // 8)
                self._lay(block + place, at, size, first)
                end = size + bits // 4 + 1
                takes = first < end
                (taking + place).put(0 - (takes.long() if bits == 64 else takes))
                more.set(more | (first + width < end))
                lane.set(lane + 1)
            found = [self._ordered(_read(block, bits, _SIDE * i, lanes)) for i in range(16)]
            new = self.block([word.now() for word in words], found)
            taken = _read(taking, bits, 0, lanes)
            for word, added in zip(words, new, strict=True):
                word.set(word + (added & taken))
            first.set(first + width)
        for i, word in enumerate(words):
            to.put(self._ordered(word), _SIDE * i)


_MD5 = Digest(MD5_START, _md5_block, big_endian=False)
SHA1_START = (*MD5_START, 0xC3D2E1F0)
_SHA1 = Digest(SHA1_START, _sha1_block)


def _sha2(start: Sequence[int], bits: int) -> Digest:
    return Digest(tuple(start), _sha2_block, bits)


_SHA224 = _sha2([root & 0xFFFF_FFFF for root in _SQUARE_ROOTS[8:]], 32)
_SHA256 = _sha2([root >> 32 for root in _SQUARE_ROOTS[:8]], 32)
_SHA384 = _sha2(_SQUARE_ROOTS[8:], 64)
_SHA512 = _sha2(_SQUARE_ROOTS[:8], 64)
_SHA512_256 = _sha2(_SHA512_256_START, 64)


def _udf(
    name: str,
    digest: Digest,
    returns: str,
    width: int,
    emit: Callable[[Word, Words], None],
) -> Udf:
    """What is emitted of the digest of a text."""

    def of_rows(row: Row) -> None:
        body, count, size = row.body, len(digest.start), digest.bits // 8
        words = body.room(_SIDE * count)
        digest.lay_words(row, words)
        place, result = body.variable(words), body.variable(row.result)
        with body.repeat(lambda: place < words + _SIDE):
            emit(result, [_read(place, digest.bits, _SIDE * i) for i in range(count)])
            place.set(place + size)
            result.set(result + width)

    return kernel_udf(name, ("BLOB",), returns, of_rows, width=width, rows=digest.lanes)


def digest_udf(name: str, digest: Digest, width: int) -> Udf:
    """The function that digests texts; its answer has so many bytes."""
    step = digest.bits // 8

    def emit(to: Word, words: Words) -> None:
        for i, word in enumerate(words[: width // step]):
            to.put(word, step * i)

    return _udf(name, digest, "BLOB", width, emit)


def _half(words: Words) -> Word:
    """The first eight bytes of MD5 as a number, the first the highest."""
    return words[0].joined(words[1]).swapped()


def _half_of_width(width: int) -> Udf:
    """Of numbers of so many bytes."""

    def of_rows(row: Row) -> None:
        low, high = row.number(0, _NUMBERS).halves()
        words = [low, high] if width == 8 else [low]
        block: list[Word | int] = [*words, *[0] * (14 - len(words)), 8 * width, 0]
        block[width // 4] = block[width // 4] | 0x80 << 8 * width % 32
        state = [row.body.number(word, 32, _NUMBERS) for word in MD5_START]
        new = [a + b for a, b in zip(state, _md5_block(state, block), strict=True)]
        row.result.put(_half(new))

    name = f"mt_half_md5_bits_{width}"
    return kernel_udf(name, ("UBIGINT",), "UBIGINT", of_rows, rows=_NUMBERS)


UDFS = (
    digest_udf("mt_md5", _MD5, 16),
    digest_udf("mt_sha1", _SHA1, 20),
    digest_udf("mt_sha224", _SHA224, 28),
    digest_udf("mt_sha256", _SHA256, 32),
    digest_udf("mt_sha384", _SHA384, 48),
    digest_udf("mt_sha512", _SHA512, 64),
    digest_udf("mt_sha512_256", _SHA512_256, 32),
    _udf("mt_half_md5", _MD5, "UBIGINT", 8, lambda to, words: to.put(_half(words))),
    *map(_half_of_width, (1, 2, 4, 8)),
)
