"""How alike two strings are: edit distances, n-grams, Jaro, Jaccard.

DuckDB's distances count bytes, as ClickHouse's do without `UTF8`.
"""

from __future__ import annotations

from mini_tb.sql.functions.function import Function
from mini_tb.sql.functions.strings import strings, without_case
from mini_tb.sql.tree import Call
from mini_tb.types import FLOAT32, FLOAT64, UINT8, UINT64, DataType


def _row(name: str, result: DataType, lower: str, *aliases: str) -> Function:
    return Function(name, strings(result), lower, args=(2, 2), aliases=aliases)


def _lower_ngram(call: Call, args: list[str]) -> str:
    name = call.function.name
    utf8, fold = name.endswith("UTF8"), "CaseInsensitive" in name
    kind = "mt_ngram_search" if name.startswith("ngramSearch") else "mt_ngram_distance"
    return f"{kind}({args[0]}, {args[1]}, {str(utf8).upper()}, {str(fold).upper()})"


def _lower_subsequence(call: Call, args: list[str]) -> str:
    texts = (without_case(call.function.name, sql) for sql in args)
    return f"mt_has_subsequence({', '.join(texts)})"


_SUFFIXES = ("", "CaseInsensitive", "UTF8", "CaseInsensitiveUTF8")
_JACCARD = (
    "CASE WHEN {0} = '' AND {1} = '' THEN 'nan'::DOUBLE "
    "WHEN {0} = '' OR {1} = '' THEN 0.0 ELSE {2} END"
)
_SETS = [f"list_distinct(regexp_extract_all({{{i}}}, '(?s).'))" for i in (0, 1)]
_BOTH = f"len(list_intersect({_SETS[0]}, {_SETS[1]}))"
_JACCARD_UTF8 = f"{_BOTH} / CAST(len({_SETS[0]}) + len({_SETS[1]}) - {_BOTH} AS DOUBLE)"


_DISTANCE_UTF8 = (
    "CASE WHEN {0} = '' OR {1} = '' THEN strlen({0}) + strlen({1}) "
    "ELSE mt_edit_distance({0}, {1}) END"
)
"""In characters; beside an empty text, the bytes of the other."""


def _jaro(function: str) -> str:
    """Beside an empty text ClickHouse gives the length of the other."""
    lengths = "CAST(strlen({0}) + strlen({1}) AS DOUBLE)"
    return f"CASE WHEN {{0}} = '' OR {{1}} = '' THEN {lengths} ELSE {function}({{0}}, {{1}}) END"


ROWS = (
    _row("editDistance", UINT64, "levenshtein({0}, {1})", "levenshteinDistance"),
    _row("editDistanceUTF8", UINT64, _DISTANCE_UTF8, "levenshteinDistanceUTF8"),
    _row("damerauLevenshteinDistance", UINT64, "damerau_levenshtein({0}, {1})"),
    _row("jaroSimilarity", FLOAT64, _jaro("jaro_similarity")),
    _row("jaroWinklerSimilarity", FLOAT64, _jaro("jaro_winkler_similarity")),
    _row("byteHammingDistance", UINT64, "hamming({0}, {1})", "mismatches"),
    _row(
        "stringJaccardIndex",
        FLOAT64,
        _JACCARD.replace("{2}", "jaccard(nullif({0}, ''), nullif({1}, ''))"),
    ),
    _row("stringJaccardIndexUTF8", FLOAT64, _JACCARD.replace("{2}", _JACCARD_UTF8)),
    *(
        Function(f"{name}{suffix}", strings(FLOAT32), _lower_ngram, args=(2, 2))
        for name in ("ngramDistance", "ngramSearch")
        for suffix in _SUFFIXES
    ),
    *(
        Function(
            f"hasSubsequence{suffix}",
            strings(UINT8),
            _lower_subsequence,
            args=(2, 2),
            any_case=True,
            per_row=True,
        )
        for suffix in _SUFFIXES
    ),
)
