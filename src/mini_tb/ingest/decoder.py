"""The database that decodes: a small DuckDB of our own in memory, which stores nothing.

It runs only queries that are made here, over rows that were handed to it; it reaches no file.
DuckDB gives a database up when it meets a mistake of its own: the next call gets another then.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_lock = threading.Lock()
_root: DuckDBPyConnection | None = None


@contextmanager
def decoder() -> Iterator[DuckDBPyConnection]:
    """A connection of one's own."""
    import duckdb

    root = _database()
    connection = root.cursor()
    try:
        yield connection
    except (duckdb.FatalException, duckdb.InternalException):
        _forget(root)
        raise
    finally:
        connection.close()


def _forget(root: DuckDBPyConnection) -> None:
    global _root
    with _lock:
        if _root is root:
            _root = None


def _database() -> DuckDBPyConnection:
    global _root
    import duckdb

    with _lock:
        if _root is None:
            root = duckdb.connect(":memory:")
            root.execute("SET enable_external_access = false")
            root.execute("SET python_enable_replacements = false")
            root.execute("SET TimeZone = 'UTC'")
            root.execute("SET lock_configuration = true")
            _root = root
        return _root
