"""`serve`: the API of the project, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from mini_tb.cli.serving import HOST, MAX_PORT, PORT, serve_folder
from mini_tb.cli.settings import settings


def add_commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(serve)


def serve(
    context: typer.Context,
    port: Annotated[
        int,
        typer.Option(help="Port of the API; ClickHouse's HTTP is the next.", min=0, max=MAX_PORT),
    ] = PORT,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")
    ] = HOST,
) -> None:
    """Serve the deployed project: events in, answers out. Ctrl-C ends it.

    Prints where it listens, the tokens, and curl lines to try. Tinybird's clients work with it:
    only the host differs.

    Examples:

    mini-tb serve

    mini-tb serve --port 8000 --host 0.0.0.0
    """
    serve_folder(settings(context).folder, host=host, port=port)
