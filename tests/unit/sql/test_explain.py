"""What `explain_query` says of a query and of the nodes that it reads."""

from __future__ import annotations

from mini_tb.source import Fragment
from mini_tb.sql import Table, TableColumn, Tables, View, explain_query
from mini_tb.types import parse_type


def table(name: str, /, **columns: str) -> Table:
    return Table(
        name, f'"{name}"', tuple(TableColumn(n, parse_type(t)) for n, t in columns.items())
    )


EVENTS = table("events", day="Date", country="String", amount="Float64", tags="Array(String)")
USERS = table("users", id="UInt64", name="String")
TABLES = Tables({"events": EVENTS, "users": USERS})
PER_COUNTRY = View(
    "sales.per_country",
    Fragment("SELECT country, sum(amount) AS total FROM events GROUP BY country WITH ROLLUP"),
    TABLES,
)
TOP = View(
    "sales.top",
    Fragment("SELECT country, total FROM per_country ORDER BY total DESC LIMIT 1 BY country"),
    Tables({"per_country": PER_COUNTRY}),
)
CATALOG = Tables({"events": EVENTS, "users": USERS, "top": TOP, "per_country": PER_COUNTRY})


def test_nodes_come_after_those_they_read_and_the_query_last() -> None:
    sql = "SELECT t.country FROM top AS t JOIN per_country AS p USING (country)"
    explained = explain_query(sql, CATALOG)
    assert [one.name for one in explained] == ["sales.per_country", "sales.top", ""]
    assert explained[0].ch_sql == PER_COUNTRY.sql.text
    assert explained[-1].tables == ("events", "sales.per_country", "sales.top")


def test_columns_lead_back_to_stored_ones() -> None:
    sql = """
        SELECT country, total / 2 AS half, count() AS n, tag, u.name AS who
        FROM (SELECT country, amount AS total, tag FROM events ARRAY JOIN tags AS tag) AS e
        LEFT JOIN users AS u ON u.id = 1
        GROUP BY ALL
    """
    columns = explain_query(sql, CATALOG)[-1].columns
    assert {column.name: column.sources for column in columns} == {
        "country": (("events", "country"),),
        "half": (("events", "amount"),),
        "n": (),
        "tag": (("events", "tags"),),
        "who": (("users", "name"),),
    }
    assert [str(column.type) for column in columns] == [
        "String",
        "Float64",
        "UInt64",
        "String",
        "String",
    ]


def test_both_arms_of_a_union_give_a_column() -> None:
    sql = "SELECT country AS c FROM events UNION ALL SELECT name FROM users"
    (column,) = explain_query(sql, CATALOG)[-1].columns
    assert column.sources == (("events", "country"), ("users", "name"))


def test_notes_name_what_is_said_in_other_words() -> None:
    explained = {one.name: one.notes for one in explain_query("SELECT * FROM top", CATALOG)}
    assert explained["sales.per_country"] == (
        "keys missing from a grouping set are defaults, not NULL",
        "aggregates of no rows are 0, '' or nan, not NULL",
    )
    assert "LIMIT BY is a condition on `row_number()`" in explained["sales.top"]
    assert explained[""] == ()


def test_a_node_reads_others_by_their_names() -> None:
    explained = {one.name: one.duck_sql for one in explain_query("SELECT * FROM top", CATALOG)}
    assert 'FROM "events"' in explained["sales.per_country"]
    assert 'FROM "sales.per_country"' in explained["sales.top"]
    assert 'FROM "sales.top"' in explained[""]


def test_columns_of_nodes_lead_back_to_stored_ones() -> None:
    columns = explain_query("SELECT total AS t FROM top", CATALOG)[-1].columns
    assert columns[0].sources == (("events", "amount"),)


def test_a_recursive_cte_leads_to_nothing_stored() -> None:
    steps = "SELECT 1 AS x UNION ALL SELECT x + 1 FROM t WHERE x < 3"
    sql = f"WITH RECURSIVE t AS ({steps}) SELECT x FROM t"
    (explained,) = explain_query(sql, CATALOG)
    assert explained.columns[0].sources == ()
    assert explained.notes == ("WITH RECURSIVE has the types that hold all of its steps",)
