"""Columns of text (a CSV file) → the rows that are plainly right, and which are left.

The same plan as `columnar`, for cells instead of JSON values: one DuckDB query reads every column
by the rules that `plain` has for text; rows with a cell that is not plain are left to `exact`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mini_tb.ingest.columnar import Leftover, carried, is_within
from mini_tb.ingest.plain import plain
from mini_tb.types.duckdb import quote_identifier

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from mini_tb.ingest.intake import Intake

NULL_TEXT = "\\N"
"""How a CSV file writes NULL, as ClickHouse does."""

_BOOL = "CASE lower({v}) WHEN 'true' THEN true WHEN 'false' THEN false ELSE {v} = '1' END"
_BOOL = f"CASE WHEN lower({{v}}) IN ('true', 'false', '1', '0') THEN {_BOOL} END"


def decode_cells(connection: DuckDBPyConnection, intake: Intake, cells: pa.Table) -> Leftover:
    """The plain rows of a table of text with the intake's columns in order.

    A null is a column that the file does not have.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    connection.register("cells", cells)
    read = connection.sql(_query(intake)).to_arrow_table()
    ok = pa.chunked_array([pa.repeat(pa.scalar(True), cells.num_rows)])
    columns, defaulted = [], {}
    for i, field in enumerate(intake.fields):
        text, value = cells.column(i), read.column(i)
        nullable, has_default = field.type.is_nullable, field.coercion.has_default
        takes_empty = field.type.is_string and not nullable and not has_default
        missing = pc.is_null(text)
        if not takes_empty:
            missing = pc.or_(missing, _is(text, ""))
        null = _is(text, NULL_TEXT)
        nothing = pc.or_(missing, null)
        right = pc.and_(pc.is_valid(value), pc.invert(nothing))
        rule = plain(field.type, "VARCHAR")
        if rule is not None and rule.within is not None:
            right = pc.and_(right, is_within(value, *rule.within))
        if has_default:
            takes_default = missing if nullable else nothing
            if pc.any(takes_default).as_py():
                defaulted[field.name] = takes_default
            right = pc.or_(right, takes_default)
        if nullable:
            right = pc.or_(right, null if has_default else nothing)
        ok = pc.and_(ok, right)
        if pc.any(nothing).as_py():
            value = pc.if_else(nothing, pa.scalar(None, value.type), value)
        columns.append(carried(value, field))
    good = pa.Table.from_arrays(columns, schema=intake.schema)
    flat = ok.combine_chunks()
    return Leftover(
        good.filter(flat),
        pc.indices_nonzero(flat),
        pc.indices_nonzero(pc.invert(flat)),
        {name: mask.filter(flat) for name, mask in defaulted.items()},
    )


def _is(text: pa.ChunkedArray, value: str) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.fill_null(pc.equal(text, value), False)


@lru_cache(maxsize=512)
def _query(intake: Intake) -> str:
    values = []
    for i, field in enumerate(intake.fields):
        cell = quote_identifier(str(i))
        bare = field.type.bare
        while bare.name == "SimpleAggregateFunction":
            bare = bare.types[0].bare
        if bare.name == "String":
            value = cell
        elif bare.name == "Bool":
            value = _BOOL.replace("{v}", f"trim({cell})")
        else:
            rule = plain(bare, "VARCHAR")
            value = rule.value.replace("{v}", f"trim({cell})") if rule else "NULL"
        values.append(f"{value} AS {quote_identifier(f'c{i}')}")
    return f"SELECT {', '.join(values)} FROM cells"
