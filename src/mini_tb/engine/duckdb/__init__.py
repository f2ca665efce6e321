"""The embedded engine: a DuckDB file with ClickHouse's tables in it.

`engine` is the front; `connection` opens the file and locks it down, `table` and `merge` write DDL
and FINAL, `result` streams answers under the deadlines of `watchdog`, `errors` gives refusals
ClickHouse's numbers.
"""

from mini_tb.engine.duckdb.connection import Settings
from mini_tb.engine.duckdb.engine import DuckDBEngine, DuckDBTransaction
from mini_tb.engine.duckdb.result import DuckDBResult

__all__ = ["DuckDBEngine", "DuckDBResult", "DuckDBTransaction", "Settings"]
