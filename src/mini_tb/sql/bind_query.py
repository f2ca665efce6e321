"""Queries: FROM, the clauses of a SELECT, set operations, CTEs and views, bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mini_tb.diagnostics import nearest
from mini_tb.source import Fragment
from mini_tb.sql import syntax
from mini_tb.sql.aliases import collect_aliases
from mini_tb.sql.bind_expression import ExpressionBinder, apply
from mini_tb.sql.bind_join import bind_array_join, bind_join
from mini_tb.sql.bind_star import expand_star
from mini_tb.sql.catalog import Catalog, Table, View
from mini_tb.sql.errors import query_error
from mini_tb.sql.functions.convert import convert
from mini_tb.sql.functions.function import ArgumentError, ValueDecidesShape
from mini_tb.sql.label import Labels
from mini_tb.sql.naming import Namer
from mini_tb.sql.parser import parse_statement
from mini_tb.sql.scope import NamedQuery, Scope
from mini_tb.sql.table_functions import bind_table_function
from mini_tb.sql.tree import (
    Aggregate,
    BoundQuery,
    BoundSelect,
    BoundSet,
    Column,
    Const,
    Expr,
    FillKey,
    OrderKey,
    OutputColumn,
    QueryRelation,
    Relation,
    RelationColumn,
    TableRelation,
    contains,
    is_constant,
)
from mini_tb.types import NoSupertype, least_supertype

MAX_VIEW_DEPTH = 64


class QueryBinder:
    """Binds the queries of one compilation, and remembers what they use."""

    def __init__(
        self, values: Mapping[str, Any], inlined: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        self.values: dict[str, Mapping[str, Any]] = {"": values}
        self.inlined = inlined
        self.parameters: dict[str, tuple[str, str]] = {}
        """Name in DuckDB's text → (view, value's name)."""
        self.tables: set[str] = set()
        """Every data source and view that is read, at any depth."""
        self.views: dict[str, None] = {}
        self._numbers: dict[str, int] = {}
        self._depth = 0

    def fresh(self, prefix: str) -> str:
        """A name that nothing else in the compiled text has."""
        number = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}{number}"

    # Bound values --------------------------------------------------------------------------

    def parameter(self, view: str, name: str) -> str:
        """The name in DuckDB's text of a bound value."""
        for duck_name, key in self.parameters.items():
            if key == (view, name):
                return duck_name
        duck_name = self.fresh("p")
        self.parameters[duck_name] = (view, name)
        return duck_name

    def parameter_value(self, view: str, name: str) -> tuple[bool, Any]:
        """Whether a value decides the query's shape and so is part of its text, and the value."""
        value = self.values.get(view, {}).get(name)
        return (view, name) in self.inlined, getattr(value, "value", value)

    def text_of(self, view: str) -> Callable[[str], str]:
        """Gives the ClickHouse text of a bound value, for column names."""

        def text(name: str) -> str:
            value = self.values.get(view, {}).get(name)
            return str(getattr(value, "text", value))

        return text

    # Queries -------------------------------------------------------------------------------

    def statement(self, sql: Fragment, catalog: Catalog) -> tuple[syntax.Statement, BoundQuery]:
        """A whole text, parsed and bound."""
        statement = parse_statement(sql)
        scope = Scope(sql, catalog)
        return statement, self.query(statement.query, scope)

    def subquery(self, query: syntax.Query, scope: Scope) -> BoundQuery:
        """A query inside another, which sees the other's CTEs and scalar WITH."""
        return self.query(query, scope.child())

    def query(self, query: syntax.Query, scope: Scope) -> BoundQuery:
        """A query in a scope of its own."""
        if isinstance(query, syntax.SetOperation):
            for cte in query.ctes:
                scope.ctes[cte.name] = NamedQuery(cte, scope)
            left = self.query(query.left, scope.child())
            right = self.query(query.right, scope.child())
            return self.set_operation(query, left, right, scope)
        return self.select(query, scope)

    def set_operation(
        self, node: syntax.SetOperation, left: BoundQuery, right: BoundQuery, scope: Scope
    ) -> BoundQuery:
        if len(left.columns) != len(right.columns):
            raise query_error(
                "SQ208",
                f"{node.operator} of {len(left.columns)} and {len(right.columns)} columns",
                scope.fragment,
                node.start,
                node.end,
                number=53,
            )
        columns: list[OutputColumn] = []
        for a, b in zip(left.columns, right.columns, strict=True):
            try:
                common = least_supertype([a.type, b.type])
            except NoSupertype as error:
                raise query_error(
                    "SQ208", str(error), scope.fragment, node.start, node.end, number=386
                ) from None
            columns.append(OutputColumn(a.name, a.duck_name, common))
        return BoundSet(node.operator, columns, left, right)

    # SELECT ----------------------------------------------------------------------------------

    def select(self, node: syntax.Select, scope: Scope) -> BoundSelect:
        """One SELECT."""
        for cte in node.ctes:
            scope.ctes[cte.name] = NamedQuery(cte, scope)
        for expression in node.with_expressions:
            if expression.alias is not None:
                scope.with_aliases[expression.alias] = expression
        scope.windows.update(node.windows)
        source = self.from_(node.from_, scope) if node.from_ is not None else None
        collect_aliases(node, scope)
        binder = ExpressionBinder(scope, self)
        bound = BoundSelect(columns=[], source=source)
        bound.where = self.conditions([node.prewhere, node.where], binder)
        bound.columns = self.output(node, binder)
        self.grouping(node, bound, binder)
        bound.having = self.condition(node.having, binder)
        bound.qualify = self.condition(node.qualify, binder)
        bound.distinct = node.distinct
        bound.distinct_on = [self.position(item, bound, binder) for item in node.distinct_on]
        self.order(node, bound, binder)
        self.limits(node, bound, binder)
        bound.array_joins = scope.array_joins
        return bound

    def output(self, node: syntax.Select, binder: ExpressionBinder) -> list[OutputColumn]:
        """The columns of the answer, stars expanded; DuckDB's names are made distinct."""
        scope = binder.scope
        columns: list[OutputColumn] = []
        taken: set[str] = set()

        def add(name: str, expr: Expr) -> None:
            duck_name, number = name, 1
            while duck_name.lower() in taken:
                number += 1
                duck_name = f"{name}_{number}"
            taken.add(duck_name.lower())
            columns.append(OutputColumn(name, duck_name, expr.type, expr))

        labels = Labels(scope)

        def label(named: syntax.Name | syntax.Star) -> str:
            if isinstance(named, syntax.Name):
                return labels.name(named)
            return ", ".join(labels.column(*column) for column in expand_star(named, binder))

        namer = Namer(self.text_of(scope.view), label)
        for item in node.columns:
            if isinstance(item, syntax.Star):
                for name, expr in expand_star(item, binder):
                    add(labels.column(name, expr), expr)
            else:
                is_alias = item.alias is not None and scope.aliases.get(item.alias) is item
                expr = binder.aliased(item.alias or "", item) if is_alias else binder.bind(item)
                add(namer.column(item), expr)
        return columns

    def condition(self, node: syntax.Expression | None, binder: ExpressionBinder) -> Expr | None:
        """A condition: any number, Bool, or NULL."""
        if node is None:
            return None
        expr = binder.bind(node)
        if not expr.type.is_number and not expr.type.is_nothing:
            raise binder.error(
                "SQ209",
                f"a condition must be a number or Bool, found `{expr.type}`",
                node,
                number=59,
            )
        return expr

    def conditions(
        self, nodes: Sequence[syntax.Expression | None], binder: ExpressionBinder
    ) -> Expr | None:
        """PREWHERE and WHERE together."""
        bound = [expr for node in nodes if (expr := self.condition(node, binder)) is not None]
        return apply("and", bound) if len(bound) > 1 else (bound[0] if bound else None)

    def position(
        self, node: syntax.Expression, bound: BoundSelect, binder: ExpressionBinder
    ) -> Expr:
        """An item of GROUP BY, ORDER BY, LIMIT BY: an expression, or a column's position."""
        if isinstance(node, syntax.Constant) and isinstance(node.value, int) and node.alias is None:
            index = node.value if not isinstance(node.value, bool) else 0
            if index < 0:
                index += len(bound.columns) + 1
            if not 1 <= index <= len(bound.columns):
                raise binder.error(
                    "SQ210",
                    f"position {node.value} is out of range: there are "
                    f"{len(bound.columns)} columns",
                    node,
                    number=36,
                )
            expr = bound.columns[index - 1].expr
            assert expr is not None
            return expr
        return binder.bind(node)

    def grouping(self, node: syntax.Select, bound: BoundSelect, binder: ExpressionBinder) -> None:
        keys: list[Expr] | None = None
        if node.group_by_all:
            keys = [
                column.expr
                for column in bound.columns
                if column.expr is not None and not contains(column.expr, Aggregate)
            ]
        elif node.grouping_sets is not None:
            sets = [
                [self.position(item, bound, binder) for item in items]
                for items in node.grouping_sets
            ]
            bound.grouping_sets = sets
            keys = []
            for items in sets:
                keys.extend(item for item in items if item not in keys)
        elif node.group_by:
            keys = [self.position(item, bound, binder) for item in node.group_by]
        if keys is None:
            is_aggregated = node.having is not None or any(
                column.expr is not None and _aggregates(column.expr) for column in bound.columns
            )
            keys = [] if is_aggregated else None
        bound.group_by = keys
        bound.grouping = node.grouping
        bound.with_totals = node.with_totals

    def order(self, node: syntax.Select, bound: BoundSelect, binder: ExpressionBinder) -> None:
        if node.order_by_all:
            bound.order_by = [OrderKey(c.expr) for c in bound.columns if c.expr is not None]
        for index, item in enumerate(node.order_by):
            expr = self.position(item.expression, bound, binder)
            bound.order_by.append(OrderKey(expr, item.descending, bool(item.nulls_first)))
            if item.fill is not None:
                steps = [
                    None if part is None else binder.bind(part)
                    for part in (
                        item.fill.from_,
                        item.fill.to,
                        item.fill.step,
                        item.fill.staleness,
                    )
                ]
                bound.fills.append(FillKey(index, *steps))
        if node.interpolate is not None:
            bound.interpolate = self.interpolate(node.interpolate, bound, binder)

    def interpolate(
        self,
        items: list[tuple[str, syntax.Expression | None]],
        bound: BoundSelect,
        binder: ExpressionBinder,
    ) -> list[tuple[int, Expr | None]]:
        names = [column.name for column in bound.columns]
        found: list[tuple[int, Expr | None]] = []
        for name, expression in items:
            if name in names:
                expr = None if expression is None else binder.bind(expression)
                found.append((names.index(name), expr))
        return found

    def limits(self, node: syntax.Select, bound: BoundSelect, binder: ExpressionBinder) -> None:
        bound.limit = self.count(node.limit, binder)
        bound.offset = self.count(node.offset, binder)
        bound.with_ties = node.with_ties
        if node.limit_by is not None:
            count = self.count(node.limit_by.count, binder)
            assert count is not None
            keys = node.limit_by.expressions
            bound.limit_by = (
                count,
                self.count(node.limit_by.offset, binder),
                [self.position(item, bound, binder) for item in keys]
                if keys is not None
                else [c.expr for c in bound.columns if c.expr is not None],
            )

    def count(self, node: syntax.Expression | None, binder: ExpressionBinder) -> Expr | None:
        """A LIMIT or OFFSET: a constant number."""
        if node is None:
            return None
        expr = binder.bind(node)
        if not is_constant(expr) or not expr.type.is_number:
            raise binder.error("SQ211", "LIMIT takes a constant number", node, number=440)
        return expr

    # FROM ------------------------------------------------------------------------------------

    def from_(self, tree: syntax.JoinTree, scope: Scope) -> Relation:
        """What stands in FROM; the scope's relations are set on the way."""
        relation = self.from_item(tree.first, scope)
        for part in tree.rest:
            if isinstance(part, syntax.ArrayJoin):
                relation = bind_array_join(part, relation, scope, self)
            else:
                right = self.from_item(part.table, scope)
                relation = bind_join(part, relation, right, scope, self)
        scope.relations = [relation]
        return relation

    def from_item(self, item: syntax.TableItem | syntax.JoinTree, scope: Scope) -> Relation:
        if isinstance(item, syntax.JoinTree):
            return self.from_(item, scope)
        if isinstance(item, syntax.TableQuery):
            query = self.subquery(item.query, scope)
            return self.query_relation(query, item.alias, (), item.columns)
        if isinstance(item, syntax.TableFunction):
            return bind_table_function(item, scope, self)
        return self.table(item, scope)

    def is_table(self, node: syntax.Name, scope: Scope) -> bool:
        """Whether a name on the right of IN is a table and not a column."""
        name = ".".join(node.parts)
        if scope.local(node.parts[0]) or next(iter(scope.columns(node.parts)), None):
            return False
        if node.parts[0] in scope.aliases or node.parts[0] in scope.with_aliases:
            return False
        return scope.cte(name) is not None or scope.catalog.lookup(name) is not None

    def table_query(self, node: syntax.Name, scope: Scope) -> BoundQuery:
        """`SELECT * FROM name`, for `x IN name`."""
        relation = self.table(syntax.TableName(node.start, node.end, node.parts), scope)
        columns = [
            OutputColumn(column.name, column.name, column.expr.type, column.expr)
            for column in relation.columns
        ]
        return BoundSelect(columns, relation)

    def table(self, item: syntax.TableName, scope: Scope) -> Relation:
        """A table, view or CTE by name."""
        name = ".".join(item.parts)
        named = scope.cte(name)
        if named is not None:
            query = self.cte(named, item, scope)
            return self.query_relation(query, item.alias, (name,), item.columns)
        found = scope.catalog.lookup(name)
        if isinstance(found, View):
            return self.query_relation(
                self.view(found, item, scope), item.alias, (name, item.parts[-1]), item.columns
            )
        if isinstance(found, Table):
            return self.stored(found, item, scope)
        known = nearest(name, scope.catalog.names())
        raise query_error(
            "NM202",
            f"unknown table `{name}`",
            scope.fragment,
            item.start,
            item.end,
            number=60,
            hint=f"did you mean `{known}`?" if known else None,
        )

    def cte(self, named: NamedQuery, item: syntax.TableName, scope: Scope) -> BoundQuery:
        inner = named.scope.child()
        inner.defines = named
        self.enter(item, scope)
        query = self.query(named.cte.query, inner)
        self._depth -= 1
        for column, name in zip(query.columns, named.cte.columns, strict=False):
            column.name = name
        return query

    def view(self, view: View, item: syntax.TableName, scope: Scope) -> BoundQuery:
        """A pipe or node, bound in its own catalog."""
        self.tables.add(view.name)
        self.views[view.name] = None
        self.values[view.name] = view.values
        self.enter(item, scope)
        statement = parse_statement(view.sql)
        query = self.query(statement.query, Scope(view.sql, view.catalog, view.name))
        self._depth -= 1
        return query

    def enter(self, item: syntax.TableName, scope: Scope) -> None:
        self._depth += 1
        if self._depth > MAX_VIEW_DEPTH:
            raise query_error(
                "NM204",
                f"`{'.'.join(item.parts)}` is nested too deep, or selects from itself",
                scope.fragment,
                item.start,
                item.end,
                number=306,
            )

    def stored(self, table: Table, item: syntax.TableName, scope: Scope) -> Relation:
        self.tables.add(table.name)
        alias = self.fresh("t")
        text = table.final if item.final and table.final is not None else table.relation
        columns = [
            RelationColumn(column.name, Column(column.type, alias, column.name))
            for column in table.columns
        ]
        names = (item.alias,) if item.alias else (".".join(item.parts), item.parts[-1])
        sample = None
        if item.sample is not None:
            ratio = ExpressionBinder(scope, self).bind(item.sample[0])
            if isinstance(ratio, Const) and isinstance(ratio.value, int | float):
                sample = float(ratio.value)
        return TableRelation(alias, names, columns, text, sample)

    def query_relation(
        self,
        query: BoundQuery,
        alias: str | None,
        names: tuple[str, ...],
        columns: Sequence[str] = (),
    ) -> Relation:
        """A subquery as a relation, its columns under its own or the given names."""
        duck = self.fresh("t")
        offered = [
            RelationColumn(
                columns[i] if i < len(columns) else column.name,
                Column(column.type, duck, column.duck_name),
            )
            for i, column in enumerate(query.columns)
        ]
        return QueryRelation(duck, (alias,) if alias else names, offered, query)


def _aggregates(expr: Expr) -> bool:
    """Whether the expression aggregates its SELECT's rows (an aggregate over a window does not)."""
    from mini_tb.sql.tree import Window

    if isinstance(expr, Window):
        inner = [child for arg in expr.call.children() for child in (arg,)]
        others = [*expr.partition_by, *(key.expr for key in expr.order_by)]
        return any(_aggregates(child) for child in (*inner, *others))
    if isinstance(expr, Aggregate):
        return True
    return any(_aggregates(child) for child in expr.children())


__all__ = ["ArgumentError", "QueryBinder", "ValueDecidesShape", "convert"]
