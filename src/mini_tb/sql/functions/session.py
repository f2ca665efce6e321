"""What a query asks about the server: `version`, `timezone`, `currentDatabase`."""

from __future__ import annotations

from mini_tb.sql.functions.function import Function
from mini_tb.types import STRING, UINT32
from mini_tb.types.duckdb import quote_string

CLICKHOUSE_VERSION = "26.9.2.1"
"""The ClickHouse whose answers are given: clients choose their ways by it."""


def _constant(name: str, value: str, *aliases: str) -> Function:
    return Function(
        name, STRING, quote_string(value), args=(0, 0), aliases=aliases, any_case=True, exact=True
    )


ROWS = (
    _constant("version", CLICKHOUSE_VERSION),
    _constant("hostName", "localhost", "hostname", "fqdn", "fullHostName"),
    _constant("displayName", "mini-tb"),
    _constant("currentDatabase", "default", "database", "schema", "current_database"),
    _constant("currentUser", "default", "user", "current_user"),
    _constant("timeZone", "UTC", "timezone"),
    _constant("serverTimeZone", "UTC", "serverTimezone"),
    Function("uptime", UINT32, "0", args=(0, 0)),
)
