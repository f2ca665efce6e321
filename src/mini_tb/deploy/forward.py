"""FORWARD_QUERY: how the rows of a data source become rows of its next version.

It reads the live data source, so most of what may be wrong with it shows only beside the live
project: `check_forward_query` is for plans. What is wrong whatever is live, builds say too.
"""

from __future__ import annotations

from mini_tb.deploy.materialize import check_columns
from mini_tb.deploy.names import ProjectCatalog, StoredTables
from mini_tb.diagnostics import Diagnostic, UserError
from mini_tb.project import Datasource
from mini_tb.source import Fragment
from mini_tb.sql import Compiled

_CERTAIN = frozenset(
    {"NM202", "SQ001", "SQ002", "SQ003", "SQ004", "SQ201", "SQ202", "SQ203", "SQ230", "SQ231"}
)
"""What is wrong with SQL whatever the columns of the live data source are."""


def forward_query(old: Datasource, new: Datasource) -> Fragment:
    """The query that turns the live rows into the new ones: FORWARD_QUERY over the live data
    source, whose FROM it need not say, or the rows as they are. Raises `UserError` for syntax."""
    from mini_tb.sql.parser import parse_statement
    from mini_tb.sql.syntax import Select

    if new.forward_query is None:
        return Fragment(f"SELECT * FROM `{old.name}`")
    query = parse_statement(new.forward_query).query
    if isinstance(query, Select) and query.from_ is None:
        given = new.forward_query
        return Fragment(f"{given.text}\nFROM `{old.name}`", given.file, given.pieces)
    return new.forward_query


def compile_forward_query(tables: StoredTables, old: Datasource, new: Datasource) -> Compiled:
    """The query compiled over the live tables. Raises `UserError`."""
    from mini_tb.sql import compile_query

    return compile_query(forward_query(old, new), ProjectCatalog(tables))


def check_forward_query(
    live: StoredTables, old: Datasource, new: Datasource
) -> tuple[Diagnostic, ...]:
    """What is wrong with FORWARD_QUERY over what is live. Columns that it gives too many or too
    few, and conversions that may fail for a row, are warnings."""
    given = new.forward_query
    if given is None:
        return ()
    try:
        compiled = compile_forward_query(live, old, new)
    except UserError as error:
        return error.diagnostics
    span = given.span(0, len(given.text))
    return tuple(check_columns(compiled, new, span, "FORWARD_QUERY", is_conversion=True))


def check_without_live(tables: StoredTables, datasource: Datasource) -> tuple[Diagnostic, ...]:
    """What is wrong with a data source's FORWARD_QUERY whatever is live."""
    if datasource.forward_query is None:
        return ()
    try:
        compile_forward_query(tables, datasource, datasource)
    except UserError as error:
        return tuple(d for d in error.diagnostics if d.code in _CERTAIN)
    return ()
