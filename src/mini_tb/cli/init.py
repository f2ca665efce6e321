"""`init`: a new project that works at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mini_tb.cli.console import say

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
    """Add the command to the command line."""
    app.command()(init)


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
