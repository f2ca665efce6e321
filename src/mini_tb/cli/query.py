"""`sql`: ask the workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from mini_tb.cli.console import say_bytes
from mini_tb.cli.settings import settings


def add_commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(sql)


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One SELECT, in ClickHouse SQL.")],
    style: Annotated[
        str, typer.Option("--format", help="A ClickHouse format: JSON, CSVWithNames, …")
    ] = "",
    pipeline: Annotated[
        str | None, typer.Option(help="A pipe whose nodes the query may select from.")
    ] = None,
) -> None:
    """Run a SELECT over data sources and pipes.

    Example: mini-tb sql "SELECT count() FROM cloud_resource_metrics"
    """
    here = settings(context)
    wanted = style or ("JSON" if here.is_json else "PrettyCompact")
    with here.open() as target:
        answer = target.call(
            "POST",
            "/v0/sql",
            {"pipeline": pipeline, "default_format": wanted},
            body=query.encode(),
            content_type="text/plain",
        )
    say_bytes(answer.body if answer.body.endswith(b"\n") else answer.body + b"\n")
