"""The table of output formats: ClickHouse's names, content types and writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mini_tb.diagnostics import UserError, nearest
from mini_tb.formats import rows
from mini_tb.formats.answer import Answer
from mini_tb.formats.binary import native, odbc_driver2, row_binary
from mini_tb.formats.delimited import csv, sql_values, tsv
from mini_tb.formats.parquet import parquet
from mini_tb.formats.pretty import COMPACT, FULL, boxed, markdown, spaced, vertical
from mini_tb.formats.prometheus import prometheus

Write = Callable[[Answer], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """One output format: its name, the Content-Type of its bytes, and what writes them."""

    name: str
    content_type: str
    write: Write


_JSON = "application/json"
_NDJSON = "application/x-ndjson"
_CSV = "text/csv; charset=utf-8"
_TSV = "text/tab-separated-values; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_OCTETS = "application/octet-stream"

_TABLE: tuple[tuple[str, str, Write], ...] = (
    ("JSON", _JSON, rows.document(rows.values, compact=False)),
    ("JSONStrings", _JSON, rows.document(rows.strings, compact=False)),
    ("JSONCompact", _JSON, rows.document(rows.values, compact=True)),
    ("JSONCompactStrings", _JSON, rows.document(rows.strings, compact=True)),
    ("JSONColumns", _JSON, rows.columns(named=True)),
    ("JSONCompactColumns", _JSON, rows.columns(named=False)),
    ("JSONColumnsWithMetadata", _JSON, rows.columns(named=True, metadata=True)),
    ("JSONEachRow", _NDJSON, rows.lines(rows.values)),
    ("JSONStringsEachRow", _NDJSON, rows.lines(rows.strings)),
    ("JSONEachRowWithProgress", _NDJSON, rows.progress(rows.values)),
    ("JSONStringsEachRowWithProgress", _NDJSON, rows.progress(rows.strings)),
    ("JSONCompactEachRow", _NDJSON, rows.arrays(rows.values)),
    ("JSONCompactEachRowWithNames", _NDJSON, rows.arrays(rows.values, names=True)),
    (
        "JSONCompactEachRowWithNamesAndTypes",
        _NDJSON,
        rows.arrays(rows.values, names=True, types=True),
    ),
    ("JSONCompactStringsEachRow", _NDJSON, rows.arrays(rows.strings)),
    ("CSV", _CSV, csv()),
    ("CSVWithNames", _CSV, csv(names=True)),
    ("CSVWithNamesAndTypes", _CSV, csv(names=True, types=True)),
    ("TabSeparated", _TSV, tsv()),
    ("TabSeparatedWithNames", _TSV, tsv(names=True)),
    ("TabSeparatedWithNamesAndTypes", _TSV, tsv(names=True, types=True)),
    ("TabSeparatedRaw", _TSV, tsv(is_raw=True)),
    ("TabSeparatedRawWithNames", _TSV, tsv(names=True, is_raw=True)),
    ("TabSeparatedRawWithNamesAndTypes", _TSV, tsv(names=True, types=True, is_raw=True)),
    ("Values", _TEXT, sql_values),
    ("Pretty", _TEXT, boxed(FULL)),
    ("PrettyCompact", _TEXT, boxed(COMPACT)),
    ("PrettySpace", _TEXT, spaced),
    ("Vertical", _TEXT, vertical),
    ("Markdown", "text/markdown; charset=utf-8", markdown),
    ("Parquet", _OCTETS, parquet),
    ("Prometheus", "text/plain; version=0.0.4; charset=utf-8", prometheus),
    ("Native", _OCTETS, native),
    ("RowBinary", _OCTETS, row_binary()),
    ("RowBinaryWithNames", _OCTETS, row_binary(names=True)),
    ("RowBinaryWithNamesAndTypes", _OCTETS, row_binary(names=True, types=True)),
    ("ODBCDriver2", _OCTETS, odbc_driver2),
)

_ALIASES = {
    "NDJSON": "JSONEachRow",
    "JSONLines": "JSONEachRow",
    "PrettyCompactMonoBlock": "PrettyCompact",
    "PrettyCompactNoEscapes": "PrettyCompact",
    "PrettyNoEscapes": "Pretty",
    "PrettyMonoBlock": "Pretty",
    "PrettySpaceNoEscapes": "PrettySpace",
    **{
        "TSV" + name.removeprefix("TabSeparated"): name
        for name, _, _ in _TABLE
        if name.startswith("TabSeparated")
    },
}

FORMATS: dict[str, Format] = {row[0]: Format(*row) for row in _TABLE}
FORMATS |= {alias: FORMATS[name] for alias, name in _ALIASES.items()}
_BY_LOWER = {name.lower(): found for name, found in FORMATS.items()}


def find_format(name: str) -> Format:
    """The format of that name, in any case as ClickHouse takes it. A name that is not in the
    table is a UserError."""
    found = FORMATS.get(name) or _BY_LOWER.get(name.lower())
    if found is None:
        close = nearest(name, FORMATS)
        raise UserError.of(
            "RT321",
            f"unknown output format `{name}`",
            hint=f"did you mean `{close}`?" if close else None,
        )
    return found


def write(answer: Answer, name: str) -> Iterator[bytes]:
    """The bytes of the answer in the format of that name, piece by piece."""
    return find_format(name).write(answer)
