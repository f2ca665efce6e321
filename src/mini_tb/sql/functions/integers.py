"""Integers and middles: `digits`, `isPrime`, `isProbablePrime`, `midpoint` (`avg2`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from mini_tb.sql.functions.compose import call, composed
from mini_tb.sql.functions.conditional import supertype_of
from mini_tb.sql.functions.constants import literal
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_moment import (
    day,
    day_number,
    from_ticks,
    second,
    seconds,
    to_ticks,
)
from mini_tb.sql.functions.convert_number import failure, wrap
from mini_tb.sql.functions.function import ArgumentError, Function, keep_low_cardinality
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import UINT8, UINT64, DataType, to_duckdb


def _digits_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_integer or arg.type.bits > 64:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer of up to 64 bits")
    return UINT64


def _lower_digits(call: Call, args: list[str]) -> str:
    text = f"CAST(abs(CAST({args[0]} AS HUGEINT)) AS VARCHAR)"
    offset = f"CAST({args[1]} AS BIGINT)"
    size = f"strlen({text})"
    start = f"CASE WHEN {offset} < 0 THEN {size} + {offset} ELSE {offset} - 1 END"
    end = size
    if len(args) > 2:
        length = f"CAST({args[2]} AS BIGINT)"
        end = f"CASE WHEN {length} < 0 THEN {size} + {length} ELSE {start} + {length} END"
    shown = f"substr({text}, greatest({start}, 0) + 1, greatest({end} - greatest({start}, 0), 0))"
    found = f"coalesce(TRY_CAST({shown} AS UBIGINT), 0)"
    zero = failure(135, "Indices in number are 1-based")
    known = " AND ".join(f"{sql} IS NOT NULL" for sql in args)
    return f"CASE WHEN {offset} = 0 THEN {zero} WHEN {known} THEN {found} END"


def _prime_returns(most: int) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        t = args[0].type
        if not t.is_integer or t.is_signed or t.bits > most:
            raise ArgumentError(f"illegal type `{t}`, expected an unsigned integer")
        return UINT8

    return returns


def _midpoint_returns(args: Sequence[Expr]) -> DataType:
    known = [arg for arg in args if not arg.type.is_nothing]
    if not known:
        return args[0].type
    found = supertype_of(args)
    bare = found.bare
    is_time = bare.name in ("Time", "Time64")
    if not (bare.is_number or bare.is_date_or_datetime or is_time) or (
        bare.is_integer and bare.bits > 64
    ):
        raise ArgumentError(f"illegal type `{found}`, expected numbers, dates or times")
    return keep_low_cardinality(args, found)


def _lower_midpoint(call: Call, args: list[str]) -> str:
    """The mean of those that are not NULL."""
    if call.type.is_nothing:
        return literal(None, call.type)
    t = call.type.bare
    sides = [
        (lower_cast(arg.type, UINT8 if t.is_bool else t, sql), arg.type.is_nullable)
        for arg, sql in zip(call.args, args, strict=True)
        if not arg.type.is_nothing
    ]
    known = sum(not may_be_null for _, may_be_null in sides)
    counts = [f"CAST({sql} IS NOT NULL AS INTEGER)" for sql, may_be_null in sides if may_be_null]
    count = f"({' + '.join([str(known), *counts])})" if counts else str(known)
    count = count if known else f"nullif({count}, 0)"

    def total(text: Callable[[str], str]) -> str:
        parts = (f"coalesce({text(sql)}, 0)" if null else text(sql) for sql, null in sides)
        return f"({' + '.join(parts)})"

    if t.is_float:
        return f"CAST({total(str)} / {count} AS {to_duckdb(t)})"
    if t.is_decimal:
        unit = f"CAST({10**t.scale} AS DECIMAL({t.scale + 1}, 0))"
        step = f"CAST('1e-{t.scale}' AS DECIMAL({t.scale + 1}, {t.scale}))"
        units = total(lambda sql: f"CAST({sql} * {unit} AS HUGEINT)")
        middle = f"CAST({units} // {count} AS DECIMAL({37 - t.scale}, 0))"
        return f"CAST({middle} * {step} AS {to_duckdb(t)})"
    if t.is_date:
        return day(f"{total(day_number)} // {count}")
    if t.name == "DateTime":
        return second(f"({total(seconds)} // {count})")
    if t.name == "DateTime64":
        return from_ticks(t, f"{total(partial(to_ticks, t))} // {count}")
    middle = f"({total(lambda sql: f'CAST({sql} AS HUGEINT)')} // {count})"
    if t.name in ("Time", "Time64", "Bool"):
        return f"CAST({middle} AS {to_duckdb(t)})"
    return wrap(middle, t)


ROWS = (
    composed("sqr", lambda args: call("multiply", args[0], args[0]), any_case=True),
    Function("digits", _digits_returns, _lower_digits, args=(2, 3)),
    Function("isPrime", _prime_returns(64), "mt_is_prime(CAST({0} AS VARCHAR))"),
    Function(
        "isProbablePrime",
        _prime_returns(256),
        "mt_is_prime(CAST({0} AS VARCHAR))",
        args=(1, 2),
    ),
    *(
        Function(name, _midpoint_returns, _lower_midpoint, args=args, nulls=False, any_case=True)
        for name, args in (("midpoint", (1, None)), ("avg2", (2, 2)))
    ),
)
