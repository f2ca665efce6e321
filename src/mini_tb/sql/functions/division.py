"""Division of whole numbers: `intDiv`, `modulo`, `positiveModulo`, and what they give instead of an
error where the divisor is 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.arithmetic import (
    DIVIDE,
    bits_of,
    check_numbers,
    coefficient,
    decimal_result,
    has_sign,
    illegal_types,
    unless_zero,
)
from mini_tb.sql.functions.convert_moment import to_number
from mini_tb.sql.functions.convert_number import failure, wrap
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, DataType, decimal, decimal_width, nullable, to_duckdb
from mini_tb.types.promote import integer


def _whole_bits(t: DataType) -> int:
    """The width of the integer that a division of `t` gives."""
    if t.is_float:
        return t.bits
    if t.is_decimal:
        return {9: 32, 18: 64, 38: 128, 76: 256}[decimal_width(t)]
    return bits_of(t)


def _int_div_returns(args: Sequence[Expr]) -> DataType:
    check_numbers(args)
    a, b = args[0].type, args[1].type
    _check_divisible(a, b)
    return integer(_whole_bits(a), signed=has_sign(a) or has_sign(b))


def _check_divisible(a: DataType, b: DataType) -> None:
    if any(t.is_integer and t.bits > 128 for t in (a, b)):
        raise ArgumentError("division of 256-bit integers is not supported", 48)


def _wide(a: DataType, b: DataType) -> str:
    """A DuckDB integer type that holds the values of both."""
    bits = max(bits_of(a), bits_of(b))
    if bits > 64:
        return "HUGEINT" if has_sign(a) or has_sign(b) else "UHUGEINT"
    if not has_sign(a) and not has_sign(b):
        return "UBIGINT"
    narrow = all(bits_of(t) < 64 or has_sign(t) for t in (a, b))
    return "BIGINT" if narrow else "HUGEINT"


def _lower_int_div(call: Call, args: list[str]) -> str:
    a, b, result = call.args[0].type.bare, call.args[1].type.bare, call.type.bare
    duck = to_duckdb(result)
    if a.is_float or b.is_float:
        own = "DOUBLE" if 64 in (a.is_float and a.bits, b.is_float and b.bits) else "FLOAT"
        quotient = f"trunc(CAST({args[0]} AS {own}) / CAST({args[1]} AS {own}))"
        bad = failure(153, "Cannot perform integer division on infinite or too large numbers")
        finite = f"CASE WHEN isfinite({quotient}) THEN {quotient} WHEN {quotient} IS NULL THEN NULL"
        return wrap(f"CAST({finite} ELSE {bad} END AS HUGEINT)", result)
    if a.is_decimal or b.is_decimal:
        left = f"{coefficient(a, args[0])} * {10**b.scale}"
        return unless_zero(
            wrap(f"(({left}) // ({coefficient(b, args[1])} * {10**a.scale}))", result), args[1]
        )
    if result.is_signed and max(bits_of(a), bits_of(b)) <= 64:
        first, second = _signed_sides(a, b, args)
        return f"CAST(({first} // {second}) AS {duck})"
    wide = _wide(a, b)
    return f"CAST((CAST({args[0]} AS {wide}) // CAST({args[1]} AS {wide})) AS {duck})"


def _signed_sides(a: DataType, b: DataType, args: list[str]) -> tuple[str, str]:
    """Both sides as BIGINT, as ClickHouse divides where one is signed: the unsigned other becomes
    signed in its own width, or in that of the dividend if that is wider."""
    first, second = args
    if not has_sign(a):
        first = wrap(f"CAST({first} AS HUGEINT)", integer(bits_of(a), signed=True))
    if not has_sign(b) and bits_of(a) <= bits_of(b):
        second = wrap(f"CAST({second} AS HUGEINT)", integer(bits_of(b), signed=True))
    return f"CAST({first} AS BIGINT)", f"CAST({second} AS BIGINT)"


def _modulo_returns(args: Sequence[Expr]) -> DataType:
    a, b = args[0].type, args[1].type
    if a.name in ("Date", "DateTime") and b.is_number and not b.is_decimal:
        return FLOAT64 if b.is_float else integer(bits_of(b), signed=has_sign(b))
    check_numbers(args)
    if a.is_float or b.is_float:
        return FLOAT64
    _check_divisible(a, b)
    if a.is_decimal and b.is_decimal:
        if decimal_width(b) > decimal_width(a) or a.scale != b.scale:
            raise illegal_types(a, b)
        return decimal(decimal_width(a), max(a.scale, b.scale))
    if a.is_decimal or b.is_decimal:
        return decimal_result(a, b, (a if a.is_decimal else b).scale)
    bits = bits_of(b)
    if has_sign(a):
        return integer(bits * 2 if bits < 64 else bits, signed=True)
    return integer(bits, signed=False)


def _lower_modulo(call: Call, args: list[str]) -> str:
    a, b = call.args[0].type.bare, call.args[1].type.bare
    duck = to_duckdb(call.type)
    first = args[0]
    if a.is_date_or_datetime:
        a, first = to_number(a, first)
    if call.type.is_float:
        return _rest(f"CAST({first} AS DOUBLE)", f"CAST({args[1]} AS DOUBLE)")
    if call.type.is_decimal:
        # ClickHouse divides the integers behind the Decimals, whatever their scales.
        own = integer({9: 32, 18: 64}.get(decimal_width(call.type.bare), 128), signed=True)
        left, right = (
            sql if t.is_decimal else wrap(sql, own)
            for t, sql in ((a, coefficient(a, first)), (b, coefficient(b, args[1])))
        )
        rest = f"(CAST({left} AS HUGEINT) % {right})"
        scale = call.type.bare.scale
        step = f"CAST('1e-{scale}' AS DECIMAL({scale + 1}, {scale}))"
        return unless_zero(
            f"CAST(CAST({rest} AS DECIMAL({37 - scale}, 0)) * {step} AS {duck})", args[1]
        )
    wide = _wide(a, b)
    return f"CAST(CAST({first} AS {wide}) % CAST({args[1]} AS {wide}) AS {duck})"


def _rest(first: str, second: str) -> str:
    """What a division of floats leaves, as ClickHouse does it: no exact remainder where the
    quotient is large."""
    return f"({first} - trunc({first} / {second}) * {second})"


def _positive_modulo_returns(args: Sequence[Expr]) -> DataType:
    check_numbers(args)
    a, b = args[0].type, args[1].type
    if a.is_float or b.is_float:
        return FLOAT64
    if a.is_decimal or b.is_decimal:
        raise illegal_types(a, b)
    _check_divisible(a, b)
    return integer(bits_of(b), signed=False)


def _lower_positive_modulo(call: Call, args: list[str]) -> str:
    a, b = call.args[0].type.bare, call.args[1].type.bare
    wide = "DOUBLE" if call.type.is_float else _wide(a, b)
    if wide == "BIGINT" and bits_of(a) == 64:
        wide = "HUGEINT"  # the least of 64 bits by -1
    first, second = (f"CAST({sql} AS {wide})" for sql in args)
    rest = _rest(first, second) if call.type.is_float else f"({first} % {second})"
    if not call.type.is_float and not has_sign(a):
        return f"CAST({rest} AS {to_duckdb(call.type)})"
    size = f"abs(CAST({args[1]} AS {wide}))"
    moved = f"CASE WHEN {rest} < 0 THEN {rest} + {size} ELSE {rest} END"
    return f"CAST({moved} AS {to_duckdb(call.type)})"


def _guarded(name: str, base: Function, *, zero: bool, aliases: tuple[str, ...] = ()) -> Function:
    """`…OrZero` and `…OrNull`: instead of an error where the divisor is 0 (or -1 of the least)."""

    def returns(args: Sequence[Expr]) -> DataType:
        assert callable(base.returns)
        found = base.returns(args)
        return found if zero else nullable(found)

    def lower(call: Call, args: list[str]) -> str:
        assert callable(base.lower)
        a, b, result = call.args[0].type.bare, call.args[1].type.bare, call.type.bare
        text = base.lower(Call(result, base, call.args), args)
        if result.is_float and zero:
            return text
        instead = f"CAST(0 AS {to_duckdb(result)})" if zero else "NULL"
        bad = f"{args[1]} = 0"
        first, second = args
        if base.name == "intDiv" and a.is_integer and b.is_integer and result.bits <= 64:
            first, second = _signed_sides(a, b, args) if result.is_signed else args
        may_overflow = base.name in ("intDiv", "modulo") and result.is_signed
        if base.name == "positiveModulo":
            may_overflow = has_sign(a) and has_sign(b)
        if may_overflow and a.is_integer:
            bad += f" OR ({second} = -1 AND {first} = {-(1 << (bits_of(a) - 1))})"
        null = f"WHEN {args[0]} IS NULL THEN NULL " if call.args[0].type.is_nullable else ""
        return f"CASE {null}WHEN {bad} THEN {instead} ELSE {text} END"

    return Function(name, returns, lower, args=(2, 2), aliases=aliases, any_case=bool(aliases))


INT_DIV = Function("intDiv", _int_div_returns, _lower_int_div, args=(2, 2))
MODULO = Function(
    "modulo",
    _modulo_returns,
    _lower_modulo,
    args=(2, 2),
    aliases=("mod", "moduloLegacy"),
    any_case=True,
)
POSITIVE_MODULO = Function(
    "positiveModulo",
    _positive_modulo_returns,
    _lower_positive_modulo,
    args=(2, 2),
    aliases=("positive_modulo", "pmod"),
    any_case=True,
)

ROWS = (
    INT_DIV,
    MODULO,
    POSITIVE_MODULO,
    _guarded("intDivOrZero", INT_DIV, zero=True),
    _guarded("intDivOrNull", INT_DIV, zero=False),
    _guarded("moduloOrZero", MODULO, zero=True),
    _guarded("moduloOrNull", MODULO, zero=False, aliases=("modOrNull",)),
    _guarded(
        "positiveModuloOrNull",
        POSITIVE_MODULO,
        zero=False,
        aliases=("positive_modulo_or_null", "pmodOrNull"),
    ),
    _guarded("divideOrNull", DIVIDE, zero=False),
)
