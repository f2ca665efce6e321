"""Ingestion beside what DuckDB does with the same bytes: `python -m bench.ingest`.

The whole path (decode with validation, insert, commit to a file) against `INSERT … FROM read_json`
with the columns given, which validates nothing else. Every rival writes to a file of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from bench.measure import compare, in_turns_given, report, timed
from mini_tb.server.garbage import patient_collections
from mini_tb.server.pool import give_way
from mini_tb.workspace import Workspace

_COLUMNS = {
    "timestamp": "DateTime",
    "resource_id": "String",
    "resource_type": "LowCardinality(String)",
    "resource_name": "String",
    "metric_name": "LowCardinality(String)",
    "metric_value": "Float64",
    "region": "LowCardinality(String)",
    "account_id": "String",
    "environment": "LowCardinality(String)",
}
_METRICS = ("cpu_utilization", "memory_usage", "disk_io", "network_in", "request_count")
_REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1")


def lines(count: int, *, bad: float = 0.0, seed: int = 1) -> bytes:
    """NDJSON of so many metrics; a share `bad` of them with text where a number belongs."""
    rng = random.Random(seed)
    start = datetime(2025, 1, 1)
    made = []
    for _ in range(count):
        key = rng.randrange(10_000)
        value: object = round(rng.random() * 1e6, 3)
        made.append(
            json.dumps(
                {
                    "timestamp": str(start + timedelta(seconds=rng.randrange(180 * 86_400))),
                    "resource_id": f"r-{key}",
                    "resource_type": ("ec2", "rds", "s3")[key % 3],
                    "resource_name": f"app-{key % 50}",
                    "metric_name": rng.choice(_METRICS),
                    "metric_value": "bad" if rng.random() < bad else value,
                    "region": _REGIONS[key % 4],
                    "account_id": f"acc-{key % 1000}",
                    "environment": ("production", "staging")[key % 2],
                },
                separators=(",", ":"),
            )
        )
    return "\n".join(made).encode() + b"\n"


def files(*, materialized: bool) -> dict[str, str]:
    """A landing data source, with a daily view of it or without."""
    schema = ",\n".join(f"    `{n}` {t} `json:$.{n}`" for n, t in _COLUMNS.items())
    made = {
        "datasources/metrics.datasource": f"SCHEMA >\n{schema}\n\n"
        'ENGINE "MergeTree"\nENGINE_SORTING_KEY "resource_id, timestamp"\n'
    }
    if materialized:
        made["datasources/daily.datasource"] = (
            "SCHEMA >\n    `day` Date,\n    `metric_name` String,\n"
            "    `n` SimpleAggregateFunction(sum, UInt64),\n"
            "    `top` SimpleAggregateFunction(max, Float64)\n\n"
            'ENGINE "AggregatingMergeTree"\nENGINE_SORTING_KEY "day, metric_name"\n'
        )
        made["pipes/to_daily.pipe"] = (
            "NODE daily_node\nSQL >\n    SELECT\n        toDate(timestamp) AS day,\n"
            "        toString(metric_name) AS metric_name,\n"
            "        count() AS n,\n        max(metric_value) AS top\n"
            "    FROM metrics\n    GROUP BY day, metric_name\n\n"
            "TYPE materialized\nDATASOURCE daily\n"
        )
    return made


class Rivals:
    """Databases in one folder, and what each does with a body."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plain = self._workspace("plain", materialized=False)
        self.with_view = self._workspace("view", materialized=True)

    def _workspace(self, name: str, *, materialized: bool) -> Workspace:
        workspace = Workspace.open(self.folder / name)
        deployed = workspace.deploy(files(materialized=materialized))
        if deployed.diagnostics:
            raise SystemExit("\n".join(d.message for d in deployed.diagnostics))
        return workspace

    def read_json(self, body: bytes) -> Callable[[], float]:
        """DuckDB alone, from a file in memory, into a file."""
        import duckdb

        source = Path("/dev/shm" if Path("/dev/shm").exists() else self.folder) / "bench.ndjson"
        source.write_bytes(body)
        connection = duckdb.connect(str(self.folder / "raw.duckdb"))
        types = {"DateTime": "TIMESTAMP", "Float64": "DOUBLE"}
        columns = {name: types.get(kind, "VARCHAR") for name, kind in _COLUMNS.items()}
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"CREATE OR REPLACE TABLE metrics ({listed})")
        given = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
        query = (
            f"INSERT INTO metrics SELECT * FROM read_json('{source}', columns = {given},"
            " format = 'newline_delimited')"
        )
        return lambda: timed(lambda: connection.execute(query))

    def append(self, workspace: Workspace, body: bytes) -> Callable[[], float]:
        """The whole path, committed."""
        return lambda: timed(lambda: workspace.append("metrics", body))

    def alone(self, count: int) -> Callable[[], float]:
        """Seconds for so many requests of one row, one after another: a transaction each."""
        body = lines(1)

        def run() -> None:
            for _ in range(count):
                self.plain.append("metrics", body)

        return lambda: timed(run)

    def together(self, count: int, clients: int) -> Callable[[], float]:
        """Seconds for so many requests of one row by clients that send their next one when the
        last is answered; eight threads decode, as in a server."""
        body = lines(1)

        def run() -> None:
            threads = ThreadPoolExecutor(8)
            to_send = iter(range(count))
            answered = threading.Semaphore(0)

            def send() -> None:
                self.plain.append_later("metrics", body).add_done_callback(proceed)

            def proceed(_: object) -> None:
                answered.release()
                if next(to_send, None) is not None:
                    threads.submit(send)

            for _ in islice(to_send, clients):
                threads.submit(send)
            for _ in range(count):
                answered.acquire()
            threads.shutdown()

        return lambda: timed(run)

    def close(self) -> None:
        """Close what was opened."""
        self.plain.close()
        self.with_view.close()


def write_beside_readers(
    workspace: Workspace, *, readers: int, seconds: float
) -> tuple[list[float], float]:
    """The seconds that each of 1,000 one-row requests a second took, in order, while readers group
    the whole table again and again; and their answers a second. Threads and collections of garbage
    are as a server's are."""
    query = "SELECT metric_name, region, count(), avg(metric_value) FROM metrics GROUP BY 1, 2"
    body = lines(1)
    done = threading.Event()
    answers: list[int] = []
    spent: list[float] = []

    def read() -> None:
        while not done.is_set():
            with workspace.sql(query) as result:
                answers.append(result.arrow().num_rows)

    def write(due: float) -> None:
        # From when it was due: a request that had to wait for its turn has waited too.
        stored = workspace.append_later("metrics", body)
        stored.add_done_callback(lambda _: spent.append(time.perf_counter() - due))

    reading = ThreadPoolExecutor(16, initializer=give_way)
    writing = ThreadPoolExecutor(8)
    for _ in range(readers):
        reading.submit(read)
    began = time.perf_counter()
    for number in range(int(seconds * 1000)):
        due = began + number / 1000
        time.sleep(max(0.0, due - time.perf_counter()))
        writing.submit(write, due)
    writing.shutdown()
    rate = len(answers) / (time.perf_counter() - began)
    done.set()
    reading.shutdown()
    workspace.append("metrics", body)  # those before it are written by now
    return sorted(spent), rate


def main() -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    given = parser.parse_args()
    run(given.rows, given.runs)


def run(rows: int = 100_000, runs: int = 7) -> None:
    """Run all comparisons and print them."""
    clean, dirty = lines(rows), lines(rows, bad=0.01)
    with tempfile.TemporaryDirectory() as folder:
        rivals = Rivals(Path(folder))
        print(f"{rows} rows of NDJSON, {len(clean) / 1e6:.1f} MB, validated and committed")
        timings = in_turns_given(
            {
                "DuckDB read_json, insert": rivals.read_json(clean),
                "append": rivals.append(rivals.plain, clean),
                "append, 1 % of the rows bad": rivals.append(rivals.plain, dirty),
                "append, with a materialized view": rivals.append(rivals.with_view, clean),
            },
            runs,
        )
        report(timings)
        raw, append, bad, view = (timing.median for timing in timings.values())
        compare("rate of append to read_json", raw / append, at_least=0.8)
        compare("rate with 1 % bad rows to read_json", raw / bad, at_least=0.6)
        compare("rate with a view to without", append / view, at_least=0.7)
        print("requests of one row")
        timings = in_turns_given(
            {
                "1 client: a transaction each": rivals.alone(256),
                "64 clients: grouped": rivals.together(1024, 64),
            },
            runs,
        )
        report(timings)
        alone, together = (timing.median for timing in timings.values())
        compare("rate of grouped to one by one", (1024 / together) / (256 / alone), at_least=8)
        print("1,000 requests of one row a second, beside readers of a table of 1M rows")
        while (missing := 1_000_000 - rivals.plain.count("metrics")) > 0:
            rivals.plain.append("metrics", lines(min(missing, 100_000)))
        ratios = []
        for _ in range(3):
            p99s = []
            for readers in (0, 16):
                with patient_collections():
                    spent, rate = write_beside_readers(rivals.plain, readers=readers, seconds=5)
                p50, p99 = (spent[int(len(spent) * share)] * 1e3 for share in (0.5, 0.99))
                asked = f"{readers} readers: {rate:5.1f} answers a second"
                print(f"  {asked:<40} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms")
                p99s.append(p99)
            ratios.append(p99s[1] / p99s[0])
        compare("write p99 beside readers to without", median(ratios), at_most=3)
        rivals.close()


if __name__ == "__main__":
    main()
