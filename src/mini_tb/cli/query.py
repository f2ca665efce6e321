"""`sql` asks the workspace; `explain` shows what becomes of an endpoint."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mini_tb.cli.console import say, say_answer, say_json, say_lines
from mini_tb.cli.parameters import ANY_OPTION, Param, parameters
from mini_tb.cli.settings import settings

if TYPE_CHECKING:
    from mini_tb.workspace.explain import ExplainedNode, Explanation

HUMAN = "JSON"


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(sql)
    app.command(context_settings=ANY_OPTION)(explain)


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One SELECT, in ClickHouse SQL; - for stdin.")],
    style: Annotated[
        str | None, typer.Option("--format", help="A ClickHouse format: CSVWithNames, Pretty, …")
    ] = None,
    pipeline: Annotated[
        str | None, typer.Option(help="A pipe whose nodes the query may select from.")
    ] = None,
) -> None:
    """Run a SELECT over data sources and pipes.

    Examples:

    mini-tb sql "SELECT page, count() AS views FROM visits GROUP BY page"

    mini-tb sql --format CSVWithNames "SELECT * FROM visits" > visits.csv
    """
    here = settings(context)
    if query == "-":
        from sys import stdin

        query = stdin.read()
    with here.open() as target:
        answer = target.sql(query, style or HUMAN, pipeline=pipeline)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if style is None and is_json and not here.is_json:
        found = json.loads(answer.body)
        if isinstance(found, dict) and isinstance(found.get("meta"), list):
            try:
                say_answer(found)
                return
            except (KeyError, TypeError):  # JSONCompact and its kin
                pass
    say_lines(answer.body)


def explain(
    context: typer.Context,
    pipe: Annotated[str, typer.Argument(help="The pipe, as it is in the folder.")],
    param: Param = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also the engine's plan, of what is deployed.")
    ] = False,
) -> None:
    """Show what becomes of a request: each node's template, SQL, values, columns and DuckDB SQL.

    Reads the folder's files; nothing needs to be deployed.

    Example: mini-tb explain top_pages --param limit=3
    """
    from mini_tb.cli.project import build_folder
    from mini_tb.diagnostics import UserError
    from mini_tb.workspace.explain import explain_pipe

    here = settings(context)
    params = parameters(context.args, param)
    made, secrets = build_folder(here)
    if made.errors:
        raise UserError(*made.errors)
    found = explain_pipe(made.project, pipe, params, secrets)
    engine_plan = None
    if plan:
        with here.open() as target:
            engine_plan = target.get(f"/v0/pipes/{pipe}/explain", **params)["query_explain"]
    if here.is_json:
        say_json({**asdict(found), "plan": engine_plan} if plan else asdict(found))
        return
    _say_explanation(found)
    if engine_plan:
        say("\nplan")
        say(textwrap.indent(engine_plan, "    "))


def _say_explanation(found: Explanation) -> None:
    for node in found.nodes:
        _say_node(node)
    say(f"reads\n    {', '.join(found.reads) or 'nothing that is stored'}")
    say("\nthe statement that runs")
    _say_wrapped(found.duck_sql)
    if found.parameters:
        say("\nbound")
        for name, value in found.parameters.items():
            say(f"    ${name} = {value!r}")


def _say_node(node: ExplainedNode) -> None:
    say(f"node {node.name}")
    if node.template is not None:
        say("  template")
        say(textwrap.indent(node.template, "    "))
    say("  ClickHouse SQL")
    say(textwrap.indent(node.ch_sql, "    "))
    if node.values:
        say("  values")
        for name, type_, text in node.values:
            say(f"    {name}  {type_}  {text}")
    say("  columns")
    names, types = (max(len(getattr(c, part)) for c in node.columns) for part in ("name", "type"))
    for column in node.columns:
        sources = f"  from {', '.join(column.sources)}" if column.sources else ""
        say(f"    {column.name.ljust(names)}  {column.type.ljust(types)}{sources}".rstrip())
    say("  DuckDB SQL")
    _say_wrapped(node.duck_sql)
    if node.notes:
        say("  notes")
        for note in node.notes:
            say(f"    {note}")
    say()


def _say_wrapped(sql: str) -> None:
    lines = textwrap.wrap(sql, 100, break_long_words=False, break_on_hyphens=False)
    say(textwrap.indent("\n".join(lines), "    "))
