"""Which tables a query names, before anything is resolved: for graphs, triggers and scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache, lru_cache
from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.source import Fragment
from mini_tb.sql import syntax

_LEAVES = (str, int, float, type(None))


@lru_cache(maxsize=4096)
def tables(sql: str) -> tuple[tuple[str, int, int], ...]:
    """The names in FROM, JOIN and on the right of IN, with their offsets, in the order of the
    text; names of the query's own CTEs are left out. What stands on the right of IN may turn out
    to be a column. A text that does not parse names none."""
    from mini_tb.sql.parser import parse_statement

    try:
        query = parse_statement(Fragment(sql)).query
    except UserError:
        return ()
    # The arms of a UNION share the CTEs of the first: a set, so that they count once.
    return tuple(sorted(set(_tables(query, frozenset())), key=lambda item: item[1]))


@lru_cache(maxsize=4096)
def leading_table(sql: str) -> str | None:
    """The left-most table of FROM, looked for inside subqueries and CTEs: the one whose inserts
    trigger a materialisation. None if the query reads no table or does not parse."""
    from mini_tb.sql.parser import parse_statement

    try:
        return _leading(parse_statement(Fragment(sql)).query, {})
    except UserError:
        return None


def _leading(query: syntax.Query, ctes: dict[str, syntax.CTE]) -> str | None:
    ctes = {**ctes, **{cte.name: cte for cte in query.ctes}}
    if isinstance(query, syntax.SetOperation):
        return _leading(query.left, ctes)
    item: syntax.TableItem | syntax.JoinTree | None = query.from_
    while isinstance(item, syntax.JoinTree):
        item = item.first
    if isinstance(item, syntax.TableQuery):
        return _leading(item.query, ctes)
    if isinstance(item, syntax.TableName):
        name = ".".join(item.parts)
        cte = ctes.pop(name, None)
        return name if cte is None else _leading(cte.query, ctes)
    return None


@cache
def _inner_fields(kind: type) -> tuple[str, ...]:
    """The fields of a node that may hold others: all but its place."""
    return tuple(item.name for item in fields(kind) if item.name not in ("start", "end"))


def _tables(node: Any, ctes: frozenset[str]) -> Iterator[tuple[str, int, int]]:
    if isinstance(node, list | tuple):
        for item in node:
            if not isinstance(item, _LEAVES):
                yield from _tables(item, ctes)
        return
    if isinstance(node, dict):
        yield from _tables(list(node.values()), ctes)
        return
    if isinstance(node, syntax.Select):
        outer, ctes = ctes, ctes | {cte.name for cte in node.ctes}
        if not node.recursive:
            # Inside its own query the name of a CTE is that of the table, or of a CTE further out.
            for cte in node.ctes:
                yield from _tables(cte.query, ctes if cte.name in outer else ctes - {cte.name})
            node = replace(node, ctes=[])
    if isinstance(node, syntax.TableName):
        name = ".".join(node.parts)
        if name not in ctes:
            yield name, node.start, node.end
    if isinstance(node, syntax.Call) and node.name.lower().endswith("in") and node.operator:
        right = node.args[-1]
        if isinstance(right, syntax.Name) and ".".join(right.parts) not in ctes:
            yield ".".join(right.parts), right.start, right.end
    if hasattr(node, "__dataclass_fields__"):
        for name in _inner_fields(node.__class__):
            item = getattr(node, name)
            if item and not isinstance(item, _LEAVES):
                yield from _tables(item, ctes)
