"""Arrow rows as a relation that the statements of one connection read.

To make a relation costs more than to store a few rows. So there is one for each Arrow schema, made
when it is first needed, that gives the rows it holds just then. DuckDB reads such a relation with
one thread; many rows get a relation of their own, which several threads read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

NAME = "incoming"
MANY_ROWS = 10_000
_MAX_KEPT = 256


class _Held:
    """What DuckDB sees of a relation: the rows it holds when a statement reads it."""

    def __init__(self, rows: pa.Table) -> None:
        self.schema = rows.schema
        self.rows: pa.Table | None = rows

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        rows = self.rows if self.rows is not None else self.schema.empty_table()
        return rows.__arrow_c_stream__(requested_schema)


class Incoming:
    """The relations of a connection; one is in use at a time."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection
        self._kept: dict[pa.Schema, tuple[str, _Held]] = {}

    @contextmanager
    def relation(self, rows: pa.Table) -> Iterator[str]:
        """The name under which the connection sees `rows`, for as long as the context lasts."""
        if rows.num_rows > MANY_ROWS:
            self._connection.register(NAME, rows)
            try:
                yield NAME
            finally:
                self._connection.unregister(NAME)
            return
        name, held = self._kept.get(rows.schema) or self._keep(rows)
        held.rows = rows
        try:
            yield name
        finally:
            held.rows = None

    def forget(self) -> None:
        """To be called when a transaction was rolled back, and with it relations made in it."""
        for name, _ in self._kept.values():
            self._connection.unregister(name)
        self._kept.clear()

    def _keep(self, rows: pa.Table) -> tuple[str, _Held]:
        if len(self._kept) >= _MAX_KEPT:
            self.forget()
        made = self._kept[rows.schema] = (f"{NAME}_{len(self._kept)}", _Held(rows))
        self._connection.register(*made)
        return made
