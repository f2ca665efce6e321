"""What is noted of every request that read an endpoint or ran a query."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.server.errors import Problem

if TYPE_CHECKING:
    from mini_tb.engine.base import Result
    from mini_tb.server.call import Call, Params

QUERY_API = "query_api"
"""What the Query API is called among pipes."""
_MAX_TEXT = 4096


@dataclass(slots=True)
class Observed:
    """A request under way: what it reads, and its result once there is one."""

    pipe: str
    started: float = field(default_factory=time.perf_counter)
    result: Result | None = None


def note(call: Call, status: int, problem: Problem | None = None) -> None:
    """Note the request in the workspace's service data sources. Tokens are left out."""
    observed = call.observed
    if observed is None or call.is_unknown:
        return
    workspace, result = call.workspace, observed.result
    is_query = observed.pipe == QUERY_API
    pipe_id = QUERY_API if is_query else workspace.resource_id("pipe", observed.pipe)
    parameters = {
        name: (value if isinstance(value, str) else ",".join(value))[:_MAX_TEXT]
        for name, value in _given(call).items()
        if name not in ("token", "password")
    }
    message = problem.message[:_MAX_TEXT] if problem else None
    url = str(call.request.scope["path"])
    moment = workspace.now().replace(microsecond=0)
    workspace.service.note(
        "tinybird.pipe_stats_rt",
        {
            "start_datetime": moment,
            "pipe_id": pipe_id,
            "pipe_name": observed.pipe,
            "token": call.access.token_id,
            "token_name": call.access.name,
            "duration": time.perf_counter() - observed.started,
            "read_bytes": result.bytes_read if result else 0,
            "read_rows": result.rows_read if result else 0,
            "url": url,
            "error": int(problem is not None),
            "error_message": message,
            "status_code": status,
            "request_id": call.request_id,
            "parameters": list(parameters.items()),
            "method": call.method,
            "user_agent": call.request.headers.get("user-agent"),
            "client_ip": call.request.client.host if call.request.client else None,
        },
    )
    if problem is not None:
        workspace.service.note(
            "tinybird.endpoint_errors",
            {
                "start_datetime": moment,
                "request_id": call.request_id,
                "pipe_id": pipe_id,
                "pipe_name": observed.pipe,
                "params": str(parameters),
                "url": url,
                "status_code": status,
                "error": message,
            },
        )


def _given(call: Call) -> Params:
    try:
        return call.everything
    except UserError:  # the body cannot be read, which is what went wrong
        return call.query
