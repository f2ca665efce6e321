"""Lines that the strict way stops at, found by their text and set apart: it reads the others.

When Arrow's reader meets a text where numbers were, say, it names the column. So the lines in which
that key has such a value are found as text is found, which costs next to nothing. A line that is
found needlessly does no harm: `exact` decides on it. If one is overlooked, the strict way stops at
it again, and this answers None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.strict import Misfit, decode_clean

if TYPE_CHECKING:
    from mini_tb.ingest.intake import Intake

_FEW = 64
_MOST = 0.05
"""The share of lines that may be set apart; of more the columnar way reads some."""


def decode_sieved(piece: bytes, misfit: Misfit, intake: Intake) -> Decoded | None:
    """The rows of whole lines of UTF-8, of which some have such a misfit."""
    import numpy as np
    import pyarrow as pa

    found = _set_apart(piece, misfit.text_in(piece))
    if found is None:
        return None
    rest, apart, lines = found
    clean = decode_clean(rest, intake)
    if clean is None or clean[0].num_rows + len(apart) != lines:
        return None  # a flaw of another kind, or blank lines
    exact = ExactRows(intake)
    exact.add_lines(apart)
    numbers = np.delete(np.arange(lines, dtype=np.uint64), [number for number, _ in apart])
    return Decoded(exact, clean[0], pa.array(numbers), clean[1])


def _set_apart(
    piece: bytes, text: bytes | None
) -> tuple[bytes, list[tuple[int, bytes | str]], int] | None:
    """The lines without a text, together; those with it, by number; and how many all are."""
    if text is None:
        return None
    kept: list[bytes] = []
    apart: list[tuple[int, bytes | str]] = []
    at = lines = 0
    place = piece.find(text)
    while place >= 0:
        start = max(at, piece.rfind(b"\n", at, place) + 1)
        end = piece.find(b"\n", place) + 1 or len(piece)
        lines += piece.count(b"\n", at, start)
        kept.append(piece[at:start])
        apart.append((lines, piece[start:end]))
        lines += 1
        if len(apart) > max(_FEW, lines * _MOST):
            return None
        at = end
        place = piece.find(text, at)
    kept.append(piece[at:])
    lines += piece.count(b"\n", at) + (at < len(piece) and not piece.endswith(b"\n"))
    return b"".join(kept), apart, lines
