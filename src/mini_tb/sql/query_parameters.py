"""The parameters of a query by ClickHouse's own interface: a text for each `{name:Type}`.

A text of one value is escaped as in TabSeparated: `a\\tb` holds a tab, `\\N` is NULL. Arrays,
tuples and maps are written as in a query, with texts in quotes; they are read into lists and
dictionaries of texts, which `CAST` makes values of the type. `{name:Identifier}` is a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mini_tb.diagnostics import Diagnostic
from mini_tb.sql.catalog import Value
from mini_tb.sql.errors import QueryError
from mini_tb.sql.naming import quoted
from mini_tb.types import STRING, DataType, TypeSyntaxError, nullable, parse_type
from mini_tb.types.duckdb import field_names

_BAD_QUERY_PARAMETER = 457
NULL_TEXT = "\\N"
_PARTS = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`
    | --[^\n]* | /\*.*?\*/
    | \{\s*(?P<name>\w+)\s*:\s*(?P<type>\w[^{}]*?)\s*\}""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"U?Int(?:8|16|32|64)|Float(?:32|64)")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.|'')*)'", re.DOTALL)
_BARE = re.compile(r"[^\s,:()\[\]{}'\"]+")
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}
_ESCAPES |= {"e": "\x1b", "N": "", **{mark: mark for mark in "\\'\"`/="}}


def with_parameters(sql: str, texts: Mapping[str, str]) -> tuple[str, dict[str, Value]]:
    """The query with the names that are parameters in their places, and the values of the others
    that it has. One that is not given is an error of the compiler's."""
    values: dict[str, Value] = {}

    def meant(part: re.Match[str]) -> str:
        name = part["name"]
        if name is None or name not in texts:
            return part[0]
        if part["type"] == "Identifier":
            return "`" + texts[name].replace("\\", "\\\\").replace("`", "\\`") + "`"
        values[name] = _value(name, part["type"], texts[name])
        return part[0]

    return _PARTS.sub(meant, sql), values


def texts_of(t: DataType) -> DataType:
    """What is read of a text for a value of type `t`: its type, with texts in place of all else."""
    if t.types and (t.is_array or t.is_tuple or t.is_map):
        return DataType(t.name, tuple(map(texts_of, t.types)), names=t.names)
    return nullable(STRING) if t.is_nullable else STRING


def _value(name: str, type_text: str, text: str) -> Value:
    try:
        t = parse_type(type_text)
    except TypeSyntaxError:  # the compiler says so, at its place
        return Value(name, "", text, text)
    value: Any = None
    if texts_of(t).is_string:
        value = None if t.is_nullable and text == NULL_TEXT else _unescaped(text)
    else:
        value = _Reader(text, f"the text of the query parameter `{name}`").whole(t)
    return Value(name, "", value, _shown(t, type_text, text))


class _Reader:
    """Reads what is written as in a query."""

    def __init__(self, text: str, subject: str) -> None:
        self._text, self._subject = text, subject
        self._at = 0

    def whole(self, t: DataType) -> Any:
        """The value that the text is, of texts. Raises `QueryError`."""
        found = self._value(t)
        if self._rest():
            raise self._wrong(t)
        return found

    def _value(self, t: DataType) -> Any:
        if t.is_array:
            return self._items("[", "]", t, lambda: self._value(t.element))
        if t.is_map:
            key, value = t.types
            pairs = self._items("{", "}", t, lambda: self._pair(t, key, value))
            return {"key": [k for k, _ in pairs], "value": [v for _, v in pairs]}
        if t.is_tuple:
            types = iter(t.types)
            values = self._items("(", ")", t, lambda: self._value(next(types, STRING)))
            if len(values) != len(t.types):
                raise self._wrong(t)
            return dict(zip(field_names(t), values, strict=True))
        self._rest()
        if found := _QUOTED.match(self._text, self._at):
            self._at = found.end()
            return _unescaped(found[1].replace("''", "\\'"))
        found = _BARE.match(self._text, self._at)
        is_null = found is not None and t.is_nullable and found[0] == "NULL"
        if found is None or (t.is_string and not is_null):
            raise self._wrong(t)
        self._at = found.end()
        return None if is_null else found[0]

    def _pair(self, t: DataType, key: DataType, value: DataType) -> tuple[Any, Any]:
        found = self._value(key)
        if not self._next(":"):
            raise self._wrong(t)
        return found, self._value(value)

    def _items(self, start: str, end: str, t: DataType, read: Callable[[], Any]) -> list[Any]:
        if not self._next(start):
            raise self._wrong(t)
        items: list[Any] = []
        while not self._next(end):
            if items and not self._next(","):
                raise self._wrong(t)
            if items and self._next(end):  # a comma may stand behind the last one
                break
            items.append(read())
        return items

    def _rest(self) -> str:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        return self._text[self._at :]

    def _next(self, mark: str) -> bool:
        self._rest()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += 1
        return True

    def _wrong(self, t: DataType) -> QueryError:
        message = f"{self._subject} is no `{t}`, at character {self._at + 1}"
        return QueryError(Diagnostic("SQ007", message), _BAD_QUERY_PARAMETER)


def _shown(t: DataType, type_text: str, text: str) -> str:
    """What stands for it in the name of a column."""
    if t == STRING:
        return quoted(_unescaped(text))
    is_bare = not texts_of(t).is_string or _NUMBER.fullmatch(type_text)
    value = "NULL" if text == NULL_TEXT else text if is_bare else quoted(_unescaped(text))
    return f"_CAST({value}, {quoted(type_text)})"


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_escape, text)


def _escape(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    mark = escape[2]
    return mark if mark < " " else _ESCAPES.get(mark, escape[0])
