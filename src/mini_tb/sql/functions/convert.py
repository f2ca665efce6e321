"""Conversions between types: the implicit ones, `CAST`, and lists of IN."""

from __future__ import annotations

from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Const, Expr, Param
from mini_tb.types import UINT8, DataType, NoSupertype, least_supertype, nullable, to_duckdb


def lower_cast(source: DataType, target: DataType, sql: str) -> str:
    """DuckDB text of `CAST(sql, target)` from a value of type `source`."""
    duck_source, duck_target = to_duckdb(source), to_duckdb(target)
    if source.bare.is_enum and target.is_string:
        return f"CAST({sql} AS VARCHAR)"
    if duck_source == duck_target:
        return sql
    if source.is_float and target.is_integer:
        return f"CAST(trunc({sql}) AS {duck_target})"
    return f"CAST({sql} AS {duck_target})"


def _lower(call: Call, args: list[str]) -> str:
    return lower_cast(call.args[0].type, call.type, args[0])


CAST = Function("_CAST", UINT8, _lower, nulls=False, bytes_ok=True)
"""A conversion whose target is the type of the call."""


def convert(expr: Expr, target: DataType) -> Expr:
    """`expr` as a value of type `target`; constants are converted when that loses nothing."""
    if expr.type == target:
        return expr
    if expr.type.bare == target.bare or (isinstance(expr, Const) and expr.value is None):
        if isinstance(expr, Const):
            return Const(target, expr.value)
        if isinstance(expr, Param):
            return Call(target, CAST, [expr])
    return Call(target, CAST, [expr])


def fill_default(expr: Expr) -> Expr:
    """A column of the optional side of a join: the type's default where there is no match.

    A column that is not Nullable never holds NULL, so NULL can only mean no match.
    """
    if expr.type.is_nullable or zero(expr.type) is None:
        return expr
    return Call(expr.type, FILL_DEFAULT, [expr])


def _lower_fill(call: Call, args: list[str]) -> str:
    return f"coalesce({args[0]}, {literal(zero(call.type), call.type)})"


FILL_DEFAULT = Function("_fillDefault", UINT8, _lower_fill, nulls=False, bytes_ok=True)


def in_list(value: Expr, items: list[Expr], *, negated: bool) -> Expr:
    """`value IN (items)`; one item that is an array is the list. NULLs in the list match nothing,
    as in ClickHouse (`transform_null_in = 0`)."""
    result = nullable(UINT8) if value.type.is_nullable else UINT8
    if len(items) == 1 and items[0].type.is_array and not value.type.is_array:
        return Call(result, NOT_IN_ARRAY if negated else IN_ARRAY, [value, items[0]])
    known = [item for item in items if not (isinstance(item, Const) and item.value is None)]
    if not known:
        return Const(result, int(negated))
    converted = [comparable(item, value.type) for item in known]
    return Call(result, NOT_IN_LIST if negated else IN_LIST, [value, *converted])


def comparable(item: Expr, target: DataType) -> Expr:
    """A constant of a list as a value that compares with `target`."""
    if item.type.bare == target.bare:
        return item
    if item.type.is_number and target.is_number:
        return item
    try:
        least_supertype([item.type, target])
    except NoSupertype as error:
        if not item.type.is_string and not target.is_string:
            raise ArgumentError(str(error), 53) from None
    return convert(item, target.bare)


def _lower_in(call: Call, args: list[str]) -> str:
    word = "NOT IN" if call.function.name == "notIn" else "IN"
    return f"CAST({args[0]} {word} ({', '.join(args[1:])}) AS UTINYINT)"


def _lower_in_array(call: Call, args: list[str]) -> str:
    word = "NOT " if call.function.name == "notIn" else ""
    return f"CAST({word}list_contains({args[1]}, {args[0]}) AS UTINYINT)"


IN_LIST = Function("in", UINT8, _lower_in, args=(2, None), nulls=False)
NOT_IN_LIST = Function("notIn", UINT8, _lower_in, args=(2, None), nulls=False)
IN_ARRAY = Function("in", UINT8, _lower_in_array, args=(2, 2), nulls=False)
NOT_IN_ARRAY = Function("notIn", UINT8, _lower_in_array, args=(2, 2), nulls=False)
