"""Commands on tokens: ls, env."""

from __future__ import annotations

import typer

from mini_tb.cli.console import say, say_json, say_table
from mini_tb.cli.settings import settings

app = typer.Typer(help="Tokens.", no_args_is_help=True)


@app.command("ls")
def list_tokens(context: typer.Context) -> None:
    """List tokens with their scopes.

    Example: mini-tb token ls
    """
    here = settings(context)
    with here.open() as target:
        tokens = target.get("/v0/tokens")["tokens"]
    if here.is_json:
        say_json({"tokens": tokens})
        return
    say_table(
        ("name", "scopes", "token"),
        (
            (
                t["name"],
                ", ".join(
                    f"{s['type']}:{s['resource']}" if s.get("resource") else s["type"]
                    for s in t["scopes"]
                ),
                t["token"],
            )
            for t in tokens
        ),
    )


@app.command()
def env(context: typer.Context) -> None:
    """Print TINYBIRD_HOST and TINYBIRD_TOKEN lines for a `.env` file.

    Tokens follow from `.mini-tb/seed`, so the lines stay valid across restarts.

    Example: mini-tb token env >> .env
    """
    with settings(context).open() as target:
        say(f"TINYBIRD_HOST={target.url}")
        say(f"TINYBIRD_TOKEN={target.token}")
