"""SipHash-2-4 of texts, numbers, and hashes behind each other; its 128 bits in both versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mini_tb.dataclass import dataclass
from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Function, Variable, Word
from mini_tb.sql.functions.udf.machine import SPARE, Row, kernel_udf

_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_NUMBERS = 8
"""How many numbers are hashed side by side."""
State = list[Variable]
Hash = Callable[[State, Callable[[], None]], tuple[Word, ...]]
"""What a state comes to that takes a value when told to."""


def _rounds(state: State, count: int) -> None:
    v0, v1, v2, v3 = words = [word.now() for word in state]
    for _ in range(count):
        v0 = v0 + v1
        v1 = v1.left(13) ^ v0
        v2 = v2 + v3
        v3 = v3.left(16) ^ v2
        v0 = v0.left(32) + v3
        v3 = v3.left(21) ^ v0
        v2 = v2 + v1
        v1 = v1.left(17) ^ v2
        v2 = v2.left(32)
        words = [v0, v1, v2, v3]
    for variable, word in zip(state, words, strict=True):
        variable.set(word)


def _start(k0: Word, k1: Word) -> State:
    keys = (k0, k1, k0, k1)
    return [key.body.variable(key ^ start) for key, start in zip(keys, _START, strict=True)]


def _take(state: State, word: Word | int) -> None:
    """Take eight bytes into the state."""
    state[3].set(state[3] ^ word)
    _rounds(state, 2)
    state[0].set(state[0] ^ word)


def _take_text(state: State, at: Word, size: Word) -> None:
    """Take a text into the state, and its length."""
    body = at.body
    place, last = body.variable(at), at + (size & -8)
    with body.repeat(lambda: place < last):
        _take(state, place.word())
        place.set(place + 8)
    kept = (body.number(1) << ((size & 7) << 3)) - 1
    _take(state, (last.word() & kept) | (size << 56))


def _take_number(state: State, number: Word, width: int) -> None:
    """Take the bytes of a number into the state, and how many they are."""
    if width == 8:
        _take(state, number)
        _take(state, 8 << 56)
    else:
        _take(state, number | width << 56)


def _finish(state: State, mark: int) -> None:
    state[2].set(state[2] ^ mark)
    _rounds(state, 4)


def _joined(state: State) -> Word:
    v0, v1, v2, v3 = state
    return v0 ^ v1 ^ v2 ^ v3


def _hash64(state: State, take: Callable[[], None]) -> tuple[Word]:
    take()
    _finish(state, 0xFF)
    return (_joined(state),)


def _own_128(state: State, take: Callable[[], None]) -> tuple[Word, Word]:
    """ClickHouse's own 128 bits."""
    take()
    _finish(state, 0xFF)
    return state[0] ^ state[1], state[2] ^ state[3]


def _reference_128(state: State, take: Callable[[], None]) -> tuple[Word, Word]:
    """The 128 bits of the reference."""
    state[1].set(state[1] ^ 0xEE)
    take()
    _finish(state, 0xEE)
    low = _joined(state)
    state[1].set(state[1] ^ 0xDD)
    _finish(state, 0)
    return low, _joined(state)


def _sip(at: Word, size: Word, k0: Word, k1: Word) -> Word:
    state = _start(k0, k1)
    return _hash64(state, lambda: _take_text(state, at, size))[0]


def _pair(a: Word, b: Word, k0: Word, k1: Word) -> Word:
    """Of two hashes, one behind the other."""
    state = _start(k0, k1)

    def take() -> None:
        for word in (a, b, 16 << 56):
            _take(state, word)

    return _hash64(state, take)[0]


_SIP = Function("sip", 64, _sip)
_PAIR = Function("pair", 64, _pair)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is done for a row: with a key in the last two columns, or with the key 0, for columns
    of constants cost time."""

    keyed: bool

    def _keys(self, row: Row, first: int) -> tuple[Word, Word]:
        if self.keyed:
            return row.number(first), row.number(first + 1)
        return row.body.number(0), row.body.number(0)

    def _text(self, row: Row) -> tuple[Word, ...]:
        return *row.span(0), *self._keys(row, 1)

    def _number(self, row: Row) -> tuple[Word, ...]:
        """A number and its width, in bytes."""
        place = row.body.room(8 + SPARE)
        place.put(row.number(0))
        return place, row.number(1), *self._keys(row, 2)

    def of_text(self, row: Row) -> None:
        row.result.put(row.body.call(_SIP, *self._text(row)))

    def of_number(self, row: Row) -> None:
        row.result.put(row.body.call(_SIP, *self._number(row)))

    def of_pair(self, row: Row) -> None:
        row.result.put(row.body.call(_PAIR, row.number(0), row.number(1), *self._keys(row, 2)))

    def of_list(self, row: Row) -> None:
        """The hashes of elements, joined one after the other to the hash before them."""
        body, (start, count) = row.body, row.span(1)
        at, end = body.variable(start), start + (count << 3)
        joined = body.variable(row.number(0))
        with body.repeat(lambda: at < end):
            joined.set(body.call(_PAIR, joined, at.word(), *self._keys(row, 2)))
            at.set(at + 8)
        row.result.put(joined)

    def wide(self, hashed: Hash, *, text: bool) -> Callable[[Row], None]:
        """A hash of 128 bits, of texts or of numbers."""

        def of_row(row: Row) -> None:
            at, size, *keys = self._text(row) if text else self._number(row)
            state = _start(*keys)
            words = hashed(state, lambda: _take_text(state, at, size))
            for i, word in enumerate(words):
                row.result.put(word, 8 * i)

        return of_row


def _of_width(name: str, hashed: Hash, returns: str, size: int, width: int) -> Udf:
    """Numbers of one width, with the key 0; a hash has so many bytes."""

    def of_rows(row: Row) -> None:
        body, number = row.body, row.number(0, _NUMBERS)
        state = [body.variable(body.number(start, 64, _NUMBERS)) for start in _START]
        first, *second = hashed(state, lambda: _take_number(state, number, width))
        row.result.put(first.followed(*second) if second else first)

    name = f"{name}_bits_{width}"
    return kernel_udf(name, ("UBIGINT",), returns, of_rows, width=size, rows=_NUMBERS)


_WIDE: dict[str, Hash] = {"mt_sip128": _own_128, "mt_sip128_reference": _reference_128}


def _udfs(rows: _Rows) -> Iterator[Udf]:
    end, keys = ("_keyed", ("UBIGINT", "UBIGINT")) if rows.keyed else ("", ())
    text, number = ("BLOB", *keys), ("UBIGINT", "UBIGINT", *keys)
    yield kernel_udf(f"mt_sip{end}", text, "UBIGINT", rows.of_text)
    yield kernel_udf(f"mt_sip_pair{end}", number, "UBIGINT", rows.of_pair)
    yield kernel_udf(f"mt_sip_fold{end}", ("UBIGINT", "UBIGINT[]", *keys), "UBIGINT", rows.of_list)
    for name, of in _WIDE.items():
        yield kernel_udf(f"{name}{end}", text, "BLOB", rows.wide(of, text=True), width=16)
    if rows.keyed:
        yield kernel_udf("mt_sip_bits_keyed", number, "UBIGINT", rows.of_number)
        for name, of in _WIDE.items():
            of_number = rows.wide(of, text=False)
            yield kernel_udf(f"{name}_bits_keyed", number, "BLOB", of_number, width=16)
    else:
        for width in (1, 2, 4, 8):
            yield _of_width("mt_sip", _hash64, "UBIGINT", 8, width)
            for name, of in _WIDE.items():
                yield _of_width(name, of, "BLOB", 16, width)


UDFS = (*_udfs(_Rows(keyed=False)), *_udfs(_Rows(keyed=True)))
