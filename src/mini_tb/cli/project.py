"""Commands on the project's files: init, check, fmt, build, deploy."""

from __future__ import annotations

import difflib
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mini_tb.cli.console import note, say, say_diagnostics, say_json
from mini_tb.cli.settings import Settings, settings
from mini_tb.diagnostics import Diagnostic, Severity

_FOLDERS = ("datasources", "pipes", "endpoints", "materializations", "copies", "fixtures", "tests")
_EVENTS = """DESCRIPTION >
    Page views, as they arrive

SCHEMA >
    `timestamp` DateTime `json:$.timestamp`,
    `page` String `json:$.page`,
    `visitor` String `json:$.visitor`

ENGINE MergeTree
ENGINE_SORTING_KEY timestamp, page
"""
_TOP = """DESCRIPTION >
    The most viewed pages

NODE top
SQL >
    %
    SELECT page, count() AS views, uniq(visitor) AS visitors
    FROM page_views
    GROUP BY page
    ORDER BY views DESC, page
    LIMIT {{ Int32(limit, 10, description="Pages at most") }}

TYPE ENDPOINT
"""
_FIXTURE = """{"timestamp":"2026-01-01 10:00:00","page":"/","visitor":"ann"}
{"timestamp":"2026-01-01 10:00:05","page":"/","visitor":"bob"}
{"timestamp":"2026-01-01 10:01:00","page":"/docs","visitor":"ann"}
"""


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (init, check, fmt, build, deploy):
        app.command()(command)


def init(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Folder to make the project in.")] = ".",
) -> None:
    """Make a new project: folders, one data source, one endpoint, a fixture.

    Example: mini-tb init shop
    """
    root = Path.cwd() / name
    files = {
        "datasources/page_views.datasource": _EVENTS,
        "endpoints/top_pages.pipe": _TOP,
        "fixtures/page_views.ndjson": _FIXTURE,
        ".gitignore": ".mini-tb/\n.env.local\n",
    }
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        if not (root / path).exists():
            (root / path).write_text(text, encoding="utf-8")
            say(f"  made {path}")
    say(f"next: {f'cd {name} && ' if name != '.' else ''}mini-tb deploy --local && mini-tb serve")


def check(
    context: typer.Context,
    style: Annotated[
        Literal["rich", "plain", "json", "github"],
        typer.Option("--format", help="For people: rich, plain; for machines: json, github."),
    ] = "rich",
) -> None:
    """Say everything that is wrong with the project's files; exit 1 if there are errors.

    Nothing is deployed and no database is opened.
    """
    diagnostics = _build(settings(context)).diagnostics
    say_diagnostics(diagnostics, "json" if settings(context).is_json else style)
    _leave_on_errors(diagnostics)
    if style in ("rich", "plain") and not settings(context).is_json:
        say("no errors")


def fmt(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Datafiles (default: the project's).")
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print what would change; exit 1.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say which files would change; exit 1.")
    ] = False,
) -> None:
    """Rewrite datafiles in the canonical form; comments stay.

    Examples: mini-tb fmt · mini-tb fmt --check · mini-tb fmt --diff pipes/top.pipe
    """
    from mini_tb.datafile import format_text
    from mini_tb.project import read_folder
    from mini_tb.source import SourceFile

    root = settings(context).folder
    paths = files or [root / name for name in read_folder(root).files]
    changed = 0
    for path in paths:
        if not path.is_file():
            raise typer.BadParameter(f"{path} is no file")
        text = path.read_bytes().decode("utf-8")
        formatted = format_text(SourceFile(str(path), text))
        if formatted == text:
            continue
        changed += 1
        if diff:
            lines = (text.splitlines(True), formatted.splitlines(True))
            say("".join(difflib.unified_diff(*lines, str(path), str(path))).rstrip("\n"))
        elif check:
            say(f"would change {path}")
        else:
            path.write_bytes(formatted.encode())
            say(f"changed {path}")
    if not diff:
        note(f"{changed} of {len(paths)} files {'would change' if check else 'changed'}")
    if changed and (diff or check):
        raise typer.Exit(1)


def build(context: typer.Context) -> None:
    """Check and compile the whole project; deploys nothing.

    Prints a line a resource; on failure all errors of all files, and exits 1.
    """
    started = time.perf_counter()
    made = _build(settings(context))
    say_diagnostics(made.diagnostics)
    if made.errors:
        note(f"✗ build failed: {len(made.errors)} errors")
        raise typer.Exit(1)
    lines = [
        *(
            ("datasource", d.name, f"{len(d.columns)} columns")
            for d in made.project.datasources.values()
        ),
        *(("pipe", p.name, f"{len(p.nodes)} nodes") for p in made.project.pipes.values()),
    ]
    if settings(context).is_json:
        say_json({"result": "success", "resources": [list(line[:2]) for line in lines]})
        return
    for kind, name, detail in lines:
        say(f"✓ {kind} {name} ({detail})")
    say(f"✓ build completed in {time.perf_counter() - started:.1f}s")


def deploy(
    context: typer.Context,
    local: Annotated[bool, typer.Option("--local", help="Into this folder's `.mini-tb/`.")] = True,
    check: Annotated[bool, typer.Option("--check", help="Only say what would be done.")] = False,
    allow_destructive_operations: Annotated[
        bool,
        typer.Option("--allow-destructive-operations", help="Allow data sources to be deleted."),
    ] = False,
) -> None:
    """Apply the project to the local database, or to the `serve` that runs for this folder.

    Says what is new, changed and deleted. Data of data sources that did not change stays. With
    errors nothing is applied, and it exits 1.
    """
    here = settings(context)
    made = _build(here)
    say_diagnostics(made.diagnostics)
    if made.errors:
        note("✗ nothing was deployed")
        raise typer.Exit(1)
    with here.open() as target:
        answer = target.upload(
            "/v1/deploy",
            made.files,
            {
                "check": "true" if check else None,
                "auto_promote": None if check else "true",
                "allow_destructive_operations": "true" if allow_destructive_operations else None,
            },
        )
    if here.is_json:
        say_json(answer)
    else:
        _say_deployment(answer, check=check)
    if answer["result"] == "failed":
        raise typer.Exit(1)


def _say_deployment(answer: dict[str, Any], *, check: bool) -> None:
    deployment = answer["deployment"]
    if answer["result"] == "no_changes":
        say("no changes")
        return
    for change in ("new", "changed", "deleted"):
        for kind, title in (
            ("datasource", "datasource"),
            ("pipe", "pipe"),
            ("data_connector", "connection"),
        ):
            for name in deployment.get(f"{change}_{kind}_names", ()):
                say(f"  {change:8}{title:11} {name}")
    if answer["result"] == "failed":
        for error in answer.get("errors", ()):
            note(f"error: {error.get('filename', '')}: {error['error']}")
        note("✗ nothing was deployed")
        return
    for item in deployment.get("data_movements") or ():
        say(f"  filled  {item['datasource_name']} ({item['kind']})")
    say("✓ this can be deployed" if check else f"✓ deployment {deployment['id']} is live")


def _build(here: Settings) -> Any:
    """The project of the folder, checked and compiled."""
    from dataclasses import replace

    from mini_tb.project import read_folder
    from mini_tb.workspace.build import build_project

    folder = read_folder(here.folder)
    made = build_project(folder.files, folder.secrets)
    return replace(made, diagnostics=(*folder.diagnostics, *made.diagnostics))


def _leave_on_errors(diagnostics: tuple[Diagnostic, ...]) -> None:
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    if errors:
        note(f"{errors} errors")
        raise typer.Exit(1)
