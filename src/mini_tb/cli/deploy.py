"""`deploy`: the folder's project becomes the live one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mini_tb.cli.console import note, say, say_diagnostics, say_json
from mini_tb.cli.project import build_folder, counted
from mini_tb.cli.settings import settings
from mini_tb.cli.target import Target
from mini_tb.diagnostics import UserError

_KINDS = (("datasource", "datasource"), ("pipe", "pipe"), ("data_connector", "connection"))
_LOADABLE = (".ndjson", ".csv")


def add_commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(deploy)


def deploy(
    context: typer.Context,
    local: Annotated[
        bool, typer.Option("--local", help="Into this folder's `.mini-tb/`.", show_default=False)
    ] = True,
    check: Annotated[bool, typer.Option("--check", help="Only say what would be done.")] = False,
    allow_destructive_operations: Annotated[
        bool,
        typer.Option("--allow-destructive-operations", help="Allow data sources to be deleted."),
    ] = False,
    fixtures: Annotated[
        bool, typer.Option("--fixtures", help="Then fill empty data sources from `fixtures/`.")
    ] = False,
) -> None:
    """Apply the project to the local database, or to the `serve` that runs for this folder.

    Says what is new, changed and deleted. Data of data sources that did not change stays. With
    errors nothing is applied, and it exits 1. Secrets in `.env` and `.env.local` come along.

    Examples:

    mini-tb deploy --local

    mini-tb deploy --local --check

    mini-tb deploy --local --fixtures
    """
    from mini_tb.project import read_folder

    here = settings(context)
    folder = read_folder(here.folder)
    if folder.diagnostics:
        raise UserError(*folder.diagnostics)
    with here.open() as target:
        for name, value in folder.secrets.items():
            target.call("POST", "/v0/variables", {"name": name, "value": value})
        answer = target.upload(
            "/v1/deploy",
            folder.files,
            {
                "check": "true" if check else None,
                "auto_promote": None if check else "true",
                "allow_destructive_operations": "true" if allow_destructive_operations else None,
            },
        )
        is_failed = answer["result"] == "failed"
        loaded = _load(target, folder.fixtures) if fixtures and not check and not is_failed else {}
    if here.is_json:
        say_json({**answer, "fixtures": loaded} if fixtures else answer)
    elif is_failed:
        _say_failure(answer, lambda: build_folder(here)[0].diagnostics)
    else:
        _say_deployment(answer, check=check)
        for name, rows in loaded.items():
            say(f"✓ {name}: {rows:,} rows from its fixture")
    if is_failed:
        raise typer.Exit(1)


def _load(target: Target, fixtures: Mapping[str, Path]) -> dict[str, int]:
    """Fill the data sources that are empty; rows by data source."""
    from mini_tb.cli.datasource import append_file

    counts = {
        found["name"]: found["statistics"]["row_count"]
        for found in target.get("/v0/datasources")["datasources"]
    }
    loaded: dict[str, int] = {}
    for name, path in fixtures.items():
        if path.suffix not in _LOADABLE or counts.get(name, 1):
            continue
        good, bad, _ = append_file(target, name, path)
        loaded[name] = good
        if bad:
            note(f"△ {bad:,} rows of {path.name} went to {name}_quarantine")
    return loaded


def _say_failure(answer: dict[str, Any], diagnose: Any) -> None:
    """What is wrong: with its place where the folder's own check finds it, too."""
    diagnostics = diagnose()
    if any(d.severity.value == "error" for d in diagnostics):
        say_diagnostics(diagnostics)
        note(f"✗ nothing was deployed: {counted(diagnostics)}")
        return
    for error in answer.get("errors", ()):
        place = f"{error['filename']}: " if error.get("filename") else ""
        code = f" {error['code']}" if error.get("code") else ""
        note(f"{place}error{code}: {error['error']}")
    note("✗ nothing was deployed")


def _say_deployment(answer: dict[str, Any], *, check: bool) -> None:
    deployment = answer["deployment"]
    for item in deployment.get("feedback") or ():
        if item["level"] != "ERROR":
            note(f"△ {item['level'].lower()}: {item.get('resource') or ''}: {item['message']}")
    if answer["result"] == "no_changes":
        say("no changes")
        return
    for change in ("new", "changed", "deleted"):
        for kind, title in _KINDS:
            for name in deployment.get(f"{change}_{kind}_names", ()):
                say(f"  {change:8}{title:11} {name}")
    for item in deployment.get("token_changes") or ():
        say(f"  {item['change_type']:8}token       {item['token_name']}")
    for item in deployment.get("data_movements") or ():
        say(f"  filled  datasource  {item['datasource_name']} ({item['kind']})")
    if check and deployment.get("stages"):
        say("\nwhat would be done:")
        for stage in deployment["stages"]:
            say(f"  - {stage}")
    say("✓ this can be deployed" if check else f"✓ deployment {deployment['id']} is live")
