"""Words and groups of a text: `tokens`, `hasToken`, `ngrams`, `extractAllGroups`, counting."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, constant, text
from mini_tb.sql.functions.search import groups, pattern_text
from mini_tb.sql.functions.strings import need_string, strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT8, UINT64, DataType, array, nullable
from mini_tb.types.duckdb import quote_string

TOKEN = r"(?:[A-Za-z0-9]|[^\x00-\x7F])+"
_TOKENS = f"regexp_extract_all({{0}}, '{TOKEN}')"


def _token_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        need_string(arg)
    if not re.fullmatch(TOKEN, text(args[1])):
        raise ArgumentError("the token has characters that separate tokens, or none", 36)
    return UINT8


def _maybe_token_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        need_string(arg)
    return nullable(UINT8)


def _lower_token(call: Call, args: list[str]) -> str:
    token = text(call.args[1])
    if not re.fullmatch(TOKEN, token):
        return "CAST(NULL AS UTINYINT)"
    folded = "CaseInsensitive" in call.function.name
    pattern = rf"(^|[\x00-/:-@\[-`{{-\x7f]){token}($|[\x00-/:-@\[-`{{-\x7f])"
    flags = "(?i)" if folded else ""
    return f"CAST(regexp_matches({args[0]}, {quote_string(flags + pattern)}) AS UTINYINT)"


def _needles(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    if len(args) > 2:
        raise ArgumentError("tokenizers are not supported", 48)
    if not args[1].type.is_string and not args[1].type.is_array:
        raise ArgumentError(f"illegal type `{args[1].type}`, expected tokens")
    return UINT8


def _lower_tokens(call: Call, args: list[str]) -> str:
    wanted = constant(call.args[1])
    tokens = re.findall(TOKEN, wanted, re.S) if isinstance(wanted, str) else wanted
    assert isinstance(tokens, list)
    have = f"list_transform({_TOKENS.format(args[0])}, lambda t: t)"
    items = f"CAST([{', '.join(quote_string(str(token)) for token in tokens)}] AS VARCHAR[])"
    if not tokens:
        return "CAST(0 AS UTINYINT)"
    name = "list_has_any" if call.function.name == "hasAnyTokens" else "list_has_all"
    return f"CAST({name}({have}, {items}) AS UTINYINT)"


def _ngrams_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    return array(STRING)


_NGRAMS = (
    "list_transform(range(1, greatest(length({0}) - CAST({1} AS BIGINT) + 2, 1)), "
    "lambda i: substring({0}, i, CAST({1} AS BIGINT)))"
)


def _groups(call: Call) -> int:
    count = groups(call)
    if not count:
        raise ArgumentError("the pattern has no groups", 36)
    return count


def _lower_all_groups(call: Call, args: list[str]) -> str:
    pattern = pattern_text(call, args, 1)
    lists = [f"regexp_extract_all({args[0]}, {pattern}, {i + 1})" for i in range(_groups(call))]
    if call.function.name.endswith("Horizontal"):
        return f"[{', '.join(lists)}]"
    if len(lists) == 1:
        return f"list_transform({lists[0]}, lambda g: [g])"
    row = ", ".join(f"g[{i + 1}]" for i in range(len(lists)))
    return f"list_transform(list_zip({', '.join(lists)}), lambda g: [{row}])"


def _lower_groups(call: Call, args: list[str]) -> str:
    pattern = pattern_text(call, args, 1)
    items = [f"regexp_extract({args[0]}, {pattern}, {i + 1})" for i in range(_groups(call))]
    found = f"regexp_matches({args[0]}, {pattern})"
    return f"CASE WHEN {found} THEN [{', '.join(items)}] ELSE [] END"


def _lower_extract(call: Call, args: list[str]) -> str:
    index = constant(call.args[2]) if len(args) > 2 else 1
    count = groups(call)
    if not isinstance(index, int) or not 0 <= index <= count:
        raise ArgumentError(f"the pattern has {count} groups", 727)
    return f"regexp_extract({args[0]}, {pattern_text(call, args, 1)}, {index})"


def _lower_count(call: Call, args: list[str]) -> str:
    pattern = pattern_text(call, args, 1)
    if call.function.name.endswith("CaseInsensitive"):
        pattern = f"('(?i)' || {pattern})"
    return f"len(list_filter(regexp_extract_all({args[0]}, {pattern}), lambda m: m <> ''))"


_NESTED = array(array(STRING))

ROWS = (
    Function("tokens", strings(array(STRING)), _TOKENS),
    Function("hasToken", _token_returns, _lower_token, args=(2, 2)),
    Function("hasTokenCaseInsensitive", _token_returns, _lower_token, args=(2, 2), any_case=True),
    Function("hasTokenOrNull", _maybe_token_returns, _lower_token, args=(2, 2)),
    Function(
        "hasTokenCaseInsensitiveOrNull",
        _maybe_token_returns,
        _lower_token,
        args=(2, 2),
        any_case=True,
    ),
    Function("hasAnyTokens", _needles, _lower_tokens, args=(2, 3), aliases=("hasAnyToken",)),
    Function("hasAllTokens", _needles, _lower_tokens, args=(2, 3), aliases=("hasAllToken",)),
    Function("ngrams", _ngrams_returns, _NGRAMS, args=(2, 2)),
    *(
        Function(f"extractAllGroups{suffix}", strings(_NESTED), _lower_all_groups, args=(2, 2))
        for suffix in ("", "Horizontal", "Vertical")
    ),
    Function("extractGroups", strings(array(STRING)), _lower_groups, args=(2, 2)),
    Function(
        "regexpExtract",
        strings(STRING, 2),
        _lower_extract,
        args=(2, 3),
        aliases=("REGEXP_EXTRACT", "REGEXP_SUBSTR"),
        any_case=True,
    ),
    *(
        Function(f"countMatches{suffix}", strings(UINT64), _lower_count, args=(2, 2))
        for suffix in ("", "CaseInsensitive")
    ),
)
