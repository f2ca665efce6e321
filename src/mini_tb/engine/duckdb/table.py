"""DDL: the DuckDB table that stores a `Datasource`, and its quarantine.

A stored table has the data source's column names; states are held in their carrier types. There
are no NOT NULL constraints and no indexes: what may be stored is decided by `ingest`, and keys are
found by the zone maps of a sorted table.
"""

from __future__ import annotations

from mini_tb.diagnostics import Diagnostic, Severity
from mini_tb.engine.duckdb.merge import simple_functions
from mini_tb.project import Column, Datasource
from mini_tb.types import DATETIME, STRING, DataType, array, nullable, to_duckdb
from mini_tb.types.duckdb import quote_identifier

QUARANTINE_SUFFIX = "_quarantine"
BUILDING = "new "
"""Prefix of a table under construction; a blank cannot occur in a data source's name."""


def storage_type(t: DataType) -> str:
    """The DuckDB type of a stored column."""
    from mini_tb.sql import carrier

    return to_duckdb(carrier(t))


def create_table(name: str, datasource: Datasource) -> str:
    """The statement that makes the empty table `name`."""
    columns = ", ".join(
        f"{quote_identifier(column.name)} {storage_type(column.type)}"
        for column in datasource.columns
    )
    return f"CREATE TABLE {quote_identifier(name)} ({columns})"


def quarantine_of(datasource: Datasource) -> Datasource:
    """The data source `NAME_quarantine`: what was wrong, and every original value as text."""
    text = nullable(STRING)
    return Datasource(
        name=datasource.name + QUARANTINE_SUFFIX,
        columns=(
            Column("c__error_column", array(STRING)),
            Column("c__error", array(STRING)),
            Column("c__import_id", text),
            *(Column(column.name, text) for column in datasource.columns),
            Column("insertion_date", DATETIME),
        ),
    )


def check_storable(datasource: Datasource) -> list[Diagnostic]:
    """What this engine cannot store although ClickHouse can: said by name, before any table."""
    found: list[Diagnostic] = []
    seen: dict[str, str] = {}
    for column in datasource.columns:
        folded = column.name.lower()
        if folded in seen and seen[folded] != column.name:
            message = f"columns `{seen[folded]}` and `{column.name}` differ only in case"
            hint = "the DuckDB engine cannot tell them apart: rename one"
            found.append(Diagnostic("EN101", message, column.span, hint=hint))
        seen.setdefault(folded, column.name)
        refusal = _refusal(column.type)
        if refusal is not None:
            found.append(Diagnostic("EN103", f"column `{column.name}`: {refusal}", column.span))
        if column.type.name == "SimpleAggregateFunction" and not _merges(column.type):
            message = f"the DuckDB engine cannot merge `{column.type}` of column `{column.name}`"
            known = ", ".join(f"`{name}`" for name in sorted(simple_functions()))
            found.append(Diagnostic("EN103", message, column.span, hint=f"it merges {known}"))
    if datasource.engine.sampling_key:
        message = "`ENGINE_SAMPLING_KEY` has no effect on this engine"
        span = datasource.engine.spans.get("sampling_key")
        found.append(Diagnostic("EN102", message, span, severity=Severity.WARNING))
    return found


def _refusal(t: DataType) -> str | None:
    """Why this engine has no place for values of `t`; None if it has."""
    from mini_tb.sql.functions.function import ArgumentError

    try:
        storage_type(t)
    except ArgumentError as error:
        return str(error)
    except KeyError:
        return f"the DuckDB engine cannot store `{t}`"
    return None


def _merges(t: DataType) -> bool:
    function = str(t.params[0])
    is_map = function.endswith("Map")
    return function in simple_functions() and (
        not is_map or t.types[0].is_map or t.types[0].is_tuple
    )
