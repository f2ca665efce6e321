"""Queries: SELECT with its clauses, set operations, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_tb.diagnostics import UserError
from mini_tb.sql.lexer import tokenize
from mini_tb.sql.naming import column_name
from mini_tb.sql.parse_operand import NOT_ALIASES, NOT_OPERANDS
from mini_tb.sql.parse_special import SPECIAL
from mini_tb.sql.parser import OTHER_STATEMENTS, parse_statement
from mini_tb.sql.syntax import (
    ArrayJoin,
    Constant,
    Expression,
    Join,
    JoinTree,
    Query,
    Select,
    SetOperation,
    Subquery,
    TableFunction,
    TableName,
    TableQuery,
)


def select(text: str) -> Select:
    query = parse_statement(text).query
    assert isinstance(query, Select)
    return query


def forms(nodes: list[Expression]) -> list[str]:
    return [column_name(node) for node in nodes]


def source(text: str) -> JoinTree:
    tree = select(text).from_
    assert tree is not None
    return tree


def arms(query: Query) -> list[str]:
    """The constants that the arms of a set operation select, with the operators between."""
    if isinstance(query, Select):
        return forms(query.columns)
    return [*arms(query.left), query.operator, *arms(query.right)]


def test_every_clause_has_its_place() -> None:
    query = select(
        "WITH 1 AS one SELECT DISTINCT a, sum(b) AS s FROM t PREWHERE p WHERE w GROUP BY a "
        "WITH TOTALS HAVING s > 1 WINDOW win AS (ORDER BY a) QUALIFY q ORDER BY s DESC "
        "NULLS FIRST, a COLLATE 'en' LIMIT 2 BY a LIMIT 10 OFFSET 5 SETTINGS m = 1, x = 'y'"
    )
    assert forms(query.with_expressions) == ["one"] and query.distinct
    assert forms(query.columns) == ["a", "s"]
    assert query.prewhere is not None and column_name(query.prewhere) == "p"
    assert query.where is not None and column_name(query.where) == "w"
    assert forms(query.group_by) == ["a"] and query.with_totals
    assert query.having is not None and column_name(query.having) == "greater(s, 1)"
    assert list(query.windows) == ["win"]
    assert query.qualify is not None and column_name(query.qualify) == "q"
    first, second = query.order_by
    assert first.descending and first.nulls_first is True
    assert not second.descending and second.nulls_first is None and second.collate == "en"
    assert query.limit_by is not None and query.limit_by.expressions is not None
    assert forms(query.limit_by.expressions) == ["a"]
    assert isinstance(query.limit, Constant) and query.limit.value == 10
    assert isinstance(query.offset, Constant) and query.offset.value == 5
    assert query.settings == {"m": 1, "x": "y"}


@pytest.mark.parametrize(
    ("text", "limit", "offset"),
    [
        ("SELECT 1 LIMIT 3", 3, None),
        ("SELECT 1 LIMIT 2, 3", 3, 2),
        ("SELECT 1 LIMIT 3 OFFSET 2", 3, 2),
        ("SELECT 1 OFFSET 2", None, 2),
        ("SELECT 1 ORDER BY 1 OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY", 3, 2),
        ("SELECT 1 ORDER BY 1 FETCH NEXT 3 ROW WITH TIES", 3, None),
        ("SELECT TOP 3 a FROM t", 3, None),
        ("SELECT TOP (3) WITH TIES a FROM t ORDER BY a", 3, None),
        ("SELECT 1 LIMIT 5 OFFSET 6 BY a LIMIT 3", 3, None),
    ],
)
def test_limits(text: str, limit: int | None, offset: int | None) -> None:
    query = select(text)
    found = [
        node.value if isinstance(node, Constant) else None for node in (query.limit, query.offset)
    ]
    assert found == [limit, offset]
    assert query.with_ties == ("TIES" in text)


def test_limit_by() -> None:
    by = select("SELECT 1 LIMIT 5 OFFSET 6 BY a, b LIMIT 3").limit_by
    assert by is not None and isinstance(by.count, Constant) and isinstance(by.offset, Constant)
    assert (by.count.value, by.offset.value) == (5, 6)
    everything = select("SELECT 1 LIMIT 1 BY ALL").limit_by
    assert everything is not None and everything.expressions is None


def test_with_takes_tables_expressions_and_lambdas() -> None:
    query = select(
        "WITH 5, 1 AS one, x -> x + 1 AS inc, t AS (SELECT 2 AS b), u(c) AS (SELECT 3) "
        "SELECT inc(one) FROM t, u"
    )
    assert forms(query.with_expressions) == ["5", "one", "inc"]
    assert [(cte.name, cte.columns) for cte in query.ctes] == [("t", ()), ("u", ("c",))]
    scalar = select("WITH (SELECT 1) AS one SELECT one")
    assert isinstance(scalar.with_expressions[0], Subquery)
    recursive = select(
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t) SELECT n FROM t"
    )
    assert recursive.recursive and isinstance(recursive.ctes[0].query, SetOperation)


def test_with_of_the_first_arm_is_seen_by_the_others() -> None:
    query = parse_statement(
        "WITH 1 AS x, t AS (SELECT 2) SELECT x FROM t UNION ALL SELECT x FROM t "
        "UNION ALL (WITH 3 AS x SELECT x FROM t)"
    ).query
    assert isinstance(query, SetOperation) and isinstance(query.left, SetOperation)
    second, third = query.left.right, query.right
    assert isinstance(second, Select) and isinstance(third, Select)
    assert forms(second.with_expressions) == ["x"] and [cte.name for cte in second.ctes] == ["t"]
    (own,) = third.with_expressions
    assert isinstance(own, Constant) and own.value == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3", ["1", "UNION ALL", "2", "EXCEPT", "3"]),
        ("SELECT 1 UNION DISTINCT (SELECT 2)", ["1", "UNION DISTINCT", "2"]),
        ("((SELECT 1))", ["1"]),
    ],
)
def test_set_operations(text: str, expected: list[str]) -> None:
    assert arms(parse_statement(text).query) == expected


def test_intersect_binds_before_union() -> None:
    query = parse_statement("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3").query
    assert isinstance(query, SetOperation) and query.operator == "UNION ALL"
    assert isinstance(query.right, SetOperation) and query.right.operator == "INTERSECT"
    except_first = parse_statement("SELECT 1 EXCEPT SELECT 2 EXCEPT SELECT 3").query
    assert isinstance(except_first, SetOperation) and isinstance(except_first.left, SetOperation)


def test_hundreds_of_unions_make_a_flat_tree() -> None:
    query = parse_statement(" UNION ALL ".join(f"SELECT {n}" for n in range(1000))).query
    assert arms(query)[::2] == [str(n) for n in range(1000)]

    def depth(node: Query) -> int:
        if isinstance(node, Select):
            return 0
        return 1 + max(depth(node.left), depth(node.right))

    assert depth(query) == 10


@pytest.mark.parametrize(
    ("join", "kind", "strictness"),
    [
        ("JOIN u ON t.a = u.a", "INNER", None),
        ("INNER JOIN u USING a", "INNER", None),
        ("LEFT JOIN u USING (a, b)", "LEFT", None),
        ("LEFT OUTER JOIN u USING (a AS x)", "LEFT", None),
        ("ANY LEFT JOIN u USING a", "LEFT", "ANY"),
        ("LEFT ANY JOIN u USING a", "LEFT", "ANY"),
        ("INNER ANY JOIN u USING a", "INNER", "ANY"),
        ("ALL FULL OUTER JOIN u USING a", "FULL", "ALL"),
        ("ASOF LEFT JOIN u ON t.a = u.a AND t.b >= u.b", "LEFT", "ASOF"),
        ("LEFT ASOF JOIN u USING (a, b)", "LEFT", "ASOF"),
        ("LEFT SEMI JOIN u USING a", "LEFT", "SEMI"),
        ("ANTI RIGHT JOIN u USING a", "RIGHT", "ANTI"),
        ("GLOBAL LEFT JOIN u USING a", "LEFT", None),
        ("CROSS JOIN u", "CROSS", None),
        ("PASTE JOIN u", "PASTE", None),
        (", u", "COMMA", None),
    ],
)
def test_joins(join: str, kind: str, strictness: str | None) -> None:
    tree = source(f"SELECT 1 FROM t {join} WHERE c")
    (node,) = tree.rest
    assert isinstance(node, Join)
    assert (node.kind, node.strictness) == (kind, strictness)
    assert isinstance(node.table, TableName) and node.table.parts == ("u",)


def test_tables_of_every_sort() -> None:
    tree = source(
        "SELECT 1 FROM db.t AS a FINAL SAMPLE 1/10 OFFSET 1/2 LEFT ARRAY JOIN x AS y, z "
        "JOIN (SELECT 1 AS k) s(j) USING k CROSS JOIN numbers(1, 2) n, (u JOIN v USING k), "
        "view(SELECT 1), (VALUES (1, 'a'), (2, 'b')) AS w(p, q)"
    )
    first = tree.first
    assert isinstance(first, TableName) and first.parts == ("db", "t")
    assert first.alias == "a" and first.final and first.sample is not None
    arrays, query, function, nested, view, values = tree.rest
    assert isinstance(arrays, ArrayJoin) and arrays.left and forms(arrays.expressions) == ["y", "z"]
    assert isinstance(query, Join) and isinstance(query.table, TableQuery)
    assert query.table.alias == "s" and query.table.columns == ("j",)
    assert isinstance(function, Join) and isinstance(function.table, TableFunction)
    assert function.table.alias == "n" and len(function.table.args) == 2
    assert isinstance(nested, Join) and isinstance(nested.table, JoinTree)
    assert isinstance(view, Join) and isinstance(view.table, TableFunction)
    assert isinstance(view.table.args[0], Select)
    assert isinstance(values, Join) and isinstance(values.table, TableFunction)
    assert values.table.name == "values" and values.table.columns == ("p", "q")


def test_from_can_come_first() -> None:
    query = select("FROM t SELECT a WHERE b")
    assert forms(query.columns) == ["a"] and query.from_ is not None and query.where is not None
    assert forms(select("FROM t").columns) == ["*"]


@pytest.mark.parametrize(
    ("clause", "grouping", "columns"),
    [
        ("GROUP BY a, b", None, ["a", "b"]),
        ("GROUP BY ROLLUP(a, b)", "ROLLUP", ["a", "b"]),
        ("GROUP BY CUBE(a)", "CUBE", ["a"]),
        ("GROUP BY a WITH ROLLUP", "ROLLUP", ["a"]),
        ("GROUP BY a WITH CUBE WITH TOTALS", "CUBE", ["a"]),
        ("GROUP BY a AS k, rollup", None, ["k", "rollup"]),
    ],
)
def test_grouping(clause: str, grouping: str | None, columns: list[str]) -> None:
    query = select(f"SELECT 1 FROM t {clause}")
    assert query.grouping == grouping and forms(query.group_by) == columns
    assert query.with_totals == ("TOTALS" in clause)


def test_grouping_sets_and_all() -> None:
    sets = select("SELECT 1 FROM t GROUP BY GROUPING SETS ((a, b), a, ())").grouping_sets
    assert sets is not None and [forms(one) for one in sets] == [["a", "b"], ["a"], []]
    assert select("SELECT 1 FROM t GROUP BY ALL").group_by_all
    ordered = select("SELECT 1 FROM t ORDER BY ALL DESC")
    assert ordered.order_by_all and ordered.order_by[0].descending


def test_fill_and_interpolate() -> None:
    query = select(
        "SELECT 1 FROM t ORDER BY a WITH FILL FROM 1 TO 10 STEP INTERVAL 1 DAY STALENESS 3, b "
        "INTERPOLATE (c AS c + 1, d)"
    )
    fill = query.order_by[0].fill
    assert fill is not None and None not in (fill.from_, fill.to, fill.step, fill.staleness)
    assert query.order_by[1].fill is None and query.interpolate is not None
    (c, value), (d, nothing) = query.interpolate
    assert (c, d, nothing) == ("c", "d", None) and value is not None
    assert select("SELECT 1 ORDER BY a WITH FILL INTERPOLATE").interpolate == []


def test_names_that_are_words_elsewhere() -> None:
    query = select(
        "SELECT count() c, key values, 1 date, x AS group, y end, format, offset FROM t table "
        "ORDER BY date, values"
    )
    assert [node.alias for node in query.columns[:5]] == ["c", "values", "date", "group", "end"]
    assert query.from_ is not None and isinstance(query.from_.first, TableName)
    assert query.from_.first.alias == "table"


def test_keywords_that_are_columns() -> None:
    query = select(
        "SELECT format, limit, CASE WHEN on THEN mod ELSE in END FROM t WHERE offset > 1 AND group "
        "GROUP BY format, order ORDER BY limit DESC, offset NULLS LAST, format LIMIT 1"
    )
    assert forms(query.columns) == ["format", "limit", "multiIf(on, mod, in)"]
    assert forms(query.group_by) == ["format", "order"]
    assert forms([item.expression for item in query.order_by]) == ["limit", "offset", "format"]


def test_a_comma_may_stand_before_from() -> None:
    assert forms(select("SELECT a, b, FROM t").columns) == ["a", "b"]


def test_distinct_on_and_except() -> None:
    query = select("SELECT DISTINCT ON (a, b) c FROM t")
    assert forms(query.distinct_on) == ["a", "b"] and not query.distinct
    both = parse_statement("SELECT * EXCEPT (a) FROM t EXCEPT SELECT 1").query
    assert isinstance(both, SetOperation) and both.operator == "EXCEPT"


def test_parentheses_around_queries_and_operands() -> None:
    (column,) = select("SELECT ((SELECT 1) + 1) * 2").columns
    assert column_name(column) == "multiply(plus(_subquery_1, 1), 2)"
    (nested,) = select("SELECT (((SELECT 1) UNION ALL (SELECT 2)))").columns
    assert isinstance(nested, Subquery) and isinstance(nested.query, SetOperation)


def test_what_follows_the_query() -> None:
    statement = parse_statement("SELECT 1 LIMIT 1 FORMAT JSON SETTINGS a = 1.5, b = true; -- end")
    assert statement.format == "JSON" and statement.settings == {"a": 1.5, "b": True}


def test_comments_and_odd_blanks() -> None:
    text = "#!/usr/bin\n/* a /* b */ c */ SELECT\u00a01 -- one\n, 2 # two\n"
    assert forms(select(text).columns) == ["1", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (1)",
        "create table t (a Int8)",
        "DROP TABLE t",
        "ALTER TABLE t DELETE WHERE 1",
        "SET a = 1",
        "EXPLAIN SELECT 1",
        "DESCRIBE TABLE t",
        "SHOW TABLES",
        "SELECT 1; SELECT 2",
        "SELECT 1 INTO OUTFILE 'x'",
    ],
)
def test_only_one_select_can_run(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_statement(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SQ002" and diagnostic.hint == "only one `SELECT` can run here"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected `SELECT`, found the end of the query"),
        ("SELEC 1", "expected `SELECT`, found `SELEC`"),
        ("SELECT FROM t", "expected an expression, found `FROM`"),
        ("SELECT a FROM", "expected a table, found the end of the query"),
        ("SELECT a FROM t WHERE GROUP BY a", "expected an expression, found `GROUP`"),
        ("SELECT a FROM t WHERE b AND LIMIT 10", "expected an expression, found `LIMIT`"),
        ("SELECT a FROM t WHERE", "expected an expression, found the end of the query"),
        ("SELECT a FROM t WHERE a = 1 AND", "expected an expression, found the end of the query"),
        ("SELECT a FROM t JOIN u", "expected `ON` or `USING`, found the end of the query"),
        ("SELECT a FROM (SELECT 1", "expected `)`, found the end of the query"),
        ("SELECT 1 UNION SELECT 2", "expected `ALL` or `DISTINCT` after `UNION`"),
        ("SELECT 1 LIMIT 1 LIMIT 2", "there are two `LIMIT`s"),
        ("SELECT a 'b'", "unexpected `'b'`"),
        ("SELECT a FROM t t2 t3", "unexpected `t3`"),
        ("WITH a AS (SELECT 1)", "expected `SELECT`, found the end of the query"),
    ],
)
def test_wrong_syntax(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_statement(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SQ001" and message in diagnostic.message
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 3000 + "1" + ")" * 3000,
        "SELECT * FROM " + "(SELECT * FROM " * 500 + "t" + ")" * 500,
        "SELECT " + "f(" * 500,
        "SELECT " + "NOT " * 3000 + "1",
        "SELECT " + "+".join("1" * 3000),
        "SELECT 1" + " EXCEPT SELECT 1" * 500,
        "SELECT " + "interval(" * 200,
    ],
)
def test_nesting_is_bounded(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_statement(text)
    assert caught.value.diagnostics[0].code == "SQ003"


def test_long_lists_and_chains_are_not_deep() -> None:
    query = select(
        "SELECT "
        + ", ".join(f"a{n}" for n in range(2000))
        + " WHERE "
        + " OR ".join(["a = 1"] * 2000)
    )
    assert len(query.columns) == 2000


def test_words_that_may_be_keywords_are_tried_once() -> None:
    # Stepping back from each of these again and again would take 2ⁿ steps.
    text = "SELECT " + "interval(" * 45 + "1" + ")" * 45
    assert column_name(select(text).columns[0]) == "interval(" * 45 + "1" + ")" * 45


WORDS = st.sampled_from(
    [
        *sorted(NOT_ALIASES | NOT_OPERANDS | SPECIAL.keys() | OTHER_STATEMENTS),
        *("SELECT", "BY", "DAY", "OVER", "a", "b", "t", "f", "1", "2.5", "'x'", "`q`", "x'41'"),
        *("FILL", "TOP", "INTERPOLATE", "ARRAY", "VALUES", "{p:Int8}", "$$h$$", "é", "!", "\\"),
        *"()[]{},.;:?+-*/=<>",
        *("::", "->", "||", "/*", "*/", "--", "#", "(", ")", ",", "SELECT"),
    ]
)


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_no_text_crashes_the_parser(text: str) -> None:
    try:
        parse_statement("SELECT " + text)
    except UserError as error:
        assert error.diagnostics[0].code in ("SQ001", "SQ002", "SQ003", "SQ004")


@settings(max_examples=200)
@given(st.text(alphabet="ab1.e'\"`\\$-+/*#! \n(){}[]<>=|:;_xé", max_size=40))
def test_tokens_and_blanks_are_all_of_the_text(text: str) -> None:
    try:
        tokens = tokenize(text)
    except UserError:
        return
    position = 0
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        gap = text[position:start]
        assert gap.strip() == "" or gap.lstrip().startswith(("--", "/*", "# ", "#!"))
        assert position <= start <= end
        position = end
    assert position == len(text)
