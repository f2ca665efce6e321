"""JSON text as ClickHouse writes it, and what is computed on whole documents.

Documents repeat in a column, so each distinct one is read once.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from mini_tb.sql.functions.udf.text import float_text
from mini_tb.sql.functions.udf.values import python_udf

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_COMPACT: Any = {"ensure_ascii": False, "separators": (",", ":")}
_SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 47: "\\/", 92: "\\\\"}
_ESCAPES = {code: _SHORT.get(code, f"\\u{code:04X}") for code in (*range(32), 34, 47, 92)}


_QUOTED = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0: "\\0", 39: "\\'", 92: "\\\\"}


def json_text(text: str) -> str:
    """The text with every float that is not in ClickHouse's form rewritten."""

    def rewritten(match: re.Match[str]) -> str:
        token = match[0]
        if token.startswith('"') or not any(mark in token for mark in ".eE"):
            return token
        return float_text(repr(float(token)))

    return _TOKEN.sub(rewritten, text)


def document(text: str) -> str:
    """A document as ClickHouse keeps it: keys in order, without nulls and empty objects."""
    value = _kept(json.loads(text))
    return json_text(json.dumps({} if value is None else value, **_COMPACT)).replace("/", "\\/")


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        members = {key: _kept(inner) for key, inner in sorted(value.items())}
        return {key: inner for key, inner in members.items() if inner is not None} or None
    if isinstance(value, list):
        return [{} if isinstance(item, dict) and not _kept(item) else _kept(item) for item in value]
    return value


def dynamic_text(text: str) -> str:
    """The text of a Dynamic that holds this JSON value: a string's own, an array's as ClickHouse
    writes arrays, with objects as texts in it."""
    value = json.loads(text)
    if isinstance(value, str):
        return value
    return _inside(value) if isinstance(value, list) else json_text(text)


def _inside(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"[{','.join(map(_inside, value))}]"
    if isinstance(value, dict):
        value = document(json.dumps(value))
    if isinstance(value, str):
        return "'" + value.translate(_QUOTED) + "'"
    return json_text(json.dumps(value))


def quoted(text: str) -> str:
    """A text as a JSON string."""
    return '"' + text.translate(_ESCAPES) + '"'


_END = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.S)


def raw_value(text: str) -> str:
    """The JSON value that the text begins with, as it is written: up to the comma or bracket that
    ends it."""
    level = 0
    for match in _END.finditer(text):
        token = match[0]
        if token in ("[", "{"):
            level += 1
        elif token in ("]", "}"):
            if level == 0:
                return text[: match.start()]
            level -= 1
        elif token == "," and level == 0:
            return text[: match.start()]
    return text


def merged(documents: str) -> str | None:
    """One object of several (a JSON array of texts): the members of later ones replace, objects
    merge; None if one is no JSON object."""
    result: Any = {}
    for text in json.loads(documents):
        try:
            part = json.loads(text)
        except ValueError:
            return None
        if not isinstance(part, dict):
            return None
        result = _merge(result, part)
    return json.dumps(result, ensure_ascii=False, separators=(",", ":"))


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict) or not isinstance(target, dict):
        return patch
    joined = dict(target)
    for key, value in patch.items():
        joined[key] = _merge(joined.get(key), value)
    return joined


def pretty(text: str, indent: int) -> str:
    """A document with each member and element on a line of its own, behind so many blanks a level.

    Raises `ValueError` of ClickHouse's number for what is no JSON.
    """
    try:
        document = json.loads(text, object_pairs_hook=_Members, parse_constant=_no_number)
        shown = _pretty(document, "\n", " " * indent)
        shown.encode()
    except (ValueError, RecursionError) as error:
        raise ValueError("DB::36: the text is no JSON, or nested too deep") from error
    return shown


class _Members(list[tuple[str, Any]]):
    """The members of an object, the same names too."""


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _pretty(value: Any, line: str, indent: str) -> str:
    if isinstance(value, list):
        inner = line + indent
        if isinstance(value, _Members):
            marks = "{}"
            parts = [f"{_string(key)}: {_pretty(part, inner, indent)}" for key, part in value]
        else:
            marks, parts = "[]", [_pretty(part, inner, indent) for part in value]
        return f"{marks[0]}{inner}{f',{inner}'.join(parts)}{line}{marks[1]}" if parts else marks
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 64:
        return str(value)
    if not math.isfinite(value):
        raise ValueError(value)
    digits = float_text(repr(float(value)))
    return digits if any(mark in digits for mark in ".e") else f"{digits}.0"


def _string(text: str) -> str:
    return quoted(text).replace("\\/", "/")


_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")


def value_type(value: Any) -> str:
    """The type that ClickHouse gives a value of a JSON column."""
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "Bool"
    if isinstance(value, int):
        return "Int64" if value < 1 << 63 else "UInt64"
    if isinstance(value, float):
        return "Float64"
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            return "Date"
        match = _DATETIME.fullmatch(value)
        return "String" if match is None else "DateTime64(9)" if match[1] else "DateTime"
    if isinstance(value, dict):
        return "JSON(max_dynamic_types=16, max_dynamic_paths=256)"
    return f"Array({_element_type(value)})"


def _element_type(values: list[Any]) -> str:
    found = {value_type(value) for value in values if value is not None}
    if not found:
        return "Nullable(String)"
    if found <= {"Int64", "Float64"} and len(found) == 2:
        found = {"Float64"}
    if len(found) > 1:
        return "Dynamic"
    only = found.pop()
    return only if only.startswith(("Array", "JSON")) else f"Nullable({only})"


def paths(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The paths to the values of a document and the values; null is none."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from paths(inner, f"{prefix}{key}.")
        elif inner is not None:
            yield prefix + key, inner


def _entries(text: str) -> list[tuple[str, Any]]:
    document = json.loads(text)
    return sorted(paths(document)) if isinstance(document, dict) else []


def paths_and_types(text: str) -> list[tuple[str, str]]:
    """The paths of a document, sorted, with the types of their values."""
    return [(path, value_type(value)) for path, value in _entries(text)]


def path_values(text: str) -> list[str]:
    """The texts of a document's values, in the order of their paths."""
    return [_value_text(value) for _, value in _entries(text)]


def _value_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _type(text: str) -> str:
    return value_type(json.loads(text))


_T = "VARCHAR"

UDFS = (
    python_udf("mt_json_text", (_T,), _T, json_text),
    python_udf("mt_json_document", (_T,), _T, document),
    python_udf("mt_dynamic_text", (_T,), _T, dynamic_text),
    python_udf("mt_json_quoted", (_T,), _T, quoted),
    python_udf("mt_json_pretty", (_T, "INTEGER"), _T, pretty, constants=1),
    python_udf("mt_json_raw", (_T,), _T, raw_value),
    python_udf("mt_json_merged", (_T,), _T, merged),
    python_udf("mt_json_type", (_T,), _T, _type),
    python_udf("mt_json_paths", (_T,), f"MAP({_T}, {_T})", paths_and_types),
    python_udf("mt_json_values", (_T,), f"{_T}[]", path_values),
)
