"""`generate`: made-up rows for a data source, as many as wanted."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mini_tb.cli.console import note, progress
from mini_tb.cli.settings import settings
from mini_tb.diagnostics import UserError, nearest


def add_commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(generate)


def generate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A data source of the folder's project.")],
    rows: Annotated[int, typer.Option(help="How many rows.", min=0)] = 1000,
    seed: Annotated[int, typer.Option(help="Another seed makes other rows.")] = 1,
    days: Annotated[float, typer.Option(help="Over how many days.", min=0.001)] = 7.0,
    end: Annotated[
        datetime | None, typer.Option(help="When they end, UTC (default: midnight today).")
    ] = None,
    anomalies: Annotated[
        int, typer.Option(help="Rows with values far outside what is usual.", min=0)
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A file (default: standard output).")
    ] = None,
) -> None:
    """Make realistic rows for a data source, as NDJSON. The same seed and end give the same rows.

    Values swing with the hours of the day within a narrow band; only those that --anomalies plants
    lie far outside.

    Examples:

    mini-tb generate energy_consumption --rows 100000 --out energy.ndjson

    mini-tb generate visits --rows 500 | mini-tb datasource append visits -
    """
    from mini_tb.cli.sample import Order, make_rows
    from mini_tb.project import load_project, read_folder

    folder = read_folder(settings(context).folder)
    datasources = load_project(folder.files, secrets=folder.secrets).project.datasources
    datasource = datasources.get(name)
    if datasource is None:
        guess = nearest(name, datasources)
        hint = f"did you mean `{guess}`?" if guess else None
        raise UserError.of("NM301", f"the project has no data source `{name}`", hint=hint)
    until = end or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    chunks = make_rows(datasource, Order(rows, seed, until, days, anomalies))
    written = 0
    with out.open("wb") if out else nullcontext(sys.stdout.buffer) as file:
        if out is None:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            return
        with progress(f"making {name}", rows) as advance:
            for chunk in chunks:
                written += file.write(chunk)
                advance(chunk.count(b"\n"))
    note(f"✓ {rows:,} rows, {written:,} bytes in {out}")
