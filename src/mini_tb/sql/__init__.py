"""ClickHouse SQL on other engines: parse, bind, infer types, lower.

    from mini_tb.sql import compile_query, Tables, Table, TableColumn

The syntax tree is in `syntax` and made by `parser`; the bound, typed tree is in `tree` and made by
`bind_query`, `bind_expression` and their like; `functions` is the table of functions; `duckdb`
lowers the tree to DuckDB's text. Importing this package is cheap; the parts load when used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql.catalog import Catalog, Table, TableColumn, Tables, Value, View

if TYPE_CHECKING:
    from mini_tb.sql.compile import Compiled, ResultColumn, compile_expression, compile_query
    from mini_tb.sql.explain import ExplainedQuery, explain_query
    from mini_tb.sql.functions.carrier import carrier
    from mini_tb.sql.references import leading_table, tables

_LAZY = {
    "Compiled": "mini_tb.sql.compile",
    "ResultColumn": "mini_tb.sql.compile",
    "compile_expression": "mini_tb.sql.compile",
    "compile_query": "mini_tb.sql.compile",
    "ExplainedQuery": "mini_tb.sql.explain",
    "carrier": "mini_tb.sql.functions.carrier",
    "explain_query": "mini_tb.sql.explain",
    "leading_table": "mini_tb.sql.references",
    "tables": "mini_tb.sql.references",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(name)


__all__ = [
    "Catalog",
    "Compiled",
    "ExplainedQuery",
    "ResultColumn",
    "Table",
    "TableColumn",
    "Tables",
    "Value",
    "View",
    "carrier",
    "compile_expression",
    "compile_query",
    "explain_query",
    "leading_table",
    "tables",
]
