"""The formats of the JSON family: whole documents, one object a line, columns.

A row is one join of the columns' texts with the text between them, so a chunk of rows is a single
buffer that is yielded as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mini_tb.formats import jsontext
from mini_tb.formats.answer import Answer, Statistics
from mini_tb.formats.jsontext import json_key, json_quoted, meta, tail
from mini_tb.formats.text import content, join, literal
from mini_tb.formats.value import Cells, json_cells, json_texts

Write = Callable[[Answer, Any, int | None], list[Cells]]


def values(answer: Answer, chunk: Any, indent: int | None) -> list[Cells]:
    """Each column of the chunk as JSON values."""
    return [
        json_cells(chunk.column(i), column.type, answer.settings, indent)
        for i, column in enumerate(answer.columns)
    ]


def strings(answer: Answer, chunk: Any, indent: int | None) -> list[Cells]:
    """Each column of the chunk as JSON strings of the values' texts."""
    return [json_texts(chunk.column(i), column.type) for i, column in enumerate(answer.columns)]


def _layout(start: str, labels: list[bytes], between: str, end: str, cells: list[Cells]) -> bytes:
    """All rows of a chunk: `start`, the labelled cells with `between` between them, `end`."""
    parts: list[Any] = []
    before = start.encode()
    for label, (column, quote) in zip(labels, cells, strict=True):
        parts += [literal(before + label + quote), column]
        before = quote + between.encode()
    return content(join(*parts, literal(quote + end.encode())))


# Documents -----------------------------------------------------------------------------------


def document(cells: Write, *, compact: bool) -> Callable[[Answer], Iterator[bytes]]:
    """Writes JSON, JSONStrings, or with `compact` JSONCompact, JSONCompactStrings."""

    def write(answer: Answer) -> Iterator[bytes]:
        labels = jsontext.labels(answer, compact=compact)
        start, between, end = ("\t\t[", ", ", "]") if compact else ("\t\t{", ",", "\n\t\t}")
        yield f'{{\n{meta(answer)},\n\n\t"data":\n\t[\n'.encode()
        rows = 0
        for chunk in answer.chunks():
            text = _layout(
                ",\n" + start, labels, between, end, cells(answer, chunk, None if compact else 3)
            )
            yield text if rows else text[2:]
            rows += chunk.num_rows
        totals = b""
        if answer.totals is not None:
            found = cells(answer, answer.totals, None if compact else 2)
            if compact:
                totals = _layout("[", labels, ", ", "]", found)
            else:
                labels = [b"\n\t\t" + label.lstrip() for label in labels]
                totals = b"\n\t" + _layout("{", labels, ",", "\n\t}", found)
            totals = b'\t"totals":' + (b" " if compact else b"") + totals + b",\n\n"
        yield tail(answer, rows, totals)

    return write


def columns(*, named: bool, metadata: bool = False) -> Callable[[Answer], Iterator[bytes]]:
    """Writes JSONColumns, JSONCompactColumns (not `named`), JSONColumnsWithMetadata."""

    def write(answer: Answer) -> Iterator[bytes]:
        found: list[list[bytes]] = [[] for _ in answer.columns]
        rows = 0
        for chunk in answer.chunks():
            for texts, (column, quote) in zip(found, values(answer, chunk, None), strict=True):
                texts.append(content(join(literal(b", " + quote), column, literal(quote))))
            rows += chunk.num_rows
        tabs = b"\t\t" if metadata else b"\t"
        lines = [
            tabs
            + (json_key(column.name) + b": " if named else b"")
            + b"["
            + b"".join(texts)[2:]
            + b"]"
            for column, texts in zip(answer.columns, found, strict=True)
        ]
        # ClickHouse's own: without rows only JSONColumns names its columns.
        body = b",\n".join(lines) if rows or (named and not metadata) else b""
        if metadata:
            yield f'{{\n{meta(answer)},\n\n\t"data":\n\t{{\n'.encode() + body
            yield tail(answer, rows, b"").replace(b"\n\t]", b"\n\t}", 1)
        else:
            yield (b"{\n" if named else b"[\n") + body + (b"\n}\n" if named else b"\n]\n")

    return write


# Lines ---------------------------------------------------------------------------------------


def lines(cells: Write) -> Callable[[Answer], Iterator[bytes]]:
    """Writes JSONEachRow, JSONStringsEachRow: one object a line."""

    def write(answer: Answer) -> Iterator[bytes]:
        labels = [json_key(column.name) + b":" for column in answer.columns]
        for chunk in answer.chunks():
            yield _layout("{", labels, ",", "}\n", cells(answer, chunk, None))

    return write


def arrays(
    cells: Write, *, names: bool = False, types: bool = False
) -> Callable[[Answer], Iterator[bytes]]:
    """Writes JSONCompactEachRow and its like: one array a line, names and types first if asked."""

    def write(answer: Answer) -> Iterator[bytes]:
        if names:
            yield _header([column.name for column in answer.columns])
        if types:
            yield _header([str(column.type) for column in answer.columns])
        labels = [b""] * len(answer.columns)
        for chunk in answer.chunks():
            yield _layout("[", labels, ", ", "]\n", cells(answer, chunk, None))

    return write


def _header(texts: list[str]) -> bytes:
    return b"[" + b", ".join(map(json_key, texts)) + b"]\n"


def progress(cells: Write) -> Callable[[Answer], Iterator[bytes]]:
    """Writes JSONEachRowWithProgress and JSONStringsEachRowWithProgress."""

    def write(answer: Answer) -> Iterator[bytes]:
        meta = ",".join(
            f'{{"name":{json_quoted(column.name)},"type":{json_quoted(str(column.type))}}}'
            for column in answer.columns
        )
        yield f'{{"meta":[{meta}]}}\n'.encode()
        labels = [json_key(column.name) + b":" for column in answer.columns]
        rows = 0
        for chunk in answer.chunks():
            yield _layout('{"row":{', labels, ",", "}}\n", cells(answer, chunk, None))
            rows += chunk.num_rows
        if rows:
            yield _progress(answer.statistics())

    return write


def _progress(cost: Statistics) -> bytes:
    return (
        f'{{"progress":{{"read_rows":"{cost.rows_read}","read_bytes":"{cost.bytes_read}",'
        f'"total_rows_to_read":"{cost.rows_read}","elapsed_ns":"{int(cost.elapsed * 1e9)}"}}}}\n'
    ).encode()
