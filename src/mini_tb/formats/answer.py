"""What a writer gets: typed columns, their Arrow batches, and what is said about the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from mini_tb.dataclass import dataclass

if TYPE_CHECKING:
    from mini_tb.types import DataType

CHUNK_ROWS = 8192
"""Rows written at a time: texts of one chunk stay in the processor's cache."""


class ResultColumn(Protocol):
    """A column of an answer: ClickHouse's name and type of it."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> DataType: ...


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a query cost: seconds, rows and bytes read from tables; and how many rows its LIMIT
    chose from, at least."""

    elapsed: float = 0.0
    rows_read: int = 0
    bytes_read: int = 0
    rows_before_limit: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """The output settings of ClickHouse that an answer's reader may choose."""

    quote_64bit_integers: bool = False
    quote_denormals: bool = False
    parquet_string_as_string: bool = True


def _nothing() -> Statistics:
    return Statistics()


@dataclass(frozen=True, slots=True)
class Answer:
    """One query's result, ready to be written once.

    `batches` are Arrow record batches whose columns stand in the order of `columns`, stored as
    `mini_tb.types.duckdb` says. `few_rows` are all rows as Python values, if there are few: then
    `batches` need not be read. `statistics` is asked after the last batch. `has_limit` tells
    whether the query has a LIMIT, `totals` is the one row of WITH TOTALS.
    """

    columns: tuple[ResultColumn, ...]
    batches: Iterable[Any]
    statistics: Callable[[], Statistics] = _nothing
    has_limit: bool = False
    totals: Any | None = None
    settings: Settings = field(default_factory=Settings)
    few_rows: Sequence[tuple[Any, ...]] | None = None

    def chunks(self) -> Iterator[Any]:
        """The batches in slices of at most `CHUNK_ROWS` rows; empty ones are left out."""
        for batch in self.batches:
            for start in range(0, batch.num_rows, CHUNK_ROWS):
                yield batch.slice(start, CHUNK_ROWS)
