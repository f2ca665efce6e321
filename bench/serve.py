"""Endpoints over HTTP beside the same statements run by DuckDB alone, on the same rows.

What is above DuckDB's own time is ours: HTTP, tokens, templates, the cache of statements, JSON.
"""

from __future__ import annotations

import http.client
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.measure import compare, in_turns, report
from bench.official import ROOT

if TYPE_CHECKING:
    import duckdb

    from mini_tb.project import Project
    from mini_tb.workspace.registry import Registry

ROWS = 200_000
RUNS = 60
SOURCE = "cloud_resource_metrics"
REQUESTS = {
    "by key": ("get_resource_metrics", {"limit": "20", "resource_id": "resource_7"}),
    "page": ("get_resource_metrics", {"limit": "20", "region": "us-east-1"}),
    "summary": ("get_resource_summary", {"limit": "100", "environment": "production"}),
    "anomalies": ("get_resource_anomalies", {"threshold": "3"}),
}


def run() -> None:
    """Measure and print, per request."""
    import duckdb

    from mini_tb.cli.sample import Order, make_rows
    from mini_tb.project import load_project, read_folder
    from mini_tb.workspace.registry import Registry

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("datasources", "pipes"):
            shutil.copytree(ROOT / part, folder / part)
        files = read_folder(folder).files
        project = load_project(files).require()
        chunks = make_rows(project.datasources[SOURCE], Order(ROWS, anomalies=5))
        (folder / "rows.ndjson").write_bytes(b"".join(chunks))
        registry = Registry(folder)
        try:
            registry.main.deploy(files)
            registry.main.append(SOURCE, (folder / "rows.ndjson").read_bytes())
            bare = duckdb.connect(config={"threads": 1})
            bare.execute(f"CREATE TABLE {SOURCE} AS FROM read_json('{folder}/rows.ndjson')")
            with _serving(registry) as url:
                _measure(registry, project, bare, url)
        finally:
            registry.close()


def _measure(
    registry: Registry, project: Project, bare: duckdb.DuckDBPyConnection, url: str
) -> None:
    from mini_tb.workspace.explain import explain_pipe

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    print(f"  {ROWS:,} rows; one client, one request after the other")
    for name, (pipe, params) in REQUESTS.items():
        found = explain_pipe(project, pipe, params, {})
        query = "&".join(f"{key}={value}" for key, value in params.items())
        path = f"/v0/pipes/{pipe}.json?{query}&token={registry.admin_token}"
        rivals = {
            f"{name}: DuckDB alone": _alone(bare, found.duck_sql, dict(found.parameters)),
            f"{name}: over HTTP": _over_http(connection, path),
        }
        timings = in_turns(rivals, RUNS)
        report(timings)
        alone, served = (timing.median for timing in timings.values())
        compare(f"over HTTP ÷ DuckDB ({(served - alone) * 1e3:+.1f} ms)", served / alone)


def _alone(
    bare: duckdb.DuckDBPyConnection, duck_sql: str, values: dict[str, object]
) -> Callable[[], object]:
    return lambda: bare.execute(duck_sql, values).fetchall()


def _over_http(connection: http.client.HTTPConnection, path: str) -> Callable[[], object]:
    def request() -> bytes:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    return request


@contextmanager
def _serving(registry: Registry) -> Iterator[str]:
    from mini_tb.server.serve import Listening, serve

    ready = threading.Event()
    found: list[Listening] = []

    def note(where: Listening) -> None:
        found.append(where)
        ready.set()

    options = {"port": 0, "clickhouse_port": 0, "on_ready": note}
    thread = threading.Thread(target=serve, args=(registry,), kwargs=options)
    thread.start()
    ready.wait()
    try:
        yield found[0].url
    finally:
        found[0].stop()
        thread.join()
