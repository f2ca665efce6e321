"""What holds for every request before a route is looked up: trailing slashes, CORS, preflights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALLOW_ORIGIN = (b"access-control-allow-origin", b"*")
_EXPOSED = "Content-Type, X-DB-Exception-Code, X-Mini-TB-Code, X-Request-Id, Retry-After"
_EXPOSE = (b"access-control-expose-headers", _EXPOSED.encode())
_PRIVATE = frozenset({"/tokens"})
"""Needs no token itself: no page of another origin may read it."""
_METHODS = b"GET, POST, PUT, DELETE, OPTIONS"


class Gate:
    """Answers preflights for every path, drops trailing slashes, lets any origin read answers.

    Tokens are not cookies: a page that has none gains nothing from being allowed to ask. What is
    given without a token (`_PRIVATE`) stays closed to pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            path = path.rstrip("/") or "/"
            scope = {**scope, "path": path}
        if path in _PRIVATE:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await _preflight(scope, send)
            return

        async def with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _ALLOW_ORIGIN, _EXPOSE]
            await send(message)

        await self._app(scope, receive, with_cors)


async def _preflight(scope: Scope, send: Send) -> None:
    headers = dict(scope["headers"])
    asked = headers.get(b"access-control-request-headers", b"authorization, content-type")
    await send(
        {
            "type": "http.response.start",
            "status": 204,
            "headers": [
                _ALLOW_ORIGIN,
                (b"access-control-allow-methods", _METHODS),
                (b"access-control-allow-headers", asked),
                (b"access-control-max-age", b"86400"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": b""})
