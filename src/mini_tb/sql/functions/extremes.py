"""Greatest and least values: `greatest`, `least`, `clamp`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import Function, keep_low_cardinality
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    FLOAT64,
    INT64,
    INT128,
    UINT8,
    UINT64,
    DataType,
    decimal,
    decimal_width,
    nullable,
    to_duckdb,
)


def _extreme_of_two(a: DataType, b: DataType, is_least: bool) -> DataType:
    """The type of the extreme of two values without NULLs, where it is not their supertype."""
    both = [UINT8 if t.is_bool else t for t in (a, b)]
    if any(t.is_decimal for t in both) and all(t.is_number for t in both):
        if any(t.is_float for t in both):
            return FLOAT64
        # An integer is taken as a Decimal of that width, whether it fits or not.
        decimals = [t for t in both if not t.is_integer]
        if len(decimals) == 1:
            return decimals[0]
        return decimal(max(map(decimal_width, decimals)), max(t.scale for t in decimals))
    if UINT64 not in both or not all(t.is_integer and t.bits <= 64 for t in both):
        return supertype(both)
    if not any(t.is_signed for t in both):
        return UINT64
    if INT64 in both:
        return INT64 if is_least else UINT64
    return INT128


def _extreme_returns(args: Sequence[Expr], *, is_least: bool) -> DataType:
    known = [arg.type for arg in args if not arg.type.is_nothing]
    if not known:
        return args[0].type
    bare = [t.bare for t in known]
    if any(arg.type.is_nullable for arg in args):
        found = nullable(supertype(bare))
    elif len(bare) == 2:
        found = _extreme_of_two(bare[0], bare[1], is_least)
    else:
        found = supertype(bare)
    return keep_low_cardinality(args, found)


def _lower_extreme(call: Call, args: list[str]) -> str:
    known = [
        (arg.type, sql) for arg, sql in zip(call.args, args, strict=True) if not arg.type.is_nothing
    ]
    if not known:
        return args[0]
    name = call.function.name
    is_low = any(t.name == "LowCardinality" for t, _ in known)
    if {t.bare for t, _ in known} == {INT64, UINT64} and not is_low:
        # Compared as what they are, but from a dictionary as what the result is.
        sides = ", ".join(f"CAST({sql} AS HUGEINT)" for _, sql in known)
        return f"CAST({name}({sides}) AS {to_duckdb(call.type)})"
    texts = [lower_cast(t, call.type, sql) for t, sql in known]
    if call.type.is_float and any(t.is_decimal for t, _ in known):
        # NaN is neither greater nor less, and then it is the second.
        first, second = texts
        numbers = f"NOT isnan({first}) AND NOT isnan({second})"
        operator = ">" if name == "greatest" else "<"
        return f"CASE WHEN {numbers} AND {first} {operator} {second} THEN {first} ELSE {second} END"
    if call.type.is_float:
        # NaN gives way to any number.
        instead = "'-inf'" if name == "greatest" else "'inf'"
        duck = to_duckdb(call.type)
        guarded = ", ".join(
            f"CASE WHEN isnan({sql}) THEN CAST({instead} AS {duck}) ELSE {sql} END" for sql in texts
        )
        all_nan = " AND ".join(f"isnan({sql})" for sql in texts)
        return f"CASE WHEN {all_nan} THEN CAST('nan' AS {duck}) ELSE {name}({guarded}) END"
    return f"{name}({', '.join(texts)})"


def _clamp_returns(args: Sequence[Expr]) -> DataType:
    return supertype([arg.type for arg in args])


def _lower_clamp(call: Call, args: list[str]) -> str:
    value, low, high = (
        lower_cast(arg.type, call.type, sql) for arg, sql in zip(call.args, args, strict=True)
    )
    return (
        f"CASE WHEN {value} < {low} THEN {low} WHEN {value} > {high} THEN {high} ELSE {value} END"
    )


ROWS = (
    *(
        Function(
            name,
            partial(_extreme_returns, is_least=name == "least"),
            _lower_extreme,
            args=(1, None),
            nulls=False,
            bytes_ok=True,
            any_case=True,
        )
        for name in ("greatest", "least")
    ),
    Function("clamp", _clamp_returns, _lower_clamp, args=(3, 3), bytes_ok=True),
)
