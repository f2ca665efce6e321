"""Imports: whole files into data sources, appended or in place of what is there."""

from __future__ import annotations

from typing import Any, BinaryIO

from mini_tb.diagnostics import UserError
from mini_tb.server import resources
from mini_tb.server.app import Route
from mini_tb.server.call import Call, Part

FORMATS = {
    "csv": "csv",
    "ndjson": "ndjson",
    "jsonl": "ndjson",
    "json": "json",
    "parquet": "parquet",
}
DIALECT = ("dialect_delimiter", "dialect_new_line", "dialect_escapechar")
_BY_TYPE = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/json": "json",
    "application/vnd.apache.parquet": "parquet",
}


def append(call: Call) -> Any:
    """Append a body or a file behind an address."""
    return _import(call, call.path("name"), "append")


def replace(call: Call) -> Any:
    """Replace all rows, or those of `replace_condition`, in one step."""
    return _import(call, call.path("name"), "replace")


def post_datasource(call: Call) -> Any:
    """The older way: a multipart file, a raw body or an address, `mode=append|replace`."""
    mode = call.param("mode") or "create"
    name = call.param("name")
    if mode == "create" or not name:
        message = "data sources come from deployments: they cannot be created one by one"
        raise UserError.of("RT607", message, hint="deploy the project, then `mode=append`")
    if mode not in ("append", "replace"):
        raise UserError.of("RT609", f"unknown mode `{mode}`", hint="append or replace")
    # Clients of this older way look for `error`; those of the newer one take it for one.
    return {**_import(call, name, mode), "error": False}


def _import(call: Call, key: str, mode: str) -> dict[str, Any]:
    from mini_tb.workspace.imports import import_file

    found = call.workspace.datasource(key)
    call.access.check("DATASOURCES:APPEND", found.name)
    if mode == "replace":
        call.access.check("DATASOURCES:DROP", found.name)
    url = call.param("url") or None
    part = None if url else file_of(call)
    body: bytes | BinaryIO = b""
    if not url:
        body = call.spool.rewind() if call.spool else part.data if part else call.content
    if not url and not body:
        raise UserError.of("IN101", "the body is empty: there is no file in it")
    job = import_file(
        call.workspace,
        found.name,
        url or body,
        format=format_of_call(call, part, url),
        mode=mode,
        condition=call.param("replace_condition") or None,
        options={name: call.param(name) for name in DIALECT if call.param(name)},
    )
    counts = job.details
    target = {"id": call.workspace.resource_id("datasource", found.name), "name": found.name}
    return {
        **resources.job(job),
        "import_id": job.id,
        "datasource": target,
        "successful_rows": counts.get("successful_rows", 0),
        "quarantined_rows": counts.get("quarantined_rows", 0),
        "quarantine_rows": counts.get("quarantined_rows", 0),
        "invalid_lines": 0,
    }


def file_of(call: Call) -> Part | None:
    """The uploaded file: clients name the part `csv` whatever its format."""
    if call.content_type != "multipart/form-data":
        return None
    files = [part for part in call.parts if part.filename is not None or part.name in FORMATS]
    return files[0] if files else None


def format_of_call(call: Call, part: Part | None, url: str | None) -> str:
    """What `format` says, else the file's name, its type, the part's name; csv at last."""
    from mini_tb.ingest.files import format_of

    given = call.param("format").lower()
    if given:
        if given not in FORMATS:
            known = ", ".join(FORMATS)
            raise UserError.of("IN106", f"cannot read files of format `{given}`", hint=known)
        return FORMATS[given]
    named = format_of(url or (part.filename if part else None) or "")
    if named is not None:
        return named
    content_type = part.content_type if part else call.content_type
    if content_type in _BY_TYPE:
        return _BY_TYPE[content_type]
    return FORMATS.get(part.name, "csv") if part else "csv"


def may_upload(call: Call) -> None:
    """Raises if the caller may not append to the data source that the request names."""
    name = call.request.path_params.get("name") or call.request.query_params.get("name", "")
    call.access.check("DATASOURCES:APPEND", call.workspace.datasource(str(name)).name)


ROUTES = [
    Route(
        path,
        handler,
        "POST",
        params,
        pool="writes",
        limit="upload",
        may_upload=may_upload,
        body="file",
    )
    for path, handler, params in (
        ("/v0/datasources", post_datasource, "name mode format url"),
        ("/v1/datasources/{name}/append", append, "format url"),
        ("/v1/datasources/{name}/replace", replace, "format url replace_condition"),
    )
]
