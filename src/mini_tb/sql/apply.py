"""The call of a function on bound arguments: ClickHouse's rules for NULL, for LowCardinality, and
for values of an empty array, which have no type."""

from __future__ import annotations

from copy import copy

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions import FUNCTIONS
from mini_tb.sql.functions.comparison import element_pairs
from mini_tb.sql.functions.constants import zero
from mini_tb.sql.functions.convert import convert
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    is_lambda,
    is_over_dictionary,
    without_low_cardinality,
)
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import NOTHING, STRING, DataType, decimal, low_cardinality, nullable


def _lower_null(call: Call, args: list[str]) -> str:
    tests = " AND ".join(f"{sql} IS NULL" for sql in args)
    return f"CASE WHEN {tests} THEN NULL::INTEGER END"


_NULL = Function("null", nullable(NOTHING), _lower_null, (1, None), nulls=False, bytes_ok=True)
"""NULL that is computed of a row or a group."""
_UNKNOWN = Function(
    "null", nullable(NOTHING), "NULL::INTEGER", (1, None), nulls=False, exact=True, of_types=True
)
"""NULL whatever the arguments are, which are not computed."""


def apply(function: Function | str, args: list[Expr]) -> Expr:
    """The call of a function on bound arguments. Raises `ArgumentError`."""
    if isinstance(function, str):
        found = FUNCTIONS.find(function)
        assert found is not None, function
        function = found
    if not function.of_types:
        args = [_simple(arg) for arg in args]
    if function.compares or function.name in _OF_TEXTS:
        args = _read(function, args)
    if function.instead is not None and (name := function.instead(args)) is not None:
        return apply(name, args)
    least, most = function.args
    if len(args) < least or (most is not None and len(args) > most):
        wanted = str(least) if least == most else f"{least} to {most if most is not None else '…'}"
        raise ArgumentError(f"takes {wanted} arguments, found {len(args)}", 42)
    if not function.nulls:
        return _looking_at_null(function, args)
    if any(arg.type == NOTHING for arg in args):
        return Const(NOTHING, None)
    if any(arg.type.is_nothing for arg in args):
        if all(is_constant(arg) for arg in args):
            return Const(nullable(NOTHING), None)
        return Call(nullable(NOTHING), _UNKNOWN if function.compares else _NULL, args)
    returns = function.returns
    result = returns if isinstance(returns, DataType) else returns([_plain(a) for a in args])
    if any(arg.type.is_nullable for arg in args):
        if not result.can_be_nullable:
            return Call(result, function, [_known(arg) for arg in args])
        result = nullable(result)
    is_low = function.low_cardinality and is_over_dictionary(args)
    if is_low and result.can_be_low_cardinality:
        result = low_cardinality(result)
    return _one_by_one(Call(result, function, args))


_TEXTS = """
concat endsWith extract ilike left like lower lowerUTF8 match notILike notLike position
positionCaseInsensitive positionUTF8 replaceAll replaceOne replaceRegexpAll replaceRegexpOne right
startsWith substring substringUTF8 trimBoth trimLeft trimRight upper upperUTF8
"""
_OF_TEXTS = frozenset(_TEXTS.split())
"""Functions that read what is found in JSON as a text."""
_EXACT = nullable(decimal(38, 9))
"""As what a number that is found in JSON is compared with integers."""


def _read(function: Function, args: list[Expr]) -> list[Expr]:
    """The arguments with values of JSON read as what the function takes: texts, or what they are
    compared with."""
    kinds = [arg.type.bare for arg in args]
    if all(kind.name != "Dynamic" for kind in kinds):
        return args
    wanted = nullable(STRING)
    if function.compares:
        others = [kind for kind in kinds if kind.name != "Dynamic"]
        if not others or others[0].is_nothing or not others[0].can_be_nullable:
            return args
        wanted = _EXACT if others[0].is_integer else nullable(others[0])
    return [
        convert(arg, wanted) if kind.name == "Dynamic" else arg
        for arg, kind in zip(args, kinds, strict=True)
    ]


def _one_by_one(call: Call) -> Expr:
    """What compares tuples that are written, as a condition of their elements: constant as soon as
    one of them decides before the run."""
    if not (call.function.compares and (pairs := element_pairs(call))):
        return call
    parts = [apply(call.function, list(pair)) for pair in pairs]
    return apply("and" if call.function.name == "equals" else "or", parts)


def _looking_at_null(function: Function, args: list[Expr]) -> Expr:
    is_typed = function.takes_nothing or function.window_only
    if not is_typed and any(arg.type == NOTHING and not is_lambda(arg) for arg in args):
        return Const(NOTHING, None)
    returns = function.returns
    result = returns if isinstance(returns, DataType) else returns(args)
    if result.name in ("Array", "Tuple", "Map") and not function.inner_low_cardinality:
        result = without_low_cardinality(result)
    return Call(result, function, args)


def _simple(arg: Expr) -> Expr:
    """A `SimpleAggregateFunction` value is to functions the value that it holds."""
    is_simple = arg.type.name == "SimpleAggregateFunction"
    return convert(arg, arg.type.types[0]) if is_simple else arg


def _known(arg: Expr) -> Expr:
    """An argument with its type's default in place of NULL, which a result that cannot be
    Nullable (an Array) is computed of."""
    if not arg.type.is_nullable:
        return arg
    return apply("ifNull", [arg, Const(arg.type.bare, zero(arg.type.bare))])


def _plain(arg: Expr) -> Expr:
    """An argument as `returns` sees it: without Nullable and LowCardinality."""
    if arg.type.bare is arg.type:
        return arg
    bare = copy(arg)
    bare.type = arg.type.bare
    return bare
