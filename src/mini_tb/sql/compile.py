"""ClickHouse SQL → DuckDB SQL: parse, bind with types, lower.

`compile_query` is the whole way; `Compiled` is what an engine runs and what an answer's `meta` is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.source import Fragment
from mini_tb.sql.bind_expression import ExpressionBinder
from mini_tb.sql.bind_query import QueryBinder
from mini_tb.sql.catalog import Catalog, TableColumn, Tables
from mini_tb.sql.clock import binds_now
from mini_tb.sql.duckdb.lower import Lowering
from mini_tb.sql.duckdb.once import uses_chance
from mini_tb.sql.errors import query_error
from mini_tb.sql.functions.convert import convert
from mini_tb.sql.functions.function import ArgumentError, ValueDecidesShape
from mini_tb.sql.naming import shown
from mini_tb.sql.parser import parse_expression, parse_statement
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import (
    BoundQuery,
    BoundSelect,
    Column,
    Const,
    Param,
    RelationColumn,
    TableRelation,
)
from mini_tb.types import DataType
from mini_tb.types.duckdb import quote_identifier

_BOUND = re.compile(r"\$(\w+)")
"""A bound value in DuckDB's text."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of an answer, as ClickHouse names and types it."""

    name: str
    type: DataType


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query ready for DuckDB.

    `duck_sql` has named parameters: `$now` (the run's time, a naive UTC TIMESTAMP) where it is
    used, and `$p1`… whose values `parameters` name: duck name → (view, value's name), with view ''
    for values of the query's own text. It serves other values, too, if texts among them have the
    same `form` (`plain_moment`). `inlined` are values that became part of the text because
    they decide its shape, `named` those whose text is in the name of a column. `tables` are all
    data sources and views that are read, `views` those of them whose SQL was bound in place.
    `limit` is how many rows there are at most: a number, or the name of the parameter that says it;
    None if the text does not tell. `totals` is the text of the one row of WITH TOTALS, which has
    the same columns and binds no other values. `uses_chance`: it may give something else each time
    it is run, as `rand()` does.
    """

    duck_sql: str
    columns: tuple[ResultColumn, ...]
    parameters: Mapping[str, tuple[str, str]]
    inlined: frozenset[tuple[str, str]]
    tables: frozenset[str]
    views: tuple[str, ...]
    format: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    has_limit: bool = False
    limit: int | str | None = None
    uses_now: bool = False
    totals: str | None = None
    uses_chance: bool = False
    named: frozenset[tuple[str, str]] = frozenset()


def compile_query(
    sql: Fragment | str, catalog: Catalog, *, values: Mapping[str, Any] | None = None
) -> Compiled:
    """Compile one SELECT.

    `values` are the bound values of `{name:Type}` in it (anything with `.value` and `.text`).
    Raises `UserError` with the place of what is wrong.
    """
    fragment = Fragment(sql) if isinstance(sql, str) else sql
    return compile_bound(fragment, catalog, values or {})[0]


def compile_bound(
    fragment: Fragment, catalog: Catalog, values: Mapping[str, Any]
) -> tuple[Compiled, BoundQuery, QueryBinder]:
    """A compiled SELECT with the tree that it was lowered from, and what bound it."""
    inlined: frozenset[tuple[str, str]] = frozenset()
    while True:
        binder = QueryBinder(values, inlined)
        try:
            statement, query = binder.statement(fragment, catalog)
            duck_sql, totals = Lowering().statement(query), Lowering().totals(query)
            break
        except ValueDecidesShape as shape:
            inlined |= {binder.parameters[shape.name]}
        except ArgumentError as error:
            # Found when lowering, where the place in the text is no longer known.
            raise query_error(
                "SQ204", error.message, fragment, 0, len(fragment.text), number=error.code
            ) from None
        except RecursionError:
            raise query_error(
                "SQ003",
                "the query is nested too deep",
                fragment,
                0,
                len(fragment.text),
                number=306,
            ) from None
    bound = set(_BOUND.findall(duck_sql))
    parameters = {name: key for name, key in binder.parameters.items() if name in bound}
    compiled = Compiled(
        duck_sql,
        tuple(ResultColumn(shown(column.name), column.type) for column in query.columns),
        parameters,
        inlined,
        frozenset(binder.tables),
        tuple(binder.views),
        statement.format,
        statement.settings,
        isinstance(query, BoundSelect) and query.limit is not None,
        _limit(query),
        binds_now(duck_sql),
        totals,
        uses_chance(duck_sql),
        frozenset(binder.named),
    )
    return compiled, query, binder


def _limit(query: BoundQuery) -> int | str | None:
    if isinstance(query, BoundSelect) and not query.with_ties:
        if isinstance(query.limit, Const) and isinstance(query.limit.value, int):
            return query.limit.value
        if isinstance(query.limit, Param):
            return query.limit.name
    return None


def compile_expression(
    text: str | Fragment,
    columns: Sequence[TableColumn],
    *,
    target: DataType | None = None,
    relation: str = "t",
) -> tuple[str, DataType]:
    """DuckDB text and type of an expression over a row: a DEFAULT, a key, a TTL, a condition.

    Columns are read from the DuckDB relation alias `relation`; with `target` the value is
    converted to it. May use `$now`. Raises `UserError`.
    """
    fragment = Fragment(text) if isinstance(text, str) else text
    scope = Scope(fragment, Tables())
    offered = [RelationColumn(c.name, Column(c.type, relation, c.name)) for c in columns]
    scope.relations = [TableRelation(relation, (), offered, quote_identifier(relation))]
    expr = ExpressionBinder(scope, QueryBinder({})).bind(parse_expression(fragment))
    if target is not None:
        expr = convert(expr, target)
    return Lowering().expr(expr), expr.type


__all__ = ["Compiled", "ResultColumn", "compile_expression", "compile_query", "parse_statement"]
