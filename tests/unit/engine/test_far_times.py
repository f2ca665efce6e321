"""Times that Python has not, in answers of few rows."""

from __future__ import annotations

from mini_tb.engine.duckdb import DuckDBEngine
from mini_tb.formats import Answer, write
from mini_tb.sql import Tables, compile_query


def test_few_rows_may_hold_times_after_the_year_9999() -> None:
    sql = "SELECT addMonths(fromUnixTimestamp64Milli(9223372036854000), 2) AS t, 1 AS n LIMIT 5"
    engine = DuckDBEngine.open(None)
    try:
        for _ in range(2):
            with engine.execute(compile_query(sql, Tables())) as result:
                answer = Answer(result.columns, result.batches(), few_rows=result.few_rows)
                text = b"".join(write(answer, "TabSeparated"))
            assert text == b"10000-02-29 23:59:59.000\t1\n"
    finally:
        engine.close()
