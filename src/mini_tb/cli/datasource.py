"""Commands on data sources: ls, append, data, truncate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from mini_tb.cli.console import note, progress, say, say_answer, say_json, say_lines, say_table
from mini_tb.cli.settings import settings
from mini_tb.cli.target import Target

app = typer.Typer(help="Data sources and their rows.", no_args_is_help=True)
FORMATS = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "ndjson",
    ".ndjson": "ndjson",
    ".parquet": "parquet",
}
PIECE = 1 << 20
"""Bytes of a file that are read at once."""


@app.command("ls")
def list_datasources(context: typer.Context) -> None:
    """List data sources, with how many rows they have.

    Example: mini-tb datasource ls
    """
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
        right=(1, 2),
    )


@app.command()
def append(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The data source.")],
    data: Annotated[str, typer.Argument(help="A file, a URL, events as JSON, or - for stdin.")],
) -> None:
    """Append rows from a file (csv, ndjson, json, parquet, each also .gz), a URL, or the line.

    Says how many rows went to quarantine, and shows the newest of them; that alone is no failure.

    Examples:

    mini-tb datasource append visits visits.ndjson

    mini-tb datasource append visits '{"page": "/", "visitor": "ann"}'

    mini-tb generate visits --rows 1000 | mini-tb datasource append visits -
    """
    here = settings(context)
    with here.open() as target:
        good, bad, answer = _append(target, name, data)
        newest = _newest_quarantined(target, name) if bad else None
    if here.is_json:
        say_json({**answer, "successful_rows": good, "quarantined_rows": bad})
        return
    say(f"✓ {good:,} rows appended to {name}")
    if newest is not None:
        note(f"△ {bad:,} rows went to {name}_quarantine; the newest:")
        note(json.dumps(newest, ensure_ascii=False, indent=2))


def append_file(target: Target, name: str, path: Path) -> tuple[int, int, dict[str, Any]]:
    """Append a file; how many rows were good, how many bad, and the last answer of the API."""
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    kind = FORMATS.get(suffixes[-1].lower() if suffixes else "", "ndjson")
    with path.open("rb") as file:
        return _send(target, name, kind, file, path.stat().st_size)


def _append(target: Target, name: str, data: str) -> tuple[int, int, dict[str, Any]]:
    if data.startswith(("http://", "https://")):
        answer = target.call("POST", f"/v1/datasources/{name}/append", {"url": data}).json()
        return (*_counts(answer), answer)
    if data == "-":
        from sys import stdin

        return _send(target, name, "ndjson", stdin.buffer, 0)
    if data.lstrip()[:1] in ("{", "["):
        params = {"name": name, "wait": "true"}
        answer = target.call("POST", "/v0/events", params, body=data.encode()).json()
        return (*_counts(answer), answer)
    path = Path(data)
    if not path.is_file():
        raise typer.BadParameter(f"{data} is no file, URL or JSON", param_hint="DATA")
    return append_file(target, name, path)


def _send(
    target: Target, name: str, kind: str, file: BinaryIO, size: int
) -> tuple[int, int, dict[str, Any]]:
    """One request, however large the file: all of its rows are stored, or none."""
    params = {"name": name, "mode": "append", "format": kind}
    with progress(f"appending to {name}", size) as advance:

        def pieces() -> Iterator[bytes]:
            while piece := file.read(PIECE):
                advance(len(piece))
                yield piece

        answer = target.call("POST", "/v0/datasources", params, body=pieces()).json()
    return (*_counts(answer), answer)


def _counts(answer: dict[str, Any]) -> tuple[int, int]:
    bad = answer.get("quarantined_rows", answer.get("quarantine_rows"))
    return int(answer.get("successful_rows") or 0), int(bad or 0)


def _newest_quarantined(target: Target, name: str) -> Any:
    return json.loads(target.newest(f"{name}_quarantine", by="insertion_date"))["data"][0]


@app.command()
def data(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The data source; NAME_quarantine for its rejects.")],
    limit: Annotated[int, typer.Option(help="Rows to show.", min=0)] = 5,
    style: Annotated[
        str | None, typer.Option("--format", help="A ClickHouse format: CSVWithNames, …")
    ] = None,
) -> None:
    """Show rows of a data source.

    Example: mini-tb datasource data visits --limit 20
    """
    here = settings(context)
    with here.open() as target:
        found = target.rows(name, limit=limit, output=style or "JSON")
    if style is None and not here.is_json:
        say_answer(json.loads(found))
    else:
        say_lines(found)


@app.command()
def truncate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The data source.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete all rows of a data source; views that were filled from it keep theirs.

    Example: mini-tb datasource truncate visits --yes
    """
    if not yes:
        typer.confirm(f"delete all rows of {name}?", abort=True)
    with settings(context).open() as target:
        target.call("POST", f"/v0/datasources/{name}/truncate")
    say(f"✓ {name} is empty")
