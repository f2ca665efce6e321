"""The Events API: rows as newline-delimited JSON, acknowledged when they are on disk."""

from __future__ import annotations

from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.reply import Later, Reply

_FORMATS = ("ndjson", "json")


def post_events(call: Call) -> Any:
    """Append the body's rows to `name`; bad rows go to quarantine and are counted.

    With `wait=true` the answer is 200, else 202: rows are committed before either, since a commit
    is shared by all requests that wait for it.
    """
    name = call.query.get("name")
    if not isinstance(name, str) or not name:
        raise UserError.of("RT602", "the parameter `name` is missing", hint="name a data source")
    call.access.check("DATASOURCES:APPEND", name)
    format_name = call.query.get("format", "ndjson")
    if format_name not in _FORMATS:
        raise UserError.of("IN106", f"cannot read events as `{format_name}`", hint="send ndjson")
    body = call.unpacked(call.server.limits.events_decompressed)
    if not body.strip():
        raise UserError.of("IN101", "the body is empty: there are no events in it")
    waits = call.query.get("wait") in ("true", "1")
    future = call.workspace.append_later(name, body, format=str(format_name))
    return Later(future, lambda appended: _counted(appended, 200 if waits else 202))


def _counted(appended: Any, status: int) -> Reply:
    counts = {
        "successful_rows": appended.successful_rows,
        "quarantined_rows": appended.quarantined_rows,
    }
    return Reply(counts, status)


ROUTES = [
    Route(
        "/v0/events",
        post_events,
        "POST",
        "name wait format",
        pool="writes",
        limit="events",
        body="events",
        success="200|202",
    )
]
