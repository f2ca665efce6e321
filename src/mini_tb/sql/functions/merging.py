"""Merging stored states: what a merging table engine does with the states of one key."""

from __future__ import annotations

from mini_tb.sql.functions.aggregates.registry import bind_state
from mini_tb.sql.functions.aggregates.rows import GroupRows
from mini_tb.sql.functions.carrier import carrier
from mini_tb.types import DataType, to_duckdb


def merge_text(data_type: DataType, column: str) -> str:
    """The DuckDB aggregate that merges a column of `AggregateFunction` states, or of
    `SimpleAggregateFunction` values, to one of the same type.

    `column` is DuckDB text over one row. Raises `ArgumentError` for an unknown function.
    """
    bound = bind_state(data_type)
    rows = GroupRows((column,))
    text = bound.merge(rows) if data_type.is_state else bound.value(rows)
    return f"CAST({text} AS {to_duckdb(carrier(data_type))})"
