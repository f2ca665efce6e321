"""Diagnostics as text: with an excerpt for people, plain, as JSON, as GitHub annotations.

Lines and columns count from one in every form, as editors show them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from mini_tb.diagnostics.diagnostic import Diagnostic, Severity
from mini_tb.source import Span

Segment = tuple[str, str]
"""(text, style): a style is the name of a role, '' for plain."""

_STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
    "place": "bold",
    "gutter": "blue",
    "code": "dim",
    "hint": "green",
}


def render_rich(diagnostics: Iterable[Diagnostic], file: IO[str] | None = None) -> None:
    """Print diagnostics for people, in colour where the terminal has it."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=file, highlight=False, soft_wrap=True, stderr=file is None)
    for diagnostic in diagnostics:
        text = Text()
        for part, style in _segments(diagnostic):
            text.append(part, _STYLES.get(style, ""))
        console.print(text)


def render_plain(diagnostics: Iterable[Diagnostic]) -> str:
    """The same text as for people, without colour; '' when there is none."""
    return "".join(
        "".join(part for part, _ in _segments(diagnostic)) + "\n" for diagnostic in diagnostics
    )


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON list, one object a diagnostic as `to_dict` makes it."""
    return json.dumps([to_dict(d) for d in diagnostics], ensure_ascii=False, indent=2)


def to_dict(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic as JSON values; the end of a range is behind its last character."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        **(_place(diagnostic.span) if diagnostic.span else {"file": diagnostic.path}),
        "related": [{**_place(span), "message": message} for span, message in diagnostic.related],
        "fixes": [{**_place(fix.span), "text": fix.text} for fix in diagnostic.fixes],
    }


def _place(span: Span) -> dict[str, Any]:
    end_line, end_column = span.file.position(span.end)
    return {
        "file": span.file.path,
        "line": span.line + 1,
        "column": span.column + 1,
        "end_line": end_line + 1,
        "end_column": end_column + 1,
    }


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands that GitHub shows beside the lines of a pull request."""
    return "".join(f"{_annotation(diagnostic)}\n" for diagnostic in diagnostics)


def _annotation(diagnostic: Diagnostic) -> str:
    level = {Severity.NOTE: "notice"}.get(diagnostic.severity, diagnostic.severity.value)
    properties: dict[str, object] = {}
    if diagnostic.span is not None:
        place = _place(diagnostic.span)
        properties = {
            "file": place["file"],
            "line": place["line"],
            "endLine": place["end_line"],
            "col": place["column"],
            "endColumn": place["end_column"],
        }
    elif diagnostic.path is not None:
        properties = {"file": diagnostic.path}
    properties["title"] = diagnostic.code
    listed = ",".join(f"{key}={_escaped(str(value), True)}" for key, value in properties.items())
    message = diagnostic.message + (f" ({diagnostic.hint})" if diagnostic.hint else "")
    return f"::{level} {listed}::{_escaped(message, False)}"


def _escaped(text: str, in_property: bool) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if in_property else text


def _segments(diagnostic: Diagnostic) -> Iterator[Segment]:
    place = str(diagnostic.span) if diagnostic.span else diagnostic.path
    if place:
        yield f"{place}: ", "place"
    yield diagnostic.severity.value, diagnostic.severity.value
    yield f" {diagnostic.code}", "code"
    yield f": {diagnostic.message}", ""
    if diagnostic.span is not None:
        yield from _excerpt(diagnostic.span, diagnostic.severity.value)
    for span, message in diagnostic.related:
        yield f"\n  {span}: ", "place"
        yield message, ""
    if diagnostic.hint is not None:
        yield "\n  hint: ", "hint"
        yield diagnostic.hint, ""


def _excerpt(span: Span, style: str) -> Iterator[Segment]:
    """The first line of the span with carets under what is meant."""
    line = span.file.line(span.line)
    if not line.strip():
        return
    before, rest = line[: span.column], line[span.column :]
    marked = max(1, min(len(rest), span.end - span.start))
    gutter = f"{span.line + 1:>5} | "
    yield f"\n{gutter}", "gutter"
    yield line.expandtabs(4), ""
    yield f"\n{'':>5} | ", "gutter"
    start = len(before.expandtabs(4))
    width = len((before + rest[:marked]).expandtabs(4)) - start
    yield " " * start + "^" * max(1, width), style
