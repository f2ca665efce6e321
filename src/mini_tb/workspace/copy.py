"""Copy pipes: the rows of a query into a data source, as a job.

The long part, computing the rows, runs beside everything else and fills a table that nobody knows
yet. The short part moves them: one transaction in which the target gets them all, or they take the
target's place, and the job is recorded as done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mini_tb.deploy.materialize import check_columns, insertion
from mini_tb.diagnostics import Severity, UserError
from mini_tb.engine.duckdb.table import BUILDING
from mini_tb.project import Copy, Datasource, Pipe
from mini_tb.sql import Compiled
from mini_tb.types.duckdb import quote_identifier as quote
from mini_tb.workspace.landing import last_row

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
        compiled, values = workspace.queries.node(pipe, node, params)
        rows = _copy(workspace, compiled, values, target, chosen, handle)
        return {"rows": rows}

    return workspace.jobs.start(
        "copy",
        work,
        pipe_name=pipe.name,
        pipe_id=workspace.resource_id("pipe", pipe.name),
        mode=chosen,
        datasource=described(workspace, target),
    )


def _copy(
    workspace: Workspace,
    compiled: Compiled,
    values: Mapping[str, Any],
    target: Datasource,
    mode: str,
    handle: Handle,
) -> int:
    with (
        filled(workspace, compiled, values, target, handle) as (staged, rows, _),
        workspace.landing() as landing,
    ):
        current = landing.current(target)
        if mode == REPLACE:
            landing.take_over(current, staged)
        else:
            landing.insert(current, f"SELECT * FROM {quote(staged)}")
        handle.conclude({"rows": rows})
    return rows


@contextmanager
def filled(
    workspace: Workspace,
    compiled: Compiled,
    values: Mapping[str, Any],
    target: Datasource,
    handle: Handle,
) -> Iterator[tuple[str, int, int]]:
    """A table that nobody knows yet, with the rows of a query: its name, how many rows, and the
    target's last row when they were computed. It is dropped at the end unless it took the
    target's place."""
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
            handle.follow(tx)
            handle.check()
            tx.create_table(staged, target)
            last = last_row(tx, target)
            rows = tx.execute(made.into(staged), bound)
            handle.follow(None)
        handle.check()
        yield staged, rows, last
    finally:
        with workspace.engine.transaction() as tx:
            tx.drop_table(staged)


def described(workspace: Workspace, target: Datasource) -> dict[str, str]:
    """A data source as the details of a job name it."""
    return {"id": workspace.resource_id("datasource", target.name), "name": target.name}
