"""Aggregate calls: what the binder asks for and what the lowering prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mini_tb.sql.functions.aggregates.combinators import Bound
from mini_tb.sql.functions.aggregates.registry import bind, is_aggregate
from mini_tb.sql.functions.aggregates.rows import GroupRows
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.sql.tree import Expr
from mini_tb.types import DataType


@dataclass(frozen=True, slots=True)
class BoundAggregate:
    """An aggregate with its combinators and parameters, for arguments of known types."""

    bound: Bound

    @property
    def type(self) -> DataType:
        """The type of its value."""
        return self.bound.type

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
    distinct: bool,
    respect_nulls: bool = False,
) -> BoundAggregate:
    """The aggregate for these arguments. Raises `ArgumentError`."""
    if distinct or name.startswith("countDistinct"):
        name = _distinct(name)
    if respect_nulls:
        name = _respecting(name)
    return BoundAggregate(bind(name, params, [arg.type for arg in args]))


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


__all__ = ["BoundAggregate", "bind_aggregate", "is_aggregate"]
