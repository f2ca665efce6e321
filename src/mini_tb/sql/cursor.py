"""A place in the tokens: looking, taking, and saying what was expected there."""

from __future__ import annotations

from collections.abc import Container
from typing import NoReturn

from mini_tb.source import Fragment
from mini_tb.sql import lexer
from mini_tb.sql.errors import QueryError
from mini_tb.sql.lexer import QUOTED, STRING, WORD, sql_error, syntax_error, tokenize, unquote

MAX_DEPTH = 100
"""How deep expressions and queries may nest: what follows the parser walks the tree recursively."""


class Cursor:
    """Reads tokens from left to right; `i` is the index of the next one."""

    def __init__(self, sql: str | Fragment) -> None:
        self.tokens = tokenize(sql)
        self.fragment = self.tokens.fragment
        self.text = self.fragment.text
        self.kinds = self.tokens.kinds
        self.words = self.tokens.words
        self.starts = self.tokens.starts
        self.ends = self.tokens.ends
        self.i = 0
        self.depth = 0
        self.plain_words: set[int] = set()
        """Tokens that were tried as a keyword in vain: trying again and again takes 2ⁿ steps."""

    def accept(self, word: str) -> bool:
        """Take the next token if it is this keyword or operator."""
        if self.words[self.i] == word:
            self.i += 1
            return True
        return False

    def accept_all(self, *words: str) -> bool:
        """Take the next tokens if they are these words in a row."""
        i = self.i
        if tuple(self.words[i : i + len(words)]) != words:
            return False
        self.i = i + len(words)
        return True

    def expect(self, word: str, hint: str | None = None) -> None:
        """Take this keyword or operator, or fail."""
        if self.words[self.i] != word:
            self.fail(f"`{word}`", hint)
        self.i += 1

    def is_identifier(self) -> bool:
        """Whether the next token can be a name."""
        return self.kinds[self.i] in (WORD, QUOTED)

    def identifier(self, what: str = "a name") -> str:
        """Take a name, unquoted."""
        i = self.i
        kind = self.kinds[i]
        if kind not in (WORD, QUOTED):
            self.fail(what)
        self.i = i + 1
        text = self.text[self.starts[i] : self.ends[i]]
        return text if kind == WORD else unquote(text)

    def string(self, what: str = "a string") -> str:
        """Take a string literal, unescaped."""
        if self.kinds[self.i] not in (STRING, lexer.HEREDOC):
            self.fail(what)
        self.i += 1
        return unquote(self.tokens.text(self.i - 1))

    def one_of(self, words: Container[str]) -> str | None:
        """Take the next token if it is one of these words, and say which."""
        word = self.words[self.i]
        if word and word in words:
            self.i += 1
            return word
        return None

    @property
    def end(self) -> int:
        """The offset at which the last token that was taken ends."""
        return self.ends[self.i - 1] if self.i else 0

    def enter(self) -> None:
        """One level deeper; SQ003 where that is too deep. Pair with `depth -= 1`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.too_deep()

    def too_deep(self) -> NoReturn:
        """Fail with SQ003 at the next token."""
        raise sql_error(
            "SQ003",
            self.fragment,
            f"query is nested deeper than {MAX_DEPTH} levels",
            self.starts[self.i],
            self.ends[self.i],
            "split it into nodes or use `WITH`",
        )

    def fail(self, expected: str, hint: str | None = None) -> NoReturn:
        """Fail with SQ001: `expected` was expected where the next token is."""
        raise self.error(f"expected {expected}, found {self.found()}", hint)

    def error(self, message: str, hint: str | None = None) -> QueryError:
        """An SQ001 error at the next token."""
        return syntax_error(self.fragment, message, self.starts[self.i], self.ends[self.i], hint)

    def found(self) -> str:
        """What the next token is, for a message."""
        if self.kinds[self.i] == lexer.END:
            return "the end of the query"
        text = self.tokens.text(self.i)
        return f"`{text}`" if len(text) <= 40 else f"`{text[:37]}…`"
