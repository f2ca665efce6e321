"""The bound tree → DuckDB's text. Every expression's text has the storage type of its type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mini_tb.sql import tree
from mini_tb.sql.duckdb.once import computed_once, is_simple
from mini_tb.sql.duckdb.select import lower_select
from mini_tb.sql.duckdb.window import lower_window
from mini_tb.sql.functions.carrier import carrier
from mini_tb.sql.functions.comparison import truth
from mini_tb.sql.functions.constants import literal
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.types import to_duckdb
from mini_tb.types.duckdb import quote_identifier


class Lowering:
    """Lowers the queries of one compilation."""

    def __init__(self) -> None:
        self.substitutes: list[tuple[tree.Expr, str]] = []
        """Expressions that have been computed already, and the text that means them."""
        self.locals: dict[str, str] = {}
        """Text of the lambda parameters that are fields of one."""

    # Expressions -----------------------------------------------------------------------------

    def expr(self, expr: tree.Expr) -> str:
        """DuckDB text of an expression."""
        for known, text in reversed(self.substitutes):
            if known == expr:
                return text
        return _EXPRESSIONS[type(expr)](self, expr)

    def const(self, expr: tree.Const) -> str:
        return literal(expr.value, expr.type)

    def param(self, expr: tree.Param) -> str:
        return f"CAST(${expr.name} AS {to_duckdb(expr.type)})"

    def column(self, expr: tree.Column) -> str:
        return f"{expr.relation}.{quote_identifier(expr.name)}"

    def local(self, expr: tree.Local) -> str:
        return self.locals.get(expr.name) or quote_identifier(expr.name)

    def lambda_(self, expr: tree.LambdaExpr) -> str:
        names = [param.name for param in expr.params]
        if len(names) > 1 and not expr.folds:
            row = quote_identifier(f"{names[0]}_row")
            for i, name in enumerate(names):
                self.locals[name] = f"struct_extract({row}, {i + 1})"
            params = row
        else:
            params = ", ".join(quote_identifier(name) for name in names)
        body = self.expr(expr.body)
        return f"(lambda {params}: {truth(expr.body, body) if expr.predicate else body})"

    def call(self, expr: tree.Call) -> str:
        function = expr.function
        args = [self.expr(arg) for arg in expr.args]
        if not function.bytes_ok:
            args = [
                f"decode({sql})" if arg.type.is_bytes else sql
                for arg, sql in zip(expr.args, args, strict=True)
            ]
        if not callable(function.lower):
            text = function.lower.format(*args, args=", ".join(args))
            return text if function.exact else f"CAST({text} AS {to_duckdb(carrier(expr.type))})"
        lower = function.lower
        return computed_once(args, [is_simple(arg) for arg in expr.args], partial(lower, expr))

    def array_join(self, expr: tree.ArrayJoinCall) -> str:
        return f"aj{expr.slot}.v"

    def aggregate(self, expr: tree.Aggregate) -> str:
        condition = None if expr.filter is None else truth(expr.filter, self.expr(expr.filter))
        return expr.function.lower([self.expr(arg) for arg in expr.args], condition)

    def window(self, expr: tree.Window) -> str:
        return lower_window(self, expr)

    def order_key(self, key: tree.OrderKey) -> str:
        direction = "DESC" if key.descending else "ASC"
        nulls = "FIRST" if key.nulls_first else "LAST"
        return f"{self.expr(key.expr)} {direction} NULLS {nulls}"

    def scalar(self, expr: tree.ScalarQuery) -> str:
        columns = expr.query.columns
        if len(columns) == 1:
            return f"({self.query(expr.query)})"
        fields = ", ".join(
            f"{quote_identifier(str(i + 1))}: q.{quote_identifier(c.duck_name)}"
            for i, c in enumerate(columns)
        )
        return f"(SELECT {{{fields}}} FROM ({self.query(expr.query)}) AS q)"

    def in_query(self, expr: tree.InQuery) -> str:
        word = "NOT IN" if expr.negated else "IN"
        columns = expr.query.columns
        names = ", ".join(f"q.{quote_identifier(c.duck_name)}" for c in columns)
        value = self.expr(expr.value)
        known = " AND ".join(f"q.{quote_identifier(c.duck_name)} IS NOT NULL" for c in columns)
        if len(columns) > 1:
            fields = ", ".join(
                f"{quote_identifier(str(i + 1))}: q.{quote_identifier(c.duck_name)}"
                for i, c in enumerate(columns)
            )
            names = "{" + fields + "}"
        return (
            f"CAST({value} {word} (SELECT {names} FROM ({self.query(expr.query)}) AS q "
            f"WHERE {known}) AS UTINYINT)"
        )

    def exists(self, expr: tree.ExistsQuery) -> str:
        return f"CAST(EXISTS({self.query(expr.query)}) AS UTINYINT)"

    # Queries ---------------------------------------------------------------------------------

    def query(self, query: tree.BoundQuery) -> str:
        """DuckDB text of a query; its columns have their `duck_name`s."""
        if isinstance(query, tree.BoundSet):
            sides = [self.converted(side, query.columns) for side in (query.left, query.right)]
            operator = query.operator.removesuffix(" DISTINCT")
            return f"({sides[0]}) {operator} ({sides[1]})"
        return lower_select(self, query)

    def converted(self, side: tree.BoundQuery, columns: list[tree.OutputColumn]) -> str:
        """A side of a set operation, its columns cast to the common types."""
        if all(a.type == b.type for a, b in zip(side.columns, columns, strict=True)):
            return self.query(side)
        items = ", ".join(
            f"{lower_cast(a.type, b.type, 'q.' + quote_identifier(a.duck_name))}"
            f" AS {quote_identifier(b.duck_name)}"
            for a, b in zip(side.columns, columns, strict=True)
        )
        return f"SELECT {items} FROM ({self.query(side)}) AS q"

    # Relations -------------------------------------------------------------------------------

    def relation(self, relation: tree.Relation) -> str:
        """DuckDB text of something in FROM, with its alias."""
        return _RELATIONS[type(relation)](self, relation)

    def table(self, relation: tree.TableRelation) -> str:
        return f"{relation.text} AS {relation.alias}"

    def query_relation(self, relation: tree.QueryRelation) -> str:
        return f"({self.query(relation.query)}) AS {relation.alias}"

    def join(self, relation: tree.JoinRelation) -> str:
        left, right = self.relation(relation.left), self.relation(relation.right)
        if relation.kind == "CROSS" or relation.on is None:
            return f"{left} CROSS JOIN {right}"
        on = truth(relation.on, self.expr(relation.on))
        kind, strictness = relation.kind, relation.strictness
        if strictness == "ASOF":
            return f"{left} ASOF {kind} JOIN {right} ON {on}"
        if strictness in ("ANY", "SEMI", "ANTI"):
            return self.strict_join(relation, kind, strictness)
        return f"{left} {kind} JOIN {right} ON {on}"

    def strict_join(self, relation: tree.JoinRelation, kind: str, strictness: str) -> str:
        """ANY, SEMI and ANTI: the other side has one row a key, the first one."""
        assert relation.on is not None
        on = truth(relation.on, self.expr(relation.on))
        sides = (relation.left, relation.right)
        if strictness == "ANTI":
            kept, other = sides if kind == "LEFT" else (sides[1], sides[0])
            return f"{self.relation(kept)} ANTI JOIN {self.relation(other)} ON {on}"
        left, right = (self.relation(side) for side in sides)
        if kind in ("LEFT", "INNER"):
            right = self.first_of_key(relation.right, relation.right_keys)
        if kind in ("RIGHT", "INNER"):
            left = self.first_of_key(relation.left, relation.left_keys)
        return f"{left} {'INNER' if strictness == 'SEMI' else kind} JOIN {right} ON {on}"

    def first_of_key(self, relation: tree.Relation, keys: list[tree.Expr]) -> str:
        """The relation under its own alias, with the first row of each key only."""
        partition = ", ".join(self.expr(key) for key in keys)
        source = self.relation(relation)
        return (
            f"(SELECT {relation.alias}.* FROM {source} "
            f"QUALIFY row_number() OVER (PARTITION BY {partition}) = 1) AS {relation.alias}"
        )

    def array_join_relation(self, relation: tree.ArrayJoinRelation) -> str:
        items = ", ".join(
            f"unnest({self.expr(array)}) AS {quote_identifier(name)}"
            for name, array in relation.arrays
        )
        lateral = f"LATERAL (SELECT {items}) AS {relation.alias}"
        source = self.relation(relation.source)
        return f"{source} LEFT JOIN {lateral} ON TRUE" if relation.left else f"{source}, {lateral}"


_EXPRESSIONS: dict[type[tree.Expr], Callable[[Lowering, Any], str]] = {
    tree.Const: Lowering.const,
    tree.Param: Lowering.param,
    tree.Column: Lowering.column,
    tree.Local: Lowering.local,
    tree.LambdaExpr: Lowering.lambda_,
    tree.Call: Lowering.call,
    tree.ArrayJoinCall: Lowering.array_join,
    tree.Aggregate: Lowering.aggregate,
    tree.Window: Lowering.window,
    tree.ScalarQuery: Lowering.scalar,
    tree.InQuery: Lowering.in_query,
    tree.ExistsQuery: Lowering.exists,
}
_RELATIONS: dict[type[tree.Relation], Callable[[Lowering, Any], str]] = {
    tree.TableRelation: Lowering.table,
    tree.QueryRelation: Lowering.query_relation,
    tree.JoinRelation: Lowering.join,
    tree.ArrayJoinRelation: Lowering.array_join_relation,
}
