"""`serve`: the API of the project, on this machine."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mini_tb.cli.console import note, say
from mini_tb.cli.settings import settings
from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from mini_tb.server.serve import Listening
    from mini_tb.workspace.registry import Registry

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(serve)


def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(help="Port of the API; ClickHouse's HTTP is the next.", min=0, max=65534)
    ] = 7181,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")
    ] = "127.0.0.1",
) -> None:
    """Serve the deployed project: events in, answers out. Ctrl-C ends it.

    Prints where it listens, the tokens, and curl lines to try. Tinybird's clients work with it:
    only the host differs.

    Examples:

    mini-tb serve

    mini-tb serve --port 8000 --host 0.0.0.0
    """
    from mini_tb.cli.target import running_server

    folder = settings(context).folder
    running = running_server(folder)
    if running is not None:
        message = f"a server runs for {folder} already, on {running.url}"
        raise UserError.of("RT512", message, hint="stop it first")
    with _quick_start() as started:
        from mini_tb.server.serve import serve as run
        from mini_tb.workspace.registry import Registry

        def ready(where: Listening) -> None:
            started()
            _greet(where, registry, host)

        registry = Registry(folder)
        try:
            run(
                registry,
                host=host,
                port=port,
                clickhouse_port=0 if port == 0 else None,
                on_ready=ready,
            )
        finally:
            registry.close()
    note("stopped")


@contextmanager
def _quick_start() -> Iterator[Callable[[], None]]:
    """For a process that does nothing but serve. What it loads until the function given is called
    stays to its end: the garbage collector need not look through it, now or later."""
    without_pandas = _WithoutPandas()

    def started() -> None:
        gc.freeze()
        gc.enable()

    sys.meta_path.insert(0, without_pandas)
    gc.disable()
    try:
        yield started
    finally:
        sys.meta_path.remove(without_pandas)
        gc.unfreeze()
        gc.enable()


class _WithoutPandas:
    """Says that pandas is not there. Arrow loads it with the first array if it is, to know its
    types when it meets them: a third of a second and 60 MB for what never comes to a server."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"no module named {name!r}", name=name)


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
