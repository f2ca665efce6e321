"""Texts that stand for something else: numbers to any base, spans of time, keys that sort as people
do, ids that hold numbers; and texts told without case and accents."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.functions.strings import need_string, strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, STRING, UINT8, UINT64, DataType, array
from mini_tb.types.duckdb import quote_string


def _conv_returns(args: Sequence[Expr]) -> DataType:
    if not (args[0].type.is_string or args[0].type.is_number):
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a String or a number")
    for i, arg in enumerate(args[1:], 1):
        if not arg.type.is_integer:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer", 43, i)
    return STRING


def _lower_conv(call: Call, args: list[str]) -> str:
    number = lower_cast(call.args[0].type.bare, STRING, args[0])
    bases = ", ".join(f"CAST({sql} AS INTEGER)" for sql in args[1:])
    return f"mt_conv({number}, {bases})"


_POSITION = ("haystack", "pattern", "position", "occurrence", "return_option", "flags", "group")


def _position_returns(args: Sequence[Expr]) -> DataType:
    for i, arg in enumerate(args):
        is_text = i in (0, 1, 5)
        if is_text != arg.type.is_string or not (is_text or arg.type.is_integer):
            wanted = "a String" if is_text else "an integer"
            raise ArgumentError(
                f"illegal type `{arg.type}` of `{_POSITION[i]}`, expected {wanted}", 43, i
            )
    return UINT64


def _lower_position(call: Call, args: list[str]) -> str:
    texts = [*args, *("1", "1", "0", "''", "0")[len(args) - 2 :]]
    for i in (2, 3, 4, 6):
        texts[i] = f"CAST({texts[i]} AS INTEGER)"
    return f"mt_regexp_position({', '.join(texts)})"


def _digits_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_integer and not t.is_decimal:
        raise ArgumentError(f"illegal type `{t}`, expected an integer or a Decimal")
    if len(args) > 1 and not args[1].type.is_integer:
        raise ArgumentError(f"illegal type `{args[1].type}`, expected an integer", 43, 1)
    return UINT8


def _digits(t: DataType, sql: str) -> str:
    """How many digits the number has that is stored: of a Decimal all that its scale gives it."""
    digits = f"replace(ltrim(CAST({sql} AS VARCHAR), '-'), '.', '')"
    return f"greatest(length(ltrim({digits}, '0')), 1)"


def _lower_digits(call: Call, args: list[str]) -> str:
    return f"CAST({_digits(call.args[0].type.bare, args[0])} AS UTINYINT)"


def _overflow_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_decimal:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a Decimal")
    return _digits_returns(args)


def _lower_overflow(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    most = args[1] if len(args) > 1 else str(t.params[0])
    return f"CAST({_digits(t, args[0])} > {most} AS UTINYINT)"


_PAIR_OPTIONS = (":", " ,;", '"', "promote")


def _pair_options(args: Sequence[Expr]) -> list[str]:
    """What parts a key from its value, what ends a pair, what quotes, and what is done about a
    quote where none belongs."""
    found = [text(arg) for arg in args[1:]]
    options = [*found, *_PAIR_OPTIONS[len(found) :]]
    separator, ends, quote, strategy = options
    if len(separator) != 1 or len(quote) != 1 or not ends:
        raise ArgumentError("the characters between keys, values and pairs are one each", 36)
    if separator in ends or quote in ends or separator == quote:
        raise ArgumentError("the characters between keys, values and pairs must differ", 36)
    if strategy.lower() not in ("invalid", "accept", "promote"):
        raise ArgumentError("expected `invalid`, `accept` or `promote`", 36, 4)
    return [separator, ends, quote, strategy.lower()]


def _pairs_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    _pair_options(args)
    return DataType("Map", (STRING, STRING))


def _lower_pairs(call: Call, args: list[str]) -> str:
    options = ", ".join(quote_string(option) for option in _pair_options(call.args))
    return f"mt_key_value_pairs({args[0]}, {options})"


def _text(name: str, udf: str, result: DataType = STRING, *aliases: str) -> Function:
    return Function(name, strings(result), f"{udf}({{0}})", aliases=aliases, exact=True)


ROWS = (
    Function(
        "extractKeyValuePairs",
        _pairs_returns,
        _lower_pairs,
        args=(1, 5),
        aliases=("str_to_map", "mapFromString"),
        any_case=True,
        per_row=True,
    ),
    Function("conv", _conv_returns, _lower_conv, args=(3, 3)),
    Function("countDigits", _digits_returns, _lower_digits),
    Function("isDecimalOverflow", _overflow_returns, _lower_overflow, args=(1, 2), per_row=True),
    Function(
        "regexpPosition",
        _position_returns,
        _lower_position,
        args=(2, 7),
        aliases=("REGEXP_INSTR", "regexpInstr"),
        any_case=True,
    ),
    _text("parseTimeDelta", "mt_parse_time_delta", FLOAT64),
    _text("naturalSortKey", "mt_natural_sort_key", STRING, "NATURAL_SORT_KEY", "natural_sort_key"),
    _text("sqidDecode", "mt_sqid_decode", array(UINT64)),
    _text("caseFoldUTF8", "mt_case_fold"),
    _text("normalizeUTF8NFKCCasefold", "mt_normalize_nfkc_casefold"),
    _text("removeDiacriticsUTF8", "mt_remove_diacritics", STRING, "removeAccentsUTF8"),
)
