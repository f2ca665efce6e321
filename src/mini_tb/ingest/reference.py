"""The reference page of ingestion, made from the rules: `python -m mini_tb.ingest.reference`."""

from __future__ import annotations

import sys

from mini_tb.ingest import jsonpath
from mini_tb.ingest.rules import NO_VALUE, RULES
from mini_tb.types import moment

_HEAD = """# What is stored, what takes a default, what goes to quarantine

The same rules hold for events, for imported files (NDJSON, CSV, Parquet) and for fixtures. What is
stored is what ClickHouse stores for the same input. What ClickHouse would bend to make it fit – an
integer that wraps around, a date that is clamped or that no calendar has – is refused. A row with a
refused value goes to `NAME_quarantine`, whole; the other rows of the batch are stored.

## A value that is not there

| column | missing key | `null` |
|---|---|---|
"""

_VALUES = """
Keys that the schema does not have are ignored. Of a key that comes twice the first value counts.
In a CSV file an empty cell is a missing value (in a `String` column without DEFAULT it is the empty
text), and `\\N` is `null`.

## A value that is there

| type | stored | refused |
|---|---|---|
"""

_DATES = """
## Dates and times

{dates}

## Jsonpaths

A column without a jsonpath takes the top-level key of its own name.

{paths}

## Quarantine

`NAME_quarantine` can be queried like any data source:

| column | type | holds |
|---|---|---|
| `c__error_column` | Array(String) | the refused columns; `$` for a line that is no record |
| `c__error` | Array(String) | why, one sentence a column |
| `c__import_id` | Nullable(String) | the import that brought the row |
| the data source's columns | Nullable(String) | every original value, as the text that was sent |
| `insertion_date` | DateTime | when |

A line that is no JSON object goes to quarantine with its text in `c__error`. A request in which no
line is a record is answered with 400 instead, and nothing is kept of it.

## CSV

The delimiter (`,` `;` tab `|`) is guessed from the first lines unless `dialect_delimiter` says it;
`dialect_escapechar` sets an escape character; the quote is `"`. The first line is a header when
half of its cells are names of columns: columns are then matched by name, otherwise by position. A
line with too many or too few cells goes to quarantine.

## Parquet

Columns are matched by the keys of their jsonpaths, or by name. A column of the same type, or of one
that casts to it without loss, is taken as it is; everything else follows the table above.
"""


def reference() -> str:
    """The page, in Markdown."""
    parts = [_HEAD]
    parts += [f"| {column} | {missing} | {null} |\n" for column, missing, null in NO_VALUE]
    parts.append(_VALUES)
    parts += [f"| {rule.types} | {rule.stored} | {rule.refused} |\n" for rule in RULES]
    parts.append(_DATES.format(dates=_body(moment.__doc__), paths=_body(jsonpath.__doc__)))
    return "".join(parts)


def _body(docstring: str | None) -> str:
    """A module's docstring without its first line."""
    return (docstring or "").split("\n", 1)[1].strip()


if __name__ == "__main__":
    sys.stdout.write(reference())
