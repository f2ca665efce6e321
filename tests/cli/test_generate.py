"""Made-up rows: the same for the same seed, of every type, with anomalies only where planted."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from datetime import datetime
from typing import Any

import pytest

from mini_tb.cli.sample import Order, example, make_rows
from mini_tb.diagnostics import UserError
from mini_tb.project import Datasource, load_project

METRICS = "datasources/cloud_resource_metrics.datasource"
TYPES = """SCHEMA >
    `id` UUID,
    `user_id` String `json:$.user.id`,
    `country` LowCardinality(String) `json:$.user.geo.country`,
    `day` Date,
    `at` DateTime64(3),
    `tiny` UInt8,
    `big` Int64,
    `price` Decimal(10, 2),
    `ok` Bool,
    `maybe` Nullable(Float32),
    `tags` Array(String) `json:$.tags[:]`,
    `prices` Array(Float64) `json:$.items[:].price`,
    `names` Array(String) `json:$.items[:].name`,
    `kind` Enum8('a' = 1, 'b' = 2),
    `map` Map(String, Int32),
    `all` String `json:$`
"""


def datasource(text: str) -> Datasource:
    loaded = load_project({"d.datasource": text})
    assert not loaded.errors
    return loaded.project.datasources["d"]


def rows(made: Datasource, order: Order) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(make_rows(made, order)).splitlines()]


def test_the_same_order_gives_the_same_bytes(root: Any) -> None:
    made = datasource(root.read(METRICS))
    order = Order(rows=10_000, seed=5)
    first = b"".join(make_rows(made, order))
    assert first == b"".join(make_rows(made, order))
    assert first != b"".join(make_rows(made, Order(rows=10_000, seed=6)))


def test_rows_come_in_the_order_of_time_within_the_period(root: Any) -> None:
    made = datasource(root.read(METRICS))
    end = datetime(2024, 3, 1)
    times = [row["timestamp"] for row in rows(made, Order(rows=3000, end=end, days=2))]
    assert times == sorted(times)
    assert times[0] == "2024-02-28 00:00:00"
    assert times[-1] < "2024-03-01 00:00:00"


@pytest.mark.parametrize("anomalies", [0, 4])
def test_only_planted_values_lie_beyond_three_deviations(root: Any, anomalies: int) -> None:
    made = datasource(root.read(METRICS))
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows(made, Order(rows=10_000, anomalies=anomalies)):
        values[row["resource_id"], row["metric_name"]].append(row["metric_value"])
    unusual = 0
    for found in values.values():
        mean, deviation = statistics.mean(found), statistics.stdev(found)
        unusual += sum(abs(value - mean) > 3 * deviation for value in found)
    assert unusual == anomalies


def test_values_of_every_type_are_accepted(folder: Any) -> None:
    folder.write("datasources/d.datasource", TYPES)
    folder.ok("deploy", "--local")
    made = folder.ok("generate", "d", "--rows", "50").out
    ran = folder.ok("datasource", "append", "d", "-", given=made)
    assert "✓ 50 rows appended" in ran.out
    assert "quarantine" not in ran.err
    row = json.loads(made.splitlines()[0])
    assert row["user"].keys() == {"id", "geo"}
    assert row["items"][0].keys() == {"price", "name"}


def test_what_cannot_be_made_is_said() -> None:
    made = datasource("SCHEMA >\n    `p` Point\n")
    with pytest.raises(UserError, match="cannot make values of `p` Point"):
        list(make_rows(made, Order(rows=1)))
    assert example(made) == "{}"


def test_too_few_rows_for_anomalies_are_said(root: Any) -> None:
    ran = root.run("generate", "energy_consumption", "--rows", "50", "--anomalies", "1")
    assert ran.code == 1
    assert "too few for 1 anomalies" in ran.err
    assert "did you mean `energy_consumption`?" in root.run("generate", "energy_consumtion").err


def test_memory_does_not_grow_with_the_rows(root: Any) -> None:
    made = datasource(root.read(METRICS))
    sizes = [len(chunk) for chunk in make_rows(made, Order(rows=20_000))]
    assert len(sizes) == 5
    assert max(sizes) < 2 << 20


def test_a_file_takes_the_rows(root: Any) -> None:
    args = ("generate", "energy_consumption", "--rows", "500", "--end", "2025-06-01")
    ran = root.ok(*args, "--out", "e.ndjson")
    assert "500 rows" in ran.err
    assert root.read("e.ndjson") == root.ok(*args).out
