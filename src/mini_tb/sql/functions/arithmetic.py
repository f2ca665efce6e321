"""Arithmetic: `plus`, `minus`, `multiply`, `divide`, `intDiv`, `modulo`, `negate`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    DATETIME,
    FLOAT32,
    FLOAT64,
    INT32,
    DataType,
    datetime64,
    to_duckdb,
)
from mini_tb.types.promote import integer

_INTERVAL = {
    "Nanosecond": "to_microseconds({} // 1000)",
    "Microsecond": "to_microseconds({})",
    "Millisecond": "to_milliseconds({})",
    "Second": "to_seconds({})",
    "Minute": "to_minutes({})",
    "Hour": "to_hours({})",
    "Day": "to_days({})",
    "Week": "to_days(7 * {})",
    "Month": "to_months({})",
    "Quarter": "to_months(3 * {})",
    "Year": "to_years({})",
}


def duck_interval(unit: str, count: str) -> str:
    """DuckDB's INTERVAL of `count` (BIGINT text) units."""
    narrow = count if unit in ("Hour", "Minute", "Microsecond", "Nanosecond") else None
    return _INTERVAL[unit].format(narrow or f"CAST({count} AS INTEGER)")


def _bits(t: DataType) -> int:
    return 8 if t.is_bool else t.bits


def number_result(a: DataType, b: DataType, *, minus: bool = False) -> DataType:
    """The type of `a + b`, `a * b`, and with `minus` of `a - b`, for plain numbers."""
    if a.is_decimal or b.is_decimal:
        if a.is_float or b.is_float:
            return FLOAT64
        decimals = [t for t in (a, b) if t.is_decimal]
        precision = max(int(t.params[0]) for t in decimals)
        for wide in (9, 18, 38, 76):
            if precision <= wide:
                precision = wide
                break
        return DataType("Decimal", params=(precision, max(t.scale for t in decimals)))
    if a.is_float or b.is_float:
        for t in (a, b):
            if t.name == "Float64" or (not t.is_float and _bits(t) > 16):
                return FLOAT64
        return FLOAT32
    bits = max(_bits(a), _bits(b))
    signed = minus or (a.is_signed and not a.is_bool) or (b.is_signed and not b.is_bool)
    return integer(bits if bits >= 64 else bits * 2, signed=signed)


def _add_returns(args: Sequence[Expr], *, minus: bool) -> DataType:
    a, b = args[0].type, args[1].type
    if a.is_number and b.is_number:
        return number_result(a, b, minus=minus)
    if a.is_date_or_datetime and b.is_interval:
        return shifted(a, str(b.params[0]))
    if b.is_date_or_datetime and a.is_interval and not minus:
        return shifted(b, str(a.params[0]))
    if a.is_date_or_datetime and b.is_integer:
        return a
    if b.is_date_or_datetime and a.is_integer and not minus:
        return b
    if minus and a.is_date_or_datetime and b.is_date_or_datetime:
        return INT32
    raise ArgumentError(f"illegal types `{a}` and `{b}`")


def shifted(t: DataType, unit: str) -> DataType:
    """The type of a date or time moved by an interval of `unit`."""
    index = ("Nanosecond", "Microsecond", "Millisecond").index
    if unit in ("Nanosecond", "Microsecond", "Millisecond"):
        scale = (9, 6, 3)[index(unit)]
        return datetime64(max(scale, t.scale), t.zone)
    if t.is_date and unit in ("Second", "Minute", "Hour"):
        return DATETIME if t.name == "Date" else datetime64(0)
    return t


def _lower_add(call: Call, args: list[str]) -> str:
    sign = "-" if call.function.name == "minus" else "+"
    a, b = call.args[0].type.bare, call.args[1].type.bare
    duck = to_duckdb(call.type)
    if a.is_number and b.is_number:
        return f"(CAST({args[0]} AS {duck}) {sign} CAST({args[1]} AS {duck}))"
    if a.is_interval or (a.is_integer and b.is_date_or_datetime):
        a, b, args = b, a, [args[1], args[0]]
    if b.is_interval:
        moved = f"{args[0]} {sign} {duck_interval(str(b.params[0]), args[1])}"
        return f"CAST({moved} AS {duck})"
    if b.is_integer:
        unit = "Day" if a.is_date else "Second"
        moved = f"{args[0]} {sign} {duck_interval(unit, f'CAST({args[1]} AS BIGINT)')}"
        return f"CAST({moved} AS {duck})"
    if a.is_date and b.is_date:
        return f"CAST({args[0]} - {args[1]} AS INTEGER)"
    return f"CAST(epoch({args[0]}) - epoch({args[1]}) AS INTEGER)"


def _multiply_returns(args: Sequence[Expr]) -> DataType:
    a, b = args[0].type, args[1].type
    if not (a.is_number and b.is_number):
        raise ArgumentError(f"illegal types `{a}` and `{b}`")
    result = number_result(a, b)
    if result.is_decimal:
        return DataType("Decimal", params=(result.params[0], a.scale + b.scale))
    return result


def _lower_multiply(call: Call, args: list[str]) -> str:
    duck = to_duckdb(call.type)
    if call.type.is_decimal:
        return f"CAST({args[0]} * {args[1]} AS {duck})"
    return f"(CAST({args[0]} AS {duck}) * CAST({args[1]} AS {duck}))"


def _numbers(args: Sequence[Expr]) -> None:
    for arg in args:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")


def _float(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    return FLOAT64


def _negate_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    t = args[0].type
    if t.is_float or t.is_decimal or t.is_interval:
        return t
    bits = _bits(t)
    return integer(bits if t.is_signed or bits >= 64 else bits * 2, signed=True)


def _lower_negate(call: Call, args: list[str]) -> str:
    return f"(-CAST({args[0]} AS {to_duckdb(call.type)}))"


def _int_div_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    a, b = args[0].type, args[1].type
    signed = (a.is_signed and not a.is_bool) or (b.is_signed and not b.is_bool)
    return integer(_bits(a) if not (a.is_float or a.is_decimal) else 64, signed=signed)


def _modulo_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    a, b = args[0].type, args[1].type
    if a.is_float or b.is_float:
        return FLOAT64
    if a.is_decimal or b.is_decimal:
        return a if a.is_decimal else b
    bits = _bits(b)
    if a.is_signed and not a.is_bool:
        return integer(bits if b.is_signed else min(bits * 2, 64), signed=True)
    return integer(bits, signed=False)


def _abs_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    t = args[0].type
    return t if t.is_float or t.is_decimal else integer(_bits(t), signed=False)


ROWS = (
    Function(
        "plus", lambda args: _add_returns(args, minus=False), _lower_add, args=(2, 2), exact=True
    ),
    Function(
        "minus", lambda args: _add_returns(args, minus=True), _lower_add, args=(2, 2), exact=True
    ),
    Function("multiply", _multiply_returns, _lower_multiply, args=(2, 2)),
    Function(
        "divide", _float, "(CAST({0} AS DOUBLE) / CAST({1} AS DOUBLE))", args=(2, 2), exact=True
    ),
    Function("intDiv", _int_div_returns, "trunc({0} // {1})", args=(2, 2)),
    Function("modulo", _modulo_returns, "({0} % {1})", args=(2, 2), aliases=("mod",)),
    Function("negate", _negate_returns, _lower_negate),
    Function("abs", _abs_returns, "abs({0})", any_case=True),
)
