"""Answers over HTTP from a `mini-tb serve` of its own process, beside those who could give them.

Endpoints beside the same statements run by DuckDB alone, on a copy of the same file: what is above
DuckDB's own time is ours, HTTP, tokens, templates, JSON. A large answer beside `fetchall()` and
orjson. One core beside two. A group-by of a million rows beside chdb and roapi, where each
connection asks a query of its own, and where all ask the same. And how long it takes from nothing
to the first answer.
"""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import orjson

from bench import rivals
from bench.client import Client, request, throughput
from bench.measure import compare, in_turns, report
from bench.official import ROOT
from bench.startup import cold_start

if TYPE_CHECKING:
    import duckdb

    from mini_tb.project import Project

ROWS, MANY_ROWS, LARGE = 200_000, 1_000_000, 100_000
RUNS = 60
ROUNDS, SECONDS = 5, 3.0
OWN = range(1, 17)
"""A number for each connection that asks at the same time: who asks the same shares an answer."""
SOURCE = "cloud_resource_metrics"
REQUESTS: Mapping[str, tuple[str, Sequence[Mapping[str, str]]]] = {
    "one number": ("latest", [{}]),
    "by key": ("get_resource_metrics", [{"limit": "20", "resource_id": "resource_7"}]),
    "another key": (
        "get_resource_metrics",
        [{"limit": "20", "resource_id": f"resource_{i}"} for i in range(600)],
    ),
    "page": ("get_resource_metrics", [{"limit": "20", "region": "us-east-1"}]),
    "summary": ("get_resource_summary", [{"limit": "100", "environment": "production"}]),
    "anomalies": ("get_resource_anomalies", [{"threshold": "3"}]),
}
"""The endpoint and the parameters of each request in turn: those of `another key` are new each
time, while a dashboard asks the same again."""
LATEST = f"NODE latest\nSQL >\n    SELECT max(timestamp) AS latest FROM {SOURCE}\nTYPE endpoint\n"
ALL = f"NODE rows\nSQL >\n    SELECT * FROM {SOURCE} LIMIT {LARGE}\nTYPE endpoint\n"
GROUPED = f"""
    SELECT resource_id, count(*) AS readings, avg(metric_value) AS average
    FROM {SOURCE}
    GROUP BY resource_id
    HAVING count(*) >= {{at_least}}
    ORDER BY readings DESC, resource_id
    LIMIT 10
"""
TOP = f"NODE top\nSQL >\n    %{GROUPED.format(at_least='{{UInt32(at_least, 0)}}')}TYPE endpoint\n"
CREATE = f"""
    CREATE TABLE bench.{SOURCE} (
        timestamp DateTime, resource_id String, resource_type String, resource_name String,
        metric_name String, metric_value Float64, region String, account_id String,
        environment String
    )
    ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp)
    ORDER BY (timestamp, resource_id, metric_name)
    AS SELECT * FROM {{rows}}
"""


def run() -> None:
    """Measure and print."""
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 1:
        print(f"  the machine is busy (load {os.getloadavg()[0]:.1f}): times are worth little")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        small, large = place / "small", place / "large"
        project = _fill(small, ROWS)
        _fill(large, MANY_ROWS)
        _beside_duckdb(small, project)
        _on_more_cores(large, place)
        _beside_others(large, place)
    cold_start()


def _fill(folder: Path, rows: int) -> Project:
    """A project with its rows; nobody has it open afterwards."""
    from mini_tb.cli.sample import Order, make_rows
    from mini_tb.project import load_project, read_folder
    from mini_tb.workspace.registry import Registry

    for part in ("datasources", "pipes"):
        shutil.copytree(ROOT / part, folder / part)
    for name, text in {"latest": LATEST, "all_rows": ALL, "top_resources": TOP}.items():
        (folder / "pipes" / f"{name}.pipe").write_text(text)
    files = read_folder(folder).files
    project = load_project(files).require()
    with Registry(folder) as registry:
        registry.main.deploy(files)
        for chunk in make_rows(project.datasources[SOURCE], Order(rows, anomalies=5)):
            registry.main.append(SOURCE, chunk)
        registry.main.engine.checkpoint()
    return project


@dataclass(frozen=True, slots=True)
class Served:
    """A `mini-tb serve` that runs."""

    port: int
    token: str

    def get(self, pipe: str, params: Mapping[str, str]) -> bytes:
        """The request for an endpoint's JSON."""
        query = urlencode({**params, "token": self.token})
        return request("GET", f"/v0/pipes/{pipe}.json?{query}")


@contextmanager
def _serving(folder: Path, cores: set[int] | None = None) -> Iterator[Served]:
    """A server of the folder, on these cores only."""

    def pin() -> None:
        if cores is not None:
            os.sched_setaffinity(0, cores)

    mini_tb = str(Path(sys.executable).parent / "mini-tb")
    command = [mini_tb, "-C", str(folder), "serve", "--port", "0"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    options = {"stdout": subprocess.PIPE, "env": env, "preexec_fn": pin}
    with subprocess.Popen(command, **options) as process:  # type: ignore[call-overload]  # as given
        try:
            assert process.stdout is not None
            process.stdout.readline()
            note = orjson.loads((folder / ".mini-tb" / "server.json").read_bytes())
            yield Served(urlsplit(note["url"]).port or 0, note["token"])
        finally:
            process.terminate()


# Beside DuckDB ---------------------------------------------------------------------------------


def _beside_duckdb(folder: Path, project: Project) -> None:
    import duckdb

    from mini_tb.workspace.explain import explain_pipe

    copy = folder / "copy.duckdb"
    shutil.copy(folder / ".mini-tb" / "workspace.duckdb", copy)
    bare = duckdb.connect(str(copy), config={"threads": 1})
    print(f"  {ROWS:,} rows; one client, one request after the other")
    with _serving(folder) as served:
        client = Client(served.port)
        for name, (pipe, given) in REQUESTS.items():
            found = [explain_pipe(project, pipe, params, {}) for params in given]
            asked = [served.get(pipe, params) for params in given]
            pair: dict[str, Callable[[], object]] = {
                f"{name}: DuckDB alone": _in_turn(
                    [_alone(bare, each.duck_sql, each.parameters) for each in found]
                ),
                f"{name}: over HTTP": _in_turn([partial(client.ask, each) for each in asked]),
            }
            timings = in_turns(pair, RUNS)
            report(timings)
            alone, over_http = (timing.median for timing in timings.values())
            if alone > 5e-3:
                compare("over HTTP ÷ DuckDB", over_http / alone, at_most=1.3)
            else:
                compare("over HTTP − DuckDB", (over_http - alone) * 1e3, at_most=1, unit=" ms")
        _large(client, served, bare, project)
        client.close()
    bare.close()


def _large(
    client: Client, served: Served, bare: duckdb.DuckDBPyConnection, project: Project
) -> None:
    from mini_tb.workspace.explain import explain_pipe

    duck_sql = explain_pipe(project, "all_rows", {}, {}).duck_sql
    asked = served.get("all_rows", {})
    rows = f"{LARGE:,} rows of JSON"

    def objects() -> bytes:
        """What the endpoint's answer says: every row with its names."""
        found = bare.execute(duck_sql)
        names = [column[0] for column in found.description or ()]
        return orjson.dumps([dict(zip(names, row, strict=True)) for row in found.fetchall()])

    alternatives: dict[str, Callable[[], object]] = {
        f"{rows}: fetchall and orjson": lambda: orjson.dumps(bare.execute(duck_sql).fetchall()),
        f"{rows}: the same, as objects": objects,
        f"{rows}: over HTTP": lambda: client.ask(asked),
    }
    timings = in_turns(alternatives, 9)
    report(timings)
    fetched, as_objects, over_http = (timing.median for timing in timings.values())
    compare("over HTTP ÷ fetchall and orjson", over_http / fetched, at_most=0.8)
    compare("over HTTP ÷ the same, as objects", over_http / as_objects)


def _in_turn(works: Sequence[Callable[[], object]]) -> Callable[[], object]:
    """Does the next one at every call."""
    following = itertools.cycle(works)
    return lambda: next(following)()


def _alone(
    bare: duckdb.DuckDBPyConnection, duck_sql: str, values: Mapping[str, object]
) -> Callable[[], object]:
    return lambda: bare.execute(duck_sql, dict(values) or None).fetchall()


# Many at a time --------------------------------------------------------------------------------


def _rates(servers: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The median rate of each, measured in turns."""
    found: dict[str, list[float]] = {name: [] for name in servers}
    for measure in servers.values():
        measure()  # what is slow the first time
    for _ in range(ROUNDS):
        for name, measure in servers.items():
            found[name].append(measure())
    for name, rates in found.items():
        spread = f"[{min(rates):.1f} … {max(rates):.1f}, {ROUNDS} rounds]"
        print(f"  {name:<44} {statistics.median(rates):>8.1f}/s  {spread}")
    return {name: statistics.median(rates) for name, rates in found.items()}


def _on_more_cores(folder: Path, place: Path) -> None:
    """The same group-by from a server that may use one core and one that may use two; each has
    its copy of the file, and the one that is not asked sleeps. The client takes its share of the
    same cores: a hundredth of a request's time."""
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        print("  one core: nothing to scale over")
        return
    first, second, *_ = sorted(os.sched_getaffinity(0))
    alone = place / "alone"
    shutil.copytree(folder, alone)
    print(f"  {MANY_ROWS:,} rows in groups; {len(OWN)} connections")
    with _serving(alone, {first}) as one, _serving(folder, {first, second}) as two:
        rates = _rates({"on one core": _asking(one), "on two cores": _asking(two)})
    one_core, two_cores = rates.values()
    compare("two cores ÷ one", two_cores / one_core, at_least=1.8)


def _asking(served: Served, numbers: Sequence[int] = OWN) -> Callable[[], float]:
    asked = [served.get("top_resources", {"at_least": str(number)}) for number in numbers]
    return _rate(served.port, asked)


def _rate(port: int, asked: Sequence[bytes]) -> Callable[[], float]:
    return lambda: throughput(port, asked, seconds=SECONDS)


def _posting(port: int, path: str, query: str, numbers: Sequence[int]) -> Callable[[], float]:
    bodies = [query.format(at_least=number).encode() for number in numbers]
    return _rate(port, [request("POST", path, body) for body in bodies])


def _beside_others(folder: Path, place: Path) -> None:
    import duckdb

    rows = place / "rows.parquet"
    with duckdb.connect(str(folder / ".mini-tb" / "workspace.duckdb"), read_only=True) as stored:
        stored.execute(f"COPY {SOURCE} TO '{rows}'")
    in_chdb = GROUPED.replace(SOURCE, f"bench.{SOURCE}")
    with ExitStack() as stack:
        served = stack.enter_context(_serving(folder))
        in_chdb_at = stack.enter_context(rivals.chdb(place, rows, CREATE))
        in_roapi_at = stack.enter_context(rivals.roapi(rows, SOURCE))
        for what, numbers in (("each its own query", OWN), ("all the same query", [0] * len(OWN))):
            print(f"  {what}")
            asked = {"mini-tb": _asking(served, numbers)}
            if in_chdb_at is not None:
                asked["chdb"] = _posting(in_chdb_at, "/", in_chdb, numbers)
            if in_roapi_at is not None:
                asked["roapi"] = _posting(in_roapi_at, "/api/sql", GROUPED, numbers)
            rates = _rates(asked)
            _compare_rates(rates)


def _compare_rates(rates: Mapping[str, float]) -> None:
    for name, at_least in (("chdb", 3), ("roapi", 5)):
        if name in rates:
            compare(f"mini-tb ÷ {name}", rates["mini-tb"] / rates[name], at_least=at_least)
        else:
            print(f"  {name} is not to be had")
