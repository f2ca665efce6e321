"""Conformance files: queries with ClickHouse's answers, in the manner of sqllogictest.

    # what the file is about

    table clicks
    SELECT * FROM values('day Date, n UInt32', ('2026-01-01', 3), ('2026-01-02', 4))

    query Date,UInt64
    SELECT day, sum(n) FROM clicks GROUP BY day ORDER BY day
    ----
    2026-01-01	3
    2026-01-02	4

    statement error SQ201
    SELECT nothingLikeThis(1)

A block ends at a blank line. `table` makes a table of the rows that a SELECT gives. `query` names
the types of the columns, split at the commas outside of parentheses; the answer is ClickHouse's
TSV (a row that is one empty text is written `(empty)`). `# names: a, b` right above a query asks
for these column names as well. A query without `----` has not been recorded yet: `record.py` asks
ClickHouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

EMPTY_ROW = "(empty)"
NAMES = "# names:"


@dataclass(slots=True)
class Block:
    """A block: `comments` stand right above it; `line` is that of its head, counted from 1."""

    line: int
    comments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class TableBlock(Block):
    """A table that the queries after it read."""

    name: str = ""
    sql: str = ""


@dataclass(slots=True)
class QueryBlock(Block):
    """A query and ClickHouse's answer; `rows` is None before it was recorded."""

    types: list[str] = field(default_factory=list)
    sql: str = ""
    rows: list[str] | None = None

    @property
    def names(self) -> list[str] | None:
        """The column names to be checked, if they are."""
        for comment in self.comments:
            if comment.startswith(NAMES):
                return split_types(comment.removeprefix(NAMES))
        return None


@dataclass(slots=True)
class ErrorBlock(Block):
    """A query that must be refused with this diagnostic's code."""

    code: str = ""
    sql: str = ""


@dataclass(slots=True)
class TestFile:
    """A file's blocks in their order."""

    __test__ = False

    path: Path
    blocks: list[Block]

    @property
    def tables(self) -> list[TableBlock]:
        return [block for block in self.blocks if isinstance(block, TableBlock)]

    def text(self) -> str:
        """The file's text, normalised."""
        return "\n".join(_print(block) for block in self.blocks)


class TestFileError(ValueError):
    """The file is not well formed."""

    __test__ = False


def split_types(text: str) -> list[str]:
    """`UInt8,Tuple(a String, b Int8)` → its two types; commas inside parentheses or quotes stay."""
    parts: list[str] = []
    depth = start = 0
    quoted = ""
    for index, char in enumerate(text):
        if quoted:
            quoted = "" if char == quoted and text[index - 1] != "\\" else quoted
        elif char in "'`\"":
            quoted = char
        elif char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
        else:
            depth += (char in "([{") - (char in ")]}")
    return [*parts, text[start:].strip()] if text.strip() else []


def read(path: Path) -> TestFile:
    """The blocks of a file. Raises `TestFileError` with the line."""
    blocks: list[Block] = []
    paragraph: list[str] = []
    first = 1
    for number, line in enumerate([*path.read_text().split("\n"), ""], 1):
        if line:
            if not paragraph:
                first = number
            paragraph.append(line)
        elif paragraph:
            blocks.append(_block(path, first, paragraph))
            paragraph = []
    return TestFile(path, blocks)


def _block(path: Path, first: int, lines: Sequence[str]) -> Block:
    at = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    comments, body = list(lines[:at]), list(lines[at:])
    line = first + at
    if not body:
        return Block(first, comments)
    word, _, rest = body[0].partition(" ")
    if word == "table":
        return TableBlock(line, comments, rest.strip(), "\n".join(body[1:]))
    if word == "query":
        if "----" not in body:
            return QueryBlock(line, comments, split_types(rest), "\n".join(body[1:]), None)
        ruler = body.index("----")
        rows = ["" if row == EMPTY_ROW else row for row in body[ruler + 1 :]]
        return QueryBlock(line, comments, split_types(rest), "\n".join(body[1:ruler]), rows)
    if body[0].startswith("statement error "):
        return ErrorBlock(line, comments, body[0].split()[2], "\n".join(body[1:]))
    raise TestFileError(f"{path}:{line}: expected `table`, `query` or `statement error`")


def _print(block: Block) -> str:
    lines = list(block.comments)
    if isinstance(block, TableBlock):
        lines += [f"table {block.name}", block.sql]
    elif isinstance(block, QueryBlock):
        lines += [f"query {','.join(block.types)}".rstrip(), block.sql]
        if block.rows is not None:
            lines += ["----", *(row or EMPTY_ROW for row in block.rows)]
    elif isinstance(block, ErrorBlock):
        lines += [f"statement error {block.code}", block.sql]
    return "\n".join(lines) + "\n"
