"""A real server on a real port, over real files; a fresh workspace for every module."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
from http_client import EVENTS, Client, project_files

from mini_tb.server.serve import Listening, serve
from mini_tb.workspace.registry import Registry


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    ready = threading.Event()
    found: list[Listening] = []

    def note(where: Listening) -> None:
        found.append(where)
        ready.set()

    folder = tmp_path_factory.mktemp("served")
    with Registry(folder, name="served") as registry:
        thread = threading.Thread(
            target=serve,
            args=(registry,),
            kwargs={"port": 0, "clickhouse_port": 0, "on_ready": note},
        )
        thread.start()
        assert ready.wait(20)
        yield found[0]
        found[0].stop()
        thread.join(20)
        assert not thread.is_alive()
        assert not (folder / ".mini-tb" / "server.json").exists()


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
