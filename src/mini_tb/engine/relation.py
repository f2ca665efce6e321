"""From a `Datasource` to the `sql.Table` that queries are compiled against."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mini_tb.engine.duckdb.merge import (
    ALIAS,
    MERGING,
    ROW,
    SortingKey,
    compacted_rows,
    final_relation,
    ordered_rows,
)
from mini_tb.engine.key import key_expressions
from mini_tb.project import Column, Datasource
from mini_tb.sql import Table, TableColumn
from mini_tb.types.duckdb import quote_identifier


def table_columns(datasource: Datasource) -> tuple[TableColumn, ...]:
    """The columns as the compiler takes them."""
    return tuple(TableColumn(c.name, c.type, c.default) for c in datasource.columns)


def table_of(datasource: Datasource) -> Table:
    """The stored table of a data source, with its FINAL relation."""
    return Table(
        datasource.name,
        quote_identifier(datasource.name),
        table_columns(datasource),
        datasource.engine.name,
        _final(datasource),
        datasource.engine.sampling_key,
    )


def table_over(datasource: Datasource, relation: str) -> Table:
    """The table of a data source whose rows are those of another relation, in its order."""
    table = table_of(datasource)
    if table.final is None:
        return replace(table, relation=relation)
    # A relation has no `rowid`; its rows are numbered in the order that they come in.
    numbered = f"SELECT *, row_number() OVER () AS {ROW} FROM {relation}"
    final = table.final.replace(ordered_rows(datasource), f"({numbered}) AS {ALIAS}")
    return replace(table, relation=relation, final=final)


def sorting_key(datasource: Datasource) -> SortingKey:
    """The sorting key, compiled. Raises `UserError` where an expression does not compile."""
    from mini_tb.sql import compile_expression

    columns = table_columns(datasource)
    expressions = tuple(
        compile_expression(text, columns, relation=ALIAS)[0]
        for text in key_expressions(datasource.engine.sorting_key)
    )
    read = (c.name for c in columns if any(quote_identifier(c.name) in e for e in expressions))
    return SortingKey(expressions, frozenset(read))


def _final(datasource: Datasource) -> str | None:
    if datasource.engine.name not in MERGING:
        return None
    return final_relation(datasource, sorting_key(datasource), merge)


def compaction(datasource: Datasource) -> str:
    """DuckDB text of the rows that compaction keeps of a data source, in their order: merged as its
    engine merges, sorted by its key, without what its TTL has expired. May use `$now`."""
    where = ""
    ttl = ttl_condition(datasource.engine.ttl)
    if ttl is not None:
        from mini_tb.sql import compile_expression
        from mini_tb.types import UINT8, nullable

        columns = table_columns(datasource)
        text, _ = compile_expression(ttl, columns, target=nullable(UINT8), relation=ALIAS)
        where = f"coalesce({text}, 0) = 0"
    return compacted_rows(datasource, sorting_key(datasource), merge, where)


_TTL = re.compile(r"(.*?)(?:\s+DELETE)?(?:\s+WHERE\s+(.*))?", re.IGNORECASE | re.DOTALL)


def ttl_condition(ttl: str | None) -> str | None:
    """The ClickHouse condition under which a TTL (`expr [DELETE] [WHERE condition]`) has expired a
    row; None if there is no TTL."""
    if not ttl or not ttl.strip():
        return None
    match = _TTL.fullmatch(ttl.strip())
    assert match is not None  # every text matches
    expired = f"({match[1]}) <= now()"
    return expired if match[2] is None else f"{expired} AND ({match[2]})"


def merge(expression: str, columns: Sequence[Column]) -> str:
    """The DuckDB text of an aggregate over columns of the table that is called ALIAS."""
    from mini_tb.sql import compile_expression

    known = tuple(TableColumn(column.name, column.type) for column in columns)
    return compile_expression(expression, known, relation=ALIAS)[0]
