"""Places in texts, and in texts made from texts."""

from __future__ import annotations

from mini_tb.source import Fragment, Piece, SourceFile

FILE = SourceFile("a.pipe", "one\ntwo {{x}} three\n")
OTHER = SourceFile("b.incl", "zzz")


def test_positions_and_lines() -> None:
    assert FILE.position(4) == (1, 0)
    assert FILE.position(99) == (2, 0)
    assert FILE.line(1) == "two {{x}} three"
    assert FILE.line(9) == ""
    assert str(FILE.span(5)) == "a.pipe:2:2"


def test_rendered_text_leads_back() -> None:
    whole = Fragment.of(FILE, 4, 20)
    rendered = whole.derive("two 12345 three", [Piece(0, 0, 4), Piece(4, 4, 0), Piece(9, 9, 6)])
    assert rendered.origin(5) == 8
    span = rendered.span(10, 15)
    assert span is not None
    assert FILE.text[span.start : span.end] == "three"


def test_cut_keeps_places() -> None:
    cut = Fragment.of(FILE, 0, 20).cut(4, 7)
    assert cut.text == "two"
    assert cut.origin(1) == 5


def test_pieces_of_other_files() -> None:
    mixed = Fragment("onezzz", FILE, (Piece(0, 0, 3), Piece(3, 0, 3, OTHER)))
    assert mixed.place(4) == (OTHER, 1)
    span = mixed.span(3, 6)
    assert span is not None
    assert (span.file, span.end) == (OTHER, 3)
    assert mixed.cut(2).place(2) == (OTHER, 1)


def test_equal_texts_are_equal_fragments() -> None:
    assert Fragment.of(FILE, 0, 3) == Fragment.of(SourceFile("c", "one"), 0, 3) == Fragment("one")
    assert Fragment("one").span(0, 1) is None
