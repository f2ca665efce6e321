"""Texts looked at as bytes, paths and patterns: `isValidASCII`, `basename`, `convertCharset`, …"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from mini_tb.sql.functions.compose import call as called
from mini_tb.sql.functions.compose import composed
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.functions.strings import as_bytes, need_string, strings
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import FLOAT64, STRING, STRING_BYTES, UINT8, UINT16, DataType


def _bytes(call: Call, args: list[str]) -> str:
    """The text's bytes, as two hexadecimal digits each."""
    return f"regexp_extract_all(hex({as_bytes(call.args[0], args[0])}), '..')"


def _lower_ascii(call: Call, args: list[str]) -> str:
    if not call.args[0].type.is_bytes:
        return f"CAST(strlen({args[0]}) = length({args[0]}) AS UTINYINT)"
    return f"CAST(NOT regexp_matches(hex({args[0]}), '^(..)*[89A-F]') AS UTINYINT)"


def _lower_unique(call: Call, args: list[str]) -> str:
    return f"CAST(list_unique({_bytes(call, args)}) AS USMALLINT)"


def _lower_entropy(call: Call, args: list[str]) -> str:
    return f"coalesce(list_aggregate({_bytes(call, args)}, 'entropy'), 0.0)"


def _lower_reversed(call: Call, args: list[str]) -> str:
    separator = args[1] if len(args) > 1 else "'.'"
    return f"array_to_string(list_reverse(string_split({args[0]}, {separator})), {separator})"


def _any_case(args: Sequence[Expr]) -> Expr:
    return called("match", args[0], Const(STRING, f"(?i){text(args[1])}"))


def _not(function: str) -> Function:
    """The opposite of a condition."""
    name = f"not{function[0].upper()}{function[1:]}"
    return composed(name, lambda args: called("not", called(function, *args)), (2, 2))


# Character sets ------------------------------------------------------------------------------


def _charset(arg: Expr) -> str:
    """Python's name of a character set."""
    name = text(arg)
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ArgumentError(f"there is no character set `{name}`", 360) from None


def _convert_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    _charset(args[1])
    return STRING if _charset(args[2]) == "utf-8" else STRING_BYTES


def _lower_convert(call: Call, args: list[str]) -> str:
    source, target = _charset(call.args[1]), _charset(call.args[2])
    converted = f"mt_convert_charset({as_bytes(call.args[0], args[0])}, '{source}', '{target}')"
    return f"decode({converted})" if target == "utf-8" else converted


ROWS = (
    Function("isValidASCII", strings(UINT8), _lower_ascii, bytes_ok=True),
    Function("basename", strings(STRING), r"regexp_extract({0}, '[^/\\]*$')"),
    Function("stringBytesUniq", strings(UINT16), _lower_unique, bytes_ok=True),
    Function("stringBytesEntropy", strings(FLOAT64), _lower_entropy, bytes_ok=True),
    Function("reverseBySeparator", strings(STRING), _lower_reversed, args=(1, 2)),
    _not("match"),
    composed("matchCaseInsensitive", _any_case, (2, 2)),
    composed("notMatchCaseInsensitive", lambda args: called("not", _any_case(args)), (2, 2)),
    Function("convertCharset", _convert_returns, _lower_convert, args=(3, 3), bytes_ok=True),
)
