"""A failure that DuckDB does not hold to have effects, as it does `error`: for keys of windows."""

from __future__ import annotations

from typing import Any

from mini_tb.sql.duckdb.udf import Udf


def _fail(messages: Any) -> Any:
    import pyarrow as pa

    for message in messages.to_pylist():
        raise ValueError(message)
    return pa.nulls(len(messages))


UDFS = (Udf("mt_fail", ("VARCHAR",), '"NULL"', _fail),)
