"""CSV → rows, in batches of bounded size: by header or by position, with its dialect guessed.

The first line is a header when half of its cells are columns' names; then columns are matched by
name, and columns of the file that the data source does not have are left out. Without a header they
are matched by position. A line with too many or too few cells goes to quarantine.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.decoder import decoder
from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.intake import Intake, intake_of

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.project import Datasource

SAMPLE_BYTES = 64 << 10
_BLOCK_BYTES = 8 << 20
_DELIMITERS = (",", ";", "\t", "|")
_ESCAPED = {"\\t": "\t", "tab": "\t", "\\n": "\n", "\\r\\n": "\r\n", "\\r": "\r"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written. None: to be guessed from its beginning."""

    delimiter: str | None = None
    escape: str | None = None
    quote: str = '"'
    header: bool | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Dialect:
        """The dialect that an import's parameters ask for. Raises `UserError` IN107."""
        delimiter = _one(options, "dialect_delimiter")
        _one(options, "dialect_new_line", length=2)  # all line ends are read alike
        return cls(delimiter, _one(options, "dialect_escapechar"))

    def guessed(self, sample: bytes, names: tuple[str, ...]) -> Dialect:
        """With what was left open guessed from the beginning of a file for columns `names`."""
        text = sample.decode(errors="replace").removeprefix("\ufeff")
        delimiter = self.delimiter or _guess_delimiter(text, len(names))
        header = self.header
        if header is None:
            header = _is_header(first_row(text, delimiter, self.quote), names)
        return replace(self, delimiter=delimiter, header=header)


def _one(options: Mapping[str, str], name: str, length: int = 1) -> str | None:
    given = options.get(name)
    if not given:
        return None
    text = _ESCAPED.get(given, given)
    if len(text) > length or not text.isascii():
        raise UserError.of("IN107", f"`{name}` is one character, not `{given}`")
    return text


def first_row(text: str, delimiter: str, quote: str = '"') -> list[str]:
    """The cells of the first line."""
    return next(
        iter(csv.reader([text.split("\n", 1)[0]], delimiter=delimiter, quotechar=quote)), []
    )


def column_name(title: str) -> str:
    """The column name that a title of a file stands for: `Full name` is `Full_name`."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", title.strip()).strip("_")
    return f"c_{name}" if name[:1].isdigit() else name or "column"


def _guess_delimiter(text: str, columns: int) -> str:
    """The delimiter that cuts the first lines into equally many cells, best into one a column."""
    lines = [line for line in text.split("\n")[:20] if line.strip()]
    lines = lines[:-1] if len(lines) > 2 else lines  # the last one may be cut off
    best, best_score = ",", (0, 0)
    for delimiter in _DELIMITERS:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        if counts and counts[0] > 1:
            even = sum(count == counts[0] for count in counts)
            score = (even + (len(counts) if counts[0] == columns else 0), counts[0])
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _is_header(cells: list[str], names: tuple[str, ...]) -> bool:
    """Whether half of the first line's cells are columns' names."""
    known = {name.lower() for name in names}
    found = [column_name(cell).lower() for cell in cells]
    hits = sum(cell in known for cell in found)
    return bool(hits) and hits * 2 >= len(found)


def decode_csv(
    stream: BinaryIO,
    datasource: Datasource,
    dialect: Dialect | None = None,
    *,
    import_id: str | None = None,
    now: datetime | None = None,
) -> Iterator[Decoded]:
    """The rows of a CSV file, some megabytes at a time. Raises `UserError` if it is none."""
    import pyarrow as pa
    import pyarrow.csv as pc

    intake = intake_of(datasource)
    sample = stream.read(SAMPLE_BYTES)
    if not sample.strip():
        return
    chosen = (dialect or Dialect()).guessed(sample, intake.names)
    delimiter = chosen.delimiter or ","
    cells = first_row(
        sample.decode(errors="replace").removeprefix("\ufeff"), delimiter, chosen.quote
    )
    names = _columns(cells, intake, bool(chosen.header))
    refused = ExactRows(intake)
    number = 0

    def invalid(row: Any) -> str:
        text = "" if row.text is None else str(row.text)
        refused.add_unreadable(
            number, text, f"of {row.actual_columns} cells, not {row.expected_columns}"
        )
        return "skip"

    try:
        reader = pc.open_csv(
            pa.PythonFile(_Joined(sample, stream), "r"),
            read_options=pc.ReadOptions(
                block_size=_BLOCK_BYTES, column_names=names, skip_rows=1 if chosen.header else 0
            ),
            parse_options=pc.ParseOptions(
                delimiter=delimiter,
                quote_char=chosen.quote,
                escape_char=chosen.escape or False,
                newlines_in_values=True,
                invalid_row_handler=invalid,
            ),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.binary()),
                strings_can_be_null=False,
            ),
        )
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            yield _decoded(batch, names, intake, refused, number, import_id, now)
            number += batch.num_rows
            refused = ExactRows(intake)
    except pa.ArrowInvalid as error:
        raise UserError.of("IN102", f"the file is not CSV: {str(error).splitlines()[0]}") from None
    if refused.refused:
        yield Decoded(refused, import_id=import_id, now=now)


def _columns(cells: list[str], intake: Intake, has_header: bool) -> list[str]:
    """For each column of the file the data source's column, or a name that no column has."""
    if not has_header:
        width = max(len(cells), 1)
        return [intake.names[i] if i < len(intake.names) else f"\0{i}" for i in range(width)]
    known = {name.lower(): name for name in intake.names}
    return [known.get(column_name(cell).lower(), f"\0{i}") for i, cell in enumerate(cells)]


def _decoded(
    batch: pa.RecordBatch,
    names: list[str],
    intake: Intake,
    exact: ExactRows,
    start: int,
    import_id: str | None,
    now: datetime | None,
) -> Decoded:
    import pyarrow as pa

    from mini_tb.ingest.cells import decode_cells

    columns = []
    bad = None
    for name in intake.names:
        if name not in names:
            columns.append(pa.nulls(batch.num_rows, pa.string()))
            continue
        column = batch.column(names.index(name))
        try:
            columns.append(column.cast(pa.string()))
        except pa.ArrowInvalid:  # bytes that are not UTF-8, somewhere
            texts = [cell.decode(errors="replace") for cell in column.to_pylist()]
            wrong = pa.array([_is_no_text(cell) for cell in column.to_pylist()])
            bad = wrong if bad is None else pa.compute.or_(bad, wrong)
            columns.append(pa.array(texts, pa.string()))
    cells = pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])
    if bad is not None:
        for i, row in zip(
            pa.compute.indices_nonzero(bad).to_pylist(), cells.filter(bad).to_pylist(), strict=True
        ):
            exact.add_unreadable(
                start + i, ",".join(cell for cell in row.values() if cell is not None), "not UTF-8"
            )
        cells = cells.filter(pa.compute.invert(bad))
    with decoder() as connection:
        found = decode_cells(connection, intake, cells)
    for i, row in zip(found.left.to_pylist(), cells.take(found.left).to_pylist(), strict=True):
        exact.add_cells(i, list(row.values()))
    return Decoded(exact, found.good, found.rows, found.defaulted, import_id=import_id, now=now)


def _is_no_text(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return True
    return False


class _Joined:
    """A stream with the beginning that was read from it put back; without a byte order mark."""

    def __init__(self, start: bytes, stream: BinaryIO) -> None:
        self._start = start.removeprefix(b"\xef\xbb\xbf")
        self._stream = stream
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        if self._start:
            if size < 0:
                found, self._start = self._start, b""
                return found + self._stream.read()
            found, self._start = self._start[:size], self._start[size:]
            return found
        return self._stream.read(size)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
