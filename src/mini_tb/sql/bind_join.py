"""JOIN and ARRAY JOIN: two relations become one, with ClickHouse's defaults for misses.

A column of the side that may miss is its type's default there, not NULL, unless it is Nullable.
Strictness (`ANY`, `SEMI`, `ANTI`) limits how many rows of the other side match a key; it needs the
keys, so the equalities of ON are told apart from the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.bind_expression import ExpressionBinder, apply
from mini_tb.sql.errors import QueryError, query_error
from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.constants import zero
from mini_tb.sql.functions.convert import convert, fill_default
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import (
    ArrayJoinRelation,
    Call,
    Column,
    Const,
    Expr,
    JoinRelation,
    Relation,
    RelationColumn,
)

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

_INEQUALITIES = {"less", "lessOrEquals", "greater", "greaterOrEquals"}
_STRICT = {
    (kind, strictness)
    for strictness, kinds in {
        "ANY": ("INNER", "LEFT", "RIGHT"),
        "SEMI": ("LEFT", "RIGHT"),
        "ANTI": ("LEFT", "RIGHT"),
        "ASOF": ("INNER", "LEFT"),
    }.items()
    for kind in kinds
}


def bind_join(
    node: syntax.Join, left: Relation, right: Relation, scope: Scope, queries: QueryBinder
) -> Relation:
    """`left JOIN right`; the sides stay reachable by their names, defaults filled."""
    kind = "CROSS" if node.kind == "COMMA" else node.kind
    strictness = None if node.strictness == "ALL" else node.strictness
    if strictness in ("SEMI", "ANTI") and kind == "INNER":
        kind = "LEFT"
    if kind == "PASTE" or (strictness is not None and (kind, strictness) not in _STRICT):
        name = f"{strictness} {kind} JOIN" if strictness else f"{kind} JOIN"
        raise _error(node, scope, "SQ220", f"{name} is not supported", 48)
    scope.relations = [left, right]
    using: list[str] = []
    conditions: list[Expr] = []
    if node.using is not None:
        using = [part.parts[-1] for part in node.using if isinstance(part, syntax.Name)]
        for name in using:
            pair = [_column(left, name, node, scope), _column(right, name, node, scope)]
            last = strictness == "ASOF" and name == using[-1]
            conditions.append(apply("greaterOrEquals" if last else "equals", pair))
    elif node.on is not None:
        conditions = list(_conjuncts(ExpressionBinder(scope, queries).bind(node.on)))
    elif kind != "CROSS":
        raise _error(node, scope, "SQ222", f"{kind} JOIN needs ON or USING", 403)
    left_keys, right_keys = _keys(conditions, left, right)
    if strictness is not None and len(left_keys) < len(conditions) - (strictness == "ASOF"):
        raise _error(node, scope, "SQ220", f"{strictness} JOIN takes equalities only in its ON", 48)
    for side, reduced in ((left, ("RIGHT", "INNER")), (right, ("LEFT", "INNER"))):
        if strictness in ("ANY", "SEMI") and kind in reduced and side.parts:
            message = f"{strictness} {kind} JOIN with a join on its other side is not supported"
            raise _error(node, scope, "SQ220", message, 48)
    shown_left = _shown(left, fill=kind in ("RIGHT", "FULL"), absent=_is(kind, strictness, "RIGHT"))
    shown_right = _shown(right, fill=kind in ("LEFT", "FULL"), absent=_is(kind, strictness, "LEFT"))
    keys = [
        _using_column(
            name, kind, _column(left, name, node, scope), _column(right, name, node, scope)
        )
        for name in using
    ]
    columns = [c for c in (*shown_left.columns, *shown_right.columns) if c.name not in using]
    return JoinRelation(
        queries.fresh("t"),
        (),
        [*keys, *columns],
        kind,
        strictness,
        left,
        right,
        _all(conditions),
        left_keys=left_keys,
        right_keys=right_keys,
        parts=[shown_left, shown_right],
    )


def _error(node: syntax.Node, scope: Scope, code: str, message: str, number: int) -> QueryError:
    return query_error(
        code,
        message,
        scope.fragment,
        node.start,
        node.end,
        number=number,
        hint="the ClickHouse engine runs it" if number == 48 else None,
    )


def _all(conditions: list[Expr]) -> Expr | None:
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else apply("and", conditions)


def _conjuncts(expr: Expr) -> list[Expr]:
    """The parts of a condition that all must hold."""
    if isinstance(expr, Call) and expr.function.name == "and":
        return [part for arg in expr.args for part in _conjuncts(arg)]
    if isinstance(expr, Const) and expr.value in (1, True):
        return []
    return [expr]


def _aliases(relation: Relation) -> set[str]:
    """DuckDB's aliases of everything inside a relation."""
    found = {relation.alias}
    if isinstance(relation, JoinRelation):
        found |= _aliases(relation.left) | _aliases(relation.right)
    elif isinstance(relation, ArrayJoinRelation):
        found |= _aliases(relation.source)
    return found


def _keys(conditions: list[Expr], left: Relation, right: Relation) -> tuple[list[Expr], list[Expr]]:
    """The two sides of the equalities between the relations."""
    ours, theirs = _aliases(left), _aliases(right)

    def side(expr: Expr) -> set[str]:
        return {part.relation for part in expr.walk() if isinstance(part, Column)}

    left_keys: list[Expr] = []
    right_keys: list[Expr] = []
    for condition in conditions:
        if not isinstance(condition, Call) or condition.function.name != "equals":
            continue
        a, b = condition.args
        if side(b) <= ours and side(a) <= theirs:
            a, b = b, a
        if side(a) <= ours and side(b) <= theirs and side(a) and side(b):
            left_keys.append(a)
            right_keys.append(b)
    return left_keys, right_keys


def _column(relation: Relation, name: str, node: syntax.Node, scope: Scope) -> Expr:
    for column in relation.columns:
        if column.name == name:
            return column.expr
    raise _error(node, scope, "NM201", f"unknown column `{name}` in USING", 47)


def _is(kind: str, strictness: str | None, anti: str) -> bool:
    return strictness == "ANTI" and kind == anti


def _shown(relation: Relation, *, fill: bool, absent: bool = False) -> Relation:
    """The relation as the join shows it: as it is, with defaults filled, or with defaults only
    (the other side of an ANTI JOIN never has a row)."""
    if not fill:
        return relation
    columns = [
        RelationColumn(
            c.name, Const(c.expr.type, zero(c.expr.type)) if absent else fill_default(c.expr)
        )
        for c in relation.columns
    ]
    parts = [_shown(part, fill=True, absent=absent) for part in relation.parts]
    return Relation(relation.alias, relation.names, columns, parts=parts)


def _using_column(name: str, kind: str, left: Expr, right: Expr) -> RelationColumn:
    """A column of USING: the side that always has it; of the common type."""
    if kind == "FULL":
        # Neither side's NULL tells a value from a miss where the column is not Nullable.
        return RelationColumn(name, fill_default(apply("coalesce", [left, right])))
    expr = right if kind == "RIGHT" else left
    try:
        return RelationColumn(name, convert(expr, supertype([left.type, right.type])))
    except ArgumentError:
        return RelationColumn(name, expr)


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
        if array.type.is_map:
            array = apply("mapToArray", [array])
        if not array.type.is_array:
            raise binder.error(
                "SQ221",
                f"ARRAY JOIN takes arrays, found `{array.type}`",
                expression,
                number=53,
            )
        name = expression.alias or (
            ".".join(expression.parts)
            if isinstance(expression, syntax.Name)
            else f"element{len(arrays)}"
        )
        arrays.append((name, array))
        element = Column(array.type.element, alias, name)
        elements.append(RelationColumn(name, fill_default(element) if node.left else element))
    hidden = {element.name for element in elements}
    columns = [next((e for e in elements if e.name == c.name), c) for c in source.columns] + [
        e for e in elements if e.name not in {c.name for c in source.columns}
    ]
    parts = [_without(part, hidden, elements) for part in (source, *source.parts)]
    return ArrayJoinRelation(alias, (), columns, source, node.left, arrays, parts=parts)


def _without(relation: Relation, hidden: set[str], elements: list[RelationColumn]) -> Relation:
    """The relation with its arrays replaced by their elements."""
    columns = [
        next(e for e in elements if e.name == c.name) if c.name in hidden else c
        for c in relation.columns
    ]
    return Relation(relation.alias, relation.names, columns)
