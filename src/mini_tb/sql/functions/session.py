"""What a query asks about the server and itself: `version`, `timezone`, `currentDatabase`."""

from __future__ import annotations

from mini_tb.sql.functions.function import Function
from mini_tb.types import STRING, UINT32
from mini_tb.types.duckdb import quote_string

CLICKHOUSE = "25.8.1.1"
"""The version of ClickHouse that clients take this for: they choose their ways by it."""


def _constant(name: str, text: str, *aliases: str) -> Function:
    return Function(name, STRING, quote_string(text), args=(0, 0), aliases=aliases, any_case=True)


ROWS = (
    _constant("version", CLICKHOUSE),
    _constant("timezone", "UTC", "serverTimezone"),
    _constant("currentDatabase", "default", "database", "schema"),
    _constant("currentUser", "default", "user"),
    _constant("hostName", "localhost", "hostname"),
    _constant("displayName", "mini-tb"),
    Function("uptime", UINT32, "0", args=(0, 0)),
)
