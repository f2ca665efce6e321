"""The parameters of a query by ClickHouse's own interface: a text for each `{name:Type}`.

A text of one value is escaped as in TabSeparated: `a\\tb` holds a tab, `\\N` is NULL. Arrays and
tuples are written as in a query, each text inside them in quotes. `{name:Identifier}` is a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mini_tb.sql.catalog import NULL_TEXT, Value
from mini_tb.sql.naming import quoted

_PARTS = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`
    | --[^\n]* | /\*.*?\*/
    | \{\s*(?P<name>\w+)\s*:\s*(?P<type>\w[^{}]*?)\s*\}""",
    re.VERBOSE | re.DOTALL,
)
_AS_IN_QUERIES = re.compile(r"(?:Array|JSON|Map|Nested|Tuple)\b")
_NUMBER = re.compile(r"U?Int(?:8|16|32|64)|Float(?:32|64)")
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


def _value(name: str, type_text: str, text: str) -> Value:
    if text != NULL_TEXT and not _AS_IN_QUERIES.match(type_text):
        text = _ESCAPED.sub(_escape, text)
    return Value(name, "", text, _shown(type_text, text))


def _shown(type_text: str, text: str) -> str:
    """What stands for it in the name of a column."""
    if type_text == "String":
        return quoted(text)
    is_bare = _NUMBER.fullmatch(type_text) or _AS_IN_QUERIES.match(type_text)
    value = "NULL" if text == NULL_TEXT else text if is_bare else quoted(text)
    return f"_CAST({value}, {quoted(type_text)})"


def _escape(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _ESCAPES.get(escape[2], escape[0])
