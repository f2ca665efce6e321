"""DuckDB gives a database up when it meets a mistake of its own; the engine opens it again."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from mini_tb.diagnostics import EngineError
from mini_tb.engine.duckdb import DuckDBEngine, Settings
from mini_tb.sql import Compiled

# A cast that may fail and does not say so to DuckDB, of values that it cannot compute beforehand.
FATAL = (
    "SELECT TRY_CAST(n::BIGNUM - 99999999999999999999999999999999999999::BIGNUM AS TINYINT) FROM t"
)


def statement(duck_sql: str) -> Compiled:
    return Compiled(duck_sql, (), {}, frozenset(), frozenset(), ())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.duckdb"


def make(path: Path | None) -> DuckDBEngine:
    engine = DuckDBEngine.open(path, Settings())
    with engine.transaction() as tx:
        tx.execute("CREATE TABLE t AS SELECT range AS n FROM range(3)")
    return engine


def lose(engine: DuckDBEngine) -> EngineError:
    with pytest.raises(EngineError) as failed:
        engine.execute(statement(FATAL))
    return failed.value


def test_a_mistake_of_duckdbs_costs_one_answer(path: Path) -> None:
    engine = make(path)
    try:
        for _ in range(2):
            failure = lose(engine)
            assert failure.status == 500 and "\n" not in str(failure)
            with engine.execute(statement("SELECT count(n) FROM t")) as result:
                assert result.rows() == [(3,)]
        lose(engine)
        with engine.transaction(brings_rows=True) as tx:
            tx.execute("INSERT INTO t VALUES (10)")
        lose(engine)
        assert engine.fetch("SELECT max(n) FROM t") == [(10,)]
        lose(engine)
        with engine.execute(statement("SELECT mt_natural_sort_key('a10')")) as result:
            assert result.rows() == [("a110",)]
    finally:
        engine.close()


def test_a_transaction_in_which_it_happens_is_undone(path: Path) -> None:
    engine = make(path)
    try:
        with pytest.raises(EngineError), engine.transaction() as tx:
            tx.execute("INSERT INTO t VALUES (11)")
            tx.fetch(FATAL)
        with engine.transaction() as tx:
            tx.execute("INSERT INTO t VALUES (12)")
        assert engine.fetch("SELECT n FROM t ORDER BY n") == [(0,), (1,), (2,), (12,)]
    finally:
        engine.close()


def test_who_reads_then_is_told_to_try_again_or_has_the_answer(path: Path) -> None:
    engine = make(path)
    wrong: list[object] = []

    def read() -> None:
        for _ in range(50):
            try:
                with engine.execute(statement("SELECT count(n) FROM t")) as result:
                    if result.rows() != [(3,)]:
                        wrong.append("an answer")
            except EngineError as error:
                if error.status != 503 and error.code != 394:
                    wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    try:
        for reader in readers:
            reader.start()
        for _ in range(3):
            with suppress(EngineError):
                engine.execute(statement(FATAL))
        for reader in readers:
            reader.join()
        assert wrong == []
        assert engine.fetch("SELECT count(*) FROM t") == [(3,)]
    finally:
        engine.close()


def test_in_memory_it_says_that_all_is_lost() -> None:
    engine = make(None)
    lose(engine)
    with pytest.raises(EngineError, match="was in memory, and is lost") as failed:
        engine.fetch("SELECT 1")
    assert failed.value.status == 503
    engine.close()
