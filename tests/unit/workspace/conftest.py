"""A workspace in memory whose clock stands still unless it is moved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from workspace_setup import Clock

from mini_tb.workspace import Workspace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(clock: Clock) -> Iterator[Workspace]:
    with Workspace.open(None, clock=clock, seed=b"s" * 32) as opened:
        yield opened
