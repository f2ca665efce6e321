"""The Query API: one SELECT over what the token may read, in any of ClickHouse's formats."""

from __future__ import annotations

from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.server.answer import stream
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.observe import QUERY_API, Observed

_RAW = ("", "text/plain", "application/sql", "application/octet-stream")


def query_text(call: Call) -> str:
    """The query: `q` of the URL, a form or a JSON object, else the body as it is."""
    given = call.query.get("q")
    if isinstance(given, str) and given:
        return given
    if call.body and call.content_type == "application/x-www-form-urlencoded":
        found = call.form.get("q")
        # curl sends raw bodies under this type, too.
        return found if isinstance(found, str) else call.content.decode("utf-8", "replace")
    if call.content_type in ("application/json", "multipart/form-data"):
        found = call.form.get("q")
        return found if isinstance(found, str) else ""
    return call.content.decode("utf-8", "replace") if call.body else ""


def run_sql(call: Call) -> Any:
    """The rows of `q`. Without FORMAT the answer is in `default_format`, or JSON."""
    call.observed = Observed(QUERY_API)
    text = query_text(call)
    if not text.strip():
        raise UserError.of("RT602", "the parameter `q` is missing", hint="send a SELECT as `q`")
    pipeline = call.param("pipeline") or call.param("playground") or None
    result = call.workspace.sql(
        text,
        call.template_params,
        pipeline=pipeline,
        access=call.access,
        staging=call.staging,
        timeout_s=call.server.query_timeout_s,
        on_start=call.on_start,
    )
    return stream(call, result, result.compiled.format or call.param("default_format") or "JSON")


def list_tables(call: Call) -> Any:
    """The tables that a query names, as (database, table) pairs."""
    from mini_tb.sql import tables

    names = dict.fromkeys(name for name, _, _ in tables(call.required("q")))
    pairs = [["", name] if "." not in name else name.split(".", 1) for name in names]
    return {"tables": pairs}


def refuse_copy(call: Call) -> Any:
    """Copying what a query gives belongs to pipes."""
    call.access.check("ADMIN")
    message = "the rows of a query are copied by a copy pipe, not one by one"
    raise UserError.of("RT607", message, hint="deploy a pipe of `TYPE copy`", status=405)


ROUTES = [
    Route("/v0/sql", run_sql, "GET|POST", "q pipeline __tb__deployment", pool="reads", body="sql"),
    Route("/v0/sql_tables", list_tables, "GET|POST", "q"),
    Route("/v0/sql_copy", refuse_copy, "POST", "q copy_to"),
]
