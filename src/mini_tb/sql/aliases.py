"""The aliases of a SELECT: `expr AS name` at any depth of any of its clauses."""

from __future__ import annotations

from collections.abc import Iterator

from mini_tb.sql import syntax
from mini_tb.sql.errors import query_error
from mini_tb.sql.naming import Namer
from mini_tb.sql.scope import Scope


def collect_aliases(node: syntax.Select, scope: Scope) -> None:
    """Put the aliases of `node` into the scope.

    Raises `QueryError` if one stands for two expressions.
    """
    for star in node.columns:
        for column, replacement in replaced(star):
            scope.aliases.setdefault(column, replacement)
    for root in _roots(node):
        for expression in walk(root):
            name = expression.alias
            if name is None:
                continue
            known = scope.aliases.setdefault(name, expression)
            if known is not expression and Namer().form(known) != Namer().form(expression):
                raise query_error(
                    "SQ215",
                    f"alias `{name}` stands for two expressions",
                    scope.fragment,
                    expression.start,
                    expression.end,
                    number=179,
                )


def replaced(node: syntax.Expression) -> Iterator[tuple[str, syntax.Expression]]:
    """What a star's REPLACE puts in place of columns: conditions see these under their names."""
    if isinstance(node, syntax.Star):
        for kind, subject, _ in node.transformers:
            if kind == "REPLACE":
                yield from subject


def _roots(node: syntax.Select) -> Iterator[syntax.Expression]:
    yield from node.with_expressions
    yield from node.columns
    for condition in (node.prewhere, node.where, node.having, node.qualify):
        if condition is not None:
            yield condition
    yield from node.group_by
    for keys in node.grouping_sets or ():
        yield from keys
    for item in node.order_by:
        yield item.expression
    yield from node.distinct_on
    if node.limit_by is not None:
        yield from node.limit_by.expressions or ()
    for window in node.windows.values():
        yield from _window(window)


def walk(node: syntax.Expression) -> Iterator[syntax.Expression]:
    """An expression and those inside it; subqueries are scopes of their own."""
    yield node
    if isinstance(node, syntax.Call):
        for arg in node.args:
            yield from walk(arg)
        if isinstance(node.over, syntax.WindowSpec):
            for item in _window(node.over):
                yield from walk(item)
    elif isinstance(node, syntax.Lambda):
        yield from walk(node.body)


def _window(window: syntax.WindowSpec) -> Iterator[syntax.Expression]:
    yield from window.partition_by
    for item in window.order_by:
        yield item.expression
