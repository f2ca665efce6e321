"""Records one by one, by the exact rules: what the columnar way leaves over, and small bodies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mini_tb.ingest.column import USE_DEFAULT
from mini_tb.ingest.jsonpath import MISSING
from mini_tb.ingest.jsontext import JsonError, json_text, parse_record
from mini_tb.ingest.quarantine import WHOLE_RECORD, RefusedRow
from mini_tb.ingest.refused import Refused

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.ingest.intake import Intake


class ExactRows:
    """Collects rows: the good ones column by column, the refused ones with their complaints.

    `numbers` are the good rows' numbers in the body; `unreadable` counts lines that are no record.
    """

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.numbers: list[int] = []
        self.columns: list[list[Any]] = [[] for _ in intake.fields]
        self._rules = [field.coercion.value for field in intake.fields]
        self.refused: list[RefusedRow] = []
        self.unreadable = 0
        self._text = 0

    def add_lines(self, lines: Iterable[tuple[int, bytes | str]]) -> None:
        """Take JSON texts with their numbers; blank ones are nothing."""
        for number, line in lines:
            if line and not line.isspace():
                self.add_line(number, line)

    def add_line(self, number: int, line: bytes | str) -> None:
        """Take one JSON text as a record."""
        self._text += len(line)
        try:
            record = parse_record(line if isinstance(line, str) else line.decode())
        except UnicodeDecodeError as error:
            self.add_unreadable(number, line, f"byte {error.start + 1} is not UTF-8")
        except JsonError as error:
            self.add_unreadable(number, line, f"not JSON: {error}")
        else:
            if isinstance(record, dict):
                self.add_record(number, record)
            else:
                self.add_unreadable(number, line, "not a JSON object")

    def add_unreadable(self, number: int, line: bytes | str, reason: str) -> None:
        """Take a line that is no record to quarantine, whole."""
        text = line if isinstance(line, str) else line.decode(errors="replace")
        self.unreadable += 1
        self.refused.append(
            RefusedRow(number, [WHOLE_RECORD], [f"line is {reason}: {text.strip()}"])
        )

    def add_record(self, number: int, record: dict[str, Any]) -> None:
        """Take one decoded record."""
        get = record.get
        self.add_values(
            number,
            [
                field.path.value(record) if key is None else get(key, MISSING)
                for field, key in zip(self.intake.fields, self.intake.keys, strict=True)
            ],
        )

    def add_values(self, number: int, values: list[Any]) -> None:
        """Take one row of decoded JSON values, one a column."""
        self._add(number, values, self._rules)

    def add_cells(self, number: int, cells: list[str | None]) -> None:
        """Take one row of a CSV file, one cell a column; None where the file has no such column."""
        self._add(number, cells, [field.coercion.text for field in self.intake.fields])

    def _add(self, number: int, values: list[Any], rules: list[Any]) -> None:
        row: list[Any] = []
        bad: RefusedRow | None = None
        for rule, value, field in zip(rules, values, self.intake.fields, strict=True):
            try:
                row.append(rule(value))
            except Refused as refused:
                bad = bad or RefusedRow(number)
                bad.columns.append(field.name)
                bad.errors.append(field.coercion.complaint(value, refused))
        if bad is None:
            self.numbers.append(number)
            for column, value in zip(self.columns, row, strict=True):
                column.append(value)
            return
        bad.values = {
            field.name: None if value is None or value is MISSING else json_text(value)
            for field, value in zip(self.intake.fields, values, strict=True)
        }
        self.refused.append(bad)

    def extend(self, other: ExactRows) -> None:
        """Take the good rows of another body for the same columns."""
        self.numbers += other.numbers
        for mine, theirs in zip(self.columns, other.columns, strict=True):
            mine += theirs

    def extend_refused(self, other: ExactRows, after: int) -> None:
        """Take the refused rows of a body that follows after so many lines."""
        for row in other.refused:
            row.row += after
        self.refused += other.refused
        self.unreadable += other.unreadable
        self._text += other._text

    @property
    def weight(self) -> int:
        """Bytes of memory the rows take, roughly."""
        return 64 * (len(self.numbers) + len(self.refused)) * len(self.columns) + self._text

    def arrow(self) -> tuple[pa.Table, dict[str, pa.ChunkedArray]]:
        """The good rows, and the masks of the rows that take a column's DEFAULT."""
        import pyarrow as pa

        arrays, defaulted = [], {}
        for field, column in zip(self.intake.fields, self.columns, strict=True):
            values = column
            if field.coercion.has_default:
                mask = [value is USE_DEFAULT for value in column]
                if any(mask):
                    defaulted[field.name] = pa.chunked_array([pa.array(mask, pa.bool_())])
                    values = [None if value is USE_DEFAULT else value for value in column]
            arrays.append(pa.array(values, field.carrier))
        return pa.Table.from_arrays(arrays, schema=self.intake.schema), defaulted
