"""Texts and the places in them: a `SourceFile`, a `Span` of it, and a `Fragment` derived from it.

Everything that can be wrong carries a `Span`. Lines and columns are 0-based, as editors count them;
renderers add one for people. A `Fragment` is text that was made from a file (a block without its
blank lines, a rendered template) and still knows, piece by piece, where it came from, so that an
error at an offset of the derived text can be shown in the file that a person wrote.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from functools import cached_property
from typing import overload

from mini_tb.dataclass import dataclass

LINE_BREAK = re.compile("\n")


@dataclass(frozen=True, eq=False)
class SourceFile:
    """One file's text. `path` is relative to the project, with `/`; equality is identity."""

    path: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line."""
        return [0, *(match.end() for match in LINE_BREAK.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """The 0-based (line, column) of an offset; offsets past the end are at the end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.line_starts, offset) - 1
        return line, offset - self.line_starts[line]

    def line(self, number: int) -> str:
        """The text of a 0-based line without its line break; '' past the end."""
        if not 0 <= number < len(self.line_starts):
            return ""
        start = self.line_starts[number]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")

    def span(self, start: int, end: int | None = None) -> Span:
        """The span of the half-open character range [start, end)."""
        return Span(self, start, start if end is None else end)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters in a file."""

    file: SourceFile
    start: int
    end: int

    @property
    def line(self) -> int:
        """0-based line of the first character."""
        return self.file.position(self.start)[0]

    @property
    def column(self) -> int:
        """0-based column of the first character."""
        return self.file.position(self.start)[1]

    def __str__(self) -> str:
        return f"{self.file.path}:{self.line + 1}:{self.column + 1}"


@dataclass(frozen=True, slots=True)
class Piece:
    """`length` characters at `start` of the fragment come from `origin` in the file.

    A piece with `length` 0 marks text that stands for the range at `origin` as a whole
    (a rendered value for its `{{…}}` tag): all of it maps to that one place.
    `file` is given where it is not the fragment's own (the lines of an included file).
    """

    start: int
    origin: int
    length: int
    file: SourceFile | None = None


@dataclass(frozen=True)
class Fragment:
    """Text derived from a file, with the map back. Pieces are ordered by `start`.

    Two fragments are equal when their texts are, wherever they come from.
    """

    text: str
    file: SourceFile | None = field(default=None, compare=False, repr=False)
    pieces: Sequence[Piece] = field(default=(), compare=False, repr=False)

    @staticmethod
    def of(file: SourceFile, start: int, end: int) -> Fragment:
        """The fragment that is the file's own text from `start` to `end`."""
        return Fragment(file.text[start:end], file, (Piece(0, start, end - start),))

    def place(self, offset: int) -> tuple[SourceFile, int] | None:
        """The file and the offset in it of the character at `offset`; None if it has no file."""
        if self.file is None or not self.pieces:
            return None
        i = max(0, bisect_right(self.pieces, offset, key=_piece_start) - 1)
        piece = self.pieces[i]
        origin = piece.origin + min(max(0, offset - piece.start), piece.length)
        return piece.file or self.file, origin

    def origin(self, offset: int) -> int | None:
        """Where the character at `offset` came from in its file; None if it has no file."""
        place = self.place(offset)
        return place[1] if place else None

    def span(self, start: int, end: int | None = None) -> Span | None:
        """The file's span for the range [start, end) of this text; None if it has no file."""
        first = self.place(start)
        if first is None:
            return None
        file, origin = first
        last = self.place(end - 1) if end is not None and end > start else None
        if last is None or last[0] is not file:
            return file.span(origin)
        return file.span(origin, max(origin, last[1] + 1))

    def pieces_of(self, start: int, end: int, at: int = 0) -> list[Piece]:
        """The pieces that map [start, end) of this text, for a text that has it at `at`."""
        found: list[Piece] = []
        first = max(0, bisect_right(self.pieces, start, key=_piece_start) - 1)
        for piece in self.pieces[first:]:
            if piece.start >= end:
                break
            skipped = max(0, start - piece.start)
            length = min(piece.length, end - piece.start) - skipped
            found.append(
                Piece(
                    at + max(0, piece.start - start),
                    piece.origin + min(skipped, piece.length),
                    max(0, length),
                    piece.file,
                )
            )
        return found

    def cut(self, start: int, end: int | None = None) -> Fragment:
        """The fragment that is this one's text from `start` to `end`."""
        stop = len(self.text) if end is None else end
        return Fragment(self.text[start:stop], self.file, tuple(self.pieces_of(start, stop)))

    def derive(self, text: str, pieces: Sequence[Piece]) -> Fragment:
        """The fragment of a text made from this one, where the pieces' origins are offsets here."""
        return Fragment(text, self.file, Pieces(lambda: self._derived(pieces)))

    def _derived(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if piece.length:
                yield from self.pieces_of(piece.origin, piece.origin + piece.length, piece.start)
            elif (place := self.place(piece.origin)) is not None:
                yield Piece(piece.start, place[1], 0, place[0])


class Pieces(Sequence[Piece]):
    """The pieces of a text, worked out when somebody asks: most texts have no mistakes."""

    def __init__(self, find: Callable[[], Iterable[Piece]]) -> None:
        self._find = find

    @cached_property
    def _found(self) -> tuple[Piece, ...]:
        return tuple(self._find())

    @overload
    def __getitem__(self, index: int) -> Piece: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Piece]: ...
    def __getitem__(self, index: int | slice) -> Piece | Sequence[Piece]:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)


def _piece_start(piece: Piece) -> int:
    return piece.start
