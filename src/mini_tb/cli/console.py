"""The one place that prints, and the edge where errors become words and exit codes.

Exit codes: 0 done (no changes included), 1 an error that was said, 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from mini_tb.diagnostics import Diagnostic, EngineError, MiniTbError, UserError


def say(text: str = "") -> None:
    """A line for people, on standard output."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """A line about the work itself, on standard error."""
    sys.stderr.write(text + "\n")


def say_json(value: Any) -> None:
    """A value for machines."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def say_bytes(data: bytes) -> None:
    """Bytes as they are."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table in columns as wide as what is in them."""
    texts = [[("" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [
        max([len(header), *(len(row[i]) for row in texts)]) for i, header in enumerate(headers)
    ]
    for row in [list(headers), *texts]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())


def say_diagnostics(diagnostics: Sequence[Diagnostic], style: str = "rich") -> None:
    """Diagnostics: `rich` and `plain` for people on standard error, `json` and `github` for
    machines on standard output."""
    from mini_tb.diagnostics import render

    if style == "rich" and sys.stderr.isatty():
        render.render_rich(diagnostics)
    elif style in ("rich", "plain"):
        sys.stderr.write(render.render_plain(diagnostics))
    elif style == "json":
        say(render.render_json(diagnostics))
    else:
        sys.stdout.write(render.render_github(diagnostics))


def say_error(error: BaseException) -> None:
    """An error in words; what is no error of the user's asks for a report."""
    if isinstance(error, UserError):
        say_diagnostics(error.diagnostics)
    elif isinstance(error, EngineError):
        note(f"error: {error}")
    elif isinstance(error, MiniTbError):
        note(f"bug in mini-tb: {error}; please report it")
    else:
        kind = type(error).__name__
        note(f"bug in mini-tb: {kind}: {error}; please report it (MINI_TB_DEBUG=1 shows where)")
