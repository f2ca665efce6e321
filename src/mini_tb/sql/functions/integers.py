"""Integers and middles: `digits`, `isPrime`, `isProbablePrime`, `midpoint` (`avg2`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.compose import call, composed
from mini_tb.sql.functions.conditional import supertype_of
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
from mini_tb.sql.functions.function import ArgumentError, Function
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
    found = supertype_of(args)
    bare = found.bare
    is_time = bare.name in ("Time", "Time64")
    if not (bare.is_number or bare.is_date_or_datetime or is_time) or (
        bare.is_integer and bare.bits > 64
    ):
        raise ArgumentError(f"illegal type `{found}`, expected numbers, dates or times")
    return found


def _lower_midpoint(call: Call, args: list[str]) -> str:
    t = call.type.bare
    sides = [lower_cast(arg.type, t, sql) for arg, sql in zip(call.args, args, strict=True)]
    count = len(sides)
    if t.is_float:
        return f"CAST(({' + '.join(sides)}) / {count} AS {to_duckdb(t)})"
    if t.is_decimal:
        unit = f"CAST({10**t.scale} AS DECIMAL({t.scale + 1}, 0))"
        total = " + ".join(f"CAST({sql} * {unit} AS HUGEINT)" for sql in sides)
        step = f"CAST('1e-{t.scale}' AS DECIMAL({t.scale + 1}, {t.scale}))"
        middle = f"CAST(({total}) // {count} AS DECIMAL({37 - t.scale}, 0))"
        return f"CAST({middle} * {step} AS {to_duckdb(t)})"
    if t.is_date:
        total = " + ".join(day_number(sql) for sql in sides)
        return day(f"({total}) // {count}")
    if t.name == "DateTime":
        return second(f"(({' + '.join(seconds(sql) for sql in sides)}) // {count})")
    if t.name == "DateTime64":
        total = " + ".join(to_ticks(t, sql) for sql in sides)
        return from_ticks(t, f"({total}) // {count}")
    total = " + ".join(f"CAST({sql} AS HUGEINT)" for sql in sides)
    if t.name in ("Time", "Time64"):
        return f"CAST(({total}) // {count} AS {to_duckdb(t)})"
    return wrap(f"(({total}) // {count})", UINT8 if t.is_bool else t)


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
    Function(
        "midpoint",
        _midpoint_returns,
        _lower_midpoint,
        args=(2, None),
        aliases=("avg2",),
        any_case=True,
    ),
)
