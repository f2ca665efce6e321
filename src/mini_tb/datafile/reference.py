"""The reference of datafiles, written from the table of instructions."""

from __future__ import annotations

from collections.abc import Iterator

from mini_tb.datafile.instructions import BY_KIND, Instruction, Kind, Level, Shape
from mini_tb.diagnostics import Severity

_TITLES = {
    Kind.DATASOURCE: "Data sources: `.datasource`",
    Kind.PIPE: "Pipes: `.pipe`",
    Kind.CONNECTION: "Connections: `.connection`",
}

_INTRODUCTION = """\
# Datafiles

<!-- Written by mini_tb.datafile.reference from the table of instructions; do not edit. -->

A datafile is read line by line. A line begins with an instruction, in any case, and its value
stands on the same line or, after `>`, on the lines below, up to the next line that begins in the
first column with an instruction. `#` begins a comment. Quotes around a value are optional; they
keep a `#` or several blanks in it.

`$NAME` and `${NAME}` in one-line values are replaced from the environment. In data sources and
connections `{{ tb_secret("NAME") }}`, or `{{ tb_secret("NAME", "default") }}`, stands for a secret.

`mini-tb fmt` writes the instructions in the order of these tables.
"""


def reference() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_INTRODUCTION, *(line for kind in Kind for line in _section(kind))]) + "\n"


def _section(kind: Kind) -> Iterator[str]:
    rows = list(dict.fromkeys(BY_KIND[kind].values()))
    yield f"## {_TITLES[kind]}\n"
    yield "| instruction | value | what it says |"
    yield "|---|---|---|"
    yield from (_row(row) for row in rows if row.old is None)
    yield "\n### Old spellings\n"
    yield "| instruction | what happens | instead |"
    yield "|---|---|---|"
    yield from (_old_row(row) for row in rows if row.old is not None)
    yield ""


def _row(row: Instruction) -> str:
    doc = row.doc
    if row.level is Level.NODE and row.name != "NODE":
        doc += " Of a node."
    if row.aliases:
        doc += f" Also written {', '.join(f'`{alias}`' for alias in row.aliases)}."
    if row.repeats:
        doc += " May be repeated."
    shape = "block" if row.shape is Shape.BLOCK else row.shape.value
    return f"| `{row.name}` | {shape} | {_cell(doc)} |"


def _old_row(row: Instruction) -> str:
    assert row.old is not None  # the caller chose these
    if row.old.severity is Severity.ERROR:
        happens = "error"
    else:
        happens = "warning, still read" if row.old.is_read else "warning, has no effect"
    return f"| `{row.name}` | {happens} | {_cell(row.old.instead)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
