"""Several patterns searched at once: `multiMatchAny`, `multiMatchAllIndices`, `multiFuzzyMatchAny`.

ClickHouse goes through the text once, with all patterns at the same time: their indices come in the
order in which their first matches end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, integer, text
from mini_tb.sql.functions.strings import as_bytes, need_string
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import UINT8, UINT64, DataType, array
from mini_tb.types.duckdb import quote_string


def _elements(patterns: Expr) -> Sequence[Expr]:
    """The patterns of an array that is written out; else nothing."""
    if isinstance(patterns, Call) and patterns.function.name == "array":
        return patterns.args
    return ()


def _written(patterns: Expr) -> list[str]:
    """The patterns, if they are constants in an array that is written out; else nothing."""
    known = _elements(patterns)
    is_written = all(isinstance(pattern, Const) for pattern in known)
    return [text(pattern) for pattern in known] if is_written else []


def _check(haystack: Expr, patterns: Expr) -> None:
    need_string(haystack)
    if not patterns.type.is_array:
        raise ArgumentError(f"illegal type `{patterns.type}`, expected an Array(String)")


# Regular expressions ---------------------------------------------------------------------------


def _lower_any(call: Call, args: list[str]) -> str:
    known = _written(call.args[1])
    if known:
        either = quote_string("(?s)" + "|".join(f"(?:{pattern})" for pattern in known))
        return f"CAST(regexp_matches({args[0]}, {either}) AS UTINYINT)"
    found = f"list_filter({args[1]}, lambda n: regexp_matches({args[0]}, '(?s)' || n))"
    return f"CAST(len({found}) > 0 AS UTINYINT)"


def _found(haystack: str, pattern: str, index: str) -> str:
    """After how many bytes the first match of a pattern ends that takes as little as it may, NULL
    if there is none; and the pattern's index. The pattern has a place before it and one behind."""
    start = f"regexp_extract({haystack}, {pattern.format('(?sU)^.*(?:', ')')})"
    matches = f"regexp_matches({haystack}, {pattern.format('(?s)', '')})"
    end = f"CASE WHEN {matches} THEN strlen({start}) END"
    return f"{{'at': {end}, 'index': CAST({index} AS UBIGINT)}}"


def _lower_all(call: Call, args: list[str]) -> str:
    known = _written(call.args[1])
    if known:
        places = ("{0}" + p.replace("{", "{{").replace("}", "}}") + "{1}" for p in known)
        each = (_found(args[0], quote_string(p), str(i + 1)) for i, p in enumerate(places))
        matches = f"[{', '.join(each)}]"
    else:
        found = _found(args[0], "'{0}' || n || '{1}'", "i")
        matches = f"list_transform({args[1]}, lambda n, i: {found})"
    ordered = f"list_sort(list_filter({matches}, lambda m: m['at'] IS NOT NULL))"
    return f"list_transform({ordered}, lambda m: m['index'])"


# Edits -----------------------------------------------------------------------------------------

_SIGNS = re.compile(r"[\\^$*+?()\[\]{}|]")
"""What has a meaning in a pattern; `.` is any byte."""


def _edits(args: Sequence[Expr]) -> tuple[int, list[str]]:
    """How many edits a match may have, and the patterns."""
    haystack, distance, patterns = args
    _check(haystack, patterns)
    if not distance.type.is_integer or distance.type.is_signed:
        raise ArgumentError(f"illegal type `{distance.type}`, expected an unsigned integer")
    edits, known = integer(distance), [text(pattern) for pattern in _elements(patterns)]
    if not known:
        raise ArgumentError("the patterns must be written out as constants here", 44)
    for pattern in known:
        if _SIGNS.search(pattern):
            raise ArgumentError(
                f"`{pattern}` is a regular expression: only texts are matched with edits here", 48
            )
        if edits > 0 and len(pattern.encode()) <= edits:
            raise ArgumentError(f"`{pattern}` matches everything with {edits} edits", 36)
    return edits, known


def _lower_fuzzy(call: Call, args: list[str]) -> str:
    edits, known = _edits(call.args)
    patterns = ", ".join(quote_string(pattern) for pattern in known)
    return f"mt_fuzzy_matches({as_bytes(call.args[0], args[0])}, {edits}, [{patterns}])"


_KINDS = {
    "Any": (UINT8, "CAST(len({0}) > 0 AS UTINYINT)"),
    "AnyIndex": (UINT64, "CAST(coalesce({0}[1], 0) AS UBIGINT)"),
    "AllIndices": (array(UINT64), "{0}"),
}
"""What is answered, and how it is got of the indices of the patterns that match."""


def _matching(kind: str) -> Function:
    result, of_indices = _KINDS[kind]

    def returns(args: Sequence[Expr]) -> DataType:
        _check(args[0], args[1])
        return result

    def lower(call: Call, args: list[str]) -> str:
        return of_indices.format(_lower_all(call, args))

    return Function(
        f"multiMatch{kind}", returns, _lower_any if kind == "Any" else lower, args=(2, 2)
    )


def _fuzzy(kind: str) -> Function:
    result, of_indices = _KINDS[kind]

    def returns(args: Sequence[Expr]) -> DataType:
        _edits(args)
        return result

    def lower(call: Call, args: list[str]) -> str:
        return of_indices.format(_lower_fuzzy(call, args))

    return Function(f"multiFuzzyMatch{kind}", returns, lower, args=(3, 3), bytes_ok=True)


ROWS = (*map(_matching, _KINDS), *map(_fuzzy, _KINDS))
