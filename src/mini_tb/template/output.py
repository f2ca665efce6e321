"""What a template wrote: put together as text, or as a skeleton with placeholders.

The bound form follows the quotes and comments of the SQL that it writes, because a placeholder is
one only outside of them. Inside, the value's literal is written as in the text form, unless it
would end the quotes: that is an error, since what follows would be read as SQL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from mini_tb.source import Piece
from mini_tb.template.errors import TemplateError
from mini_tb.template.tags import Text
from mini_tb.template.values import Identifier, Part, Value, text_of

# A tag's output: the tag's offset and the parts it wrote.
Chunk = Text | tuple[int, Sequence[Part]]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Text, the values of its placeholders, and the map back to the template."""

    text: str
    values: tuple[Value, ...]
    pieces: tuple[Piece, ...]


def assemble_text(chunks: Sequence[Chunk]) -> Assembled:
    """The text form: every value as its literal."""
    written: list[str] = []
    pieces: list[Piece] = []
    position = 0
    for chunk in chunks:
        if isinstance(chunk, Text):
            for offset, run in chunk.runs:
                pieces.append(Piece(position, offset, len(run)))
                written.append(run)
                position += len(run)
        else:
            offset, parts = chunk
            pieces.append(Piece(position, offset, 0))
            for part in parts:
                text = text_of(part)
                written.append(text)
                position += len(text)
    return Assembled("".join(written), (), tuple(pieces))


def assemble_bound(chunks: Sequence[Chunk]) -> Assembled:
    """The bound form: every value as a placeholder `{_1:Int32}`, wherever SQL takes one.

    Raises `TemplateError` if a value would leave the quotes or the comment it is written into.
    """
    written: list[str] = []
    pieces: list[Piece] = []
    values: list[Value] = []
    position = 0
    state = ""
    for chunk in chunks:
        if isinstance(chunk, Text):
            for offset, run in chunk.runs:
                pieces.append(Piece(position, offset, len(run)))
                written.append(run)
                position += len(run)
                state = scan(run, state)
            continue
        offset, parts = chunk
        pieces.append(Piece(position, offset, 0))
        for part in parts:
            if not isinstance(part, Value):
                text = part.bound if isinstance(part, Identifier) and not state else str(part)
                if isinstance(part, Identifier) and state and _leaves(text, state):
                    raise _escaping(state, offset)
                state = scan(text, state)
            elif state:
                text = part.text
                if _leaves(text, state) and not _is_number(part):
                    raise _escaping(state, offset)
            elif part.is_bare_integer and _takes_position("".join(written)):
                text = part.text
            else:
                name = f"_{len(values) + 1}"
                values.append(replace(part, name=name))
                text = f"{{{name}:{part.type}}}"
            written.append(text)
            position += len(text)
    return Assembled("".join(written), tuple(values), tuple(pieces))


# Where SQL text stops being plain: a quote, a comment, a heredoc.
_PLAIN = re.compile(r"['\"`]|--|#!|# |/\*|\$\w*\$")
_ENDS = {
    **{
        quote: re.compile(rf"(?:\\.|[^\\{quote}])*+(?P<end>{quote})?", re.DOTALL)
        for quote in "'\"`"
    },
    "--": re.compile(r"[^\n]*(?P<end>\n)?"),
    "/*": re.compile(r".*?(?:(?P<end>\*/)|\Z)", re.DOTALL),
}
_ENDS["#!"] = _ENDS["# "] = _ENDS["--"]


@lru_cache(maxsize=4096)
def scan(text: str, state: str) -> str:
    """The state of SQL after `text`: what is open there (a quote, `--`, `/*`, `$tag$`), or ''."""
    position = 0
    while True:
        if not state:
            found = _PLAIN.search(text, position)
            if found is None:
                return ""
            state, position = found[0], found.end()
        end = _end(text, position, state)
        if end < 0:
            return state
        state, position = "", end


def _end(text: str, position: int, state: str) -> int:
    """Where what is open ends, after its last character; -1 if it stays open."""
    if state.startswith("$"):
        found = text.find(state, position)
        return found + len(state) if found >= 0 else -1
    match = _ENDS[state].match(text, position)
    return match.end("end") if match else -1


def _leaves(text: str, state: str) -> bool:
    return _end(text, 0, state) >= 0


def _is_number(value: Value) -> bool:
    return value.type.removeprefix("Array(").startswith(("UInt", "Int", "Float", "Bool"))


def _escaping(state: str, offset: int) -> TemplateError:
    inside = {"--": "a comment", "/*": "a comment", "#!": "a comment", "# ": "a comment"}
    place = inside.get(state, f"{state}…{state}")
    return TemplateError(
        "forbidden_construct",
        f"a value cannot be written inside {place}: `{{{{ }}}}` writes its own quotes",
        offset=offset,
    )


_CLAUSE = re.compile(
    r"\b(?:BY|SELECT|FROM|WHERE|HAVING|LIMIT|OFFSET|SETTINGS|WITH|ON|USING|FORMAT)\b", re.IGNORECASE
)


def _takes_position(sql: str) -> bool:
    """Whether an integer here would be the position of a column (`ORDER BY 2`, `GROUP BY a, 2`)."""
    before = sql.rstrip()
    if not before.endswith(",") and before[-2:].upper() != "BY":
        return False
    clauses = _CLAUSE.findall(before)
    return bool(clauses) and clauses[-1].upper() == "BY"
