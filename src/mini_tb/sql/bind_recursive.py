"""WITH RECURSIVE: a CTE whose query reads itself.

The first arms that do not read it give the rows to begin with; the others are computed from the
rows of the step before, until there are none. The types are the least that hold both, found by
binding until they do not change any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mini_tb.sql import syntax
from mini_tb.sql.errors import query_error
from mini_tb.sql.scope import NamedQuery, Scope
from mini_tb.sql.tree import BoundQuery, SharedQuery

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

MAX_WIDENINGS = 8
"""How often a type can grow: UInt8 … UInt64, and what is inside a Nullable or an Array."""


def reads_itself(cte: syntax.CTE) -> bool:
    """Whether the name of a CTE stands in its own query as a table."""
    return _reads(cte.query, cte.name)


def _reads(node: object, name: str) -> bool:
    if isinstance(node, list | tuple):
        return any(_reads(item, name) for item in node)
    if isinstance(node, syntax.TableName):
        return node.parts == (name,)
    if isinstance(node, syntax.Select) and any(cte.name == name for cte in node.ctes):
        # The arms of a set operation share the CTEs of the first, this one among them.
        node = replace(node, ctes=[cte for cte in node.ctes if cte.name != name])
    if not isinstance(node, syntax.Node | syntax.LimitBy | syntax.Fill):
        return False
    return any(_reads(getattr(node, field), name) for field in node.__dataclass_fields__)


def bind_recursive(named: NamedQuery, queries: QueryBinder) -> SharedQuery:
    """The CTE, bound. Raises `QueryError` for a form that is not `arms UNION ALL arms`."""
    from mini_tb.sql.bind_query import unite

    cte = named.cte
    first, again = _arms(cte, named.scope)
    shared = SharedQuery(queries.fresh_query(), _bound(first, named, queries), is_recursive=True)
    for column, name in zip(shared.query.columns, cte.columns, strict=False):
        column.name = name
    for index, column in enumerate(shared.query.columns):
        column.duck_name = f"c{index}"
    start = shared.query
    types = [column.type for column in start.columns]
    named.shared = shared
    union = syntax.SetOperation(cte.start, cte.end, "UNION ALL", first, again)
    for _ in range(MAX_WIDENINGS):
        shared.uses = 0
        step = _bound(again, named, queries)
        united = unite(union, start, step, named.scope)
        shared.query = united
        widened = [column.type for column in united.columns]
        if widened == types:
            break
        types = widened
    return shared


def _bound(query: syntax.Query, named: NamedQuery, queries: QueryBinder) -> BoundQuery:
    inner = named.scope.child(is_closed=True)
    if named.shared is None:
        inner.defines = named
    inner.ctes[named.cte.name] = named
    return queries.query(query, inner)


def _arms(cte: syntax.CTE, scope: Scope) -> tuple[syntax.Query, syntax.Query]:
    """The arms to begin with, and those that read the CTE."""
    arms = list(_flat(cte.query))
    first = [arm for arm in arms if not _reads(arm, cte.name)]
    again = [arm for arm in arms if _reads(arm, cte.name)]
    whole = cte.query
    is_union = isinstance(whole, syntax.SetOperation) and whole.operator == "UNION ALL"
    if not is_union or not first:
        raise query_error(
            "SQ224",
            f"the recursive CTE `{cte.name}` is not `SELECT … UNION ALL SELECT … FROM {cte.name}`",
            scope.fragment,
            cte.start,
            cte.end,
            number=1,
        )
    return _joined(first), _joined(again)


def _flat(query: syntax.Query) -> list[syntax.Query]:
    if isinstance(query, syntax.SetOperation) and query.operator == "UNION ALL":
        return [*_flat(query.left), *_flat(query.right)]
    return [query]


def _joined(arms: list[syntax.Query]) -> syntax.Query:
    whole = arms[0]
    for arm in arms[1:]:
        whole = syntax.SetOperation(whole.start, arm.end, "UNION ALL", whole, arm)
    return whole
