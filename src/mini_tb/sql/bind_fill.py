"""ORDER BY … WITH FILL and INTERPOLATE, bound."""

from __future__ import annotations

from mini_tb.sql import syntax
from mini_tb.sql.bind_expression import ExpressionBinder
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.convert import convert
from mini_tb.sql.functions.datetime_shift import INTERVALS_OF_DATES
from mini_tb.sql.functions.function import ArgumentError, constant
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import (
    FILL_ROW,
    BoundSelect,
    Column,
    Const,
    Expr,
    Fill,
    FillKey,
    Relation,
    RelationColumn,
)
from mini_tb.types import INT64, DataType


def bind_fill(node: syntax.Select, bound: BoundSelect, binder: ExpressionBinder) -> Fill:
    """What WITH FILL and INTERPOLATE of a SELECT ask for. Raises `QueryError`."""
    keys: list[FillKey] = []
    for index, item in enumerate(node.order_by):
        if item.fill is not None:
            keys.append(_key(index, item, item.fill, bound.order_by[index].expr.type, binder))
    if any(key.staleness is not None for key in keys) and len(keys) > 1:
        raise _wrong(binder, node, "STALENESS with several keys is not supported", 48)
    return Fill(keys, _interpolate(node, bound, binder))


def _key(
    index: int, item: syntax.OrderItem, fill: syntax.Fill, of: DataType, binder: ExpressionBinder
) -> FillKey:
    if not (of.is_integer or of.is_float or of.is_date_or_datetime):
        raise _wrong(binder, item, f"WITH FILL takes numbers, dates and times, found `{of}`")
    from_, to = (
        None if part is None else _bound(part, of, binder) for part in (fill.from_, fill.to)
    )
    step = _step(fill.step, of, item, binder)
    staleness = None
    if fill.staleness is not None:
        if from_ is not None:
            raise _wrong(binder, fill.staleness, "WITH FILL takes FROM or STALENESS, not both")
        staleness = _step(fill.staleness, of, item, binder)
    return FillKey(index, from_, to, step, staleness)


def _bound(node: syntax.Expression, of: DataType, binder: ExpressionBinder) -> Expr:
    """FROM or TO: a constant of the key's kind."""
    expr = binder.bind(node)
    fits = (of.is_date and expr.type.is_date) or (of.is_datetime and expr.type.is_date_or_datetime)
    if not is_constant(expr) or not (
        fits or (expr.type.is_number and (of.is_float or not expr.type.is_float))
    ):
        raise _wrong(binder, node, f"expected a constant `{of.bare}`, found `{expr.type}`")
    value = getattr(expr, "value", None)
    if isinstance(value, int) and value < 0 and of.is_integer and not of.is_signed:
        raise _wrong(binder, node, f"`{of.bare}` has no negative values")
    if of.is_integer and expr.type.is_integer:
        return expr  # it may be past the last value of the key's type
    try:
        return convert(expr, of.bare)
    except ArgumentError as error:
        raise _wrong(binder, node, error.message) from None


def _step(
    node: syntax.Expression | None, of: DataType, item: syntax.OrderItem, binder: ExpressionBinder
) -> Expr:
    """STEP or STALENESS: a number or an Interval, along the order."""
    if node is None:
        return Const(INT64, -1 if item.descending else 1)
    expr = binder.bind(node)
    is_interval = expr.type.is_interval and of.is_date_or_datetime
    if of.is_date and is_interval:
        is_interval = expr.type.params[0] in INTERVALS_OF_DATES
    is_number = expr.type.is_number and (of.is_float or expr.type.is_integer)
    if not is_constant(expr) or not (is_interval or is_number):
        raise _wrong(binder, node, f"`{expr.type}` is no step of `{of.bare}`")
    try:
        value = constant(expr)
    except ArgumentError:
        value = None
    if isinstance(value, int | float) and (value == 0 or (value < 0) != item.descending):
        way = "a descending key goes down" if item.descending else "an ascending key goes up"
        raise _wrong(binder, node, f"a step of {value} does not lead on: {way}")
    return expr


def _interpolate(
    node: syntax.Select, bound: BoundSelect, binder: ExpressionBinder
) -> dict[int, Expr | None]:
    if node.interpolate is None:
        return {}
    keys = [key.expr for key in bound.order_by]
    if not node.interpolate:
        return {i: None for i, column in enumerate(bound.columns) if column.expr not in keys}
    positions = {column.name: i for i, column in enumerate(bound.columns)}
    row = [
        RelationColumn(column.name, Column(column.type, FILL_ROW, column.duck_name))
        for column in bound.columns
    ]
    scope = Scope(binder.scope.fragment, binder.scope.catalog, binder.scope.view)
    scope.relations = [Relation(FILL_ROW, (), row)]
    inner = ExpressionBinder(scope, binder.queries)
    found: dict[int, Expr | None] = {}
    for name, expression in node.interpolate:
        if name not in positions:
            raise _wrong(binder, node, f"INTERPOLATE of `{name}`, which is no column", 47)
        index = positions[name]
        found[index] = None
        if expression is not None:
            try:
                found[index] = convert(inner.bind(expression), bound.columns[index].type)
            except ArgumentError as error:
                raise _wrong(binder, expression, error.message) from None
    for index, expr in found.items():
        for part in expr.walk() if expr is not None else ():
            if isinstance(part, Column) and any(
                other != index and bound.columns[other].duck_name == part.name for other in found
            ):
                raise _wrong(binder, node, "INTERPOLATE of a column from another such column", 48)
    return found


def _wrong(
    binder: ExpressionBinder, node: syntax.Node, message: str, number: int = 475
) -> Exception:
    hint = "the ClickHouse engine runs it" if number == 48 else None
    return binder.error("SQ223", message, node, number=number, hint=hint)
