"""Statements that were run before: parsed once, and what their answers were like.

An Arrow stream costs DuckDB's Python client a second planning of the statement, more than a small
query takes. So a statement whose last answer was small and of plain types is run parsed, its rows
fetched as Python values and put into the Arrow schema known from before (0.9 ms instead of 2.2).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, Statement

SMALL = 512
"""Rows that count as small."""
REMEMBERED = 1024


@dataclass(slots=True)
class Known:
    """A statement, parsed, and the Arrow schema of its answers if they are small and plain."""

    statement: Statement | None = None
    schema: pa.Schema | None = None


class Statements:
    """What is known of statements by their text; the least recently used go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Known] = OrderedDict()

    def find(self, duck_sql: str) -> Known:
        """What is known of a statement; nothing yet if it is new."""
        with self._lock:
            known = self._known.get(duck_sql)
            if known is None:
                known = self._known[duck_sql] = Known()
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            else:
                self._known.move_to_end(duck_sql)
            return known

    def clear(self) -> None:
        """Forget all: tables have changed, so the same texts may give other types."""
        with self._lock:
            self._known.clear()

    def answered(
        self,
        known: Known,
        connection: DuckDBPyConnection,
        duck_sql: str,
        schema: pa.Schema,
        rows: int,
    ) -> None:
        """Remember what an answer was like."""
        if rows > SMALL or not all(_is_plain(field.type) for field in schema):
            known.schema = None
            return
        if known.statement is None:
            known.statement = connection.extract_statements(duck_sql)[0]
        known.schema = schema


def _is_plain(t: pa.DataType) -> bool:
    """Whether Python values of this type become the same Arrow values again."""
    import pyarrow as pa

    if pa.types.is_list(t):
        return _is_plain(t.value_type)
    return bool(
        pa.types.is_integer(t)
        or pa.types.is_floating(t)
        or pa.types.is_boolean(t)
        or pa.types.is_string(t)
        or pa.types.is_binary(t)
        or pa.types.is_date32(t)
        or (pa.types.is_timestamp(t) and t.unit == "us" and t.tz is None)
    )


def to_batch(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.RecordBatch:
    """Python rows as one batch of that schema."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else [() for _ in schema]
    arrays = [pa.array(values, f.type) for values, f in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
