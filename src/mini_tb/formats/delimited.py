"""CSV, TSV and their like: rows of texts with a separator between.

CSV has one column for every element of a Tuple (`t.1`, `t.2`), TSV has one for the tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow.compute as pc

from mini_tb.formats.answer import Answer
from mini_tb.formats.escape import (
    csv_escape,
    csv_quotes,
    fill,
    text_escape,
)
from mini_tb.formats.text import (
    combine,
    content,
    is_composite,
    is_dynamic,
    is_quoted,
    join,
    literal,
    unwrap,
)
from mini_tb.formats.value import field, field_names, quoted, text
from mini_tb.types import DataType

Write = Callable[[Answer], Iterator[bytes]]


def _rows(start: bytes, separator: bytes, end: bytes, cells: list[Any]) -> bytes:
    parts: list[Any] = []
    for i, cell in enumerate(cells):
        before = separator if i else start
        parts += [literal(before), cell] if before else [cell]
    return content(join(*parts, literal(end)))


# CSV -----------------------------------------------------------------------------------------


def _csv_columns(name: str, t: DataType) -> Iterator[tuple[str, DataType]]:
    bare = unwrap(t)
    if bare.name != "Tuple":
        yield name, t
        return
    for label, element in zip(field_names(bare), bare.types, strict=True):
        yield from _csv_columns(f"{name}.{label}", element)


def _csv_cells(values: Any, t: DataType) -> Iterator[Any]:
    bare = unwrap(t)
    if bare.name == "Tuple":
        values = combine(values)
        for i, element in enumerate(bare.types):
            yield from _csv_cells(field(values, i), element)
        return
    found = text(values, t)
    if is_dynamic(t):
        found = pc.if_else(
            pc.match_substring_regex(combine(values), r'^["\[]'), csv_quotes(found), found
        )
    elif is_quoted(t) or is_composite(t):
        found = csv_quotes(found)
    yield fill(found, b"\\N")


def csv(*, names: bool = False, types: bool = False) -> Write:
    """Writes CSV, CSVWithNames, CSVWithNamesAndTypes."""

    def write(answer: Answer) -> Iterator[bytes]:
        flat = [pair for c in answer.columns for pair in _csv_columns(c.name, c.type)]
        if names:
            yield _csv_header([name for name, _ in flat])
        if types:
            yield _csv_header([str(t) for _, t in flat])
        for chunk in answer.chunks():
            cells = [
                cell
                for i, column in enumerate(answer.columns)
                for cell in _csv_cells(chunk.column(i), column.type)
            ]
            yield _rows(b"", b",", b"\n", cells)

    return write


def _csv_header(texts: list[str]) -> bytes:
    return b",".join(b'"' + csv_escape.one(t) + b'"' for t in texts) + b"\n"


# TSV -----------------------------------------------------------------------------------------


def escaped(values: Any, t: DataType, null: bytes = b"\\N") -> Any:
    """The value as TSV and Markdown write it: text escaped, values with parts as they are."""
    found = text(values, t)
    if is_dynamic(t):  # those that hold arrays are values with parts
        found = pc.if_else(pc.starts_with(combine(values), "["), found, text_escape(found))
    elif is_quoted(t) and not is_composite(t):
        found = text_escape(found)
    return fill(found, null)


def raw(values: Any, t: DataType) -> Any:
    """The value's text, nothing escaped."""
    return fill(text(values, t), b"\\N")


def tsv(*, names: bool = False, types: bool = False, is_raw: bool = False) -> Write:
    """Writes TabSeparated, TabSeparatedWithNames, …AndTypes, and with `is_raw` their Raw forms."""
    cell = raw if is_raw else escaped

    def header(texts: list[str]) -> bytes:
        return b"\t".join(t.encode() if is_raw else text_escape.one(t) for t in texts) + b"\n"

    def write(answer: Answer) -> Iterator[bytes]:
        if names:
            yield header([column.name for column in answer.columns])
        if types:
            yield header([str(column.type) for column in answer.columns])
        for chunk in answer.chunks():
            cells = [cell(chunk.column(i), c.type) for i, c in enumerate(answer.columns)]
            yield _rows(b"", b"\t", b"\n", cells)
        if answer.totals is not None:
            cells = [cell(answer.totals.column(i), c.type) for i, c in enumerate(answer.columns)]
            yield b"\n" + _rows(b"", b"\t", b"\n", cells)

    return write


def sql_values(answer: Answer) -> Iterator[bytes]:
    """Writes Values: tuples with commas between."""
    first = True
    for chunk in answer.chunks():
        cells = [quoted(chunk.column(i), c.type) for i, c in enumerate(answer.columns)]
        rows = _rows(b",(", b",", b")", cells)
        yield rows[1:] if first else rows
        first = False
