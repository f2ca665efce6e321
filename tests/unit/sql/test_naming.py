"""The names of columns without alias, as ClickHouse gives them."""

from __future__ import annotations

import pytest

from mini_tb.sql.naming import Namer, column_name, float_name
from mini_tb.sql.parser import parse_expression, parse_expressions

NAMES = {
    "1": "1",
    "-1": "-1",
    "0xFF": "255",
    "1_000": "1000",
    "18446744073709551616": "18446744073709552000.",
    "1.0": "1.",
    "1e10": "10000000000.",
    "-0.0": "-0.",
    "1e-6": "0.000001",
    "1.25e-7": "1.25e-7",
    "1e20": "100000000000000000000.",
    "1e21": "1e21",
    "1.7976931348623157e308": "1.7976931348623157e308",
    "123456789.125": "123456789.125",
    "NaN": "nan",
    "-INF": "-inf",
    "null": "NULL",
    "TRUE": "true",
    "'it''s'": r"'it\'s'",
    r"'a\n\t\r\0\b\f\\b'": r"'a\n\t\r\0\b\f\\b'",
    r"'100\%'": r"'100\\%'",
    "'é \" `'": "'é \" `'",
    "$$a'b$$": r"'a\'b'",
    "[1, 2.5]": "[1., 2.5]",
    "[[1], [2.5]]": "[[1.], [2.5]]",
    "[1.5, NULL]": "[1.5, NULL]",
    "[(1, 2.5), (2, 3)]": "[(1, 2.5), (2, 3)]",
    "[true, false]": "[1, 0]",
    "(1, true)": "(1, 1)",
    "tuple(1, true)": "(1, true)",
    "array(1, 2.5)": "[1, 2.5]",
    "[number, 2.5, 1]": "[number, 2.5, 1]",
    "(1,)": "(1)",
    "()": "()",
    "map('a', [1])['a'][1]": "arrayElement(arrayElement(map('a', [1]), 'a'), 1)",
    "number+1": "plus(number, 1)",
    "- number": "negate(number)",
    "numbers.number": "numbers.number",
    "COUNT(*)": "COUNT()",
    "Count(number)": "Count(number)",
    "COUNT(DISTINCT number)": "COUNTDistinct(number)",
    "sum(DISTINCT number) FILTER (WHERE number > 1)": "sumDistinctIf(number, greater(number, 1))",
    "quantileIf(0.5)(number, number > 1)": "quantileIf(0.5)(number, greater(number, 1))",
    "first_value(number) IGNORE NULLS": "first_value(number)",
    "groupConcat(number, ',')": "groupConcat(',')(number)",
    "sum(number) OVER ()": "sum(number) OVER ()",
    "sum(number) OVER w": "sum(number) OVER w",
    "sum(number) over (partition by number % 2 order by number)":
        "sum(number) OVER (PARTITION BY modulo(number, 2) ORDER BY number ASC)",
    "sum(number) OVER (ORDER BY number DESC NULLS LAST ROWS 1 PRECEDING)":
        "sum(number) OVER (ORDER BY number DESC NULLS LAST "
        "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "sum(number) OVER (ORDER BY number RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)":
        "sum(number) OVER (ORDER BY number ASC "
        "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    "arrayMap((x, y) -> x + y, [1], [2])":
        "arrayMap(lambda(tuple(x, y), plus(x, y)), [1], [2])",
    "number IN (1)": "in(number, 1)",
    "number IN (1, 2)": "in(number, (1, 2))",
    "number IN (SELECT 1)": "in(number, _subquery_1)",
    "number BETWEEN 1 AND 2": "and(greaterOrEquals(number, 1), lessOrEquals(number, 2))",
    "CASE number WHEN 1 THEN 'a' END": "caseWithExpression(number, 1, 'a', NULL)",
    "CAST(number AS Decimal(10,2))": "CAST(number, 'Decimal(10, 2)')",
    "1.50::Decimal(10,2)": "CAST('1.50', 'Decimal(10, 2)')",
    "[1 ,2]::Array(Int8)": "CAST('[1 ,2]', 'Array(Int8)')",
    "NULL::Nullable(Int8)": "CAST(NULL, 'Nullable(Int8)')",
    "now() - INTERVAL 1 DAY": "minus(now(), toIntervalDay(1))",
    "SUBSTRING('abc' FROM 2)": "substring('abc', 2)",
    "TRIM(' a')": "trimBoth(' a')",
    "LTRIM(' a')": "trimLeft(' a')",
    "Lower('A')": "Lower('A')",
    "DATE_TRUNC('day', now())": "DATE_TRUNC('day', now())",
    "plus(number AS k, k)": "plus(k, k)",
    "number + 1 AS x": "x",
}  # fmt: skip


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_names(text: str, name: str) -> None:
    assert column_name(parse_expression(text)) == name


@pytest.mark.chdb
def test_the_names_are_those_of_clickhouse() -> None:
    import json

    import chdb

    for text, name in NAMES.items():
        if text == "numbers.number":
            continue  # a qualifier that says nothing is dropped when the name is resolved
        query = f"SELECT {text} FROM numbers(1) AS numbers WINDOW w AS (ORDER BY number)"
        answer = json.loads(str(chdb.query(query, "JSONCompact")))
        assert answer["meta"][0]["name"] == name, text


def test_values_of_parameters_are_in_the_name() -> None:
    node = parse_expression("plus({a:Int32}, {b:String})")
    assert column_name(node) == "plus({a:Int32}, {b:String})"
    assert column_name(node, {"a": "5"}) == "plus(5, {b:String})"
    assert column_name(node, str.upper) == "plus(A, B)"


def test_names_can_be_those_of_resolved_columns() -> None:
    node = parse_expression("f(t.a, u.*)")
    assert column_name(node, names=lambda named: f"<{type(named).__name__}>") == "f(<Name>, <Star>)"


def test_subqueries_are_numbered_through_the_columns() -> None:
    columns = parse_expressions("(SELECT 1), (SELECT 2) + 1 AS x, (SELECT (SELECT 3)), (SELECT 4)")
    namer = Namer()
    assert [namer.column(node) for node in columns] == [
        "_subquery_1",
        "x",
        "_subquery_3",
        "_subquery_5",
    ]


@pytest.mark.parametrize("value", [0.1, 1 / 3, 5e-324, 123456.75, 1e15, 9.999e22, 2.0**63])
def test_digits_of_a_float_give_it_back(value: float) -> None:
    assert float(float_name(value)) == value
    assert float(float_name(-value)) == -value
