"""Arrow rows as relations of a connection."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mini_tb.diagnostics import EngineError
from mini_tb.engine.duckdb import DuckDBEngine
from mini_tb.engine.duckdb.incoming import MANY_ROWS


def rows(*values: int, name: str = "n") -> pa.Table:
    return pa.table({name: pa.array(values, pa.int64())})


def test_a_statement_sees_the_rows_of_now_and_as_often_as_it_reads_them() -> None:
    engine = DuckDBEngine.open()
    for given in ((1, 2), (3,), tuple(range(MANY_ROWS + 1))):
        with engine.transaction() as tx, tx.incoming(rows(*given)) as relation:
            twice = f"SELECT count(*), sum(n) FROM (FROM {relation} UNION ALL FROM {relation})"
            assert tx.fetch(twice) == [(2 * len(given), 2 * sum(given))]
    engine.close()


def test_a_rollback_takes_no_relation_with_it() -> None:
    engine = DuckDBEngine.open()
    for _ in range(2):
        with (
            pytest.raises(EngineError),
            engine.transaction() as tx,
            tx.incoming(rows(1)) as relation,
        ):
            tx.execute(f"SELECT error('no') FROM {relation}")
        with engine.transaction() as tx, tx.incoming(rows(4)) as relation:
            assert tx.fetch(f"SELECT n FROM {relation}") == [(4,)]
    engine.close()


def test_any_number_of_schemas_may_come() -> None:
    engine = DuckDBEngine.open()
    for number in range(600):
        with engine.transaction() as tx, tx.incoming(rows(number, name=f"c{number}")) as relation:
            assert tx.fetch(f"SELECT * FROM {relation}") == [(number,)]
    engine.close()
