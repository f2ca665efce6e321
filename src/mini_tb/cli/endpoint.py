"""Commands on endpoints: ls, data, url."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlencode

import typer

from mini_tb.cli.console import say, say_answer, say_json, say_lines, say_table
from mini_tb.cli.parameters import ANY_OPTION, Param, Parameters, parameters
from mini_tb.cli.settings import settings

app = typer.Typer(help="Endpoints and their answers.", no_args_is_help=True)


@app.command("ls")
def list_endpoints(context: typer.Context) -> None:
    """List endpoints with their addresses.

    Example: mini-tb --output json endpoint ls
    """
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
            right=(1,),
        )


@app.command(context_settings=ANY_OPTION)
def data(
    context: typer.Context,
    pipe: Annotated[str, typer.Argument(help="The pipe.")],
    param: Param = None,
    style: Annotated[
        str | None, typer.Option("--format", help="json, csv, ndjson, … (default: a table).")
    ] = None,
    query: Annotated[str | None, typer.Option(help="SQL over the answer, which is `_`.")] = None,
) -> None:
    """Read an endpoint; its parameters are options.

    Examples:

    mini-tb endpoint data top_pages --limit 3

    mini-tb endpoint data top_pages --format csv --param query=docs

    mini-tb endpoint data top_pages --query "SELECT count() FROM _"
    """
    here = settings(context)
    params = {**parameters(context.args, param), "q": query}
    with here.open() as target:
        body = target.call("GET", f"/v0/pipes/{pipe}.{style or 'json'}", params).body
    if style is None and not here.is_json:
        say_answer(json.loads(body))
    else:
        say_lines(body)


@app.command(context_settings=ANY_OPTION)
def url(
    context: typer.Context,
    pipe: Annotated[str, typer.Argument(help="The pipe.")],
    param: Param = None,
    style: Annotated[str, typer.Option("--format", help="json, csv, ndjson, …")] = "json",
) -> None:
    """Print the address of an endpoint, token included.

    Example: curl "$(mini-tb endpoint url top_pages --limit 3)"
    """
    with settings(context).open() as target:
        target.get(f"/v0/pipes/{pipe}")  # says it if there is none
        params: Parameters = {**parameters(context.args, param), "token": target.token}
        say(_url(target.url, pipe, params, style))


def _url(base: str, pipe: str, params: Parameters, style: str = "json") -> str:
    query = f"?{urlencode(params, doseq=True)}" if params else ""
    return f"{base}/v0/pipes/{pipe}.{style}{query}"
