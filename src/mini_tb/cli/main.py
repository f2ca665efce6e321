"""The command line: which commands there are. Each group is a module of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from mini_tb import __version__
from mini_tb.cli import (
    datasource,
    deploy,
    endpoint,
    generate,
    init,
    project,
    query,
    serve,
    token,
)
from mini_tb.cli.console import say
from mini_tb.cli.settings import Settings

HELP = """A data project of text files becomes a real-time analytics API on your own machine.

Begin with `mini-tb init shop && cd shop`, then `mini-tb deploy --local --fixtures` and
`mini-tb serve`. While a `serve` runs for a folder, all other commands there talk to it; else they
open its database themselves.

Exit codes: 0 done, 1 an error that was said, 2 wrong usage.
"""

app = typer.Typer(
    name="mini-tb",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        say(f"mini-tb {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--folder", "-C", help="The project's folder (default: here).")
    ] = None,
    output: Annotated[
        Literal["human", "json"], typer.Option(help="How results are printed.")
    ] = "human",
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an unexpected error comes from.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", help="Print the version.", is_eager=True, callback=_say_version
        ),
    ] = False,
) -> None:
    """Options before the command."""
    if debug:
        os.environ["MINI_TB_DEBUG"] = "1"
    context.obj = Settings.of(folder, output)


for group in (init, project, deploy, serve, query, generate):
    group.add_commands(app)
app.add_typer(datasource.app, name="datasource")
app.add_typer(endpoint.app, name="endpoint")
app.add_typer(token.app, name="token")
