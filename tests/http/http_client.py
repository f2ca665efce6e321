"""A client of the served API, and the shape that every error has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PROJECT = Path(__file__).parent / "project"


@dataclass
class Client:
    """A workspace's admin, over HTTP."""

    http: httpx.Client
    token: str
    id: str
    url: str
    clickhouse_url: str

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.request(method, self.url + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def with_token(self, token: str) -> Client:
        return Client(self.http, token, self.id, self.url, self.clickhouse_url)

    def upload(self, path: str, files: dict[str, str]) -> httpx.Response:
        parts = [("data_project://", (name, text, "text/plain")) for name, text in files.items()]
        return self.post(path, files=parts)

    def build(self, files: dict[str, str]) -> dict[str, Any]:
        response = self.upload("/v1/build", files)
        assert response.status_code == 200, response.text
        return response.json()

    def sql(self, query: str, **params: str) -> list[dict[str, Any]]:
        response = self.get("/v0/sql", params={"q": query, **params})
        assert response.status_code == 200, response.text
        return response.json()["data"]


def project_files() -> dict[str, str]:
    """The datafiles of the project that the tests serve."""
    return {
        path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PROJECT.rglob("*"))
        if path.is_file()
    }


EVENTS = (
    '{"at":"2024-01-01 00:00:00","device":"a","kind":"temp","value":1.5,"tags":["x","y"]}\n'
    '{"at":"2024-01-01 01:00:00","device":"b","kind":"temp","value":2,"tags":[]}\n'
    '{"at":"2024-01-02 00:00:00","device":"a","kind":"load","value":4,"tags":["z"]}\n'
)


def assert_error(response: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    """The one shape that every error has."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert isinstance(body["error"], str) and body["error"]
    assert "Traceback" not in response.text
    if "x-mini-tb-code" in response.headers:
        assert body["documentation"].endswith(f"/docs/errors/{response.headers['x-mini-tb-code']}")
    for word in words:
        assert word in body["error"], body["error"]
    return body
