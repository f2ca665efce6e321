"""What an engine promises to the rest of the house.

An engine stores tables made from `Datasource`s and runs statements that `sql` compiled for it. It
knows nothing of projects' names: a table is addressed by the name it was created under, and the
layer above (`workspace`) decides which stored table a data source's name means today. That is what
makes a deployment a change of pointers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.project import Datasource
    from mini_tb.sql import Compiled, ResultColumn


class Result(Protocol):
    """The answer of one statement, read once, batch by batch, while the engine still computes it.

    It holds one of the engine's few readers: close it (it is a context manager), or read it to its
    end, which closes it too.
    """

    @property
    def compiled(self) -> Compiled:
        """The statement it answers, with FORMAT, SETTINGS and whether it had a LIMIT."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the templates of the statement asked for (`cache_ttl`, `max_threads`, …)."""
        ...

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        """ClickHouse's names and types, positional to the columns of the batches."""
        ...

    @property
    def totals(self) -> pa.RecordBatch | None:
        """The one row of WITH TOTALS, if the query has it."""
        ...

    @property
    def rows_read(self) -> int:
        """Rows scanned from storage; final once the result is read to its end."""
        ...

    @property
    def bytes_read(self) -> int:
        """Bytes those rows weigh in the columns that were read."""
        ...

    @property
    def rows_before_limit(self) -> int:
        """How many rows LIMIT chose from, at least (all of them if they were sorted or grouped);
        0 if that is not known. Final as `rows_read` is."""
        ...

    @property
    def elapsed(self) -> float:
        """Seconds from the start of execution to the end of reading (or to now)."""
        ...

    @property
    def few_rows(self) -> list[tuple[Any, ...]] | None:
        """All rows as Python values, if there are few and their types are plain; None otherwise.
        They are there until `batches` is read."""
        ...

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, batch by batch; at least one batch unless there are no rows.

        Raises `EngineError` if the statement fails on the way.
        """
        ...

    def reader(self) -> pa.RecordBatchReader:
        """The rows as an Arrow stream."""
        ...

    def arrow(self) -> pa.Table:
        """All rows at once."""
        ...

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as Python tuples, for small results."""
        ...

    def close(self) -> None:
        """Give the reader back; a statement still running is cancelled."""
        ...

    def cancel(self) -> None:
        """Stop the statement from another thread; reading it then raises `EngineError`."""
        ...

    def __enter__(self) -> Result: ...

    def __exit__(self, *error: object) -> None: ...


class Transaction(Protocol):
    """Changes that become visible together, or not at all."""

    def create_table(self, name: str, datasource: Datasource) -> None:
        """An empty table with the columns of `datasource`."""
        ...

    def drop_table(self, name: str) -> None:
        """Forget a table and its rows; a name that does not exist is no error."""
        ...

    def truncate(self, name: str) -> None:
        """Remove all rows."""
        ...

    def insert_arrow(self, name: str, rows: pa.Table) -> int:
        """Append rows; columns are matched by name, missing ones are NULL. Returns the count."""
        ...

    def execute(self, duck_sql: str, values: Mapping[str, Any] | None = None) -> int:
        """Run a statement that `sql` or the engine itself made. Returns the count of changed rows
        (0 where there is no such count)."""
        ...

    def fetch(
        self, duck_sql: str, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a small query, seeing this transaction's own changes."""
        ...


class Engine(Protocol):
    """An embedded database with one writer and a bounded number of readers."""

    def execute(
        self,
        compiled: Compiled,
        values: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Result:
        """Run a compiled SELECT on a reader, with its bound values.

        Raises `EngineError` with ClickHouse's error number.
        """
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """The one writer, exclusively: commits at the end, rolls back on an exception."""
        ...

    def close(self) -> None:
        """Give everything back; what was committed is on disk."""
        ...
