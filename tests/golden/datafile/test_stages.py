"""Datafiles stage by stage: `cases/<case>/in` → tree, resources, canonical form, diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from datafile_dump import dump_tree, dump_value

from mini_tb.datafile import format_text, parse
from mini_tb.diagnostics import UserError
from mini_tb.diagnostics.render import render_plain
from mini_tb.project import load_project
from mini_tb.source import SourceFile

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
ENV = {"REGION": "eu"}
SECRETS = {"BUS_USER": "reader", "BUS_PASSWORD": "it's a secret"}

Golden = Callable[[Path, str], None]


def sources(case: Path) -> dict[str, str]:
    files = sorted(path for path in (case / "in").rglob("*") if path.is_file())
    return {path.relative_to(case / "in").as_posix(): path.read_text() for path in files}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tree(case: Path, golden: Golden) -> None:
    trees = [
        f"# {path}\n{dump_tree(parse(SourceFile(path, text)).tree)}"
        for path, text in sources(case).items()
    ]
    golden(case / "tree.txt", "\n".join(trees))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_resources_and_diagnostics(case: Path, golden: Golden) -> None:
    loaded = load_project(sources(case), env=ENV, secrets=SECRETS)
    golden(case / "ir.txt", "".join(f"{dump_value(r)}\n" for r in loaded.project.resources()))
    golden(case / "diagnostics.txt", render_plain(loaded.diagnostics))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_canonical_form(case: Path, golden: Golden) -> None:
    for path, text in sources(case).items():
        file = SourceFile(path, text)
        try:
            formatted = format_text(file)
        except UserError as error:
            # What has errors is not formatted; the diagnostics of the case say which.
            assert error.diagnostics
            assert not (case / "fmt" / path).exists()
            continue
        golden(case / "fmt" / path, formatted)
        assert format_text(SourceFile(path, formatted)) == formatted
