"""init, check, fmt, build: what they print, what they change, how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mini_tb import __version__
from mini_tb.cli.entry import _plain_serve

BROKEN = "NODE n\nSQL >\n    SELECT vews FROM page_views\n\nTYPE ENDPOINT\n"


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(folder: Any, option: str) -> None:
    assert folder.ok(option).out == f"mini-tb {__version__}\n"
    assert folder.ok("--folder", ".", option).out == f"mini-tb {__version__}\n"


def test_what_init_makes_is_canonical_and_builds(shop: Any) -> None:
    assert shop.ok("fmt", "--check").out == ""
    built = shop.ok("build")
    assert "✓ datasource page_views (3 columns)" in built.out
    assert "✓ pipe top_pages (1 node)" in built.out
    assert shop.read(".gitignore").splitlines() == [".mini-tb/", ".env.local"]


def test_init_keeps_what_is_there(shop: Any) -> None:
    shop.write("endpoints/top_pages.pipe", "# mine\n")
    again = shop.ok("init", ".")
    assert "made" not in again.out
    assert shop.read("endpoints/top_pages.pipe") == "# mine\n"


def test_check_says_the_errors_of_all_files_with_place_and_hint(shop: Any) -> None:
    shop.write("endpoints/a.pipe", "NODE n\nSQL >\n    SELECT 1\n\nTYPE nonsense\n")
    shop.write("datasources/b.datasource", "SCHEMA >\n    `a` Int33\n\nENGIN MergeTree\n")
    ran = shop.run("check")
    assert (ran.code, ran.out) == (1, "")
    assert "endpoints/a.pipe:5:" in ran.err
    assert "    5 | TYPE nonsense\n      |      ^^^^^^^^" in ran.err
    assert "datasources/b.datasource:2:9: error TY001" in ran.err
    assert "datasources/b.datasource:4:1: error" in ran.err
    assert "did you mean `ENGINE`?" in ran.err


def test_check_for_machines(shop: Any) -> None:
    assert shop.ok("check", "--format", "json").json == []
    shop.write("endpoints/a.pipe", BROKEN)
    ran = shop.run("--output", "json", "check")
    assert ran.code == 1
    (found,) = ran.json
    assert (found["file"], found["line"], found["column"]) == ("endpoints/a.pipe", 3, 12)
    github = shop.run("check", "--format", "github")
    assert github.out.startswith("::error file=endpoints/a.pipe,line=3,")


def test_build_fails_with_all_errors(shop: Any) -> None:
    shop.write("endpoints/a.pipe", BROKEN)
    shop.write("endpoints/b.pipe", BROKEN.replace("vews", "vieews"))
    ran = shop.run("build")
    assert ran.code == 1
    assert "✗ build failed: 2 errors" in ran.err
    assert ran.out == ""
    as_json = shop.run("--output", "json", "build")
    assert as_json.json["result"] == "failed"
    assert len(as_json.json["diagnostics"]) == 2


def test_fmt_rewrites_what_is_not_canonical(shop: Any) -> None:
    canonical = shop.read("endpoints/top_pages.pipe")
    shop.write("endpoints/top_pages.pipe", canonical.replace("TYPE ENDPOINT", "TYPE   endpoint"))
    shown = shop.run("fmt", "--diff")
    assert shown.code == 1
    assert "-TYPE   endpoint\n+TYPE ENDPOINT" in shown.out
    checked = shop.run("fmt", "--check")
    assert (checked.code, checked.out) == (1, "would change endpoints/top_pages.pipe\n")
    assert "TYPE   endpoint" in shop.read("endpoints/top_pages.pipe")
    assert shop.ok("fmt").out == "changed endpoints/top_pages.pipe\n"
    assert shop.read("endpoints/top_pages.pipe") == canonical
    assert shop.ok("fmt", "--diff").out == ""


def test_fmt_of_named_files_and_folders(shop: Any) -> None:
    assert "0 of 1 files changed" in shop.ok("fmt", "endpoints/top_pages.pipe").err
    assert "0 of 2 files changed" in shop.ok("fmt", ".").err
    assert shop.run("fmt", "nothing.pipe").code == 2
    assert shop.run("fmt", ".gitignore").code == 2


def test_fmt_leaves_a_broken_file_alone_and_does_the_others(shop: Any) -> None:
    broken = "NODE n\nSQL >\n    SELECT 1\n\nTYPE nonsense\n"
    shop.write("endpoints/a.pipe", broken)
    shop.write("endpoints/b.pipe", "NODE n\nSQL >\n    SELECT 1\nTYPE endpoint\n")
    ran = shop.run("fmt")
    assert ran.code == 1
    assert "endpoints/a.pipe:5:" in ran.err
    assert shop.read("endpoints/a.pipe") == broken
    assert shop.read("endpoints/b.pipe").endswith("\n\nTYPE ENDPOINT\n")


def test_fmt_says_a_file_that_is_no_text(shop: Any) -> None:
    (shop.path / "endpoints" / "x.pipe").write_bytes(b"\xff\xfe")
    ran = shop.run("fmt", "endpoints/x.pipe")
    assert ran.code == 1
    assert "CF002" in ran.err


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["build", "--nonsense"],
        ["--folder", "nowhere", "build"],
        ["--output", "xml", "build"],
        ["datasource", "append", "page_views"],
        ["generate", "page_views", "--rows", "-1"],
        ["explain", "top_pages", "--param", "limit"],
        ["explain", "top_pages", "--limit"],
    ],
)
def test_wrong_usage_is_2(shop: Any, args: list[str]) -> None:
    ran = shop.run(*args)
    assert ran.code == 2
    assert "Usage:" in ran.err or "Error" in ran.err


def test_the_nearest_command_is_suggested(folder: Any) -> None:
    assert "Did you mean 'deploy'?" in folder.run("deply").err


def test_explain_shows_every_stage(shop: Any) -> None:
    ran = shop.ok("explain", "top_pages", "--limit", "3")
    assert "LIMIT {_1:Int32}" in ran.out
    assert "_1  Int32  toInt32('3')" in ran.out
    for stage in ("template", "ClickHouse SQL", "values", "columns", "DuckDB SQL", "notes"):
        assert f"\n  {stage}\n" in ran.out
    assert "LIMIT {{" in ran.out
    assert "$p1 = 3" in ran.out
    found = shop.ok("--output", "json", "explain", "top_pages", "--param", "limit=3").json
    assert found["reads"] == ["page_views"]
    assert found["columns"][0] == ["page", "String"]
    (node,) = found["nodes"]
    assert "toInt32('3')" in node["ch_text"]
    assert node["columns"][0] == {
        "name": "page",
        "type": "String",
        "sources": ["page_views.page"],
    }


def test_explain_names_a_wrong_parameter(shop: Any) -> None:
    ran = shop.run("explain", "top_pages", "--limit", "many")
    assert ran.code == 1
    assert "Error validating 'many' to type Int32" in ran.err
    assert "did you mean `top_pages`?" in shop.run("explain", "top_page").err


@pytest.mark.parametrize(
    "args",
    [
        ["serve", "--help"],
        ["serve", "--port"],
        ["serve", "--port", "many"],
        ["serve", "--port", "65535"],
        ["serve", "--host", "--port", "8000"],
        ["-C", "nowhere", "serve"],
        ["--output", "json", "serve"],
        ["serve", "serve"],
        ["init", "serve"],
    ],
)
def test_a_serve_that_needs_words_is_read_with_all_commands(args: list[str]) -> None:
    assert _plain_serve(args) is None


def test_a_plain_serve_is_read_at_once(tmp_path: Path) -> None:
    for args in (["serve"], ["serve", "--port", "0"], ["-C", str(tmp_path), "serve"]):
        assert _plain_serve(args) is not None
