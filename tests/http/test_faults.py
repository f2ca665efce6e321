"""Clients that do harm, by accident or on purpose: they are refused and nobody else notices."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from http_client import Client, assert_error

from mini_tb.server.app import MEGABYTE, Limits, create_app
from mini_tb.workspace.registry import Registry

EVENT = {"at": "2024-03-01 00:00:00", "device": "fault", "kind": "k", "value": 1, "tags": ["t"]}
LINE = json.dumps(EVENT).encode() + b"\n"


def count(served: Client) -> int:
    return served.sql("SELECT count() AS n FROM readings WHERE device = 'fault'")[0]["n"]


@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_client_that_goes_in_mid_body_leaves_nothing(served: Client, framing: str) -> None:
    before = count(served)
    url = urlsplit(served.url)
    head = f"POST /v0/events?name=readings&token={served.token} HTTP/1.1\r\nHost: x\r\n{framing}"
    size = f"{len(LINE):x}\r\n".encode() if "chunked" in framing else b""
    for _ in range(20):
        with socket.create_connection((url.hostname or "", url.port or 0)) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n" + size + LINE)
    assert count(served) == before


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_that_unpacks_to_too_much_is_refused(served: Client, encoding: str) -> None:
    limit = Limits().events_decompressed
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    packed = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(limit // MEGABYTE + 1))
    packed += packer.flush()
    headers = {"Content-Encoding": encoding}
    answer = served.post("/v0/events?name=readings", content=packed, headers=headers)
    assert_error(answer, 413, str(limit))


def test_cut_off_bodies_are_refused(served: Client) -> None:
    before = count(served)
    cut = gzip.compress(LINE * 100)[:-20]
    assert_error(served.post("/v0/events?name=readings", content=cut), 400, "ends too early")
    part = b'--b\r\nContent-Disposition: form-data; name="ndjson"; filename="a"\r\n\r\n' + LINE
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    path = "/v0/datasources?name=readings&mode=append&format=ndjson"
    assert_error(served.post(path, content=part, headers=headers), 400, "last boundary")
    assert count(served) == before


def test_deep_nesting_is_refused(served: Client) -> None:
    body = b"[" * (2 * MEGABYTE)
    assert_error(served.post("/v0/events?name=readings", content=body), 400, "nested deeper")


def test_more_bodies_than_memory_are_refused_for_now(tmp_path: Path) -> None:
    async def post(client: httpx.AsyncClient, size: int) -> httpx.Response:
        headers = {"Authorization": "Bearer nobody"}
        return await client.post("/v0/events?name=x", content=b"x" * size, headers=headers)

    async def run() -> None:
        with Registry(tmp_path) as registry:
            app = create_app(registry, limits=Limits(held=1000))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                for _ in range(3):  # what was held is given back
                    refused = await post(client, 1001)
                    assert_error(refused, 503, "too many")
                    assert refused.headers["retry-after"] == "1"
                    assert (await post(client, 999)).status_code == 403
            assert app.state.server.held == 0
            app.state.server.pools.close()

    asyncio.run(run())
