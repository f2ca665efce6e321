"""Logic: `and`, `or`, `xor`, `not`; and what makes a condition of a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from mini_tb.sql.constancy import deciding, is_constant
from mini_tb.sql.functions.comparison import contradict, decided_by_type
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


def _lower_logic(call: Call, args: list[str], *, lazily: bool = True) -> str:
    name = call.function.name
    if deciding(call) is not None:
        return literal(name == "or", call.type)
    parts = [_Part(arg, sql, may_fail(sql)) for arg, sql in zip(call.args, args, strict=True)]
    if name == "and":
        # ClickHouse does not compute such a part: `toUnixTimestamp(t) >= 0 AND …` is no error of
        # moments before 1970, which have none.
        known = [decided_by_type(arg) for arg in call.args]
        parts = [part for part, value in zip(parts, known, strict=True) if value is None]
        if False in known or contradict([part.arg for part in parts]):
            return literal(False, call.type)
        if not parts:
            return literal(True, call.type)
        if len(parts) == 1 and parts[0].arg.type.bare == call.type:
            return parts[0].sql  # as it is, 2 and not 1
    if any(part.may_fail for part in parts):
        parts.sort(key=lambda part: not is_constant(part.arg))  # these decide before any row does
        joined = _joined(name, parts) if lazily else _filtered(parts)
    else:
        joined = _side_by_side(name, parts)
    return f"({joined})" if call.type.bare.is_bool else f"CAST(({joined}) AS UTINYINT)"


class _Part(NamedTuple):
    """One of the conditions that AND or OR joins, and its DuckDB text."""

    arg: Expr
    sql: str
    may_fail: bool


def _boolean(arg: Expr, sql: str) -> str:
    """The truth of a value where DuckDB would not make a BOOLEAN of it."""
    return f"CAST({truth(arg, sql)} AS BOOLEAN)"


def _side_by_side(name: str, parts: Sequence[_Part]) -> str:
    if len(parts) == 1:
        return _boolean(parts[0].arg, parts[0].sql)
    return f" {name.upper()} ".join(truth(part.arg, part.sql) for part in parts)


_FAILURE = re.compile(r"\berror\(| (?://|%) (?!(?:CAST\()?[1-9]\d*\b(?! [-+*/%]))")
"""What is in DuckDB's text that may be an error; a division by a number that is written is none."""
_TOKEN = re.compile(rf"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]|{_FAILURE.pattern}""")


def may_fail(sql: str) -> bool:
    """Whether some rows may be an error, and not all: what is made of constants is the same for
    all, as the moment in `t >= '2025-01-01 00:00:00'`, by which DuckDB finds rows."""
    if not _FAILURE.search(sql):
        return False
    if "lambda" in sql:  # its variables look like constants
        return True
    groups = [[False, False]]  # within each pair of parentheses: is there a column, a failure
    for token in _TOKEN.findall(sql):
        if token[0] == '"':
            groups[-1][0] = True
        elif token[0] != "'":
            groups[-1][1] |= token not in "()"
            if token[-1] == "(":
                groups.append([False, False])
            elif token == ")":
                has_column, fails = groups.pop()
                if has_column and fails:
                    return True
                groups[-1][0] |= has_column
    return all(groups[-1])


def _joined(name: str, parts: Sequence[_Part]) -> str:
    """The parts, of which one that may be an error is computed where those before it do not decide:
    DuckDB computes all of them."""
    later = [i for i, part in enumerate(parts) if i and part.may_fail]
    if not later:
        return _side_by_side(name, parts)
    before, rest = parts[: later[0]], _joined(name, parts[later[0] :])
    decided, first = "TRUE" if name == "or" else "FALSE", _side_by_side(name, before)
    if all(not part.arg.type.is_nullable for part in before):
        then, otherwise = (rest, decided) if name == "and" else (decided, rest)
        return f"CASE WHEN {first} THEN {then} ELSE {otherwise} END"
    unknown = f"({first}) {name.upper()} ({rest})"
    return f"CASE WHEN ({first}) IS {decided} THEN {decided} ELSE {unknown} END"


_ONCE = re.compile(r"\bSELECT\b|\brandom\(|uuid")
"""What is in DuckDB's text that is not to be computed twice."""


def _filtered(parts: Sequence[_Part]) -> str:
    """The parts of a filter. What may be an error is computed where the others hold, in whatever
    order DuckDB takes them; they stand before it too, where it finds them for its scans and joins.
    """
    failing = [part for part in parts if part.may_fail and not is_constant(part.arg)]
    others = [part for part in parts if part not in failing]
    guards = [part for part in others if not _ONCE.search(part.sql)]
    if not failing or not guards:
        return _side_by_side("and", parts)
    shown = [truth(p.arg, p.sql) for p in others if p not in guards or not is_constant(p.arg)]
    first, then = _side_by_side("and", guards), _joined("and", failing)
    return " AND ".join([*shown, f"CASE WHEN {first} THEN {then} ELSE FALSE END"])


def as_filter(expr: Expr) -> Expr:
    """A condition of which DuckDB is to see the parts: it filters and joins rows by them."""
    if isinstance(expr, Call) and expr.function.name == "and":
        return Call(expr.type, _IN_FILTER, [as_filter(arg) for arg in expr.args])
    return expr


def _xor_returns(args: Sequence[Expr]) -> DataType:
    found = _logic_returns(args)
    if any(arg.type.is_bool for arg in args):
        found = nullable(BOOL) if found.is_nullable else BOOL
    return next((arg.type for arg in args if arg.type.is_nothing), found)


def _lower_xor(call: Call, args: list[str]) -> str:
    if call.type.is_nothing:
        return literal(None, call.type)
    joined = _boolean(call.args[0], args[0])
    for arg, sql in zip(call.args[1:], args[1:], strict=True):
        joined = f"({joined} <> {_boolean(arg, sql)})"
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


_IN_FILTER = Function(
    "and", _logic_returns, partial(_lower_logic, lazily=False), args=(2, None), nulls=False
)

ROWS = (
    Function("and", _logic_returns, _lower_logic, args=(2, None), nulls=False),
    Function("or", _logic_returns, _lower_logic, args=(2, None), nulls=False),
    Function("xor", _xor_returns, _lower_xor, args=(2, None), nulls=False),
    Function("not", _not_returns, _lower_not, nulls=False, any_case=True),
)
