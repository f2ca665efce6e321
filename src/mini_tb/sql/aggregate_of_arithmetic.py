"""`max(x + 1)` as `max(x) + 1`: arithmetic with a constant is done once, on what is aggregated.

ClickHouse rewrites it so, and it shows: `max(x - 1)` of no rows is -1, and of Decimals `sum(x / 3)`
is cut once, not at each row.
"""

from __future__ import annotations

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.aggregate import bind_aggregate
from mini_tb.sql.functions.compose import call
from mini_tb.sql.tree import Aggregate, Call, Const, Expr
from mini_tb.types import UINT8

_SCALING = frozenset({"multiply", "divide"})
_ALL = _SCALING | {"plus", "minus"}
_MOVED = {"sum": _SCALING, "min": _ALL, "max": _ALL, "avg": _ALL}
"""Aggregate → what is moved out of it."""

_OPPOSITE = {"min": "max", "max": "min"}


def moved_out(name: str, aggregate: Aggregate) -> Expr:
    """The expression that ClickHouse computes instead of `name(x)`; the aggregate itself if that
    has another type."""
    name = name.lower()
    if name not in _MOVED or aggregate.filter is not None or len(aggregate.args) != 1:
        return aggregate
    operation = aggregate.args[0]
    if not isinstance(operation, Call) or operation.function.name not in _MOVED[name]:
        return aggregate
    operator, (left, right) = operation.function.name, operation.args
    if is_constant(left) == is_constant(right) or (is_constant(left) and operator == "divide"):
        return aggregate
    factor, inner = (left, right) if is_constant(left) else (right, left)

    def moved(name: str) -> Expr:
        bound = bind_aggregate(name, [], [inner])
        known = moved_out(name, Aggregate(bound.type, bound, [inner]))
        return call(operator, *((factor, known) if factor is left else (known, factor)))

    if name not in _OPPOSITE:
        found = moved(name)
    elif operator in _SCALING:
        found = _by_sign(factor, moved(_OPPOSITE[name]), moved(name))
    else:
        found = moved(_OPPOSITE[name] if operator == "minus" and factor is left else name)
    return found if found.type == aggregate.type else aggregate


def _by_sign(factor: Expr, negative: Expr, other: Expr) -> Expr:
    """One of the two, by the sign of a constant; what is no literal is looked at when it runs."""
    if isinstance(factor, Const) and factor.value is not None:
        return negative if factor.value < 0 else other
    return call("if", call("less", factor, Const(UINT8, 0)), negative, other)
