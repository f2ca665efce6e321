"""Running the server: two ports, a note of where it is, and a clean end.

`.mini-tb/server.json` tells other commands of the folder that this process owns the database and
where to reach it; it is removed at the end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.server.app import Limits, create_app, create_clickhouse_app
from mini_tb.server.garbage import (
    collect_when_idle,
    leave_out_what_is_loaded,
    patient_collections,
)
from mini_tb.server.memory import trim

if TYPE_CHECKING:
    import uvicorn

    from mini_tb.server.pool import Pools
    from mini_tb.workspace.registry import Registry

NOTE = "server.json"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DRAIN_S = 10
IDLE_CHECK_S = 60.0
FREE_S = 10.0
"""Giving memory back takes 1 to 9 ms under load. Done once a minute, what was free came to 30 MB
more."""
WARM_UP_S = 1.0


@contextmanager
def _no_signals() -> Iterator[None]:
    yield


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens: its API and ClickHouse's interface. `stop` ends it, from any
    thread."""

    url: str
    clickhouse_url: str
    pid: int
    stop: Callable[[], None]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `UserError` RT501 if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        hint = "stop what listens there, or choose another port with `--port`"
        message = f"cannot listen on {host}:{port}: {error.strerror or error}"
        raise UserError.of("RT501", message, hint=hint) from error
    found.listen(2048)
    return found


def serve(
    registry: Registry,
    *,
    host: str = "127.0.0.1",
    port: int = 7181,
    clickhouse_port: int | None = None,
    limits: Limits | None = None,
    query_timeout_s: float = 10.0,
    on_ready: Callable[[Listening], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then let running requests end, write what waits and return.

    ClickHouse's interface listens on `clickhouse_port`, or the port after `port`. `on_ready` is
    called when both answer. Raises `UserError` if a port is taken.
    """
    api_socket = listen(host, port)
    port = api_socket.getsockname()[1]
    try:
        clickhouse_socket = listen(host, port + 1 if clickhouse_port is None else clickhouse_port)
    except UserError:
        api_socket.close()
        raise
    registry.follow(lambda workspace: workspace.start())
    app = create_app(registry, limits=limits, query_timeout_s=query_timeout_s)
    app.state.server.is_loopback = host in LOOPBACK
    shown = "localhost" if host in LOOPBACK else host
    servers = [
        (_server(app), api_socket),
        (_server(create_clickhouse_app(app)), clickhouse_socket),
    ]

    ended = threading.Event()

    def stop() -> None:
        for server, _ in servers:
            server.should_exit = True

    def ready() -> None:
        where = Listening(
            f"http://{shown}:{port}",
            f"http://{shown}:{clickhouse_socket.getsockname()[1]}",
            os.getpid(),
            stop,
        )
        _note(registry, where)
        threading.Thread(target=_warm_up, args=(registry, ended), daemon=True).start()
        if on_ready is not None:
            on_ready(where)

    pools = app.state.server.pools
    try:
        with patient_collections():
            _runner()(_run(servers, registry, pools, ready, stop))
    finally:
        ended.set()
        pools.close()
        _forget(registry)


def _runner() -> Callable[..., None]:
    try:
        import uvloop
    except ImportError:  # it does not exist for Windows
        return asyncio.run
    return uvloop.run


def _server(app: object) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_S,
        ws="none",
    )
    server = uvicorn.Server(config)
    # One handler for both servers is installed by `_run`.
    server.capture_signals = _no_signals  # type: ignore[method-assign]  # the supported way round
    return server


async def _run(
    servers: list[tuple[uvicorn.Server, socket.socket]],
    registry: Registry,
    pools: Pools,
    ready: Callable[[], None],
    stop: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError, RuntimeError):  # no main thread; Windows
            loop.add_signal_handler(number, stop)
    tasks = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in servers]
    beside = [
        asyncio.create_task(_every(IDLE_CHECK_S, registry.close_idle)),
        asyncio.create_task(_every(FREE_S, partial(_free_memory, registry))),
        asyncio.create_task(collect_when_idle(pools.are_idle)),
    ]
    while not all(server.started for server, _ in servers):
        if any(task.done() for task in tasks):
            break
        await asyncio.sleep(0.001)
    else:
        ready()
    await asyncio.gather(*tasks)
    for task in beside:
        task.cancel()


def _free_memory(registry: Registry) -> None:
    registry.free_memory()
    trim()


async def _every(seconds: float, work: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(work)


def _warm_up(registry: Registry, ended: threading.Event) -> None:
    """Load what the first query needs, and a while later, when nobody waits for an answer, what
    other requests need."""
    import mini_tb.formats
    import mini_tb.sql.compile

    if ended.wait(WARM_UP_S):
        return
    import mini_tb.ingest.decode
    import mini_tb.ingest.writer
    import mini_tb.workspace.landing  # noqa: F401  # loading it is the point

    for workspace in registry.open_workspaces:
        workspace.engine.load_functions()
    if not ended.is_set():
        leave_out_what_is_loaded()


# The note ------------------------------------------------------------------------------------


def _path(folder: Path) -> Path:
    return folder / ".mini-tb" / NOTE


def _note(registry: Registry, where: Listening) -> None:
    content = {
        "url": where.url,
        "clickhouse_url": where.clickhouse_url,
        "pid": where.pid,
        "token": registry.admin_token,
    }
    path = _path(registry.folder)
    written = path.with_suffix(".json.new")
    handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps(content))
    written.replace(path)


def _forget(registry: Registry) -> None:
    with suppress(FileNotFoundError):
        _path(registry.folder).unlink()
