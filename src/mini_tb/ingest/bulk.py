"""Large bodies: pieces of whole lines, decoded beside one another.

A piece without a flaw goes the strict way, any other the columnar way, and only the lines that are
not plain cost more. When the very first lines have a flaw, no piece tries the strict way as it is:
others will have one, too. If it is one that `sieve` finds, they try it so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from mini_tb.ingest.body import is_utf8
from mini_tb.ingest.decoded import Decoded, in_a_row
from mini_tb.ingest.decoder import decoder
from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.sieve import decode_sieved
from mini_tb.ingest.strict import decode_clean, misfit_in

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from mini_tb.ingest.columnar import Leftover
    from mini_tb.ingest.intake import Intake

PIECE_BYTES = 12 << 20
"""About the bytes of a piece: a bad line among good ones spoils the strict way for so many."""

_PROBE_BYTES = 256 << 10
_THREADS = min(4, os.cpu_count() or 1)
_BATCH_ROWS = 16_384
"""Rows of one Arrow batch: DuckDB gives each batch to one thread."""


def decode_bulk(body: bytes, intake: Intake) -> Decoded:
    """Decode JSON lines, one record each."""
    is_clean, misfit = True, None
    if len(body) > 2 * _PROBE_BYTES:
        probe = _lines_until(body, 0, _PROBE_BYTES)
        is_clean = _clean(probe, intake) is not None
        misfit = None if is_clean else misfit_in(probe, intake)

    def decode(piece: bytes) -> Decoded:
        found = _clean(piece, intake) if is_clean else None
        if misfit is not None and is_utf8(piece):
            found = decode_sieved(piece, misfit, intake)
        if found is None:
            found = decode_columnar(_lines(piece), intake)
        return found.worked_out()  # beside the other pieces

    pieces = _pieces(body)
    if len(pieces) == 1:
        return decode(body)
    return in_a_row(_pool().map(decode, pieces), pieces)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="mini-tb-decode")


def _pieces(body: bytes) -> list[bytes]:
    """As many for each thread."""
    rounds = -(-len(body) // (PIECE_BYTES * _THREADS))
    size = max(PIECE_BYTES // 4, -(-len(body) // (rounds * _THREADS)))
    pieces, at = [], 0
    while at < len(body):
        pieces.append(_lines_until(body, at, at + size))
        at += len(pieces[-1])
    return pieces


def _lines_until(body: bytes, start: int, end: int) -> bytes:
    """The lines that start between two places."""
    end = body.find(b"\n", end - 1) + 1 if end < len(body) else 0
    return body[start : end or len(body)]


def _clean(piece: bytes, intake: Intake) -> Decoded | None:
    """The rows of a piece without a flaw."""
    clean = decode_clean(piece, intake) if is_utf8(piece) else None
    return Decoded(ExactRows(intake), clean[0], None, clean[1]) if clean is not None else None


def _lines(piece: bytes) -> pa.Array | list[bytes]:
    """The lines of a piece; as Arrow text where it lies, line breaks included, if all of it is
    UTF-8."""
    import numpy as np
    import pyarrow as pa

    if not is_utf8(piece):
        return piece.split(b"\n")
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == 10) + 1
    if not len(ends) or ends[-1] != len(piece):
        ends = np.append(ends, len(piece))
    offsets = np.concatenate([np.zeros(1, np.int64), ends])
    lines = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(piece))
    blank = (np.diff(offsets) == 1) & (np.frombuffer(piece, np.uint8)[ends - 1] == 10)
    return lines.filter(pa.array(~blank)) if blank.any() else lines


def decode_columnar(lines: pa.Array | Sequence[bytes | str], intake: Intake) -> Decoded:
    """Decode lines that are Arrow text, or not known to be UTF-8."""
    import pyarrow as pa

    exact = ExactRows(intake)
    numbers: pa.Array | None = None  # of the lines that are left; None while it is all of them
    if isinstance(lines, pa.Array):
        array = lines
    else:
        kept = [i for i, line in enumerate(lines) if isinstance(line, str) or is_utf8(line)]
        readable = set(kept)
        exact.add_lines((i, line) for i, line in enumerate(lines) if i not in readable)
        array = pa.array([lines[i] for i in kept], pa.string())
        numbers = pa.array(kept, pa.uint64())
    with decoder() as connection:
        found = _try_lines(connection, array, intake)
        if found is None:
            # Some line is not JSON: set such lines apart, once.
            valid = connection.sql("SELECT json_valid(line) AS ok FROM lines").to_arrow_table()
            ok = valid["ok"].combine_chunks()
            if numbers is None:
                numbers = pa.array(range(len(array)), pa.uint64())
            bad = pa.compute.invert(ok)
            exact.add_lines(_numbered(numbers.filter(bad), array.filter(bad)))
            array, numbers = array.filter(ok), numbers.filter(ok)
            found = _try_lines(connection, array, intake) if len(array) else None
    if found is None:
        # Nothing is JSON for DuckDB, or it changed its mind: every line is for the exact way.
        if numbers is None:
            numbers = pa.array(range(len(array)), pa.uint64())
        exact.add_lines(_numbered(numbers, array))
        return Decoded(exact)
    left = found.left if numbers is None else numbers.take(found.left)
    exact.add_lines(_numbered(left, array.take(found.left)))
    rows = found.rows if numbers is None else numbers.take(found.rows)
    return Decoded(exact, found.good, rows, found.defaulted)


def _try_lines(connection: DuckDBPyConnection, lines: pa.Array, intake: Intake) -> Leftover | None:
    """The plain rows; None if DuckDB cannot read some line."""
    import duckdb
    import pyarrow as pa

    from mini_tb.ingest.columnar import decode_lines

    table = pa.table({"line": lines})
    batches = table.to_batches(max_chunksize=_BATCH_ROWS)
    connection.register("lines", pa.Table.from_batches(batches, table.schema))
    try:
        return decode_lines(connection, intake)
    except duckdb.Error:
        return None


def _numbered(numbers: pa.Array, lines: pa.Array) -> Iterator[tuple[int, str]]:
    return zip(numbers.to_pylist(), lines.to_pylist(), strict=True)
