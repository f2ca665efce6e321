"""Logic: `and`, `or`, `xor`, `not`; and what makes a condition of a value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mini_tb.sql.constancy import deciding
from mini_tb.sql.functions.comparison import decided_by_type
from mini_tb.sql.functions.constants import literal
from mini_tb.sql.functions.function import ArgumentError, Function, keep_low_cardinality
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import BOOL, UINT8, DataType, nullable


def truth(expr: Expr, sql: str) -> str:
    """DuckDB BOOLEAN text of a ClickHouse condition (any number: not zero)."""
    if expr.type.bare.is_bool:
        return sql
    if sql.startswith("CAST(") and sql.endswith(" AS UTINYINT)"):
        inner = sql[5 : -len(" AS UTINYINT)")]
        if _balanced(inner):
            return f"({inner})"
    return f"({sql} <> 0)"


_PARENTHESES = re.compile(r"[()]|'[^']*'|\"[^\"]*\"")


def _balanced(text: str) -> bool:
    depth = 0
    for token in _PARENTHESES.findall(text):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def _logic_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        t = arg.type
        is_wide = t.is_decimal or (t.is_integer and t.bits > 64)
        if is_wide or not (t.is_number or t.is_nothing):
            raise ArgumentError(f"illegal type `{t}`, expected a number of up to 64 bits or Bool")
    found = UINT8
    if any(arg.type.is_bool and not arg.type.is_nullable for arg in args):
        found = BOOL
    return nullable(found) if any(arg.type.is_nullable for arg in args) else found


def _lower_logic(call: Call, args: list[str]) -> str:
    word = {"and": " AND ", "or": " OR "}[call.function.name]
    if deciding(call) is not None:
        return literal(call.function.name == "or", call.type)
    parts = list(zip(call.args, args, strict=True))
    if call.function.name == "and":
        # ClickHouse does not compute such a part: `toUnixTimestamp(t) >= 0 AND …` is no error of
        # moments before 1970, which have none.
        known = [decided_by_type(arg) for arg in call.args]
        parts = [part for part, value in zip(parts, known, strict=True) if value is None]
        if False in known or not parts:
            return literal(False not in known, call.type)
    joined = word.join(truth(arg, sql) for arg, sql in parts)
    return f"({joined})" if call.type.bare.is_bool else f"CAST(({joined}) AS UTINYINT)"


def _xor_returns(args: Sequence[Expr]) -> DataType:
    found = _logic_returns(args)
    if any(arg.type.is_bool for arg in args):
        found = nullable(BOOL) if found.is_nullable else BOOL
    return next((arg.type for arg in args if arg.type.is_nothing), found)


def _lower_xor(call: Call, args: list[str]) -> str:
    if call.type.is_nothing:
        return literal(None, call.type)
    joined = truth(call.args[0], args[0])
    for arg, sql in zip(call.args[1:], args[1:], strict=True):
        joined = f"({joined} <> {truth(arg, sql)})"
    return joined if call.type.bare.is_bool else f"CAST({joined} AS UTINYINT)"


def _not_returns(args: Sequence[Expr]) -> DataType:
    found = _logic_returns(args)
    t = args[0].type
    if t.is_nothing:
        return t
    found = t.bare.as_nullable() if t.is_bool and t.is_nullable else found
    return keep_low_cardinality(args, found)


def _lower_not(call: Call, args: list[str]) -> str:
    if call.type.is_nothing:
        return args[0]
    negated = f"NOT {truth(call.args[0], args[0])}"
    return f"({negated})" if call.type.bare.is_bool else f"CAST(({negated}) AS UTINYINT)"


ROWS = (
    Function("and", _logic_returns, _lower_logic, args=(2, None), nulls=False),
    Function("or", _logic_returns, _lower_logic, args=(2, None), nulls=False),
    Function("xor", _xor_returns, _lower_xor, args=(2, None), nulls=False),
    Function("not", _not_returns, _lower_not, nulls=False, any_case=True),
)
