"""What the tests of workspaces share: a clock that stands still, and short ways to do things."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mini_tb.workspace import Access, Scope, Workspace


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def deployed(workspace: Workspace, files: dict[str, str]) -> None:
    """Deploy, and fail with what is wrong."""
    made = workspace.deploy(files, allow_destructive=True)
    assert made.result != "failed", [d.message for d in made.errors]


def rows(workspace: Workspace, query: str, **options: Any) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with workspace.sql(query, **options) as result:
        return result.rows()


def access(*scopes: Scope) -> Access:
    """The access of a token with these scopes."""
    return Access("someone", scopes)
