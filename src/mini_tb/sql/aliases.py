"""The aliases of a SELECT: `expr AS name` at any depth of any of its clauses."""

from __future__ import annotations

from collections.abc import Iterator

from mini_tb.sql import syntax
from mini_tb.sql.scope import Scope


def collect_aliases(node: syntax.Select, scope: Scope) -> None:
    """Put the aliases of `node` into the scope; the first one of a name wins."""
    roots = [*node.columns, node.prewhere, node.where, node.having, node.qualify]
    roots += [*node.group_by, *(item.expression for item in node.order_by)]
    for root in roots:
        if root is not None:
            for expression in walk(root):
                if expression.alias is not None:
                    scope.aliases.setdefault(expression.alias, expression)


def walk(node: syntax.Expression) -> Iterator[syntax.Expression]:
    """An expression and those inside it; subqueries are scopes of their own."""
    yield node
    if isinstance(node, syntax.Call):
        for arg in node.args:
            yield from walk(arg)
    elif isinstance(node, syntax.Lambda):
        yield from walk(node.body)
