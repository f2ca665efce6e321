"""The run: a real server gets the events over HTTP; then all of it is compared with ClickHouse."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compare import ClickHouse, Report, check, is_record, loads
from events import Source, event, sources
from served import Served

_BODIES = ((1, 1), (1, 1), (2, 12), (2, 12), (13, 60), (400, 900))
_ID = re.compile(r'"id": ?(\d+)')


def fuzz(folder: Path, events: int, seed: int) -> Report:
    """Run it in an empty folder."""
    rng = random.Random(seed)
    report = Report()
    made = sources(rng)
    served = Served(folder, prelude="from mini_tb.cli.entry import run; run()")
    served.start()
    clickhouse = ClickHouse(str(folder / "clickhouse"))
    try:
        served.deploy({f"datasources/{s.name}.datasource": s.datafile for s in made})
        for number, source in enumerate(made):
            count = events * (number + 1) // len(made) - events * number // len(made)
            _one_source(rng, report, served, clickhouse, source, count)
            print(f"  {source.name}: {report}", flush=True)
    finally:
        served.stop()
        clickhouse.close()
    return report


def _one_source(
    rng: random.Random,
    report: Report,
    served: Served,
    clickhouse: ClickHouse,
    source: Source,
    count: int,
) -> None:
    first = report.events
    lines = {n: event(rng, source, n) for n in range(first, first + count)}
    report.events += count
    gone: set[int] = set()
    for numbers in _bodies(rng, list(lines)):
        body = b"\n".join(lines[n] for n in numbers)
        answer = served.post("/v0/events", body, name=source.name, wait="true")
        report.requests += 1
        if answer.status_code == 200:
            counts = answer.json()
            if counts["successful_rows"] + counts["quarantined_rows"] != len(numbers):
                report.wrong.append(f"{len(numbers)} lines, answered {counts}")
        elif answer.status_code == 400 and not any(is_record(lines[n]) for n in numbers):
            gone.update(numbers)
            report.unreadable += len(numbers)
        else:
            report.wrong.append(f"{answer.status_code} {answer.text[:300]}: {body[:300]!r}")
            gone.update(numbers)
    stored = {int(row["id"]): row for row in _rows(served, f"SELECT * FROM {source.name}")}
    refused: dict[int, dict[str, Any]] = {}
    for row in _rows(served, f"SELECT * FROM {source.name}_quarantine"):
        found = row["id"] or _ID.search(row["c__error"][0])[1]  # type: ignore[index]  # it is there
        refused[int(found)] = row
    for number in lines.keys() - gone:
        if (number in stored) == (number in refused):
            report.wrong.append(f"in {(number in stored) * 2} places: {lines[number]!r}")
    check(report, clickhouse, source, lines, stored, refused)


def _bodies(rng: random.Random, numbers: list[int]) -> Iterator[list[int]]:
    at = 0
    while at < len(numbers):
        size = rng.randint(*rng.choice(_BODIES))
        yield numbers[at : at + size]
        at += size


def _rows(served: Served, query: str) -> list[dict[str, Any]]:
    import httpx

    params = {
        "token": served.token,
        "q": f"{query} FORMAT JSONEachRow",
        "output_format_json_quote_64bit_integers": "1",
        "output_format_json_quote_denormals": "1",
    }
    answer = httpx.get(f"{served.url}/v0/sql", params=params, timeout=300)
    assert answer.status_code == 200, answer.text
    return [loads(line) for line in answer.content.splitlines()]
