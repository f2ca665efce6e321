"""Something wrong with a parsed text, before it is known where that text came from."""

from __future__ import annotations

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at [start, end) of the parsed text; the tree turns it into a diagnostic."""

    code: str
    message: str
    start: int
    end: int
    hint: str | None = None
    severity: Severity = Severity.ERROR
