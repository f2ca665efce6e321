"""Conditions reach the engine as conditions: it can join by hash and skip rows by them."""

from __future__ import annotations

import pytest

from mini_tb.sql import Table, TableColumn, Tables, compile_query
from mini_tb.types import parse_type

COLUMNS = (TableColumn("k", parse_type("String")), TableColumn("v", parse_type("Int64")))
CATALOG = Tables({name: Table(name, f'"{name}"', COLUMNS) for name in ("a", "b")})


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        (
            "SELECT 1 FROM a INNER JOIN b ON a.k = b.k AND a.v = b.v",
            '((((t1."k" = t2."k")) AND ((t1."v" = t2."v"))))',
        ),
        ("SELECT 1 FROM a WHERE k = 'x' AND (v = 1 OR NOT v = 2)", None),
        ("SELECT 1 FROM a PREWHERE v > 3 WHERE v < 9", None),
    ],
)
def test_no_condition_is_hidden_in_a_number(query: str, condition: str | None) -> None:
    duck_sql = compile_query(query, CATALOG).duck_sql
    _, _, conditions = duck_sql.partition(" FROM ")
    assert "<> 0" not in conditions
    assert condition is None or f"ON {condition}" in conditions
