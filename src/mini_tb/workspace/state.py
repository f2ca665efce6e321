"""What a workspace remembers beside its data: records in its own database file.

They live in the schema `mini_tb` (data sources live in `main`), one row a record: a kind, a key and
a JSON object. Being in the same file, they change in the same transaction as the data they speak
of: a deployment's tables and its record, a copy's rows and its job.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from mini_tb.engine.base import Transaction
    from mini_tb.engine.duckdb import DuckDBEngine

FORMAT = 1
"""The version of the layout of this file; a newer one is refused."""

Record = dict[str, Any]


class State:
    """The records of one workspace."""

    def __init__(self, engine: DuckDBEngine) -> None:
        self._engine = engine
        with engine.transaction(with_functions=False) as tx:
            tx.execute("CREATE SCHEMA IF NOT EXISTS mini_tb")
            tx.execute(
                "CREATE TABLE IF NOT EXISTS mini_tb.records"
                " (kind VARCHAR, key VARCHAR, record VARCHAR)"
            )
        found = self.find("format", "format")
        if found is None:
            self.save("format", "format", {"version": FORMAT})
        elif found["version"] > FORMAT:
            message = f"`{engine.path}` was written by a newer version of mini-tb"
            raise UserError.of("RT002", message, hint="open it with that version")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Several changes at once, together with changes of data."""
        with self._engine.transaction(with_functions=False) as tx:
            yield tx

    def all(self, kind: str) -> dict[str, Record]:
        """The records of a kind by key, oldest first."""
        query = "SELECT key, record FROM mini_tb.records WHERE kind = $kind ORDER BY rowid"
        with self._engine.transaction(with_functions=False) as tx:
            return {key: orjson.loads(text) for key, text in tx.fetch(query, {"kind": kind})}

    def find(self, kind: str, key: str) -> Record | None:
        """The record, or None."""
        query = "SELECT record FROM mini_tb.records WHERE kind = $kind AND key = $key"
        with self._engine.transaction(with_functions=False) as tx:
            rows = tx.fetch(query, {"kind": kind, "key": key})
        return orjson.loads(rows[0][0]) if rows else None

    def save(self, kind: str, key: str, record: Record) -> None:
        """Keep the record in place of an earlier one of that key; datetimes become ISO text."""
        text = orjson.dumps(record, option=orjson.OPT_NON_STR_KEYS).decode()
        values = {"kind": kind, "key": key}
        with self._engine.transaction(with_functions=False) as tx:
            changed = tx.execute(
                "UPDATE mini_tb.records SET record = $record WHERE kind = $kind AND key = $key",
                {**values, "record": text},
            )
            if not changed:
                tx.execute(
                    "INSERT INTO mini_tb.records VALUES ($kind, $key, $record)",
                    {**values, "record": text},
                )

    def delete(self, kind: str, key: str) -> None:
        """Forget the record; one that does not exist is no error."""
        with self._engine.transaction(with_functions=False) as tx:
            tx.execute(
                "DELETE FROM mini_tb.records WHERE kind = $kind AND key = $key",
                {"kind": kind, "key": key},
            )
