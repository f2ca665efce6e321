"""One envelope for everything that is wrong: `{"error": …, "documentation": …}`.

The status, the text and ClickHouse's error number (`X-DB-Exception-Code`) are what Tinybird's
clients expect; our own stable code travels in `X-Mini-TB-Code`. A caller never sees a traceback:
our own bugs are logged and answered with their class name alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import Diagnostic, EngineError, UserError

if TYPE_CHECKING:
    from starlette.requests import Request

log = logging.getLogger("mini_tb.server")


@dataclass(frozen=True, slots=True)
class Problem:
    """What an exception means to a client."""

    status: int
    message: str
    code: str | None = None
    number: int | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_of(error: BaseException) -> Problem:
    """What the exception means. Exceptions may carry `status`, `number` (ClickHouse's), `body` (the
    JSON object to answer with) and `retry_after_s`."""
    number = getattr(error, "number", None)
    if isinstance(error, UserError):
        body = getattr(error, "body", None)
        return Problem(
            error.status,
            text_of(error.diagnostics),
            error.diagnostics[0].code if error.diagnostics else None,
            number,
            body if isinstance(body, Mapping) else {},
            _retry(error),
        )
    if isinstance(error, EngineError):
        return Problem(error.status, str(error), None, error.code, {}, _retry(error))
    if isinstance(error, HTTPException):
        return Problem(error.status_code, error.detail, headers=dict(error.headers or {}))
    status = getattr(error, "status", None)
    if isinstance(status, int):
        # Of a template: its own text for clients, and what `custom_error()` was given.
        body = getattr(error, "body", None) or {}
        parameter = getattr(error, "parameter", None)
        if parameter is not None:
            body = {"error": getattr(error, "message", str(error)), "parameter": parameter}
        return Problem(
            status, getattr(error, "message", str(error)), None, number, body, _retry(error)
        )
    log.error("unexpected %s", type(error).__name__, exc_info=error)
    return Problem(500, f"internal error ({type(error).__name__}): this is a bug of mini-tb")


def _retry(error: BaseException) -> dict[str, str]:
    seconds = getattr(error, "retry_after_s", None)
    return {} if seconds is None else {"Retry-After": str(int(seconds))}


def text_of(diagnostics: Sequence[Diagnostic]) -> str:
    """The messages of diagnostics as one text for a client."""
    return "\n".join(map(line_of, diagnostics))


def line_of(diagnostic: Diagnostic) -> str:
    """A diagnostic's message and hint in one line."""
    if diagnostic.hint is None:
        return diagnostic.message
    return f"{diagnostic.message} ({diagnostic.hint})"


def error_response(problem: Problem, request: Request) -> Response:
    """The answer to a request that failed."""
    headers = dict(problem.headers)
    if problem.number is not None:
        headers["X-DB-Exception-Code"] = str(int(problem.number))
    content: dict[str, Any] = dict(problem.body) or {"error": problem.message}
    if problem.code is not None:
        headers["X-Mini-TB-Code"] = problem.code
        if "error" in content:
            content["documentation"] = f"{request.base_url}docs/errors/{problem.code}"
    return Response(
        orjson.dumps(content, default=str),
        status_code=problem.status,
        headers=headers,
        media_type="application/json",
    )
