"""Functions that DuckDB does not have, as Arrow functions: `register` puts them on a connection.

A module of `mini_tb.sql.functions.udf` gives its functions as `UDFS`. Each takes Arrow arrays, one
an argument, and returns an array of the same length; NULLs come in as they are. An error is raised
as `ValueError('DB::<ClickHouse number>: text')`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from mini_tb.dataclass import dataclass

FAMILIES = (
    "curves",
    "words",
    "h3",
    "geo",
    "geometry",
    "addresses",
    "charset",
    "decimals",
    "encoding",
    "failing",
    "financial",
    "fuzzy",
    "grams",
    "hash_city",
    "hash_digest",
    "hash_farm",
    "hash_keccak",
    "hash_metro",
    "hash_murmur",
    "hash_rounds",
    "hash_sip",
    "hash_small",
    "hash_wide",
    "hash_xx",
    "hash_xx3",
    "hilbert",
    "aggregate",
    "json_text",
    "keyed",
    "math",
    "moment",
    "notations",
    "pairs",
    "polygons",
    "phrases",
    "printf",
    "random",
    "raw",
    "readable",
    "sequences",
    "shapes",
    "shingles",
    "statistics",
    "text",
    "utm",
    "wkb",
)


@dataclass(frozen=True, slots=True)
class Udf:
    """One function: its name in DuckDB's text (`mt_…`), its DuckDB types, and the function."""

    name: str
    parameters: tuple[str, ...]
    returns: str
    function: Callable[..., Any]

    def create(self, connection: Any) -> None:
        """Make it known to a DuckDB connection and its cursors."""
        connection.create_function(
            self.name,
            self.function,
            list(self.parameters),
            self.returns,
            type="arrow",
            null_handling="special",
        )


def register(connection: Any) -> None:
    """Make all functions known to a DuckDB connection and its cursors."""
    for family in FAMILIES:
        for udf in import_module(f"mini_tb.sql.functions.udf.{family}").UDFS:
            udf.create(connection)
