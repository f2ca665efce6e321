"""Copy pipes and population: the rows of a query into a data source, as a job.

The long part, computing the rows, runs beside everything else and fills a table that nobody knows
yet. The short part moves them: one transaction in which the target gets them all, or they take the
target's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mini_tb.deploy.apply import BUILDING
from mini_tb.deploy.materialize import check_columns, insertion
from mini_tb.deploy.names import ProjectCatalog
from mini_tb.diagnostics import Severity, UserError
from mini_tb.project import Copy, Datasource, Materialization, Node, Pipe
from mini_tb.sql import Compiled, View
from mini_tb.types.duckdb import quote_identifier as quote
from mini_tb.workspace.access import EVERYTHING
from mini_tb.workspace.request import Request

if TYPE_CHECKING:
    from mini_tb.workspace.jobs import Handle, Job
    from mini_tb.workspace.workspace import Workspace

APPEND, REPLACE = "append", "replace"


def start_copy(
    workspace: Workspace, pipe: Pipe, params: Mapping[str, Any], mode: str | None
) -> Job:
    """Queue a copy pipe's job. Raises `UserError` NM304 (HTTP 404) if the pipe copies nothing and
    RT301 for a mode that does not exist."""
    node = pipe.published
    if node is None or not isinstance(node.kind, Copy):
        hint = "give one of its nodes `TYPE copy`"
        raise UserError.of("NM304", f"`{pipe.name}` is no copy pipe", hint=hint, status=404)
    chosen = mode or node.kind.mode
    if chosen not in (APPEND, REPLACE):
        raise UserError.of("RT301", f"`{chosen}` is no mode of a copy: `append` or `replace`")
    target = workspace.datasource(node.kind.target)

    def work(handle: Handle) -> dict[str, Any]:
        request = Request(
            workspace.live, params, workspace.secrets.values(), EVERYTHING, workspace.service_tables
        )
        compiled, values = request.node(workspace.compiled, pipe, node)
        rows = _copy(workspace, compiled, values, target, chosen, handle)
        return {"rows": rows}

    return workspace.jobs.start(
        "copy",
        work,
        pipe_name=pipe.name,
        pipe_id=workspace.resource_id("pipe", pipe.name),
        mode=chosen,
        datasource=_described(workspace, target),
    )


def start_populate(workspace: Workspace, pipe: Pipe, truncate: bool, condition: str | None) -> Job:
    """Queue the job that fills a materialisation's target from what its source holds. Raises
    `UserError` NM305 (HTTP 404) if the pipe materialises nothing."""
    node = pipe.published
    if node is None or not isinstance(node.kind, Materialization):
        hint = "give one of its nodes `TYPE materialized`"
        raise UserError.of("NM305", f"`{pipe.name}` materialises nothing", hint=hint, status=404)
    target = workspace.datasource(node.kind.target)
    compiled = _populating(workspace, pipe, node, condition)

    def work(handle: Handle) -> dict[str, Any]:
        mode = REPLACE if truncate else APPEND
        return {"rows": _copy(workspace, compiled, {}, target, mode, handle)}

    return workspace.jobs.start(
        "populateview",
        work,
        pipe_name=pipe.name,
        pipe_id=workspace.resource_id("pipe", pipe.name),
        datasource=_described(workspace, target),
    )


def _populating(workspace: Workspace, pipe: Pipe, node: Node, condition: str | None) -> Compiled:
    from mini_tb.source import Fragment
    from mini_tb.sql import compile_query

    live = workspace.live
    catalog = ProjectCatalog(live.tables, pipe=pipe, node=node.name)
    if condition is not None:
        feeds = live.triggers.feeds.into(_target(node))
        source = next(feed.source for feed in feeds if feed.node is node)
        sql = Fragment(f"SELECT * FROM `{source}` WHERE {condition}")
        narrowed = View(source, sql, ProjectCatalog(live.tables))
        catalog = catalog.with_replaced({source: narrowed})
    return compile_query(node.sql, catalog)


def _target(node: Node) -> str:
    assert isinstance(node.kind, Materialization)
    return node.kind.target


def _copy(
    workspace: Workspace,
    compiled: Compiled,
    values: Mapping[str, Any],
    target: Datasource,
    mode: str,
    handle: Handle,
) -> int:
    wrong = [
        diagnostic
        for diagnostic in check_columns(compiled, target, None, "the query")
        if diagnostic.severity is Severity.ERROR
    ]
    if wrong:
        raise UserError(*wrong)
    made = insertion(compiled, target)
    staged = f"{BUILDING}{target.name} {handle.job.id}"
    bound = {**values, "now": workspace.now()} if made.uses_now else dict(values)
    try:
        with workspace.engine.background() as tx:
            handle.on_cancel(tx.interrupt)
            handle.check()
            tx.create_table(staged, target)
            rows = tx.execute(made.into(staged), bound)
            handle.on_cancel(None)
        handle.check()
        with workspace.landing() as landing:
            current = workspace.datasource(target.name)
            if current.columns != target.columns:
                message = f"data source `{target.name}` was changed by a deployment meanwhile"
                raise UserError.of("IN301", message, hint="run it again", status=409)
            if mode == REPLACE:
                landing.take_over(current, staged)
            else:
                landing.insert(current, f"SELECT * FROM {quote(staged)}")
    finally:
        with workspace.engine.transaction() as tx:
            tx.drop_table(staged)
    return rows


def _described(workspace: Workspace, target: Datasource) -> dict[str, str]:
    return {"id": workspace.resource_id("datasource", target.name), "name": target.name}
