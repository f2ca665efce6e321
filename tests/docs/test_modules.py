"""Every module and everything public in it says what it promises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "src" / "mini_tb").rglob("*.py"))


def silent(tree: ast.Module) -> Iterator[str]:
    """What has no docstring: the module, its public functions and classes."""
    if not ast.get_docstring(tree):
        yield "the module"
    for node in tree.body:
        is_public = isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
        if is_public and not ast.get_docstring(node):
            yield node.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_it_says_what_it_promises(path: Path) -> None:
    assert list(silent(ast.parse(path.read_text()))) == []
