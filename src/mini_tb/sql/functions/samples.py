"""Samples of experiments: how many are needed (`minSampleSizeConversion`), and whether two differ
(`proportionsZTest`)."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

from mini_tb.sql.functions.aggregates.rows import let, struct
from mini_tb.sql.functions.function import ArgumentError, Function, constant, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, DataType, tuple_of

_NAMES = ("minimum_sample_size", "detect_range_lower", "detect_range_upper")
_RESULT = tuple_of(FLOAT64, FLOAT64, FLOAT64, names=_NAMES)
_NAN = "CAST('nan' AS DOUBLE)"


def _returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")
    for arg in args[-3:]:
        constant(arg)
    return _RESULT


def _conversion_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_float:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a float")
    return _returns(args)


def _shares(call: Call) -> tuple[float, float] | None:
    """The normal quantiles of the power and of half of the level; None if they are no shares."""
    power, alpha = (float(str(constant(arg))) for arg in call.args[-2:])
    if not (0 < power < 1 and 0 < alpha < 1):
        return None
    normal = NormalDist()
    return normal.inv_cdf(power), normal.inv_cdf(1 - alpha / 2)


def _tuple(size: str, low: str, high: str) -> str:
    return struct(dict(zip(_NAMES, (size, low, high), strict=True)))


def _lower_continuous(call: Call, args: list[str]) -> str:
    baseline, sigma, effect = (f"CAST({sql} AS DOUBLE)" for sql in args[:3])
    shares = _shares(call)
    if shares is None or not float(str(constant(call.args[2]))) > 0:
        return _tuple(_NAN, _NAN, _NAN)
    ratio = f"({sigma} / ({baseline} * {effect}))"
    size = f"2 * {ratio} * {ratio} * pow({shares[0]} + {shares[1]}, 2)"
    return _tuple(size, f"{baseline} * (1 - {effect})", f"{baseline} * (1 + {effect})")


def _lower_conversion(call: Call, args: list[str]) -> str:
    first, effect = (f"CAST({sql} AS DOUBLE)" for sql in args[:2])
    shares = _shares(call)
    if shares is None or not float(str(constant(call.args[1]))) > 0:
        return _tuple(_NAN, _NAN, _NAN)
    second = f"({first} + {effect})"
    mean = f"(({first} + {second}) / 2)"
    spread = f"{first} * (1 - {first}) + {second} * (1 - {second})"
    both = f"2 * {mean} * (1 - {mean})"
    root = f"{shares[1]} * sqrt({both}) + {shares[0]} * sqrt({spread})"
    size = (
        f"CASE WHEN {both} >= 0 AND {spread} >= 0 THEN pow(({root}) / {effect}, 2) ELSE {_NAN} END"
    )
    return _tuple(size, f"{first} - {effect}", f"{first} + {effect}")


_TEST = tuple_of(
    *[FLOAT64] * 4,
    names=("z_statistic", "p_value", "confidence_interval_low", "confidence_interval_high"),
)


def _test_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[:4]:
        if not arg.type.is_integer or arg.type.is_signed or arg.type.is_nullable:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an unsigned integer")
    if not args[4].type.is_float or args[4].type.is_nullable:
        raise ArgumentError(f"illegal type `{args[4].type}` of a level, expected a float")
    if text(args[5]) not in ("pooled", "unpooled"):
        raise ArgumentError("expected `pooled` or `unpooled`", 36, 5)
    return _TEST


def _lower_test(call: Call, args: list[str]) -> str:
    numbers = [f"CAST({sql} AS DOUBLE)" for sql in args[:5]]
    is_pooled = str(text(call.args[5]) == "pooled").upper()
    return let(
        f"mt_proportions({', '.join(numbers)}, {is_pooled})",
        lambda v: struct({name: f"{v}[{i + 1}]" for i, name in enumerate(_TEST.names)}),
    )


ROWS = (
    Function("proportionsZTest", _test_returns, _lower_test, args=(6, 6), nulls=False),
    Function(
        "minSampleSizeContinuous",
        _returns,
        _lower_continuous,
        args=(5, 5),
        aliases=("minSampleSizeContinous",),
    ),
    Function("minSampleSizeConversion", _conversion_returns, _lower_conversion, args=(4, 4)),
)
