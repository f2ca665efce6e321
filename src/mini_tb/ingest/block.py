"""The block that an insert stores and its materialized views read: rows with DEFAULTs filled in.

Decoded rows travel as Arrow. `Block.query` is the DuckDB query that makes the stored values of
them: it casts what Arrow cannot carry and computes the DEFAULT expressions of the rows that need
them, row by row. It may use the named parameter `$now`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.ingest.decoded import Decoded, join
from mini_tb.types import DataType
from mini_tb.types.duckdb import quote_identifier, to_duckdb

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.project import Column, Datasource

RELATION = "incoming"
"""The relation that a block's query reads unless told otherwise."""

_MASK = "takes default "
_AS_TEXT = frozenset({"UUID", "IPv6", "Enum8", "Enum16", "JSON", "Dynamic", "Variant"})


@dataclass(frozen=True, slots=True)
class Block:
    """Rows on their way into a table, and how to make the stored values of them."""

    datasource: Datasource
    rows: pa.Table
    defaulted: tuple[str, ...] = ()

    def query(self, relation: str = RELATION) -> str:
        """DuckDB text of a SELECT with the table's columns in order and in storage types."""
        return _query(self.datasource.columns, self.defaulted, relation)


def block_of(datasource: Datasource, decoded: Iterable[Decoded]) -> Block:
    """One block of what several requests bring to the same data source, in their order."""
    table, masks = join(decoded)
    defaulted = tuple(column.name for column in datasource.columns if column.name in masks)
    for name in defaulted:
        table = table.append_column(_MASK + name, masks[name])
    return Block(datasource, table, defaulted)


@lru_cache(maxsize=512)
def _query(columns: tuple[Column, ...], defaulted: tuple[str, ...], relation: str) -> str:
    waiting = [column for column in columns if column.name in defaulted]
    selected = [_stored(column.type, column.name) for column in columns]
    masks = [quote_identifier(_MASK + column.name) for column in waiting]
    text = f"SELECT {', '.join(selected + masks)} FROM {relation}"
    while waiting:
        ready = _ready(waiting)
        made = []
        for column in columns:
            quoted = quote_identifier(column.name)
            if column in ready:
                mask = quote_identifier(_MASK + column.name)
                value = _default(column, columns)
                quoted = f"CASE WHEN {mask} THEN {value} ELSE t.{quoted} END AS {quoted}"
            made.append(quoted)
        waiting = [column for column in waiting if column not in ready]
        made += [quote_identifier(_MASK + column.name) for column in waiting]
        text = f"SELECT {', '.join(made)} FROM ({text}) AS t"
    return text


def _ready(waiting: list[Column]) -> list[Column]:
    """The columns whose DEFAULT mentions no other that waits; all, if they go in circles."""
    ready = [
        column
        for column in waiting
        if not any(
            other is not column and re.search(rf"\b{re.escape(other.name)}\b", column.default or "")
            for other in waiting
        )
    ]
    return ready or list(waiting)


def _default(column: Column, columns: tuple[Column, ...]) -> str:
    from mini_tb.sql import TableColumn, compile_expression

    offered = [TableColumn(c.name, c.type) for c in columns if c is not column]
    duck_sql, _ = compile_expression(column.default or "", offered, target=column.type)
    return f"({duck_sql})"


def _stored(t: DataType, name: str) -> str:
    quoted = quote_identifier(name)
    return f"CAST({quoted} AS {to_duckdb(t)}) AS {quoted}" if _travels_as_text(t) else quoted


def _travels_as_text(t: DataType) -> bool:
    if t.types and t.name != "AggregateFunction":
        return any(_travels_as_text(inner) for inner in t.types)
    return t.name in _AS_TEXT or (t.is_integer and t.bits > 64)
