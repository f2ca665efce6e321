"""A JSON body → the rows to store and the rows for quarantine.

Three ways lead to the same rows, from the fastest to the most exact. `strict` reads a batch without
a flaw. `columnar` reads what is plainly right in any batch. `exact` takes what is left, and small
bodies. The rows keep the order in which they were sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mini_tb.diagnostics import UserError
from mini_tb.ingest.body import split_values
from mini_tb.ingest.coerce import MAX_SHOWN
from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.decoder import decoder
from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.intake import Intake, intake_of
from mini_tb.ingest.jsontext import JsonError

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from mini_tb.ingest.columnar import Leftover
    from mini_tb.project import Datasource

STRICT_FROM = 4 << 10
COLUMNAR_FROM = 192 << 10
"""Bytes from which a way is faster than the next more exact one."""

_BATCH_ROWS = 16_384
"""Rows of one Arrow batch: DuckDB gives each batch to one thread."""


def decode_json(
    body: bytes,
    datasource: Datasource,
    *,
    document: bool = False,
    import_id: str | None = None,
    now: datetime | None = None,
    check: bool = True,
) -> Decoded:
    """Decode JSON lines; or, as a `document`, one object or an array of objects.

    A body whose first line is no record of its own is read as a document too. `now` (UTC) dates
    the quarantined rows. Raises `UserError`: IN101 for an empty body, IN102 if it has no record
    (without `check`, for a part of a file, such lines just go to quarantine).
    """
    if not body.strip():
        raise UserError.of("IN101", "the body is empty", hint="send one JSON object a line")
    intake = intake_of(datasource)
    body = body.removeprefix(b"\xef\xbb\xbf")
    decoded = _decode_document(body, intake) if document else _decode_lines(body, intake)
    decoded.import_id, decoded.now = import_id, now
    if check:
        check_readable(decoded)
    return decoded


def check_readable(decoded: Decoded) -> None:
    """Raises `UserError` if there was no record at all in a body."""
    rows = decoded.successful_rows + decoded.quarantined_rows
    if not rows:
        raise UserError.of("IN101", "the body has no rows", hint="send one JSON object a line")
    if rows == decoded.exact.unreadable:
        error = decoded.exact.refused[0].errors[0]
        if len(error) > MAX_SHOWN:
            error = error[:MAX_SHOWN] + "…"
        raise UserError.of("IN102", f"nothing in the body is a record: {error}")


def ingest_ndjson(
    body: bytes,
    datasource: Datasource,
    *,
    import_id: str | None = None,
    now: datetime | None = None,
) -> Decoded:
    """Decode newline-delimited JSON; see `decode_json`."""
    return decode_json(body, datasource, import_id=import_id, now=now)


def _decode_lines(body: bytes, intake: Intake) -> Decoded:
    size = len(body)
    if size >= STRICT_FROM and _is_utf8(body):
        from mini_tb.ingest.strict import decode_clean

        clean = decode_clean(body, intake)
        if clean is not None:
            return Decoded(ExactRows(intake), clean[0], None, clean[1])
    if size >= COLUMNAR_FROM:
        return _decode_columnar(_lines(body), intake)
    rows = _exact(enumerate(body.split(b"\n")), intake)
    if rows.unreadable and _first_is_unreadable(rows):
        return _decode_document(body, intake, otherwise=rows)
    return Decoded(rows)


def _first_is_unreadable(rows: ExactRows) -> bool:
    """Whether the first record of the body did not start and end on one line."""
    first = min(rows.numbers[:1] + [row.row for row in rows.refused[:1]])
    return bool(rows.refused) and rows.refused[0].row == first and rows.refused[0].is_unreadable


def _decode_document(body: bytes, intake: Intake, otherwise: ExactRows | None = None) -> Decoded:
    """The objects of a JSON document; if it is none: `otherwise`, or all of it as one bad line."""
    try:
        pieces = split_values(body.decode())
    except (JsonError, UnicodeDecodeError):
        pieces = []
    if not pieces:
        return Decoded(otherwise if otherwise is not None else _exact([(0, body)], intake))
    if len(body) < COLUMNAR_FROM:
        rows = _exact(enumerate(pieces), intake)
    else:
        return _decode_columnar(pieces, intake)
    return Decoded(rows)


def _exact(lines: Iterable[tuple[int, bytes | str]], intake: Intake) -> ExactRows:
    rows = ExactRows(intake)
    _add_lines(rows, lines)
    return rows


def _lines(body: bytes) -> pa.Array | list[bytes]:
    """The lines of a body; as Arrow text if all of it is UTF-8."""
    import pyarrow as pa

    if not _is_utf8(body):
        return body.split(b"\n")
    offsets = pa.array([0, len(body)], pa.int64()).buffers()[1]
    whole = pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(body))
    lines = pa.compute.split_pattern(whole, "\n").flatten()
    lengths = pa.compute.binary_length(lines)
    if pa.compute.min(lengths).as_py() == 0:  # the end after the last line break, if nothing else
        lines = lines.filter(pa.compute.greater(lengths, 0))
    return lines


def _decode_columnar(lines: pa.Array | Sequence[bytes | str], intake: Intake) -> Decoded:
    """Decode lines that are Arrow text, or not known to be UTF-8."""
    import pyarrow as pa

    exact = ExactRows(intake)
    numbers: pa.Array | None = None  # of the lines that are left; None while it is all of them
    if isinstance(lines, pa.Array):
        array = lines
    else:
        kept = [i for i, line in enumerate(lines) if isinstance(line, str) or _is_utf8(line)]
        readable = set(kept)
        _add_lines(exact, ((i, line) for i, line in enumerate(lines) if i not in readable))
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
            _add_lines(exact, _numbered(numbers.filter(bad), array.filter(bad)))
            array, numbers = array.filter(ok), numbers.filter(ok)
            found = _try_lines(connection, array, intake) if len(array) else None
    if found is None:
        # Nothing is JSON for DuckDB, or it changed its mind: every line is for the exact way.
        if numbers is None:
            numbers = pa.array(range(len(array)), pa.uint64())
        _add_lines(exact, _numbered(numbers, array))
        return Decoded(exact)
    left = found.left if numbers is None else numbers.take(found.left)
    _add_lines(exact, _numbered(left, array.take(found.left)))
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


def _add_lines(rows: ExactRows, lines: Iterable[tuple[int, bytes | str]]) -> None:
    for number, line in lines:
        if line and not line.isspace():
            rows.add_line(number, line)


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
