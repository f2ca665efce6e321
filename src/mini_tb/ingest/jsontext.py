"""Exact JSON for one record: numbers keep their text, objects keep theirs.

The bulk of a batch never comes here. What does come must lose nothing: `1.50` into a String column
is `1.50`, an integer has all its digits, an object into a String column is the text that was sent.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import Any

MAX_DEPTH = 128
"""How deep objects and arrays may nest."""

_SPACE = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"true|false|null")
_STRINGS = JSONDecoder(strict=False)  # control characters may stand in strings
_SPECIAL = re.compile(r"NaN|-?Infinity")


class JsonError(ValueError):
    """The text is not JSON: what is wrong, with the character it is at."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(f"{message} at character {offset + 1}")


class Number(str):
    """A JSON number by its text, as in `1.50`; also `NaN`, `Infinity` and `-Infinity`."""

    __slots__ = ()


class Array(list[Any]):
    """A JSON array; `raw` is the text it was read from."""

    __slots__ = ("raw",)
    raw: str


class Object(dict[str, Any]):
    """A JSON object. Of a key that occurs twice the first value counts, as in ClickHouse;
    `repeated` names such a key. `raw` is the text it was read from."""

    __slots__ = ("raw", "repeated")
    raw: str
    repeated: str | None


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        record = dict(reversed(pairs))
    return record


_FLAT = JSONDecoder(
    object_pairs_hook=_first_wins,
    parse_int=Number,
    parse_float=Number,
    parse_constant=Number,
    strict=False,
)


def parse_record(text: str) -> Any:
    """The same as `parse_json`, several times faster for a record without arrays and objects in it.

    Raises JsonError.
    """
    if "\\u" not in text:
        try:
            record = _FLAT.decode(text)
        except (JSONDecodeError, RecursionError):
            return parse_json(text)  # which says what is wrong
        if type(record) is dict and not any(type(v) in (dict, list) for v in record.values()):
            return record
    return parse_json(text)


def parse_json(text: str) -> Any:
    """The one JSON value that `text` is. Raises JsonError."""
    value, end = _value(text, _skip(text, 0), 0)
    end = _skip(text, end)
    if end != len(text):
        raise JsonError("unexpected text after the value", end)
    return value


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    first = text[at : at + 1]
    if first == '"':
        return _string(text, at)
    if match := _NUMBER.match(text, at):
        return Number(match[0]), match.end()
    if first == "{":
        return _object(text, at, depth + 1)
    if first == "[":
        return _array(text, at, depth + 1)
    if match := _WORD.match(text, at):
        return _WORDS[match[0]], match.end()
    if match := _SPECIAL.match(text, at):
        return Number(match[0]), match.end()
    raise JsonError("expected a value" if first else "unexpected end", at)


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        value, end = _STRINGS.raw_decode(text, at)
    except JSONDecodeError as error:
        raise JsonError(error.msg.lower(), error.pos) from None
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise JsonError("half of a surrogate pair", at) from None
    return value, end


def _object(text: str, start: int, depth: int) -> tuple[Object, int]:
    if depth > MAX_DEPTH:
        raise JsonError(f"nested deeper than {MAX_DEPTH}", start)
    found = Object()
    found.repeated = None
    at = _skip(text, start + 1)
    if text[at : at + 1] == "}":
        found.raw = text[start : at + 1]
        return found, at + 1
    while True:
        if text[at : at + 1] != '"':
            raise JsonError("expected a key in double quotes", at)
        key, at = _string(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise JsonError("expected `:`", at)
        value, at = _value(text, _skip(text, at + 1), depth)
        if key in found:
            found.repeated = key
        else:
            found[key] = value
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == "}":
            found.raw = text[start : at + 1]
            return found, at + 1
        if mark != ",":
            raise JsonError("expected `,` or `}`", at)
        at = _skip(text, at + 1)


def _array(text: str, start: int, depth: int) -> tuple[Array, int]:
    if depth > MAX_DEPTH:
        raise JsonError(f"nested deeper than {MAX_DEPTH}", start)
    found = Array()
    at = _skip(text, start + 1)
    if text[at : at + 1] == "]":
        found.raw = text[start : at + 1]
        return found, at + 1
    while True:
        value, at = _value(text, at, depth)
        found.append(value)
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == "]":
            found.raw = text[start : at + 1]
            return found, at + 1
        if mark != ",":
            raise JsonError("expected `,` or `]`", at)
        at = _skip(text, at + 1)


def json_text(value: Any) -> str:
    """A decoded value as the text it was sent as; strings without their quotes."""
    if isinstance(value, str):
        return str(value)  # of a Number, its text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Object | Array):
        return value.raw
    if value is None:
        return "null"
    return "[" + ", ".join(_quoted(element) for element in value) + "]"


def _quoted(value: Any) -> str:
    if isinstance(value, str) and not isinstance(value, Number):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json_text(value)
