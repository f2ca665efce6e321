"""All datafiles that are shipped stand in the canonical form, and check without a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from mini_tb.datafile import format_text
from mini_tb.project import read_folder
from mini_tb.source import SourceFile
from mini_tb.workspace.build import build_project

ROOT = Path(__file__).parents[2]
PROJECTS = [ROOT, *sorted(p for p in (ROOT / "examples").iterdir() if p.is_dir())]


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_fmt_changes_nothing(folder: Path) -> None:
    files = read_folder(folder).files
    assert files
    assert {name: format_text(SourceFile(name, text)) for name, text in files.items()} == files


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_there_is_nothing_to_say_about_it(folder: Path) -> None:
    found = read_folder(folder)
    assert build_project(found.files, found.secrets).diagnostics == ()
