"""Few rows as JSON, from Python values: below some hundred rows Arrow's columns cost more than they
save, and Arrow need not be loaded for them.

The bytes are those that `rows` writes from columns of the same values. Where Python's `%` writes
values as JSON has them, that is left to it; only others are made texts one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.formats.answer import Answer, Settings
from mini_tb.formats.jsontext import is_plain, json_key, json_quoted, labels, meta, tail
from mini_tb.types import DataType
from mini_tb.types.zone import zone_info

_ANY_BYTES = "surrogateescape"

Small = Callable[[Answer], Iterator[bytes] | None]


def _all_there(values: Sequence[Any]) -> bool:
    return None not in values


@dataclass(frozen=True, slots=True)
class Cell:
    """How the values of a column are written: `text` makes the text of one; `place`, for `%`, that
    of any if `fits` says so of all."""

    text: Callable[[Any], str]
    place: str = ""
    fits: Callable[[Sequence[Any]], bool] = _all_there

    def column(self, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """The place and what `%` puts there. NULL is `null`."""
        if self.place and self.fits(values):
            return self.place, values
        return "%s", ["null" if value is None else self.text(value) for value in values]


def _document(compact: bool) -> Small:
    start, between, end = ("\t\t[", ", ", "]") if compact else ("\t\t{", ",", "\n\t\t}")

    def write(answer: Answer) -> Iterator[bytes] | None:
        rows, cells = answer.few_rows, _cells(answer)
        if rows is None or cells is None or answer.totals is not None:
            return None
        names = [label.decode() for label in labels(answer, compact=compact)]
        body = ",\n".join(_rows(rows, cells, start, names, between, end))
        head = f'{{\n{meta(answer)},\n\n\t"data":\n\t[\n'
        text = f"{head}{body}".encode("utf-8", _ANY_BYTES)
        return iter((text + tail(answer, len(rows), b""),))

    return write


def _lines(answer: Answer) -> Iterator[bytes] | None:
    rows, cells = answer.few_rows, _cells(answer)
    if rows is None or cells is None:
        return None
    names = [json_key(column.name).decode() + ":" for column in answer.columns]
    body = "".join(_rows(rows, cells, "{", names, ",", "}\n")).encode("utf-8", _ANY_BYTES)
    return iter((body,) if body else ())


SMALL_WRITERS: Mapping[str, Small] = {
    "JSON": _document(compact=False),
    "JSONCompact": _document(compact=True),
    "JSONEachRow": _lines,
}
"""What writes few rows in a format; it gives None for an answer that it cannot write."""


def _rows(
    rows: Sequence[tuple[Any, ...]],
    cells: Sequence[Cell],
    start: str,
    names: Sequence[str],
    between: str,
    end: str,
) -> list[str]:
    if not rows:
        return []
    columns = map(Cell.column, cells, zip(*rows, strict=True))
    places, values = zip(*columns, strict=True)
    labelled = [name.replace("%", "%%") + place for name, place in zip(names, places, strict=True)]
    template = start + between.join(labelled) + end
    return [template % row for row in zip(*values, strict=True)]


def _cells(answer: Answer) -> list[Cell] | None:
    """What writes the values of each column; None if there is a type that only `value` writes."""
    if answer.few_rows is None:
        return None
    found = [_cell(column.type, answer.settings) for column in answer.columns]
    return None if None in found else [cell for cell in found if cell is not None]


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


def _all_plain(values: Sequence[Any]) -> bool:
    """Whether these are texts of which none has to be escaped."""
    try:
        return is_plain("".join(values))
    except TypeError:  # NULL, or bytes
        return False


_INTEGER = Cell(_integer, "%d")
_QUOTED_INTEGER = Cell(_quoted_integer, '"%d"')
_FLOAT = Cell(_float)
_FLOAT_OR_TEXT = Cell(_float_or_text)
_STRING = Cell(_string, '"%s"', _all_plain)
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
