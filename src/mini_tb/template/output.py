"""What a template wrote: put together as text, or as a skeleton with placeholders.

The bound form follows the quotes and comments of the SQL that it writes, because a placeholder is
one only outside of them. Inside, the value's literal is written as in the text form, unless it
would end the quotes: that is an error, since what follows would be read as SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from mini_tb.dataclass import dataclass
from mini_tb.source import Piece, Pieces
from mini_tb.template.errors import TemplateError
from mini_tb.template.tags import Text
from mini_tb.template.values import Identifier, Part, Value, text_of

# A tag's output: the tag's offset and the parts it wrote.
Chunk = Text | tuple[int, Sequence[Part]]
Item = tuple[int, Part, int]
"""Where something comes from, what it is, and its length if it is literal text."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """Text, the values of its placeholders, and the map back to the template."""

    text: str
    values: tuple[Value, ...]
    pieces: Sequence[Piece]


def assemble_text(chunks: Sequence[Chunk]) -> Assembled:
    """The text form: every value as its literal."""
    items = _items(chunks)
    written = [text_of(part) for _, part, _ in items]
    return Assembled("".join(written), (), Pieces(lambda: _pieces(items, written)))


def assemble_bound(chunks: Sequence[Chunk]) -> Assembled:
    """The bound form: every value as a placeholder `{_1:Int32}`, wherever SQL takes one.

    Raises `TemplateError` if a value would leave the quotes or the comment it is written into.
    """
    items = _items(chunks)
    written: list[str] = []
    values: list[Value] = []
    state = clause = ""
    for index, (offset, part, length) in enumerate(items):
        if state and not length and _leaves(text_of(part), state) and not _is_harmless(part):
            raise _escaping(state, offset)
        if isinstance(part, Value):
            after = text_of(items[index + 1][1]) if index + 1 < len(items) else ""
            if state or _needs_literal(part, clause, _tail(written), after):
                text = part.text
            else:
                name = f"_{len(values) + 1}"
                values.append(Value(name, part.type, part.value, part.text))
                text = f"{{{name}:{part.type}}}"
        else:
            text = part.bound if isinstance(part, Identifier) and not state else str(part)
            state = scan(text, state)
            clause = _last_clause(text) or clause
        written.append(text)
    return Assembled("".join(written), tuple(values), Pieces(lambda: _pieces(items, written)))


def _pieces(items: Sequence[Item], written: Sequence[str]) -> Iterator[Piece]:
    """The map back to the template of what was written for items."""
    position = 0
    for (offset, _, length), text in zip(items, written, strict=True):
        yield Piece(position, offset, length)
        position += len(text)


def _tail(written: Sequence[str]) -> str:
    """The last characters of what was written."""
    tail = ""
    for text in reversed(written):
        tail = text + tail
        if len(tail) >= _TAIL:
            break
    return tail[-_TAIL:]


def _items(chunks: Sequence[Chunk]) -> list[Item]:
    """What was written, in order."""
    items: list[Item] = []
    for chunk in chunks:
        if isinstance(chunk, Text):
            items += [(offset, run, len(run)) for offset, run in chunk.runs]
        else:
            items += [(chunk[0], part, 0) for part in chunk[1]]
    return items


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


def _is_harmless(part: Part) -> bool:
    """Whether a part holds nothing of a caller's that SQL could be made of."""
    if isinstance(part, Value):
        return part.type.removeprefix("Array(").startswith(("UInt", "Int", "Float", "Bool"))
    return not isinstance(part, Identifier)


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
_TYPED_LITERAL = re.compile(r"\b(?:DATE|TIMESTAMP|INTERVAL)\s*\Z", re.IGNORECASE)
_TAIL = 64  # characters before a value that are looked at


@lru_cache(maxsize=4096)
def _last_clause(text: str) -> str:
    clauses = _CLAUSE.findall(text)
    return clauses[-1].upper() if clauses else ""


def _needs_literal(value: Value, clause: str, before: str, after: str) -> bool:
    """Whether only a literal means in this place what the text form means.

    That is a number which is a part of a name (`day_{{Int(n)}}`, `pair.{{Int(n)}}`) or the position
    of a column (`ORDER BY 2`), the text of a typed literal (`DATE '…'`), a string right beside
    another (`{{a}}{{b}}` is one literal, with a quote in the middle), and a setting's value.
    """
    if clause == "SETTINGS":
        return True
    if value.type == "String":
        beside = before.endswith("'") or after.startswith("'")
        return beside or _TYPED_LITERAL.search(before) is not None
    if not value.is_bare_number:
        return False
    if _is_word(before[-1:]) or _is_word(after[:1]):
        return True
    end = before.rstrip()
    return clause == "BY" and (end.endswith(",") or end[-2:].upper() == "BY")


def _is_word(char: str) -> bool:
    return char.isalnum() or (char != "" and char in "_.$")
