"""What a query became, for people: `explain_query` shows each node's ClickHouse SQL beside
DuckDB's, its columns with their types and where their values come from, and what was put in other
words because DuckDB means something else by the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mini_tb.source import Fragment
from mini_tb.sql import tree
from mini_tb.sql.catalog import Catalog
from mini_tb.sql.compile import compile_bound
from mini_tb.types import DataType

MAX_DEPTH = 32

Source = tuple[str, str]
"""(table, column)."""


@dataclass(frozen=True, slots=True)
class ExplainedColumn:
    """A column of an answer, and the stored columns that its value is computed from."""

    name: str
    type: DataType
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ExplainedQuery:
    """One node, or the query itself (named ''), compiled on its own."""

    name: str
    ch_sql: str
    duck_sql: str
    columns: tuple[ExplainedColumn, ...]
    tables: tuple[str, ...]
    """Data sources, pipes and nodes that it reads, at any depth."""
    notes: tuple[str, ...]
    """What DuckDB says in other words than ClickHouse."""


def explain_query(
    sql: Fragment | str, catalog: Catalog, *, values: Mapping[str, Any] | None = None
) -> tuple[ExplainedQuery, ...]:
    """Every node that a query reads, each after those that it reads itself; the query comes last.

    Takes what `compile_query` takes, and raises as it does.
    """
    fragment = Fragment(sql) if isinstance(sql, str) else sql
    found: dict[str, ExplainedQuery] = {}
    _explain("", fragment, catalog, values or {}, found)
    return tuple(found.values())


def _explain(
    name: str,
    fragment: Fragment,
    catalog: Catalog,
    values: Mapping[str, Any],
    found: dict[str, ExplainedQuery],
) -> None:
    compiled, query, binder = compile_bound(fragment, catalog, values)
    for view in binder.views.values():
        if view.name not in found:
            _explain(view.name, view.sql, view.catalog, view.values, found)
    columns = tuple(
        ExplainedColumn(column.name, column.type, tuple(dict.fromkeys(_sources(query, i))))
        for i, column in enumerate(query.columns)
    )
    tables = tuple(sorted(compiled.tables))
    notes = tuple(dict.fromkeys(_notes(query)))
    found[name] = ExplainedQuery(name, fragment.text, compiled.duck_sql, columns, tables, notes)


# Where values come from ------------------------------------------------------------------


def _sources(query: tree.BoundQuery, index: int, depth: int = 0) -> Iterator[Source]:
    """The stored columns of a column of an answer."""
    if depth > MAX_DEPTH:
        return  # a recursive CTE reads itself
    if isinstance(query, tree.BoundSet):
        yield from _sources(query.left, index, depth + 1)
        yield from _sources(query.right, index, depth + 1)
        return
    expr = query.columns[index].expr
    if expr is None or query.source is None:
        return
    relations = {part.alias: part for part in _relations(query.source)}
    for part in expr.walk():
        if isinstance(part, tree.Column) and part.relation in relations:
            yield from _column_sources(relations[part.relation], part.name, depth)


def _column_sources(relation: tree.Relation, name: str, depth: int) -> Iterator[Source]:
    if isinstance(relation, tree.TableRelation):
        yield relation.table, name
    elif isinstance(relation, tree.QueryRelation):
        for index, column in enumerate(relation.query.columns):
            if column.duck_name == name:
                yield from _sources(relation.query, index, depth + 1)
    elif isinstance(relation, tree.ArrayJoinRelation):
        _name, array = relation.arrays[int(name.removeprefix("e"))]
        relations = {part.alias: part for part in _relations(relation.source)}
        for part in array.walk():
            if isinstance(part, tree.Column) and part.relation in relations:
                yield from _column_sources(relations[part.relation], part.name, depth)


def _relations(relation: tree.Relation) -> Iterator[tree.Relation]:
    """A relation and those inside it; not those of subqueries."""
    yield relation
    if isinstance(relation, tree.JoinRelation):
        yield from _relations(relation.left)
        yield from _relations(relation.right)
    elif isinstance(relation, tree.ArrayJoinRelation):
        yield from _relations(relation.source)


# Notes -----------------------------------------------------------------------------------


def _notes(query: tree.BoundQuery) -> Iterator[str]:
    """What the lowering of a query has to say, its subqueries in FROM included (but no nodes)."""
    if isinstance(query, tree.BoundSet):
        yield from _notes(query.left)
        yield from _notes(query.right)
        return
    for holds, note in _OF_SELECTS:
        if holds(query):
            yield note
    for relation in _relations(query.source) if query.source is not None else ():
        if isinstance(relation, tree.QueryRelation):
            if relation.shared is None:
                yield from _notes(relation.query)
            elif relation.shared.is_recursive:
                yield "WITH RECURSIVE has the types that hold all of its steps"
        for holds_relation, note in _OF_RELATIONS:
            if holds_relation(relation):
                yield note


_OF_SELECTS: tuple[tuple[Callable[[tree.BoundSelect], bool], str], ...] = (
    (
        lambda q: q.grouping is not None or q.grouping_sets is not None,
        "keys missing from a grouping set are defaults, not NULL",
    ),
    (lambda q: q.with_totals, "WITH TOTALS is a second statement"),
    (lambda q: q.limit_by is not None, "LIMIT BY is a condition on `row_number()`"),
    (lambda q: q.with_ties, "LIMIT … WITH TIES is a condition on `rank()`"),
    (lambda q: q.fill is not None, "WITH FILL adds rows from a series of the keys' values"),
    (lambda q: bool(q.array_joins), "`arrayJoin` is `unnest` beside FROM"),
    (
        lambda q: any(key.expr.type.is_float for key in q.order_by),
        "NaN is ordered beside the NULLs",
    ),
)

_OF_RELATIONS: tuple[tuple[Callable[[tree.Relation], bool], str], ...] = (
    (
        lambda r: isinstance(r, tree.JoinRelation) and r.kind in ("LEFT", "RIGHT", "FULL"),
        "columns of a side that misses are defaults, not NULL",
    ),
    (
        lambda r: isinstance(r, tree.JoinRelation) and r.strictness in ("ANY", "SEMI"),
        "ANY and SEMI joins take the first row of each key",
    ),
    (lambda r: isinstance(r, tree.ArrayJoinRelation), "ARRAY JOIN is `unnest` beside its source"),
    (
        lambda r: isinstance(r, tree.TableRelation) and r.sample is not None,
        "SAMPLE is a range of the sampling key",
    ),
)


__all__ = ["ExplainedColumn", "ExplainedQuery", "explain_query"]
