"""Series of numbers: `seriesOutliersDetectTukey`."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.aggregates.rows import fresh, let
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function, constant
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, DataType, array

_LEAST_POINTS = 4
_DEFAULTS = (0.25, 0.75, 1.5)


def _settings(args: Sequence[Expr]) -> tuple[float, float, float]:
    """The two quantiles, and how many times their distance a value may lie outside."""
    if len(args) == 1:
        return _DEFAULTS
    low, high, times = (float(str(constant(arg))) for arg in args[1:])
    if not (0.02 <= low <= 0.98 and 0.02 <= high <= 0.98):
        raise ArgumentError("the quantiles must be in [0.02, 0.98]", 36)
    if times < 0:
        raise ArgumentError("the factor must not be negative", 36)
    return low, high, times


def _returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_array or not t.element.is_number or t.element.is_nullable or t.element.is_decimal:
        raise ArgumentError(f"illegal type `{t}`, expected an Array of numbers")
    if len(args) not in (1, 4):
        raise ArgumentError(f"takes 1 or 4 arguments, found {len(args)}", 42)
    _settings(args)
    return array(FLOAT64)


def _quantile(xs: str, share: float) -> str:
    """Of a sorted list: the mean of two neighbours where the share falls between them."""
    place = f"len({xs}) * {share}::DOUBLE"
    after = f"{xs}[CAST(floor({place}) AS BIGINT) + 1]"
    between = f"({xs}[CAST(floor({place}) AS BIGINT)] + {after}) / 2"
    return f"CASE WHEN {place} = floor({place}) THEN {between} ELSE {after} END"


def _lower(call: Call, args: list[str]) -> str:
    low, high, times = _settings(call.args)
    values = f"CAST({args[0]} AS DOUBLE[])"
    few = failure(36, "At least four data points are needed")

    def scores(q: str) -> str:
        x = fresh(q)
        spread = f"({q}.high - {q}.low) * {times}::DOUBLE"
        floor, ceiling = f"({q}.low - {spread})", f"({q}.high + {spread})"
        below = f"WHEN {x} < {floor} THEN {x} - {floor}"
        score = f"CASE {below} WHEN {x} > {ceiling} THEN {x} - {ceiling} ELSE 0 END"
        return f"list_transform({q}.series, lambda {x}: {score})"

    found = let(
        f"list_sort({values})",
        lambda s: f"{{low: {_quantile(s, low)}, high: {_quantile(s, high)}, series: {values}}}",
    )
    return f"CASE WHEN len({args[0]}) < {_LEAST_POINTS} THEN {few} ELSE {let(found, scores)} END"


ROWS = (Function("seriesOutliersDetectTukey", _returns, _lower, args=(1, 4)),)
