"""Commands on data sources: ls, append, data, truncate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mini_tb.cli.console import note, say, say_bytes, say_json, say_table
from mini_tb.cli.settings import settings

app = typer.Typer(help="Data sources and their rows.", no_args_is_help=True)
_FORMATS = {".csv": "csv", ".parquet": "parquet"}


@app.command("ls")
def list_datasources(context: typer.Context) -> None:
    """List data sources, with how many rows they have."""
    here = settings(context)
    with here.open() as target:
        found = target.get("/v0/datasources")["datasources"]
    if here.is_json:
        say_json({"datasources": found})
        return
    say_table(
        ("name", "rows", "quarantined", "engine", "updated"),
        (
            (
                d["name"],
                d["statistics"]["row_count"],
                d.get("quarantine_rows"),
                d["engine"]["engine"],
                str(d["updated_at"])[:19],
            )
            for d in found
        ),
    )


@app.command()
def append(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The data source.")],
    data: Annotated[str, typer.Argument(help="A file, a URL, or events as JSON.")],
) -> None:
    """Append rows from a file (csv, ndjson, parquet, each also .gz), a URL, or JSON on the line.

    Says how many rows went to quarantine, and shows the newest of them.
    """
    here = settings(context)
    path = Path(data)
    with here.open() as target:
        if data.startswith(("http://", "https://")):
            answer = target.call("POST", f"/v1/datasources/{name}/append", {"url": data}).json()
        elif path.is_file():
            suffixes = [s for s in path.suffixes if s != ".gz"]
            kind = _FORMATS.get(suffixes[-1] if suffixes else "", "ndjson")
            answer = target.call(
                "POST",
                "/v0/datasources",
                {"name": name, "mode": "append", "format": kind},
                body=path.read_bytes(),
            ).json()
        elif data.lstrip()[:1] in ("{", "["):
            params = {"name": name, "wait": "true"}
            answer = target.call("POST", "/v0/events", params, body=data.encode()).json()
        else:
            raise typer.BadParameter(f"{data} is no file, URL or JSON")
        if here.is_json:
            say_json(answer)
            return
        bad = int(answer.get("quarantined_rows", answer.get("quarantine_rows", 0)) or 0)
        good = answer.get("successful_rows")
        say(f"✓ {good} rows appended to {name}" if good is not None else f"✓ appended to {name}")
        if bad:
            note(f"△ {bad} rows went to {name}_quarantine; the newest:")
            newest = f"SELECT * FROM {name}_quarantine ORDER BY insertion_date DESC LIMIT 1"
            params = {"default_format": "JSONEachRow"}
            say_bytes(target.call("POST", "/v0/sql", params, body=newest.encode()).body)


@app.command()
def data(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The data source.")],
    limit: Annotated[int, typer.Option(help="Rows to show.")] = 5,
) -> None:
    """Show rows of a data source."""
    here = settings(context)
    style = "JSON" if here.is_json else "PrettyCompact"
    with here.open() as target:
        query = f"SELECT * FROM `{name}` LIMIT {limit}".encode()
        say_bytes(target.call("POST", "/v0/sql", {"default_format": style}, body=query).body)


@app.command()
def truncate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The data source.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete all rows of a data source; views that were filled from it keep theirs."""
    if not yes:
        typer.confirm(f"delete all rows of {name}?", abort=True)
    with settings(context).open() as target:
        target.call("POST", f"/v0/datasources/{name}/truncate")
    say(f"✓ {name} is empty")
