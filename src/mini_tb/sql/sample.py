"""SAMPLE: the rows whose sampling key lies in a part of its range.

A data source with `ENGINE_SAMPLING_KEY` has a key that spreads rows evenly over an unsigned type;
`SAMPLE 0.1 OFFSET 0.5` takes those from the half of the range on, up to a tenth of it further.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.apply import apply
from mini_tb.sql.bind_expression import ExpressionBinder
from mini_tb.sql.catalog import Table
from mini_tb.sql.errors import QueryError, query_error
from mini_tb.sql.functions.constants import integer_type
from mini_tb.sql.functions.function import ArgumentError, constant
from mini_tb.sql.parser import parse_expression
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import Const, Expr, TableRelation

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder


def sampled(
    table: Table,
    relation: TableRelation,
    item: syntax.TableName,
    scope: Scope,
    queries: QueryBinder,
) -> Expr | None:
    """The condition that SAMPLE puts on the rows of a table; None if it takes all of them."""
    assert item.sample is not None
    size, offset = item.sample
    share = _share(size, scope, queries)
    start = Fraction(0) if offset is None else _share(offset, scope, queries)
    if share == 1 and not start:
        return None
    if table.sampling_key is None:
        raise _refused(f"`{table.name}` has no sampling key", item, scope, 141)
    if share > 1 or start >= 1:
        raise _refused("SAMPLE takes a share of the rows, between 0 and 1", size, scope, 48)
    inner = Scope(scope.fragment, scope.catalog, scope.view)
    inner.relations = [relation]
    key = ExpressionBinder(inner, queries).bind(parse_expression(table.sampling_key))
    if not key.type.is_integer or key.type.is_signed:
        raise _refused(f"the sampling key of `{table.name}` is `{key.type}`", item, scope, 59)
    whole = 1 << key.type.bits
    low, high = int(start * whole), int((start + share) * whole)
    conditions = [] if low == 0 else [_compare("greaterOrEquals", key, low)]
    if high < whole:
        conditions.append(_compare("less", key, high))
    if not conditions:
        return None
    return apply("and", conditions) if len(conditions) > 1 else conditions[0]


def _compare(function: str, key: Expr, bound: int) -> Expr:
    return apply(function, [key, Const(integer_type(bound), bound)])


def _share(node: syntax.Expression, scope: Scope, queries: QueryBinder) -> Fraction:
    """`0.1`, `1/10` or `1`."""
    if isinstance(node, syntax.Call) and node.name == "divide" and len(node.args) == 2:
        over = _share(node.args[1], scope, queries)
        if over:
            return _share(node.args[0], scope, queries) / over
    try:
        value = constant(ExpressionBinder(scope, queries).bind(node))
    except ArgumentError:
        value = None
    if isinstance(value, int | float | Decimal) and value >= 0:
        return Fraction(str(value))
    raise _refused("SAMPLE takes a share of the rows, between 0 and 1", node, scope, 48)


def _refused(message: str, node: syntax.Node, scope: Scope, number: int) -> QueryError:
    return query_error("SQ227", message, scope.fragment, node.start, node.end, number=number)
