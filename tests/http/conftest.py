"""A real server on a real port, over real files; a fresh workspace for every module."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from http_client import EVENTS, Client, project_files
from served_here import served_here

from mini_tb.server.serve import Listening


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    with served_here(tmp_path_factory.mktemp("served"), "served") as where:
        yield where


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def empty(request: pytest.FixtureRequest, server: Listening, http: httpx.Client) -> Client:
    """A new workspace without a project."""
    tokens = http.get(f"{server.url}/tokens").json()
    made = http.post(
        f"{server.url}/v1/workspaces",
        params={"name": request.module.__name__, "token": tokens["user_token"]},
    ).json()
    return Client(http, made["token"], made["id"], server.url, server.clickhouse_url)


@pytest.fixture(scope="module")
def served(empty: Client) -> Client:
    """A workspace with the project and three events."""
    assert empty.build(project_files())["result"] == "success"
    response = empty.post("/v0/events", params={"name": "readings", "wait": "true"}, content=EVENTS)
    assert response.json() == {"successful_rows": 3, "quarantined_rows": 0}
    return empty
