"""`max(x + 1)` as `max(x) + 1`: arithmetic with a constant is done once, on what is aggregated.

ClickHouse rewrites it so, and it shows: `max(x - 1)` of no rows is -1, and of Decimals `sum(x / 3)`
is cut once, not at each row.
"""

from __future__ import annotations

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.aggregate import bind_aggregate
from mini_tb.sql.functions.compose import call
from mini_tb.sql.tree import Aggregate, Call, Const, Expr

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
    if name in _OPPOSITE:
        turns = _is_negative(factor) if operator in _SCALING else operator == "minus"
        if turns is None:
            return aggregate
        if turns and (operator in _SCALING or factor is left):
            name = _OPPOSITE[name]
    bound = bind_aggregate(name, [], [inner])
    known = moved_out(name, Aggregate(bound.type, bound, [inner]))
    found = call(operator, *((factor, known) if factor is left else (known, factor)))
    return found if found.type == aggregate.type else aggregate


def _is_negative(factor: Expr) -> bool | None:
    """The sign of a constant; None if it is not known before the query runs."""
    if isinstance(factor, Const) and isinstance(factor.value, int | float):
        return factor.value < 0
    if isinstance(factor, Const) and isinstance(factor.value, str):
        return factor.value.startswith("-")  # of a text that is converted
    if isinstance(factor, Call) and factor.function.name == "negate":
        inner = _is_negative(factor.args[0])
        return None if inner is None else not inner
    if isinstance(factor, Call) and factor.function.name.startswith("to"):
        return _is_negative(factor.args[0])
    return None
