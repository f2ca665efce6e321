"""One SELECT: its clauses, bound in the order in which ClickHouse computes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.aliases import collect_aliases, replaced
from mini_tb.sql.apply import apply
from mini_tb.sql.bind_expression import ExpressionBinder
from mini_tb.sql.bind_fill import bind_fill
from mini_tb.sql.bind_from import bind_from
from mini_tb.sql.bind_star import expand_star, untupled
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.grouping import check_grouped, free_of_aggregates, is_aggregated
from mini_tb.sql.label import Labels
from mini_tb.sql.naming import Namer, shown
from mini_tb.sql.scope import NamedQuery, Scope
from mini_tb.sql.settings import check_settings
from mini_tb.sql.table_functions import bound_series
from mini_tb.sql.tree import (
    Aggregate,
    ArrayJoinCall,
    BoundSelect,
    Call,
    Const,
    Expr,
    OrderKey,
    OutputColumn,
    Relation,
    RelationColumn,
    ScalarQuery,
    Window,
    contains,
    queries_inside,
)
from mini_tb.types import NOTHING, UINT8, nullable

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

Item = tuple[syntax.Expression, Expr]
"""An expression as written, and bound."""


class SelectBinder:
    """Binds one SELECT in a scope of its own."""

    def __init__(self, node: syntax.Select, scope: Scope, queries: QueryBinder) -> None:
        self.node = node
        self.scope = scope
        self.queries = queries
        self.binder = ExpressionBinder(scope, queries)
        self.bound = BoundSelect(columns=[])
        self.items: list[syntax.Expression] = []
        """What each column of the answer was written as."""

    def bind(self) -> BoundSelect:
        """The SELECT. Raises `QueryError`."""
        node, scope, bound = self.node, self.scope, self.bound
        if node.settings:
            scope.settings = check_settings(node.settings, node, scope)
        for cte in node.ctes:
            scope.ctes[cte.name] = NamedQuery(cte, scope, node.recursive)
        collect_aliases(node, scope)
        scope.windows.update(node.windows)
        if node.from_ is not None:
            bound.source = bind_from(node.from_, scope, self.queries)
            if scope.array_joins:
                message = "`arrayJoin` cannot stand in JOIN or ARRAY JOIN here"
                hint = "compute it in a subquery"
                raise self.binder.error("SQ212", message, node.from_, number=48, hint=hint)
        else:
            scope.relations = [ONE]
        bound.where = self.filters()
        bound_series(bound.source, bound.where)
        bound.columns = self.output()
        having = self.condition(node.having)
        order_by = self.order_by()
        bound.qualify = self.condition(node.qualify)
        self.grouping(having, order_by)
        bound.distinct = node.distinct
        bound.distinct_on = [self.positioned(item) for item in node.distinct_on]
        self.limits()
        bound.array_joins = scope.array_joins
        return bound

    # Columns -------------------------------------------------------------------------------

    def output(self) -> list[OutputColumn]:
        """The columns of the answer, stars expanded; DuckDB's names are distinct, and UTF-8."""
        scope, binder = self.scope, self.binder
        columns: list[OutputColumn] = []
        taken: set[str] = set()

        def add(name: str, expr: Expr, node: syntax.Expression) -> None:
            if expr.type == NOTHING:
                message = f"`{name}` is taken from an empty array, and has no type"
                raise binder.error("SQ204", message, node, number=43)
            known = duck_name = shown(name)
            number = 1
            while duck_name.lower() in taken:
                number += 1
                duck_name = f"{known}_{number}"
            taken.add(duck_name.lower())
            columns.append(OutputColumn(name, duck_name, expr.type, expr))
            self.items.append(node)

        labels = Labels(scope)

        def label(named: syntax.Name | syntax.Star) -> str:
            if isinstance(named, syntax.Name):
                return labels.name(named)
            return ", ".join(labels.column(*column) for column in expand_star(named, binder))

        namer = Namer(self.queries.text_of(scope.view), label)
        namer.before = lambda: sum(map(queries_inside, scope.relations))
        for item in self.node.columns:  # columns see what REPLACE makes only after it
            for name, expression in replaced(item):
                if scope.aliases.get(name) is expression:
                    del scope.aliases[name]
        for item in self.node.columns:
            if isinstance(item, syntax.Star):
                made = dict(replaced(item))
                for name, expr in expand_star(item, binder):
                    add(name if name in made else labels.column(name, expr), expr, item)
                for name, expression in replaced(item):
                    scope.aliases.setdefault(name, expression)
            elif isinstance(item, syntax.Call) and item.name == "untuple":
                for alias, element in untupled(item, binder):
                    add(alias or namer.column(element), binder.bind(element), item)
            else:
                is_alias = item.alias is not None and scope.aliases.get(item.alias) is item
                expr = binder.aliased(item.alias or "", item) if is_alias else binder.bind(item)
                add(namer.column(item), expr, item)
        return columns

    # Conditions ----------------------------------------------------------------------------

    def condition(self, node: syntax.Expression | None) -> Expr | None:
        """A condition: any number, Bool, or NULL."""
        if node is None:
            return None
        expr = self.binder.bind(node)
        if not expr.type.is_number and expr.type != nullable(NOTHING):
            raise self.binder.error(
                "SQ209",
                f"a condition must be a number or Bool, found `{expr.type}`",
                node,
                number=59,
            )
        return expr

    def filters(self) -> Expr | None:
        """PREWHERE and WHERE together."""
        found: list[Expr] = []
        for clause, node in (("PREWHERE", self.node.prewhere), ("WHERE", self.node.where)):
            self.scope.clause = clause
            condition = self.condition(node)
            if condition is not None:
                found.append(condition)
        self.scope.clause = None
        return _all(found)

    # Keys ----------------------------------------------------------------------------------

    def positioned(self, node: syntax.Expression) -> Expr:
        """An item of GROUP BY, ORDER BY, LIMIT BY: an expression, or a column's position."""
        if isinstance(node, syntax.Constant) and type(node.value) is int and node.alias is None:
            columns, index = self.bound.columns, node.value
            if index < 0:
                index += len(columns) + 1
            if not 1 <= index <= len(columns):
                raise self.binder.error(
                    "SQ210",
                    f"position {node.value} is out of range: there are {len(columns)} columns",
                    node,
                    number=36,
                )
            expr = columns[index - 1].expr
            assert expr is not None
            return expr
        return self.binder.bind(node)

    def keys(self, nodes: Sequence[syntax.Expression]) -> list[Expr]:
        """Keys of GROUP BY; a tuple stands for its elements."""
        found: list[Expr] = []
        self.scope.clause = "GROUP BY"
        for node in nodes:
            key = self.positioned(node)
            if isinstance(node, syntax.Constant):
                self.binder.refuse_aggregates(key, str(node.value), node)
            is_tuple = isinstance(key, Call) and key.function.name == "tuple"
            is_tuple = is_tuple and not is_constant(key)
            parts = key.args if is_tuple and isinstance(key, Call) else [key]
            found += [part for part in parts if part not in found]
        self.scope.clause = None
        return found

    def grouping(self, having: Expr | None, order_by: list[Item]) -> None:
        """GROUP BY, and what it means for the other clauses."""
        node, bound = self.node, self.bound
        used: list[Item] = [
            (item, column.expr)
            for item, column in zip(self.items, bound.columns, strict=True)
            if column.expr is not None
        ]
        used += order_by
        for clause, expr in ((node.having, having), (node.qualify, bound.qualify)):
            if clause is not None and expr is not None:
                used.append((clause, expr))
        if node.group_by_all:
            bound.group_by = []
            for column in bound.columns:
                assert column.expr is not None
                bound.group_by += [
                    key for key in free_of_aggregates(column.expr) if key not in bound.group_by
                ]
        elif node.grouping_sets is not None:
            bound.grouping_sets = [self.keys(items) for items in node.grouping_sets]
            if len(bound.grouping_sets) > 1 and not any(
                contains(e, Aggregate) for _node, e in used
            ):
                # ClickHouse makes no row of all rows if there is nothing to compute of them.
                bound.grouping_sets = [keys for keys in bound.grouping_sets if keys]
            bound.group_by = []
            for keys in bound.grouping_sets:
                bound.group_by += [key for key in keys if key not in bound.group_by]
        elif node.group_by:
            bound.group_by = self.keys(node.group_by)
            bound.is_keyed = True
        elif any(is_aggregated(expr) for _node, expr in used):
            bound.group_by = []
        bound.grouping = node.grouping
        bound.with_totals = node.with_totals
        if bound.group_by is None:
            # Without groups, HAVING filters rows.
            bound.where = _all([c for c in (bound.where, having) if c is not None])
        else:
            bound.having = having
        self.qualified([expr for _node, expr in used])
        if bound.group_by is None:
            return
        check_grouped(used, bound.group_by, bound.source, self.binder)
        for item, expr in used:
            if any(map(_multiplies_groups, self.before_array_joins(expr))):
                message = "`arrayJoin` of aggregates cannot stand in HAVING, windows or WITH TOTALS"
                hint = "compute the groups in a subquery"
                raise self.binder.error("SQ212", message, item, number=48, hint=hint)

    def before_array_joins(self, expr: Expr) -> Iterator[Expr]:
        """What of an expression is computed before the `arrayJoin`s of groups."""
        if expr is self.bound.having or self.bound.with_totals:
            yield expr
        yield from (part for part in expr.walk() if isinstance(part, Window))

    def qualified(self, used: Sequence[Expr]) -> None:
        """QUALIFY where there are no windows: one more condition of the rows, or of the groups."""
        bound = self.bound
        if bound.qualify is None or any(contains(expr, Window) for expr in used):
            return
        if bound.group_by is None:
            bound.where = _all([c for c in (bound.where, bound.qualify) if c is not None])
        else:
            bound.having = _all([c for c in (bound.having, bound.qualify) if c is not None])
        bound.qualify = None

    # Order and limits ------------------------------------------------------------------------

    def order_by(self) -> list[Item]:
        """ORDER BY with its WITH FILL; the items as written and bound."""
        node, bound = self.node, self.bound
        if node.order_by_all:
            way = node.order_by[0]
            for column in bound.columns:
                assert column.expr is not None
                key = OrderKey(column.expr, way.descending, bool(way.nulls_first))
                bound.order_by.append(key)
            return []
        found: list[Item] = []
        for item in node.order_by:
            expr = self.positioned(item.expression)
            if item.collate is not None:
                raise self.binder.error("SQ226", "COLLATE is not supported", item, number=48)
            bound.order_by.append(OrderKey(expr, item.descending, bool(item.nulls_first)))
            found.append((item.expression, expr))
        if any(item.fill is not None for item in node.order_by):
            bound.fill = bind_fill(node, bound, self.binder)
        return found

    def limits(self) -> None:
        """LIMIT, OFFSET and LIMIT BY."""
        node, bound = self.node, self.bound
        bound.limit = self.count(node.limit)
        bound.offset = self.count(node.offset)
        bound.with_ties = node.with_ties
        if node.with_ties and not node.order_by:
            raise self.binder.error(
                "SQ216", "LIMIT … WITH TIES needs ORDER BY", node.limit or node, number=62
            )
        by = node.limit_by
        if by is None:
            return
        if node.distinct_on:
            raise self.binder.error(
                "SQ216", "DISTINCT ON and LIMIT BY cannot be combined", by.count, number=62
            )
        keys = [c.expr for c in bound.columns if c.expr is not None]
        if by.expressions is not None:
            keys = [self.positioned(item) for item in by.expressions]
        count = self.count(by.count)
        assert count is not None
        for part in (by.count, by.offset):
            if isinstance(part, syntax.Constant) and isinstance(part.value, float):
                raise self.binder.error("SQ211", "LIMIT BY takes whole numbers", part, number=48)
        bound.limit_by = (count, self.count(by.offset), keys)

    def count(self, node: syntax.Expression | None) -> Expr | None:
        """A LIMIT or OFFSET: a constant number. Below zero it counts from the end, a fraction is
        a share of the rows."""
        if node is None:
            return None
        expr = self.binder.bind(node)
        value = expr.value if isinstance(expr, Const) else 0
        if isinstance(expr, ScalarQuery) and expr.type.is_number:
            return expr
        if (
            not is_constant(expr)
            or not expr.type.is_number
            or expr.type.is_nullable
            or (isinstance(value, float) and not 0 < value < 1 and not value.is_integer())
        ):
            raise self.binder.error("SQ211", "LIMIT takes a constant number", node, number=440)
        return expr


ONE = Relation("one", (), [RelationColumn("dummy", Const(UINT8, 0))])
"""What a SELECT without FROM reads: a row."""


def _multiplies_groups(expr: Expr) -> bool:
    joins = (part for part in expr.walk() if isinstance(part, ArrayJoinCall))
    return any(contains(call, Aggregate) for call in joins)


def _all(conditions: list[Expr]) -> Expr | None:
    return apply("and", conditions) if len(conditions) > 1 else next(iter(conditions), None)
