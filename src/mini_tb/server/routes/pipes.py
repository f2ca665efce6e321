"""Pipes: reading endpoints, and what pipes are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import UserError
from mini_tb.project import Pipe
from mini_tb.server import resources
from mini_tb.server.answer import OUTPUT_SETTINGS, stream
from mini_tb.server.app import Route
from mini_tb.server.cache import TTL_S, answer_key
from mini_tb.server.call import Call
from mini_tb.server.flight import may_share
from mini_tb.server.observe import Observed
from mini_tb.server.openapi import document
from mini_tb.server.reply import Reply, Stream, Written

if TYPE_CHECKING:
    from mini_tb.template import Parameter
    from mini_tb.workspace.query import Prepared

FORMATS = {
    "json": "JSON",
    "csv": "CSVWithNames",
    "csvwithnames": "CSVWithNames",
    "ndjson": "JSONEachRow",
    "parquet": "Parquet",
    "prometheus": "Prometheus",
}
"""Extension of an endpoint's address → output format."""


def get_pipe(call: Call) -> Any:
    """An endpoint's rows (`NAME.json`), a pipe's definition (`NAME`), or OpenAPI."""
    name, dot, extension = call.path("name").rpartition(".")
    if not dot:
        return _definition(call, extension)
    if (name, extension) == ("openapi", "json"):
        return _openapi(call)
    format_name = FORMATS.get(extension)
    if format_name is None:
        known = ", ".join(f"`.{known}`" for known in FORMATS)
        message = f"no endpoint answers as `.{extension}`"
        raise UserError.of("RT606", message, hint=known, status=404)
    if extension == "csv" and call.param("__tb__csv_header") in ("0", "false"):
        format_name = "CSV"
    if call.flag("explain"):
        return _explained(call, name)
    call.observed = Observed(name)
    workspace = call.workspace
    prepared = workspace.prepare(
        name,
        call.template_params,
        q=call.param("q") or None,
        access=call.access,
        staging=call.staging,
    )
    return _answered(call, prepared, prepared.compiled.format or format_name)


def _answered(call: Call, prepared: Prepared, format_name: str) -> Stream:
    """The answer of a prepared statement: one that is kept, one that somebody else is just given,
    or its own."""
    key = answer_key(call.workspace, prepared, (format_name, *map(call.param, OUTPUT_SETTINGS)))
    ttl = str(prepared.settings.get("cache_ttl"))
    is_kept = key is not None and ttl in TTL_S
    if is_kept and (kept := call.server.answers.find(key)) is not None:
        return Stream.of(kept.written, **{"X-Cache-Hits": str(kept.hits)})

    def keep(written: Written | None) -> None:
        if written is not None:
            call.server.answers.keep(key, written, ttl)

    def ask() -> Stream:
        result = call.workspace.run(
            prepared, timeout_s=call.server.query_timeout_s, on_start=call.on_start
        )
        answer = stream(call, result, format_name)
        if is_kept:
            answer.headers = {**answer.headers, "X-Cache-Hits": "0"}
            answer.keep = keep
        return answer

    if key is not None and may_share(prepared.compiled):
        return call.server.flights.share(key, ask)
    return ask()


def post_pipe(call: Call) -> Any:
    """An endpoint's rows with parameters in a form or a JSON object."""
    return get_pipe(call) if "." in call.path("name") else refuse_change(call)


def refuse_change(call: Call) -> Any:
    """Creating and changing belong to deployments."""
    message = "pipes come from deployments: they cannot be created or changed one by one"
    raise UserError.of("RT607", message, hint="deploy the project", status=405)


def explain_pipe(call: Call) -> Any:
    """How an endpoint's query runs."""
    return _explained(call, call.path("name"))


def _explained(call: Call, name: str) -> Reply:
    statement, plan = call.workspace.explain(
        name,
        call.template_params,
        q=call.param("q") or None,
        access=call.access,
        staging=call.staging,
    )
    return Reply({"debug_query": statement, "query_explain": plan})


def list_pipes(call: Call) -> Any:
    """The pipes that the token may read."""
    attrs, node_attrs = call.param("attrs"), call.param("node_attrs")
    always = ("url", "nodes") if node_attrs else ("url",)
    found = [
        resources.selected(_object(call, pipe, node_attrs), attrs, always)
        for pipe in _readable(call)
    ]
    return {"pipes": found}


def _readable(call: Call) -> list[Pipe]:
    workspace = call.workspace
    pipes = (workspace.staged if call.staging else workspace.live).project.pipes.values()
    return [pipe for pipe in pipes if call.access.may("PIPES:READ", pipe.name)]


def _definition(call: Call, key: str) -> Any:
    pipe = call.workspace.pipe(key, staging=call.staging)
    call.access.check("PIPES:READ", pipe.name)
    found = _object(call, pipe, call.param("node_attrs"))
    return resources.selected(found, call.param("attrs"))


def _object(call: Call, pipe: Pipe, node_attrs: str) -> dict[str, Any]:
    workspace = call.workspace
    lineage = call.server.lineages.of(workspace)
    details = {
        node.name: {
            "params": [p.to_json() for p in lineage.parameters(node)],
            "dependencies": list(lineage.dependencies(node)),
        }
        for node in pipe.nodes
    }
    return resources.pipe(
        pipe,
        workspace.resource_id,
        workspace.touched(pipe.name),
        node_attrs=node_attrs,
        details=details,
    )


def _openapi(call: Call) -> Any:
    """OpenAPI 3 of the endpoints that the token may read."""
    workspace = call.workspace
    endpoints = [(p, _parameters(call, p)) for p in _readable(call) if p.endpoint is not None]
    server = str(call.request.base_url).rstrip("/")
    return document(endpoints, server=server, workspace=workspace.name)


def _parameters(call: Call, pipe: Pipe) -> list[Parameter]:
    """Those of all nodes, each name once: where it is typed, if anywhere."""
    fixed = call.access.fixed_params(pipe.name)
    found: dict[str, Parameter] = {}
    for node in pipe.nodes:
        for parameter in call.server.lineages.of(call.workspace).parameters(node):
            name = str(parameter.name)
            if name not in fixed and (name not in found or not found[name].is_typed):
                found[name] = parameter
    return list(found.values())


def get_datafile(call: Call) -> Any:
    """The pipe's file as it was deployed (`NAME.pipe`)."""
    name = call.path("name")
    if not name.endswith(".pipe"):
        return _definition(call, name)
    pipe = call.workspace.pipe(name.removesuffix(".pipe"))
    call.access.check("PIPES:READ", pipe.name)
    return Reply(pipe.file.text if pipe.file else "", content_type="text/plain")


def run_copy(call: Call) -> Any:
    """Start a copy pipe's job."""
    call.access.check("ADMIN")
    pipe = call.workspace.pipe(call.path("name"))
    params = {k: v for k, v in call.template_params.items() if k not in _COPY_OPTIONS}
    job = call.workspace.copy(pipe.name, params, mode=call.param("_mode") or None)
    target = job.details["datasource"]["id"]
    return {
        "id": call.workspace.resource_id("pipe", pipe.name),
        "name": pipe.name,
        "job": resources.job(job),
        "tags": {"copy_target_datasource": target},
    }


_COPY_OPTIONS = frozenset({"_mode", "on_demand_compute", "_execution_type"})


def pause_copy(call: Call) -> Any:
    """Stop a copy pipe's schedule."""
    call.access.check("ADMIN")
    call.workspace.schedules.pause(call.workspace.pipe(call.path("name")).name)
    return {"status": "paused"}


def resume_copy(call: Call) -> Any:
    """Let a copy pipe's schedule run again."""
    call.access.check("ADMIN")
    call.workspace.schedules.resume(call.workspace.pipe(call.path("name")).name)
    return {"status": "running"}


def run_sink(call: Call) -> Any:
    """Start a sink's job."""
    call.access.check("ADMIN")
    pipe = call.workspace.pipe(call.path("name"))
    job = call.workspace.sink(pipe.name, call.template_params)
    return {
        "id": call.workspace.resource_id("pipe", pipe.name),
        "name": pipe.name,
        "job": resources.job(job),
    }


def populate(call: Call) -> Any:
    """Fill a materialisation's target from all rows that its source holds."""
    call.access.check("ADMIN")
    pipe = call.workspace.pipe(call.path("name"))
    job = call.workspace.populate(
        pipe.name,
        truncate=call.flag("truncate"),
        condition=call.param("populate_condition") or None,
    )
    return {"job": resources.job(job), "workspace_id": call.workspace.id}


HOT_ROUTES = [
    Route(
        "/v0/pipes/{name}",
        get_pipe,
        params="q explain attrs node_attrs __tb__csv_header __tb__deployment",
        pool="reads",
    )
]
ROUTES = [
    Route("/v0/pipes/{name}", post_pipe, "POST", "q", pool="reads"),
    Route("/v0/pipes", list_pipes, params="attrs node_attrs dependencies"),
    Route("/v1/pipes", list_pipes, params="attrs node_attrs"),
    Route("/v1/pipes/{name}", get_datafile),
    Route("/v0/pipes/{name}/explain", explain_pipe, params="q", pool="reads"),
    Route("/v0/pipes/{name}/copy", run_copy, "POST", "_mode on_demand_compute"),
    Route("/v0/pipes/{name}/copy/pause", pause_copy, "POST"),
    Route("/v0/pipes/{name}/copy/resume", resume_copy, "POST"),
    Route("/v0/pipes/{name}/sink", run_sink, "POST"),
    Route(
        "/v0/pipes/{name}/nodes/{node}/population", populate, "POST", "truncate populate_condition"
    ),
    Route("/v0/pipes", refuse_change, "POST"),
    Route("/v0/pipes/{name}", refuse_change, "PUT|DELETE"),
    Route("/v0/pipes/{name}/nodes", refuse_change, "POST"),
    Route("/v0/pipes/{name}/nodes/{node}", refuse_change, "PUT|DELETE"),
]
