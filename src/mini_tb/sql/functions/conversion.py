"""Conversions by name: `CAST`, `toInt32`, `toString`, `toDate`, `toDateTime`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, integer, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    DATE,
    FLOAT32,
    FLOAT64,
    STRING,
    DataType,
    TypeSyntaxError,
    datetime,
    datetime64,
    nullable,
    parse_type,
)


def _lower(call: Call, args: list[str]) -> str:
    return lower_cast(call.args[0].type, call.type, args[0])


def _cast_returns(args: Sequence[Expr]) -> DataType:
    try:
        target = parse_type(text(args[1]))
    except TypeSyntaxError as error:
        raise ArgumentError(error.message, 50) from None
    return nullable(target) if args[0].type.is_nullable else target


def _datetime_returns(args: Sequence[Expr]) -> DataType:
    return datetime(text(args[1]) if len(args) > 1 else args[0].type.zone)


def _datetime64_returns(args: Sequence[Expr]) -> DataType:
    precision = integer(args[1]) if len(args) > 1 else 3
    return datetime64(precision, text(args[2]) if len(args) > 2 else args[0].type.zone)


INTEGERS = tuple(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256))

ROWS = (
    Function("CAST", _cast_returns, _lower, args=(2, 2), nulls=False, any_case=True),
    *(Function(f"to{name}", DataType(name), _lower) for name in INTEGERS),
    Function("toFloat32", FLOAT32, _lower),
    Function("toFloat64", FLOAT64, _lower),
    Function("toString", STRING, _lower, args=(1, 2)),
    Function("toDate", DATE, _lower, args=(1, 2), aliases=("DATE",), any_case=True),
    Function("toDateTime", _datetime_returns, _lower, args=(1, 2)),
    Function("toDateTime64", _datetime64_returns, _lower, args=(1, 3)),
)
