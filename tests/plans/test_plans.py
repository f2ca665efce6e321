"""Versions of a project, deployed one after another: what each plan does, and to the rows.

A script is a text archive. Lines before the first file are commands, each followed by what it must
print, in lines that begin with `>`:

    deploy V [destructive] [check]   deploy version V: prints the stages, `no changes`, or what is
                                     refused (code and message)
    append NAME ROW…                 one JSON object a line of the rest
    sql QUERY                        the rows, values separated by a blank, ordered as they come
    tokens                           the static tokens of datafiles with their scopes

Files are `-- V/path --`; a version inherits the files of the one before, an empty file deletes.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from mini_tb.workspace import Workspace

PLANS = sorted(Path(__file__).parent.glob("*.txtar"))


def parse(text: str) -> tuple[list[tuple[str, list[str]]], dict[str, dict[str, str]]]:
    """(commands with their expected lines, files by version)."""
    script, *sections = text.split("\n-- ")
    commands: list[tuple[str, list[str]]] = []
    for line in script.splitlines():
        if line.startswith(">"):
            commands[-1][1].append(line[1:].strip())
        elif line.strip() and not line.startswith("#"):
            commands.append((line.strip(), []))
    versions: dict[str, dict[str, str]] = {}
    files: dict[str, str] = {}
    for section in sections:
        head, _, body = section.partition(" --")
        version, _, path = head.partition("/")
        if version not in versions:
            versions[version] = files = dict(files)
        if body.strip():
            files[path] = body
        else:
            files.pop(path, None)
    return commands, versions


def run(workspace: Workspace, command: str, versions: dict[str, dict[str, str]]) -> list[str]:
    verb, _, rest = command.partition(" ")
    if verb == "deploy":
        version, *flags = rest.split()
        made = workspace.deploy(
            versions[version], allow_destructive="destructive" in flags, check="check" in flags
        )
        if made.no_changes:
            return ["no changes"]
        if made.errors:
            return [f"{d.code} {d.message}" for d in made.errors]
        warnings = [f"warning {d.code} {d.message}" for d in made.feedback]
        return [*(made.stages or ["nothing to store"]), *warnings]
    if verb == "append":
        name, _, rows = rest.partition(" ")
        appended = workspace.append(name, rows.replace("} {", "}\n{").encode())
        bad = appended.quarantined_rows
        return [f"{bad} quarantined"] if bad else []
    if verb == "sql":
        with workspace.sql(rest) as result:
            return [" ".join(map(str, row)) for row in result.rows()]
    assert verb == "tokens", f"unknown command {verb}"
    return [
        f"{token.name}: {', '.join(map(str, token.scopes))}"
        for token in workspace.tokens.list()
        if token.origin == "datafile"
    ]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_plan(path: Path) -> None:
    commands, versions = parse(path.read_text(encoding="utf-8"))
    clock = lambda: datetime(2026, 1, 2, 3, 4, 5)  # noqa: E731  # one time for the whole script
    with Workspace.open(None, clock=clock) as workspace:
        for command, expected in commands:
            assert run(workspace, command, versions) == expected, command
