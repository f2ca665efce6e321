"""Aggregate calls: what the binder asks for and what the lowering prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.sql.constancy import chosen, is_constant
from mini_tb.sql.functions.aggregates.combinators import Bound
from mini_tb.sql.functions.aggregates.registry import (
    Unsupported,
    bind,
    find_base,
    is_aggregate,
    root_of,
    split_suffix,
)
from mini_tb.sql.functions.aggregates.rows import GroupRows, is_unnesting
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.tree import ArrayJoinCall, Call, Column, Expr
from mini_tb.types import DataType


@dataclass(frozen=True, slots=True)
class BoundAggregate:
    """An aggregate with its combinators and parameters, for arguments of known types."""

    bound: Bound
    simple: DataType | None = None
    """The `SimpleAggregateFunction` that its value is one of, if it is."""

    @property
    def type(self) -> DataType:
        """The type of its value."""
        return self.simple or self.bound.type

    def lower(self, args: list[str], filter_: str | None, over: str = "") -> str:
        """DuckDB text of the aggregate over lowered arguments; `filter_` is a BOOLEAN text, `over`
        an OVER clause."""
        return self.bound.value(GroupRows(tuple(args), filter_, over))


_RESPECTING = {"any": "any_respect_nulls", "anyLast": "anyLast_respect_nulls"}
_ALIASES = {"first_value": "any", "any_value": "any", "last_value": "anyLast"}


def bind_aggregate(
    name: str,
    params: Sequence[Any],
    args: list[Expr],
    *,
    distinct: bool = False,
    respect_nulls: bool = False,
    is_windowed: bool = False,
    row: Expr | None = None,
) -> BoundAggregate:
    """The aggregate for these arguments; one that is a parameter in truth (the delimiter of
    `groupConcat(x, ',')`) is taken out of `args`. `row` is a column of the rows: what is constant
    is tied to it where it must be. Raises `ArgumentError`."""
    if distinct or name.startswith("countDistinct"):
        name = _distinct(name)
    if respect_nulls:
        name = _respecting(name)
    if len(args) == 2 and not params and find_base(name) is find_base("groupConcat"):
        params = [text(args.pop())]
    inner = bind(name, params, [arg.type.plain for arg in args])
    bound = BoundAggregate(inner, _simple(name, inner, args))
    if _must_be_tied(name, bound, args, is_windowed):
        if row is None:
            raise ArgumentError(f"`{name}` of constants alone is not supported", 48)
        args[0] = Call(args[0].type, _OF_ROW, [args[0], row])
    return bound


_CHOOSING = frozenset(
    (
        "min",
        "max",
        "any",
        "anyLast",
        "any_respect_nulls",
        "anyLast_respect_nulls",
        "anyHeavy",
        "argMin",
        "argMax",
    )
)
"""Functions whose value is one of their first argument's."""


def _simple(name: str, bound: Bound, args: Sequence[Expr]) -> DataType | None:
    """The type of the first argument, if that is a `SimpleAggregateFunction` and its very values
    are what the function gives."""
    if not args or args[0].type.name != "SimpleAggregateFunction":
        return None
    is_one = _gives_a_value(name) and bound.type == args[0].type.types[0]
    if bound.type.is_nullable and root_of(name).nulls == "null":
        return None
    return args[0].type if is_one else None


def _gives_a_value(name: str) -> bool:
    """Whether the aggregate gives a value of its first argument; `maxMap` gives one made of parts
    of them."""
    while find_base(name) is None and (split := split_suffix(name)) is not None:
        name, suffix = split
        if suffix in ("Map", "Array", "ForEach", "Resample"):
            return False
    return root_of(name).name in _CHOOSING


_OF_ROW = Function(
    "ofRow",
    lambda args: args[0].type,
    "CASE WHEN {1} IS NULL THEN {0} ELSE {0} END",
    args=(2, 2),
    nulls=False,
    exact=True,
    bytes_ok=True,
)
"""A constant as a value of a row: its first argument."""


def _must_be_tied(name: str, bound: BoundAggregate, args: list[Expr], is_windowed: bool) -> bool:
    """Whether all arguments are constant, and DuckDB would take the function for an aggregate of a
    subquery in it. Raises `ArgumentError` where it cannot be had over a window.

    It is lowered once for that, which also finds parameters that do not fit.
    """
    lowered = bound.lower(["x"] * len(args), None, over="OVER ()" if is_windowed else "")
    if not is_unnesting(lowered):
        return False
    if is_windowed:
        raise ArgumentError(f"`{name}` is not supported over a window", 48)
    return not any(map(_reads_rows, args))


def _reads_rows(expr: Expr) -> bool:
    """Whether a column is sure to stand in the expression's text."""
    if isinstance(expr, Column | ArrayJoinCall):
        return True
    if isinstance(expr, Call) and (expr.function.name == "byteSize" or is_constant(expr)):
        return False
    if isinstance(expr, Call) and expr.function.name in ("if", "multiIf"):
        branch = chosen(expr)
        if branch is not None:
            return _reads_rows(expr.args[branch])
    if isinstance(expr, Call) and expr.function.name in ("ifNull", "coalesce"):
        return _reads_rows(expr.args[0])  # the others are not looked at if it is never NULL
    return any(map(_reads_rows, expr.children()))


def _distinct(name: str) -> str:
    """The function that `name(DISTINCT …)` means: `uniqExact` for `count`."""
    if name.startswith("countDistinct"):
        return name.replace("countDistinct", "uniqExact", 1)
    if name.lower() == "count":
        return "uniqExact"
    if name.endswith("If"):
        return _distinct(name[:-2]) + "If"
    return f"{name}Distinct"


def _respecting(name: str) -> str:
    known = _RESPECTING.get(_ALIASES.get(name.lower(), name))
    if known is None:
        raise ArgumentError(f"`{name}` does not take RESPECT NULLS", 36)
    return known


__all__ = ["BoundAggregate", "Unsupported", "bind_aggregate", "is_aggregate"]
