"""What GROUP BY demands: outside of aggregates, only keys and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.aliases import walk
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.tree import (
    Aggregate,
    Column,
    Const,
    Expr,
    Grouping,
    Relation,
    Window,
    relation_aliases,
)

if TYPE_CHECKING:
    from mini_tb.sql.bind_expression import ExpressionBinder


def is_aggregated(expr: Expr) -> bool:
    """Whether the expression aggregates its SELECT's rows (an aggregate over a window does not)."""
    if isinstance(expr, Window):
        inner = [*expr.call.children(), *expr.partition_by, *(key.expr for key in expr.order_by)]
        return any(is_aggregated(child) for child in inner)
    if isinstance(expr, Aggregate | Grouping):
        return True
    return any(is_aggregated(child) for child in expr.children())


def free_of_aggregates(expr: Expr) -> Iterator[Expr]:
    """The largest parts of an expression without aggregates: the keys of GROUP BY ALL."""
    if not is_aggregated(expr):
        if not isinstance(expr, Const):
            yield expr
    elif not isinstance(expr, Aggregate):
        for child in expr.children():
            yield from free_of_aggregates(child)


def check_grouped(
    used: Sequence[tuple[syntax.Expression, Expr]],
    keys: Sequence[Expr],
    source: Relation | None,
    binder: ExpressionBinder,
) -> None:
    """Raises `QueryError` for a column that stands neither in a key nor in an aggregate, at its
    place."""
    own = set() if source is None else relation_aliases(source)
    for node, expr in used:
        found = _ungrouped(expr, keys, own)
        if isinstance(found, Grouping):
            raise binder.error("SQ218", "`grouping` takes keys of GROUP BY", node, number=36)
        if found is not None:
            raise binder.error(
                "SQ217",
                f"column `{found.name}` is neither a key of GROUP BY nor in an aggregate function",
                _place(node, found.name),
                number=215,
                hint=f"add it to GROUP BY, or take `any({found.name})`",
            )


def _ungrouped(expr: Expr, keys: Sequence[Expr], own: set[str]) -> Column | Grouping | None:
    """The first column that has no one value in a group."""
    if isinstance(expr, Const | Aggregate) or expr in keys:
        return None
    if isinstance(expr, Grouping):
        return None if all(key in keys for key in expr.keys) else expr
    if isinstance(expr, Column):
        return expr if expr.relation in own else None
    children = expr.children()
    if isinstance(expr, Window) and isinstance(expr.call, Aggregate):
        # The aggregate is computed over the groups, so its arguments must be known in them.
        children = iter(
            [*expr.call.children(), *expr.partition_by, *(key.expr for key in expr.order_by)]
        )
    for child in children:
        found = _ungrouped(child, keys, own)
        if found is not None:
            return None if is_constant(expr) else found
    return None


def _place(node: syntax.Expression, column: str) -> syntax.Expression:
    """Where the name of a column stands in an expression; the expression if it does not."""
    for part in walk(node):
        if isinstance(part, syntax.Name) and part.parts[-1] == column:
            return part
    return node
