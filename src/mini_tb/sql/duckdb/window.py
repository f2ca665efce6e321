"""Windows: the OVER clause, and the functions over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import tree
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.logic import truth
from mini_tb.sql.functions.windows import WINDOW_TEXTS, Over
from mini_tb.types import DataType

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering


def lower_window(lowering: Lowering, expr: tree.Window) -> str:
    """DuckDB text of an aggregate or a window function over its window."""
    over = _over(lowering, expr)
    args = [lowering.expr(arg) for arg in expr.call.args]
    if isinstance(expr.call, tree.Aggregate):
        condition = expr.call.filter
        text = None if condition is None else truth(condition, lowering.expr(condition))
        return expr.call.function.lower(args, text, over=over.clause())
    return WINDOW_TEXTS[expr.call.function.name](expr.call, args, over)


def _over(lowering: Lowering, expr: tree.Window) -> Over:
    keys = [key for key in expr.partition_by if not is_constant(key)]
    partition = ", ".join(map(lowering.expr, keys))
    frame = expr.frame
    if frame is None:
        return Over(partition, ", ".join(map(lowering.order_key, expr.order_by)))
    has_offset = frame.first[1] is not None or frame.last[1] is not None
    number = frame.unit == "RANGE" and has_offset and len(expr.order_by) == 1
    if number:
        order = _numeric_key(lowering, expr.order_by[0])
        wide = _width(expr.order_by[0].expr.type)
    else:
        order, wide = ", ".join(map(lowering.order_key, expr.order_by)), "BIGINT"

    def bound(side: tuple[str, tree.Expr | None]) -> str:
        kind, offset = side
        return kind if offset is None else f"CAST({lowering.expr(offset)} AS {wide}) {kind}"

    return Over(partition, order, (frame.unit, bound(frame.first), bound(frame.last)))


def _numeric_key(lowering: Lowering, key: tree.OrderKey) -> str:
    """The key of a RANGE with offsets as a signed number: they count days of a Date, seconds of a
    DateTime, and reach below zero from an unsigned key."""
    t, text = key.expr.type.bare, lowering.expr(key.expr)
    if t.is_date:
        text = f"date_diff('day', DATE '1970-01-01', {text})"
    elif t.is_datetime:
        text = f"epoch({text})"
    direction = "DESC" if key.descending else "ASC"
    nulls = "FIRST" if key.nulls_first else "LAST"
    return f"CAST({text} AS {_width(t)}) {direction} NULLS {nulls}"


def _width(t: DataType) -> str:
    bare = t.bare
    if bare.is_float or bare.is_decimal or bare.name == "DateTime64":
        return "DOUBLE"
    return "BIGINT" if not bare.is_integer or bare.bits < 64 else "HUGEINT"
