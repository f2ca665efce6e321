"""What DuckDB remembers of buffers it has let go is forgotten, and nothing else is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_tb.engine.duckdb import DuckDBEngine, Settings

JOIN = """
SELECT name, count(*) FROM (SELECT 'item ' || i % 50 AS name FROM range(3000) AS t(i))
JOIN (SELECT DISTINCT 'item ' || i AS name FROM range(40) AS t(i)) USING (name)
GROUP BY ALL ORDER BY name
"""
NOTES = "SELECT sum(dead_nodes)::BIGINT FROM duckdb_eviction_queues()"
MANY = 10_000
LIMIT = "SELECT current_setting('memory_limit')"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine.open(tmp_path / "data.duckdb", Settings(memory_limit="1GiB"))
    yield opened
    opened.close()


def _notes(engine: DuckDBEngine) -> int:
    return int(engine.fetch(NOTES)[0][0])


def _leave(engine: DuckDBEngine, notes: int) -> int:
    while (found := _notes(engine)) <= notes:
        engine.fetch(JOIN)
    return found


def test_statements_leave_notes_that_are_dropped(engine: DuckDBEngine) -> None:
    answer, limit = engine.fetch(JOIN), engine.fetch(LIMIT)
    assert not engine.free_memory()  # of so few
    before = _leave(engine, MANY)
    assert engine.free_memory()
    assert _notes(engine) < before / 10
    assert (engine.fetch(JOIN), engine.fetch(LIMIT)) == (answer, limit)


def test_few_notes_are_left_beside_much_that_is_cached(engine: DuckDBEngine) -> None:
    with engine.transaction() as tx:
        tx.execute("CREATE TABLE big AS SELECT hash(i) AS h, hash(h) AS g FROM range(3000000) t(i)")
    before = _leave(engine, MANY)
    assert not engine.free_memory()
    assert _notes(engine) >= before > 0


def test_statements_that_run_meanwhile_are_not_disturbed(engine: DuckDBEngine) -> None:
    answer, stop = engine.fetch(JOIN), threading.Event()
    wrong: list[object] = []

    def ask() -> None:
        while not stop.is_set():
            found = engine.fetch(JOIN)
            if found != answer:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    forgotten = 0
    while forgotten < 3:
        forgotten += engine.free_memory()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
