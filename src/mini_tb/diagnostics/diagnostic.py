"""The `Diagnostic` value and the three families of exception that carry it.

MiniTbError
├── UserError      the input is wrong: one or more diagnostics
├── EngineError    the database refused: its own code and text, mapped to the input where known
└── InternalError  our own bug
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import Enum

from mini_tb.dataclass import dataclass
from mini_tb.source import Span


class Severity(Enum):
    """How bad it is: an error stops a build, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace the span's text by `text` to fix what the diagnostic says."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `code` is stable for ever (two letters and three digits, registered in `codes`). `message` says
    what is and what was expected: lower case, names in backticks. `hint` is the next action.
    `path` names the file when there is no span (a whole-file rule).
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = Severity.ERROR
    hint: str | None = None
    related: tuple[tuple[Span, str], ...] = ()
    fixes: tuple[TextEdit, ...] = ()
    path: str | None = None

    @property
    def file(self) -> str | None:
        """Path of the file it is about, if any."""
        return self.span.file.path if self.span else self.path

    @property
    def sort_key(self) -> tuple[str, int, str]:
        """Orders diagnostics by file, position and code."""
        return (self.file or "", self.span.start if self.span else -1, self.code)


class MiniTbError(Exception):
    """Anything that mini-tb raises on purpose."""


class UserError(MiniTbError):
    """The caller's input is wrong; `diagnostics` say how. `status` is the HTTP status it means."""

    def __init__(self, *diagnostics: Diagnostic, status: int = 400) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = diagnostics
        self.status = status
        super().__init__("; ".join(d.message for d in diagnostics))

    @classmethod
    def of(
        cls,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        hint: str | None = None,
        status: int = 400,
    ) -> UserError:
        """A `UserError` with one diagnostic."""
        return cls(Diagnostic(code, message, span, hint=hint), status=status)


class EngineError(MiniTbError):
    """The engine refused a statement. `code` is ClickHouse's error number (see `EngineCode`)."""

    def __init__(self, message: str, *, code: int, status: int = 400) -> None:
        self.code = code
        self.status = status
        super().__init__(message)


class InternalError(MiniTbError):
    """A bug of mini-tb; says so and asks for a report."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most probably misspells, or None."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.lower(), candidate)
    found: Sequence[str] = get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None
