"""From a `Datasource` to the `sql.Table` that queries are compiled against."""

from __future__ import annotations

from mini_tb.engine.duckdb.merge import ALIAS, MERGING, final_relation
from mini_tb.engine.key import key_expressions
from mini_tb.project import Datasource
from mini_tb.sql import Table, TableColumn
from mini_tb.types import DataType
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
    )


def _final(datasource: Datasource) -> str | None:
    if datasource.engine.name not in MERGING:
        return None
    from mini_tb.sql import compile_expression

    texts = key_expressions(datasource.engine.sorting_key)
    columns = table_columns(datasource)
    key = [compile_expression(text, columns, relation=ALIAS)[0] for text in texts]
    key_columns = frozenset(
        column.name for column in columns if any(f'"{column.name}"' in text for text in key)
    )
    return final_relation(datasource.name, datasource, key, key_columns, _merge_state)


def _merge_state(t: DataType, name: str) -> str:
    """The DuckDB aggregate that merges the states in a column into one: `-MergeState` of its
    function."""
    from mini_tb.sql import compile_expression

    function, *parameters = t.params
    call = f"{function}MergeState"
    if parameters:
        call += f"({', '.join(map(repr, parameters))})"
    columns = (TableColumn(name, t),)
    return compile_expression(f"{call}(`{name}`)", columns, relation=ALIAS)[0]
