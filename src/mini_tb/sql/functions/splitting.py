"""Splitting strings into arrays: `splitByChar`, `splitByString`, `splitByRegexp`, `tokens`, …"""

from __future__ import annotations

from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call
from mini_tb.types import STRING, array

_ARRAY = strings(array(STRING))


def _lower_split(call: Call, args: list[str]) -> str:
    separator = text(call.args[0])
    name = call.function.name
    if name == "splitByChar" and len(separator) != 1:
        raise ArgumentError("the separator must be one character", 36)
    if separator == "":
        items = f"regexp_extract_all({args[1]}, '(?s).')"
    elif name == "splitByRegexp":
        items = f"regexp_split_to_array({args[1]}, {args[0]})"
    else:
        items = f"string_split({args[1]}, {args[0]})"
    if len(args) > 2:
        most = f"CAST({args[2]} AS BIGINT)"
        items = f"(CASE WHEN {most} > 0 THEN list_slice({items}, 1, {most}) ELSE {items} END)"
    return items


ROWS = (
    Function("splitByChar", _ARRAY_2 := strings(array(STRING), 2), _lower_split, args=(2, 3)),
    Function("splitByString", _ARRAY_2, _lower_split, args=(2, 3)),
    Function("splitByRegexp", _ARRAY_2, _lower_split, args=(2, 3)),
    Function(
        "splitByWhitespace", _ARRAY, r"regexp_extract_all({0}, '[^ \t\n\r\f\v]+')", exact=True
    ),
    Function(
        "splitByNonAlpha",
        _ARRAY,
        r"regexp_extract_all({0}, '[^\x00-\x20!-/:-@\[-`{{-\x7f]+')",
        exact=True,
    ),
    Function(
        "alphaTokens",
        _ARRAY,
        "regexp_extract_all({0}, '[A-Za-z]+')",
        exact=True,
        aliases=("splitByAlpha",),
    ),
)
