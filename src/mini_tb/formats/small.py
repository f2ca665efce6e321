"""Few rows as JSON, from Python values: below some hundred rows Arrow's columns cost more than they
save, and Arrow need not be loaded for them.

The bytes are those that `rows` writes from columns of the same values. Where Python's `%` writes
values as JSON has them, that is left to it; only others are made texts one by one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.formats.answer import Answer, ResultColumn, Settings
from mini_tb.formats.jsontext import is_plain, json_key, json_quoted, labels, meta, tail
from mini_tb.types import DataType
from mini_tb.types.zone import zone_info

_ANY_BYTES = "surrogateescape"

Small = Callable[[Answer], Iterator[bytes] | None]


def _all_there(values: Sequence[Any]) -> Sequence[Any] | None:
    return None if None in values else values


@dataclass(frozen=True, slots=True)
class Cell:
    """How the values of a column are written: `text` makes the text of one. If `plain` gives any
    for them all, `%` puts those into `place`."""

    text: Callable[[Any], str]
    place: str = ""
    plain: Callable[[Sequence[Any]], Sequence[Any] | None] = _all_there

    def column(self, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """The place and what `%` puts there. NULL is `null`."""
        if self.place and (found := self.plain(values)) is not None:
            return self.place, found
        return "%s", ["null" if value is None else self.text(value) for value in values]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same in all answers of these columns; `labels` stand before the values. `cells`
    is None if there is a type that only `value` writes."""

    columns: tuple[ResultColumn, ...]
    head: str
    labels: Sequence[str]
    cells: Sequence[Cell] | None


class _Frames:
    """Frames, made once: a compiled statement has the same tuple of columns in all its answers."""

    def __init__(self, make: Callable[[Answer], Frame]) -> None:
        self._make = make
        self._known: dict[tuple[int, Settings], Frame] = {}

    def of(self, answer: Answer) -> Frame:
        """The frame of an answer's columns."""
        key = id(answer.columns), answer.settings  # no other's, while the frame holds them
        frame = self._known.get(key)
        if frame is None:
            if len(self._known) >= _FRAMES:
                self._known.clear()
            frame = self._known[key] = self._make(answer)
        return frame


_FRAMES = 1024


def _document(compact: bool) -> Small:
    start, between, end = ("\t\t[", ", ", "]") if compact else ("\t\t{", ",", "\n\t\t}")

    def make(answer: Answer) -> Frame:
        head = f'{{\n{meta(answer)},\n\n\t"data":\n\t[\n'
        return _frame(answer, head, labels(answer, compact=compact))

    frames = _Frames(make)

    def write(answer: Answer) -> Iterator[bytes] | None:
        rows, frame = answer.few_rows, frames.of(answer)
        if rows is None or frame.cells is None or answer.totals is not None:
            return None
        body = ",\n".join(_rows(rows, frame.cells, start, frame.labels, between, end))
        text = f"{frame.head}{body}".encode("utf-8", _ANY_BYTES)
        return iter((text + tail(answer, len(rows), b""),))

    return write


def _lines() -> Small:
    frames = _Frames(lambda a: _frame(a, "", [json_key(c.name) + b":" for c in a.columns]))

    def write(answer: Answer) -> Iterator[bytes] | None:
        rows, frame = answer.few_rows, frames.of(answer)
        if rows is None or frame.cells is None:
            return None
        body = "".join(_rows(rows, frame.cells, "{", frame.labels, ",", "}\n"))
        return iter((body.encode("utf-8", _ANY_BYTES),) if body else ())

    return write


def _frame(answer: Answer, head: str, labels: Sequence[bytes]) -> Frame:
    cells = [_cell(column.type, answer.settings) for column in answer.columns]
    known = [cell for cell in cells if cell is not None]
    escaped = [label.decode().replace("%", "%%") for label in labels]
    return Frame(answer.columns, head, escaped, known if len(known) == len(cells) else None)


SMALL_WRITERS: Mapping[str, Small] = {
    "JSON": _document(compact=False),
    "JSONCompact": _document(compact=True),
    "JSONEachRow": _lines(),
}
"""What writes few rows in a format; it gives None for an answer that it cannot write."""


def _rows(
    rows: Sequence[tuple[Any, ...]],
    cells: Sequence[Cell],
    start: str,
    labels: Sequence[str],
    between: str,
    end: str,
) -> list[str]:
    if not rows:
        return []
    columns = map(Cell.column, cells, zip(*rows, strict=True))
    places, values = zip(*columns, strict=True)
    template = start + between.join(map(operator.add, labels, places)) + end
    return [template % row for row in zip(*values, strict=True)]


def _cell(t: DataType, settings: Settings) -> Cell | None:
    bare = t.bare
    if bare.is_integer and bare.bits <= 64:
        is_quoted = settings.quote_64bit_integers and bare.bits == 64
        return _QUOTED_INTEGER if is_quoted else _INTEGER
    if bare.name == "Float64":
        return _FLOAT_OR_TEXT if settings.quote_denormals else _FLOAT
    if bare.is_datetime and bare.scale <= 6:
        return _moment(bare)
    return _BY_NAME.get(bare.name)


def _integer(value: Any) -> str:
    return str(int(value))  # a comparison is bool in DuckDB


def _quoted_integer(value: Any) -> str:
    return f'"{int(value)}"'


def _float(value: float) -> str:
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2]
    return _unusual(text) if "e" in text or "n" in text else text


def _plain_floats(values: Sequence[Any]) -> Sequence[Any] | None:
    """The texts of floats of which none is written otherwise than in Python."""
    texts = list(map(repr, values))
    row = " ".join(texts) + " "
    # NULL is None here.
    return None if "e" in row or "n" in row or ".0 " in row else texts


def _float_or_text(value: float) -> str:
    text = repr(value)
    return f'"{text}"' if "n" in text else _float(value)


def _unusual(text: str) -> str:
    """A float as ClickHouse writes it where Python does not: `nan`, and what has an exponent."""
    if "n" in text:
        return "null"
    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    if power >= 21 or power < -6:
        return f"{mantissa}e{power}"
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{whole}{fraction}"
    return f"{sign}{whole}{fraction.ljust(power, '0')}"


def _string(value: Any) -> str:
    if isinstance(value, bytes):  # they need not be UTF-8
        value = value.decode("utf-8", _ANY_BYTES)
    return json_quoted(value)


def _bool(value: Any) -> str:
    return "true" if value else "false"


def _date(value: Any) -> str:
    return f'"{value.isoformat()}"'


def _moment(t: DataType) -> Cell:
    length = len("2024-01-01 00:00:00") + (t.scale + 1 if t.scale else 0)
    place = zone_info(t.zone)

    def text(value: datetime) -> str:
        if place is not None:
            value = value.replace(tzinfo=UTC).astimezone(place)
        return f'"{value.isoformat(" ", "microseconds")[:length]}"'

    return Cell(text, "" if place or t.scale else '"%s"')


def _plain_texts(values: Sequence[Any]) -> Sequence[Any] | None:
    """These, if they are texts of which none has to be escaped."""
    try:
        return values if is_plain("".join(values)) else None
    except TypeError:  # NULL, or bytes
        return None


_INTEGER = Cell(_integer, "%d")
_QUOTED_INTEGER = Cell(_quoted_integer, '"%d"')
_FLOAT = Cell(_float, "%s", _plain_floats)
_FLOAT_OR_TEXT = Cell(_float_or_text, "%s", _plain_floats)
_STRING = Cell(_string, '"%s"', _plain_texts)
_DATE = Cell(_date, '"%s"')
_BY_NAME: Mapping[str, Cell] = {
    "String": _STRING,
    "FixedString": _STRING,
    "Enum8": _STRING,
    "Enum16": _STRING,
    "Bool": Cell(_bool),
    "Date": _DATE,
    "Date32": _DATE,
}
