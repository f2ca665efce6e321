"""A real server over real files. `MINI_TB_SECURITY=full` asks for the long versions."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from http_client import Client
from served_here import served_here

from mini_tb.server.serve import Listening


@pytest.fixture(scope="package")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    with served_here(tmp_path_factory.mktemp("secured"), "secured") as where:
        yield where


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
