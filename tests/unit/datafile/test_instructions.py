"""The table of instructions, and what is written from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mini_tb.datafile import Kind, parse
from mini_tb.datafile.instructions import BY_KIND, INSTRUCTIONS, Instruction, Shape
from mini_tb.datafile.reference import reference
from mini_tb.project import Datasource, Engine, Node, Pipe
from mini_tb.source import SourceFile

DOCS = Path(__file__).parents[3] / "docs" / "reference"


def test_reference_page_is_fresh() -> None:
    page = (DOCS / "datafiles.md").read_text()
    assert page == reference(), "write mini_tb.datafile.reference.reference() to the page"


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: f"{row.kind.value} {row.name}")
def test_every_row_is_read_in_its_shape(row: Instruction) -> None:
    head = "NODE n\n" if row.kind is Kind.PIPE and row.name != "NODE" else ""
    value = row.values[0] if row.values else "x"
    line = f"{head}{row.name} {value}\n"
    block = f"{head}{row.name} >\n    {value} Int8\n"
    found = {}
    for shape, text in ((Shape.LINE, line), (Shape.BLOCK, block)):
        parsed = parse(SourceFile(f"x.{row.kind.value}", text))
        found[shape] = {d.code for d in parsed.diagnostics}
    if row.old is not None:
        assert found[Shape.LINE] & {"DF007", "DF008"}
    elif row.name != "SCHEMA":
        assert ("DF003" in found[Shape.LINE]) == (row.shape is Shape.BLOCK)
        if row.name != "NODE":
            assert ("DF004" in found[Shape.BLOCK]) == (row.shape is Shape.LINE)
    assert "DF001" not in found[Shape.LINE]


def test_aliases_stand_for_their_instruction() -> None:
    assert BY_KIND[Kind.PIPE]["SCOPE"] is BY_KIND[Kind.PIPE]["NODE"]
    assert BY_KIND[Kind.PIPE]["MODE"] is BY_KIND[Kind.PIPE]["COPY_MODE"]


def test_fields_are_those_of_the_model() -> None:
    """`field` names where the value goes: a field of the resource, its engine or its node."""
    known = {
        Kind.DATASOURCE: set(Datasource.__dataclass_fields__),
        Kind.PIPE: set(Pipe.__dataclass_fields__) | set(Node.__dataclass_fields__),
    }
    for row in INSTRUCTIONS:
        if row.kind is Kind.CONNECTION or not row.field:
            continue
        first, _, rest = row.field.partition(".")
        assert first in known[row.kind], row
        if first == "engine":
            assert rest in Engine.__dataclass_fields__, row
