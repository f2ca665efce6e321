"""Trees and resources as text that a person can review."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from mini_tb.datafile.token import Token
from mini_tb.datafile.tree import (
    Block,
    Entry,
    Indexes,
    Schema,
    Setting,
    Tree,
)
from mini_tb.source import Fragment
from mini_tb.types import DataType


def dump_tree(tree: Tree) -> str:
    """One line an entry, with its place."""
    lines = [tree.kind.value]
    for entry in tree.entries:
        lines += _entry(tree, entry, "  ")
    for node in tree.nodes:
        lines.append(f"  node {node.name} {_place(tree, node.word)}")
        for entry in node.entries:
            lines += _entry(tree, entry, "    ")
    return "\n".join(lines) + "\n"


def _place(tree: Tree, token: Token) -> str:
    span = tree.span(token.start, token.start)
    assert span is not None
    return f"@{span.line + 1}:{span.column + 1}"


def _entry(tree: Tree, entry: Entry, margin: str) -> list[str]:
    if isinstance(entry, Token):
        return [f"{margin}{entry.type.lower()} {_place(tree, entry)} {str(entry)!r}".rstrip()]
    note = ""
    if isinstance(entry, Setting):
        head = f"{entry.row.name} {str(entry.value)!r}"
        note = f" note {str(entry.note)!r}" if entry.note is not None else ""
    else:
        assert isinstance(entry, Block)
        head = f"{entry.row.name} >"
        note = f" ignored {str(entry.ignored)!r}" if entry.ignored is not None else ""
    lines = [f"{margin}{head} {_place(tree, entry.word)}{note}"]
    inner = margin + "  "
    if isinstance(entry.content, Schema):
        for column in entry.content.columns:
            parts = [
                f"{field.name}={str(value)!r}"
                for field in fields(column)
                if (value := getattr(column, field.name)) is not None
            ]
            lines.append(f"{inner}column {_place(tree, column.name)} {' '.join(parts)}")
        lines += [f"{inner}comment {_place(tree, c)} {str(c)!r}" for c in entry.content.comments]
    elif isinstance(entry.content, Indexes):
        for index in entry.content.indexes:
            parts = [
                f"{field.name}={str(value)!r}"
                for field in fields(index)
                if (value := getattr(index, field.name)) is not None
            ]
            lines.append(f"{inner}index {_place(tree, index.name)} {' '.join(parts)}")
    elif isinstance(entry, Block) and entry.body is not None:
        lines += [f"{inner}| {line}".rstrip() for line in str(entry.body).rstrip("\n").split("\n")]
    return lines


def dump_value(value: Any, margin: str = "") -> str:
    """A resource, leaving out what is empty or stands at its default."""
    if isinstance(value, DataType):
        return str(value)
    if isinstance(value, Fragment):
        return "".join(f"\n{margin}| {line}".rstrip() for line in value.text.split("\n"))
    if isinstance(value, tuple):
        return "".join(f"\n{margin}- {dump_value(item, margin + '  ')}" for item in value)
    if not is_dataclass(value):
        return repr(value)
    lines = [type(value).__name__]
    for field in fields(value):
        item = getattr(value, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if not field.compare or item == default:
            continue
        lines.append(f"{margin}{field.name}: {dump_value(item, margin + '  ')}")
    return "\n".join(lines)
