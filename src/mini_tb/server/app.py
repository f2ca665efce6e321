"""The ASGI application: routes, tokens, bodies, and the way from a handler's value to bytes.

Every route is a plain function of a `Call`. `Endpoint` reads the body within the route's limit,
finds the token's workspace, runs the function in the route's pool, stops it when the client goes,
and answers errors in their envelope.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.routing import Route as StarletteRoute

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.server.auth import authenticate, token_of
from mini_tb.server.cache import AnswerCache
from mini_tb.server.call import MEGABYTE, Call
from mini_tb.server.errors import Problem, error_response, problem_of
from mini_tb.server.flight import Flights
from mini_tb.server.lineage import Lineages
from mini_tb.server.middleware import Gate
from mini_tb.server.observe import note
from mini_tb.server.pool import Overloaded, Pool, Pools
from mini_tb.server.rate import RateLimits
from mini_tb.server.reply import (
    COMPRESSED_FROM,
    Later,
    Reply,
    Stream,
    Written,
    compress,
    encoding_for,
    response_of,
)
from mini_tb.server.spool import SPOOL_FROM, Spool, is_file

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from mini_tb.workspace.registry import Registry

WATCH_AFTER_S = 0.05
"""A handler that takes longer is watched: it is cancelled when its client goes."""
WHOLE = 8 * MEGABYTE
"""Answers up to this size are written before they are sent: no slow client holds a reader."""
SEND_TIMEOUT_S = 30.0
"""How long a larger answer waits for its client to take the next piece."""

Handler = Callable[[Call], Any]
Explain = Callable[[Problem, Request], Response]
"""Writes what is wrong as the answer to a request."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes of bodies in bytes: of events, of other calls, of uploads (`file`: those whose body is
    the file itself, which are kept on disk), and after decompression.

    `held` is how much all bodies together may take that are being read or worked on: beyond it
    requests are refused (503), so that memory does not grow with the number of clients.
    """

    events: int = 10 * MEGABYTE
    events_decompressed: int = 64 * MEGABYTE
    call: int = 8 * MEGABYTE
    upload: int = 512 * MEGABYTE
    file: int = 32 * 1024 * MEGABYTE
    decompressed: int = 1024 * MEGABYTE
    held: int = 1024 * MEGABYTE


@dataclass
class Server:
    """What all requests share."""

    registry: Registry
    limits: Limits = field(default_factory=Limits)
    query_timeout_s: float = 10.0
    is_loopback: bool = True
    pools: Pools = field(default_factory=Pools)
    rates: RateLimits = field(default_factory=RateLimits)
    lineages: Lineages = field(default_factory=Lineages)
    answers: AnswerCache = field(default_factory=AnswerCache)
    flights: Flights = field(default_factory=Flights)
    held: int = 0
    """Bytes of the bodies that are here now."""


@dataclass(frozen=True, slots=True)
class Route:
    """A path, its methods and the function that answers.

    `params` names the parameters it takes, separated by spaces. `pool` is where the function runs,
    `limit` the name of the body's limit. `is_open` routes need no token. `may_upload` raises if a
    call may not bring a file that is larger than memory should hold. `body` is what a body holds,
    and `success` the statuses of what went well: the OpenAPI document tells both.
    """

    path: str
    handler: Handler
    methods: str = "GET"
    params: str = ""
    pool: Literal["reads", "writes", "work"] = "work"
    limit: Literal["events", "call", "upload"] = "call"
    is_open: bool = False
    may_upload: Callable[[Call], None] | None = None
    body: Literal["form", "sql", "events", "file", "project", "scopes"] = "form"
    success: str = "200"


class Interrupted(Exception):
    """An answer failed after its first part was sent."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


class Endpoint:
    """The ASGI application of one route."""

    def __init__(self, server: Server, route: Route, explain: Explain) -> None:
        self._server = server
        self._explain = explain
        self._route = route
        self._pool: Pool = getattr(server.pools, route.pool)
        self._limit: int = getattr(server.limits, route.limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = Call(self._server, request, token=token_of(request))
        try:
            await self._serve(call, scope, receive, send)
        finally:
            self._server.held -= call.held
            if call.spool is not None:
                call.spool.close()

    async def _serve(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        request = call.request
        problem: Problem | None = None
        status = 200
        try:
            response = await self._answer(call, send)
        except ClientDisconnect:
            return
        except Interrupted as error:
            # Half of the answer is sent: all that is left is to end it short of its end.
            note(call, 500, problem_of(error.cause))
            return
        except Exception as error:
            problem = problem_of(error)
            response = self._explain(problem, request)
        if response is not None:
            status = response.status_code
            response.raw_headers.append((b"x-request-id", call.request_id.encode()))
            await response(scope, receive, send)
        note(call, status, problem)

    def _hold(self, call: Call, size: int) -> None:
        """Count bytes of a body that has come. Raises `Overloaded` if there are too many."""
        if self._server.held + size > self._server.limits.held:
            raise Overloaded("the server holds too many requests, try again")
        self._server.held += size
        call.held += size

    async def _answer(self, call: Call, send: Send) -> Response | None:
        call.body = await self._read(call)
        reply = await self._run(self._pool, call, partial(self._handle, call))
        if isinstance(reply, Later):
            made = reply.make(await asyncio.wrap_future(reply.future))
            return response_of(made)
        if isinstance(reply, Stream):
            await self._stream(call, reply, send)
            return None
        return response_of(reply)

    def _handle(self, call: Call) -> Any:
        if not self._route.is_open:
            authenticate(call)
        reply = self._route.handler(call)
        if isinstance(reply, Stream):
            try:
                reply = _start(reply, call.request.headers.get("accept-encoding", ""))
            except BaseException:
                reply.close()
                raise
        return reply

    async def _read(self, call: Call) -> bytes:
        request = call.request
        if request.method in ("GET", "HEAD", "DELETE") and "content-length" not in request.headers:
            return b""
        limit, may_spool = self._limit, self._route.may_upload is not None and is_file(call)
        if may_spool:
            limit = self._server.limits.file
        announced = request.headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        pieces: list[bytes] = []
        size = 0
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            self._hold(call, len(piece))
            pieces.append(piece)
            if may_spool and call.held > SPOOL_FROM:
                await self._spool(call, pieces)
        if call.spool is not None:
            await self._spool(call, pieces)
        return b"".join(pieces)

    async def _spool(self, call: Call, pieces: list[bytes]) -> None:
        """Put what has come of a file on disk; at first, see whether the caller may bring one."""

        def write() -> None:
            if call.spool is None:
                authenticate(call)
                if self._route.may_upload is not None:
                    self._route.may_upload(call)
                call.spool = Spool(call.workspace.scratch)
            for piece in pieces:
                call.spool.write(piece)

        await self._pool.start(write)
        pieces.clear()
        self._server.held -= call.held
        call.held = 0

    async def _run(self, pool: Pool, call: Call, work: Callable[[], Any]) -> Any:
        future = pool.start(work)
        watch = asyncio.get_running_loop().call_later(WATCH_AFTER_S, _watch, call, future)
        try:
            return await future
        finally:
            watch.cancel()

    async def _stream(self, call: Call, stream: Stream, send: Send) -> None:
        headers = [(b"content-type", stream.content_type.encode())]
        headers += [(b"x-request-id", call.request_id.encode())]
        headers += [(k.lower().encode(), v.encode()) for k, v in stream.headers.items()]
        ahead: asyncio.Task[bytes | None] | None = None
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if call.method == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            ahead = self._following(call, stream)
            while (piece := await ahead) is not None:
                ahead = self._following(call, stream)  # made while this one is on its way
                message = {"type": "http.response.body", "body": piece, "more_body": True}
                await asyncio.wait_for(send(message), SEND_TIMEOUT_S)
            await send({"type": "http.response.body", "body": b""})
        except Exception as error:
            raise Interrupted(error) from error
        finally:
            if ahead is not None:
                await _ended(ahead, call)
            stream.close()

    def _following(self, call: Call, stream: Stream) -> asyncio.Task[bytes | None]:
        """Begin to make the next piece."""
        following = partial(next, stream.pieces, None)
        return asyncio.create_task(self._run(self._server.pools.streams, call, following))


def _too_large(limit: int) -> UserError:
    message = f"the body is larger than {limit // MEGABYTE} MB"
    return UserError.of("RT605", message, status=413)


def _start(stream: Stream, accepted: str) -> Any:
    """The stream with its first pieces computed, so that what fails early still has its status.
    A small one becomes a whole reply."""
    begun: list[bytes] = []
    size = 0
    is_whole = True
    for piece in stream.pieces:
        begun.append(piece)
        size += len(piece)
        if size > WHOLE:
            is_whole = False
            break
    written = None
    if is_whole:
        written = Written(b"".join(begun), stream.content_type, stream.headers)
        begun = [written.content]  # put together once, for all who need it
    if stream.keep is not None:
        stream.keep(written)
    headers = {**stream.headers, "Vary": "Accept-Encoding"}
    encoding = encoding_for(accepted) if size >= COMPRESSED_FROM else None
    pieces: Iterator[bytes] = iter(begun)
    if not is_whole:
        pieces = itertools.chain(begun, stream.pieces)
    if encoding:
        headers["Content-Encoding"] = encoding
        pieces = compress(pieces, encoding)
    if not is_whole:
        return Stream(pieces, stream.content_type, stream.close, headers)
    stream.close()
    return Reply(b"".join(pieces), 200, stream.content_type, headers)


async def _ended(ahead: asyncio.Task[bytes | None], call: Call) -> None:
    """Returns when a piece that nobody takes any more is not worked on. What is wrong with it does
    not matter."""
    if not ahead.done():
        call.cancel()
        await asyncio.wait((ahead,))
    if not ahead.cancelled():
        ahead.exception()


def _watch(call: Call, future: asyncio.Future[Any]) -> None:
    """Stop what the call does when its client goes, until the future is done."""

    def left(gone: asyncio.Task[None]) -> None:
        if not gone.cancelled() and not future.done():
            call.cancel()

    gone = asyncio.create_task(_gone(call.request))
    gone.add_done_callback(left)
    future.add_done_callback(lambda _: gone.cancel())


async def _gone(request: Request) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return


def make_routes(server: Server, routes: Iterable[Route], explain: Explain) -> list[BaseRoute]:
    """Starlette's routes for ours; the same path with several methods is one entry each."""
    return [
        StarletteRoute(
            route.path,
            Endpoint(server, route, explain),
            methods=route.methods.split("|"),
        )
        for route in routes
    ]


def _methods_for(routes: Iterable[BaseRoute], scope: Scope) -> list[str]:
    """The methods that the path has, in whichever entries."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, StarletteRoute) and route.matches(scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)


def make_app(server: Server, routes: Iterable[Route], explain: Explain) -> Starlette:
    """The application of a set of routes; `explain` writes errors."""
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware

    async def failed(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status == 405:
            allowed = ", ".join(_methods_for(app.routes, request.scope))
            problem = replace(problem, headers={"Allow": allowed})
        return explain(problem, request)

    app = Starlette(
        routes=make_routes(server, routes, explain),
        middleware=[Middleware(Gate)],
        exception_handlers={HTTPException: failed, Exception: failed},
    )
    app.state.server = server
    return app


def create_app(
    registry: Registry, *, limits: Limits | None = None, query_timeout_s: float = 10.0
) -> Starlette:
    """Tinybird's API over the workspaces of `registry`."""
    from mini_tb.server.routes import ROUTES

    server = Server(registry, limits or Limits(), query_timeout_s)
    return make_app(server, ROUTES, error_response)


def create_clickhouse_app(api: Starlette) -> Starlette:
    """ClickHouse's HTTP interface over the same workspaces, sharing the API's pools."""
    from mini_tb.server.routes.clickhouse import ROUTES, error_text

    return make_app(api.state.server, ROUTES, error_text)
