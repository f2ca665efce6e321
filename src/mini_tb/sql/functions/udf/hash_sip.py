"""SipHash-2-4 of texts, numbers, and hashes behind each other; its 128 bits in both versions."""

from __future__ import annotations

from collections.abc import Callable

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Body, Function, Variable, Word
from mini_tb.sql.functions.udf.machine import SCRATCH, Row, kernel_udf

_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
State = list[Variable]


def _rounds(state: State, count: int) -> None:
    v0, v1, v2, v3 = words = [word + 0 for word in state]
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


def _start(body: Body, k0: Word, k1: Word) -> State:
    keys = (k0, k1, k0, k1)
    return [body.variable(key ^ start) for key, start in zip(keys, _START, strict=True)]


def _take(state: State, word: Word) -> None:
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
    kept = (body.number(1) << ((size.long() & 7) << 3)) - 1
    _take(state, (last.word() & kept) | (size.long() << 56))


def _finish(state: State, mark: int) -> None:
    state[2].set(state[2] ^ mark)
    _rounds(state, 4)


def _joined(state: State) -> Word:
    v0, v1, v2, v3 = state
    return v0 ^ v1 ^ v2 ^ v3


def _hash64(state: State) -> Word:
    _finish(state, 0xFF)
    return _joined(state)


def _sip(at: Word, size: Word, k0: Word, k1: Word) -> Word:
    state = _start(at.body, k0, k1)
    _take_text(state, at, size)
    return _hash64(state)


def _pair(a: Word, b: Word, k0: Word, k1: Word) -> Word:
    """Of two hashes, one behind the other."""
    state = _start(a.body, k0, k1)
    for word in (a, b, a.body.number(16 << 56)):
        _take(state, word)
    return _hash64(state)


_SIP = Function("sip", (32, 32, 64, 64), 64, _sip)
_PAIR = Function("pair", (64, 64, 64, 64), 64, _pair)


def _udfs(*, keyed: bool) -> tuple[Udf, ...]:
    """With a key in the last two columns, or with the key 0: columns of constants cost time."""

    def keys(row: Row, first: int) -> tuple[Word, Word]:
        if keyed:
            return row.number(first), row.number(first + 1)
        return row.body.number(0), row.body.number(0)

    def of_text(row: Row) -> None:
        row.result.put(row.body.call(_SIP, *row.span(0), *keys(row, 1)))

    def of_number(row: Row, size: Word, first: int) -> None:
        place = row.body.number(SCRATCH, 32)
        place.put(row.number(0))
        row.result.put(row.body.call(_SIP, place, size, *keys(row, first)))

    def of_pair(row: Row) -> None:
        row.result.put(row.body.call(_PAIR, row.number(0), row.number(1), *keys(row, 2)))

    def of_list(row: Row) -> None:
        """The hashes of elements, joined one after the other to the hash before them."""
        body, (start, count) = row.body, row.span(1)
        at, end = body.variable(start), start + (count << 3)
        joined = body.variable(row.number(0))
        with body.repeat(lambda: at < end):
            joined.set(body.call(_PAIR, joined, at.word(), *keys(row, 2)))
            at.set(at + 8)
        row.result.put(joined)

    def of_text_128(row: Row) -> None:
        """ClickHouse's own 128 bits."""
        state = _start(row.body, *keys(row, 1))
        _take_text(state, *row.span(0))
        _finish(state, 0xFF)
        row.result.put(state[0] ^ state[1])
        row.result.put(state[2] ^ state[3], 8)

    def of_text_reference(row: Row) -> None:
        """The 128 bits of the reference."""
        state = _start(row.body, *keys(row, 1))
        state[1].set(state[1] ^ 0xEE)
        _take_text(state, *row.span(0))
        _finish(state, 0xEE)
        row.result.put(_joined(state))
        state[1].set(state[1] ^ 0xDD)
        _finish(state, 0)
        row.result.put(_joined(state), 8)

    def of_number_of(width: int) -> Callable[[Row], None]:
        return lambda row: of_number(row, row.body.number(width, 32), 1)

    def of_number_wide(row: Row) -> None:
        of_number(row, row.number(1).short(), 2)

    more = ("UBIGINT", "UBIGINT") if keyed else ()
    suffix = "_keyed" if keyed else ""
    if keyed:
        bits = [
            kernel_udf(
                "mt_sip_bits_keyed", ("UBIGINT", "UBIGINT", *more), "UBIGINT", of_number_wide
            )
        ]
    else:
        bits = [
            kernel_udf(f"mt_sip_bits_{width}", ("UBIGINT",), "UBIGINT", of_number_of(width))
            for width in (1, 2, 4, 8)
        ]
    return (
        *bits,
        kernel_udf(f"mt_sip{suffix}", ("BLOB", *more), "UBIGINT", of_text),
        kernel_udf(f"mt_sip_pair{suffix}", ("UBIGINT", "UBIGINT", *more), "UBIGINT", of_pair),
        kernel_udf(f"mt_sip_fold{suffix}", ("UBIGINT", "UBIGINT[]", *more), "UBIGINT", of_list),
        kernel_udf(f"mt_sip128{suffix}", ("BLOB", *more), "BLOB", of_text_128, width=16),
        kernel_udf(
            f"mt_sip128_reference{suffix}", ("BLOB", *more), "BLOB", of_text_reference, width=16
        ),
    )


UDFS = (*_udfs(keyed=False), *_udfs(keyed=True))
