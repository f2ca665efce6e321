"""Words and groups of a text: `tokens`, `hasToken`, `ngrams`, `extractAllGroups`, counting."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, constant, text
from mini_tb.sql.functions.grams import lengths
from mini_tb.sql.functions.search import group_count, groups, pattern_text
from mini_tb.sql.functions.strings import need_string, strings, without_case
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
    if "CaseInsensitive" in call.function.name:
        token = token.encode().lower().decode()  # letters of ASCII alone
    pattern = rf"(^|[\x00-/:-@\[-`{{-\x7f]){token}($|[\x00-/:-@\[-`{{-\x7f])"
    haystack = without_case(call.function.name, args[0])
    return f"CAST(regexp_matches({haystack}, {quote_string(pattern)}) AS UTINYINT)"


def _told(tokenizer: Sequence[Expr]) -> tuple[str, list[object]]:
    """The tokenizer, and what it is told: in its text, `ngrams(3)`, or behind it."""
    written = text(tokenizer[0]).strip() if tokenizer else "splitByNonAlpha"
    told = [constant(arg) for arg in tokenizer[1:]]
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return written, told
    try:
        inside = literal_eval(f"[{_TRUTH.sub(lambda last: last[0].title(), match[2])}]")
    except (SyntaxError, ValueError):
        raise ArgumentError(f"`{written}` is no tokenizer", 36) from None
    if inside and told:
        raise ArgumentError(f"the tokenizer `{match[1]}` is told twice", 42)
    return match[1], told or inside


_TRUTH = re.compile(r"\b(true|false)\s*$")
_WRITTEN = re.compile(r"(\w+)\s*\((.*)\)", re.S)


def _tokenized(tokenizer: Sequence[Expr], sql: str) -> str:
    """The tokens of a text: of letters and digits, or by a tokenizer and what it is told."""
    name, told = _told(tokenizer)
    if name == "sparseGrams":
        if len(told) == 1:
            raise ArgumentError("`sparseGrams` takes the least length with the greatest", 42)
        return f"mt_gram_pieces_utf8({sql}, {lengths(told)})"
    if name == "splitByRegexp":
        return _by_pattern(sql, told)
    if len(told) > (name not in ("splitByNonAlpha", "array")):
        raise ArgumentError(f"the tokenizer `{name}` does not take {len(told)} arguments", 42)
    if name == "splitByNonAlpha":
        return _TOKENS.format(sql)
    if name == "array":
        return f"CASE WHEN {sql} = '' THEN CAST([] AS VARCHAR[]) ELSE [{sql}] END"
    if name == "ngrams":
        return _NGRAMS.format(sql, _gram_size(told))
    if name == "splitByString":
        separators = told[0] if told else [" "]
        if not isinstance(separators, list) or not separators or "" in separators:
            raise ArgumentError("expected the texts that separate tokens", 36)
        pattern = "|".join(re.escape(str(separator)) for separator in separators)
        pieces = f"string_split_regex({sql}, {quote_string(f'(?s){pattern}')})"
        return f"list_filter({pieces}, lambda t: t <> '')"
    raise ArgumentError(f"the tokenizer `{name}` is not supported", 48)


def _by_pattern(sql: str, told: Sequence[object]) -> str:
    """What a pattern separates, or finds."""
    pattern = told[0] if told else ""
    if not isinstance(pattern, str) or not pattern or len(told) > 2:
        raise ArgumentError("`splitByRegexp` takes a pattern, and whether it finds tokens", 36)
    compiled = quote_string(f"(?s){pattern}")
    if len(told) > 1 and told[1]:
        found = f"regexp_extract_all({sql}, {compiled}, {min(group_count(pattern), 1)})"
    else:
        found = f"string_split_regex({sql}, {compiled})"
    return f"list_filter({found}, lambda t: t <> '')"


def _gram_size(told: Sequence[object]) -> int:
    size = told[0] if told else 3
    if not isinstance(size, int) or size < 1:
        raise ArgumentError("the size of the n-grams must be a positive integer", 36)
    return size


_OPEN = r"(?:[A-Za-z0-9]|[^\x00-\x7F])*[%_](?:[A-Za-z0-9%_]|[^\x00-\x7F])*"
"""A wildcard and the words beside it, of which it may be a part."""
_RUN = r"(?s)(?:\\.|[^%_\\])+"
"""What stands between two wildcards."""


def _like_tokens(tokenizer: Sequence[Expr], sql: str) -> str:
    """The tokens of all texts that a pattern of LIKE matches."""
    name, told = _told(tokenizer)
    if name == "splitByNonAlpha" and not told:
        # An escaped wildcard parts words as it does in a text.
        escaped = f"regexp_replace({sql}, '\\\\[%_\\\\]', ' ', 'g')"
        bare = f"replace({escaped}, '\\', '')"
        return _TOKENS.format(f"regexp_replace({bare}, '{_OPEN}', ' ', 'g')")
    if name in ("ngrams", "sparseGrams"):
        plain = "regexp_replace(r, '(?s)\\\\(.)', '\\1', 'g')"
        tokens = _tokenized(tokenizer, plain)
        runs = f"regexp_extract_all({sql}, '{_RUN}')"
        return f"CAST(flatten(list_transform({runs}, lambda r: {tokens})) AS VARCHAR[])"
    raise ArgumentError(f"the tokenizer `{name}` does not support patterns of LIKE", 36)


def _like_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    _like_tokens(args[1:], "")
    return array(STRING)


def _lower_like(call: Call, args: list[str]) -> str:
    return _like_tokens(call.args[1:], args[0])


def _tokens_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    _tokenized(args[1:], "")
    return array(STRING)


def _lower_text_tokens(call: Call, args: list[str]) -> str:
    return _tokenized(call.args[1:], args[0])


def _needles(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_string and not (t.is_array and t.element.bare.is_string):
        raise ArgumentError(f"illegal type `{t}`, expected a String or an Array of them")
    _tokenized(args[2:], "")
    if not args[1].type.is_string and not args[1].type.is_array:
        raise ArgumentError(f"illegal type `{args[1].type}`, expected tokens")
    return UINT8


def _lower_tokens(call: Call, args: list[str]) -> str:
    have = _tokenized(call.args[2:], args[0])
    if call.args[0].type.is_array:
        have = f"flatten(list_transform({args[0]}, lambda h: {_tokenized(call.args[2:], 'h')}))"
    wanted = args[1] if call.args[1].type.is_array else _tokenized(call.args[2:], args[1])
    items = f"CAST({wanted} AS VARCHAR[])"
    name = "list_has_any" if call.function.name == "hasAnyTokens" else "list_has_all"
    return f"CAST(len({items}) > 0 AND {name}({have}, {items}) AS UTINYINT)"


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
    count = groups(call)
    index = constant(call.args[2]) if len(args) > 2 else min(count, 1)
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
    Function("tokens", _tokens_returns, _lower_text_tokens, args=(1, 5)),
    Function("tokensForLikePattern", _like_returns, _lower_like, args=(1, 5)),
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
    Function("extractGroups", strings(array(STRING)), _lower_groups, args=(2, 2), per_row=True),
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
