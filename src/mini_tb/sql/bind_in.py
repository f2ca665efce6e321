"""`x IN …`: a list, an array, a subquery, a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.convert import in_list
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.sql.functions.membership import as_element
from mini_tb.sql.tree import BoundQuery, Const, Expr, InQuery
from mini_tb.types import NOTHING, UINT8, low_cardinality, nullable

if TYPE_CHECKING:
    from mini_tb.sql.bind_expression import ExpressionBinder


def bind_in(node: syntax.Call, binder: ExpressionBinder, *, negated: bool) -> Expr:
    """The membership that a call of `in` or one of its kind means.

    Raises `QueryError`, or `ArgumentError` for values that do not compare.
    """
    from mini_tb.sql.bind_from import is_table, table_query

    if len(node.args) != 2:
        raise binder.error("SQ203", f"`{node.name}` takes two arguments", node, number=42)
    left, right = node.args
    value = binder.bind(left)
    if isinstance(right, syntax.Name) and is_table(right, binder.scope):
        query = table_query(right, binder.scope, binder.queries)
    elif isinstance(right, syntax.Subquery):
        query = binder.queries.subquery(right.query, binder.scope)
    else:
        items = _items(right, value, binder)
        if value.type == NOTHING:
            raise ArgumentError("a value of an empty array has no type, and is in no list", 53)
        if value.type.is_nothing:
            # Among what is no constant it is compared to one after the other.
            found = NOTHING if all(map(is_constant, items)) else UINT8
            return Const(nullable(found), None)
        return in_list(value, items, negated=negated)
    return _in_query(node, value, query, binder, negated=negated)


def _items(node: syntax.Expression, value: Expr, binder: ExpressionBinder) -> list[Expr]:
    """What a list on the right has; a tuple beside a tuple is one item."""
    if not isinstance(node, syntax.Call) or node.name not in ("tuple", "array"):
        return [binder.bind(node)]
    items = [binder.bind(item) for item in node.args]
    if node.name == "tuple" and value.type.is_tuple and not _are_tuples(items):
        return [binder.apply("tuple", items, node)]
    return items


def _are_tuples(items: Sequence[Expr]) -> bool:
    return bool(items) and all(item.type.is_tuple for item in items)


def _in_query(
    node: syntax.Call, value: Expr, query: BoundQuery, binder: ExpressionBinder, *, negated: bool
) -> Expr:
    """`x IN (SELECT …)`; a tuple on the left is compared to as many columns."""
    wide = [column.type for column in query.columns]
    left = value.type.bare.types if value.type.is_tuple and len(wide) > 1 else (value.type,)
    if len(left) != len(wide):
        raise binder.error(
            "SQ214",
            f"IN compares {len(left)} value{'s' if len(left) > 1 else ''} with {len(wide)} columns",
            node,
            number=20,
        )
    if value.type.is_nothing:
        return Const(nullable(NOTHING), None)
    for source, target in zip(left, wide, strict=True):
        if not target.is_nothing:
            as_element("", source, target)
    result = nullable(UINT8) if value.type.is_nullable else UINT8
    if any(column.is_nothing for column in wide):
        return Const(result, int(negated))
    if value.type.plain.name == "LowCardinality":
        result = low_cardinality(result)
    return InQuery(result, value, query, negated)
