"""A real server over real files. `MINI_TB_SECURITY=full` asks for the long versions."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
from http_client import Client

from mini_tb.server.serve import Listening, serve
from mini_tb.workspace.registry import Registry


@pytest.fixture(scope="package")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    ready = threading.Event()
    found: list[Listening] = []

    def note(where: Listening) -> None:
        found.append(where)
        ready.set()

    with Registry(tmp_path_factory.mktemp("secured"), name="secured") as registry:
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


@pytest.fixture(scope="module")
def admin(request: pytest.FixtureRequest, listening: Listening) -> Iterator[Client]:
    """The admin of a new workspace without a project."""
    with httpx.Client(timeout=60) as http:
        tokens = http.get(f"{listening.url}/tokens").json()
        made = http.post(
            f"{listening.url}/v1/workspaces",
            params={"name": request.module.__name__, "token": tokens["user_token"]},
        ).json()
        yield Client(http, made["token"], made["id"], listening.url, listening.clickhouse_url)
