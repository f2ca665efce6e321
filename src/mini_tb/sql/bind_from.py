"""FROM: tables, views, CTEs and subqueries as relations, joined from left to right.

A CTE or a view is bound once, however often it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mini_tb.diagnostics import nearest
from mini_tb.sql import syntax
from mini_tb.sql.bind_join import bind_array_join, bind_join
from mini_tb.sql.bind_recursive import bind_recursive, reads_itself
from mini_tb.sql.catalog import Table, View
from mini_tb.sql.errors import query_error
from mini_tb.sql.parser import parse_statement
from mini_tb.sql.scope import NamedQuery, Scope
from mini_tb.sql.table_functions import bind_table_function, system_table
from mini_tb.sql.tree import (
    BoundQuery,
    BoundSelect,
    Column,
    OutputColumn,
    QueryRelation,
    Relation,
    RelationColumn,
    SharedQuery,
    TableRelation,
)

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

MAX_VIEW_DEPTH = 64


def bind_from(tree: syntax.JoinTree, scope: Scope, queries: QueryBinder) -> Relation:
    """What stands in FROM; the scope's relations are set on the way."""
    if any(isinstance(part, syntax.Join) and part.kind != "PASTE" for part in tree.rest):
        _require_aliases(tree, scope)
    relation = _item(tree.first, scope, queries)
    for part in tree.rest:
        if isinstance(part, syntax.ArrayJoin):
            relation = bind_array_join(part, relation, scope, queries)
        else:
            scope.relations = []  # a query in FROM does not see the tables beside it
            right = _item(part.table, scope, queries)
            relation = bind_join(part, relation, right, scope, queries)
    scope.relations = [relation]
    return relation


def _require_aliases(tree: syntax.JoinTree, scope: Scope) -> None:
    """What is joined has a name: that of a table, or an alias."""
    joined = [part.table for part in tree.rest if isinstance(part, syntax.Join)]
    for item in (tree.first, *joined):
        if isinstance(item, syntax.TableQuery | syntax.TableFunction) and item.alias is None:
            what = "subquery" if isinstance(item, syntax.TableQuery) else "table function"
            raise query_error(
                "SQ228",
                f"a {what} that is joined needs an alias",
                scope.fragment,
                item.start,
                item.end,
                number=206,
                hint="add `AS name`",
            )


def is_table(node: syntax.Name, scope: Scope) -> bool:
    """Whether a name on the right of IN is a table and not a column."""
    name = ".".join(node.parts)
    if scope.local(node.parts[0]) or next(iter(scope.columns(node.parts)), None):
        return False
    if node.parts[0] in scope.aliases:
        return False
    return scope.cte(name) is not None or scope.catalog.lookup(name) is not None


def table_query(node: syntax.Name, scope: Scope, queries: QueryBinder) -> BoundQuery:
    """`SELECT * FROM name`, for `x IN name`."""
    relation = _table(syntax.TableName(node.start, node.end, node.parts), scope, queries)
    columns = [
        OutputColumn(column.name, f"c{i}", column.expr.type, column.expr)
        for i, column in enumerate(relation.columns)
    ]
    return BoundSelect(columns, relation)


def query_relation(
    queries: QueryBinder,
    query: BoundQuery,
    alias: str | None,
    names: tuple[str, ...] = (),
    columns: Sequence[str] = (),
    shared: SharedQuery | None = None,
) -> QueryRelation:
    """A query as a relation, its columns under their own or the given names."""
    duck = queries.fresh("t")
    offered = [
        RelationColumn(
            columns[i] if i < len(columns) else column.name,
            Column(column.type, duck, column.duck_name),
        )
        for i, column in enumerate(query.columns)
    ]
    return QueryRelation(duck, (alias,) if alias else names, offered, query, shared)


def _item(item: syntax.TableItem | syntax.JoinTree, scope: Scope, queries: QueryBinder) -> Relation:
    if isinstance(item, syntax.JoinTree):
        return bind_from(item, scope, queries)
    if isinstance(item, syntax.TableQuery):
        query = queries.subquery(item.query, scope, is_closed=True)
        return query_relation(queries, query, item.alias, (), item.columns)
    if isinstance(item, syntax.TableFunction):
        if item.name == "view" and len(item.args) == 1 and isinstance(item.args[0], syntax.Query):
            query = queries.subquery(item.args[0], scope, is_closed=True)
            return query_relation(queries, query, item.alias)
        return bind_table_function(item, scope, queries)
    return _table(item, scope, queries)


def _table(item: syntax.TableName, scope: Scope, queries: QueryBinder) -> Relation:
    """A table, view or CTE by name."""
    name = ".".join(item.parts)
    named = scope.cte(name)
    if named is not None:
        shared = _cte(named, item, scope, queries)
        shared.uses += 1
        return query_relation(queries, shared.query, item.alias, (name,), item.columns, shared)
    found = scope.catalog.lookup(name)
    if isinstance(found, View):
        shared = _view(found, item, scope, queries)
        shared.uses += 1
        names = (name, item.parts[-1])
        return query_relation(queries, shared.query, item.alias, names, item.columns, shared)
    if isinstance(found, Table):
        return _stored(found, item, scope, queries)
    made = system_table(item, scope, queries)
    if made is not None:
        return made
    raise query_error(
        "NM202",
        f"unknown table `{name}`",
        scope.fragment,
        item.start,
        item.end,
        number=60,
        hint=_meant(name, scope),
    )


def _meant(name: str, scope: Scope) -> str | None:
    database, _, table = name.partition(".")
    if database == "organization":
        here = f"tinybird.{table}"
        instead = f": of this workspace `{here}` tells" if scope.catalog.lookup(here) else ""
        return f"`organization.…` tells of all workspaces of an account in the cloud{instead}"
    known = nearest(name, scope.catalog.names())
    return f"did you mean `{known}`?" if known else None


def _cte(
    named: NamedQuery, item: syntax.TableName, scope: Scope, queries: QueryBinder
) -> SharedQuery:
    if named.shared is None:
        with _inside(item, scope, queries):
            if named.is_recursive and reads_itself(named.cte):
                named.shared = bind_recursive(named, queries)
            else:
                inner = named.scope.child(is_closed=True)
                inner.defines = named
                query = queries.query(named.cte.query, inner)
                named.shared = SharedQuery(queries.fresh_query(), query)
                for column, name in zip(query.columns, named.cte.columns, strict=False):
                    column.name = name
    return named.shared


def _view(view: View, item: syntax.TableName, scope: Scope, queries: QueryBinder) -> SharedQuery:
    """A pipe or node, bound in its own catalog."""
    key = (view.name, view.sql.text)
    shared = queries.shared_views.get(key)
    if shared is None:
        queries.tables.add(view.name)
        queries.views[view.name] = view
        queries.values[view.name] = view.values
        with _inside(item, scope, queries):
            statement = parse_statement(view.sql)
            inner = Scope(view.sql, view.catalog, view.name, settings=scope.settings)
            shared = SharedQuery(queries.fresh_query(), queries.query(statement.query, inner))
        queries.shared_views[key] = shared
    return shared


@contextmanager
def _inside(item: syntax.TableName, scope: Scope, queries: QueryBinder) -> Iterator[None]:
    """While the query that a name stands for is bound: names may lead in circles."""
    queries.depth += 1
    if queries.depth > MAX_VIEW_DEPTH:
        raise query_error(
            "NM204",
            f"`{'.'.join(item.parts)}` is nested too deep, or selects from itself",
            scope.fragment,
            item.start,
            item.end,
            number=306,
        )
    try:
        yield
    finally:
        queries.depth -= 1


def _stored(
    table: Table, item: syntax.TableName, scope: Scope, queries: QueryBinder
) -> TableRelation:
    queries.tables.add(table.name)
    alias = queries.fresh("t")
    is_final = item.final or bool(scope.settings.get("final"))
    text = table.final if is_final and table.final is not None else table.relation
    columns = [
        RelationColumn(column.name, Column(column.type, alias, column.name))
        for column in table.columns
    ]
    names = (item.alias,) if item.alias else (".".join(item.parts), item.parts[-1])
    relation = TableRelation(alias, names, columns, text, table.name)
    if item.sample is not None:
        from mini_tb.sql.sample import sampled

        relation.sample = sampled(table, relation, item, scope, queries)
    return relation
