"""What a query became, for people: `explain_query` shows each node's ClickHouse SQL beside
DuckDB's, its columns with their types and where their values come from, and what was put in other
words because DuckDB means something else by the same."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.source import Fragment
from mini_tb.sql import tree
from mini_tb.sql.catalog import Catalog, Table, TableColumn, View
from mini_tb.sql.compile import compile_bound
from mini_tb.types import DataType
from mini_tb.types.duckdb import quote_identifier

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
    """One node, or the query itself (named ''), compiled on its own: in `duck_sql` the nodes that
    it reads are tables of their names."""

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


@dataclass(frozen=True, slots=True)
class _Named:
    """A catalog whose views are tables of their names, explained when they are met."""

    catalog: Catalog
    found: dict[str, ExplainedQuery]

    def lookup(self, name: str) -> Table | View | None:
        """See `Catalog`."""
        met = self.catalog.lookup(name)
        if not isinstance(met, View):
            return met
        if met.name not in self.found:
            _explain(met.name, met.sql, met.catalog, met.values, self.found)
        columns = tuple(TableColumn(c.name, c.type) for c in self.found[met.name].columns)
        return Table(met.name, quote_identifier(met.name), columns)

    def names(self) -> Iterable[str]:
        """See `Catalog`."""
        return self.catalog.names()


def _explain(
    name: str,
    fragment: Fragment,
    catalog: Catalog,
    values: Mapping[str, Any],
    found: dict[str, ExplainedQuery],
) -> None:
    compiled, query, _ = compile_bound(fragment, _Named(catalog, found), values)
    columns = []
    for i, column in enumerate(query.columns):
        stored: dict[Source, None] = {}
        for table, part in _sources(query, i):
            node = found.get(table)
            inner = next(c.sources for c in node.columns if c.name == part) if node else None
            stored.update(dict.fromkeys([(table, part)] if inner is None else inner))
        columns.append(ExplainedColumn(column.name, column.type, tuple(stored)))
    tables = set(compiled.tables)
    for table in compiled.tables & found.keys():
        tables.update(found[table].tables)
    notes = tuple(dict.fromkeys(_notes(query)))
    found[name] = ExplainedQuery(
        name, fragment.text, compiled.duck_sql, tuple(columns), tuple(sorted(tables)), notes
    )


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
    parts = [part for expr in _computed(query) for part in expr.walk()]
    for holds_part, note in _OF_EXPRESSIONS:
        if any(map(holds_part, parts)):
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


def _computed(query: tree.BoundSelect) -> Iterator[tree.Expr]:
    """The expressions of a SELECT."""
    yield from (column.expr for column in query.columns if column.expr is not None)
    yield from (part for part in (query.where, query.having, query.qualify) if part is not None)
    yield from query.group_by or ()
    yield from (key.expr for key in query.order_by)


_OF_SELECTS: tuple[tuple[Callable[[tree.BoundSelect], bool], str], ...] = (
    (
        lambda q: q.grouping is not None or q.grouping_sets is not None,
        "keys missing from a grouping set are defaults, not NULL",
    ),
    (lambda q: q.with_totals, "WITH TOTALS is a second statement"),
    (lambda q: q.limit_by is not None, "LIMIT BY is a condition on `row_number()`"),
    (lambda q: q.with_ties, "LIMIT … WITH TIES is a condition on `rank()`"),
    (lambda q: q.fill is not None, "WITH FILL adds rows from a series of the keys' values"),
    (lambda q: bool(q.array_joins), "`arrayJoin` is `unnest`, in FROM"),
    (
        lambda q: any(key.expr.type.is_float for key in q.order_by),
        "NaN is ordered beside the NULLs",
    ),
)

_WRAPPING = {"plus", "minus", "multiply", "negate"}
_COMPARING = {"less", "lessOrEquals", "greater", "greaterOrEquals", "equals", "notEquals"}


def _calls(part: tree.Expr, names: Container[str]) -> bool:
    return isinstance(part, tree.Call) and part.function.name in names


_OF_EXPRESSIONS: tuple[tuple[Callable[[tree.Expr], bool], str], ...] = (
    (
        lambda e: isinstance(e, tree.Aggregate) and not e.type.is_nullable,
        "aggregates of no rows are 0, '' or nan, not NULL",
    ),
    (
        lambda e: _calls(e, _WRAPPING) and e.type.is_integer,
        "integers wrap around at the ends of their types",
    ),
    (lambda e: _calls(e, {"divide"}), "a division by zero is inf or nan"),
    (
        lambda e: _calls(e, _COMPARING) and any(arg.type.is_float for arg in e.children()),
        "NaN is neither equal to, less nor greater than anything",
    ),
    (lambda e: _calls(e, {"arrayElement"}), "an element that is not there is the type's default"),
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
    (lambda r: isinstance(r, tree.ArrayJoinRelation), "ARRAY JOIN is `unnest`, around its source"),
    (
        lambda r: isinstance(r, tree.TableRelation) and r.sample is not None,
        "SAMPLE is a range of the sampling key",
    ),
)


__all__ = ["ExplainedColumn", "ExplainedQuery", "explain_query"]
