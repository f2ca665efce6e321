"""Diagnostics as text, and the registry of their codes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from mini_tb.diagnostics import Diagnostic, Severity, TextEdit, nearest
from mini_tb.diagnostics.codes import CODES
from mini_tb.diagnostics.render import render_github, render_json, render_plain, render_rich
from mini_tb.source import SourceFile

FILE = SourceFile("pipes/x.pipe", "NODE a\n\tTYPE\tfoo\n")
SPAN = FILE.span(13, 16)
ERROR = Diagnostic(
    "DF014",
    "`foo` is no type, 100% sure",
    SPAN,
    hint="did you mean `for`?",
    related=((FILE.span(0, 4), "the node"),),
    fixes=(TextEdit(SPAN, "for"),),
)
NOTE = Diagnostic("DF021", "expected a `SCHEMA`", severity=Severity.NOTE, path="y.datasource")


def test_plain() -> None:
    assert render_plain([ERROR, NOTE]) == (
        "pipes/x.pipe:2:7: error DF014: `foo` is no type, 100% sure\n"
        "    2 |     TYPE    foo\n"
        "      |             ^^^\n"
        "  pipes/x.pipe:1:1: the node\n"
        "  hint: did you mean `for`?\n"
        "y.datasource: note DF021: expected a `SCHEMA`\n"
    )
    assert render_plain([]) == ""


def test_rich_prints_the_same_text() -> None:
    out = io.StringIO()
    render_rich([ERROR, NOTE], out)
    assert out.getvalue() == render_plain([ERROR, NOTE])


def test_json() -> None:
    first, second = json.loads(render_json([ERROR, NOTE]))
    place = {"file": "pipes/x.pipe", "line": 2, "column": 7, "end_line": 2, "end_column": 10}
    assert first | place == first
    assert first["code"] == "DF014"
    assert first["fixes"] == [{**place, "text": "for"}]
    assert (second["file"], second["severity"]) == ("y.datasource", "note")
    assert "line" not in second


def test_github_annotations_are_escaped() -> None:
    assert render_github([ERROR, NOTE]) == (
        "::error file=pipes/x.pipe,line=2,endLine=2,col=7,endColumn=10,title=DF014::"
        "`foo` is no type, 100%25 sure (did you mean `for`?)\n"
        "::notice file=y.datasource,title=DF021::expected a `SCHEMA`\n"
    )


def test_nearest_name() -> None:
    assert nearest("ordrs", ["Orders", "users"]) == "Orders"
    assert nearest("x", ["orders"]) is None


def test_every_code_used_is_registered() -> None:
    source = Path(__file__).parents[3] / "src" / "mini_tb"
    used = {
        code
        for room in ("datafile", "project", "diagnostics")
        for path in (source / room).glob("*.py")
        if path.name != "codes.py"
        for code in re.findall(r'"([A-Z]{2}\d{3})"', path.read_text())
    }
    assert used <= set(CODES)
    assert list(CODES) == sorted(CODES)
