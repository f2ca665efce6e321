"""Tables for people: Pretty, PrettyCompact, PrettySpace, Vertical, Markdown.

Widths are counted over the whole answer, at most `MAX_ROWS` rows of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.formats.answer import Answer
from mini_tb.formats.delimited import escaped
from mini_tb.formats.escape import fill
from mini_tb.formats.text import content, join, literal, unwrap
from mini_tb.formats.value import text
from mini_tb.types import DataType

MAX_ROWS = 10_000
_NULL = "ᴺᵁᴸᴸ".encode()
_ILLIONS = (
    "million billion trillion quadrillion quintillion sextillion septillion octillion nonillion "
    "decillion undecillion duodecillion tredecillion quattuordecillion"
)
_SCALES = ("", "thousand", *_ILLIONS.split())


def _is_right(t: DataType) -> bool:
    bare = unwrap(t)
    return bare.is_integer or bare.name in (
        "Float32",
        "Float64",
        "Decimal",
        "Date",
        "Date32",
        "DateTime",
        "DateTime64",
        "Interval",
    )


def width(value: str) -> int:
    """How many columns of a terminal a text takes."""
    if value.isascii():
        return len(value)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in value
    )


def _cells(answer: Answer) -> tuple[list[list[str]], int]:
    """The texts column by column of at most MAX_ROWS rows, and how many rows there are."""
    found: list[list[str]] = [[] for _ in answer.columns]
    total = 0
    for chunk in answer.chunks():
        if total < MAX_ROWS:
            for i, column in enumerate(answer.columns):
                shown = fill(text(chunk.column(i), column.type), _NULL)
                found[i] += [v.decode("utf-8", "replace") for v in shown.to_pylist()]
        total += chunk.num_rows
    return [column[:MAX_ROWS] for column in found], total


def _tip(t: DataType, value: str) -> str:
    """What a large number comes to, in words: `-- 2.00 million`."""
    bare = unwrap(t)
    if not (bare.is_integer or bare.is_float or bare.is_decimal):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    if not 1e6 < abs(number) < 1e48:
        return ""
    power = 0
    while abs(number) >= 1000:
        number, power = number / 1000, power + 1
    return f" -- {number:.2f} {_SCALES[power]}"


@dataclass(frozen=True, slots=True)
class Frame:
    """The lines of a table: each is left, fill, between, right."""

    top: str
    header: str | None
    under: str | None
    row: str
    between: str | None
    bottom: str | None


COMPACT = Frame("┌─┬┐", None, None, "│ ││", None, "└─┴┘")
FULL = Frame("┏━┳┓", "┃ ┃┃", "┡━╇┩", "│ ││", "├─┼┤", "└─┴┘")


def boxed(frame: Frame) -> Callable[[Answer], Iterator[bytes]]:
    """Writes Pretty or PrettyCompact."""

    def write(answer: Answer) -> Iterator[bytes]:
        columns, total = _cells(answer)
        names = [column.name for column in answer.columns]
        right = [_is_right(column.type) for column in answer.columns]
        widths = [
            max([width(name), *map(width, column)])
            for name, column in zip(names, columns, strict=True)
        ]
        shown = len(columns[0]) if columns else 0
        margin = len(str(shown))
        indent = " " * (margin + 2)
        out: list[str] = []
        if frame.header is None:
            out.append(indent + _titled(frame.top, names, widths, right))
        else:
            out.append(indent + _rule(frame.top, widths))
            out.append(indent + _line(frame.header, names, widths, right))
            if frame.under:
                out.append(indent + _rule(frame.under, widths))
        for n, row in enumerate(zip(*columns, strict=True)):
            if n and frame.between:
                out.append(indent + _rule(frame.between, widths))
            tip = _tip(answer.columns[-1].type, row[-1])
            out.append(f"{n + 1:>{margin}}. " + _line(frame.row, list(row), widths, right) + tip)
        if frame.bottom:
            out.append(indent + _rule(frame.bottom, widths))
        if total > shown:
            out.append(f"  Showed {shown} out of {total} rows.")
        yield ("\n".join(out) + "\n").encode() if total else b""

    return write


def _rule(style: str, widths: list[int]) -> str:
    left, dash, between, right = tuple(style)
    return left + between.join(dash * (w + 2) for w in widths) + right


def _titled(style: str, names: list[str], widths: list[int], right: list[bool]) -> str:
    left, dash, between, end = tuple(style)
    cells = []
    for name, w, is_right in zip(names, widths, right, strict=True):
        gap = dash * (w - width(name))
        cells.append(dash + (gap + name if is_right else name + gap) + dash)
    return left + between.join(cells) + end


def _pad(value: str, w: int, is_right: bool) -> str:
    gap = " " * (w - width(value))
    return gap + value if is_right else value + gap


def _line(style: str, values: list[str], widths: list[int], right: list[bool]) -> str:
    left, _, between, end = tuple(style)
    cells = [f" {_pad(*cell)} " for cell in zip(values, widths, right, strict=True)]
    return left + between.join(cells) + end


def spaced(answer: Answer) -> Iterator[bytes]:
    """Writes PrettySpace."""
    columns, _ = _cells(answer)
    names = [column.name for column in answer.columns]
    right = [_is_right(column.type) for column in answer.columns]
    widths = [
        max([width(name), *map(width, column)]) for name, column in zip(names, columns, strict=True)
    ]
    margin = len(str(len(columns[0]) if columns else 0))
    cells = [_pad(*cell) for cell in zip(names, widths, right, strict=True)]
    out = [(" " * (margin + 2) + "".join(f" {c}  " for c in cells)).rstrip(), ""]
    for n, row in enumerate(zip(*columns, strict=True)):
        cells = [_pad(*cell) for cell in zip(row, widths, right, strict=True)]
        line = "".join(f" {c}  " for c in cells)
        out.append(f"{n + 1:>{margin}}. " + line[:-1] + _tip(answer.columns[-1].type, row[-1]))
    yield ("\n".join(out) + "\n").encode()


def vertical(answer: Answer) -> Iterator[bytes]:
    """Writes Vertical: one line a value."""
    columns, _ = _cells(answer)
    names = [column.name for column in answer.columns]
    longest = max(map(width, names), default=0)
    out: list[str] = []
    for n, row in enumerate(zip(*columns, strict=True)):
        # ClickHouse's rule is as long as the title of the next row.
        out += [f"Row {n + 1}:", "─" * len(f"Row {n + 2}:")]
        for column, value in zip(answer.columns, row, strict=True):
            gap = " " * (longest - width(column.name))
            out.append(f"{column.name}: {gap}{value}{_tip(column.type, value)}")
        out.append("")
    yield "\n".join(out).encode()


def markdown(answer: Answer) -> Iterator[bytes]:
    """Writes Markdown."""
    names = " | ".join(column.name.replace("|", "\\|") for column in answer.columns)
    rule = "|".join("-:" if _is_right(column.type) else ":-" for column in answer.columns)
    yield f"| {names} |\n|{rule}|\n".encode()
    for chunk in answer.chunks():
        parts: list[Any] = []
        for i, column in enumerate(answer.columns):
            parts += [literal(" | " if i else "| "), escaped(chunk.column(i), column.type)]
        yield content(join(*parts, literal(" |\n")))
