"""Serving a project's folder, to its end: what the command `serve` does.

How long this takes until the first answer is how long people wait, so nothing is loaded here that
an answer does not need.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mini_tb.cli.console import note, say
from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from mini_tb.server.serve import Listening
    from mini_tb.workspace.registry import Registry

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOST, PORT = "127.0.0.1", 7181
MAX_PORT = 65534
"""ClickHouse's interface has the next one."""


def serve_folder(folder: Path, *, host: str = HOST, port: int = PORT) -> None:
    """Serve the deployed project until a signal ends it. Raises `UserError` RT512 if a server runs
    for the folder already, and as `server.serve.serve` does."""
    from mini_tb.cli.target import running_server

    running = running_server(folder)
    if running is not None:
        message = f"a server runs for {folder} already, on {running.url}"
        raise UserError.of("RT512", message, hint="stop it first")
    with _quick_start() as started:
        # These load while the database opens, which leaves Python idle.
        libraries = threading.Thread(target=_load_libraries)
        libraries.start()
        from mini_tb.workspace.registry import Registry

        def ready(where: Listening) -> None:
            started()
            _greet(where, registry, host)

        registry = Registry(folder)
        try:
            libraries.join()
            from mini_tb.server.serve import serve

            serve(
                registry,
                host=host,
                port=port,
                clickhouse_port=0 if port == 0 else None,
                on_ready=ready,
            )
        finally:
            registry.close()
    note("stopped")


def _load_libraries() -> None:
    from mini_tb.server.memory import share_arenas

    share_arenas()  # before there are threads
    _map_engine()
    import starlette.applications  # noqa: F401  # loading it is the point
    import uvicorn  # noqa: F401


def _map_engine() -> None:
    """Map DuckDB's library into the process. The system takes ten milliseconds and more for its
    sixty megabytes; here Python goes on beside, while an import would hold it. Where there is no
    `dlopen`, or no such library, the import does it all."""
    import ctypes

    spec = find_spec("_duckdb")
    if spec is not None and spec.origin is not None:
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).dlopen(spec.origin.encode(), os.RTLD_NOW)


@contextmanager
def _quick_start() -> Iterator[Callable[[], None]]:
    """For a process that does nothing but serve. What it loads until the function given is called
    stays to its end: no garbage is looked for in it."""
    without = _Without()

    def started() -> None:
        from mini_tb.server.garbage import leave_out_what_is_loaded

        leave_out_what_is_loaded()
        gc.enable()

    sys.meta_path.insert(0, without)
    gc.disable()
    try:
        yield started
    finally:
        sys.meta_path.remove(without)
        gc.enable()


class _Without(Loader):
    """Says that modules are not there which others load if they are, and loads others in part.

    - pandas: Arrow loads it with the first array, to know its types when it meets them: a third of
      a second and 60 MB for what never comes to a server.
    - watchfiles: uvicorn loads it to start anew when files change, which it is not asked to do.
    - uvicorn.main: its command line, for which it loads click and what starts processes. Here it is
      the one class that uvicorn takes from it.
    """

    missing = frozenset(("pandas", "watchfiles"))
    in_part = "uvicorn.main"

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name in self.missing:
            raise ModuleNotFoundError(f"no module named {name!r}", name=name)
        return ModuleSpec(name, self) if name == self.in_part else None

    def exec_module(self, module: ModuleType) -> None:
        from uvicorn.server import Server

        vars(module).update(Server=Server, main=None, run=None)


def _greet(where: Listening, registry: Registry, host: str) -> None:
    from mini_tb.cli.sample import example

    workspace = registry.main
    entry = registry.find(workspace.id)
    assert entry is not None
    token, project = registry.token(entry), workspace.project
    say(f"mini-tb serves {workspace.name} on {where.url}")
    say(f"  ClickHouse's HTTP interface  {where.clickhouse_url}")
    say(f"  admin token                  {token}")
    say(f"  user token                   {registry.user_token}")
    if host not in LOOPBACK:
        say("  it listens beyond this machine: whoever reaches the port can ask for the tokens")
    if not project.pipes and not project.datasources:
        say("\nNothing is deployed yet: run `mini-tb deploy --local` in the project's folder.\n")
        return
    say(f"\nTry it:\n\n  export TB_TOKEN='{token}'")
    for datasource in list(project.datasources.values())[:1]:
        say(f"\n  curl -X POST '{where.url}/v0/events?name={datasource.name}&wait=true' \\")
        say('    -H "Authorization: Bearer $TB_TOKEN" \\')
        say(f"    -d '{_quoted(example(datasource))}'")
    endpoints = [pipe.name for pipe in project.pipes.values() if pipe.endpoint is not None]
    if endpoints:
        say()
    for name in endpoints[:8]:
        say(f'  curl "{where.url}/v0/pipes/{name}.json?token=$TB_TOKEN"')
    if len(endpoints) > 8:
        say(f"  … and {len(endpoints) - 8} more: mini-tb endpoint ls")
    say("\nCtrl-C ends it.")


def _quoted(text: str) -> str:
    """The text inside single quotes of a shell."""
    return text.replace("'", "'\\''")
