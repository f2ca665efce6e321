"""Commands on the project's files alone: check, fmt, build. No database is opened."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mini_tb.cli.console import note, say, say_diagnostics, say_json
from mini_tb.cli.settings import Settings, settings
from mini_tb.diagnostics import Diagnostic, Severity, UserError

if TYPE_CHECKING:
    from mini_tb.workspace.build import Build


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (check, fmt, build):
        app.command()(command)


def build_folder(here: Settings) -> tuple[Build, dict[str, str]]:
    """The project of the folder, checked and compiled, and its secrets."""
    from mini_tb.project import read_folder
    from mini_tb.workspace.build import build_project

    folder = read_folder(here.folder)
    made = build_project(folder.files, folder.secrets)
    return (
        replace(made, diagnostics=(*folder.diagnostics, *made.diagnostics)),
        dict(folder.secrets),
    )


def counted(diagnostics: Sequence[Diagnostic]) -> str:
    """How many errors and warnings there are, in words."""
    words = []
    for severity in (Severity.ERROR, Severity.WARNING):
        number = sum(d.severity is severity for d in diagnostics)
        if number or severity is Severity.ERROR:
            words.append(f"{number or 'no'} {severity.value}{'' if number == 1 else 's'}")
    return ", ".join(words)


def check(
    context: typer.Context,
    style: Annotated[
        Literal["rich", "plain", "json", "github"],
        typer.Option("--format", help="For people: rich, plain; for machines: json, github."),
    ] = "rich",
) -> None:
    """Say everything that is wrong with the project's files; exit 1 if there are errors.

    Every template and query is compiled. Nothing is deployed and no database is opened.

    Examples:

    mini-tb check

    mini-tb check --format github    (annotations in a pull request)
    """
    here = settings(context)
    made, _ = build_folder(here)
    style = "json" if here.is_json else style
    say_diagnostics(made.diagnostics, style)
    if style in ("rich", "plain"):
        note(f"{len(made.files)} files, {counted(made.diagnostics)}")
    if made.errors:
        raise typer.Exit(1)


def fmt(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Datafiles (default: the project's).")
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print what would change; exit 1 if anything would.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say which files would change; exit 1 if any would.")
    ] = False,
) -> None:
    """Rewrite datafiles in the canonical form; comments and meaning stay.

    A file with errors is left alone, and the others are formatted.

    Examples:

    mini-tb fmt

    mini-tb fmt --check

    mini-tb fmt --diff pipes/top.pipe
    """
    from mini_tb.datafile import format_text
    from mini_tb.source import SourceFile

    wrong: list[Diagnostic] = []
    changed = 0
    paths = _datafiles(settings(context).folder, files)
    for path in paths:
        shown = _shown(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")
            formatted = format_text(SourceFile(shown, text))
        except UnicodeDecodeError as error:
            wrong.append(Diagnostic("CF002", f"the file cannot be read: {error}", path=shown))
            continue
        except UserError as error:
            wrong.extend(error.diagnostics)
            continue
        if formatted == text:
            continue
        changed += 1
        if diff:
            lines = (text.splitlines(True), formatted.splitlines(True))
            say("".join(difflib.unified_diff(*lines, shown, shown)).rstrip("\n"))
        elif check:
            say(f"would change {shown}")
        else:
            path.write_bytes(formatted.encode())
            say(f"changed {shown}")
    say_diagnostics(wrong)
    verb = "would change" if diff or check else "changed"
    note(f"{changed} of {len(paths)} files {verb}")
    if wrong or (changed and (diff or check)):
        raise typer.Exit(1)


def _datafiles(folder: Path, files: list[Path] | None) -> list[Path]:
    from mini_tb.project import read_folder
    from mini_tb.project.folder import EXTENSIONS

    if not files:
        return [folder / name for name in read_folder(folder).files]
    found: list[Path] = []
    for path in files:
        if path.is_dir():
            found += [path / name for name in read_folder(path).files]
            continue
        if not path.is_file():
            raise typer.BadParameter(f"{path} is no file", param_hint="FILES")
        if path.suffix not in EXTENSIONS:
            known = ", ".join(EXTENSIONS)
            raise typer.BadParameter(f"{path} is no datafile ({known})", param_hint="FILES")
        found.append(path)
    return found


def _shown(path: Path) -> str:
    """The path as a person here would write it."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return str(path)


def build(context: typer.Context) -> None:
    """Check and compile the whole project; deploys nothing.

    Prints a line a resource; on failure all errors of all files, and exits 1.

    Example: mini-tb build
    """
    started = time.perf_counter()
    here = settings(context)
    made, _ = build_folder(here)
    if here.is_json:
        from mini_tb.diagnostics import render

        found = [render.to_dict(diagnostic) for diagnostic in made.diagnostics]
        resources = [
            *({"type": "datasource", "name": name} for name in made.project.datasources),
            *({"type": "pipe", "name": name} for name in made.project.pipes),
        ]
        result = "success" if made.ok else "failed"
        say_json({"result": result, "resources": resources, "diagnostics": found})
    else:
        say_diagnostics(made.diagnostics)
        if made.ok:
            _say_resources(made)
            say(f"✓ build completed in {time.perf_counter() - started:.1f}s")
        else:
            note(f"✗ build failed: {counted(made.diagnostics)}")
    if not made.ok:
        raise typer.Exit(1)


def _say_resources(made: Build) -> None:
    for datasource in made.project.datasources.values():
        say(f"✓ datasource {datasource.name} ({len(datasource.columns)} columns)")
    for pipe in made.project.pipes.values():
        nodes = "1 node" if len(pipe.nodes) == 1 else f"{len(pipe.nodes)} nodes"
        say(f"✓ pipe {pipe.name} ({nodes})")
