"""ClickHouse's own HTTP interface, read-only, for its clients and for BI tools.

The user's name is ignored, the password is a token. Settings in the URL are ignored. Errors are
ClickHouse's: `Code: N. DB::Exception: …`, with `X-ClickHouse-Exception-Code`.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from mini_tb.server.answer import stream
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.errors import Problem
from mini_tb.server.reply import Reply, Stream

_DEFAULT_FORMAT = "TabSeparated"
_AUTHENTICATION_FAILED, _ACCESS_DENIED, _TIMEOUT = 516, 497, 159
_STD_EXCEPTION = 1001
_STATUSES = {403: _AUTHENTICATION_FAILED, 408: _TIMEOUT}


def ping(call: Call) -> Reply:
    """Alive."""
    return Reply("Ok.\n", content_type="text/html; charset=UTF-8")


def run(call: Call) -> Any:
    """The rows of one SELECT; without FORMAT as TabSeparated."""
    query = call.query.get("query", "")
    parts = [query] if isinstance(query, str) else query
    if call.content_type == "multipart/form-data":
        parts += [p for p in call.params("query") if p not in parts]
    elif call.body:
        parts.append(call.content.decode("utf-8", "replace"))
    text = "\n".join(part for part in parts if part)
    if not text.strip():
        return ping(call)
    result = call.workspace.sql(
        text,
        access=call.access,
        query_params=_parameters(call),
        timeout_s=call.server.query_timeout_s,
        on_start=call.on_start,
    )
    format_name = (
        result.compiled.format
        or call.param("default_format")
        or call.request.headers.get("x-clickhouse-format")
        or _DEFAULT_FORMAT
    )
    answer = stream(call, result, format_name)
    return _described(call, answer)


def _parameters(call: Call) -> dict[str, str]:
    """The texts of `{name:Type}` in the query: `param_name=text`."""
    return {
        name.removeprefix("param_"): call.param(name)
        for name in call.everything
        if name.startswith("param_")
    }


def _described(call: Call, answer: Stream) -> Stream:
    query_id = call.param("query_id") or str(uuid.uuid4())
    summary = orjson.dumps({"read_rows": "0", "read_bytes": "0"}).decode()
    headers = {
        **answer.headers,
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Server-Display-Name": "mini-tb",
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Summary": summary,
    }
    return Stream(answer.pieces, answer.content_type, answer.close, headers)


def error_text(problem: Problem, request: Request) -> Response:
    """An error as ClickHouse's clients read it."""
    if problem.number is None:
        problem = replace(problem, number=_STATUSES.get(problem.status, _STD_EXCEPTION))
    return Response(
        f"Code: {problem.number}. DB::Exception: {problem.message}\n",
        problem.status,
        {"X-ClickHouse-Exception-Code": str(problem.number), **problem.headers},
        "text/plain; charset=UTF-8",
    )


ROUTES = [
    Route("/ping", ping, is_open=True),
    Route("/replicas_status", ping, is_open=True),
    Route("/", run, "GET|POST", pool="reads"),
]
