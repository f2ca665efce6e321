"""The syntax tree of a datafile: every character of the file is in a token of it.

Tokens are pieces of text with their place in the file. Comments and blank lines stand where they
were written, among the entries, so a formatter loses nothing. What an entry means is not known
here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from mini_tb.dataclass import dataclass
from mini_tb.datafile.instructions import Instruction, Kind
from mini_tb.datafile.token import Token
from mini_tb.source import Fragment, Piece, SourceFile, Span

# Columns and indexes are made by the thousand; their fields are set once, by the parser.


@dataclass(slots=True)
class ColumnDefinition:
    """One column of SCHEMA. `default` is the expression, `codec` its `(…)`."""

    name: Token
    type: Token | None = None
    jsonpath: Token | None = None
    default: Token | None = None
    codec: Token | None = None

    @property
    def end(self) -> int:
        """Where its last token ends."""
        last = (self.name, self.type, self.jsonpath, self.default, self.codec)
        return max(token.end for token in last if token is not None)


@dataclass(slots=True)
class IndexDefinition:
    """One line of INDEXES."""

    name: Token
    expression: Token
    type: Token
    granularity: Token | None = None

    @property
    def end(self) -> int:
        """Where its last token ends."""
        return (self.granularity or self.type).end


@dataclass(slots=True)
class Schema:
    """The columns of a SCHEMA, and the comments between them."""

    columns: list[ColumnDefinition] = field(default_factory=list)
    comments: list[Token] = field(default_factory=list)


@dataclass(slots=True)
class Indexes:
    """The lines of an INDEXES, and the comments between them."""

    indexes: list[IndexDefinition] = field(default_factory=list)
    comments: list[Token] = field(default_factory=list)


@dataclass(slots=True)
class Setting:
    """`INSTRUCTION value # note`, on one line."""

    row: Instruction
    word: Token
    value: Token | None = None
    note: Token | None = None
    content: Schema | Indexes | None = None

    @property
    def text(self) -> str:
        """The value without one pair of surrounding quotes; '' if there is none."""
        return unquote(self.value) if self.value is not None else ""


@dataclass(slots=True)
class Block:
    """`INSTRUCTION >` and the lines below; `ignored` is what stands after the `>`."""

    row: Instruction
    word: Token
    ignored: Token | None = None
    body: Token | None = None
    content: Schema | Indexes | None = None


Entry = Setting | Block | Token
"""A Token is a COMMENT, a BLANK or a STRAY: a line that begins with no instruction."""


@dataclass(slots=True)
class NodeSection:
    """A `NODE name` line of a pipe with all entries up to the next one."""

    row: Instruction
    word: Token
    value: Token | None
    note: Token | None
    entries: list[Entry]

    @property
    def name(self) -> str:
        """The node's name; '' if it has none. Words after it do not count."""
        text = unquote(self.value) if self.value is not None else ""
        if self.value is not None and text == self.value:
            return text.split(" ", 1)[0]
        return text


@dataclass(slots=True)
class Tree:
    """A parsed datafile. `source` is the text it was parsed from.

    That is the file's own text, or text derived from it (included with variables, or with its
    secrets filled in), which still knows where it came from.
    """

    kind: Kind
    source: Fragment
    entries: list[Entry]
    nodes: list[NodeSection]

    @property
    def file(self) -> SourceFile:
        """The file a person wrote."""
        assert self.source.file is not None  # the parser takes only texts of files
        return self.source.file

    def span(self, start: int, end: int) -> Span | None:
        """The place in the file of a range of the parsed text."""
        return self.source.span(start, end)

    def span_of(self, token: Token) -> Span | None:
        """The place of a token."""
        return self.source.span(token.start, token.end)

    def all_entries(self) -> Iterator[Entry]:
        """The file's entries, then those of each node."""
        yield from self.entries
        for node in self.nodes:
            yield from node.entries


def unquote(text: str) -> str:
    """Without one pair of surrounding quotes, single or double."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return str(text)


def content_lines(tree: Tree, body: Token) -> list[tuple[int, str]]:
    """The lines of a block that count, with their offsets: not blank, not a `#` comment."""
    lines = []
    text, at, stop = tree.source.text, body.start, body.end
    while at < stop:
        newline = text.find("\n", at, stop)
        end = stop if newline < 0 else newline
        line = text[at:end].rstrip("\r")
        bare = line.lstrip()
        if bare and bare[0] != "#":
            lines.append((at, line))
        at = end + 1
    return lines


def content_fragment(tree: Tree, body: Token) -> Fragment:
    """A block's text as it counts: blank and `#` lines dropped, indentation in common removed.

    Trailing space goes too. The fragment knows where each of its lines stands in the file.
    """
    lines = content_lines(tree, body)
    margin = common_margin(line for _, line in lines)
    texts: list[str] = []
    pieces: list[Piece] = []
    at = 0
    for offset, line in lines:
        text = line[margin:]
        pieces.extend(tree.source.pieces_of(offset + margin, offset + len(line), at))
        texts.append(text)
        at += len(text) + 1
    return Fragment("\n".join(texts).rstrip(), tree.source.file, tuple(pieces))


def common_margin(lines: Iterator[str] | list[str]) -> int:
    """How many leading blanks all lines share."""
    margins = [line[: len(line) - len(line.lstrip())] for line in lines]
    if not margins:
        return 0
    low, high = min(margins), max(margins)
    return next(
        (i for i, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]), len(low)
    )
