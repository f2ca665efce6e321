"""Commands on endpoints: ls, data, url."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import typer

from mini_tb.cli.console import say, say_bytes, say_json, say_table
from mini_tb.cli.settings import settings

app = typer.Typer(help="Endpoints and their answers.", no_args_is_help=True)
_PARAMETERS = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("ls")
def list_endpoints(context: typer.Context) -> None:
    """List endpoints with their addresses."""
    here = settings(context)
    with here.open() as target:
        pipes = target.get("/v0/pipes")["pipes"]
        found = [p for p in pipes if p.get("endpoint")]
        if here.is_json:
            say_json({"pipes": found})
            return
        say_table(
            ("name", "nodes", "url"),
            ((p["name"], len(p.get("nodes", ())), _url(target.url, p["name"], {})) for p in found),
        )


@app.command(context_settings=_PARAMETERS)
def data(
    context: typer.Context,
    pipe: Annotated[str, typer.Argument(help="The pipe.")],
    style: Annotated[str, typer.Option("--format", help="json, csv or ndjson.")] = "json",
    query: Annotated[str | None, typer.Option(help="SQL over the answer, which is `_`.")] = None,
) -> None:
    """Read an endpoint; its parameters are options: --limit 5 --region eu.

    Example: mini-tb endpoint data get_resource_metrics --limit 3 --format csv
    """
    params = {**_parameters(context.args), "q": query}
    with settings(context).open() as target:
        body = target.call("GET", f"/v0/pipes/{pipe}.{style}", params).body
    say_bytes(body if body.endswith(b"\n") else body + b"\n")


@app.command(context_settings=_PARAMETERS)
def url(
    context: typer.Context,
    pipe: Annotated[str, typer.Argument(help="The pipe.")],
) -> None:
    """Print the address of an endpoint, token included."""
    with settings(context).open() as target:
        params = {**_parameters(context.args), "token": target.token}
        say(_url(target.url, pipe, params))


def _url(base: str, pipe: str, params: dict[str, str]) -> str:
    return f"{base}/v0/pipes/{pipe}.json" + (f"?{urlencode(params)}" if params else "")


def _parameters(args: list[str]) -> dict[str, str]:
    """`--name value` and `--name=value` as parameters."""
    found: dict[str, str] = {}
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise typer.BadParameter(f"expected --parameter, found {word}")
        name, equals, value = word[2:].partition("=")
        if not equals:
            if not rest:
                raise typer.BadParameter(f"--{name} needs a value")
            value = rest.pop(0)
        found[name] = value
    return found
