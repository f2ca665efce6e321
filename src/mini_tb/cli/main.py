"""The command line: which commands there are. Each group is a module of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mini_tb.cli import datasource, endpoint, project, query, serve, token
from mini_tb.cli.settings import Settings

HELP = """A data project of text files becomes a real-time analytics API on your own machine.

Begin with `mini-tb init shop && cd shop`, then `mini-tb deploy --local` and `mini-tb serve`.
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


@app.callback()
def main(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--folder", "-C", help="The project's folder (default: here).")
    ] = None,
    output: Annotated[
        Literal["human", "json"], typer.Option(help="How results are printed.")
    ] = "human",
) -> None:
    """Options before the command."""
    context.obj = Settings.of(folder, output)


project.add_commands(app)
serve.add_commands(app)
query.add_commands(app)
app.add_typer(datasource.app, name="datasource")
app.add_typer(endpoint.app, name="endpoint")
app.add_typer(token.app, name="token")
