"""The bound tree → DuckDB's text. Every expression's text has the storage type of its type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mini_tb.sql import tree
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.duckdb.draws import members
from mini_tb.sql.duckdb.nulls import is_lenient, known_only
from mini_tb.sql.duckdb.once import computed_once, is_simple, uses_chance
from mini_tb.sql.duckdb.relations import element_name
from mini_tb.sql.duckdb.select import lower_select
from mini_tb.sql.duckdb.totals import lower_totals
from mini_tb.sql.duckdb.window import lower_window
from mini_tb.sql.functions.carrier import carrier
from mini_tb.sql.functions.comparison import unless_decided_by_type
from mini_tb.sql.functions.constants import literal
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import is_lambda
from mini_tb.sql.functions.logic import as_filter, may_fail, truth
from mini_tb.sql.functions.membership import as_element
from mini_tb.types import to_duckdb
from mini_tb.types.duckdb import field_names, quote_identifier, quote_string


class Lowering:
    """Lowers the queries of one compilation."""

    def __init__(self) -> None:
        self.substitutes: list[tuple[tree.Expr, str]] = []
        """Expressions that have been computed already, and the text that means them."""
        self.locals: dict[str, str] = {}
        """Text of the lambda parameters that are fields of one."""
        self.keys: list[tuple[tree.Expr, str]] = []
        """The keys of GROUP BY in the text of the clause, for `GROUPING`."""
        self.homes: dict[str, str] = {}
        """Relations whose columns their sources have beside their own, and the sources' aliases."""
        self.shared: dict[str, str] = {}
        """Text of the queries that are read more than once, in the order of their needs."""
        self.drawn: list[tuple[tree.Expr, str]] = []
        """Constants that are drawn at random, and the text that means each."""
        self._numbers = 0

    def fresh(self, prefix: str) -> str:
        """A name that no other part of the text has."""
        self._numbers += 1
        return f"{prefix}{self._numbers}"

    def statement(self, query: tree.BoundQuery) -> str:
        """DuckDB text of a whole query."""
        return self.with_shared(self.query(query))

    def totals(self, query: tree.BoundQuery) -> str | None:
        """DuckDB text of its row of totals, with the same columns; None if it has none."""
        text = lower_totals(self, query)
        return None if text is None else self.with_shared(text)

    def with_shared(self, text: str) -> str:
        """The text behind the queries that it reads more than once."""
        if not self.shared:
            return text
        shared = ", ".join(f"{name} AS ({body})" for name, body in self.shared.items())
        return f"WITH RECURSIVE {shared} {text}"

    # Expressions -----------------------------------------------------------------------------

    def expr(self, expr: tree.Expr) -> str:
        """DuckDB text of an expression."""
        for known, text in reversed(self.substitutes):
            if known == expr:
                return text
        return _EXPRESSIONS[type(expr)](self, expr)

    def draw(self, expr: tree.Expr, text: str) -> str:
        """Text of a constant that is drawn at random: one value wherever it stands."""
        found = next((known for one, known in self.drawn if one == expr), None)
        if found is None:
            name = self.fresh("drawn")
            found = f"(SELECT v FROM {name})"
            self.shared[name] = f"SELECT {text} AS v"
            self.drawn.append((expr, found))
        return found

    def const(self, expr: tree.Const) -> str:
        return literal(expr.value, expr.type)

    def param(self, expr: tree.Param) -> str:
        return f"CAST(${expr.name} AS {to_duckdb(expr.type)})"

    def column(self, expr: tree.Column) -> str:
        home = self.homes.get(expr.relation)
        if home is None:
            return f"{expr.relation}.{quote_identifier(expr.name)}"
        return f"{home}.{element_name(expr.relation, expr.name)}"

    def local(self, expr: tree.Local) -> str:
        return self.locals.get(expr.name) or quote_identifier(expr.name)

    def lambda_(self, expr: tree.LambdaExpr) -> str:
        names = [param.name for param in expr.params]
        own = names[:1] if expr.folds else []
        items = names[len(own) :]
        params = [quote_identifier(name) for name in names]
        if len(items) > 1:
            row = quote_identifier(f"{items[0]}_row")
            for i, name in enumerate(items):
                self.locals[name] = f"struct_extract({row}, {i + 1})"
            params = [*params[: len(own)], row]
        body = self.expr(expr.body)
        for name in names:
            self.locals.pop(name, None)
        return f"(lambda {', '.join(params)}: {truth(expr.body, body) if expr.predicate else body})"

    def call(self, expr: tree.Call) -> str:
        function = expr.function
        args = [self.expr(arg) for arg in expr.args]
        if function.name == "and":
            args = [
                unless_decided_by_type(arg, sql, self.expr) if may_fail(sql) else sql
                for arg, sql in zip(expr.args, args, strict=True)
            ]
        if not function.bytes_ok:
            args = [
                f"decode({sql})" if arg.type.is_bytes and not is_lambda(arg) else sql
                for arg, sql in zip(expr.args, args, strict=True)
            ]
        if not callable(function.lower):
            text = function.lower.format(*args, args=", ".join(args))
            text = text if function.exact else f"CAST({text} AS {to_duckdb(carrier(expr.type))})"
            if function.draws and not function.per_row:
                return self.draw(expr, text)
            return known_only(expr, text, args) if is_lenient(expr, function.lower) else text
        lower = partial(function.lower, expr)
        if is_lenient(expr, None):
            lower = partial(_lower_known, expr)
        return computed_once(
            args,
            [is_simple(arg) for arg in expr.args],
            lower,
            lambda i: tree.contains(expr.args[i], tree.Aggregate),
        )

    def filter(self, expr: tree.Expr) -> str:
        """BOOLEAN text of a condition that DuckDB filters or joins rows by."""
        is_known = any(known == expr for known, _text in self.substitutes)
        return truth(expr, self.expr(expr if is_known else as_filter(expr)))

    def aggregate(self, expr: tree.Aggregate) -> str:
        condition = None if expr.filter is None else truth(expr.filter, self.expr(expr.filter))
        return expr.function.lower([self.expr(arg) for arg in expr.args], condition)

    def window(self, expr: tree.Window) -> str:
        return lower_window(self, expr)

    def grouping(self, expr: tree.Grouping) -> str:
        texts = [next(text for key, text in self.keys if key == one) for one in expr.keys]
        return f"CAST(GROUPING({', '.join(texts)}) AS UBIGINT)"

    def order_key(self, key: tree.OrderKey) -> str:
        """One or more keys of ORDER BY: NaN stands beside the NULLs, and UUIDs are ordered by
        their second half first."""
        direction = "DESC" if key.descending else "ASC"
        nulls = "FIRST" if key.nulls_first else "LAST"
        text = self.expr(key.expr)
        if key.expr.type.is_float and key.descending != key.nulls_first:
            # DuckDB has NaN above all numbers.
            if not key.expr.type.is_nullable:
                text = f"CASE WHEN isnan({text}) THEN NULL ELSE {text} END"
            else:
                first = "DESC" if key.nulls_first else "ASC"
                text = f"isnan({text}) {first} NULLS {nulls}, {text}"
        elif key.expr.type.bare.name == "UUID":
            text = f"substr(CAST({text} AS VARCHAR), 20) {direction} NULLS {nulls}, {text}"
        return f"{text} {direction} NULLS {nulls}"

    def order(self, keys: list[tree.OrderKey]) -> str:
        """The items of ORDER BY; '' where all are constant."""
        return ", ".join(self.order_key(key) for key in keys if not is_constant(key.expr))

    def scalar(self, expr: tree.ScalarQuery) -> str:
        columns = expr.query.columns
        if len(columns) == 1:
            text = f"({self.query(expr.query)})"
            if uses_chance(text) and not expr.is_correlated:
                text = self.draw(expr, text)
            if expr.type.is_nullable:
                return text
            name = str(expr.type).replace("'", "")
            message = f"Scalar subquery returned empty result of type {name}"
            return f"coalesce({text}, {failure(125, message)})"
        fields = ", ".join(
            f"{quote_identifier(name)}: q.{quote_identifier(c.duck_name)}"
            for name, c in zip(field_names(expr.type), columns, strict=True)
        )
        return f"(SELECT {{{fields}}} FROM ({self.query(expr.query)}) AS q)"

    def in_query(self, expr: tree.InQuery) -> str:
        """The left side is read as a value of the right side's type; what is none is not in it.
        NULLs of the right side match nothing."""
        columns = expr.query.columns
        names = [f"q.{quote_identifier(c.duck_name)}" for c in columns]
        is_tuple = len(columns) > 1
        value = self.expr(expr.value)
        if is_tuple:
            fields = field_names(expr.value.type.bare)
            parts = [
                as_element(f"struct_extract({value}, {quote_string(field)})", source, c.type)
                for field, source, c in zip(
                    fields, expr.value.type.bare.types, columns, strict=True
                )
            ]
            left, right = f"({', '.join(parts)})", f"({', '.join(names)})"
        else:
            left, right = as_element(value, expr.value.type, columns[0].type), names[0]
        known = next((text for one, text in self.substitutes if one == members(expr)), None)
        if known is not None:
            left = f"ROW{left}" if is_tuple else left
            found = f"CASE WHEN {left} IS NOT NULL THEN list_contains({known}, {left}) END"
        else:
            found = f"{left} IN ({self.rows_of(expr.query, right)})"
        if expr.negated:
            found = f"NOT ({found})"
        if not expr.type.is_nullable and left != value:
            found = f"coalesce({found}, {'TRUE' if expr.negated else 'FALSE'})"
        return f"CAST({found} AS UTINYINT)"

    def rows_of(self, query: tree.BoundQuery, item: str) -> str:
        """A SELECT of an item of a query's rows, called `q`, that have no NULLs."""
        names = (f"q.{quote_identifier(column.duck_name)}" for column in query.columns)
        known = " AND ".join(f"{name} IS NOT NULL" for name in names)
        return f"SELECT {item} FROM ({self.query(query)}) AS q WHERE {known}"

    def members(self, expr: tree.MembersQuery) -> str:
        names = [f"q.{quote_identifier(column.duck_name)}" for column in expr.query.columns]
        item = names[0] if len(names) == 1 else f"ROW({', '.join(names)})"
        return f"coalesce(({self.rows_of(expr.query, f'list({item})')}), [])"

    def exists(self, expr: tree.ExistsQuery) -> str:
        return f"CAST(EXISTS({self.query(expr.query)}) AS UTINYINT)"

    def share(self, shared: tree.SharedQuery) -> None:
        """Keep the text of a query that is read more than once."""
        if shared.name in self.shared:
            return
        self.shared[shared.name] = ""  # it may read itself
        outer, self.substitutes = self.substitutes, []
        text = self.query(shared.query)
        self.substitutes = outer
        del self.shared[shared.name]  # what it reads comes before it
        self.shared[shared.name] = text

    # Queries ---------------------------------------------------------------------------------

    def query(self, query: tree.BoundQuery) -> str:
        """DuckDB text of a query; its columns have their `duck_name`s."""
        if isinstance(query, tree.BoundSet):
            sides = [self.converted(side, query.columns) for side in (query.left, query.right)]
            operator = _SET_OPERATORS[query.operator]
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


_SET_OPERATORS = {
    "UNION ALL": "UNION ALL",
    "UNION DISTINCT": "UNION",
    "EXCEPT": "EXCEPT ALL",
    "EXCEPT DISTINCT": "EXCEPT",
    "INTERSECT": "INTERSECT ALL",
    "INTERSECT DISTINCT": "INTERSECT",
}


def _lower_known(expr: tree.Call, args: list[str]) -> str:
    assert callable(expr.function.lower)
    return known_only(expr, expr.function.lower(expr, args), args)


_EXPRESSIONS: dict[type[tree.Expr], Callable[[Lowering, Any], str]] = {
    tree.Const: Lowering.const,
    tree.Param: Lowering.param,
    tree.Column: Lowering.column,
    tree.Local: Lowering.local,
    tree.LambdaExpr: Lowering.lambda_,
    tree.Call: Lowering.call,
    tree.Aggregate: Lowering.aggregate,
    tree.Grouping: Lowering.grouping,
    tree.Window: Lowering.window,
    tree.ScalarQuery: Lowering.scalar,
    tree.InQuery: Lowering.in_query,
    tree.MembersQuery: Lowering.members,
    tree.ExistsQuery: Lowering.exists,
}
