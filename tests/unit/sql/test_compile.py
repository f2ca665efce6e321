"""What `compile_query` promises beside the answers, which the conformance files check."""

from __future__ import annotations

import pytest

from mini_tb.diagnostics import UserError
from mini_tb.source import Fragment, SourceFile
from mini_tb.sql import Table, TableColumn, Tables, Value, View, compile_query
from mini_tb.sql.settings import setting_names
from mini_tb.types import parse_type

EVENTS = Table(
    "events",
    '"live"."events"',
    (TableColumn("day", parse_type("Date")), TableColumn("n", parse_type("UInt32"))),
    sampling_key="n",
)
TABLES = Tables({"events": EVENTS})


def refused(sql: str) -> tuple[str, str]:
    """The code of a query's error, and the text at its place."""
    with pytest.raises(UserError) as error:
        compile_query(Fragment.of(SourceFile("a.pipe", sql), 0, len(sql)), TABLES)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.span is not None
    return diagnostic.code, sql[diagnostic.span.start : diagnostic.span.end]


@pytest.mark.parametrize(
    ("sql", "code", "place"),
    [
        ("SELECT n, nothing FROM events", "NM201", "nothing"),
        ("SELECT 1 FROM nothing", "NM202", "nothing"),
        ("SELECT n FROM events WHERE sum(n) > 1", "SQ212", "sum(n)"),
        ("SELECT sum(n) AS s FROM events WHERE s > 1", "SQ212", "s"),
        ("SELECT sum(max(n)) FROM events", "SQ212", "max(n)"),
        ("SELECT day, n + 1, count() FROM events GROUP BY day", "SQ217", "n"),
        ("SELECT day FROM events GROUP BY day ORDER BY n", "SQ217", "n"),
        ("SELECT n AS a, day AS a FROM events", "SQ215", "day"),
        ("SELECT n FROM events LIMIT n", "SQ211", "n"),
        ("SELECT n FROM events ORDER BY 3", "SQ210", "3"),
        ("SELECT n FROM events WHERE day IN (SELECT 1, 2)", "SQ214", "day IN (SELECT 1, 2)"),
        ("SELECT * FROM file('/etc/passwd')", "SQ230", "file('/etc/passwd')"),
        ("SELECT * FROM read_csv('/etc/passwd')", "SQ230", "read_csv('/etc/passwd')"),
        ("SELECT * FROM duckdb_settings()", "SQ230", "duckdb_settings()"),
        ("SELECT * FROM duckdb_tables", "NM202", "duckdb_tables"),
        ("SELECT * FROM information_schema.tables", "NM202", "information_schema.tables"),
        ("SELECT read_text('/etc/passwd')", "SQ201", "read_text('/etc/passwd')"),
        ("SELECT getenv('HOME')", "SQ201", "getenv('HOME')"),
        ("SELECT n FROM events SETTINGS group_by_use_nulls = 1", "SQ225", None),
        ("SELECT n FROM events SETTINGS max_thread = 1", "SQ232", None),
        ("SELECT n FROM (SELECT n FROM events SETTINGS nope = 1)", "SQ232", None),
        ("SELECT n FROM events ORDER BY toString(n) COLLATE 'en'", "SQ226", None),
    ],
)
def test_errors_have_the_place(sql: str, code: str, place: str | None) -> None:
    found = refused(sql)
    assert found[0] == code
    assert place is None or found[1] == place


@pytest.mark.chdb
def test_the_settings_are_those_of_clickhouse() -> None:
    import chdb

    query = "SELECT DISTINCT name FROM system.settings"
    assert setting_names() == set(str(chdb.query(query, "TSV")).split())


def test_a_node_read_twice_stands_in_the_text_once() -> None:
    node = View("p.daily", Fragment("SELECT day, sum(n) AS s FROM events GROUP BY day"), TABLES)
    catalog = Tables({"daily": node})
    twice = compile_query("SELECT a.s, b.s FROM daily AS a JOIN daily AS b USING (day)", catalog)
    assert twice.duck_sql.count('"live"."events"') == 1
    assert twice.tables == {"events", "p.daily"}
    once = compile_query("SELECT s FROM daily", catalog)
    assert "WITH" not in once.duck_sql


def test_values_stay_bound() -> None:
    values = {"limit": Value("limit", "UInt8", 3, "3"), "n": Value("n", "UInt32", 7, "7")}
    sql = "SELECT n FROM events WHERE n > {n:UInt32} LIMIT {limit:UInt8}"
    compiled = compile_query(sql, TABLES, values=values)
    assert set(compiled.parameters.values()) == {("", "limit"), ("", "n")}
    assert not compiled.inlined
    assert compiled.has_limit


def test_final_by_setting() -> None:
    merged = Table("m", '"m"', EVENTS.columns, "ReplacingMergeTree", final="(merged)")
    catalog = Tables({"m": merged})
    assert "(merged)" in compile_query("SELECT n FROM m FINAL", catalog).duck_sql
    assert "(merged)" in compile_query("SELECT n FROM m SETTINGS final = 1", catalog).duck_sql
    assert "(merged)" not in compile_query("SELECT n FROM m", catalog).duck_sql


def test_sample_is_a_range_of_the_sampling_key() -> None:
    compiled = compile_query("SELECT n FROM events SAMPLE 1/4 OFFSET 1/2", TABLES)
    assert "2147483648" in compiled.duck_sql
    assert "3221225472" in compiled.duck_sql
    whole = compile_query("SELECT n FROM events SAMPLE 1", TABLES)
    assert "WHERE" not in whole.duck_sql


def test_sample_needs_a_sampling_key() -> None:
    plain = Tables({"events": Table("events", '"events"', EVENTS.columns)})
    with pytest.raises(UserError) as error:
        compile_query("SELECT n FROM events SAMPLE 0.1", plain)
    assert [found.code for found in error.value.diagnostics] == ["SQ227"]


def test_a_query_nested_too_deep_is_an_error() -> None:
    sql = "SELECT 1 AS x"
    for _ in range(400):
        sql = f"SELECT x FROM ({sql})"
    with pytest.raises(UserError) as error:
        compile_query(sql, TABLES)
    assert [found.code for found in error.value.diagnostics] == ["SQ003"]
