"""The embedded engine: one DuckDB file, one writer, a few readers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import MiniTbError
from mini_tb.engine.duckdb.connection import Connections, Settings
from mini_tb.engine.duckdb.errors import from_duckdb
from mini_tb.engine.duckdb.incoming import Incoming
from mini_tb.engine.duckdb.result import DuckDBResult
from mini_tb.engine.duckdb.statement import Statements
from mini_tb.engine.duckdb.table import create_table
from mini_tb.engine.duckdb.watchdog import Watchdog
from mini_tb.types.duckdb import quote_identifier as quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, Statement

    from mini_tb.project import Datasource
    from mini_tb.sql import Compiled

_MAX_PARSED = 256


class DuckDBTransaction:
    """See `engine.base.Transaction`; made by `DuckDBEngine.transaction`."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        incoming: Incoming | None = None,
        parsed: dict[str, Statement] | None = None,
    ) -> None:
        self._connection = connection
        self.thread = threading.get_ident()
        self._incoming = incoming or Incoming(connection)
        self._parsed = {} if parsed is None else parsed

    def create_table(self, name: str, datasource: Datasource) -> None:
        self.execute(create_table(name, datasource))

    def drop_table(self, name: str) -> None:
        self.execute(f"DROP TABLE IF EXISTS {quote(name)}")

    def truncate(self, name: str) -> None:
        self.execute(f"DELETE FROM {quote(name)}")

    def insert_arrow(self, name: str, rows: pa.Table) -> int:
        if not rows.num_rows:
            return 0
        with self.incoming(rows) as relation:
            return self.execute(f"INSERT INTO {quote(name)} BY NAME SELECT * FROM {relation}")

    def interrupt(self) -> None:
        """Stop the statement that runs now, from another thread: it raises `EngineError`."""
        self._connection.interrupt()

    def progress(self) -> float | None:
        """The percentage of the statement that runs now which is done, from another thread; None
        if that is not known."""
        share = float(self._connection.query_progress())
        return share if share >= 0 else None

    def incoming(self, rows: pa.Table) -> AbstractContextManager[str]:
        """`rows` as a relation of the name that it gives, for as long as the context lasts."""
        return self._incoming.relation(rows)

    def execute(self, duck_sql: str, values: Mapping[str, Any] | None = None) -> int:
        rows = self.fetch(duck_sql, values)
        return int(rows[0][0]) if rows and rows[0] and isinstance(rows[0][0], int) else 0

    def fetch(
        self, duck_sql: str, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        import duckdb

        try:
            statement = self._statement(duck_sql)
            return self._connection.execute(statement, dict(values) if values else None).fetchall()
        except duckdb.Error as error:
            raise from_duckdb(error) from error

    def _statement(self, duck_sql: str) -> Statement | str:
        """The statement, parsed once: the writer runs the same few again and again."""
        found = self._parsed.get(duck_sql)
        if found is None:
            statements = self._connection.extract_statements(duck_sql)
            if len(statements) != 1:
                return duck_sql
            if len(self._parsed) >= _MAX_PARSED:
                self._parsed.clear()
            found = self._parsed[duck_sql] = statements[0]
        return found


class DuckDBEngine:
    """See `engine.base.Engine`."""

    def __init__(self, connections: Connections) -> None:
        self._opened = connections
        self._write_lock = connections.write_lock
        self._watchdog = Watchdog()
        self._statements = Statements()
        self._transaction: DuckDBTransaction | None = None
        self._incoming = Incoming(connections.writer)
        self._parsed: dict[str, Statement] = {}

    @classmethod
    def open(cls, path: Path | None = None, settings: Settings | None = None) -> DuckDBEngine:
        """Open the file, making it if there is none; None is a database in memory.

        Raises `UserError` when the file is in another process's hands, damaged, newer than this
        version, or not to be written.
        """
        return cls(Connections(path, settings or Settings()))

    @property
    def path(self) -> Path | None:
        """The database file."""
        return self._opened.path

    @property
    def _connections(self) -> Connections:
        """The open database. Raises `EngineError` (HTTP 503) if it was lost and cannot be opened
        again now."""
        if self._opened.is_lost and not self._is_writing:
            with self._write_lock:
                if self._opened.is_lost:
                    self._opened = self._opened.reopened()
                    self._incoming = Incoming(self._opened.writer)
                    self._statements.clear()
                    self._parsed.clear()
        return self._opened

    @property
    def _is_writing(self) -> bool:
        """Whether this thread is in a transaction, which must come to its own end first."""
        return self._transaction is not None and self._transaction.thread == threading.get_ident()

    def execute(
        self,
        compiled: Compiled,
        values: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
        on_start: Callable[[Callable[[], None]], None] | None = None,
    ) -> DuckDBResult:
        """Run a compiled SELECT on a reader. `values` may hold more than the statement binds.
        `on_start` gets what cancels the statement, before it runs."""
        given = values or {}
        bound = {name: given[name] for name in compiled.parameters}
        if compiled.uses_now:
            bound["now"] = given["now"]
        return DuckDBResult(
            self._connections,
            self._watchdog,
            self._statements,
            compiled,
            bound,
            timeout_s,
            on_start,
        )

    def load_functions(self) -> None:
        """Load what statements may need that DuckDB does not have, without waiting for it."""
        self._connections.load_functions()

    @contextmanager
    def transaction(
        self, *, with_functions: bool = True, brings_rows: bool = False
    ) -> Iterator[DuckDBTransaction]:
        """The writer, alone; a transaction inside a transaction of the same thread joins it.
        Without `with_functions` no compiled statement can run in it, but it never waits for the
        engine to be complete. One that `brings_rows` from outside makes readers leave room for the
        next."""
        import duckdb

        if with_functions:
            self._connections.wait_for_functions()
        with self._write_lock:
            if self._transaction is not None:
                yield self._transaction
                return
            connections = self._connections
            if with_functions:
                connections.wait_for_functions()  # if it was opened again meanwhile
            connection = connections.writer
            self._transaction = DuckDBTransaction(connection, self._incoming, self._parsed)
            try:
                connection.begin()
                yield self._transaction
                connection.commit()
                if brings_rows:
                    connections.rows_came_in()
            except BaseException as error:
                self._roll_back(connections, connection)
                if isinstance(error, duckdb.Error) and not isinstance(error, MiniTbError):
                    raise connections.failed(error) from error
                raise
            finally:
                self._transaction = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else writes for as long as the context lasts; transactions of this thread do."""
        with self._write_lock:
            yield

    def fetch(self, duck_sql: str) -> list[tuple[Any, ...]]:
        """The rows of a small query of mini-tb's own, on a reader."""
        import duckdb

        connections = self._connections
        reader = connections.lease(is_quick=True)
        try:
            return reader.execute(duck_sql).fetchall()
        except duckdb.Error as error:
            raise connections.failed(error) from error
        finally:
            connections.give_back(reader)

    def _roll_back(self, connections: Connections, connection: DuckDBPyConnection) -> None:
        import duckdb

        try:
            connection.rollback()
        except duckdb.TransactionException:
            pass  # a failed commit has rolled back already; there is nothing left to undo
        except duckdb.Error as error:
            connections.failed(error)
        self._incoming.forget()

    @contextmanager
    def background(self) -> Iterator[DuckDBTransaction]:
        """A transaction of its own beside the writer, for long work that fills tables which nobody
        else writes to yet."""
        import duckdb

        connections = self._connections
        connections.wait_for_functions()
        connection = connections.lease_writer()
        try:
            connection.begin()
            yield DuckDBTransaction(connection)
            # Nothing is written to the file while the writer is held, which a backup relies on.
            with self._write_lock:
                connection.commit()
        except BaseException as error:
            self._roll_back(connections, connection)
            if isinstance(error, duckdb.Error) and not isinstance(error, MiniTbError):
                raise connections.failed(error) from error
            raise
        finally:
            connections.give_back_writer(connection)

    def backup(self, target: Path) -> None:
        """Copy the database to a new file, as of now: writes wait, reads go on. The copy is opened
        and checked before it gets its name. Raises `UserError` RT006 if that cannot be done."""
        from mini_tb.engine.duckdb.backup import copy_database

        with self._write_lock:
            copy_database(self._connections, target)

    def tables_changed(self) -> None:
        """To be called when tables were created or altered: forgets what answers were like."""
        self._statements.clear()

    @property
    def log_bytes(self) -> int:
        """The size of the log that a checkpoint would empty."""
        path = self.path
        if path is None:
            return 0
        with suppress(FileNotFoundError):
            return path.with_name(path.name + ".wal").stat().st_size
        return 0

    def checkpoint(self) -> bool:
        """Move what the log holds into the file; best done when nobody waits. False if that cannot
        be done now, because a background transaction writes."""
        import duckdb

        with self._write_lock:
            connections = self._connections
            try:
                connections.writer.execute("CHECKPOINT")
            except duckdb.TransactionException:
                return False
            except duckdb.Error as error:
                raise connections.failed(error) from error
        return True

    def free_memory(self) -> bool:
        """Free what the engine keeps of statements that are through; whether there was much of it.
        Statements that run go on."""
        import duckdb

        connections = self._connections
        try:
            return connections.forget_dead_buffers()
        except duckdb.Error as error:
            raise connections.failed(error) from error

    def close(self) -> None:
        """Stop what runs and close the file."""
        self._watchdog.close()
        self._opened.close()
