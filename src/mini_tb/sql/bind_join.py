"""JOIN and ARRAY JOIN: two relations become one, with ClickHouse's defaults for misses.

A column of the side that may miss is its type's default there, not NULL, unless it is Nullable.
Strictness (`ANY`, `SEMI`, `ANTI`) limits how many rows of the other side match a key; it needs the
keys, so the equalities of ON are told apart from the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.apply import apply
from mini_tb.sql.bind_expression import ExpressionBinder
from mini_tb.sql.bind_nested import element as nested_element
from mini_tb.sql.bind_nested import nested_columns
from mini_tb.sql.errors import QueryError, query_error
from mini_tb.sql.functions.constants import zero
from mini_tb.sql.functions.convert import convert, fill_default
from mini_tb.sql.functions.function import ArgumentError, Function
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
    relation_aliases,
)
from mini_tb.types import UINT8, DataType, NoSupertype, least_supertype, nullable

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

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
    if strictness is not None and (kind, strictness) not in _STRICT:
        name = f"{strictness} {kind} JOIN" if strictness else f"{kind} JOIN"
        raise _error(node, scope, "SQ220", f"{name} is not supported", 48)
    if kind == "PASTE" and (left.parts or right.parts):
        raise _error(node, scope, "SQ220", "PASTE JOIN of joins is not supported", 48)
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
        conditions = list(_on(node.on, ExpressionBinder(scope, queries), strictness))
    elif kind not in ("CROSS", "PASTE"):
        raise _error(node, scope, "SQ222", f"{kind} JOIN needs ON or USING", 403)
    if strictness is None:
        conditions = [c for found in conditions for c in _of_elements(found, left, right)]
    left_keys, right_keys, others = _keys(conditions, left, right)
    own = ([], []) if strictness is None else _own(others, left, right)
    if strictness == "ASOF":
        is_strict = len(others) == 1
    else:
        is_strict = strictness in (None, "ANTI") or sum(map(len, own)) == len(others)
    is_each = not is_strict and kind == "LEFT" and strictness in ("ANY", "SEMI")
    if not is_strict and not is_each:
        message = f"{strictness} JOIN takes no comparison of both sides but equalities in its ON"
        raise _error(node, scope, "SQ220", message, 48)
    for side, reduced in ((left, ("RIGHT", "INNER")), (right, ("LEFT", "INNER"))):
        if strictness in ("ANY", "SEMI") and kind in reduced and side.parts:
            message = f"{strictness} {kind} JOIN with a join on its other side is not supported"
            raise _error(node, scope, "SQ220", message, 48)
    nulls = bool(scope.settings.get("join_use_nulls"))
    is_anti = strictness == "ANTI"
    shown_left = left
    if kind in ("RIGHT", "FULL"):
        shown_left = _shown(left, absent=is_anti, nulls=nulls)
    shown_right = right
    if kind in ("LEFT", "FULL") and strictness != "SEMI":
        shown_right = _shown(right, absent=is_anti, nulls=nulls)
    keys: list[RelationColumn] = []
    for name in using:
        pair = [_column(side, name, node, scope) for side in (left, right)]
        try:
            keys.append(_using_column(name, kind, *pair, nulls=nulls))
        except ArgumentError as error:
            message = f"column `{name}` of USING: {error.message}"
            raise _error(node, scope, "SQ222", message, error.code) from None
    for name, key in zip(using, keys, strict=True):
        shown_left, shown_right = (_typed(side, name, key) for side in (shown_left, shown_right))
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
        using=tuple(using),
        left_filters=own[0],
        right_filters=own[1],
        is_each=is_each,
        parts=[shown_left, shown_right],
    )


def _typed(relation: Relation, name: str, key: RelationColumn) -> Relation:
    """The relation with its column of USING in the common type."""
    shown = {c.name: c.expr for c in relation.columns}.get(name)
    if shown is None or shown.type == key.expr.type:
        return relation
    return _replaced(relation, shown, convert(shown, key.expr.type))


def _replaced(relation: Relation, old: Expr, new: Expr) -> Relation:
    columns = [replace(c, expr=new) if c.expr == old else c for c in relation.columns]
    parts = [_replaced(part, old, new) for part in relation.parts]
    return Relation(relation.alias, relation.names, columns, parts=parts)


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


def _on(
    node: syntax.Expression, binder: ExpressionBinder, strictness: str | None
) -> Iterator[Expr]:
    """The conditions of ON. Tuples that are written and compared are keys of the join, in which
    NULLs are equal."""
    if isinstance(node, syntax.Call) and node.name == "and" and node.alias is None:
        for arg in node.args:
            yield from _on(arg, binder, strictness)
        return
    if strictness is None and (pairs := _written_tuples(node)):
        bound = [(binder.bind(a), binder.bind(b)) for a, b in pairs]
        if all(_reads(a) and _reads(b) and not _reads(a) & _reads(b) for a, b in bound):
            yield from (_same(a, b) for a, b in bound)
            return
    yield from _conjuncts(binder.bind(node))


def _written_tuples(
    node: syntax.Expression,
) -> list[tuple[syntax.Expression, syntax.Expression]]:
    """The elements of `(a, b) = (c, d)`, in pairs; none if it is something else."""
    if not isinstance(node, syntax.Call) or node.name != "equals" or len(node.args) != 2:
        return []
    a, b = node.args
    if not (isinstance(a, syntax.Call) and isinstance(b, syntax.Call)):
        return []
    are_tuples = a.name == b.name == "tuple" and len(a.args) == len(b.args)
    return list(zip(a.args, b.args, strict=True)) if are_tuples else []


def _conjuncts(expr: Expr) -> list[Expr]:
    """The parts of a condition that all must hold."""
    if isinstance(expr, Call) and expr.function.name == "and":
        return [part for arg in expr.args for part in _conjuncts(arg)]
    if isinstance(expr, Const) and expr.value in (1, True):
        return []
    return [expr]


def _reads(expr: Expr) -> set[str]:
    """DuckDB's aliases of the relations that an expression reads."""
    return {part.relation for part in expr.walk() if isinstance(part, Column)}


def _keys(
    conditions: list[Expr], left: Relation, right: Relation
) -> tuple[list[Expr], list[Expr], list[Expr]]:
    """The two sides of the equalities between the relations, and the other conditions."""
    ours, theirs = relation_aliases(left), relation_aliases(right)
    left_keys: list[Expr] = []
    right_keys: list[Expr] = []
    others: list[Expr] = []
    for condition in conditions:
        if isinstance(condition, Call) and condition.function.name == "equals":
            a, b = condition.args
            if _reads(b) <= ours and _reads(a) <= theirs:
                a, b = b, a
            if _reads(a) <= ours and _reads(b) <= theirs and _reads(a) and _reads(b):
                left_keys.append(a)
                right_keys.append(b)
                continue
        others.append(condition)
    return left_keys, right_keys, others


def _of_elements(condition: Expr, left: Relation, right: Relation) -> list[Expr]:
    """An equality of tuples of both sides as those of their elements: NULLs in them are equal."""
    if not isinstance(condition, Call) or condition.function.name != "equals":
        return [condition]
    a, b = condition.args
    has_nulls = any(t.is_nullable for side in (a, b) for t in side.type.types)
    if (
        not (a.type.is_tuple and b.type.is_tuple and has_nulls)
        or not _keys([condition], left, right)[0]
    ):
        return [condition]
    return [_same(one, two) for one, two in zip(_elements(a), _elements(b), strict=True)]


def _same(a: Expr, b: Expr) -> Expr:
    is_nullable = a.type.is_nullable or b.type.is_nullable
    return apply("isNotDistinctFrom" if is_nullable else "equals", [a, b])


def _elements(value: Expr) -> list[Expr]:
    if isinstance(value, Call) and value.function.name == "tuple":
        return value.args
    count = len(value.type.types)
    return [apply("tupleElement", [value, Const(UINT8, i + 1)]) for i in range(count)]


def _own(conditions: list[Expr], left: Relation, right: Relation) -> tuple[list[Expr], list[Expr]]:
    """The conditions on the left side alone, and on the right side alone."""
    ours, theirs = relation_aliases(left), relation_aliases(right)
    return (
        [condition for condition in conditions if _reads(condition) <= ours],
        [c for c in conditions if _reads(c) and _reads(c) <= theirs],
    )


def _column(relation: Relation, name: str, node: syntax.Node, scope: Scope) -> Expr:
    for column in relation.columns:
        if column.name == name:
            return column.expr
    raise _error(node, scope, "NM201", f"unknown column `{name}` in USING", 47)


def _shown(relation: Relation, *, absent: bool, nulls: bool) -> Relation:
    """The relation as a join shows the side that may miss: with defaults filled, NULLs by
    `join_use_nulls`, or (of the other side of an ANTI JOIN) with nothing else."""

    def shown(expr: Expr) -> Expr:
        if nulls:
            return Const(nullable(expr.type), None) if absent else _as_nullable(expr)
        return Const(expr.type, zero(expr.type)) if absent else fill_default(expr)

    columns = [RelationColumn(c.name, shown(c.expr), c.starred) for c in relation.columns]
    parts = [_shown(part, absent=absent, nulls=nulls) for part in relation.parts]
    return Relation(relation.alias, relation.names, columns, parts=parts)


def _as_nullable(expr: Expr) -> Expr:
    """The same column, NULL where it misses; a type that cannot be Nullable has its default."""
    if not expr.type.can_be_nullable or expr.type.is_nullable:
        return fill_default(expr)
    return convert(expr, nullable(expr.type))


def _using_column(name: str, kind: str, left: Expr, right: Expr, *, nulls: bool) -> RelationColumn:
    """A column of USING: the side that always has it; of the common type.

    Raises `ArgumentError` if there is none.
    """
    common = _common(left.type, right.type, is_inner=kind == "INNER")
    if kind == "FULL":
        # Neither side's NULL tells a value from a miss where the column is not Nullable.
        shown = nullable(common) if nulls else common
        pair = [convert(left, common), convert(right, common)]
        return RelationColumn(name, fill_default(Call(shown, EITHER, pair)))
    return RelationColumn(name, convert(right if kind == "RIGHT" else left, common))


def _common(left: DataType, right: DataType, *, is_inner: bool) -> DataType:
    """The type of a column of USING."""
    try:
        return least_supertype([left, right])
    except NoSupertype as error:
        if not (is_inner and left.is_integer and right.is_integer):
            raise ArgumentError(str(error), 386) from None
    # Only values that both sides have come out of an INNER JOIN.
    signed, unsigned = (left, right) if left.is_signed else (right, left)
    return signed if signed.bits < unsigned.bits else unsigned


EITHER = Function(
    "_either", UINT8, "coalesce({0}, {1})", (2, 2), nulls=False, exact=True, bytes_ok=True
)
"""The side of a FULL JOIN that has a row."""


def bind_array_join(
    node: syntax.ArrayJoin, source: Relation, scope: Scope, queries: QueryBinder
) -> Relation:
    """`source [LEFT] ARRAY JOIN arrays`: an element stands where the array stood; one that has a
    name of its own (`AS`) hides a column of that name, but is not shown in its place."""
    scope.relations = [source]
    binder = ExpressionBinder(scope, queries)
    alias = queries.fresh("t")
    arrays: list[tuple[str, Expr]] = []
    elements: list[RelationColumn] = []
    named: set[str] = set()
    for name, array, expression in _arrays(node, source, binder):
        if array.type.is_map:
            array = apply("mapToArray", [array])
        if not array.type.is_array:
            raise binder.error(
                "SQ221",
                f"ARRAY JOIN takes arrays, found `{array.type}`",
                expression,
                number=53,
            )
        element = Column(array.type.element, alias, f"e{len(arrays)}")
        arrays.append((name, array))
        if expression.alias is not None:
            named.add(name)
        elements.append(RelationColumn(name, fill_default(element) if node.left else element))
    elements += _whole(node, elements)
    known = {column.name for column in source.columns}
    in_place = {e.name: e for e in elements if e.name in known and e.name not in named}
    # A star stands for the columns of the source only, their elements included.
    added = [replace(e, starred=False) for e in elements if e.name not in in_place]
    columns = [*added, *(in_place.get(c.name, c) for c in source.columns)]
    part = _without(source, in_place)
    part.columns += [e for e in added if e.name.partition(".")[0] in known - {e.name}]  # `t.n.a`
    parts = [part]
    return ArrayJoinRelation(alias, (), columns, source, node.left, arrays, parts=parts)


def _whole(node: syntax.ArrayJoin, elements: list[RelationColumn]) -> Iterator[RelationColumn]:
    """A tuple for each Nested that is joined as a whole, beside its elements `n.a`, `n.b`."""
    names = {element.name for element in elements}
    for expression in node.expressions:
        if isinstance(expression, syntax.Name):
            name = expression.alias or ".".join(expression.parts)
            parts = [element for element in elements if element.name.startswith(f"{name}.")]
            if parts and name not in names:
                yield RelationColumn(name, nested_element(parts))


def _arrays(
    node: syntax.ArrayJoin, source: Relation, binder: ExpressionBinder
) -> Iterator[tuple[str, Expr, syntax.Expression]]:
    """(name of the element, array, as written); `n` of `n.a`, `n.b` (Nested) stands for both."""
    for index, expression in enumerate(node.expressions):
        written = expression.alias
        if isinstance(expression, syntax.Name):
            name = ".".join(expression.parts)
            nested = list(nested_columns(source, name))
            if nested and not any(column.name == name for column in source.columns):
                for column in nested:
                    rest = column.name.rpartition(".")[2]
                    yield f"{written or name}.{rest}", column.expr, expression
                continue
            first, rest = expression.parts[0], ".".join(expression.parts[1:])
            names = {column.name for column in source.columns}
            is_whole = name in names or (first in names and rest not in names)
            written = written or (name if is_whole else rest or name)
        plain = copy(expression)
        plain.alias = None
        yield written or f"element{index}", binder.bind(plain), expression


def _without(relation: Relation, elements: dict[str, RelationColumn]) -> Relation:
    """The relation with its arrays replaced by their elements."""
    columns = [elements.get(c.name, c) for c in relation.columns]
    parts = [_without(part, elements) for part in relation.parts]
    return Relation(relation.alias, relation.names, columns, parts=parts)
