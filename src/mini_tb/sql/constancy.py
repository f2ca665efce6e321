"""What has one value in a whole run, as ClickHouse sees it.

It folds such parts when it analyses a query (`is_constant`), and a few more before it runs
(`is_fixed`). What is folded is no key of GROUP BY or ORDER BY, keeps its value in every grouping
set, and leaves a LowCardinality beside it LowCardinality.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.folding import known
from mini_tb.sql.tree import (
    Aggregate,
    ArrayJoinCall,
    Call,
    Column,
    Const,
    ExistsQuery,
    Expr,
    Grouping,
    InQuery,
    LambdaExpr,
    Param,
    ScalarQuery,
    Window,
)
from mini_tb.types import NOTHING, DataType

_OF_ROWS = (Column, Aggregate, Window, Grouping, ArrayJoinCall, InQuery)
_NAMES = """
cityHash64 farmFingerprint64 farmHash64 gccMurmurHash halfMD5 kafkaMurmurHash metroHash64
murmurHash2_32 murmurHash2_64 murmurHash3_128 murmurHash3_32 murmurHash3_64 sipHash128
sipHash128Reference sipHash64 wyHash64 xxHash32 xxHash64 xxh3 xxh3_128
"""
_NAMES = (
    "cityHash64 farmFingerprint64 farmHash64 gccMurmurHash halfMD5 kafkaMurmurHash metroHash64 "
    "murmurHash2_32 murmurHash2_64 murmurHash3_128 murmurHash3_32 murmurHash3_64 sipHash128 "
    "sipHash128Reference sipHash64 wyHash64 xxHash32 xxHash64 xxh3 xxh3_128"
)
_HASHES = frozenset(_NAMES.split())
"""What is computed at each row if it is of nothing."""


def is_constant(expr: Expr) -> bool:
    """Whether ClickHouse folds the expression: no column, no aggregate, no lambda in it, unless
    they cannot change its value."""
    return _folds(expr, late=False)


def is_fixed(expr: Expr) -> bool:
    """Whether it is a constant once the query runs: also functions of constants and lambdas."""
    return _folds(expr, late=True)


def deciding(call: Call) -> Const | None:
    """The argument of `and` or `or` that decides alone: a 0, or anything else."""
    wanted = call.function.name == "or"
    for arg in call.args:
        value = condition(arg)
        if value is not None and value.value is not None and bool(value.value) is wanted:
            return value
    return None


def condition(expr: Expr) -> Const | None:
    """The value of a condition that is known before the run: `and` and `or` may be, of columns."""
    if isinstance(expr, Call) and expr.function.name in ("and", "or"):
        return known(expr) or deciding(expr)
    return known(expr)


def chosen(call: Call) -> int | None:
    """Which argument of an `if`, or a `multiIf` of as many, with a constant condition is its
    value."""
    return chosen_of(call.args)


def chosen_of(args: Sequence[Expr]) -> int | None:
    """The same of arguments."""
    if len(args) != 3:
        return None
    value = condition(args[0])
    if value is None or value.value is None:
        return None
    return 1 if value.value else 2


def is_never_null(t: DataType) -> bool:
    """Whether no value of the type is NULL."""
    return not (t.is_nullable or t.name in ("Dynamic", "Variant"))


def _is_of_one_size(t: DataType) -> bool:
    """Whether all values of the type take as many bytes."""
    return not t.is_nullable and (
        t.is_number
        or t.is_date_or_datetime
        or t.is_enum
        or t.bare.name in ("FixedString", "UUID", "IPv4", "IPv6")
    )


def _folds(expr: Expr, *, late: bool) -> bool:
    if expr.type == NOTHING and not late:
        return False  # a value of an empty array: there is none that could be folded
    if isinstance(expr, Call):
        return _call_folds(expr, late=late)
    if isinstance(expr, ScalarQuery | ExistsQuery):
        return not expr.is_correlated
    if isinstance(expr, LambdaExpr):
        return late and not any(isinstance(part, _OF_ROWS) for part in expr.body.walk())
    return isinstance(expr, Const | Param)


def _call_folds(call: Call, *, late: bool) -> bool:
    name = call.function.name
    if call.function.of_types:
        return True
    if call.function.per_row or (name in _HASHES and not call.args):
        return False
    if name in ("isNull", "isNotNull"):
        t = call.args[0].type
        if is_never_null(t) or t.is_nothing:
            return True
    if name in ("and", "or") and deciding(call) is not None:
        return True
    if name == "byteSize" and not all(_is_of_one_size(arg.type) for arg in call.args):
        return False
    branch = chosen(call) if name == "if" or (late and name == "multiIf") else None
    args = call.args if branch is None else [call.args[branch]]
    return all(_folds(arg, late=late) for arg in args)
