"""Expressions: what operators and special forms become, and how strongly they bind."""

from __future__ import annotations

import pytest

from mini_tb.diagnostics import UserError
from mini_tb.sql.naming import column_name
from mini_tb.sql.parser import parse_expression, parse_expressions
from mini_tb.sql.syntax import Call, Constant, Lambda, Name, Parameter, Star, Subquery


def form(text: str) -> str:
    """The canonical form of an expression: operators as calls, in one line."""
    return column_name(parse_expression(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c - d", "minus(plus(a, multiply(b, c)), d)"),
        ("(a + b) * c", "multiply(plus(a, b), c)"),
        ("a - b - c", "minus(minus(a, b), c)"),
        ("a % 2 = 0", "equals(modulo(a, 2), 0)"),
        ("a MOD b DIV c", "intDiv(modulo(a, b), c)"),
        ("a = b OR c = d AND e", "or(equals(a, b), and(equals(c, d), e))"),
        ("a AND b AND c", "and(a, b, c)"),
        ("(a AND b) AND c", "and(and(a, b), c)"),
        ("a || b || c", "concat(a, b, c)"),
        ("a || b = c || d", "equals(concat(a, b), concat(c, d))"),
        ("NOT a = b", "not(equals(a, b))"),
        ("NOT a AND b", "and(not(a), b)"),
        ("not(a) + 1", "not(plus(a, 1))"),
        ("NOT a IS NULL", "not(isNull(a))"),
        ("a = b IS NULL", "isNull(equals(a, b))"),
        ("a IS NULL = b", "equals(isNull(a), b)"),
        ("a IS NOT NULL", "isNotNull(a)"),
        ("a IS NOT DISTINCT FROM b", "isNotDistinctFrom(a, b)"),
        ("a <=> b", "isNotDistinctFrom(a, b)"),
        ("a IS NOT TRUE", "isDistinctFrom(a, true)"),
        ("a < b < c", "less(less(a, b), c)"),
        ("a == b AND c <> d", "and(equals(a, b), notEquals(c, d))"),
        ("a BETWEEN 1 AND 2 AND b", "and(and(greaterOrEquals(a, 1), lessOrEquals(a, 2)), b)"),
        ("a NOT BETWEEN 1 AND 1 + 1", "or(less(a, 1), greater(a, plus(1, 1)))"),
        ("a LIKE 'x%' OR a NOT ILIKE 'y'", "or(like(a, 'x%'), notILike(a, 'y'))"),
        ("a REGEXP 'x' AND b !~ 'y'", "and(match(a, 'x'), notMatch(b, 'y'))"),
        ("a IN (1, 2) = b", "equals(in(a, (1, 2)), b)"),
        ("a NOT IN (1) AND NOT b IN (2,)", "and(notIn(a, 1), not(in(b, (2))))"),
        ("(a, b) IN ((1, 2), (3, 4))", "in((a, b), ((1, 2), (3, 4)))"),
        ("a GLOBAL NOT IN t", "globalNotIn(a, t)"),
        ("a ? b : c ? d : e", "if(a, b, if(c, d, e))"),
        ("a OR b ? c : d AND e", "if(or(a, b), c, and(d, e))"),
        ("-a.1", "negate(tupleElement(a, 1))"),
        ("- -1", "negate(-1)"),
        ("-(1)", "negate(1)"),
        ("a -1", "minus(a, 1)"),
        ("1 - -1", "minus(1, -1)"),
        ("+a", "a"),
        ("-inf", "-inf"),
        ("a.1.2", "tupleElement(tupleElement(a, 1), 2)"),
        ("a[1][2].1", "tupleElement(arrayElement(arrayElement(a, 1), 2), 1)"),
        ("m['k'].name", "tupleElement(arrayElement(m, 'k'), 'name')"),
        ("f(a).b.1", "tupleElement(tupleElement(f(a), 'b'), 1)"),
        ("(1, (2, 3)).2.1", "tupleElement(tupleElement((1, (2, 3)), 2), 1)"),
        ("t.a.b", "t.a.b"),
        ('`odd name`."x""y"', 'odd name.x"y'),
        ("{'a': 1, 'b': c}", "map('a', 1, 'b', c)"),
        ("[a, [1]]", "[a, [1]]"),
        ("()", "()"),
        ("(a,)", "(a)"),
    ],
)
def test_operators(text: str, expected: str) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END", "multiIf(a, 1, b, 2, 3)"),
        ("CASE WHEN a THEN 1 END", "multiIf(a, 1, NULL)"),
        ("CASE a WHEN 1 THEN 'x' END || 'y'", "concat(caseWithExpression(a, 1, 'x', NULL), 'y')"),
        ("CAST(a AS Nullable(Decimal(10,2)))", "CAST(a, 'Nullable(Decimal(10, 2))')"),
        ("CAST(a, 'Int8')", "CAST(a, 'Int8')"),
        ("CAST(a AS b AS Int8)", "CAST(b, 'Int8')"),
        ("a::Int8::String", "CAST(CAST(a, 'Int8'), 'String')"),
        ("-1::Int8", "CAST('-1', 'Int8')"),
        ("-a::Int8", "negate(CAST(a, 'Int8'))"),
        ("1.50::Decimal(10,3)", "CAST('1.50', 'Decimal(10, 3)')"),
        ("[1 , 2]::Array(UInt8)", "CAST('[1 , 2]', 'Array(UInt8)')"),
        ("[1, NULL]::Array(Nullable(Int8))", "CAST([1, NULL], 'Array(Nullable(Int8))')"),
        ("a::DateTime64(3,'UTC')", "CAST(a, 'DateTime64(3, \\'UTC\\')')"),
        ("a::Enum8('x'=1,'y'=-2)", "CAST(a, 'Enum8(\\'x\\' = 1, \\'y\\' = -2)')"),
        ("a::double precision", "CAST(a, 'DOUBLE PRECISION')"),
        ("DATE '2024-01-01'", "toDate('2024-01-01')"),
        ("timestamp '2024-01-01 00:00:00'", "toDateTime('2024-01-01 00:00:00')"),
        ("a - INTERVAL 1 DAY", "minus(a, toIntervalDay(1))"),
        ("INTERVAL '1 day'", "toIntervalDay(1)"),
        ("INTERVAL '2 hours'", "toIntervalHour(2)"),
        ("INTERVAL '1 day 2 hours'", "(toIntervalDay(1), toIntervalHour(2))"),
        ("INTERVAL '1' MONTH", "toIntervalMonth('1')"),
        ("INTERVAL a + 1 week", "toIntervalWeek(plus(a, 1))"),
        ("interval toInt32('7') day", "toIntervalDay(toInt32('7'))"),
        ("interval {p:Int32} day", "toIntervalDay({p:Int32})"),
        ("interval + 1", "plus(interval, 1)"),
        ("interval(a) + 1", "plus(interval(a), 1)"),
        ("EXTRACT(YEAR FROM a)", "toYear(a)"),
        ("extract(dow FROM a)", "toDayOfWeek(a, 2)"),
        ("extract(a, 'x')", "extract(a, 'x')"),
        ("TRIM(BOTH 'x' FROM a)", "trimBoth(a, 'x')"),
        ("LTRIM(a)", "trimLeft(a)"),
        ("SUBSTRING(a FROM 2 FOR 3)", "substring(a, 2, 3)"),
        ("POSITION('a' IN b)", "position(b, 'a')"),
        ("Position(b, 'a')", "position(b, 'a')"),
        ("DATE_ADD(DAY, 1, a)", "plus(a, toIntervalDay(1))"),
        ("date_add(a, INTERVAL 1 DAY)", "plus(a, toIntervalDay(1))"),
        ("timestamp_sub(HOUR, n, a)", "minus(a, toIntervalHour(n))"),
        ("DATEDIFF(week, a, b)", "dateDiff('week', a, b)"),
        ("date_diff('DAY', a, b, 'UTC')", "dateDiff('DAY', a, b, 'UTC')"),
        ("groupConcat(a, ', ')", "groupConcat(', ')(a)"),
        ("arrayMap(x -> x + 1, a)", "arrayMap(lambda(tuple(x), plus(x, 1)), a)"),
        ("arrayMap((x, y) -> (x, y), a, b)", "arrayMap(lambda(tuple(x, y), (x, y)), a, b)"),
        ("arrayFold(acc, x -> acc + x, a, 0)",
         "arrayFold(lambda(tuple(acc, x), plus(acc, x)), a, 0)"),
        ("arrayFilter((i, x) -> x LIKE '%a%' AND i, a, b)",
         "arrayFilter(lambda(tuple(i, x), and(like(x, '%a%'), i)), a, b)"),
        ("quantile(0.9)(a)", "quantile(0.9)(a)"),
        ("approx_top_k(2)(a)", "approx_top_k(2)(a)"),
        ("date", "date"),
        ("case + 1", "plus(case, 1)"),
        ("left(a, 1) || format('{}', b)", "concat(left(a, 1), format('{}', b))"),
        ("mod(a, 2) + any(b)", "plus(mod(a, 2), any(b))"),
    ],
)  # fmt: skip
def test_forms_with_words(text: str, expected: str) -> None:
    assert form(text) == expected


def test_arguments_and_suffixes_of_a_call() -> None:
    call = parse_expression(
        "sumIf(DISTINCT a AS x, b) FILTER (WHERE c > 1) IGNORE NULLS "
        "OVER (w PARTITION BY d ORDER BY e DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
    )
    assert isinstance(call, Call)
    assert call.distinct and call.args[0].alias == "x"
    assert call.filter is not None and column_name(call.filter) == "greater(c, 1)"
    assert call.null_treatment == "IGNORE NULLS"
    window = call.over
    assert window is not None and not isinstance(window, str)
    assert window.base == "w" and window.order_by[0].descending
    assert window.frame is not None and window.frame.unit == "ROWS"
    kind, offset = window.frame.first
    assert kind == "PRECEDING" and isinstance(offset, Constant) and offset.value == 1
    assert window.frame.last == ("CURRENT ROW", None)


def test_count_of_everything_has_no_arguments() -> None:
    call = parse_expression("COUNT(*)")
    assert isinstance(call, Call) and call.name == "COUNT" and call.args == []
    several = parse_expression("count(DISTINCT a, b)")
    assert isinstance(several, Call) and several.distinct and len(several.args) == 2
    both = parse_expression("countIf(*, a)")
    assert isinstance(both, Call) and [column_name(arg) for arg in both.args] == ["a"]
    other = parse_expression("cityHash64(*)")
    assert isinstance(other, Call) and isinstance(other.args[0], Star)


@pytest.mark.parametrize(
    ("text", "aggregate", "function"),
    [
        ("a = ANY (SELECT 1)", None, "in"),
        ("a <> ALL (SELECT 1)", None, "notIn"),
        ("a > ANY (SELECT 1)", "min", "greater"),
        ("a >= ALL (SELECT 1)", "max", "greaterOrEquals"),
        ("a < SOME (SELECT 1)", "max", "less"),
        ("a <= ALL (SELECT 1)", "min", "lessOrEquals"),
        ("a = ALL (SELECT 1)", "singleValueOrNull", "in"),
    ],
)
def test_comparison_with_all_rows_of_a_query(
    text: str, aggregate: str | None, function: str
) -> None:
    call = parse_expression(text)
    assert isinstance(call, Call) and call.name == function
    right = call.args[1]
    assert isinstance(right, Subquery)
    column = right.query.columns[0]  # type: ignore[union-attr]  # the queries are SELECTs
    if aggregate is None:
        assert isinstance(column, Constant)
    else:
        assert isinstance(column, Call) and column.name == aggregate


def test_parameters_keep_their_type() -> None:
    node = parse_expression("{ids:Array(Tuple(UInt8, DateTime64(3, 'UTC')))}")
    assert isinstance(node, Parameter)
    assert (node.name, node.type) == ("ids", "Array(Tuple(UInt8, DateTime64(3, 'UTC')))")


def test_stars_and_their_transformers() -> None:
    star = parse_expression("t.* EXCEPT (a, b) REPLACE (c + 1 AS c) APPLY(quantile(0.5)) APPLY sum")
    assert isinstance(star, Star) and star.qualifier == ("t",)
    kinds = [kind for kind, _, _ in star.transformers]
    assert kinds == ["EXCEPT", "REPLACE", "APPLY", "APPLY"]
    assert star.transformers[0][1] == ["a", "b"]
    name, value = star.transformers[1][1][0]
    assert name == "c" and column_name(value) == "plus(c, 1)"
    assert star.transformers[2][1] == "quantile" and star.transformers[2][2][0].value == 0.5
    assert star.transformers[3][1:] == ("sum", None)
    pattern = parse_expression("COLUMNS('^a') APPLY(x -> x * 2)")
    assert isinstance(pattern, Star) and pattern.pattern == "^a"
    assert isinstance(pattern.transformers[0][1], Lambda)
    named = parse_expression("u.COLUMNS(a, b) EXCEPT a")
    assert isinstance(named, Star) and named.columns == ("a", "b") and named.qualifier == ("u",)


def test_json_paths_are_parts_of_the_name() -> None:
    node = parse_expression("j.a.:Int64")
    assert isinstance(node, Name) and node.parts == ("j", "a", ":`Int64`")


def test_aliases_anywhere() -> None:
    node = parse_expression("f(a AS x, [b AS y], (c AS z) + z) AS w")
    assert node.alias == "w"
    assert (
        column_name(parse_expression("f(a AS x, [b AS y], (c AS z) + z)"))
        == "f(x, [y], plus(z, z))"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", 1000),
        ("0xFF", 255),
        ("0b101", 5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("0x1p3", 8.0),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", float(2**64)),
        ("-9223372036854775808", -(2**63)),
        ("-9223372036854775809", float(-(2**63) - 1)),
        ("NULL", None),
        ("True", True),
        ("'it''s'", "it's"),
        (r"'a\tb\\c\'d\x41\0'", "a\tb\\c'dA\0"),
        (r"'100\% \_ \d'", r"100\% \_ \d"),
        (r"'\xC3\xA9'", "é"),
        ("x'4142'", "AB"),
        ("$$it's$$", "it's"),
        ("$tag$ $$ $tag$", " $$ "),
    ],
)
def test_literals(text: str, value: object) -> None:
    node = parse_expression(text)
    assert isinstance(node, Constant)
    assert node.value == value and type(node.value) is type(value)
    assert node.text == text


def test_nodes_know_their_place() -> None:
    text = "  f(a, b) + c.d[1] "
    call = parse_expression(text)
    assert isinstance(call, Call)
    assert text[call.start : call.end] == "f(a, b) + c.d[1]"
    left, right = call.args
    assert (text[left.start : left.end], text[right.start : right.end]) == ("f(a, b)", "c.d[1]")


def test_lists_of_expressions() -> None:
    assert [column_name(node) for node in parse_expressions("a, (b, c), f(d)")] == [
        "a",
        "(b, c)",
        "f(d)",
    ]


@pytest.mark.parametrize(
    ("text", "code", "message", "place"),
    [
        ("a +", "SQ001", "expected an expression, found the end of the query", 3),
        ("f(a, )", "SQ001", "expected an expression, found `)`", 5),
        ("f(a b)", "SQ001", "expected `,` or `)`, found `b`", 4),
        ("[1, 2", "SQ001", "expected `,` or `]`, found the end of the query", 5),
        ("INTERVAL 1 fortnight", "SQ001", "expected a unit of time, found `fortnight`", 11),
        ("INTERVAL 'soon'", "SQ001", "`'soon'` is no interval", 9),
        ("CASE WHEN a THEN b", "SQ001", "expected `END`, found the end of the query", 18),
        ("f(1) -> a", "SQ001", "only names can stand before `->`", 5),
        ("'abc", "SQ001", "string is not closed", 0),
        ("`abc", "SQ001", "quoted name is not closed", 0),
        ("a /* b", "SQ001", "comment is not closed", 2),
        ("a ! b", "SQ001", "unexpected character `!`", 2),
        ("a::Intt8", "SQ004", "Intt8", 3),
        ("CAST(a AS Array(Foo))", "SQ004", "Foo", 16),
        ("a b c", "SQ001", "expected the end of the expression, found `b`", 2),
    ],
)
def test_errors_say_what_and_where(text: str, code: str, message: str, place: int) -> None:
    from mini_tb.source import Fragment, SourceFile

    file = SourceFile("a.pipe", "SQL >\n  " + text)
    with pytest.raises(UserError) as caught:
        parse_expression(Fragment.of(file, 8, len(file.text)))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert diagnostic.span is not None and diagnostic.span.start == 8 + place


def test_text_without_a_file_gets_the_place_in_the_message() -> None:
    with pytest.raises(UserError, match=r"found `\)` \(line 2, column 8\)"):
        parse_expression("a +\n  (b, )) ")
