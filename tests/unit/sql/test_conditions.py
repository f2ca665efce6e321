"""Conditions reach the engine as conditions: it can join by hash and skip rows by them."""

from __future__ import annotations

import re

import duckdb
import pytest

from mini_tb.sql import Table, TableColumn, Tables, Value, compile_query
from mini_tb.sql.duckdb.udf import register
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


@pytest.mark.parametrize(
    "condition",
    [
        "t >= '2025-01-02 00:00:00'",
        "t >= '2025-01-02T00:00:00Z'",
        "d >= '2025-01-02'",
        "n != 0 AND t >= '2025-01-02 00:00:00'",
        "intDiv(10, n) > 1 AND t >= '2025-01-02 00:00:00'",
        "n % 7 = 3 AND t >= '2025-01-02 00:00:00'",
        "t >= {second:String}",
        "t >= {day:String}",
        "t >= {iso:String}",
        "d >= {day:String}",
        "t >= toDateTime({second:String})",
        "s >= {moment:String}",
    ],
)
def test_a_time_that_is_known_finds_rows_in_the_scan(condition: str) -> None:
    types = {"n": "Int32", "t": "DateTime", "d": "Date", "s": "DateTime64(3)"}
    texts = {
        "day": "2025-01-02",
        "second": "2025-01-02 00:00:00",
        "moment": "2025-01-02 00:00:00.000",
        "iso": "2025-01-02T00:00:00Z",
    }
    values = {name: Value(name, "String", text, text) for name, text in texts.items()}
    columns = tuple(TableColumn(name, parse_type(text)) for name, text in types.items())
    catalog = Tables({"rows": Table("rows", '"rows"', columns)})
    query = f"SELECT count() FROM rows WHERE {condition}"
    compiled = compile_query(query, catalog, values=values)
    with duckdb.connect() as connection:
        register(connection)
        connection.execute(
            "CREATE TABLE rows AS SELECT i::INTEGER AS n, t, t::DATE AS d, t AS s FROM (SELECT i,"
            " TIMESTAMP '2025-01-01' + INTERVAL 1 HOUR * i AS t FROM range(1, 1000) AS r(i))"
        )
        given = {duck: texts[name] for duck, (_, name) in compiled.parameters.items()}
        ((_, plan),) = connection.execute(f"EXPLAIN {compiled.duck_sql}", given).fetchall()
    scan = plan[plan.index("Filters:") :]
    assert re.search(r"\b[tds] >= '2025-01-02", scan), plan


@pytest.mark.parametrize(
    ("columns", "is_chosen_first"),
    [
        ("v, JSONExtractString(k, 'a', 'b') AS b, JSONExtract(k, 'c', 'Array(UInt8)') AS c", True),
        ("v, upper(k) AS b", False),
        ("v, JSONExtractString(k, 'a') AS b, row_number() OVER (ORDER BY v) AS n", False),
    ],
)
def test_much_work_is_done_of_the_rows_that_are_left(columns: str, is_chosen_first: bool) -> None:
    compiled = compile_query(f"SELECT {columns} FROM a ORDER BY v DESC LIMIT 2", CATALOG)
    with duckdb.connect() as connection:
        register(connection)
        connection.execute("CREATE TABLE a AS SELECT '{}' AS k, i AS v FROM range(9) r(i)")
        assert [v for v, *_ in connection.execute(compiled.duck_sql).fetchall()] == [8, 7]
    assert ("LIMIT CAST(2 AS UTINYINT)) AS c1" in compiled.duck_sql) is is_chosen_first
