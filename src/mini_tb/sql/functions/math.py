"""Mathematics over floats: `exp`, `log`, `pow`, `sqrt`, trigonometry, `erf`, …"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function, keep_low_cardinality, numbers
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, INT8, UINT8, UINT16, UINT64, DataType

_numbers = numbers(FLOAT64)


def _double(name: str, template: str, *, count: int = 1, aliases: tuple[str, ...] = ()) -> Function:
    """A function of Float64s; `x`, `y` stand for the arguments."""
    text = template.replace("{x}", "CAST({0} AS DOUBLE)").replace("{y}", "CAST({1} AS DOUBLE)")
    return Function(
        name, _numbers, text, args=(count, count), aliases=aliases, any_case=True, exact=True
    )


def _constant(name: str, value: float) -> Function:
    text = f"CAST({value!r} AS DOUBLE)"
    return Function(name, FLOAT64, text, args=(0, 0), any_case=True, exact=True)


def _predicate(name: str, template: str) -> Function:
    return Function(name, numbers(UINT8), template)


_SIGN = "CAST(CASE WHEN isnan({x}) THEN 1 ELSE sign({x}) END AS TINYINT)".replace(
    "{x}", "CAST({0} AS DOUBLE)"
)
"""That of nan is 1."""


def _sign_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    return INT8


def _factorial_returns(args: Sequence[Expr]) -> DataType:
    if not (args[0].type.is_integer or args[0].type.is_bool):
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an integer")
    return UINT64


_TOO_LARGE = failure(36, "The maximum value for the input argument of function factorial is 20")
_FACTORIAL = (
    "CASE WHEN CAST({0} AS HUGEINT) <= 0 THEN 1 "
    "WHEN CAST({0} AS HUGEINT) <= 20 THEN factorial(CAST({0} AS INTEGER)) "
    f"WHEN {{0}} IS NOT NULL THEN {_TOO_LARGE} END"
)


def _power_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not (t.is_bool or t.is_float or (t.is_integer and t.bits <= 64)):
        raise ArgumentError(f"illegal type `{t}`, expected a float or an integer of up to 64 bits")
    return UINT64


def _power(base: int, last: int) -> str:
    top = (1 << 64) - 1
    powers = f"[{', '.join(str(base**n) for n in range(last + 1))}]"
    number = "CAST({0} AS DOUBLE)"
    return (
        f"CASE WHEN {number} < 0 THEN 0 WHEN {number} > {last} THEN {top} "
        f"ELSE CAST({powers} AS UBIGINT[])[CAST(trunc({number}) AS INTEGER) + 1] END"
    )


def _finite_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.is_decimal:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a float or integer")
    _numbers([arg for arg in args if not arg.type.is_nothing])
    return keep_low_cardinality(args, supertype([arg.type for arg in args]))


def _lower_finite(call: Call, args: list[str]) -> str:
    """NULL is as little finite as infinity is."""
    source = call.args[0].type
    first, second = (
        lower_cast(arg.type, call.type, sql) for arg, sql in zip(call.args, args, strict=True)
    )
    if source.is_float:
        return f"CASE WHEN isfinite({args[0]}) THEN {first} ELSE {second} END"
    return f"coalesce({first}, {second})" if source.is_nullable else first


def _bucket_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    t = args[3].type.bare
    if not t.is_integer or t.is_signed:
        raise ArgumentError(f"illegal type `{t}`, expected an unsigned integer", 43, 3)
    wide = {8: UINT16, 16: DataType("UInt32")}
    return wide.get(t.bits, UINT64)


_BUCKET = (
    "CASE WHEN CAST({0} AS DOUBLE) < CAST({1} AS DOUBLE) THEN 0 "
    "WHEN CAST({0} AS DOUBLE) >= CAST({2} AS DOUBLE) THEN {3} + 1 "
    "ELSE trunc((CAST({0} AS DOUBLE) - CAST({1} AS DOUBLE)) * {3} "
    "/ (CAST({2} AS DOUBLE) - CAST({1} AS DOUBLE))) + 1 END"
)

_LGAMMA = "CASE WHEN {x} < 0 AND {x} = trunc({x}) THEN CAST('nan' AS DOUBLE) ELSE lgamma({x}) END"

ROWS = (
    _constant("pi", math.pi),
    _constant("e", math.e),
    _double("exp", "exp({x})"),
    _double("exp2", "pow(2, {x})"),
    _double("exp10", "pow(10, {x})"),
    _double("log", "ln({x})", aliases=("ln",)),
    _double("log2", "log2({x})"),
    _double("log10", "log10({x})"),
    _double("log1p", "mt_log1p({x})"),
    _double("sqrt", "sqrt({x})"),
    _double("cbrt", "mt_cbrt({x})"),
    _double("erf", "mt_erf({x})"),
    _double("erfc", "mt_erfc({x})"),
    _double("lgamma", _LGAMMA),
    _double("tgamma", "mt_tgamma({x})"),
    _double("sin", "sin({x})"),
    _double("cos", "cos({x})"),
    _double("tan", "tan({x})"),
    _double("asin", "asin({x})"),
    _double("acos", "acos({x})"),
    _double("atan", "atan({x})"),
    _double("sinh", "sinh({x})"),
    _double("cosh", "cosh({x})"),
    _double("tanh", "tanh({x})"),
    _double("asinh", "asinh({x})"),
    _double("acosh", "acosh({x})"),
    _double("atanh", "atanh({x})"),
    _double("degrees", "degrees({x})"),
    _double("radians", "radians({x})"),
    _double("sigmoid", "(1 / (1 + exp(-{x})))"),
    _double("pow", "pow({x}, {y})", count=2, aliases=("power",)),
    _double("atan2", "atan2({x}, {y})", count=2),
    _double("hypot", "mt_hypot({x}, {y})", count=2),
    Function("sign", _sign_returns, _SIGN, any_case=True),
    Function("factorial", _factorial_returns, _FACTORIAL, any_case=True),
    Function("intExp2", _power_returns, _power(2, 63)),
    Function("intExp10", _power_returns, _power(10, 19)),
    Function("ifNotFinite", _finite_returns, _lower_finite, args=(2, 2), nulls=False),
    _predicate("isFinite", "isfinite(CAST({0} AS DOUBLE))"),
    _predicate("isInfinite", "isinf(CAST({0} AS DOUBLE))"),
    _predicate("isNaN", "isnan(CAST({0} AS DOUBLE))"),
    Function(
        "widthBucket",
        _bucket_returns,
        _BUCKET,
        args=(4, 4),
        aliases=("width_bucket",),
        any_case=True,
    ),
)
