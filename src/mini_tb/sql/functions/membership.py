"""The left side of `x IN (SELECT …)`, read as a value of the right side's type."""

from __future__ import annotations

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_accurate import accurate
from mini_tb.types import DataType, to_duckdb


def as_element(sql: str, source: DataType, target: DataType) -> str:
    """DuckDB text of `sql` as a value that compares with a `target`; NULL if it is none.

    Raises `ArgumentError` if no `source` is a `target`.
    """
    s, t = source.bare, target.bare
    if s.is_nothing:
        return f"CAST(NULL AS {to_duckdb(t)})"
    if s == t or (s.is_number and t.is_number) or (s.is_string and t.is_string):
        return lower_cast(s, t, sql) if s.is_bytes != t.is_bytes else sql
    return accurate(s, t, sql)
