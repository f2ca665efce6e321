"""ClickHouse SQL → DuckDB SQL: our whole compiler (names, types, ClickHouse's semantics) beside
sqlglot's transpilation, which parses and writes the text and knows no types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.measure import compare, in_turns, report
from bench.official import ROOT

RUNS = 30
REPEATS = 20
QUERIES = {
    "small": "SELECT count() AS c FROM cloud_resource_metrics WHERE region = 'us-east-1'",
    "group": (
        "SELECT toStartOfHour(timestamp) AS hour, resource_type, count() AS readings,"
        " avg(metric_value) AS mean, max(metric_value) AS most,"
        " countIf(metric_value > 100) AS high FROM cloud_resource_metrics"
        " WHERE timestamp >= '2025-05-01 00:00:00' GROUP BY hour, resource_type"
        " ORDER BY hour DESC, readings LIMIT 100"
    ),
    "join": (
        "WITH stats AS (SELECT resource_id, metric_name, avg(metric_value) AS mean,"
        " stddevSamp(metric_value) AS deviation FROM cloud_resource_metrics"
        " GROUP BY resource_id, metric_name)"
        " SELECT m.timestamp, m.resource_id, m.metric_value,"
        " abs(m.metric_value - s.mean) / s.deviation AS far FROM cloud_resource_metrics AS m"
        " INNER JOIN stats AS s ON m.resource_id = s.resource_id"
        " AND m.metric_name = s.metric_name WHERE s.deviation > 0"
        " AND abs(m.metric_value - s.mean) > 3 * s.deviation ORDER BY far DESC LIMIT 10"
    ),
}


def run() -> None:
    """Measure and print, per query."""
    import sqlglot

    from mini_tb.deploy.names import StoredTables
    from mini_tb.project import load_project, read_folder
    from mini_tb.sql import Tables, compile_query

    project = load_project(read_folder(Path(ROOT)).files).require()
    stored = StoredTables(project)
    catalog = Tables({name: table for name in stored.names() if (table := stored.find(name))})
    for name, query in QUERIES.items():

        def ours(query: str = query) -> object:
            return compile_query(query, catalog)

        def theirs(query: str = query) -> object:
            return sqlglot.transpile(query, read="clickhouse", write="duckdb")

        rivals = {
            f"{name}: sqlglot, text only": _repeated(theirs),
            f"{name}: mini-tb, typed": _repeated(ours),
        }
        timings = in_turns(rivals, RUNS)
        print(f"  (each run is {REPEATS} compilations of {len(query)} characters)")
        report(timings)
        slower, faster = (timing.median for timing in timings.values())
        compare("mini-tb ÷ sqlglot", faster / slower)


def _repeated(work: Callable[[], object]) -> Callable[[], object]:
    def all_of_them() -> None:
        for _ in range(REPEATS):
            work()

    return all_of_them
