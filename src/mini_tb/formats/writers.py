"""What writes each output format, from Arrow columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mini_tb.formats import rows
from mini_tb.formats.answer import Answer
from mini_tb.formats.binary import native, odbc_driver2, row_binary
from mini_tb.formats.delimited import csv, sql_values, tsv
from mini_tb.formats.parquet import parquet
from mini_tb.formats.pretty import COMPACT, FULL, boxed, markdown, spaced, vertical
from mini_tb.formats.prometheus import prometheus

WRITERS: Mapping[str, Callable[[Answer], Iterator[bytes]]] = {
    "JSON": rows.document(rows.values, compact=False),
    "JSONStrings": rows.document(rows.strings, compact=False),
    "JSONCompact": rows.document(rows.values, compact=True),
    "JSONCompactStrings": rows.document(rows.strings, compact=True),
    "JSONColumns": rows.columns(named=True),
    "JSONCompactColumns": rows.columns(named=False),
    "JSONColumnsWithMetadata": rows.columns(named=True, metadata=True),
    "JSONEachRow": rows.lines(rows.values),
    "JSONStringsEachRow": rows.lines(rows.strings),
    "JSONEachRowWithProgress": rows.progress(rows.values),
    "JSONStringsEachRowWithProgress": rows.progress(rows.strings),
    "JSONCompactEachRow": rows.arrays(rows.values),
    "JSONCompactEachRowWithNames": rows.arrays(rows.values, names=True),
    "JSONCompactEachRowWithNamesAndTypes": rows.arrays(rows.values, names=True, types=True),
    "JSONCompactStringsEachRow": rows.arrays(rows.strings),
    "CSV": csv(),
    "CSVWithNames": csv(names=True),
    "CSVWithNamesAndTypes": csv(names=True, types=True),
    "TabSeparated": tsv(),
    "TabSeparatedWithNames": tsv(names=True),
    "TabSeparatedWithNamesAndTypes": tsv(names=True, types=True),
    "TabSeparatedRaw": tsv(is_raw=True),
    "TabSeparatedRawWithNames": tsv(names=True, is_raw=True),
    "TabSeparatedRawWithNamesAndTypes": tsv(names=True, types=True, is_raw=True),
    "Values": sql_values,
    "Pretty": boxed(FULL),
    "PrettyCompact": boxed(COMPACT),
    "PrettySpace": spaced,
    "Vertical": vertical,
    "Markdown": markdown,
    "Parquet": parquet,
    "Prometheus": prometheus,
    "Native": native,
    "RowBinary": row_binary(),
    "RowBinaryWithNames": row_binary(names=True),
    "RowBinaryWithNamesAndTypes": row_binary(names=True, types=True),
    "ODBCDriver2": odbc_driver2,
}
