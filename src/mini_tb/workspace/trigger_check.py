"""What is surprising or impossible in the query of a materialisation.

It runs over each inserted block alone: what needs all rows sees some of them only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from mini_tb.deploy.feed import Feeds
from mini_tb.diagnostics import Diagnostic, Severity, UserError
from mini_tb.project import Materialization, Node, Pipe, Project
from mini_tb.sql import syntax

_BY_BLOCK = "it sees the rows of one insert at a time, not all rows of its source"
_CLOCKS = frozenset({"now", "now64", "today", "yesterday", "nowinblock"})


def check_triggers(project: Project) -> Iterator[Diagnostic]:
    """The findings for every materialisation of a project."""
    feeds = Feeds(project)
    for pipe in project.pipes.values():
        node = pipe.published
        if node is None or not isinstance(node.kind, Materialization):
            continue
        if node.is_template:
            message = f"node `{node.name}` is materialised, so its query takes no parameters"
            hint = "it runs when rows come, with nobody to give them: remove the `%` and the tags"
            yield Diagnostic("NM308", message, node.span, hint=hint)
            continue
        if not any(feed.node is node for feed in feeds.into(node.kind.target)):
            message = f"node `{node.name}` is materialised, but reads no data source in its FROM"
            hint = "the first table of FROM is the one whose new rows it takes"
            yield Diagnostic("NM307", message, node.span, hint=hint)
            continue
        yield from _pitfalls(pipe, node)


def _pitfalls(pipe: Pipe, node: Node) -> Iterator[Diagnostic]:
    from mini_tb.sql.parser import parse_statement

    try:
        query = parse_statement(node.sql).query
    except UserError:
        return  # reported where it is compiled
    for what, place in sorted(_found(query), key=lambda found: found[1].start):
        message = f"{what} in the materialisation of pipe `{pipe.name}`: {_BY_BLOCK}"
        span = node.sql.span(place.start, place.end)
        yield Diagnostic("EN201", message, span, Severity.WARNING)


def _found(node: object) -> Iterator[tuple[str, syntax.Node]]:
    """(what, where) for everything in a query that means something else block by block."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from _found(item)
        return
    if isinstance(node, syntax.Select):
        clauses = {
            "LIMIT": node.limit,
            "LIMIT BY": node.limit_by.count if node.limit_by else None,
            "ORDER BY": node.order_by[0] if node.order_by else None,
            "DISTINCT": node.columns[0] if node.distinct else None,
        }
        yield from ((f"`{name}`", place) for name, place in clauses.items() if place is not None)
    if isinstance(node, syntax.TableName | syntax.TableQuery) and node.final:
        yield "`FINAL`", node
    if isinstance(node, syntax.Call):
        if node.over is not None:
            yield f"the window function `{node.name}`", node
        if node.name.lower() in _CLOCKS:
            yield f"`{node.name}()`", node
    if hasattr(node, "__dataclass_fields__"):
        for item in fields(node):  # type: ignore[arg-type]  # every node of the tree is a dataclass
            yield from _found(getattr(node, item.name))
