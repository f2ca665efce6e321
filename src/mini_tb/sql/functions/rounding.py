"""Rounding: `round`, `roundBankers`, `floor`, `ceil`, `trunc`, and to given steps.

Floats round half to even, Decimals and integers half away from zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from mini_tb.sql.functions.arithmetic import unscaled
from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.convert_number import wrap
from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import UINT8, UINT16, DataType, to_duckdb


def _returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_number:
        raise ArgumentError(f"illegal type `{t}`, expected a number")
    if len(args) > 1 and integer(args[1]) < 0 and t.is_integer and t.bits > 64:
        raise ArgumentError(f"illegal type `{t}`, expected at most 64 bits")
    return t


_FLOAT = {
    "round": "round_even({}, 0)",
    "roundBankers": "round_even({}, 0)",
    "floor": "floor({})",
    "ceil": "ceil({})",
    "trunc": "trunc({})",
}


def _lower(call: Call, args: list[str]) -> str:
    t, name = call.args[0].type.bare, call.function.name
    digits = integer(call.args[1]) if len(call.args) > 1 else 0
    if t.is_bool:
        return args[0]
    if t.is_float:
        return _float(t, name, digits, args[0])
    if t.is_decimal:
        return args[0] if digits >= t.scale else _decimal(t, name, digits, args[0])
    return args[0] if digits >= 0 else _integer(t, name, -digits, args[0])


def _float(t: DataType, name: str, digits: int, sql: str) -> str:
    duck = to_duckdb(t)
    if digits == 0:
        return f"CAST({_FLOAT[name].format(sql)} AS {duck})"
    if digits > 300 or digits < -300:
        return sql if digits > 0 else f"CAST({sql} * 0 AS {duck})"
    # In the type itself, as ClickHouse multiplies and divides.
    unit = f"CAST(1e{abs(digits)} AS {duck})"
    over, back = ("*", "/") if digits > 0 else ("/", "*")
    scaled = _FLOAT[name].format(f"({sql} {over} {unit})")
    # Too large to have digits that could be rounded off.
    return f"CASE WHEN isfinite({sql} {over} {unit}) THEN {scaled} {back} {unit} ELSE {sql} END"


def _steps(name: str, number: str, step: int) -> str:
    """Whole steps of an integer `number`, rounded by the rule of `name`."""
    half = step // 2
    if name == "trunc":
        return f"({number} // {step})"
    if name == "round":
        return f"(({number} + CASE WHEN {number} < 0 THEN -{half} ELSE {half} END) // {step})"
    floor = f"({number} // {step} - CASE WHEN {number} % {step} < 0 THEN 1 ELSE 0 END)"
    if name == "floor":
        return floor
    if name == "ceil":
        return f"({number} // {step} + CASE WHEN {number} % {step} > 0 THEN 1 ELSE 0 END)"
    rest = f"({number} - {floor} * {step})"
    up = f"{rest} > {half} OR ({rest} = {half} AND {floor} % 2 <> 0)"
    return f"({floor} + CASE WHEN {up} THEN 1 ELSE 0 END)"


def _integer(t: DataType, name: str, digits: int, sql: str) -> str:
    """In the type's own width, as ClickHouse computes it: near the ends it wraps around."""
    step, half = 10**digits, 10**digits // 2
    if step >= 1 << (t.bits - t.is_signed):
        return f"CAST({sql} * 0 AS {to_duckdb(t)})"
    wide = "HUGEINT" if t.bits == 64 else "BIGINT"

    def own(number: str) -> str:
        return f"CAST({wrap(number, t)} AS {wide})"

    number = f"CAST({sql} AS {wide})"
    if name == "ceil":
        number = f"CASE WHEN {number} < 0 THEN {number} ELSE {own(f'({number} + {step - 1})')} END"
    elif name != "trunc" and t.is_signed:
        less = step - 1 if name == "floor" else step
        number = f"CASE WHEN {number} < 0 THEN {own(f'({number} - {less})')} ELSE {number} END"
    if name not in ("round", "roundBankers"):
        return wrap(f"({number} // {step} * {step})", t)
    # The narrow types are 32 bits wide in between.
    above = f"({number} + {half})" if t.bits < 32 else own(f"({number} + {half})")
    steps = f"({above} // {step})"
    if name == "roundBankers":
        even = f"(({steps} + CASE WHEN {number} < 0 THEN 1 ELSE 0 END) & -2)"
        steps = f"CASE WHEN {steps} * {step} = {above} THEN {even} ELSE {steps} END"
    return wrap(f"({steps} * {step})", t)


def _decimal(t: DataType, name: str, digits: int, sql: str) -> str:
    scale = t.scale
    number = unscaled(t, sql)
    step = 10 ** min(scale - digits, 37)
    raw = f"({_steps(name, number, step)} * {step})"
    unit = f"CAST('1e-{scale}' AS DECIMAL({scale + 1}, {scale}))"
    return f"CAST(CAST({raw} AS DECIMAL({37 - scale}, 0)) * {unit} AS {to_duckdb(t)})"


# Given steps -----------------------------------------------------------------------------


def _number(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        if not args[0].type.is_number:
            raise ArgumentError(f"illegal type `{args[0].type}`, expected a number")
        return result

    return returns


def _stairs(*steps: int) -> str:
    """The greatest step that is not above the number; 0 below the first."""
    whens = " ".join(f"WHEN {{0}} < {upper} THEN {lower}" for lower, upper in pairwise(steps))
    last = f"WHEN {{0}} IS NOT NULL THEN {steps[-1]}"
    return f"CASE WHEN {{0}} < {steps[0]} THEN 0 {whens} {last} END"


_DURATIONS = (1, 10, 30, 60, 120, 180, 240, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000)
_AGE = (
    "CASE WHEN {0} < 1 THEN 0 WHEN {0} < 18 THEN 17 WHEN {0} < 25 THEN 18 WHEN {0} < 35 THEN 25 "
    "WHEN {0} < 45 THEN 35 WHEN {0} < 55 THEN 45 WHEN {0} IS NOT NULL THEN 55 END"
)


def _down_returns(args: Sequence[Expr]) -> DataType:
    if not args[1].type.is_array or not args[0].type.is_number:
        raise ArgumentError(f"illegal types `{args[0].type}` and `{args[1].type}`")
    return supertype([args[0].type, args[1].type.element])


def _lower_down(call: Call, args: list[str]) -> str:
    below = f"list_filter({args[1]}, lambda step: step <= {args[0]})"
    found = f"coalesce(list_max({below}), list_min({args[1]}))"
    return f"CAST({found} AS {to_duckdb(call.type)})"


def _exp2_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    if t.is_bool:
        return UINT8
    if not (t.is_float or (t.is_integer and t.bits <= 64)):
        raise ArgumentError(f"illegal type `{t}`, expected a float or an integer of up to 64 bits")
    return t


def _lower_exp2(call: Call, args: list[str]) -> str:
    t, sql = call.args[0].type.bare, args[0]
    duck = to_duckdb(t)
    if t.is_bool:
        return f"CAST({sql} AS UTINYINT)"
    if t.is_integer:
        # The power is that of the highest bit.
        power = f"CAST(1 AS HUGEINT) << CAST(strlen(ltrim(bin({sql}), '0')) - 1 AS INTEGER)"
        return (
            f"CASE WHEN {sql} > 0 THEN CAST({power} AS {duck}) ELSE CAST({sql} * 0 AS {duck}) END"
        )
    size = f"pow(2, floor(log2(abs(CAST({sql} AS DOUBLE)))))"
    power = f"CASE WHEN {sql} = 0 THEN 0 ELSE sign({sql}) * {size} END"
    return f"CAST({power} AS {duck})"


ROWS = (
    Function("round", _returns, _lower, args=(1, 2), any_case=True),
    Function("roundBankers", _returns, _lower, args=(1, 2)),
    Function("floor", _returns, _lower, args=(1, 2), any_case=True),
    Function("ceil", _returns, _lower, args=(1, 2), aliases=("ceiling",), any_case=True),
    Function("trunc", _returns, _lower, args=(1, 2), aliases=("truncate",), any_case=True),
    Function("roundDuration", _number(UINT16), _stairs(*_DURATIONS)),
    Function("roundAge", _number(UINT8), _AGE),
    Function("roundDown", _down_returns, _lower_down, args=(2, 2)),
    Function("roundToExp2", _exp2_returns, _lower_exp2),
)
