"""`*`, `t.*`, `COLUMNS(…)` and their transformers: which columns they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mini_tb.sql import syntax
from mini_tb.sql.scope import named
from mini_tb.sql.tree import Expr

if TYPE_CHECKING:
    from mini_tb.sql.bind_expression import ExpressionBinder


def expand_star(star: syntax.Star, binder: ExpressionBinder) -> Iterator[tuple[str, Expr]]:
    """(name, expression) of each column that the star stands for, transformed."""
    scope = binder.scope
    columns: list[tuple[str, Expr]] = []
    if star.columns is not None:
        columns = [
            (name, binder.name(syntax.Name(star.start, star.end, (name,)))) for name in star.columns
        ]
    elif star.qualifier:
        qualifier = ".".join(star.qualifier)
        relations = [found for relation in scope.relations for found in named(relation, qualifier)]
        if not relations:
            raise binder.error("NM202", f"unknown table `{qualifier}`", star, number=47)
        columns = [(c.name, c.expr) for c in relations[0].columns]
    elif scope.relations:
        columns = [(c.name, c.expr) for relation in scope.relations for c in relation.columns]
    else:
        raise binder.error("SQ207", "`*` needs a FROM", star, number=51)
    if star.pattern is not None:
        columns = [(name, expr) for name, expr in columns if re.search(star.pattern, name)]
    for kind, subject, params in star.transformers:
        columns = list(_transform(kind, subject, params, columns, binder, star))
    return iter(columns)


def _transform(
    kind: str,
    subject: Any,
    params: Any,
    columns: list[tuple[str, Expr]],
    binder: ExpressionBinder,
    star: syntax.Star,
) -> Iterator[tuple[str, Expr]]:
    if kind == "EXCEPT":
        for name, expr in columns:
            excluded = re.search(subject, name) if isinstance(subject, str) else name in subject
            if not excluded:
                yield name, expr
    elif kind == "REPLACE":
        replacements = dict(subject)
        for name, expr in columns:
            if name in replacements:
                yield name, binder.bind(replacements[name])
            else:
                yield name, expr
    else:
        for name, _expr in columns:
            yield from _apply(subject, params, name, binder, star)


def _apply(
    subject: Any, params: Any, name: str, binder: ExpressionBinder, star: syntax.Star
) -> Iterator[tuple[str, Expr]]:
    column = syntax.Name(star.start, star.end, (name,))
    if isinstance(subject, syntax.Lambda):
        call: syntax.Expression = _substitute(subject.body, subject.params[0], column)
    else:
        call = syntax.Call(star.start, star.end, subject, [column], params)
    from mini_tb.sql.naming import column_name

    yield column_name(call, binder.queries.text_of(binder.scope.view)), binder.bind(call)


def _substitute(
    node: syntax.Expression, name: str, replacement: syntax.Expression
) -> syntax.Expression:
    if isinstance(node, syntax.Name) and node.parts == (name,):
        return replacement
    if isinstance(node, syntax.Call):
        args = [_substitute(arg, name, replacement) for arg in node.args]
        return syntax.Call(
            node.start, node.end, node.name, args, node.params, operator=node.operator
        )
    return node
