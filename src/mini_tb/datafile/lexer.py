"""The lines of a datafile as tokens for the grammar.

A line is an instruction, a comment or blank; a block is all lines until one that begins in the
first column with an instruction of that kind of file. So what a word is depends on the kind of
file and on where it stands: that is decided here, and only here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mini_tb.datafile.instructions import Instruction
from mini_tb.datafile.token import Token

# A template tag is one word; a quoted text is one word and ends it; `#` begins a comment anywhere.
_WORDS = re.compile(
    r"""(?P<comment>\#.*)|"(?:\{\{.*?\}\}|[^"])*"|'(?:\{\{.*?\}\}|[^'])*'|(?:\{\{.*?\}\}|[^\s\#"'])(?:\{\{.*?\}\}|[^\s\#])*"""
    r"""|(?P<open>["'])"""
)
_FIRST_CONTENT = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*([ \t]*)")
_FIRST_COLUMN = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)(?=[ \t\r\n]|\Z)", re.MULTILINE)


class UnclosedQuote(Token):
    """A VALUE with a quote that is never closed; the text is the whole rest of the line."""


def lex(text: str, rows: Mapping[str, Instruction]) -> list[Token]:
    """The tokens of a whole file, where `rows` are the instructions of its kind.

    Every character that is not white space is in one of them. WORD and NODE are instructions,
    STRAY is a line that begins with no instruction, BODY a block's lines as they stand.
    """
    tokens: list[Token] = []
    add = tokens.append
    at, size = 0, len(text)
    while at < size:
        stop = text.find("\n", at)
        if stop < 0:
            stop = size
        line = text[at:stop].rstrip()
        bare = line.lstrip()
        start = at + len(line) - len(bare)
        at = stop + 1
        if not bare:
            if not tokens or tokens[-1].type != "BLANK":
                add(Token("BLANK", "", start, start))
            continue
        if bare[0] == "#":
            add(Token("COMMENT", bare, start, start + len(bare)))
            continue
        word, *rest = bare.split(None, 1)
        row = rows.get(word.upper())
        if row is None or (row.is_foreign and not word.isupper()):
            add(Token("STRAY", bare, start, start + len(bare)))
            continue
        end = start + len(word)
        is_node = row.name == "NODE"
        add(Token("NODE" if is_node else "WORD", word, start, end))
        if not rest:
            continue
        tail = rest[0]
        tail_at = start + len(bare) - len(tail)
        if tail[0] == ">" and not is_node and (len(tail) == 1 or tail[1].isspace()):
            add(Token("ARROW", ">", tail_at, tail_at + 1))
            after = tail[1:].lstrip()
            if after:
                add(Token("IGNORED", after, start + len(bare) - len(after), start + len(bare)))
            end = _block_end(text, at, rows)
            if row.grammar:
                end = _list_end(text, at, end)
            body_end = _without_trailing_trivia(text, at, end)
            if body_end > at:
                add(Token("BODY", text[at:body_end], at, body_end))
                at = body_end
            continue
        _lex_value(tail, tail_at, tokens)
    return tokens


def _lex_value(tail: str, at: int, tokens: list[Token]) -> None:
    """Add the VALUE and NOTE that `tail`, the rest of a line from `at` on, consists of."""
    if '"' not in tail and "'" not in tail and "#" not in tail and "{{" not in tail:
        tokens.append(Token("VALUE", " ".join(tail.split()), at, at + len(tail)))
        return
    words: list[str] = []
    end = 0
    note: Token | None = None
    for match in _WORDS.finditer(tail):
        if match["open"] is not None:
            value = UnclosedQuote("VALUE", tail, at, at + len(tail))
            tokens.append(value)
            return
        if match["comment"] is not None:
            note = Token("NOTE", match[0].rstrip(), at + match.start(), at + len(tail))
            break
        words.append(match[0])
        end = match.end()
    if words:
        tokens.append(Token("VALUE", " ".join(words), at, at + end))
    if note is not None:
        tokens.append(note)


def _block_end(text: str, at: int, rows: Mapping[str, Instruction]) -> int:
    """Where the next line stands that begins in the first column with an instruction."""
    for match in _FIRST_COLUMN.finditer(text, at):
        word = match[1]
        row = rows.get(word.upper())
        if row is not None and (not row.is_foreign or word.isupper()):
            return match.start()
    return len(text)


def _list_end(text: str, start: int, end: int) -> int:
    """Where a block of columns or indexes ends before `end`, because a misspelt instruction stands.

    That is a line with a first word in capitals in the first column, in a block whose content is
    indented, after a line that no comma continues: as a column it would be a mistake as well.
    """
    first = _FIRST_CONTENT.match(text, start, end)
    if first is None or not first[1]:
        return end
    for match in _FIRST_COLUMN.finditer(text, start, end):
        before = text[start : match.start()].rstrip()
        if match[1].isupper() and len(match[1]) > 2 and before and before[-1] not in ",(":
            return match.start()
    return end


def _without_trailing_trivia(text: str, start: int, end: int) -> int:
    """The end of a block without the blank lines and unindented comments after its content.

    They belong to what follows: it is where people write about the next instruction.
    """
    while end > start:
        line_start = max(start, text.rfind("\n", start, end - 1) + 1)
        line = text[line_start:end]
        if line[0] != "#" and line.strip():
            break
        end = line_start
    return end
