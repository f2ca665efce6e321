"""Which plain type carries an aggregate state: what DuckDB stores for `AggregateFunction(…)`."""

from __future__ import annotations

from mini_tb.types import DataType


def carrier(data_type: DataType) -> DataType:
    """The type with every `AggregateFunction` in it replaced by the type of its stored state."""
    return data_type
