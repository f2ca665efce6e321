"""Which files of a folder are the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from mini_tb.diagnostics import UserError
from mini_tb.project import find_project, read_folder
from mini_tb.project.folder import parse_env


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_walk(tmp_path: Path) -> None:
    write(
        tmp_path,
        "top.pipe",
        "datasources/a.datasource",
        "any/name/deep/b.pipe",
        "any/name/deep/deeper/c.pipe",
        "includes/d.incl",
        "README.md",
        "vendor/other/datasources/e.datasource",
        "tests/f.pipe",
        "node_modules/g.pipe",
        ".venv/lib/h.pipe",
        ".mini-tb/i.pipe",
        "examples/shop/datasources/j.datasource",
        "examples/shop/pipes/k.pipe",
        "examples/configured/tinybird.config.json",
        "examples/configured/l.pipe",
    )
    assert sorted(read_folder(tmp_path).files) == [
        "any/name/deep/b.pipe",
        "datasources/a.datasource",
        "includes/d.incl",
        "top.pipe",
    ]
    assert sorted(read_folder(tmp_path / "examples" / "shop").files) == [
        "datasources/j.datasource",
        "pipes/k.pipe",
    ]


def test_a_folder_that_is_no_project_holds_what_is_below(tmp_path: Path) -> None:
    write(tmp_path, "tinybird/datasources/a.datasource")
    assert list(read_folder(tmp_path).files) == ["tinybird/datasources/a.datasource"]


def test_texts_keep_their_line_breaks_and_lose_the_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.pipe").write_bytes(b"\xef\xbb\xbfNODE a\r\n")
    assert read_folder(tmp_path).files == {"a.pipe": "NODE a\r\n"}


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.pipe").write_bytes(b"\xff\xfe")
    write(tmp_path, "b.pipe")
    folder = read_folder(tmp_path)
    assert list(folder.files) == ["b.pipe"]
    assert [(d.code, d.path) for d in folder.diagnostics] == [("CF002", "a.pipe")]


def test_secrets_and_fixtures(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nB=base\n")
    (tmp_path / ".env.local").write_text("B=local\nC=\n")
    write(tmp_path, "fixtures/x.csv", "fixtures/x.ndjson", "fixtures/y.sql", "fixtures/z.txt")
    folder = read_folder(tmp_path)
    assert folder.secrets == {"A": "1", "B": "local"}
    assert {name: path.name for name, path in folder.fixtures.items()} == {
        "x": "x.ndjson",
        "y": "y.sql",
    }


def test_env_lines() -> None:
    text = "# c\nexport A = 'x # y'\nB=\"q\"\nC=a b # note\nD=\nnot a line\nE=x=y\n"
    assert parse_env(text) == {"A": "x # y", "B": "q", "C": "a b", "E": "x=y"}


def test_project_folder_comes_from_the_nearest_config(tmp_path: Path) -> None:
    (tmp_path / "tinybird.config.json").write_text('{"folder": "data"}')
    (tmp_path / "data" / "pipes").mkdir(parents=True)
    assert find_project(tmp_path / "data" / "pipes") == (tmp_path / "data").resolve()
    (tmp_path / "tinybird.config.json").write_text('{"include": "data", "folder": "x"}')
    assert find_project(tmp_path) == tmp_path.resolve()
    (tmp_path / "tinybird.config.json").write_text("{")
    with pytest.raises(UserError, match="not JSON"):
        find_project(tmp_path)


def test_without_config_the_folder_itself_is_the_project(tmp_path: Path) -> None:
    assert find_project(tmp_path) == tmp_path.resolve()
