"""Population: a materialisation over the rows that its source holds already, as a job.

Ingestion goes on beside it. The rows are computed from one snapshot; rows that came later have
been materialised as they came, and stay. A population that was stopped with the server, or killed,
has changed nothing and is done anew when a server starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mini_tb.deploy.names import ProjectCatalog
from mini_tb.diagnostics import UserError
from mini_tb.project import Materialization, Node, Pipe
from mini_tb.sql import Compiled, View
from mini_tb.types.duckdb import quote_identifier as quote
from mini_tb.workspace.copy import described, filled

if TYPE_CHECKING:
    from mini_tb.workspace.jobs import Handle, Job, Work
    from mini_tb.workspace.workspace import Workspace

KIND = "populateview"
ATTEMPTS = 5


def start_population(
    workspace: Workspace, pipe: Pipe, truncate: bool, condition: str | None
) -> Job:
    """Queue the job that fills a materialisation's target from what its source holds, or with
    `truncate` makes it anew; only from rows that satisfy the ClickHouse `condition`. Raises
    `UserError` NM305 (HTTP 404) if the pipe materialises nothing, and for a condition that does
    not compile."""
    node = _materialized(pipe)
    assert isinstance(node.kind, Materialization)
    target = workspace.datasource(node.kind.target)
    _compiled(workspace, pipe, node, condition)
    return workspace.jobs.start(
        KIND,
        _work(workspace, pipe.name, truncate, condition),
        pipe_name=pipe.name,
        pipe_id=workspace.resource_id("pipe", pipe.name),
        datasource=described(workspace, target),
        truncate=truncate,
        populate_condition=condition,
    )


def resume_populations(workspace: Workspace) -> None:
    """Queue the populations that were stopped with the server."""
    for job in workspace.jobs.suspended():
        if job.kind == KIND:
            details = job.details
            work = _work(
                workspace,
                details["pipe_name"],
                details["truncate"],
                details["populate_condition"],
            )
            workspace.jobs.resume(job, work)


def _work(workspace: Workspace, pipe: str, truncate: bool, condition: str | None) -> Work:
    def work(handle: Handle) -> dict[str, Any]:
        for _ in range(ATTEMPTS):
            rows = _populate(workspace, workspace.pipe(pipe), truncate, condition, handle)
            if rows is not None:
                return {"rows": rows}
            handle.check()
        message = f"rows were taken from the target of `{pipe}` each time meanwhile"
        raise UserError.of("IN301", message, hint="run it again", status=409)

    return work


def _populate(
    workspace: Workspace, pipe: Pipe, truncate: bool, condition: str | None, handle: Handle
) -> int | None:
    """How many rows; None if the target lost rows meanwhile, so that what came later cannot be told
    from what was there."""
    node = _materialized(pipe)
    assert isinstance(node.kind, Materialization)
    target = workspace.datasource(node.kind.target)
    basis = _basis(workspace, target.name)
    rewrites = workspace.rewrites(target.name)
    compiled = _compiled(workspace, pipe, node, condition)
    with (
        filled(workspace, compiled, {}, target, handle) as (staged, rows, last),
        workspace.landing() as landing,
    ):
        landing.current(target)
        if _basis(workspace, target.name) != basis:
            message = f"what fills `{target.name}` was changed by a deployment meanwhile"
            raise UserError.of("IN301", message, hint="run it again", status=409)
        if not truncate:
            landing.insert(target, f"SELECT * FROM {quote(staged)}")
        elif workspace.rewrites(target.name) == rewrites:
            landing.take_over(target, staged, after=last)
        else:
            return None
        handle.conclude({"rows": rows})
    return rows


def _basis(workspace: Workspace, target: str) -> object:
    """What the rows of a target are made of: changes when a deployment may have made them anew."""
    live = workspace.live
    feeds, datasources = live.triggers.feeds, live.project.datasources
    into = [(feeds.signature(feed), datasources[feed.source]) for feed in feeds.into(target)]
    return datasources[target], into


def _materialized(pipe: Pipe) -> Node:
    node = pipe.published
    if node is None or not isinstance(node.kind, Materialization):
        hint = "give one of its nodes `TYPE materialized`"
        raise UserError.of("NM305", f"`{pipe.name}` materialises nothing", hint=hint, status=404)
    return node


def _compiled(workspace: Workspace, pipe: Pipe, node: Node, condition: str | None) -> Compiled:
    from mini_tb.source import Fragment
    from mini_tb.sql import compile_query

    assert isinstance(node.kind, Materialization)
    live = workspace.live
    catalog = ProjectCatalog(live.tables, pipe=pipe, node=node.name)
    if condition is not None:
        feeds = live.triggers.feeds.into(node.kind.target)
        source = next(feed.source for feed in feeds if feed.node is node)
        sql = Fragment(f"SELECT * FROM `{source}` WHERE {condition}")
        narrowed = View(source, sql, ProjectCatalog(live.tables))
        catalog = catalog.with_replaced({source: narrowed})
    return compile_query(node.sql, catalog)
