"""Functions that DuckDB does not have, as Arrow functions: `register` puts them on a connection.

A module of `mini_tb.sql.functions.udf` gives its functions as `UDFS`. Each takes Arrow arrays, one
an argument, and returns an array of the same length; NULLs come in as they are (`over_distinct`
answers them with NULL). An error is raised as `ValueError('DB::<ClickHouse number>: text')`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

FAMILIES = (
    "curves",
    "words",
    "h3",
    "geo",
    "geometry",
    "addresses",
    "charset",
    "encoding",
    "failing",
    "financial",
    "hash_city",
    "hash_digest",
    "hash_farm",
    "hash_metro",
    "hash_murmur",
    "hash_rounds",
    "hash_sip",
    "hash_small",
    "hash_xx",
    "aggregate",
    "json_text",
    "keyed",
    "math",
    "moment",
    "notations",
    "pairs",
    "polygons",
    "phrases",
    "raw",
    "readable",
    "sequences",
    "shingles",
    "statistics",
    "text",
    "utm",
)


@dataclass(frozen=True, slots=True)
class Udf:
    """One function: its name in DuckDB's text (`mt_…`), its DuckDB types, and the function."""

    name: str
    parameters: tuple[str, ...]
    returns: str
    function: Callable[..., Any]
    volatile: bool = False


def register(connection: Any) -> None:
    """Make all functions known to a DuckDB connection and its cursors."""
    for family in FAMILIES:
        for udf in import_module(f"mini_tb.sql.functions.udf.{family}").UDFS:
            connection.create_function(
                udf.name,
                udf.function,
                list(udf.parameters),
                udf.returns,
                type="arrow",
                null_handling="special",
                side_effects=udf.volatile,
            )


def over_distinct(function: Callable[[Any], Any], values: Any, data_type: Any) -> Any:
    """An Arrow array of `function` over `values`: it is costly and takes one value, so each
    distinct value is computed once."""
    import pyarrow as pa

    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    encoded = column.dictionary_encode()
    answers = [None if v is None else function(v) for v in encoded.dictionary.to_pylist()]
    return pa.array(answers, data_type).take(encoded.indices)


def row_by_row(function: Callable[..., Any], columns: Iterable[Any], data_type: Any) -> Any:
    """An array of `function` over rows that are lists or hardly come twice; NULL where one is."""
    import pyarrow as pa

    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([None if None in row else function(*row) for row in rows], data_type)


def over_rows(function: Callable[..., Any], columns: Iterable[Any], data_type: Any) -> Any:
    """An array of `function` over rows, each distinct one computed once; NULL where one is."""
    import pyarrow as pa

    known: dict[tuple[Any, ...], Any] = {}
    answers = []
    for row in zip(*(column.to_pylist() for column in columns), strict=True):
        if row not in known:
            known[row] = None if None in row else function(*row)
        answers.append(known[row])
    return pa.array(answers, data_type)
