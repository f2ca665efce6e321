"""Data sources: what they are, and emptying them whole or in part."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mini_tb.diagnostics import Diagnostic, EngineError, UserError
from mini_tb.project import Datasource
from mini_tb.server import resources
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.reply import Reply


class Gone(UserError):
    """A deployment deletes the data source while it is looked at."""


_ALWAYS = ("engine", "indexes", "new_columns_detected", "statistics", "quarantine_rows")
"""Clients read these of every item of a list, whatever `attrs` they asked for."""


def list_datasources(call: Call) -> Any:
    """The data sources that the token may read."""
    attrs = call.param("attrs")
    listed = []
    for found in call.workspace.project.datasources.values():
        if call.access.may("DATASOURCES:READ", found.name):
            with suppress(Gone):
                listed.append(resources.selected(_object(call, found), attrs, _ALWAYS))
    return {"datasources": listed}


def get_datasource(call: Call) -> Any:
    """One data source by name or id; with `.datasource` behind it, its file as it was deployed."""
    key = call.path("name")
    is_file = key.endswith(".datasource")
    found = call.workspace.datasource(key.removesuffix(".datasource") if is_file else key)
    call.access.check("DATASOURCES:READ", found.name)
    if is_file:
        return Reply(found.file.text if found.file else "", content_type="text/plain")
    return resources.selected(_object(call, found), call.param("attrs"))


def _object(call: Call, found: Datasource) -> dict[str, Any]:
    workspace = call.workspace
    try:
        rows, size, quarantined = workspace.statistics(found.name)
    except EngineError:
        if found.name in workspace.project.datasources:
            raise
        message = f"data source `{found.name}` has just been deleted"
        raise Gone(Diagnostic("NM301", message), status=404) from None
    users = call.server.lineages.of(workspace).used_by(found.name)
    return resources.datasource(
        found,
        workspace.resource_id,
        workspace.touched(found.name),
        row_count=rows,
        size=size,
        quarantine_rows=quarantined,
        used_by=[{"id": workspace.resource_id("pipe", name), "name": name} for name in users],
    )


def truncate(call: Call) -> Any:
    """Remove all rows."""
    found = call.workspace.datasource(call.path("name"))
    call.access.check("DATASOURCES:DROP", found.name)
    call.workspace.truncate(found.name, cascade=call.flag("cascade"))
    return Reply(status=205)


def delete_rows(call: Call) -> Any:
    """Start a job that deletes the rows of a condition, or with `dry_run` count them."""
    found = call.workspace.datasource(call.path("name"))
    call.access.check("DATASOURCES:DROP", found.name)
    condition = call.required("delete_condition")
    workspace = call.workspace
    if call.flag("dry_run"):
        return {"rows_to_be_deleted": workspace.delete(found.name, condition, dry_run=True)}
    job = workspace.delete_later(found.name, condition)
    return {**resources.job(job), "delete_id": job.id}


def delete_rows_now(call: Call) -> Any:
    """Delete the rows of a condition before answering."""
    found = call.workspace.datasource(call.path("name"))
    call.access.check("DATASOURCES:DROP", found.name)
    rows = call.workspace.delete(found.name, call.required("delete_condition"))
    mutation = {"partitions_scanned": 1, "partitions_done": 1, "partitions_in_progress": 0}
    return {"rows_affected": rows, "mutation": mutation}


def refuse_change(call: Call) -> Any:
    """Creating and altering belong to deployments."""
    message = "data sources come from deployments: they cannot be created or changed one by one"
    raise UserError.of("RT607", message, hint="deploy the project", status=405)


def refuse_connector(call: Call) -> Any:
    """What connectors do: none runs here."""
    found = call.workspace.datasource(call.path("name"))
    call.access.check("ADMIN")
    message = (
        f"no connector feeds `{found.name}` here, so there is nothing to start, stop or sample"
    )
    hint = "send events, or append files"
    raise UserError.of("RT616", message, hint=hint, status=400)


def refuse_sharing(call: Call) -> Any:
    """Sharing belongs to deployments (`SHARED_WITH`)."""
    call.access.check("ADMIN")
    message = "data sources are shared by `SHARED_WITH` in their files, not one by one"
    raise UserError.of("RT607", message, hint="deploy the project", status=405)


_CONNECTOR = ("scheduling/runs", "scheduling/state", "start", "stop", "sample")

ROUTES = [
    Route("/v0/datasources", list_datasources, params="attrs"),
    Route("/v1/datasources", list_datasources),
    Route("/v0/datasources/{name}", get_datasource, params="attrs"),
    Route("/v1/datasources/{name}", get_datasource),
    Route("/v0/datasources/{name}", refuse_change, "PUT|DELETE"),
    Route("/v0/datasources/{name}/alter", refuse_change, "POST"),
    Route("/v0/datasources/{name}/truncate", truncate, "POST", "cascade", success="205"),
    Route("/v0/datasources/{name}/delete", delete_rows, "POST", "delete_condition dry_run"),
    Route("/v1/datasources/{name}/delete", delete_rows_now, "POST", "delete_condition"),
    Route("/v0/datasources/{name}/share", refuse_sharing, "POST|DELETE"),
    Route("/v0/datasources/exchange", refuse_change, "POST"),
    *(
        Route(f"/v0/datasources/{{name}}/{what}", refuse_connector, "GET|POST|PUT")
        for what in _CONNECTOR
    ),
]
