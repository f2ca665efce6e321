"""Decimals multiplied and divided digit by digit, with a scale that is told: `multiplyDecimal`,
`divideDecimal`.

Digits beyond the scale are cut off. What fits into 38 digits at each step is computed as HUGEINT.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.arithmetic import unless_zero, unscaled
from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import DataType, decimal_width

_WIDEST = 76
_HELD = 38
"""So many digits DuckDB holds."""


def _returns(args: Sequence[Expr]) -> DataType:
    scales = []
    for arg in args[:2]:
        if not arg.type.is_decimal:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a Decimal")
        scales.append(arg.type.bare.scale)
    scale = max(scales)
    if len(args) > 2:
        if not args[2].type.is_integer or args[2].type.is_signed:
            raise ArgumentError(f"illegal type `{args[2].type}` of a scale, expected UInt8")
        scale = integer(args[2])
        if scale > _WIDEST:
            raise ArgumentError(f"the scale must be from 0 to {_WIDEST}")
    if scale > _HELD:
        raise ArgumentError(f"a scale above {_HELD} is not held here", 48)
    return DataType("Decimal", params=(_WIDEST, scale))


def _scaled(sql: str, scale: int) -> str:
    """The Decimal whose digits are those of a HUGEINT."""
    unit = f"CAST('1e-{scale}' AS DECIMAL({scale + 1}, {scale}))"
    return f"CAST(CAST({sql} AS DECIMAL({_HELD}, 0)) * {unit} AS DECIMAL({_HELD}, {scale}))"


def _moved(sql: str, digits: int) -> str:
    """A HUGEINT with so many zeros more, or as many digits less."""
    power = f"CAST({10 ** abs(digits)} AS HUGEINT)"
    return f"{sql} {'*' if digits > 0 else '//'} {power}" if digits else sql


def _exact(name: str, args: Sequence[str], scale: int) -> str:
    texts = ", ".join(f"CAST({sql} AS VARCHAR)" for sql in args[:2])
    return f"CAST({name}({texts}, {scale}) AS DECIMAL({_HELD}, {scale}))"


def _lower_product(call: Call, args: list[str]) -> str:
    a, b = (arg.type.bare for arg in call.args[:2])
    scale = call.type.bare.scale
    missing = scale - a.scale - b.scale
    if _widest(a, b, decimal_width(a) + decimal_width(b) + max(missing, 0)) > _HELD:
        return _exact("mt_decimal_product", args, scale)
    return _scaled(_moved(f"{unscaled(a, args[0])} * {unscaled(b, args[1])}", missing), scale)


def _lower_quotient(call: Call, args: list[str]) -> str:
    a, b = (arg.type.bare for arg in call.args[:2])
    scale = call.type.bare.scale
    missing = scale + b.scale - a.scale
    if _widest(a, b, decimal_width(a) + missing, decimal_width(b) - missing) > _HELD:
        return _exact("mt_decimal_quotient", args, scale)
    first = _moved(unscaled(a, args[0]), max(missing, 0))
    second = _moved(unscaled(b, args[1]), max(-missing, 0))
    return unless_zero(_scaled(f"({first}) // ({second})", scale), args[1])


def _widest(a: DataType, b: DataType, *steps: int) -> int:
    """How many digits there may be at a step; `unscaled` has those behind the point twice."""
    return max(decimal_width(a) + a.scale, decimal_width(b) + b.scale, *steps)


ROWS = (
    Function("multiplyDecimal", _returns, _lower_product, args=(2, 3)),
    Function("divideDecimal", _returns, _lower_quotient, args=(2, 3)),
)
