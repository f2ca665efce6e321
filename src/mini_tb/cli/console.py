"""The one place that prints, and the edge where errors become words and exit codes.

Exit codes: 0 done (no changes included), 1 an error that was said, 2 wrong usage. Results go to
standard output, everything about the work itself to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mini_tb.diagnostics import Diagnostic, EngineError, MiniTbError, UserError

RAGGED = ("Int", "UInt", "Float", "Decimal")
"""Types whose values stand to the right in a table."""


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
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say_lines(data: bytes) -> None:
    """Text as it came, with a line break at its end."""
    say_bytes(data if not data or data.endswith(b"\n") else data + b"\n")


def say_table(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[int] = ()
) -> None:
    """A table in columns as wide as what is in them; those of `right` stand to the right."""
    texts = [[_cell(value) for value in row] for row in rows]
    widths = [
        max([len(header), *(len(row[i]) for row in texts)]) for i, header in enumerate(headers)
    ]
    to_right = frozenset(right)
    for row in [list(headers), *texts]:
        cells = (
            cell.rjust(width) if i in to_right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        say("  ".join(cells).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return value.replace("\n", "\\n").replace("\t", "\\t")
    return json.dumps(value, ensure_ascii=False)


def say_answer(answer: dict[str, Any]) -> None:
    """The rows of an answer of the API as a table, and on standard error what they cost."""
    columns = answer["meta"]
    right = [i for i, column in enumerate(columns) if column["type"].startswith(RAGGED)]
    names = [column["name"] for column in columns]
    say_table(names, ([row[name] for name in names] for row in answer["data"]), right=right)
    cost = answer.get("statistics") or {}
    note(
        f"{answer['rows']:,} rows in {cost.get('elapsed', 0):.3f} s"
        f" ({cost.get('rows_read', 0):,} rows, {cost.get('bytes_read', 0):,} bytes read)"
    )


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
        note(f"error: this is a bug of mini-tb, please report it: {error}")
    elif isinstance(error, OSError):
        note(f"error: {error}")
    else:
        kind = type(error).__name__
        note(f"error: this is a bug of mini-tb, please report it: {kind}: {error}")
        note("       (the same command after `mini-tb --debug` shows where)")


Advance = Callable[[int], None]


@contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """A bar on standard error while something long runs: call it with the bytes or rows that have
    been done since. Nothing is shown where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
