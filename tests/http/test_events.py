"""The Events API: what is stored, what goes to quarantine, what is refused."""

from __future__ import annotations

import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard
from http_client import Client, assert_error

EVENT = {"at": "2024-03-01 00:00:00", "device": "d", "kind": "k", "value": 1, "tags": ["t"]}


def count(served: Client, device: str) -> int:
    return served.sql(f"SELECT count() AS n FROM readings WHERE device = '{device}'")[0]["n"]


def event(device: str, **changes: object) -> str:
    return json.dumps({**EVENT, "device": device, **changes})


@pytest.mark.parametrize("wait", ["true", "false", None])
def test_rows_can_be_read_at_once(served: Client, wait: str | None) -> None:
    device = f"wait-{wait}"
    params = {"name": "readings"} | ({"wait": wait} if wait else {})
    response = served.post("/v0/events", params=params, content=event(device))
    assert response.status_code == (200 if wait == "true" else 202)
    assert response.json() == {"successful_rows": 1, "quarantined_rows": 0}
    assert count(served, device) == 1


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "application/x-ndjson",
        "text/plain",
        "application/x-www-form-urlencoded",
    ],
)
def test_the_content_type_does_not_matter(served: Client, content_type: str | None) -> None:
    device = f"type-{content_type}"
    headers = {"Content-Type": content_type} if content_type else {}
    body = f"{event(device)}\n{event(device)}\n"
    response = served.post("/v0/events?name=readings", content=body, headers=headers)
    assert response.json()["successful_rows"] == 2
    assert count(served, device) == 2


def test_compressed_bodies(served: Client) -> None:
    body = event("compressed").encode()
    for encoding, packed in (
        ("gzip", gzip.compress(body)),
        ("zstd", zstandard.ZstdCompressor().compress(body)),
    ):
        headers = {"Content-Encoding": encoding}
        response = served.post("/v0/events?name=readings", content=packed, headers=headers)
        assert response.json()["successful_rows"] == 1, response.text
    broken = served.post(
        "/v0/events?name=readings", content=b"no gzip", headers={"Content-Encoding": "gzip"}
    )
    assert_error(broken, 400)
    strange = served.post(
        "/v0/events?name=readings", content=body, headers={"Content-Encoding": "rot13"}
    )
    assert_error(strange, 415, "rot13")


def test_json_documents(served: Client) -> None:
    one = served.post("/v0/events?name=readings&format=json", content=event("doc"))
    many = served.post(
        "/v0/events?name=readings&format=json", content=f"[{event('doc')},\n {event('doc')}]"
    )
    assert (one.json()["successful_rows"], many.json()["successful_rows"]) == (1, 2)
    assert count(served, "doc") == 3


def test_bad_rows_go_to_quarantine_and_good_ones_stay(served: Client) -> None:
    body = f"{event('good')}\n{event('bad', value='much')}\n"
    response = served.post("/v0/events?name=readings&wait=true", content=body)
    assert response.status_code == 200
    assert response.json() == {"successful_rows": 1, "quarantined_rows": 1}
    assert count(served, "good") == 1
    [row] = served.sql("SELECT * FROM readings_quarantine WHERE device = 'bad'")
    assert row["c__error_column"] == ["value"] and "much" in row["c__error"][0]
    assert served.get("/v0/datasources/readings").json()["quarantine_rows"] >= 1


def test_materialized_views_see_new_rows(served: Client) -> None:
    served.post("/v0/events?name=readings", content=event("mv", at="2024-05-05 00:00:00", value=7))
    query = "SELECT sumMerge(total) AS total FROM daily WHERE device = 'mv'"
    assert served.sql(query) == [{"total": 7}]


def test_what_is_refused(served: Client) -> None:
    post = served.post
    assert_error(post("/v0/events", content=event("x")), 400, "`name`")
    assert_error(post("/v0/events?name=nope", content=event("x")), 404, "`nope`")
    assert_error(post("/v0/events?name=readings", content=b""), 400, "empty")
    assert_error(post("/v0/events?name=readings", content=b" \n"), 400, "empty")
    assert_error(post("/v0/events?name=readings&format=avro", content=event("x")), 400, "avro")
    assert_error(post("/v0/events?name=readings", content=b"not json"), 400)
    assert_error(served.get("/v0/events?name=readings"), 405)


def test_too_large_is_413(served: Client) -> None:
    response = served.post("/v0/events?name=readings", content=b"x" * (11 << 20))
    assert_error(response, 413, "10 MB")

    def pieces():  # without a Content-Length
        for _ in range(11):
            yield b"x" * (1 << 20)

    assert_error(served.post("/v0/events?name=readings", content=pieces()), 413)


def test_who_has_written_a_row_reads_it_whoever_else_asks_the_same(served: Client) -> None:
    """Readers that ask the same at the same time share an answer; no writer may be given one from
    before its own row."""
    ended = threading.Event()
    query = {"q": "SELECT count() AS n FROM _", "limit": "100000"}

    def count() -> int:
        response = served.get("/v0/pipes/latest.json", params=query)
        assert response.status_code == 200, response.text
        return int(response.json()["data"][0]["n"])

    def read_on() -> int:
        least = 0
        while not ended.is_set():
            found = count()
            assert found >= least
            least = found
        return least

    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read_on) for _ in range(8)]
        known = count()
        try:
            for _ in range(50):
                params = {"name": "readings", "wait": "true"}
                assert served.post("/v0/events", params=params, content=event("z")).is_success
                known += 1
                assert count() == known
        finally:
            ended.set()
        assert all(reader.result() <= known for reader in readers)
