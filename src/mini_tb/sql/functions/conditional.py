"""Conditions and NULL: `if`, `multiIf`, `coalesce`, `isNull`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.comparison import truth
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import UINT8, DataType, NoSupertype, least_supertype, nullable


def supertype(types: Sequence[DataType]) -> DataType:
    """`least_supertype`, with ClickHouse's error 386 where there is none."""
    try:
        return least_supertype(types)
    except NoSupertype as error:
        raise ArgumentError(str(error), 386) from None


def _branches(args: Sequence[Expr]) -> list[int]:
    return [*range(1, len(args) - 1, 2), len(args) - 1]


def _multi_if_returns(args: Sequence[Expr]) -> DataType:
    if len(args) % 2 == 0:
        raise ArgumentError("takes an odd number of arguments", 42)
    return supertype([args[i].type for i in _branches(args)])


def _lower_multi_if(call: Call, args: list[str]) -> str:
    values = {i: lower_cast(call.args[i].type, call.type, args[i]) for i in _branches(call.args)}
    whens = " ".join(
        f"WHEN {truth(call.args[i], args[i])} THEN {values[i + 1]}"
        for i in range(0, len(args) - 1, 2)
    )
    return f"CASE {whens} ELSE {values[len(args) - 1]} END"


def _coalesce_returns(args: Sequence[Expr]) -> DataType:
    types = [arg.type for arg in args if not arg.type.is_nothing]
    if not types:
        return args[0].type
    found = supertype([t.not_null() for t in types])
    return nullable(found) if all(t.is_nullable for t in types) else found


def _lower_coalesce(call: Call, args: list[str]) -> str:
    values = [
        lower_cast(arg.type, call.type, sql)
        for arg, sql in zip(call.args, args, strict=True)
        if not arg.type.is_nothing
    ]
    return f"coalesce({', '.join(values)})" if values else args[0]


def _lower_null_if(call: Call, args: list[str]) -> str:
    return f"nullif({args[0]}, {lower_cast(call.args[1].type, call.type, args[1])})"


ROWS = (
    Function("if", _multi_if_returns, _lower_multi_if, args=(3, 3), nulls=False, any_case=True),
    Function("multiIf", _multi_if_returns, _lower_multi_if, args=(3, None), nulls=False),
    Function(
        "coalesce", _coalesce_returns, _lower_coalesce, args=(1, None), nulls=False, any_case=True
    ),
    Function("ifNull", _coalesce_returns, _lower_coalesce, args=(2, 2), nulls=False, any_case=True),
    Function(
        "nullIf",
        lambda args: nullable(args[0].type),
        _lower_null_if,
        args=(2, 2),
        nulls=False,
        any_case=True,
    ),
    Function("isNull", UINT8, "({0} IS NULL)", nulls=False, any_case=True),
    Function("isNotNull", UINT8, "({0} IS NOT NULL)", nulls=False, any_case=True),
    Function("assumeNotNull", lambda args: args[0].type.not_null(), "{0}", nulls=False, exact=True),
    Function("toNullable", lambda args: nullable(args[0].type), "{0}", nulls=False, exact=True),
)
