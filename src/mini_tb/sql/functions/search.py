"""Search in strings: positions, regular expressions, replacement.

Regular expressions are RE2's on both engines; ClickHouse lets `.` match a line break.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.functions.strings import need_string, strings, without_case
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT8, UINT64, DataType, array
from mini_tb.types.duckdb import quote_string


def _position_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[:2]:
        need_string(arg)
    return UINT64


def _start(call: Call, args: list[str]) -> str:
    """The letter from which on is searched: the one at, or behind, the byte that is told, or the
    one that is told, for the UTF8 twins."""
    start = f"greatest(CAST({args[2]} AS BIGINT), 1)"
    if call.function.name.endswith("UTF8"):
        return start
    before = f"hex(array_slice(encode({args[0]}), 1, {start} - 1))"
    letters = f"length(regexp_replace({before}, '[89AB].|(..)', '\\1', 'g')) // 2"
    is_ascii = f"strlen({args[0]}) = length({args[0]})"
    return f"(CASE WHEN {is_ascii} THEN {start} ELSE {letters} + 1 END)"


def _lower_position(call: Call, args: list[str]) -> str:
    """Bytes before the match, plus one; characters for the UTF8 twins."""
    name = call.function.name
    haystack, needle = (without_case(name, sql) for sql in args[:2])
    if len(args) > 2:
        start = _start(call, args)
        found = f"strpos(substring({haystack}, {start}), {needle})"
        at = f"(CASE WHEN {found} = 0 THEN 0 ELSE {found} + {start} - 1 END)"
    else:
        at = f"strpos({haystack}, {needle})"
    if not name.endswith("UTF8"):
        at = f"(CASE WHEN {at} = 0 THEN 0 ELSE strlen(left({haystack}, {at} - 1)) + 1 END)"
    if len(args) > 2:
        at = f"(CASE WHEN {needle} = '' THEN {_of_nothing(call, args)} ELSE {at} END)"
    return f"CAST({at} AS UBIGINT)"


def _of_nothing(call: Call, args: list[str]) -> str:
    """Where an empty text is found: where the search begins, up to the end."""
    size = "length" if call.function.name.endswith("UTF8") else "strlen"
    start = f"greatest(CAST({args[2]} AS BIGINT), 1)"
    return f"CASE WHEN {start} <= {size}({args[0]}) + 1 THEN {start} ELSE 0 END"


def pattern_text(call: Call, args: list[str], index: int) -> str:
    """DuckDB text of a regular expression argument, with ClickHouse's flags."""
    try:
        return quote_string("(?s)" + text(call.args[index]))
    except ArgumentError:
        return f"('(?s)' || {args[index]})"


def _lower_match(call: Call, args: list[str]) -> str:
    return f"CAST(regexp_matches({args[0]}, {pattern_text(call, args, 1)}) AS UTINYINT)"


def groups(call: Call) -> int:
    """How many groups the constant pattern captures."""
    return group_count(text(call.args[1]))


def group_count(pattern: str) -> int:
    """How many groups a pattern captures."""
    try:
        return re.compile(pattern).groups
    except re.error:
        return len(re.findall(r"(?<!\\)\((?!\?)", pattern))


def _lower_extract(call: Call, args: list[str]) -> str:
    group = 1 if groups(call) else 0
    name = "regexp_extract_all" if call.function.name == "extractAll" else "regexp_extract"
    return f"{name}({args[0]}, {pattern_text(call, args, 1)}, {group})"


def _lower_replace_regexp(call: Call, args: list[str]) -> str:
    option = ", 'g'" if call.function.name.endswith("All") else ""
    return f"regexp_replace({args[0]}, {pattern_text(call, args, 1)}, {args[2]}{option})"


def _lower_replace_one(call: Call, args: list[str]) -> str:
    at = f"strpos({args[0]}, {args[1]})"
    return (
        f"CASE WHEN {args[1]} = '' OR {at} = 0 THEN {args[0]} ELSE left({args[0]}, {at} - 1) || "
        f"{args[2]} || substring({args[0]}, {at} + length({args[1]})) END"
    )


def _needles(args: Sequence[Expr]) -> None:
    need_string(args[0])
    if not args[1].type.is_array:
        raise ArgumentError(f"illegal type `{args[1].type}`, expected an Array(String)")


def _any_returns(args: Sequence[Expr]) -> DataType:
    _needles(args)
    return UINT8


def _index_returns(args: Sequence[Expr]) -> DataType:
    _needles(args)
    return UINT64


def _folded(call: Call, haystack: str) -> tuple[str, str]:
    """The haystack and a needle `n`, as they are compared."""
    name = call.function.name
    return without_case(name, haystack), without_case(name, "n")


def _lower_any(call: Call, args: list[str]) -> str:
    haystack, needle = _folded(call, args[0])
    found = f"list_filter({args[1]}, lambda n: contains({haystack}, {needle}))"
    return f"CAST(len({found}) > 0 AND {_IS_SEARCHED.format(args[0])} AS UTINYINT)"


def _lower_first_index(call: Call, args: list[str]) -> str:
    haystack, needle = _folded(call, args[0])
    test = f"contains({haystack}, {needle}) AND {_IS_SEARCHED.format(args[0])}"
    flags = f"list_transform({args[1]}, lambda n: {test})"
    return f"CAST(coalesce(list_position({flags}, TRUE), 0) AS UBIGINT)"


def _count_returns(args: Sequence[Expr]) -> DataType:
    return _position_returns(args)


def _lower_count(call: Call, args: list[str]) -> str:
    haystack, needle = args[0], args[1]
    if len(args) > 2:
        haystack = f"substring({haystack}, {_start(call, args)})"
    haystack, needle = (without_case(call.function.name, sql) for sql in (haystack, needle))
    lost = f"(strlen({haystack}) - strlen(replace({haystack}, {needle}, '')))"
    return f"CAST(CASE WHEN {needle} = '' THEN 0 ELSE {lost} // strlen({needle}) END AS UBIGINT)"


def _lower_all_positions(call: Call, args: list[str]) -> str:
    """The position of each needle; in bytes, or in characters for the UTF8 twins."""
    return f"list_transform({args[1]}, lambda n: {_needle_position(call, args[0])})"


_IS_SEARCHED = "{0} <> ''"
"""In an empty text these functions find nothing, not even an empty one."""


def _needle_position(call: Call, haystack: str) -> str:
    text, needle = _folded(call, haystack)
    at = f"strpos({text}, {needle})"
    if not call.function.name.endswith("UTF8"):
        at = f"(CASE WHEN {at} = 0 THEN 0 ELSE strlen(left({text}, {at} - 1)) + 1 END)"
    at = f"CASE WHEN {_IS_SEARCHED.format(haystack)} THEN {at} ELSE 0 END"
    return f"CAST({at} AS UBIGINT)"


def _lower_first_position(call: Call, args: list[str]) -> str:
    found = f"list_transform({args[1]}, lambda n: {_needle_position(call, args[0])})"
    least = f"list_min(list_filter({found}, lambda p: p > 0))"
    return f"CAST(coalesce({least}, 0) AS UBIGINT)"


def _positions_returns(args: Sequence[Expr]) -> DataType:
    _needles(args)
    return array(UINT64)


_SUFFIXES = ("", "CaseInsensitive", "UTF8", "CaseInsensitiveUTF8")

ROWS = (
    *(
        Function(
            f"position{suffix}",
            _position_returns,
            _lower_position,
            args=(2, 3),
            aliases=("instr",) if suffix == "CaseInsensitive" else (),
            any_case=suffix in _SUFFIXES[:2],
        )
        for suffix in _SUFFIXES
    ),
    Function(
        "locate",
        lambda args: _position_returns([args[1], args[0]]),
        lambda call, args: _lower_position(call, [args[1], args[0], *args[2:]]),
        args=(2, 3),
        any_case=True,
    ),
    Function(
        "match",
        strings(UINT8),
        _lower_match,
        args=(2, 2),
        aliases=("REGEXP_MATCHES",),
        any_case=True,
    ),
    Function("extract", strings(STRING), _lower_extract, args=(2, 2)),
    Function("extractAll", strings(array(STRING)), _lower_extract, args=(2, 2)),
    Function(
        "replaceAll",
        strings(STRING),
        "replace({0}, {1}, {2})",
        args=(3, 3),
        aliases=("replace",),
        any_case=True,
    ),
    Function("replaceOne", strings(STRING), _lower_replace_one, args=(3, 3)),
    Function(
        "replaceRegexpAll",
        strings(STRING),
        _lower_replace_regexp,
        args=(3, 3),
        aliases=("REGEXP_REPLACE",),
        any_case=True,
    ),
    Function("replaceRegexpOne", strings(STRING), _lower_replace_regexp, args=(3, 3)),
    *(
        Function(f"multiSearchAny{suffix}", _any_returns, _lower_any, args=(2, 2))
        for suffix in _SUFFIXES
    ),
    *(
        Function(f"multiSearchFirstIndex{suffix}", _index_returns, _lower_first_index, args=(2, 2))
        for suffix in _SUFFIXES
    ),
    *(
        Function(
            f"multiSearchAllPositions{suffix}",
            _positions_returns,
            _lower_all_positions,
            args=(2, 2),
        )
        for suffix in _SUFFIXES
    ),
    *(
        Function(
            f"multiSearchFirstPosition{suffix}", _index_returns, _lower_first_position, args=(2, 2)
        )
        for suffix in _SUFFIXES
    ),
    *(
        Function(
            f"countSubstrings{suffix}",
            _count_returns,
            _lower_count,
            args=(2, 3),
            any_case=not suffix,
        )
        for suffix in (*_SUFFIXES[:2], "CaseInsensitiveUTF8")
    ),
)
