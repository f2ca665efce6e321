"""The few `system` tables that clients of ClickHouse read before their first query.

They are told from the live project: what there is to select from, and no settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mini_tb.types import parse_type, to_duckdb
from mini_tb.types.duckdb import quote_identifier, quote_string

if TYPE_CHECKING:
    from mini_tb.sql import Table
    from mini_tb.workspace.workspace import Workspace

DATABASE = "default"
OPEN = frozenset({"system.one", "system.settings", "system.databases"})
"""These say nothing about the workspace: every token may read them."""

Rows = Sequence[tuple[Any, ...]]


def _tables(workspace: Workspace) -> Rows:
    found = [
        (DATABASE, name, datasource.engine.name)
        for name, datasource in workspace.project.datasources.items()
    ]
    pipes = workspace.project.pipes
    return [*found, *((DATABASE, name, "View") for name in pipes if pipes[name].endpoint)]


def _columns(workspace: Workspace) -> Rows:
    return [
        (DATABASE, name, column.name, str(column.type), position)
        for name, datasource in workspace.project.datasources.items()
        for position, column in enumerate(datasource.columns, 1)
    ]


_SCHEMAS: Mapping[str, tuple[str, Callable[[Workspace], Rows]]] = {
    "system.one": ("dummy UInt8", lambda _: [(0,)]),
    "system.settings": (
        "name String, value String, changed UInt8, description String, readonly UInt8, type String",
        lambda _: [],
    ),
    "system.databases": ("name String, engine String", lambda _: [(DATABASE, "Atomic")]),
    "system.tables": ("database String, name String, engine String", _tables),
    "system.columns": (
        "database String, table String, name String, type String, position UInt64",
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
    return quote_string(value) if isinstance(value, str) else str(value)
