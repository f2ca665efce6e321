"""Digests: MD5, SHA-1 and the SHA-2 family, as many texts side by side as there are lanes."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Function, Variable, Word
from mini_tb.sql.functions.udf.machine import SCRATCH, TABLES, Row, abreast, kernel_udf

# A number to digest may lie at the beginning.
_STATE, _REST = SCRATCH + 64, SCRATCH + 128
_GROUPS = (4, 4, 4, 1)
"""How numbers are digested abreast: three vectors and a word keep all parts of a processor busy."""
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
    (lambda a, b, c, d: a + c.without(d) + (b & d), (5, 9, 14, 20), 5, 1),
    (lambda a, b, c, d: a + (b ^ (c ^ d)), (4, 11, 16, 23), 3, 5),
    (lambda a, b, c, d: a - (c ^ d.without(b)), (6, 10, 15, 21), 7, 0),
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


def _md5_block(state: Words, block: Sequence[Word | int]) -> Words:
    a, b, c, d = state
    for i, sine in enumerate(_SINES):
        mix, turns, step, first = _MD5_ROUNDS[i // 16]
        total = mix(a + (block[(i * step + first) % 16] + sine), b, c, d)
        a, b, c, d = d, b + total.left(turns[i % 4]), b, c
    return [a, b, c, d]


def _sha1_block(state: Words, block: Words) -> Words:
    w = [*block]
    for i in range(16, 80):
        w.append((w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).left(1))
    a, b, c, d, e = state
    for i, word in enumerate(w):
        mix, constant = _SHA1_ROUNDS[i // 20]
        a, b, c, d, e = a.left(5) + mix(b, c, d) + e + constant + word, a, b.left(30), c, d
    return [a, b, c, d, e]


def _sha2_block(state: Words, block: Words) -> Words:
    """Sixteen rounds, and a loop of sixteen more: in one straight run they are 30 kB of program,
    which takes SHA-512 a tenth longer."""
    body = block[0].body
    rounds, turns = _SHA2[block[0].bits]

    def spread(x: Word, by: tuple[int, int, int]) -> Word:
        return x.right(by[0]) ^ x.right(by[1]) ^ (x >> by[2])

    def turned(x: Word, by: tuple[int, int, int]) -> Word:
        return x.right(by[0]) ^ x.right(by[1]) ^ x.right(by[2])

    w = [body.variable(word) for word in block]
    words = [body.variable(word) for word in state]
    root = body.variable(TABLES, 32)

    def sixteen(*, further: bool) -> None:
        a, b, c, d, e, f, g, h = [word.now() for word in words]
        differing = b ^ c
        for i in range(16):
            if further:
                more = spread(w[(i + 1) % 16], turns[0]) + spread(w[(i + 14) % 16], turns[1])
                w[i].set(w[i] + w[(i + 9) % 16] + more)
            first = h + turned(e, turns[3]) + choice(e, f, g) + root.like(h, 16 * i) + w[i]
            # The majority of a, b and c is b, unless both of the others differ from it.
            before, differing = differing, a ^ b
            second = turned(a, turns[2]) + (b ^ (differing & before))
            a, b, c, d, e, f, g, h = first + second, a, b, c, d + first, e, f, g
        for variable, word in zip(words, (a, b, c, d, e, f, g, h), strict=True):
            variable.set(word)
        root.set(root + 16 * 16)

    sixteen(further=False)
    with body.repeat(lambda: root < TABLES + 16 * rounds):
        sixteen(further=True)
    return [*words]


def _roots(bits: int) -> dict[int, bytes]:
    """What each round of SHA-2 adds, in each lane."""
    rounds, _ = _SHA2[bits]
    roots = [(root >> 64 - bits).to_bytes(bits // 8, "little") for root in _CUBE_ROOTS[:rounds]]
    return {TABLES: b"".join(root * (128 // bits) for root in roots)}


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest: the words it begins with, what a block does to them, and their width in bits."""

    start: tuple[int, ...]
    block: Callable[[Words, Words], Words]
    bits: int = 32
    big_endian: bool = True
    tables: Callable[[], Mapping[int, bytes]] = dict

    def _ordered(self, word: Word) -> Word:
        return word.swapped() if self.big_endian else word

    def _read(self, at: Word, index: int) -> Word:
        return at.word(8 * index) if self.bits == 64 else at.half(4 * index)

    def _take(self, at: Word) -> Word:
        """Take the block at an address into the state."""
        place = at.body.number(_STATE, 32)
        state = [self._read(place, i) for i in range(len(self.start))]
        block = [self._ordered(self._read(at, i)) for i in range(16)]
        for i, (old, new) in enumerate(zip(state, self.block(state, block), strict=True)):
            place.put(old + new, self.bits // 8 * i)
        return place

    def _lay(self, at: Word, size: Word, to: Word, blocks: int) -> Variable:
        """Lay down what is left of a text, a bit, zeros, and the length in bits at the end of a
        block: the one whose end is given."""
        body, width = at.body, 2 * self.bits
        for i in range(blocks * width // 8):
            to.put(body.number(0), 8 * i)
        stop, left = body.variable(to + width), body.variable(size & (width - 1))
        if blocks > 1:
            with body.when(left >= width - self.bits // 4):
                stop.set(stop + width)
        start = body.variable(at + (size & -width))
        place = body.variable(to)
        with body.repeat(lambda: left >= 8):
            place.put(start.word())
            start.set(start + 8)
            place.set(place + 8)
            left.set(left - 8)
        behind = left.long() << 3
        kept = start.word() & ((body.number(1) << behind) - 1)
        place.put(kept | (body.number(0x80) << behind))
        (stop - 8).put(self._ordered(size.long() << 3))
        return stop

    def _whole(self, at: Word, size: Word) -> Word:
        """Leave the words of a text as the state."""
        body, width = at.body, 2 * self.bits
        take = Function("take", (32,), 32, self._take)
        place, rest = body.number(_STATE, 32), body.number(_REST, 32)
        for i, word in enumerate(self.start):
            place.put(body.number(word, self.bits), self.bits // 8 * i)
        to, end = body.variable(at), at + (size & -width)
        with body.repeat(lambda: to < end):
            body.call(take, to)
            to.set(to + width)
        stop = self._lay(at, size, rest, 2)
        to.set(rest)
        with body.repeat(lambda: to < stop):
            body.call(take, to)
            to.set(to + width)
        return place

    def words(self, at: Word, size: Word) -> Words:
        """The words of a text."""
        place = at.body.call(Function("whole", (32, 32), 32, self._whole), at, size)
        return [self._ordered(self._read(place, i)) for i in range(len(self.start))]

    @property
    def lanes(self) -> int:
        """How many texts are digested side by side."""
        return 128 // self.bits

    def abreast(self, texts: Sequence[tuple[Word, Word]]) -> Words:
        """The words of as many texts as there are lanes, side by side; each text is one block."""
        body, width = texts[0][0].body, 2 * self.bits
        places = [body.number(_REST + i * width, 32) for i in range(self.lanes)]
        for (at, size), place in zip(texts, places, strict=True):
            self._lay(at, size, place, 1)
        block = [
            self._ordered(body.beside([self._read(place, i) for place in places]))
            for i in range(16)
        ]
        state = [body.number(word, self.bits, self.lanes) for word in self.start]
        new = self.block(state, block)
        return [self._ordered(a + b) for a, b in zip(state, new, strict=True)]


_MD5 = Digest(MD5_START, _md5_block, big_endian=False)
SHA1_START = (*MD5_START, 0xC3D2E1F0)
_SHA1 = Digest(SHA1_START, _sha1_block)


def _sha2(start: Sequence[int], bits: int) -> Digest:
    return Digest(tuple(start), _sha2_block, bits, tables=lambda: _roots(bits))


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
    emit: Callable[[Word, Words, int], None],
) -> Udf:
    """What is emitted of the digest of a text."""

    def one(row: Row) -> None:
        emit(row.result, digest.words(*row.span(0)), 0)

    def several(row: Row) -> None:
        body, texts = row.body, [row.span(0, i) for i in range(digest.lanes)]
        most = digest.bits * 2 - digest.bits // 4
        small = functools.reduce(lambda a, b: a & b, [size < most for _, size in texts])
        with body.when(small):
            words = digest.abreast(texts)
            for i in range(digest.lanes):
                emit(row.result, [word.lane(i) for word in words], i * width)
        with body.when(small ^ 1):
            for i, (at, size) in enumerate(texts):
                emit(row.result, digest.words(at, size), i * width)

    return kernel_udf(
        name,
        ("BLOB",),
        returns,
        one,
        width=width,
        tables=digest.tables,
        several=(digest.lanes, several),
    )


def digest_udf(name: str, digest: Digest, width: int) -> Udf:
    """The function that digests texts; its answer has so many bytes."""

    def emit(to: Word, words: Words, offset: int) -> None:
        step = digest.bits // 8
        for i, word in enumerate(words[: width // step]):
            to.put(word, offset + step * i)

    return _udf(name, digest, "BLOB", width, emit)


def _half(words: Words) -> Word:
    """The first eight bytes of MD5 as a number, the first the highest."""
    return words[0].joined(words[1]).swapped()


def _emit_half(to: Word, words: Words, offset: int) -> None:
    to.put(_half(words), offset)


def _half_of_width(width: int) -> Udf:
    """Of numbers of so many bytes."""

    def of_rows(row: Row, lanes: int, ahead: int) -> None:
        low, high = row.number(0, lanes, ahead).halves()
        words = [low, high] if width == 8 else [low]
        block: list[Word | int] = [*words, *[0] * (14 - len(words)), 8 * width, 0]
        block[width // 4] = block[width // 4] | 0x80 << 8 * width % 32
        state = [row.body.number(word, 32, lanes) for word in MD5_START]
        new = [a + b for a, b in zip(state, _md5_block(state, block), strict=True)]
        row.result.put(_half(new), 8 * ahead)

    return kernel_udf(
        f"mt_half_md5_bits_{width}",
        ("UBIGINT",),
        "UBIGINT",
        lambda row: of_rows(row, 1, 0),
        several=abreast(_GROUPS, of_rows),
    )


UDFS = (
    digest_udf("mt_md5", _MD5, 16),
    digest_udf("mt_sha1", _SHA1, 20),
    digest_udf("mt_sha224", _SHA224, 28),
    digest_udf("mt_sha256", _SHA256, 32),
    digest_udf("mt_sha384", _SHA384, 48),
    digest_udf("mt_sha512", _SHA512, 64),
    digest_udf("mt_sha512_256", _SHA512_256, 32),
    _udf("mt_half_md5", _MD5, "UBIGINT", 8, _emit_half),
    *map(_half_of_width, (1, 2, 4, 8)),
)
