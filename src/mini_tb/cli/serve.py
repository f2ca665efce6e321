"""`serve`: the API of the project, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mini_tb.cli.console import say
from mini_tb.cli.settings import settings

if TYPE_CHECKING:
    from mini_tb.server.serve import Listening
    from mini_tb.workspace.registry import Registry


def add_commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(serve)


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of the API; ClickHouse's is the next.")] = 7181,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")
    ] = "127.0.0.1",
) -> None:
    """Serve the deployed project: events in, endpoints out. Ctrl-C ends it.

    Tinybird's clients work with it: only the host differs.
    """
    from mini_tb.server.serve import serve as run
    from mini_tb.workspace.registry import Registry

    registry = Registry(settings(context).folder)

    def ready(where: Listening) -> None:
        _greet(where, registry, host)

    try:
        run(registry, host=host, port=port, on_ready=ready)
    finally:
        registry.close()


def _greet(where: Listening, registry: Registry, host: str) -> None:
    workspace = registry.main
    entry = registry.find(workspace.id)
    assert entry is not None
    project = workspace.project
    say(
        f"mini-tb serves {workspace.name} on {where.url}"
        f" (ClickHouse's HTTP on {where.clickhouse_url})"
    )
    if host not in ("127.0.0.1", "localhost", "::1"):
        say("  it listens beyond this machine: whoever reaches the port needs only a token")
    say(f"  admin token  {registry.token(entry)}")
    for name in list(project.datasources)[:1]:
        say("\n  send an event:")
        say(
            f"    curl -X POST '{where.url}/v0/events?name={name}&wait=true'"
            f" -H 'Authorization: Bearer {registry.token(entry)}' -d '{{…}}'"
        )
    endpoints = [p.name for p in project.pipes.values() if p.endpoint is not None]
    if endpoints:
        say("\n  read an endpoint:")
        say(f"    curl '{where.url}/v0/pipes/{endpoints[0]}.json?token={registry.token(entry)}'")
    if not project.pipes and not project.datasources:
        say("\n  nothing is deployed yet: run `mini-tb deploy --local` in the project's folder")
    say()
