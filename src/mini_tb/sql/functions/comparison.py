"""Comparisons and logic: `equals`, `less`, `like`, `and`, `not`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import UINT8, DataType, NoSupertype, least_supertype

_OPERATORS = {
    "equals": "=",
    "notEquals": "<>",
    "less": "<",
    "greater": ">",
    "lessOrEquals": "<=",
    "greaterOrEquals": ">=",
}


def _common(a: DataType, b: DataType) -> DataType | None:
    """The type in which two values are compared; None: as they are."""
    if a == b or (a.is_number and b.is_number):
        return None
    if a.is_string != b.is_string:
        # A string beside another type is read as that type: `date >= '2024-01-01'`.
        return b if a.is_string else a
    try:
        return least_supertype([a, b])
    except NoSupertype as error:
        raise ArgumentError(str(error), 386) from None


def _compare_returns(args: Sequence[Expr]) -> DataType:
    a, b = args[0].type, args[1].type
    if (a.is_number and b.is_string) or (a.is_string and b.is_number):
        raise ArgumentError(f"there is no supertype for types {a}, {b}", 386)
    _common(a, b)
    return UINT8


def _lower_compare(call: Call, args: list[str]) -> str:
    a, b = call.args[0].type.bare, call.args[1].type.bare
    common = _common(a, b)
    left, right = args
    if common is not None:
        left, right = lower_cast(a, common, left), lower_cast(b, common, right)
    return f"CAST({left} {_OPERATORS[call.function.name]} {right} AS UTINYINT)"


def truth(expr: Expr, sql: str) -> str:
    """DuckDB BOOLEAN text of a ClickHouse condition (any number: not zero)."""
    if expr.type.bare.is_bool:
        return sql
    if sql.startswith("CAST(") and sql.endswith(" AS UTINYINT)"):
        inner = sql[5 : -len(" AS UTINYINT)")]
        if _balanced(inner):
            return f"({inner})"
    return f"({sql} <> 0)"


def _balanced(text: str) -> bool:
    depth = 0
    quoted = ""
    for char in text:
        if quoted:
            quoted = "" if char == quoted else quoted
        elif char in "'\"":
            quoted = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def _logic_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_number and not arg.type.is_nothing:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number or Bool")
    boolean = all(arg.type.bare.is_bool for arg in args)
    result = DataType("Bool") if boolean else UINT8
    return result.as_nullable() if any(arg.type.is_nullable for arg in args) else result


def _lower_logic(call: Call, args: list[str]) -> str:
    word = {"and": " AND ", "or": " OR "}[call.function.name]
    joined = word.join(truth(arg, sql) for arg, sql in zip(call.args, args, strict=True))
    duck = "BOOLEAN" if call.type.bare.is_bool else "UTINYINT"
    return f"({joined})" if duck == "BOOLEAN" else f"CAST(({joined}) AS UTINYINT)"


def _lower_not(call: Call, args: list[str]) -> str:
    negated = f"NOT {truth(call.args[0], args[0])}"
    return f"({negated})" if call.type.bare.is_bool else f"CAST(({negated}) AS UTINYINT)"


def _strings(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_string and not arg.type.is_enum:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a String")
    return UINT8


ROWS = (
    *(Function(name, _compare_returns, _lower_compare, args=(2, 2)) for name in _OPERATORS),
    Function("and", _logic_returns, _lower_logic, args=(2, None), nulls=False),
    Function("or", _logic_returns, _lower_logic, args=(2, None), nulls=False),
    Function("not", _logic_returns, _lower_not, nulls=False),
    Function("like", _strings, "({0} LIKE {1} ESCAPE '\\')", args=(2, 2)),
    Function("notLike", _strings, "({0} NOT LIKE {1} ESCAPE '\\')", args=(2, 2)),
    Function("ilike", _strings, "({0} ILIKE {1} ESCAPE '\\')", args=(2, 2)),
    Function("notILike", _strings, "({0} NOT ILIKE {1} ESCAPE '\\')", args=(2, 2)),
)
