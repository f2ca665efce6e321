"""Phrases in texts: `hasPhrase`, `highlight`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, constant, text
from mini_tb.sql.functions.strings import need_string
from mini_tb.sql.functions.tokens import TOKEN
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT8, DataType
from mini_tb.types.duckdb import quote_string


def _phrase_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    text(args[1])
    if len(args) > 2 and text(args[2]) != "splitByNonAlpha":
        raise ArgumentError(f"the tokenizer `{text(args[2])}` is not supported", 48)
    return UINT8


def _lower_phrase(call: Call, args: list[str]) -> str:
    # Tokens hold no blanks, so that those of the phrase follow each other as they do as text.
    phrase = re.findall(TOKEN, text(call.args[1]), re.S)
    if not phrase:
        return "CAST(0 AS UTINYINT)"
    wanted = f" {' '.join(phrase)} "
    have = f"' ' || array_to_string(regexp_extract_all({args[0]}, '{TOKEN}'), ' ') || ' '"
    return f"CAST(contains({have}, {quote_string(wanted)}) AS UTINYINT)"


def _highlight_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    if len(args) == 3:
        raise ArgumentError("takes 2 or 4 arguments, found 3", 42)
    t = args[1].type
    if not t.is_array or t.element.name != "String":
        raise ArgumentError(f"illegal type `{t}`, expected a constant Array(String)")
    if not constant(args[1]):
        raise ArgumentError("needs at least one text to look for", 42)
    for tag in args[2:]:
        text(tag)
    return STRING


def _lower_highlight(call: Call, args: list[str]) -> str:
    opened, closed = args[2:] if len(args) > 2 else ("'<em>'", "'</em>'")
    return f"mt_highlight({args[0]}, {args[1]}, {opened}, {closed})"


ROWS = (
    Function("hasPhrase", _phrase_returns, _lower_phrase, args=(2, 3), aliases=("matchPhrase",)),
    Function("highlight", _highlight_returns, _lower_highlight, args=(2, 4)),
)
