"""Each example, deployed in memory with its fixtures loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mini_tb import Workspace
from mini_tb.project import read_folder
from mini_tb.workspace.imports import import_file

EXAMPLES = Path(__file__).parents[2] / "examples"


class Example:
    """A deployed example and the rows of its fixtures, as Python reads them."""

    def __init__(self, name: str) -> None:
        self.folder = read_folder(EXAMPLES / name)
        self.workspace = Workspace.open()

    def deploy(self) -> None:
        """Deploy the files and load every fixture; each row must be good."""
        deployment = self.workspace.deploy(self.folder.files)
        assert deployment.result == "success", deployment.errors
        for name, path in self.folder.fixtures.items():
            kind = path.suffix.removeprefix(".")
            job = import_file(self.workspace, name, path.read_bytes(), format=kind)
            assert job.status == "done", job.error
            assert self.workspace.count(f"{name}_quarantine") == 0

    def fixture(self, name: str) -> list[dict[str, Any]]:
        """The rows of an NDJSON fixture."""
        return [json.loads(line) for line in self.folder.fixtures[name].read_text().splitlines()]

    def query(self, pipe: str, **params: str) -> list[dict[str, Any]]:
        """The rows of an endpoint."""
        with self.workspace.query(pipe, params) as result:
            names = [column.name for column in result.columns]
            return [dict(zip(names, row, strict=True)) for row in result.rows()]


@pytest.fixture(scope="module")
def web() -> Iterator[Example]:
    yield from _deployed("web_analytics")


@pytest.fixture(scope="module")
def metering() -> Iterator[Example]:
    yield from _deployed("saas_metering")


def _deployed(name: str) -> Iterator[Example]:
    example = Example(name)
    with example.workspace:
        example.deploy()
        yield example
