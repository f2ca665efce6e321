"""Which plain type carries an aggregate state: what DuckDB stores for `AggregateFunction(…)`."""

from __future__ import annotations

from mini_tb.types import DataType
from mini_tb.types.duckdb import carry_states


def carrier(data_type: DataType) -> DataType:
    """The type with every `AggregateFunction` in it replaced by the type of its stored state.

    Raises `ArgumentError` where this engine does not have the function.
    """
    if data_type.is_state:
        from mini_tb.sql.functions.aggregates.registry import bind_state

        return bind_state(data_type).state
    if not data_type.types:
        return data_type
    inner = tuple(carrier(t) for t in data_type.types)
    if inner == data_type.types:
        return data_type
    return DataType(data_type.name, inner, data_type.params, data_type.names)


carry_states(carrier)
