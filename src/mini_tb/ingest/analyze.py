"""A sample of a file → the columns of a data source that would take it.

Types are guessed as a careful person would write them, so that the next file fits too: integers are
`Int64` unless they need more, kinds that mix are `String`, a value that may be missing or null
makes a column `Nullable` (an array gets `DEFAULT []`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.ingest.body import split_values
from mini_tb.ingest.coerce import parser
from mini_tb.ingest.delimited import Dialect, column_name
from mini_tb.ingest.jsontext import JsonError, Number, parse_json
from mini_tb.ingest.refused import Refused
from mini_tb.types import parse_type

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE_BYTES = 2 << 20
SAMPLE_ROWS = 10_000
PREVIEW_ROWS = 10
_MAX_COLUMNS = 500
_UNUSABLE = re.compile(r"[\s`'\"\\\[\]]")


@dataclass(frozen=True, slots=True)
class GuessedColumn:
    """One column: its name, its jsonpath (None for CSV), its type, and in how many percent of the
    records it has a value."""

    name: str
    path: str | None
    recommended_type: str
    present_pct: float

    @property
    def definition(self) -> str:
        """Its line in a schema, without indentation and comma."""
        path = f" `json:{self.path}`" if self.path else ""
        may_miss = self.recommended_type.startswith("Array") and self.present_pct < 100
        return f"`{self.name}` {self.recommended_type}{path}{' DEFAULT []' if may_miss else ''}"


@dataclass(frozen=True, slots=True)
class Analysis:
    """The guess for a file, with its first rows (a dict a row, by column name)."""

    columns: tuple[GuessedColumn, ...]
    preview: tuple[dict[str, Any], ...]

    @property
    def schema(self) -> str:
        """The columns as one line of schema text."""
        return ", ".join(column.definition for column in self.columns)

    def datasource(self, description: str = "") -> str:
        """The text of a `.datasource` file for it."""
        lines = []
        if description:
            lines += ["DESCRIPTION >", f"    {description}", ""]
        lines += ["SCHEMA >", ",\n".join(f"    {column.definition}" for column in self.columns), ""]
        lines.append('ENGINE "MergeTree"')
        able = [column for column in self.columns if _can_sort(column)]
        moments = [column for column in able if "DateTime" in column.recommended_type]
        if able:
            lines.append(f'ENGINE_SORTING_KEY "{(moments or able)[0].name}"')
        return "\n".join(lines) + "\n"


def _can_sort(column: GuessedColumn) -> bool:
    return not column.recommended_type.startswith(("Nullable", "Array", "Map", "Float", "JSON"))


def analyze(stream: BinaryIO, format: str) -> Analysis:
    """The guess for the beginning of a file; `format` is `ndjson`, `json`, `csv` or `parquet`.

    Raises `UserError` IN101, IN102, IN106 or IN108.
    """
    if format == "parquet":
        return _parquet(stream)
    sample = stream.read(SAMPLE_BYTES)
    cut = len(sample) == SAMPLE_BYTES
    text = sample.decode(errors="replace").removeprefix("\ufeff")
    if not text.strip():
        raise UserError.of("IN101", "the file has no rows")
    if format == "csv":
        return _csv(text, sample, cut)
    if format in ("ndjson", "json"):
        return _json(text, cut)
    raise UserError.of(
        "IN106", f"format `{format}` is not supported", hint="use `ndjson`, `csv` or `parquet`"
    )


# JSON ------------------------------------------------------------------------------------------


def _json(text: str, cut: bool) -> Analysis:
    records = _records(text, cut)
    if not records:
        raise UserError.of("IN102", "nothing in the file is a record: expected JSON objects")
    seen: dict[tuple[str | None, ...], list[Any]] = {}
    for record in records:
        _collect(record, (), seen)
    seen = {steps: values for steps, values in seen.items() if _can_be_path(steps)}
    columns: list[GuessedColumn] = []
    names: set[str] = set()
    for steps, values in list(seen.items())[:_MAX_COLUMNS]:
        name = _name(steps, names)
        present = [value for value in values if value is not None]
        columns.append(
            GuessedColumn(
                name,
                _path(steps),
                _guess(present, len(present) == len(records) or steps[-1] is None),
                round(100 * len(present) / len(records), 2),
            )
        )
    preview = tuple(
        {
            column.name: _shown(_at(record, steps))
            for column, steps in zip(columns, seen, strict=False)
        }
        for record in records[:PREVIEW_ROWS]
    )
    return Analysis(tuple(columns), preview)


def _records(text: str, cut: bool) -> list[dict[str, Any]]:
    lines = text.split("\n")
    if cut:
        lines = lines[:-1]
    found = _objects(lines)
    if not found:
        try:
            found = _objects(split_values(text))
        except JsonError:
            return []
    return found


def _objects(texts: Iterable[str]) -> list[dict[str, Any]]:
    found = []
    for text in texts:
        if not text.strip():
            continue
        try:
            value = parse_json(text)
        except JsonError:
            continue
        if isinstance(value, dict):
            found.append(value)
        if len(found) >= SAMPLE_ROWS:
            break
    return found


def _collect(
    value: Any, steps: tuple[str | None, ...], seen: dict[tuple[str | None, ...], Any]
) -> None:
    """Sort the values of a record by their paths; objects become a column a key."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _collect(item, (*steps, key), seen)
    elif isinstance(value, list):
        if any(isinstance(item, dict) for item in value) and None not in steps:
            fields: dict[str, list[Any]] = {}
            for item in value:
                for key, inner in item.items() if isinstance(item, dict) else ():
                    if not isinstance(inner, dict | list):
                        fields.setdefault(key, []).append(inner)
            for key, inners in fields.items():
                seen.setdefault((*steps, None, key), []).append(inners)
        else:
            seen.setdefault((*steps, None), []).append(value)
    elif steps:
        seen.setdefault(steps, []).append(value)


def _can_be_path(steps: tuple[str | None, ...]) -> bool:
    """Whether a schema can hold the path: no blanks, backquotes or quotes in its keys."""
    return all(step is None or (step and not _UNUSABLE.search(step)) for step in steps)


def _at(record: Any, steps: tuple[str | None, ...]) -> Any:
    from mini_tb.ingest.jsonpath import MISSING, JsonPath

    found = JsonPath(steps).value(record)
    return None if found is MISSING else found


def _path(steps: tuple[str | None, ...]) -> str:
    from mini_tb.ingest.jsonpath import JsonPath

    return str(JsonPath(steps))


def _name(steps: tuple[str | None, ...], taken: set[str]) -> str:
    name = column_name("_".join(step for step in steps if step is not None))
    base, n = name, 2
    while name.lower() in taken:
        name, n = f"{base}_{n}", n + 1
    taken.add(name.lower())
    return name


# Types -----------------------------------------------------------------------------------------


def _guess(values: list[Any], always: bool) -> str:
    """The type for values that are not null; Nullable unless they are `always` there."""
    if not values:
        return "Nullable(String)"
    if all(isinstance(value, list) for value in values):
        inner = [item for value in values for item in value if item is not None]
        simple = not any(isinstance(item, list | dict) for item in inner)
        return f"Array({_scalar(inner) if inner and simple else 'String'})"
    found = _scalar(values)
    return found if always else f"Nullable({found})"


def _scalar(values: list[Any]) -> str:
    if all(isinstance(value, bool) for value in values):
        return "Bool"
    if all(isinstance(value, Number) for value in values):
        return _number([str(value) for value in values])
    if all(isinstance(value, str) and not isinstance(value, Number) for value in values):
        return _text(values)
    return "String"


def _number(texts: list[str]) -> str:
    if not all(re.fullmatch(r"-?\d+", text) for text in texts):
        return "Float64"
    if max(map(len, texts)) > 78:
        return "Float64"
    low, high = min(map(int, texts)), max(map(int, texts))
    for name, first, last in (
        ("Int64", -(2**63), 2**63 - 1),
        ("UInt64", 0, 2**64 - 1),
        ("Int128", -(2**127), 2**127 - 1),
    ):
        if first <= low and high <= last:
            return name
    return "Int256"


def _text(values: list[str]) -> str:
    for name, shape in _TEXT_TYPES:
        if all(shape.fullmatch(value) for value in values):
            parse = parser(parse_type(name))
            try:
                for value in values:
                    parse(value)
            except Refused:
                continue
            return name
    return "String"


_TEXT_TYPES = (
    ("Date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("DateTime", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:?\d\d)?")),
    (
        "DateTime64(3)",
        re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)?"),
    ),
    ("DateTime64(6)", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")),
    ("UUID", re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")),
)


# CSV and Parquet -------------------------------------------------------------------------------


def _csv(text: str, sample: bytes, cut: bool) -> Analysis:
    dialect = Dialect(header=True).guessed(sample, ())
    lines = text.splitlines()
    rows = [
        row
        for row in csv.reader(lines[:-1] if cut else lines, delimiter=dialect.delimiter or ",")
        if row
    ]
    header, body = rows[0], rows[1 : SAMPLE_ROWS + 1]
    if not _looks_like_header(header, body):
        header, body = [f"column_{i:02d}" for i in range(len(header))], rows[:SAMPLE_ROWS]
    taken: set[str] = set()
    columns = []
    for i, title in enumerate(header[:_MAX_COLUMNS]):
        values = [
            row[i].strip() for row in body if i < len(row) and row[i].strip() not in ("", "\\N")
        ]
        guessed = _cell_type(values)
        always = len(values) == len(body) or (guessed == "String" and bool(values))
        columns.append(
            GuessedColumn(
                _name((title.strip(),), taken),
                None,
                guessed if always else f"Nullable({guessed})",
                round(100 * len(values) / max(len(body), 1), 2),
            )
        )
    preview = tuple(
        {column.name: cell for column, cell in zip(columns, row, strict=False)}
        for row in body[:PREVIEW_ROWS]
    )
    return Analysis(tuple(columns), preview)


def _looks_like_header(first: list[str], body: list[list[str]]) -> bool:
    """Whether the first row names the columns: different texts, none a number or a date."""
    names = [cell.strip() for cell in first]
    if len(set(names)) != len(names) or not all(names):
        return False
    return all(_cell_type([name]) == "String" for name in names) or not body


def _cell_type(values: list[str]) -> str:
    if not values:
        return "String"
    if all(value.lower() in ("true", "false") for value in values):
        return "Bool"
    if all(re.fullmatch(r"-?(0|[1-9]\d*)", value) for value in values):
        return _number(values)
    if all(re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value) for value in values):
        # A leading zero is part of a code, not of a number.
        leading = any(re.match(r"-?0\d", value) for value in values)
        return "String" if leading else "Float64"
    return _text(values)


def _parquet(stream: BinaryIO) -> Analysis:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(stream.read()))
        batch = next(file.iter_batches(batch_size=1000), None)
    except (pa.ArrowInvalid, OSError) as error:
        first = str(error).splitlines()[0]
        raise UserError.of("IN108", f"the file cannot be read as Parquet: {first}") from None
    taken: set[str] = set()
    columns = []
    for field in file.schema_arrow:
        values = batch.column(field.name) if batch is not None else pa.nulls(0)
        known = _arrow_name(field.type)
        has_null = (
            field.nullable and values.null_count > 0 and not known.startswith(("Array", "Map"))
        )
        columns.append(
            GuessedColumn(
                _name((field.name,), taken),
                _path((field.name, None) if known.startswith("Array") else (field.name,)),
                f"Nullable({known})" if has_null else known,
                round(100 * (1 - values.null_count / max(len(values), 1)), 2),
            )
        )
    rows = batch.slice(0, PREVIEW_ROWS).to_pylist() if batch is not None else []
    preview = tuple(
        {column.name: _shown(value) for column, value in zip(columns, row.values(), strict=True)}
        for row in rows
    )
    return Analysis(tuple(columns), preview)


def _arrow_name(kind: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _arrow_name(kind.value_type)
    if pa.types.is_decimal(kind):
        return f"Decimal({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return {"s": "DateTime", "ms": "DateTime64(3)", "us": "DateTime64(6)"}.get(
            kind.unit, "DateTime64(9)"
        )
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"Array({_arrow_name(kind.value_type)})"
    if pa.types.is_map(kind):
        return f"Map({_arrow_name(kind.key_type)}, {_arrow_name(kind.item_type)})"
    names = {
        "bool": "Bool",
        "int8": "Int8",
        "int16": "Int16",
        "int32": "Int32",
        "int64": "Int64",
        "uint8": "UInt8",
        "uint16": "UInt16",
        "uint32": "UInt32",
        "uint64": "UInt64",
        "float": "Float32",
        "halffloat": "Float32",
        "double": "Float64",
        "date32[day]": "Date32",
    }
    return names.get(str(kind), "String")


def _shown(value: Any) -> Any:
    if isinstance(value, Number) and len(value) > 78:
        return str(value)
    if isinstance(value, Number):
        return float(value) if any(mark in value for mark in ".eEnN") else int(value)
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if isinstance(value, datetime | date | Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value
