"""A running statement's answer as Arrow batches, under a deadline, with what it scanned."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from mini_tb.diagnostics import EngineError
from mini_tb.engine.duckdb.connection import QUICK_S, UDF_PREFIX
from mini_tb.engine.duckdb.errors import cancelled, timed_out
from mini_tb.engine.duckdb.statement import (
    SMALL,
    Known,
    Statements,
    are_plain,
    has_far_times,
    is_plain,
    schema_of,
    timed,
    to_batch,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from mini_tb.engine.duckdb.connection import Connections
    from mini_tb.engine.duckdb.watchdog import Alarm, Watchdog
    from mini_tb.sql import Compiled, ResultColumn

BATCH_ROWS = 16_384
"""Of a stream: larger ones are no faster, and every stream that somebody reads holds a few."""


class DuckDBResult:
    """See `engine.base.Result`. The statement has started and its first batch is here, so that
    nearly all refusals are raised by the constructor."""

    def __init__(
        self,
        connections: Connections,
        watchdog: Watchdog,
        statements: Statements,
        compiled: Compiled,
        values: Mapping[str, Any],
        timeout_s: float | None,
        on_start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.compiled = compiled
        self.settings: Mapping[str, Any] = {}
        self.totals: pa.RecordBatch | None = None
        self._connections = connections
        self._timeout_s = timeout_s or 0.0
        self._alarm: Alarm | None = None
        self._reader: pa.RecordBatchReader | None = None
        self._first: pa.RecordBatch | None = None
        self._second: pa.RecordBatch | None = None
        self._schema: pa.Schema = None
        self._rows: list[tuple[Any, ...]] | None = None
        self._known = known = statements.find(compiled.duck_sql)
        self._profile: Profile | None = None
        self._is_snapshot = False
        self._is_cancelled = False
        self._started = time.perf_counter()
        self._elapsed: float | None = None
        if UDF_PREFIX in compiled.duck_sql or UDF_PREFIX in (compiled.totals or ""):
            connections.wait_for_functions()
        self._connection: DuckDBPyConnection | None = connections.lease(is_quick=known.is_quick)
        self._began = time.perf_counter()
        try:
            if on_start is not None:
                on_start(self.cancel)
            if timeout_s:
                self._alarm = watchdog.alarm(timeout_s, self._connection.interrupt)
            if compiled.totals is not None:
                # Both statements see the same rows, whatever is written between them.
                self._connection.begin()
                self._is_snapshot = True
                self.totals = self._one_row(self._connection, compiled.totals, values)
            is_small = known.is_small
            if is_small is None:
                is_small = self._most_rows(values) <= SMALL
            if not (is_small and self._fetch(self._connection, known, dict(values))):
                self._stream(self._connection, known, dict(values))
        except BaseException as error:
            raise self._failed(error) from error
        if self._reader is None:
            self._finish()

    def _most_rows(self, values: Mapping[str, Any]) -> float:
        """How many rows there are at most, as far as the statement tells."""
        limit = self.compiled.limit
        found = values.get(limit) if isinstance(limit, str) else limit
        return found if isinstance(found, int) else math.inf

    @staticmethod
    def _one_row(
        connection: DuckDBPyConnection, duck_sql: str, values: Mapping[str, Any]
    ) -> pa.RecordBatch | None:
        """The row of WITH TOTALS; it may bind fewer values than the statement."""
        bound = {name: value for name, value in values.items() if f"${name} " in duck_sql}
        rows = connection.sql(duck_sql, params=bound or None).to_arrow_table()
        # There is none of no rows; and `arrayJoin` of what groups give makes more of it.
        return next(iter(rows.slice(0, 1).combine_chunks().to_batches()), None)

    def _stream(self, connection: DuckDBPyConnection, known: Known, values: dict[str, Any]) -> None:
        """Run the statement as an Arrow stream and take its first batch; a stream that ends with
        it is drained."""
        relation = connection.sql(self.compiled.duck_sql, params=values or None)
        self._reader = relation.to_arrow_reader(BATCH_ROWS)
        self._schema = self._reader.schema
        self._first = next(self._reader, None)
        if self._first is None or self._first.num_rows <= SMALL:
            self._second = next(self._reader, None) if self._first is not None else None
            if self._second is None:
                self._profiled(connection)
                self._reader = None
        known.is_small = self._reader is None and is_plain(self._schema)

    def _fetch(self, connection: DuckDBPyConnection, known: Known, values: dict[str, Any]) -> bool:
        """Run a statement whose answer is small and take its rows; False if they are not of plain
        types, which its first run shows, or hold times that Python has not."""
        if known.statement is None:
            known.statement = connection.extract_statements(self.compiled.duck_sql)[0]
        connection.execute(known.statement, values or None)
        if not known.types:
            columns = connection.description or []
            types = tuple(str(column[1]) for column in columns)
            known.names = tuple(str(column[0]) for column in columns)
            known.timed, known.is_small = timed(types), are_plain(types)
            known.types = types  # last: it tells other threads that the rest is there
        if not known.is_small:
            connection.abort()  # it is run again, as a stream
            return False
        rows = connection.fetchmany(SMALL + 1)
        if len(rows) > SMALL:
            rows += connection.fetchall()
            known.is_small = False
        if has_far_times(rows, known.timed):
            connection.abort()
            known.is_small = False
            return False
        self._profiled(connection)
        self._rows = rows
        return True

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        return self.compiled.columns

    @property
    def elapsed(self) -> float:
        return self._elapsed or time.perf_counter() - self._started

    @property
    def rows_read(self) -> int:
        return self._profile.rows if self._profile else 0

    @property
    def bytes_read(self) -> int:
        return self._profile.bytes if self._profile else 0

    @property
    def rows_before_limit(self) -> int:
        return self._profile.before_limit if self._profile else 0

    @property
    def few_rows(self) -> list[tuple[Any, ...]] | None:
        return self._rows

    def batches(self) -> Iterator[pa.RecordBatch]:
        if self._rows is not None:
            rows, self._rows = self._rows, None
            if rows:
                yield to_batch(rows, self._arrow_schema())
        for kept in ("_first", "_second"):
            batch = getattr(self, kept)
            if batch is not None:
                setattr(self, kept, None)
                yield batch
        while self._reader is not None:
            try:
                batch = next(self._reader, None)
            except Exception as error:
                raise self._failed(error) from error
            if batch is None:
                self._finish()
            else:
                yield batch

    def reader(self) -> pa.RecordBatchReader:
        import pyarrow as pa

        return pa.RecordBatchReader.from_batches(self._arrow_schema(), self.batches())

    def arrow(self) -> pa.Table:
        import pyarrow as pa

        return pa.Table.from_batches(list(self.batches()), self._arrow_schema())

    def _arrow_schema(self) -> pa.Schema:
        if self._schema is None:
            self._schema = schema_of(self._known.names, self._known.types)
        return self._schema

    def rows(self) -> list[tuple[Any, ...]]:
        table = self.arrow()
        return list(zip(*map(_python_values, table.columns), strict=True))

    def cancel(self) -> None:
        connection = self._connection
        if connection is not None:
            self._is_cancelled = True
            connection.interrupt()

    def close(self) -> None:
        self._first = self._second = self._rows = None
        if self._connection is not None:
            self._finish()

    def __enter__(self) -> DuckDBResult:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _finish(self) -> None:
        """The statement is over: read its profile, give the connection back."""
        now = time.perf_counter()
        self._elapsed = now - self._started
        self._known.is_quick = self._reader is None and now - self._began < QUICK_S
        connection, self._connection = self._connection, None
        if self._alarm is not None:
            self._alarm.cancel()
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if connection is not None:
            if self._profile is None:
                self._profiled(connection)
            if self._is_snapshot:
                with suppress(Exception):  # the statement's failure may have ended it
                    connection.rollback()
            self._connections.give_back(connection)

    def _profiled(self, connection: DuckDBPyConnection) -> None:
        with suppress(Exception):  # statistics are a courtesy; the answer stands without
            self._profile = _read(connection.get_profiling_information())

    def _failed(self, error: BaseException) -> BaseException:
        is_timeout = self._alarm is not None and self._alarm.rung
        self._finish()
        self._known.is_quick = False
        if is_timeout:
            return timed_out(self._timeout_s)
        if self._is_cancelled:
            return cancelled()
        if isinstance(error, (EngineError, KeyboardInterrupt)):
            return error
        return self._connections.failed(error)


class Profile(NamedTuple):
    """What a statement scanned, and how many rows its LIMIT chose from (0 without LIMIT)."""

    rows: int
    bytes: int
    before_limit: int


_LIMITS = frozenset({"LIMIT", "STREAMING_LIMIT", "TOP_N"})
_ABOVE_LIMIT = frozenset({"RESULT_COLLECTOR", "PROJECTION", "ORDER_BY", "HASH_JOIN"})
"""What may stand above the LIMIT of a query: a join where DuckDB fetches columns afterwards."""


def _read(profile: str) -> Profile:
    """What the operators of a profile say. Bytes are the rows times the average width of what a
    scan handed on: DuckDB does not count what it decompressed."""
    import orjson

    operators = orjson.loads(profile)["operator"]
    rows = size = 0
    stack = list(operators)
    while stack:
        operator = stack.pop()
        children = operator.get("children")
        if children:
            stack.extend(children)
            continue
        out_rows = operator["intermediate_rows"]
        scanned = operator.get("rows_scanned") or out_rows
        rows += scanned
        if out_rows:
            size += operator["intermediate_size_bytes"] * scanned // out_rows
    return Profile(rows, size, _before_limit(operators))


def _before_limit(operators: list[dict[str, Any]]) -> int:
    """The rows that the outermost LIMIT was given."""
    while operators:
        operator = operators[-1]
        operators = operator.get("children") or []
        if operator["type"] in _LIMITS:
            return int(operators[0]["intermediate_rows"]) if operators else 0
        if operator["type"] not in _ABOVE_LIMIT:
            break
    return 0


def _python_values(column: pa.ChunkedArray) -> list[Any]:
    """A column's values. Nanoseconds are text: Python's datetime holds microseconds."""
    found: list[Any] = (
        column.cast("string") if column.type == "timestamp[ns]" else column
    ).to_pylist()
    return found
