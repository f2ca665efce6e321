"""Keccak-256, as it was before it became SHA-3."""

from __future__ import annotations

from mini_tb.sql.functions.udf.kernel import Variable
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_BLOCK, _WORDS, _SIZE = 136, 17, 32
_ROUNDS = 24


def _bits() -> list[int]:
    """What a register of eight bits gives, turned once a step."""
    found, register = [], 1
    for _ in range(7 * _ROUNDS):
        found.append(register & 1)
        register = (register << 1) ^ (0x171 if register & 0x80 else 0)
    return found


def _constants() -> bytes:
    """What each round adds to the first word."""
    bits = _bits()
    rounds = (bits[7 * i : 7 * i + 7] for i in range(_ROUNDS))
    words = (sum(bit << (1 << j) - 1 for j, bit in enumerate(each)) for each in rounds)
    return b"".join(word.to_bytes(8, "little") for word in words)


def _walk() -> list[tuple[int, int, int]]:
    """Where each word but the first goes, from where, and by how much it is turned."""
    found, x, y = [], 1, 0
    for step in range(24):
        before = x + 5 * y
        x, y = y, (2 * x + 3 * y) % 5
        found.append((x + 5 * y, before, (step + 1) * (step + 2) // 2 % 64))
    return found


def _round(state: list[Variable], constant: Variable) -> None:
    columns = [
        state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)
    ]
    added = [columns[x - 1] ^ columns[(x + 1) % 5].left(1) for x in range(5)]
    mixed = [word ^ added[i % 5] for i, word in enumerate(state)]
    moved = list(mixed)
    for place, before, turns in _walk():
        moved[place] = mixed[before].left(turns)
    for i, word in enumerate(state):
        row = i - i % 5
        second, third = (moved[row + (i + step) % 5] for step in (1, 2))
        word.set(moved[i] ^ (third & ~second))
    state[0].set(state[0] ^ constant.word())


def _keccak(row: Row) -> None:
    body, (at, size) = row.body, row.span(0)
    state = [body.variable(0) for _ in range(25)]
    place, left = body.variable(at), body.variable(size)
    last, more = body.room(_BLOCK), body.variable(1)
    for i in range(_WORDS):
        last.put(body.number(0), 8 * i)
    with body.repeat(lambda: more > 0):
        with body.when(left < _BLOCK):
            # What is left is copied, and marked at its end and at the block's.
            end = body.variable(last)
            with body.repeat(lambda: left > 0):
                end.put_byte(place.byte())
                place.set(place + 1)
                end.set(end + 1)
                left.set(left - 1)
            end.put_byte(body.number(0x01, 32))
            last.put_byte(last.byte(_BLOCK - 1) | 0x80, _BLOCK - 1)
            place.set(last)
            more.set(0)
        for i in range(_WORDS):
            state[i].set(state[i] ^ place.word(8 * i))
        constants = body.table(_constants())
        constant, behind = body.variable(constants), constants + 8 * _ROUNDS
        with body.repeat(lambda: constant < behind):
            _round(state, constant)
            constant.set(constant + 8)
        with body.when(more > 0):
            place.set(place + _BLOCK)
            left.set(left - _BLOCK)
    for i in range(_SIZE // 8):
        row.result.put(state[i], 8 * i)


UDFS = (kernel_udf("mt_keccak256", ("BLOB",), "BLOB", _keccak, width=_SIZE),)
