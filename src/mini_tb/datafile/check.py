"""What is wrong with a tree by itself: spelling, shapes, places. Meaning is checked elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from mini_tb.datafile.instructions import BY_KIND, Kind, Level, Shape, elsewhere
from mini_tb.datafile.lexer import UnclosedQuote
from mini_tb.datafile.problem import Problem
from mini_tb.datafile.token import Token
from mini_tb.datafile.tree import (
    Block,
    Entry,
    NodeSection,
    Setting,
    Tree,
    content_lines,
)
from mini_tb.diagnostics import Severity, nearest


def check_tree(tree: Tree) -> list[Problem]:
    """Every problem of the tree, in no order."""
    problems = [*_check_section(tree, tree.entries, None)]
    for node in tree.nodes:
        if not node.name:
            problems.append(_at(node.word, "DF002", "expected a name after `NODE`"))
        problems.extend(_check_section(tree, node.entries, node))
    return problems


def _at(
    token: Token,
    code: str,
    message: str,
    hint: str | None = None,
    severity: Severity = Severity.ERROR,
) -> Problem:
    return Problem(code, message, token.start, token.end, hint, severity)


def _check_section(
    tree: Tree, entries: Iterable[Entry], node: NodeSection | None
) -> Iterator[Problem]:
    seen: set[str] = set()
    in_stray = False
    for entry in entries:
        if isinstance(entry, Token):
            if entry.type == "STRAY":
                # The lines of a block that was not understood are not mistakes of their own.
                if not (in_stray and _is_indented(tree, entry)):
                    yield _stray(entry, tree.kind)
                in_stray = True
            continue
        in_stray = False
        row = entry.row
        if node is None and tree.kind is Kind.PIPE and row.level is Level.NODE and not row.old:
            yield _at(entry.word, "DF006", f"`{row.name}` must come after a `NODE` line")
        if not row.repeats and row.name in seen:
            yield _at(
                entry.word,
                "DF010",
                f"`{row.name}` is set again; only the last one counts",
                severity=Severity.WARNING,
            )
        seen.add(row.name)
        if row.old is not None:
            yield _old(entry, tree.kind)
            if row.old.severity is Severity.ERROR or not row.old.is_read:
                continue
        if isinstance(entry, Block):
            yield from _check_block(tree, entry)
        else:
            yield from _check_setting(entry)


def _old(entry: Setting | Block, kind: Kind) -> Problem:
    row = entry.row
    assert row.old is not None  # the caller asked
    is_error = row.old.severity is Severity.ERROR
    if is_error:
        message = f"`{row.name}` is not supported"
    elif row.is_foreign:
        message = f"`{row.name}` has no effect in a {kind.value}"
    elif row.old.is_read:
        message = f"`{row.name}` is an old spelling"
    else:
        message = f"`{row.name}` is no longer used and has no effect"
    code = "DF008" if is_error else "DF007"
    return _at(entry.word, code, message, row.old.instead, row.old.severity)


def _check_block(tree: Tree, block: Block) -> Iterator[Problem]:
    row = block.row
    if row.shape is Shape.LINE:
        yield _at(
            block.word, "DF004", f"`{row.name}` takes its value on the same line",
            f"write `{row.name} value`",
        )  # fmt: skip
        return
    if block.ignored is not None and not block.ignored.startswith("#"):
        yield _at(
            block.ignored,
            "DF009",
            "text after `>` is not read",
            "start the block's text on the next line",
            Severity.WARNING,
        )
    body = block.body
    if body is None or not _CONTENT.search(body):
        if not row.may_be_empty:
            yield _at(block.word, "DF013", f"the block of `{row.name}` is empty")
    elif not row.grammar and _SUSPICIOUS.search(body):
        yield from _check_swallowed(tree, block, content_lines(tree, body))


def _check_setting(setting: Setting) -> Iterator[Problem]:
    row, value = setting.row, setting.value
    if row.shape is Shape.BLOCK:
        yield _at(
            setting.word,
            "DF003",
            f"`{row.name}` takes a block",
            f"write `{row.name} >` and the text on the lines below",
        )
        return
    if value is None or (not setting.text.strip() and not row.may_be_empty):
        yield _at(setting.word, "DF002", f"expected a value after `{row.name}`")
        return
    if isinstance(value, UnclosedQuote) and row.name != "DESCRIPTION":
        yield _at(value, "DF012", "a quote is opened and never closed")
        return
    if setting.note is not None and setting.note.start == value.end:
        yield _at(
            setting.note,
            "DF017",
            "`#` begins a comment, so the value ends before it",
            "quote the value to keep the `#`, or put a blank before the comment",
            Severity.WARNING,
        )
    if row.values and setting.text.lower() not in row.values:
        guess = nearest(setting.text, row.values)
        allowed = ", ".join(f"`{value}`" for value in row.values)
        yield _at(
            value,
            "DF014",
            f"`{setting.text}` is not a value of `{row.name}`, which takes {allowed}",
            f"did you mean `{guess}`?" if guess else None,
        )


def _is_indented(tree: Tree, token: Token) -> bool:
    return tree.source.text[max(0, token.start - 1) : token.start] in (" ", "\t")


def _stray(line: Token, kind: Kind) -> Problem:
    word = line.split(None, 1)[0]
    end = line.start + len(word)
    hint: str | None = None
    upper = word.upper()
    other = elsewhere(word, kind)
    if word.startswith("--"):
        return Problem(
            "DF001", "`--` is no comment here", line.start, end, "begin comments with `#`"
        )
    if upper.endswith(">") and upper[:-1] in BY_KIND[kind]:
        hint = f"write `{upper[:-1]} >` with a blank before the `>`"
    elif upper == "SETTINGS":
        hint = "write `ENGINE_SETTINGS`"
    elif other is not None:
        return Problem(
            "DF005",
            f"`{upper}` is not allowed in a .{kind.value} file",
            line.start,
            end,
            f"it belongs in a .{other.value} file",
        )
    else:
        guess = nearest(word, _living(kind))
        hint = f"did you mean `{guess}`?" if guess else None
    return Problem("DF001", f"unknown instruction `{word}`", line.start, end, hint)


def _living(kind: Kind) -> list[str]:
    return [name for name, row in BY_KIND[kind].items() if row.old is None]


_CONTENT = re.compile(r"^[ \t]*[^\s#]", re.MULTILINE)
# Most blocks have no line that could be meant as an instruction, and are not looked at closer.
_SUSPICIOUS = re.compile(
    r"^(?:[A-Z][A-Z_]{2}|[ \t]+(?i:TYPE|TARGET_|COPY_|EXPORT_|ENGINE|DATASOURCE)[ \t_\w])",
    re.MULTILINE,
)
_CAPITALS = re.compile(r"([A-Z][A-Z_]{2,})(?=\s|$)")
_INDENTED = re.compile(
    r"[ \t]+(?:(TYPE)[ \t]+[\"']?(?:endpoint|materialized|copy|sink)[\"']?"
    r"|((?:TARGET_DATASOURCE|COPY_MODE|COPY_SCHEDULE|EXPORT_\w+|ENGINE_\w+))[ \t]+\S.*"
    r"|(ENGINE)[ \t]+[\"']?\w*(?:MergeTree|Null)[\"']?"
    r"|(DATASOURCE)[ \t]+\w+)[ \t]*$",
    re.IGNORECASE,
)


def _check_swallowed(tree: Tree, block: Block, lines: list[tuple[int, str]]) -> Iterator[Problem]:
    """Lines of a block that were meant as instructions.

    A misspelt instruction, or one that is indented, does not end the block above it.
    """
    is_query = block.row.shape is Shape.BLOCK
    severity = Severity.ERROR if is_query else Severity.WARNING
    if lines[0][1][0] in " \t":
        for at, line in lines:
            word = _CAPITALS.match(line)
            if word is None or _SQL_WORD.fullmatch(word[1]):
                continue
            close = get_close_matches(word[1], _living(tree.kind), n=1, cutoff=0.75)
            other = elsewhere(word[1], tree.kind)
            if close or other:
                yield Problem(
                    "DF011",
                    f"`{word[1]}` is no instruction here: it is part of `{block.row.name}`",
                    at,
                    at + word.end(),
                    f"did you mean `{close[0]}`?" if close else None,
                    severity,
                )
    if not is_query:
        return
    for at, line in reversed(lines):
        found = _INDENTED.match(line)
        if found is None:
            return
        word_start = len(line) - len(line.lstrip())
        name = next(group for group in found.groups() if group)
        yield Problem(
            "DF011",
            f"an indented `{name}` is part of `{block.row.name}`",
            at + word_start,
            at + word_start + len(name),
            "begin the line in the first column",
        )


# Words that begin a line of SQL, whatever instruction they resemble.
_SQL_WORD = re.compile(
    r"ALL|AND|ANTI|ANY|ARRAY|ASOF|BETWEEN|CASE|CROSS|DESC|DISTINCT|ELSE|EXCEPT|FILL|FINAL|"
    r"FORMAT|FROM|FULL|GLOBAL|GROUP|HAVING|ILIKE|INNER|INSERT|INTERPOLATE|INTERSECT|"
    r"INTERVAL|INTO|JOIN|LEFT|LIKE|LIMIT|NULL|NULLS|OFFSET|ORDER|OUTER|OVER|PARTITION|"
    r"PREWHERE|QUALIFY|RANGE|RECURSIVE|RIGHT|ROWS|SAMPLE|SELECT|SEMI|SETTINGS|THEN|TOTALS|"
    r"UNION|USING|VALUES|WHEN|WHERE|WINDOW|WITH"
)
