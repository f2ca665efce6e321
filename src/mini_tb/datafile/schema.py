"""The texts of SCHEMA and INDEXES as tokens for the grammar.

A type, a DEFAULT expression and a CODEC's arguments are one token each: brackets and quotes are
balanced here, what is inside is read by others. What is no token at all becomes a BAD one that
carries its `Problem`; the grammar has no place for it, so parsing stops there, and the parser
reports the problem and goes on with the next column.
"""

from __future__ import annotations

import re

from mini_tb.datafile.instructions import BY_KIND, Kind
from mini_tb.datafile.problem import Problem
from mini_tb.datafile.token import Token


class Bad(Token):
    """A token of type BAD: what is wrong is its `problem`."""

    problem: Problem


_SPACE = re.compile(r"\s*")
_COMMENT = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`[^`\n]*`"
    r"|^[ \t]*(?P<line>#[^\n]*)|(?P<rest>--[^\n]*)",
    re.MULTILINE | re.DOTALL,
)
_QUOTED_NAME = re.compile(r"`([^\s`]+)`")
_BARE_NAME = re.compile(r"[A-Za-z0-9._*<>+'-]+")
_JSONPATH = re.compile(r"`json:([^\s`]*)`", re.IGNORECASE)
_CLAUSE = re.compile(r"(DEFAULT|CODEC|NOT\s+NULL|NULL|MATERIALIZED|ALIAS|TTL)\b", re.IGNORECASE)
_TYPE_STOP = re.compile(
    r"[,`()\[\]'\n]|\b(?:DEFAULT|CODEC|NOT\s+NULL|NULL|MATERIALIZED|ALIAS|TTL)\b", re.IGNORECASE
)
_EXPRESSION_STOP = re.compile(r"[,`()\[\]'\"{}]|\b(?:DEFAULT|CODEC)\b", re.IGNORECASE)
_STRING = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_ARGUMENTS = re.compile(r"\((?:[^()]|\([^()]*\))*\)")  # of CODEC: one level of brackets inside
_IDENTIFIER = re.compile(r"`[^`]*`")
_NEXT_COLUMN = re.compile(r"\n\s*(?:`[^`\n]*`|[A-Za-z_]\w*)[ \t]")
_SIMPLE_COLUMN = re.compile(
    r"\s*`([^\s`]+)`[ \t]+([A-Za-z0-9]+(?:\([A-Za-z0-9_ ,]*(?:\([A-Za-z0-9_]*\))?\))?)"
    r"(?:[ \t]+`json:([^\s`]*)`)?[ \t]*(?:(,)|\r?\n?\Z)"
)
_CLOSING = {"(": ")", "[": "]"}


class SchemaLexer:
    """Cuts text[start:end], a SCHEMA's value, into `tokens`; the `comments` are kept apart."""

    def __init__(self, text: str, start: int, end: int) -> None:
        # Positions stay those of the whole text; only what is behind the end must not be seen.
        self.text = text[:end]
        self.at = start
        self.end = end
        self.tokens: list[Token] = []
        self.comments: list[Token] = []
        if text.find("--", start, end) >= 0 or text.find("#", start, end) >= 0:
            self.text = text[:start] + self.blank_comments(text[start:end], start)

    def run(self) -> None:
        """Fill `tokens` and `comments`."""
        while self.skip() < self.end:
            if not self.simple_column():
                self.column()

    def add(self, kind: str, start: int, end: int) -> None:
        """Add the token [start, end)."""
        token = Token(kind, self.text[start:end], start, end)
        self.tokens.append(token)

    def bad(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        """Add a BAD token and go on at the next comma."""
        token = Bad("BAD", self.text[start:end], start, end)
        token.problem = Problem(code, message, start, end, hint)
        self.tokens.append(token)
        comma = self.text.find(",", end, self.end)
        self.at = self.end if comma < 0 else comma

    def blank_comments(self, text: str, start: int) -> str:
        """The text with `--` comments and `#` lines turned into blanks; they go to `comments`."""
        parts: list[str] = []
        at = 0
        for match in _COMMENT.finditer(text):
            group = match.lastgroup
            if group is None:
                continue  # a quoted text, which may hold anything
            comment, here = match[group].rstrip(), match.start(group)
            self.comments.append(
                Token("COMMENT", comment, start + here, start + here + len(comment))
            )
            parts += [text[at:here], " " * (match.end() - here)]
            at = match.end()
        return "".join([*parts, text[at:]])

    def skip(self) -> int:
        """Pass white space; the position after it."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def simple_column(self) -> bool:
        """Take a column of the usual form, with its comma, at once; False if it has another form.

        Nine of ten columns have it, and this is what makes large projects load fast.
        """
        match = _SIMPLE_COLUMN.match(self.text, self.at)
        if match is None or _CLAUSE.fullmatch(match[2]):
            return False
        self.add("NAME", match.start(1) - 1, match.end(1) + 1)
        self.add("DATATYPE", match.start(2), match.end(2))
        if match[3] is not None:
            self.add("JSONPATH", match.start(3), match.end(3))
        if match[4] is not None:
            self.add("COMMA", match.start(4), match.end(4))
        self.at = match.end()
        return True

    def column(self) -> None:
        """Take the tokens of one column, or the comma before it."""
        if self.text[self.at] == ",":
            self.add("COMMA", self.at, self.at + 1)
            self.at += 1
            return
        if not self.name():
            return
        while self.skip() < self.end and self.text[self.at] != ",":
            if not self.clause():
                return

    def name(self) -> bool:
        """Take a column's name; False if it is bad."""
        at = self.at
        if self.text[at] == "`":
            match = _QUOTED_NAME.match(self.text, at)
            if match is None:
                self.unclosed_backtick("a name")
                return False
        else:
            match = _BARE_NAME.match(self.text, at)
            end = match.end() if match else at
            after = self.text[end : end + 1]
            if match is None or (after and not after.isspace() and after not in ",`("):
                self.bad(
                    "DF022",
                    f"`{self.text[end]}` cannot stand in a column's name",
                    end,
                    end + 1,
                    "put the name between backticks",
                )
                return False
            if match[0].upper() == "INDEX":
                self.bad(
                    "DF029",
                    "an index is not defined in SCHEMA",
                    at,
                    end,
                    "move the line to an `INDEXES >` block",
                )
                return False
        self.add("NAME", at, match.end())
        self.at = match.end()
        return True

    def unclosed_backtick(self, what: str) -> None:
        """Say that the backtick at the position has no partner before the next blank."""
        stop = self.at + 1
        while stop < self.end and not self.text[stop].isspace() and self.text[stop] != "`":
            stop += 1
        self.bad(
            "DF023",
            f"expected a closing backtick after {what}, which cannot hold blanks",
            self.at,
            stop,
        )

    def clause(self) -> bool:
        """Take the type or one clause of a column; False if it is bad."""
        at = self.at
        if self.text[at] == "`":
            match = _JSONPATH.match(self.text, at)
            if match is None:
                what = "a jsonpath" if self.text[at + 1 : at + 6].lower() == "json:" else "a name"
                if what == "a name" and _QUOTED_NAME.match(self.text, at):
                    self.missing_comma(at)
                    return False
                self.unclosed_backtick(what)
                return False
            self.add("JSONPATH", match.start(1), match.end(1))
            self.at = match.end()
            return True
        match = _CLAUSE.match(self.text, at)
        if match is None:
            return self.type()
        self.at = match.end()
        word = " ".join(match[1].upper().split())
        if word in ("DEFAULT", "CODEC"):
            self.add(word, at, match.end())
            self.skip()
            return self.expression(is_codec=word == "CODEC")
        self.bad("DF026", f"`{word}` is not supported in a column", at, match.end(), _INSTEAD[word])
        return False

    def missing_comma(self, at: int) -> None:
        """Say that a new column begins at `at`, though the last one has not ended."""
        end = at + 1
        while end < self.end and not self.text[end].isspace() and self.text[end] != ",":
            end += 1
        token = Bad("BAD", self.text[at:end], at, end)
        word = self.text[at:end]
        if word in BY_KIND[Kind.DATASOURCE]:
            self.add("COMMA", at, at)
            message = f"an indented `{word}` is part of `SCHEMA`"
            self.bad("DF011", message, at, end, "begin the line in the first column")
            return
        hint = "columns are separated by commas"
        token.problem = Problem("DF020", "expected `,` before this column", at, end, hint)
        self.tokens.append(token)
        # What follows is read as the column it is, so that its own mistakes are said too.
        self.add("COMMA", at, at)
        self.at = at

    def type(self) -> bool:
        """Take a type's text: up to a clause, a comma or the next line's column."""
        start = self.at
        end = self.balanced(_TYPE_STOP, start)
        if end is None:
            return False
        text = self.text[start:end].rstrip()
        if not text:
            character = self.text[start]
            self.bad("DF022", f"`{character}` cannot stand here", start, start + 1)
            return False
        self.add("DATATYPE", start, start + len(text))
        self.at = end
        if self.text.startswith("\n", end):
            follows = _NEXT_COLUMN.match(self.text, end)
            if follows is not None and not _CLAUSE.match(follows[0].strip()):
                self.at = end + len(follows[0]) - len(follows[0].lstrip())
                self.missing_comma(self.at)
                return False
        return True

    def expression(self, *, is_codec: bool) -> bool:
        """Take a DEFAULT's expression, up to a comma, a jsonpath or CODEC; or a CODEC's `(…)`."""
        start = self.at
        end = self.balanced(_EXPRESSION_STOP, start)
        if end is None:
            return False
        if is_codec:
            arguments = _ARGUMENTS.match(self.text, start, end)
            end = arguments.end() if arguments else start
        text = self.text[start:end].rstrip()
        if text:
            self.add("EXPRESSION", start, start + len(text))
        self.at = end
        return True

    def balanced(self, stop: re.Pattern[str], start: int) -> int | None:
        """Where the text from `start` on ends by `stop` outside of brackets; None if it is bad."""
        open_at: list[int] = []
        at = start
        while True:
            match = stop.search(self.text, at)
            if match is None:
                if open_at:
                    bracket = self.text[open_at[-1]]
                    self.bad(
                        "DF023",
                        f"expected a closing `{_CLOSING[bracket]}` for this `{bracket}`",
                        open_at[-1],
                        open_at[-1] + 1,
                    )
                    self.at = self.end
                    return None
                return self.end
            found, here = match[0], match.start()
            at = match.end()
            if found in "([":
                open_at.append(here)
            elif found in ")]":
                if not open_at or _CLOSING[self.text[open_at[-1]]] != found:
                    self.bad("DF023", f"this `{found}` closes nothing", here, at)
                    return None
                open_at.pop()
            elif found in "'\"":
                quoted = _STRING.match(self.text, here)
                if quoted is None:
                    self.bad("DF023", f"expected a closing `{found}`", here, at)
                    return None
                at = quoted.end()
            elif found in "{}":
                self.bad("DF022", f"`{found}` cannot stand in a DEFAULT", here, at)
                return None
            elif found == "`" and (open_at or stop is _EXPRESSION_STOP):
                if not open_at and _JSONPATH.match(self.text, here):
                    return here
                quoted = _IDENTIFIER.match(self.text, here)
                at = quoted.end() if quoted else at
                if ":" in self.text[here:at]:
                    self.bad("DF022", "expected `json:` after the backtick", here, at)
                    return None
            elif found == "\n":
                if not open_at and _NEXT_COLUMN.match(self.text, here):
                    return here
            elif not open_at:
                return here


_INSTEAD = {
    "NULL": "write the type as `Nullable(…)`",
    "NOT NULL": "leave it out: a type is never null unless it is `Nullable(…)`",
    "MATERIALIZED": "compute the column in a materialized pipe, or use DEFAULT",
    "ALIAS": "compute the column in the SQL that reads it",
    "TTL": "use `ENGINE_TTL` for the whole row",
}

# The expression holds no `TYPE`: there is exactly one on a line, in capitals.
_INDEX_LINE = re.compile(
    r"[ \t]*(?:(?P<index>INDEX)[ \t]+)?(?P<name>[^\s,]+)[ \t]+"
    r"(?P<expression>(?!TYPE[ \t])\S+(?:[ \t]+(?!TYPE[ \t])\S+)*)[ \t]+"
    r"(?P<type>TYPE)[ \t]+(?P<kind>\w+(?:[ \t]*\((?:[^()]|\([^()]*\))*\))?)"
    r"(?:[ \t]+(?P<granularity>GRANULARITY)[ \t]+(?P<number>\d+))?[ \t]*(?P<comma>,)?[ \t]*\r?\Z"
)


def lex_indexes(text: str, start: int, end: int) -> tuple[list[Token], list[Token]]:
    """The tokens of text[start:end], the lines of an INDEXES, and its comments."""
    tokens: list[Token] = []
    comments: list[Token] = []
    at = start
    while at < end:
        newline = text.find("\n", at, end)
        stop = end if newline < 0 else newline
        line = text[at:stop]
        bare = line.strip()
        if bare.startswith(("#", "--")):
            here = at + line.index(bare[0])
            comments.append(Token("COMMENT", bare, here, here + len(bare)))
        elif bare:
            tokens.extend(_index_tokens(line, bare, at))
        at = stop + 1
    return tokens, comments


def _index_tokens(line: str, bare: str, at: int) -> list[Token]:
    match = _INDEX_LINE.match(line)
    if match is None:
        start = at + len(line) - len(line.lstrip())
        bad = Bad("BAD", bare, start, start + len(bare))
        bad.problem = Problem(
            "DF030",
            "expected `INDEX name expression TYPE kind GRANULARITY n`",
            start,
            start + len(bare),
            "write `INDEX`, `TYPE` and `GRANULARITY` in capitals, and a number after the last",
        )
        return [bad]
    return [
        Token(kind, match[group], at + match.start(group), at + match.end(group))
        for group, kind in _INDEX_GROUPS
        if match[group] is not None
    ]  # fmt: skip


_INDEX_GROUPS = (
    ("index", "INDEX"),
    ("name", "NAME"),
    ("expression", "EXPRESSION"),
    ("type", "TYPE"),
    ("kind", "KIND"),
    ("granularity", "GRANULARITY"),
    ("number", "NUMBER"),
    ("comma", "COMMA"),
)
