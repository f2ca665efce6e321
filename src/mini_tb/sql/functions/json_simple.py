"""`simpleJSON…` (`visitParam…`): the document is searched as text, whatever its structure."""

from __future__ import annotations

from mini_tb.sql.functions.function import Function
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call
from mini_tb.types import FLOAT64, INT64, STRING, UINT8, UINT64, to_duckdb

_DIGITS = {"Int": '^"?(-?[0-9]+)', "UInt": '^"?\\+?([0-9]+)'}
_FLOAT = '^"?(-?[0-9]*\\.?[0-9]*(?:[eE][+-]?[0-9]+)?)'
_QUOTED = '^"((?:[^"\\\\]|\\\\.)*)"'


def _rest(args: list[str]) -> str:
    """The text behind `"name":`; empty if that is nowhere."""
    key = f"('\"' || {args[1]} || '\":')"
    at = f"strpos({args[0]}, {key})"
    return f"(CASE WHEN {at} = 0 THEN '' ELSE substring({args[0]}, {at} + length({key})) END)"


def _lower(call: Call, args: list[str]) -> str:
    rest, kind = _rest(args), call.function.name.removeprefix("simpleJSONExtract")
    if kind == "simpleJSONHas":
        return f"CAST(contains({args[0]}, '\"' || {args[1]} || '\":') AS UTINYINT)"
    if kind == "Bool":
        return f"CAST(starts_with({rest}, 'true') AS UTINYINT)"
    if kind == "Raw":
        return f"mt_json_raw({rest})"
    if kind == "String":
        text = f"regexp_extract({rest}, '{_QUOTED}', 1)"
        unescaped = f"json_extract_string(TRY_CAST('\"' || {text} || '\"' AS JSON), '$')"
        return (
            f"(CASE WHEN contains({text}, chr(92)) THEN coalesce({unescaped}, '') ELSE {text} END)"
        )
    pattern = _DIGITS.get(kind, _FLOAT)
    duck = to_duckdb(call.type)
    return (
        f"coalesce(TRY_CAST(regexp_extract({rest}, '{pattern}', 1) AS {duck}), CAST(0 AS {duck}))"
    )


_TYPES = {
    "Has": UINT8,
    "ExtractUInt": UINT64,
    "ExtractInt": INT64,
    "ExtractFloat": FLOAT64,
    "ExtractBool": UINT8,
    "ExtractRaw": STRING,
    "ExtractString": STRING,
}
ROWS = tuple(
    Function(f"simpleJSON{name}", strings(t), _lower, args=(2, 2), aliases=(f"visitParam{name}",))
    for name, t in _TYPES.items()
)
