"""Template text → a tree of text, values and blocks.

The tags are those of Tornado's templates, restricted: `{{ expression }}`, `{% statement %}`,
`{# comment #}`, one `{% end %}` for every block, and `!` after the opening braces to write them
literally. Text outside of tags is kept byte for byte; every node knows its offset in the template.
Python inside of tags is parsed and checked by `expressions`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import field

from mini_tb.dataclass import dataclass
from mini_tb.template import expressions
from mini_tb.template.errors import TemplateError

# Blocks nest this deep at most: far above what people write, below what Python itself can compile.
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text; `runs` are its stretches that are copied unchanged, each with its offset."""

    offset: int
    runs: tuple[tuple[int, str], ...]
    size: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", sum(len(run) for _, run in self.runs))


@dataclass(frozen=True, slots=True)
class Output:
    """`{{ value }}`"""

    offset: int
    value: ast.expr


@dataclass(frozen=True, slots=True)
class Set:
    """`{% set statement %}`: one assignment or one expression."""

    offset: int
    statement: ast.Assign | ast.AugAssign | ast.Expr


@dataclass(frozen=True, slots=True)
class Jump:
    """`{% break %}` or `{% continue %}`"""

    offset: int
    word: str


@dataclass(slots=True)
class Section:
    """One branch of a block: the opening tag or an `elif`, `else`, `except`, `finally`."""

    offset: int
    word: str
    head: ast.expr | expressions.Loop | expressions.Handler | None
    body: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """`if`, `for`, `while` or `try` with its sections, the opening one first."""

    offset: int
    word: str
    sections: list[Section]

    def section(self, word: str) -> Section | None:
        """The last section that was opened by `word`."""
        return next((s for s in reversed(self.sections) if s.word == word), None)


Node = Text | Output | Set | Jump | Block

_OPENERS: dict[str, Callable[[str, int], ast.expr | expressions.Loop | None]] = {
    "if": expressions.parse_statement,
    "while": expressions.parse_statement,
    "for": expressions.parse_loop,
    "try": expressions.parse_nothing,
}
# Which blocks a middle tag belongs to.
_MIDDLES: dict[str, tuple[str, ...]] = {
    "elif": ("if",),
    "else": ("if", "for", "while", "try"),
    "except": ("try",),
    "finally": ("try",),
}
_FORBIDDEN = frozenset(
    ("import", "from", "include", "extends", "block", "apply", "raw", "module", "autoescape")
)
# What a stretch of blanks becomes: one with a line break (`line`), and any other.
_WHITESPACE: dict[str, tuple[re.Pattern[str], str] | None] = {
    "all": None,
    "single": (re.compile(r"(?P<line>\s*\n\s*)|[\t ]+"), "\n"),
    "oneline": (re.compile(r"(?P<line>\s*\n\s*)|\s+"), " "),
}
_OPENING = re.compile(r"\{+(?=\{)|\{(?=[%#])")
_CLOSING = {"{": "}}", "%": "%}", "#": "#}"}


def parse_tags(text: str) -> list[Node]:
    """The tree of a template. Raises `TemplateError` with the offset of what is wrong."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.whitespace = "all"
        self.root: list[Node] = []
        self.open: list[Block] = []

    @property
    def body(self) -> list[Node]:
        return self.open[-1].sections[-1].body if self.open else self.root

    def parse(self) -> list[Node]:
        while self.position < len(self.text):
            self.step()
        if self.open:
            block = self.open[-1]
            line = self.text.count("\n", 0, block.offset) + 1
            raise TemplateError(
                "unclosed_block",
                f"missing `{{% end %}}` of the `{block.word}` opened in line {line}",
                offset=block.offset,
            )
        return self.root

    def step(self) -> None:
        """Reads the text up to the next tag, and the tag."""
        found = _OPENING.search(self.text, self.position)
        if found is None:
            self.add_text(self.position, len(self.text))
            self.position = len(self.text)
            return
        # Of three and more braces in a row the innermost two count.
        start = found.end() - 1
        kind = self.text[start + 1]
        self.add_text(self.position, start)
        inside = start + 2
        if self.text.startswith("!", inside):
            self.body.append(Text(start, ((start, self.text[start:inside]),)))
            self.position = inside + 1
            return
        end = self.text.find(_CLOSING[kind], inside)
        if end < 0:
            raise TemplateError(
                "template_parse", f"missing `{_CLOSING[kind]}` of this tag", offset=start
            )
        self.position = end + 2
        if kind == "#":
            return
        content = self.text[inside:end]
        offset = inside + len(content) - len(content.lstrip())
        if kind == "{":
            if not content.strip():
                raise TemplateError("template_parse", "empty expression `{{ }}`", offset=start)
            value = expressions.parse_value(content.strip(), offset)
            self.body.append(Output(start, value))
        else:
            self.statement(start, content.strip(), offset)

    def add_text(self, start: int, end: int) -> None:
        if start == end:
            return
        mode = _WHITESPACE[self.whitespace]
        if mode is None:
            self.body.append(Text(start, ((start, self.text[start:end]),)))
            return
        pattern, line_break = mode
        runs: list[tuple[int, str]] = []
        position = start
        for blank in pattern.finditer(self.text, start, end):
            if blank.start() > position:
                runs.append((position, self.text[position : blank.start()]))
            runs.append((blank.start(), line_break if blank["line"] else " "))
            position = blank.end()
        if position < end:
            runs.append((position, self.text[position:end]))
        self.body.append(Text(start, tuple(runs)))

    def statement(self, start: int, content: str, offset: int) -> None:
        word, *rest = content.split(None, 1) or [""]
        suffix = rest[0] if rest else ""
        suffix_offset = offset + len(content) - len(suffix)

        def wrong(detail: str) -> TemplateError:
            return TemplateError("template_parse", detail, offset=start)

        if not word:
            raise wrong("empty tag `{% %}`")
        if word == "end":
            if not self.open:
                raise wrong("`{% end %}` closes no block")
            self.close(self.open.pop())
        elif word in _OPENERS:
            if len(self.open) >= MAX_DEPTH:
                raise wrong(f"blocks are nested more than {MAX_DEPTH} deep")
            head = _OPENERS[word](suffix, suffix_offset)
            self.open.append(Block(start, word, [Section(start, word, head)]))
        elif word in _MIDDLES:
            self.middle(start, word, suffix, suffix_offset)
        elif word in ("break", "continue"):
            if not any(block.word in ("for", "while") for block in self.open):
                raise wrong(f"`{word}` outside of a loop")
            expressions.parse_nothing(suffix, suffix_offset)
            self.body.append(Jump(start, word))
        elif word == "set":
            if not suffix:
                raise wrong("`set` without an assignment")
            self.body.append(Set(start, expressions.parse_assignment(suffix, suffix_offset)))
        elif word == "whitespace":
            if suffix not in _WHITESPACE:
                raise wrong(f"unknown whitespace mode `{suffix}`: all, single or oneline")
            self.whitespace = suffix
        elif word in _FORBIDDEN:
            raise wrong(f"`{word}` is forbidden in templates")
        elif word != "comment":
            raise wrong(f"unknown operator `{word}`")

    def middle(self, start: int, word: str, suffix: str, offset: int) -> None:
        block = self.open[-1] if self.open else None
        if block is None or block.word not in _MIDDLES[word]:
            places = ", ".join(f"`{name}`" for name in _MIDDLES[word])
            raise TemplateError(
                "template_parse", f"`{word}` belongs into a block of {places}", offset=start
            )
        head: ast.expr | expressions.Handler | None
        if word == "elif":
            head = expressions.parse_statement(suffix, offset)
        elif word == "except":
            head = expressions.parse_handler(suffix, offset)
        else:
            head = None
            expressions.parse_nothing(suffix, offset)
        last = block.sections[-1].word
        if (
            last == "finally"
            or (last == "else" and word != "finally")
            or (last == "try" and word == "else")
        ):
            raise TemplateError("template_parse", f"`{word}` after `{last}`", offset=start)
        block.sections.append(Section(start, word, head))

    def close(self, block: Block) -> None:
        if block.word == "try" and len(block.sections) == 1:
            raise TemplateError(
                "template_parse", "`try` needs an `except` or a `finally`", offset=block.offset
            )
        self.body.append(block)
