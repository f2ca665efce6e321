"""ClickHouse SQL text to tokens.

One compiled pattern, parallel lists instead of token objects: the parser looks at `words` most of
the time, and a list lookup is what it can afford. Tokens keep offsets into the text, so that
everything made of them knows its place.
"""

from __future__ import annotations

import re
from typing import NoReturn

from mini_tb.dataclass import dataclass
from mini_tb.source import Fragment
from mini_tb.sql.errors import QueryError, query_error

WORD = "word"
QUOTED = "quoted"
NUMBER = "number"
STRING = "string"
HEREDOC = "heredoc"
OPERATOR = "operator"
END = "end"

# Comments that cannot nest are skipped with the blanks before a token. `#` opens a comment only
# before a blank or `!`. A digit after a dot is a tuple position (`t.1.2`), never part of a float,
# and a dot after something that can have elements is not the start of one (`f(x).1`).
TOKEN = re.compile(
    r"""
    (?: \s++ | --[^\n]*+ | \#[ !][^\n]*+ )*+
    (?:
      (?P<string> (?: (?: [xX](?='[0-9a-fA-F]*') | [bB](?='[01]*') )?+
                  '(?: [^'\\]++ | \\. | '' )*+' ) )
    | (?P<word> [^\W\d][\w$]*+
                | (?<!\.)(?!\d[\d_]*[eE][+-]?\d | 0[xXbB][0-9a-fA-F])\d[\d_]*[A-Za-z]\w*+ )
    | (?P<number> 0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F]*)?(?:[pP][+-]?\d+)?
                | 0[bB][01_]+
                | (?<=\.)\d+
                | (?:\d[\d_]*+(?:\.\d[\d_]*+|\.(?![\w.]))? | (?<![\w)\]`"}])\.\d++)
                  (?:[eE][+-]?\d++)? )
    | (?P<quoted> `(?: [^`\\]++ | \\. | `` )*+` | "(?: [^"\\]++ | \\. | "" )*+" )
    | (?P<comment> /\* )
    | (?P<operator> <=> | -> | :: | \|\| | == | != | <> | <= | >= | !~\*? | ~\*
                  | [-+*/%=<>~,().\[\]{}?:;^@] )
    | (?P<heredoc> \$(?P<tag>\w*+)\$ .*? \$(?P=tag)\$ )
    | (?P<end> \Z )
    | (?P<bad> . )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
COMMENT_EDGE = re.compile(r"/\*|\*/")
ESCAPE = {
    quote: re.compile(rf"\\(x[0-9a-fA-F]{{2}}|.)|{quote}{quote}", re.DOTALL) for quote in "'\"`"
}
"""What does not stand for itself between the quotes: an escape, or the quote twice."""

ESCAPES = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "0": "\0",
    "N": "",
    **{mark: mark for mark in "\\/=`\"'"},
}
"""What `\\c` means in a string. Any other escape keeps its backslash: LIKE needs `\\%` and `\\_`,
regular expressions `\\d`."""


NUMBERS = {"SQ001": 62, "SQ002": 62, "SQ003": 306, "SQ004": 50}
"""ClickHouse's numbers for what the parser rejects."""


@dataclass(slots=True)
class Tokens:
    """The tokens of a text; index i of every list is token i, and the last one is END.

    `words` has the upper-case text of bare words, the text of operators, and '' for the rest, so
    that no quoted name or string is ever taken for a keyword.
    """

    fragment: Fragment
    kinds: list[str]
    words: list[str]
    starts: list[int]
    ends: list[int]

    def text(self, index: int) -> str:
        """The token as written; '' at the end."""
        return self.fragment.text[self.starts[index] : self.ends[index]]


def syntax_error(
    fragment: Fragment, message: str, start: int, end: int, hint: str | None = None
) -> QueryError:
    """An SQ001 error at [start, end)."""
    return sql_error("SQ001", fragment, message, start, end, hint)


def sql_error(
    code: str, fragment: Fragment, message: str, start: int, end: int, hint: str | None = None
) -> QueryError:
    """An error of the code at [start, end); text without a file gets the place in the message."""
    if fragment.file is None:
        line = fragment.text.count("\n", 0, start)
        column = start - (fragment.text.rfind("\n", 0, start) + 1)
        message = f"{message} (line {line + 1}, column {column + 1})"
    return query_error(code, message, fragment, start, end, number=NUMBERS[code], hint=hint)


def keywords(text: str) -> frozenset[str]:
    """The set of the upper-case words in a text."""
    return frozenset(text.split())


def tokenize(sql: str | Fragment) -> Tokens:
    """The tokens of a text. Raises `UserError` SQ001 for what is none, or is not closed."""
    fragment = Fragment(sql) if isinstance(sql, str) else sql
    text = fragment.text
    tokens = Tokens(fragment, [], [], [], [])
    kinds, words, starts, ends = tokens.kinds, tokens.words, tokens.starts, tokens.ends
    position: int | None = 0
    while position is not None:
        matches = TOKEN.finditer(text, position)
        position = None
        for match in matches:
            kind = match.lastgroup or END
            start, end = match.span(kind)
            if kind == WORD:
                words.append(text[start:end].upper())
            elif kind == OPERATOR:
                words.append(text[start:end])
            elif kind == "comment":
                position = _comment_end(fragment, start)
                break
            elif kind == "bad":
                _reject(fragment, start)
            else:
                words.append("")
            kinds.append(kind)
            starts.append(start)
            ends.append(end)
            if kind == END:
                break
    return tokens


def _comment_end(fragment: Fragment, start: int) -> int:
    """Where the comment that opens at `start` ends; comments nest."""
    depth = 0
    for edge in COMMENT_EDGE.finditer(fragment.text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise syntax_error(fragment, "comment is not closed", start, start + 2, "add `*/`")


def _reject(fragment: Fragment, start: int) -> NoReturn:
    character = fragment.text[start]
    if character == "'":
        raise syntax_error(
            fragment, "string is not closed", start, start + 1, "add `'`; a quote inside is `''`"
        )
    if character in '`"':
        raise syntax_error(
            fragment, "quoted name is not closed", start, start + 1, f"add {character}"
        )
    raise syntax_error(fragment, f"unexpected character `{character}`", start, start + 1)


def unquote(token: str) -> str:
    """The text that a string, quoted name or heredoc token stands for.

    `\\xHH` gives bytes, which are read as UTF-8; a byte that is none stays a lone surrogate.
    """
    quote = token[0]
    if quote == "$":
        edge = token.index("$", 1) + 1
        return token[edge:-edge]
    if quote in "xXbB":
        digits, base = token[2:-1], 16 if quote in "xX" else 2
        length = -(-len(digits) // (2 if base == 16 else 8))
        return (int(digits or "0", base).to_bytes(length)).decode("utf-8", "surrogateescape")
    inner = token[1:-1]
    if "\\" not in inner:
        return inner.replace(quote + quote, quote)
    text = ESCAPE[quote].sub(_unescape, inner)
    if "\\x" in inner:
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    return text


def _unescape(match: re.Match[str]) -> str:
    code: str | None = match.group(1)
    if code is None:
        return match.group()[0]
    if len(code) == 3:
        byte = int(code[1:], 16)
        return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
    return ESCAPES.get(code, match.group())
