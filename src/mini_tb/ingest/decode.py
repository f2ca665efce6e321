"""A JSON body → the rows to store and the rows for quarantine.

Three ways lead to the same rows, from the fastest to the most exact. `strict` reads lines without a
flaw. `columnar` reads what is plainly right in any lines. `exact` takes what is left, and small
bodies. The rows keep the order in which they were sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from mini_tb.diagnostics import UserError
from mini_tb.ingest.body import is_utf8, split_values
from mini_tb.ingest.column import MAX_SHOWN
from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.intake import Intake, intake_of
from mini_tb.ingest.jsontext import JsonError, parse_record

if TYPE_CHECKING:
    from mini_tb.project import Datasource

STRICT_FROM = 4 << 10
COLUMNAR_FROM = 192 << 10
"""Bytes from which a way is faster than the next more exact one."""

_LONG_LINE = 1 << 20


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
    if not body or body.isspace():
        raise UserError.of("IN101", "the body is empty", hint="send one JSON object a line")
    intake = intake_of(datasource)
    body = body.removeprefix(b"\xef\xbb\xbf")
    if document:
        decoded = _document(body, intake) or Decoded(_exact([(0, body)], intake))
    else:
        decoded = _decode_lines(body, intake)
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
    if len(body) >= COLUMNAR_FROM:
        from mini_tb.ingest.bulk import decode_bulk

        guess = None if _starts_with_a_record(body) else _guessed_document(body, intake)
        return guess or decode_bulk(body, intake)
    if len(body) >= STRICT_FROM and is_utf8(body):
        from mini_tb.ingest.strict import decode_clean

        clean = decode_clean(body, intake)
        if clean is not None:
            return Decoded(ExactRows(intake), clean[0], None, clean[1])
    rows = _exact(enumerate(body.split(b"\n")), intake)
    if rows.unreadable and _first_is_unreadable(rows):
        return _guessed_document(body, intake) or Decoded(rows)
    return Decoded(rows)


def _starts_with_a_record(body: bytes) -> bool:
    """Whether the first record of a body starts and ends on one line."""
    start = len(body) - len(body.lstrip())
    end = body.find(b"\n", start)
    line = body[start : end if end >= 0 else None].rstrip()
    if len(line) > _LONG_LINE or not line.startswith(b"{"):
        return line.startswith(b"{") and line.endswith(b"}")
    try:
        parse_record(line.decode())
    except (JsonError, UnicodeDecodeError):
        return False
    return True


def _first_is_unreadable(rows: ExactRows) -> bool:
    """Whether the first record of the body did not start and end on one line."""
    first = min(rows.numbers[:1] + [row.row for row in rows.refused[:1]])
    return bool(rows.refused) and rows.refused[0].row == first and rows.refused[0].is_unreadable


def _guessed_document(body: bytes, intake: Intake) -> Decoded | None:
    """A body whose first line is no record, as a document; None if it is none.

    Unless it is one array, all of it must be records: lines of which the first is broken would be
    mistaken for a document in which the others disappear.
    """
    text = body.strip()
    is_array = text.startswith(b"[") and text.endswith(b"]")
    found = _document(body, intake)
    return found if found and (is_array or not found.exact.unreadable) else None


def _document(body: bytes, intake: Intake) -> Decoded | None:
    """The objects of a JSON document; None if it is none."""
    try:
        pieces = split_values(body.decode())
    except (JsonError, UnicodeDecodeError):
        return None
    if not pieces:
        return None
    if len(body) >= COLUMNAR_FROM:
        from mini_tb.ingest.bulk import decode_columnar

        return decode_columnar(pieces, intake)
    return Decoded(_exact(enumerate(pieces), intake))


def _exact(lines: Iterable[tuple[int, bytes | str]], intake: Intake) -> ExactRows:
    rows = ExactRows(intake)
    rows.add_lines(lines)
    return rows
