"""The canonical form of a datafile: one order, one indentation, one way to write each value.

Nothing is lost: comments stay with the instruction they stand before, text that is not understood
stays as it is, SQL is moved to its indentation and otherwise left alone. Formatting twice is the
same as formatting once, and what the file means does not change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mini_tb.datafile.instructions import BY_KIND, Kind, Shape
from mini_tb.datafile.lexer import lex
from mini_tb.datafile.parser import parse
from mini_tb.datafile.token import Token
from mini_tb.datafile.tree import (
    Block,
    ColumnDefinition,
    Entry,
    IndexDefinition,
    Indexes,
    NodeSection,
    Schema,
    Setting,
    Tree,
    common_margin,
    content_lines,
    unquote,
)
from mini_tb.diagnostics import Severity, UserError
from mini_tb.source import SourceFile

INDENT = "    "


def format_text(file: SourceFile) -> str:
    """The file's canonical text. Raises `UserError` if the file has errors: nothing is guessed."""
    parsed = parse(file)
    errors = [d for d in parsed.diagnostics if d.severity is Severity.ERROR]
    if errors:
        raise UserError(*errors)
    return _File(parsed.tree).text()


class _Item:
    """An entry with the comments before it."""

    def __init__(self, entry: Setting | Block, comments: list[str]) -> None:
        self.entry = entry
        self.comments = comments


class _File:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        rows = BY_KIND[tree.kind].values()
        self.ranks = {row.name: rank for rank, row in enumerate(dict.fromkeys(rows))}
        # The lines of an included file may set anything: then the order is part of the meaning.
        self.keeps_order = any(
            isinstance(entry, Setting) and entry.row.name == "INCLUDE"
            for entry in tree.all_entries()
        )

    def text(self) -> str:
        """The whole file."""
        items, pending = self.items(self.tree.entries, [])
        head: list[str] = []
        if items and "" in items[0].comments:
            # Comments that a blank line parts from the first instruction are about the file.
            last = len(items[0].comments) - items[0].comments[::-1].index("")
            head, items[0].comments = items[0].comments[: last - 1], items[0].comments[last:]
        lines = [*head, ""] if head else []
        lines += self.section(items, in_node=False)
        for node in self.tree.nodes:
            pending = self.node(node, pending, lines)
        lines += ["", *pending]
        return _tidy(lines)

    def node(self, node: NodeSection, comments: list[str], lines: list[str]) -> list[str]:
        """Add a node's lines; the comments behind it, which are about the next one."""
        lines += ["", *comments]
        note = f"  {node.note}" if node.note is not None else ""
        lines.append(f"NODE {_plain(str(node.value or ''), self.tree.kind, 'NODE')}{note}")
        items, pending = self.items(node.entries, [])
        lines += self.section(items, in_node=True)
        return pending

    def items(self, entries: Iterable[Entry], pending: list[str]) -> tuple[list[_Item], list[str]]:
        """The entries with their comments, and the comments behind the last one."""
        items: list[_Item] = []
        for entry in entries:
            if not isinstance(entry, Token):
                items.append(_Item(entry, pending))
                pending = []
            elif entry.type == "BLANK":
                if pending and pending[-1]:
                    pending.append("")
            else:
                pending.append(str(entry))
        return items, pending

    def section(self, items: list[_Item], *, in_node: bool) -> list[str]:
        """The lines of a file's own instructions, or of a node's."""
        if not self.keeps_order:
            items = sorted(items, key=lambda item: self.rank(item.entry, in_node))
        lines: list[str] = []
        before: Setting | Block | None = None
        for item in items:
            entry = item.entry
            if before is not None and (item.comments or not _stand_together(before, entry)):
                lines.append("")
            lines += [*_without_last_blank(item.comments), *self.entry(entry)]
            before = entry
        return lines

    def rank(self, entry: Setting | Block, in_node: bool) -> int:
        """Where the entry stands among the others."""
        rank = self.ranks[entry.row.name]
        if in_node and entry.row.name in ("TOKEN", "TAGS"):
            return rank + len(self.ranks)
        return rank

    def entry(self, entry: Setting | Block) -> list[str]:
        """The lines of one instruction."""
        name = entry.row.name
        if isinstance(entry.content, Schema):
            body = _schema_lines(entry.content, self.tree.source.text)
        elif isinstance(entry.content, Indexes):
            body = _index_lines(entry.content)
        elif isinstance(entry, Setting):
            return self.setting(entry)
        else:
            body = self.body(entry)
        if isinstance(entry, Setting):
            note = [str(entry.note)] if entry.note is not None else []
            return [*note, f"{name} >", *_indented(body)]
        ignored = f" {entry.ignored}" if entry.ignored is not None else ""
        return [f"{name} >{ignored}", *_indented(body)]

    def setting(self, entry: Setting) -> list[str]:
        """The lines of an instruction with its value on the same line."""
        name, value = entry.row.name, str(entry.value or "")
        note = f"  {entry.note}" if entry.note is not None else ""
        if name == "DESCRIPTION" and value and not note and value[0] != "#":
            return [f"{name} >", f"{INDENT}{value}"]
        if name == "SHARED_WITH":
            workspaces = [part.strip() for part in unquote(value).split(",") if part.strip()]
            if workspaces and not any(part[0] == "#" for part in workspaces):
                lines = [f"{name} >", *_indented(workspaces)]
                return [str(entry.note), *lines] if note else lines
        return [f"{name} {self.value(entry, value)}".rstrip() + note]

    def value(self, entry: Setting, value: str) -> str:
        """A value as it is written."""
        name = entry.row.name
        if name == "TOKEN":
            parts = re.fullmatch(r"(\"[^\"]*\"|'[^'\"]*'|[^\s\"']+) [\"']?(\w+)[\"']?", value)
            return f'"{unquote(parts[1])}" {parts[2].upper()}' if parts else value
        if name == "TAGS":
            tags = [part.strip() for part in unquote(value).split(",") if part.strip()]
            text = ", ".join(tags)
            return f'"{text}"' if tags and not re.search(r"[\"'#]", text) else value
        if name in ("INCLUDE", "DESCRIPTION"):
            return value
        plain = _plain(value, self.tree.kind, name)
        return plain.upper() if name == "TYPE" and self.tree.kind is Kind.PIPE else plain

    def body(self, block: Block) -> list[str]:
        """The lines of a block, without the indentation they share."""
        if block.body is None:
            return []
        margin = common_margin(line for _, line in content_lines(self.tree, block.body))
        lines: list[str] = []
        for line in str(block.body).split("\n"):
            bare = line.strip()
            if not bare:
                if lines and lines[-1]:
                    lines.append("")
            elif bare[0] == "#":
                lines.append(bare)
            else:
                lines.append(line.rstrip()[margin:])
        while lines and not lines[-1]:
            lines.pop()
        if block.row.shape is Shape.BLOCK:
            lines = _sign_alone(lines)
        elif block.row.name == "SHARED_WITH" and not any(line[:1] == "#" for line in lines):
            lines = [part.strip() for line in lines for part in line.split(",") if part.strip()]
        return lines


def _sign_alone(lines: list[str]) -> list[str]:
    """A template's `%` on a line of its own."""
    first = next((i for i, line in enumerate(lines) if line and line[0] != "#"), None)
    if first is None:
        return lines
    bare = lines[first].strip()
    if not bare.startswith("%"):
        return lines
    rest = bare[1:].strip()
    others = list(lines[first + 1 :])
    margin = common_margin(line for line in others if line and line[0] != "#")
    others = [line if line[:1] == "#" else line[margin:] for line in others]
    # A text after the sign that begins with `#` would be read as a comment on its own line.
    if rest and rest[0] != "#":
        return [*lines[:first], "%", rest, *others]
    return [*lines[:first], bare, *others]


def _plain(value: str, kind: Kind, name: str) -> str:
    """The value without its quotes, where they change nothing."""
    text = unquote(value)
    if text == value or not text or text[0] == ">" or "{{" in text:
        return value
    tokens = lex(f"{name} {text}", BY_KIND[kind])
    same = len(tokens) == 2 and type(tokens[1]) is Token and tokens[1] == text
    if name == "NODE" and " " in text:
        same = False
    return text if same and unquote(text) == text else value


def _stand_together(first: Setting | Block, second: Setting | Block) -> bool:
    """Whether no blank line parts two instructions."""
    if isinstance(first, Block) or isinstance(second, Block) or _becomes_block(second):
        return False
    if _becomes_block(first):
        return False
    if first.row.group or second.row.group:
        return first.row.group == second.row.group
    if first.row.name == second.row.name:
        return True
    return first.row.name.partition("_")[0] == second.row.name.partition("_")[0]


def _becomes_block(entry: Setting | Block) -> bool:
    return entry.content is not None or entry.row.name in ("DESCRIPTION", "SHARED_WITH")


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (INDENT + line if line else "" for line in lines)


def _without_last_blank(lines: list[str]) -> list[str]:
    return lines[:-1] if lines and not lines[-1] else lines


def _tidy(lines: list[str]) -> str:
    """The lines as a text: no blank ones at the ends, none doubled, one line break at the end."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r"\n{3,}", "\n\n", text) + "\n" if text else ""


# SCHEMA and INDEXES ------------------------------------------------------------------------


def _schema_lines(schema: Schema, text: str) -> list[str]:
    rows = [(c.name, c.end, _column(c)) for c in schema.columns]
    return _list_lines(rows, schema.comments, text, ",")


def _index_lines(indexes: Indexes) -> list[str]:
    lines = []
    comments = list(indexes.comments)
    for index in indexes.indexes:
        while comments and comments[0].start < index.name.start:
            lines.append(str(comments.pop(0)))
        lines.append(_index(index))
    return [*lines, *map(str, comments)]


def _list_lines(
    rows: list[tuple[Token, int, str]], comments: list[Token], text: str, separator: str
) -> list[str]:
    """The rows, one a line, with the comments before each and behind each on its line."""
    lines: list[str] = []
    rest = list(comments)
    for i, (_, end, row) in enumerate(rows):
        while rest and rest[0].start < end:
            lines.append(str(rest.pop(0)))
        is_last = i == len(rows) - 1
        line = row if is_last else row + separator
        following = (rows[i + 1][0]).start if not is_last else len(text)
        if rest and rest[0].start < following and "\n" not in text[end : rest[0].start]:
            comment = str(rest.pop(0))
            line = f"{line} {comment}"
        lines.append(line)
    return [*lines, *map(str, rest)]


def _column(column: ColumnDefinition) -> str:
    parts = [f"`{column.name.strip('`')}`"]
    if column.type is not None:
        parts.append(_one_line(column.type))
    if column.jsonpath is not None:
        parts.append(f"`json:{column.jsonpath}`")
    if column.default is not None:
        parts.append(f"DEFAULT {_one_line(column.default)}")
    if column.codec is not None:
        parts.append(f"CODEC{_one_line(column.codec)}")
    return " ".join(parts)


def _one_line(text: str) -> str:
    """A type or expression on one line, unless a quote or a comment in it forbids to touch it."""
    if "\n" not in text or "'" in text or '"' in text or "--" in text:
        return text
    joined = " ".join(text.split())
    return re.sub(r"(?<=\() | (?=\))", "", joined)


def _index(index: IndexDefinition) -> str:
    line = f"INDEX {index.name} {index.expression} TYPE {index.type}"
    return f"{line} GRANULARITY {index.granularity}" if index.granularity is not None else line
