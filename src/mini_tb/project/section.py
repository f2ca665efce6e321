"""The settings of one stretch of a datafile, read by instruction.

A `Section` answers what the last `ENGINE` says, which `TOKEN` lines there are, where each stands,
and collects what is wrong with them. `$NAME` in one-line values is replaced from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mini_tb.datafile.include import VARIABLE
from mini_tb.datafile.token import Token as Lexeme
from mini_tb.datafile.tree import (
    Block,
    Entry,
    Setting,
    Tree,
    content_fragment,
    unquote,
)
from mini_tb.diagnostics import Diagnostic, Severity
from mini_tb.project.model import Token
from mini_tb.source import Span

_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s\"']\S*")


class Section:
    """Entries of a file (its own, or a node's) by the name of their instruction."""

    def __init__(
        self,
        tree: Tree,
        entries: Iterable[Entry],
        env: Mapping[str, str],
        diagnostics: list[Diagnostic],
    ) -> None:
        self.tree = tree
        self.env = env
        self.diagnostics = diagnostics
        self._entries: dict[str, list[Setting | Block]] = {}
        for entry in entries:
            if isinstance(entry, (Setting, Block)):
                self._entries.setdefault(entry.row.name, []).append(entry)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self) -> Iterator[str]:
        """The instructions that occur, in the order of their first line."""
        yield from self._entries

    def all(self, name: str) -> list[Setting | Block]:
        """Every entry of an instruction."""
        return self._entries.get(name, [])

    def last(self, name: str) -> Setting | Block | None:
        """The entry that counts when an instruction is repeated."""
        entries = self._entries.get(name)
        return entries[-1] if entries else None

    def text(self, name: str) -> str | None:
        """The value of an instruction; None if it does not occur or says nothing."""
        entry = self.last(name)
        return (self.value(entry) or None) if entry is not None else None

    def value(self, entry: Setting | Block) -> str:
        """The text of an entry: quotes removed, variables replaced, a block without its margin."""
        if isinstance(entry, Block):
            return content_fragment(self.tree, entry.body).text if entry.body is not None else ""
        if entry.row.name == "DESCRIPTION":
            return str(entry.value or "")
        return self.substitute(entry.text)

    def substitute(self, text: str) -> str:
        """`$NAME` and `${NAME}` from the environment; names it does not have stay as they are."""
        if "$" not in text:
            return text
        return VARIABLE.sub(lambda m: self.env.get(m[1] or m[2], m[0]), text)

    def span(self, name: str) -> Span | None:
        """Where the value that counts stands; the instruction itself if it has none."""
        entry = self.last(name)
        return self.span_of(entry) if entry is not None else None

    def span_of(self, entry: Setting | Block) -> Span | None:
        """Where an entry's value stands."""
        token = entry.body if isinstance(entry, Block) else entry.value
        return self.tree.span_of(token if token is not None else entry.word)

    def span_in(self, span: Span | None, name: str) -> Span | None:
        """Where `name` stands as a word in the text at `span`; the span itself if it does not."""
        if span is None:
            return None
        text = span.file.text[span.start : span.end]
        found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text)
        if found is None:
            return span
        return Span(span.file, span.start + found.start(), span.start + found.end())

    def word_span(self, name: str) -> Span | None:
        """Where the instruction itself stands, in the entry that counts."""
        entry = self.last(name)
        return self.tree.span_of(entry.word) if entry is not None else None

    def error(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Collect an error."""
        self.report(code, message, span, hint, Severity.ERROR)

    def warn(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Collect a warning."""
        self.report(code, message, span, hint, Severity.WARNING)

    def report(
        self, code: str, message: str, span: Span | None, hint: str | None, severity: Severity
    ) -> None:
        """Collect a diagnostic; without a span it is about the whole file."""
        path = self.tree.file.path
        self.diagnostics.append(Diagnostic(code, message, span, severity, hint, path=path))

    # Instructions that data sources and pipes share ------------------------------------------

    def description(self) -> str:
        """DESCRIPTION, '' without one."""
        return self.text("DESCRIPTION") or ""

    def tokens(self, permissions: tuple[str, ...]) -> list[Token]:
        """The TOKEN lines, of which the resource allows the given permissions."""
        tokens = []
        for entry in self.all("TOKEN"):
            if isinstance(entry, Block) or entry.value is None:
                continue  # the syntax tree's own checks said so
            words = [unquote(word) for word in _WORD.findall(self.substitute(entry.value))]
            span = self.span_of(entry)
            if len(words) != 2:
                hint = "write `TOKEN name READ`"
                if len(words) > 2 and words[1].upper() in permissions:
                    hint = "row filters are not supported; filter in a pipe and give access to that"
                self.error(
                    "DF050", f"expected a name and a permission after `TOKEN`, not `{entry.value}`",
                    span, hint,
                )  # fmt: skip
            elif words[1].upper() not in permissions:
                allowed = " or ".join(f"`{permission}`" for permission in permissions)
                self.error("DF051", f"the permission is {allowed} here, not `{words[1]}`", span)
            else:
                tokens.append(Token(words[0], words[1].upper(), span))
        return tokens

    def tags(self) -> tuple[list[str], list[str]]:
        """The names of all TAGS, and their `key=value` pairs."""
        names: list[str] = []
        pairs: list[str] = []
        for entry in self.all("TAGS"):
            for part in re.split(r"[,\n]", self.value(entry)):
                tag = part.strip().strip("\"'").strip()
                if "=" in tag:
                    pairs.append(tag)
                elif tag and tag not in names:
                    names.append(tag)
        return names, pairs

    def lexeme_span(self, start: Lexeme, end: Lexeme | None = None) -> Span | None:
        """The span from one token to another."""
        return self.tree.span(start.start, (end or start).end)
