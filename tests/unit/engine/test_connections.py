"""Readers: as many as there are, one fewer while rows come in."""

from __future__ import annotations

import pytest

from mini_tb.diagnostics import EngineError
from mini_tb.engine.duckdb import connection
from mini_tb.engine.duckdb.connection import Connections, Settings


def test_one_reader_rests_while_rows_come_in(monkeypatch) -> None:
    monkeypatch.setattr(connection, "_cores", lambda: 2)
    monkeypatch.setattr(connection, "CALM_S", 1000.0)
    connections = Connections(None, Settings(reader_wait_s=0.01))
    try:
        found = [connections.lease() for _ in range(3)]
        connections.rows_came_in()
        for reader in found:
            connections.give_back(reader)
        assert connections.leased == 0
        found = [connections.lease() for _ in range(2)]
        with pytest.raises(EngineError) as refused:
            connections.lease()
        assert refused.value.status == 503
        assert connections.leased == 2
        monkeypatch.setattr(connection, "CALM_S", 0.0)
        found.append(connections.lease())
        assert connections.leased == 3
        for reader in found:
            connections.give_back(reader)
    finally:
        connections.close()


def test_the_only_reader_never_rests(monkeypatch) -> None:
    monkeypatch.setattr(connection, "CALM_S", 1000.0)
    connections = Connections(None, Settings(readers=1, reader_wait_s=0.01))
    try:
        connections.rows_came_in()
        for _ in range(3):
            connections.give_back(connections.lease())
    finally:
        connections.close()


def test_a_quick_statement_does_not_wait_behind_slow_ones() -> None:
    connections = Connections(None, Settings(readers=2, reader_wait_s=0.01))
    try:
        slow = [connections.lease() for _ in range(2)]
        with pytest.raises(EngineError):
            connections.lease()
        quick = connections.lease(is_quick=True)
        assert connections.leased == 3
        with pytest.raises(EngineError):
            connections.lease(is_quick=True)
        connections.give_back(quick)
        with pytest.raises(EngineError):
            connections.lease()
        assert connections.lease(is_quick=True) is quick
        connections.give_back(slow[0])
        assert connections.lease(is_quick=True) is slow[0]
        for reader in (*slow, quick):
            connections.give_back(reader)
        assert connections.leased == 0
    finally:
        connections.close()


@pytest.mark.parametrize(
    ("query", "is_read_twice"),
    [("FROM t LIMIT 100000", False), ("FROM t ORDER BY a LIMIT 1000", True)],
)
def test_rows_are_looked_up_where_that_is_less_work(query: str, is_read_twice: bool) -> None:
    connections = Connections(None, Settings())
    try:
        connections.writer.execute(
            "CREATE TABLE t AS SELECT i AS a, i::VARCHAR AS b FROM range(9) r(i)"
        )
        plan = str(connections.writer.execute(f"EXPLAIN {query}").fetchall())
        assert ("Join" in plan) is is_read_twice
    finally:
        connections.close()
