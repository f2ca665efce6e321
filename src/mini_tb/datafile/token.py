"""A token: a piece of a file's text that knows its kind and its place."""

from __future__ import annotations


class Token(str):
    """Text of the kind `type` at [start, end) of the file.

    Lark parses a stream of any objects that have a `type`; this one is made three times as fast as
    Lark's own, which is most of what reading a large project costs. Its text may be tidier than
    the file's (the blanks of a value collapse).
    """

    __slots__ = ("end", "start", "type")

    # What Lark asks of the last token for the end of its stream.
    start_pos = end_pos = line = column = end_line = end_column = None

    type: str
    start: int
    end: int

    def __new__(cls, kind: str, text: str, start: int, end: int) -> Token:
        """The token of that kind, text and place."""
        token = str.__new__(cls, text)
        token.type = kind
        token.start = start
        token.end = end
        return token
