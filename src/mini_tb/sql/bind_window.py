"""OVER: the window of an aggregate or a window function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.tree import Aggregate, Call, Expr, OrderKey, Window, WindowFrame

if TYPE_CHECKING:
    from mini_tb.sql.bind_expression import ExpressionBinder


def bind_window(call: Aggregate | Call, node: syntax.Call, binder: ExpressionBinder) -> Window:
    """The call over the window that `node` says, itself or by name; a window may have a base."""
    over = node.over
    spec = _named(over, node, binder) if isinstance(over, str) else over
    assert spec is not None
    partition, order, frame = list(spec.partition_by), list(spec.order_by), spec.frame
    if spec.base is not None:
        base = _named(spec.base, node, binder)
        partition = list(base.partition_by) or partition
        order = order or list(base.order_by)
        frame = frame or base.frame
    _check_frame(node, frame, binder, is_ordered=bool(order))
    return Window(
        call.type,
        call,
        [binder.bind(item) for item in partition],
        [
            OrderKey(binder.bind(item.expression), item.descending, bool(item.nulls_first))
            for item in order
        ],
        None if frame is None else _frame(frame, binder),
    )


def _check_frame(
    node: syntax.Call, frame: syntax.Frame | None, binder: ExpressionBinder, *, is_ordered: bool
) -> None:
    """An error where the function does not take the frame that is written."""
    name = node.name.lower()
    allowed = _FRAMES.get(name)
    is_whole = frame is not None and (frame.first[0], frame.last[0]) == _WHOLE
    fits = allowed is None or frame is None or (is_whole and frame.unit in allowed)
    if fits and (is_ordered or name != "ntile"):
        return
    message = f"`{node.name}` needs ORDER BY" if fits else f"`{node.name}` does not take this frame"
    hint = None if fits else "leave the frame out: the function looks at the whole partition"
    raise binder.error("SQ204", message, node, number=36, hint=hint)


_WHOLE = ("UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING")
_FRAMES = {
    "lag": (),
    "lead": (),
    "percent_rank": ("RANGE",),
    "percentrank": ("RANGE",),
    "cume_dist": ("RANGE",),
    "ntile": ("ROWS", "RANGE"),
}
"""Functions that take no frame but that of the whole partition, and in which units they take it."""


def _named(name: str, node: syntax.Node, binder: ExpressionBinder) -> syntax.WindowSpec:
    if name not in binder.scope.windows:
        raise binder.error("NM203", f"unknown window `{name}`", node, number=36)
    return binder.scope.windows[name]


def _frame(frame: syntax.Frame, binder: ExpressionBinder) -> WindowFrame:
    def bound(side: tuple[str, syntax.Expression | None]) -> tuple[str, Expr | None]:
        kind, expression = side
        return kind, None if expression is None else binder.bind(expression)

    return WindowFrame(frame.unit, bound(frame.first), bound(frame.last))
