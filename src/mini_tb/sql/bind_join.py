"""JOIN and ARRAY JOIN: two relations become one, with ClickHouse's defaults for misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.bind_expression import ExpressionBinder, apply
from mini_tb.sql.errors import query_error
from mini_tb.sql.functions.convert import fill_default
from mini_tb.sql.scope import Scope, qualified
from mini_tb.sql.tree import (
    ArrayJoinRelation,
    Column,
    Expr,
    JoinRelation,
    Relation,
    RelationColumn,
)

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder


def bind_join(
    node: syntax.Join, left: Relation, right: Relation, scope: Scope, queries: QueryBinder
) -> Relation:
    """`left JOIN right`; the sides stay reachable by their names, defaults filled."""
    kind = "CROSS" if node.kind == "COMMA" else node.kind
    if node.strictness in ("ANY", "ASOF", "SEMI", "ANTI") or kind == "PASTE":
        raise query_error(
            "SQ220",
            f"{node.strictness or kind} JOIN is not supported",
            scope.fragment,
            node.start,
            node.end,
            number=48,
            hint="the ClickHouse engine runs it",
        )
    on: Expr | None = None
    using: list[str] = []
    scope.relations = [left, right]
    if node.using is not None:
        using = [part.parts[-1] for part in node.using if isinstance(part, syntax.Name)]
        pairs = [apply("equals", [_column(left, name), _column(right, name)]) for name in using]
        on = pairs[0] if len(pairs) == 1 else apply("and", pairs)
    elif node.on is not None:
        on = ExpressionBinder(scope, queries).bind(node.on)
    fill_left = kind in ("RIGHT", "FULL")
    fill_right = kind in ("LEFT", "FULL")
    shown_left = _shown(left, fill=fill_left)
    shown_right = _shown(right, fill=fill_right)
    columns = [c for c in shown_left.columns if c.name not in using]
    keys = [_using_column(name, kind, left, right, shown_left, shown_right) for name in using]
    others = [c for c in shown_right.columns if c.name not in using]
    return JoinRelation(
        queries.fresh("t"),
        (),
        [*keys, *columns, *others],
        kind,
        node.strictness,
        left,
        right,
        on,
        using,
        parts=[shown_left, shown_right],
    )


def _column(relation: Relation, name: str) -> Expr:
    for column in relation.columns:
        if column.name == name:
            return column.expr
    from mini_tb.sql.functions.function import ArgumentError

    raise ArgumentError(f"unknown column `{name}` in USING", 47)


def _shown(relation: Relation, *, fill: bool) -> Relation:
    """The relation as the join shows it."""
    if not fill:
        return relation
    columns = [RelationColumn(c.name, fill_default(c.expr)) for c in relation.columns]
    parts = [_shown(part, fill=True) for part in relation.parts]
    return JoinRelation(
        relation.alias, relation.names, columns, "", None, relation, relation, None, parts=parts
    )


def _using_column(
    name: str, kind: str, left: Relation, right: Relation, shown: Relation, other: Relation
) -> RelationColumn:
    if kind == "RIGHT":
        return RelationColumn(name, _column(right, name))
    if kind == "FULL":
        both = [_column(left, name), _column(right, name)]
        return RelationColumn(name, fill_default(apply("coalesce", both)))
    return RelationColumn(name, _column(left, name))


def bind_array_join(
    node: syntax.ArrayJoin, source: Relation, scope: Scope, queries: QueryBinder
) -> Relation:
    """`source [LEFT] ARRAY JOIN arrays`: an element column hides the array of its name."""
    scope.relations = [source]
    binder = ExpressionBinder(scope, queries)
    alias = queries.fresh("t")
    arrays: list[tuple[str, Expr]] = []
    elements: list[RelationColumn] = []
    for expression in node.expressions:
        array = binder.bind(expression)
        if not array.type.is_array:
            raise binder.error(
                "SQ221",
                f"ARRAY JOIN takes arrays, found `{array.type}`",
                expression,
                number=53,
            )
        name = expression.alias or (
            expression.parts[-1] if isinstance(expression, syntax.Name) else f"element{len(arrays)}"
        )
        arrays.append((name, array))
        elements.append(RelationColumn(name, Column(array.type.element, alias, name)))
    hidden = {element.name for element in elements}
    columns = [c for c in source.columns if c.name not in hidden] + elements
    return ArrayJoinRelation(alias, (), columns, source, node.left, arrays, parts=[source])


__all__ = ["bind_array_join", "bind_join", "qualified"]
