"""The project in this repository, served with rows, tokens, jobs and all else that a workspace has.

Requests that find nothing but "there is no such thing" say little: here every path leads somewhere.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from http_client import Client

from mini_tb.cli.sample import Order, make_rows
from mini_tb.project import load_project

ROOT = Path(__file__).parents[2]
EXTRA = {
    "by_region.datasource": (
        "SCHEMA >\n    `region` String,\n    `n` AggregateFunction(count)\n"
        'ENGINE "AggregatingMergeTree"\nENGINE_SORTING_KEY "region"\n'
    ),
    "regions.datasource": "SCHEMA >\n    `region` String,\n    `n` UInt64\n",
    "count_regions.pipe": (
        "NODE n\nSQL >\n    SELECT region, countState() AS n FROM cloud_resource_metrics"
        " GROUP BY region\nTYPE materialized\nDATASOURCE by_region\n"
    ),
    "copy_regions.pipe": (
        "NODE n\nSQL >\n    SELECT region, countMerge(n) AS n FROM by_region GROUP BY region\n"
        "TYPE copy\nTARGET_DATASOURCE regions\nCOPY_SCHEDULE 0 0 1 1 *\nCOPY_MODE replace\n"
    ),
}
"""What the project has none of: a materialisation and a copy pipe."""


def root_files() -> dict[str, str]:
    """The datafiles of this repository's project."""
    found = [*ROOT.glob("datasources/*.datasource"), *ROOT.glob("pipes/*.pipe")]
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(found)}


def sample_rows(files: dict[str, str], name: str, rows: int, seed: int = 1) -> bytes:
    """Made-up rows of a data source, as NDJSON."""
    datasource = load_project(files).project.datasources[name]
    return b"".join(make_rows(datasource, Order(rows, seed, datetime(2025, 6, 1), 7.0, 3)))


def populate(client: Client, rows: int = 200) -> dict[str, list[str]]:
    """Give an empty workspace all that there may be; returns what paths may name, by the name of
    the path's parameter."""
    files = {**root_files(), **EXTRA}
    assert client.build(files)["result"] == "success"
    for name in ("cloud_resource_metrics", "energy_consumption"):
        body = sample_rows(files, name, rows)
        posted = client.post("/v0/events", params={"name": name, "wait": "true"}, content=body)
        assert posted.json() == {"successful_rows": rows, "quarantined_rows": 0}
    bad = client.post("/v0/events?name=energy_consumption&wait=true", content='{"timestamp":"x"}\n')
    assert bad.json()["quarantined_rows"] == 1
    assert client.post("/v0/variables", data={"name": "secret", "value": "x"}).status_code == 200
    scopes = "PIPES:READ:get_resource_metrics"
    token = client.post("/v0/tokens", params={"name": "reader", "scope": scopes}).json()
    job = client.post("/v0/pipes/copy_regions/copy").json()["job"]["id"]
    branch = f"branch_{client.id.replace('-', '_')}"
    made = client.post("/v1/environments", params={"name": branch, "data": "last_partition"}).json()
    candidate = client.upload(
        "/v1/deploy", {**files, "new.pipe": "NODE n\nSQL >\n    SELECT 1 AS x\nTYPE endpoint\n"}
    )
    pipes = [path.rpartition("/")[2].removesuffix(".pipe") for path in files if "pipe" in path]
    return {
        "code": ["NM301", "RT602"],
        "id": [job, candidate.json()["deployment"]["id"], client.id, "0", "1"],
        "key": ["reader", token["id"], f"{token['id']}.token", token["token"]],
        "name": [
            "cloud_resource_metrics",
            "energy_consumption",
            "energy_consumption.datasource",
            "by_region",
            *pipes,
            *(f"{pipe}.{kind}" for pipe in pipes for kind in ("json", "csv", "ndjson", "pipe")),
            "openapi.json",
            "secret",
            branch,
            made["workspace"]["id"],
        ],
        "node": ["n", "anomalies", "endpoint"],
    }


def new_workspace(client: Client, name: str = "") -> Client:
    """An empty workspace beside the client's, and its admin."""
    tokens = client.http.get(f"{client.url}/tokens").json()
    params = {"name": name or f"w{time.monotonic_ns()}", "token": tokens["user_token"]}
    made = client.http.post(f"{client.url}/v1/workspaces", params=params).json()
    return Client(client.http, made["token"], made["id"], client.url, client.clickhouse_url)
