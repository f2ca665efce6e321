"""Texts found with some edits: bytes put in, left out or changed; each distinct text is read once.

All prefixes of a pattern are compared at once, as the bits of a number (Wu and Manber).
"""

from __future__ import annotations

from functools import lru_cache

from mini_tb.sql.functions.udf.values import python_udf


@lru_cache(maxsize=1024)
def _places(pattern: str) -> tuple[list[int], int]:
    """For each byte, where it is in the pattern, as bits; `.` is all of them. And the last bit."""
    data = pattern.encode()
    anywhere = sum(1 << at for at, byte in enumerate(data) if byte == ord("."))
    places = [anywhere] * 256
    for at, byte in enumerate(data):
        places[byte] |= 1 << at
    return places, 1 << len(data) >> 1


def _end(data: bytes, edits: int, pattern: str) -> int | None:
    """After how many bytes the first match ends."""
    places, last = _places(pattern)
    if not last:
        return 0
    # Which prefixes end here, with at most so many edits: without a byte, by leaving out theirs.
    states = [(1 << count) - 1 for count in range(edits + 1)]
    for at, byte in enumerate(data):
        here, before = places[byte], states[0]
        states[0] = (before << 1 | 1) & here
        for i in range(1, edits + 1):
            state = states[i]
            put_in, changed, left_out = before, before << 1, states[i - 1] << 1
            states[i] = (state << 1 | 1) & here | put_in | changed | left_out | (1 << i) - 1
            before = state
        if states[edits] & last:
            return at + 1
    return None


def fuzzy_matches(data: bytes, edits: int, patterns: list[str]) -> list[int]:
    """The indices of the patterns that are in a text with at most so many edits, in the order in
    which their first matches end."""
    ends = [(_end(data, edits, pattern), index) for index, pattern in enumerate(patterns)]
    return [index + 1 for _, index in sorted((end, i) for end, i in ends if end is not None)]


UDFS = (
    python_udf(
        "mt_fuzzy_matches",
        ("BLOB", "INTEGER", "VARCHAR[]"),
        "UBIGINT[]",
        fuzzy_matches,
        constants=2,
    ),
)
