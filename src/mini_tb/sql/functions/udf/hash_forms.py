"""A hash of bytes as functions of DuckDB's: over texts, and over numbers as their bytes."""

from __future__ import annotations

from collections.abc import Callable

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Function, Word
from mini_tb.sql.functions.udf.machine import SPARE, Row, kernel_udf

_RETURNS = {32: "UINTEGER", 64: "UBIGINT"}


def folded(pair: Callable[[Word, Word], Word]) -> Callable[[Row], None]:
    """The kernel of a list of hashes: each joined by `pair` to what those before it came to."""

    def of_list(row: Row) -> None:
        body, (start, count) = row.body, row.span(1)
        at, end = body.variable(start), start + (count << 3)
        joined = body.variable(row.number(0))
        with body.repeat(lambda: at < end):
            joined.set(pair(joined, at.word()))
            at.set(at + 8)
        row.result.put(joined)

    return of_list


def text_udf(name: str, function: Function, returns: str = "") -> Udf:
    """`name` over BLOB."""
    returns = returns or _RETURNS[function.result]

    def of_text(row: Row) -> None:
        row.result.put(row.body.call(function, *row.span(0)))

    return kernel_udf(name, ("BLOB",), returns, of_text)


def hash_udfs(name: str, function: Function, returns: str = "") -> tuple[Udf, Udf, Udf]:
    """`name` over BLOB, `name_bits` over numbers and their width in bytes, `name_bits_8` over
    numbers of that width: a column of constants costs time."""
    returns = returns or _RETURNS[function.result]

    def of_number(row: Row, size: Word) -> None:
        place = row.body.room(8 + SPARE)
        place.put(row.number(0))
        row.result.put(row.body.call(function, place, size))

    def of_any(row: Row) -> None:
        of_number(row, row.number(1))

    def of_8(row: Row) -> None:
        of_number(row, row.body.number(8))

    return (
        text_udf(name, function, returns),
        kernel_udf(f"{name}_bits", ("UBIGINT", "UBIGINT"), returns, of_any),
        kernel_udf(f"{name}_bits_8", ("UBIGINT",), returns, of_8),
    )
