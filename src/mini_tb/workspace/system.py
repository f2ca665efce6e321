"""The few `system` tables that clients of ClickHouse read before their first query.

They are told from the live project: what there is to select from, and no settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mini_tb.types import parse_type, to_duckdb
from mini_tb.types.duckdb import quote_identifier, quote_string

if TYPE_CHECKING:
    from mini_tb.sql import Table
    from mini_tb.workspace.workspace import Workspace

DATABASE = "default"
OPEN = frozenset({"system.one", "system.settings", "system.databases", "system.functions"})
"""These say nothing about the workspace: every token may read them."""

Rows = Sequence[tuple[Any, ...]]


def _tables(workspace: Workspace) -> Rows:
    found = []
    for name, datasource in workspace.project.datasources.items():
        engine, size = datasource.engine, workspace.statistics(name)
        keys = (engine.partition_key, engine.sorting_key, engine.primary_key or engine.sorting_key)
        texts = (key or "" for key in (*keys, engine.sampling_key, datasource.description))
        found.append((DATABASE, name, engine.name, 0, size.rows, size.size, *texts))
    for name, pipe in workspace.project.pipes.items():
        if pipe.endpoint:
            found.append((DATABASE, name, "View", 0, None, None, *[""] * 4, pipe.description))
    return found


def _columns(workspace: Workspace) -> Rows:
    found = []
    for name, datasource in workspace.project.datasources.items():
        engine = datasource.engine
        partition, sorting = (
            frozenset(_WORD.findall(key or ""))
            for key in (engine.partition_key, engine.sorting_key)
        )
        for position, column in enumerate(datasource.columns, 1):
            default = ("DEFAULT", column.default) if column.default else ("", "")
            is_in = (int(column.name in key) for key in (partition, sorting))
            found.append(
                (DATABASE, name, column.name, str(column.type), position, *default, "", *is_in)
            )
    return found


def _functions(_: Workspace) -> Rows:
    from mini_tb.sql.functions import FUNCTIONS
    from mini_tb.sql.functions.aggregates.registry import AGGREGATES
    from mini_tb.sql.functions.families import Row

    found: list[tuple[str, int, Row]] = [
        (name, 0, row) for name, row in FUNCTIONS.all().items() if not row.unsupported
    ]
    found += [(name, 1, base) for name, base in AGGREGATES.all().items()]
    return [
        (name, is_aggregate, int(row.any_case), "" if name == row.name else row.name)
        for name, is_aggregate, row in found
    ]


_WORD = re.compile(r"\w+")
_SCHEMAS: Mapping[str, tuple[str, Callable[[Workspace], Rows]]] = {
    "system.one": ("dummy UInt8", lambda _: [(0,)]),
    "system.settings": (
        "name String, value String, changed UInt8, description String, readonly UInt8, type String",
        lambda _: [],
    ),
    "system.databases": ("name String, engine String", lambda _: [(DATABASE, "Atomic")]),
    "system.functions": (
        "name String, is_aggregate UInt8, case_insensitive UInt8, alias_to String",
        _functions,
    ),
    "system.tables": (
        "database String, name String, engine String, is_temporary UInt8, "
        "total_rows Nullable(UInt64), total_bytes Nullable(UInt64), partition_key String, "
        "sorting_key String, primary_key String, sampling_key String, comment String",
        _tables,
    ),
    "system.columns": (
        "database String, table String, name String, type String, position UInt64, "
        "default_kind String, default_expression String, comment String, "
        "is_in_partition_key UInt8, is_in_sorting_key UInt8",
        _columns,
    ),
}


def system_table(workspace: Workspace, name: str) -> Table | None:
    """The system table of that name, as of now."""
    from mini_tb.sql import Table, TableColumn

    if name not in _SCHEMAS:
        return None
    text, rows_of = _SCHEMAS[name]
    columns = tuple(
        TableColumn(column, parse_type(type_))
        for column, type_ in (pair.split(" ") for pair in text.split(", "))
    )
    rows = rows_of(workspace)
    listed = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    names = ", ".join(quote_identifier(column.name) for column in columns)
    casts = ", ".join(
        f"CAST({quote_identifier(c.name)} AS {to_duckdb(c.type)}) AS {quote_identifier(c.name)}"
        for c in columns
    )
    nothing = f"({', '.join('NULL' for _ in columns)})"
    relation = f"(SELECT {casts} FROM (VALUES {listed or nothing}) AS t({names})"
    return Table(name, relation + (")" if rows else " WHERE false)"), columns)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return quote_string(value) if isinstance(value, str) else str(value)
