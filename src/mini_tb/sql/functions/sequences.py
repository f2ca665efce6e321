"""Arrays as sequences: how far they are from each other, their shingles, their ranks."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.arrays import need_array
from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, UINT32, DataType, array, tuple_of


def _numbers(arg: Expr, index: int) -> None:
    element = need_array(arg)
    if not element.is_number or element.is_nullable:
        raise ArgumentError(f"illegal type `{arg.type}`, expected an Array of numbers", 43, index)


def _distance_returns(args: Sequence[Expr]) -> DataType:
    supertype([need_array(arg) for arg in args[:2]])
    for i, arg in enumerate(args[2:], 2):
        _numbers(arg, i)
    return UINT32 if len(args) == 2 else FLOAT64


def _texts(call: Call, args: list[str]) -> str:
    """Both arrays as lists of texts that are equal where their elements are."""
    common = array(supertype([arg.type.bare.element for arg in call.args[:2]]))
    return ", ".join(
        f"CAST({lower_cast(arg.type.bare, common, sql)} AS VARCHAR[])"
        for arg, sql in zip(call.args[:2], args, strict=False)
    )


def _lower_distance(call: Call, args: list[str]) -> str:
    return f"mt_array_distance({_texts(call, args)})"


def _lower_weighted(call: Call, args: list[str]) -> str:
    weights = ", ".join(f"CAST({sql} AS DOUBLE[])" for sql in args[2:])
    alike = str(call.function.name == "arraySimilarity").upper()
    return f"mt_array_weighted_distance({_texts(call, args)}, {weights}, {alike})"


def _shingles_returns(args: Sequence[Expr]) -> DataType:
    need_array(args[0])
    if not args[1].type.is_integer:
        raise ArgumentError(f"illegal type `{args[1].type}`, expected an integer", 43, 1)
    return array(args[0].type)


_NONE = failure(36, "a shingle must have at least one element")
_LONG = failure(36, "a shingle must not be longer than the array")
_SHINGLES = (
    f"CASE WHEN {{1}} < 1 THEN {_NONE} WHEN {{1}} > len({{0}}) THEN {_LONG} ELSE "
    "list_transform(range(1, len({0}) - CAST({1} AS BIGINT) + 2), "
    "lambda i: list_slice({0}, i, i + CAST({1} AS BIGINT) - 1)) END"
)


def _gini_returns(args: Sequence[Expr]) -> DataType:
    for i, arg in enumerate(args):
        _numbers(arg, i)
    return tuple_of(FLOAT64, FLOAT64, FLOAT64)


ROWS = (
    Function(
        "arrayLevenshteinDistance", _distance_returns, _lower_distance, args=(2, 2), nulls=False
    ),
    *(
        Function(name, _distance_returns, _lower_weighted, args=(4, 4), nulls=False)
        for name in ("arrayLevenshteinDistanceWeighted", "arraySimilarity")
    ),
    Function("arrayShingles", _shingles_returns, _SHINGLES, args=(2, 2)),
    Function(
        "arrayNormalizedGini",
        _gini_returns,
        "mt_normalized_gini(CAST({0} AS DOUBLE[]), CAST({1} AS DOUBLE[]))",
        args=(2, 2),
    ),
)
