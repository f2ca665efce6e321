"""Few rows as JSON, from Python values, one by one: below some hundred rows columns cost more than
they save, and Arrow need not be loaded for them.

The bytes are those that `rows` writes from columns of the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mini_tb.formats.answer import Answer, Settings
from mini_tb.formats.jsontext import json_key, json_quoted, labels, meta, tail
from mini_tb.types import DataType
from mini_tb.types.zone import zone_info

_ANY_BYTES = "surrogateescape"

Text = Callable[[Any], str]
Small = Callable[[Answer], Iterator[bytes] | None]


def _document(compact: bool) -> Small:
    start, between, end = ("\t\t[", ", ", "]") if compact else ("\t\t{", ",", "\n\t\t}")

    def write(answer: Answer) -> Iterator[bytes] | None:
        rows, texts = answer.few_rows, _texts(answer)
        if rows is None or texts is None or answer.totals is not None:
            return None
        names = [label.decode() for label in labels(answer, compact=compact)]
        body = ",\n".join(_rows(rows, texts, start, names, between, end))
        head = f'{{\n{meta(answer)},\n\n\t"data":\n\t[\n'
        text = f"{head}{body}".encode("utf-8", _ANY_BYTES)
        return iter((text + tail(answer, len(rows), b""),))

    return write


def _lines(answer: Answer) -> Iterator[bytes] | None:
    rows, texts = answer.few_rows, _texts(answer)
    if rows is None or texts is None:
        return None
    names = [json_key(column.name).decode() + ":" for column in answer.columns]
    body = "".join(_rows(rows, texts, "{", names, ",", "}\n")).encode("utf-8", _ANY_BYTES)
    return iter((body,) if body else ())


SMALL_WRITERS: Mapping[str, Small] = {
    "JSON": _document(compact=False),
    "JSONCompact": _document(compact=True),
    "JSONEachRow": _lines,
}
"""What writes few rows in a format; it gives None for an answer that it cannot write."""


def _rows(
    rows: Sequence[tuple[Any, ...]],
    texts: list[Text],
    start: str,
    names: list[str],
    between: str,
    end: str,
) -> Iterator[str]:
    before = [(between if i else start) + name for i, name in enumerate(names)]
    cells = list(zip(before, texts, strict=True))
    for row in rows:
        parts = [
            f"{label}null" if value is None else label + text(value)
            for (label, text), value in zip(cells, row, strict=True)
        ]
        yield "".join(parts) + end


def _texts(answer: Answer) -> list[Text] | None:
    """What writes the values of each column; None if there is a type that only `value` writes."""
    if answer.few_rows is None:
        return None
    found = [_text(column.type, answer.settings) for column in answer.columns]
    return None if None in found else [text for text in found if text is not None]


def _text(t: DataType, settings: Settings) -> Text | None:
    bare = t.bare
    if bare.is_integer and bare.bits <= 64:
        is_quoted = settings.quote_64bit_integers and bare.bits == 64
        return _quoted_integer if is_quoted else _integer
    if bare.name == "Float64":
        return _float_or_text if settings.quote_denormals else _float
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


def _moment(t: DataType) -> Text:
    length = len("2024-01-01 00:00:00") + (t.scale + 1 if t.scale else 0)
    place = zone_info(t.zone)

    def text(value: datetime) -> str:
        if place is not None:
            value = value.replace(tzinfo=UTC).astimezone(place)
        return f'"{value.isoformat(" ", "microseconds")[:length]}"'

    return text


_BY_NAME: Mapping[str, Text] = {
    "String": _string,
    "FixedString": _string,
    "Enum8": _string,
    "Enum16": _string,
    "Bool": _bool,
    "Date": _date,
    "Date32": _date,
}
