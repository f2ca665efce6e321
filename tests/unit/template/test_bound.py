"""The bound form: placeholders, their values and types, and where text must stay text."""

from typing import Any

import pytest

from mini_tb.template import Bound, Template, TemplateError


def bind(text: str, **params: object) -> Bound:
    return Template.parse(text).bind(params)


@pytest.mark.parametrize(
    ("expression", "value", "type_name", "bound"),
    [
        ("Int8(x)", "5", "Int8", 5),
        ("UInt256(x)", str(2**255), "UInt256", 2**255),
        ("Float32(x)", "0.1", "Float32", 0.1),
        ("Int(x)", "300", "UInt16", 300),
        ("Int(x)", "-1", "Int8", -1),
        ("Int32(x) * 1.5", "3", "Float64", 4.5),
        ("Boolean(x)", "yes", "UInt8", 1),
        ("x", True, "Bool", True),
        ("x", 2**70, "Float64", float(2**70)),
        ("x", "it's", "String", "it's"),
        ("x", "50%", "String", "50\\%"),
        ("x", "\x1a", "String", "\\z"),
        ("sql_unescape(x, '%')", "50%\\", "String", "50%\\"),
        ("Date(x)", "2031-01-02", "String", "2031-01-02"),
        ("Array(x, 'Int64')", "1,300", "Array(UInt16)", [1, 300]),
        ("Array(x, 'Int64')", "1,-1", "Array(Int16)", [1, -1]),
        ("Array(x, 'Int64')", "4294967295,-1", "Array(Int64)", [4294967295, -1]),
        ("Array(x, 'Float32')", "1,2.5", "Array(Float64)", [1.0, 2.5]),
        ("Array(x)", "a,50%", "Array(String)", ["a", "50\\\\%"]),
        ("x", ["a", "50%"], "Array(String)", ["a", "50%"]),
        ("x", [[1], [2]], "Array(Array(UInt8))", [[1], [2]]),
        ("x", {"a": 1, "b": 300}, "Map(String, UInt16)", {"a": 1, "b": 300}),
    ],
)
def test_a_value_is_what_clickhouse_reads_from_its_literal(
    expression: str, value: Any, type_name: str, bound: Any
) -> None:
    made = bind(f"SELECT {{{{ {expression} }}}}", x=value)
    assert made.sql == f"SELECT {{_1:{type_name}}}"
    assert [(v.name, v.type, v.value) for v in made.values] == [("_1", type_name, bound)]


@pytest.mark.parametrize(
    ("text", "params", "sql"),
    [
        ("{{Array(x, 'Int8')}}", {"x": []}, "[]"),
        ("{{Array(x, 'UInt64')}}", {"x": f"{2**63},-1"}, None),
        ("{{x}}", {"x": [1, "a", None]}, "[{_1:UInt8}, {_2:String}, NULL]"),
        ("{{x}}", {"x": [-1, 2**63]}, "[{_1:Int8}, {_2:UInt64}]"),
        (
            "{{sql_and(a=y, b__in=Array(x))}}",
            {"x": "v", "y": "w"},
            "a = {_1:String} and b in {_2:Array(String)}",
        ),
        ("{{column(x)}} {{columns(x)}} {{symbol(x)}}", {"x": "a'"}, r"`a\'` `a\'` `a\'`"),
        ("{{table(x)}}", {"x": "ws.t"}, "ws.t"),
        ("{{table(x)}}", {"x": "t; DROP TABLE t"}, "`t; DROP TABLE t`"),
        ("{{table(x)}}", {"x": "(SELECT 1)"}, "`(SELECT 1)`"),
        ("{{max_threads(x)}}", {"x": "2"}, "-- max_threads 2\n"),
        ("{% for i in [1, 2] %}{{i}},{% end %}", {}, "{_1:UInt8},{_2:UInt8},"),
    ],
)
def test_skeletons(text: str, params: dict[str, Any], sql: str | None) -> None:
    if sql is None:
        with pytest.raises(TemplateError):
            bind(text, **params)
    else:
        assert bind(text, **params).sql == sql


def test_new_values_give_the_same_skeleton() -> None:
    template = Template.parse("SELECT {{Int32(n)}}, {{s}} WHERE {{sql_and(a__in=Array(l))}}")
    one = template.bind({"n": "1", "s": "a", "l": "x"})
    two = template.bind({"n": "-99", "s": "b'", "l": "x,y,z"})
    assert one.sql == two.sql
    assert one.values != two.values


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("SELECT 1 ORDER BY {{Int(n)}}", "SELECT 1 ORDER BY 2"),
        ("SELECT 1 GROUP BY a, {{Int(n)}}", "SELECT 1 GROUP BY a, 2"),
        (
            "SELECT f({{Int(n)}}) GROUP BY g({{Int(n)}})",
            "SELECT f({_1:UInt8}) GROUP BY g({_2:UInt8})",
        ),
        ("ORDER BY a LIMIT 1, {{Int(n)}}", "ORDER BY a LIMIT 1, {_1:UInt8}"),
        ("GROUP BY {{Int32(n)}}", "GROUP BY {_1:Int32}"),
        ("SELECT day_{{Int(n)}}, t.{{Int(n)}}, {{Int(n)}}_x", "SELECT day_2, t.2, 2_x"),
        ("SELECT {{Int(n)}}{{Int(n)}}, -{{Int(n)}}", "SELECT 22, -{_1:UInt8}"),
        (
            "SELECT DATE {{n}}, interval\n{{n}}, update {{n}}",
            "SELECT DATE '2', interval\n'2', update {_1:String}",
        ),
        ("SELECT {{n}}{{n}}, f('a'{{n}}), {{n}}''", "SELECT '2''2', f('a''2'), '2'''"),
        ("SELECT 1 SETTINGS a = {{Int(n)}}, b = {{n}}", "SELECT 1 SETTINGS a = 2, b = '2'"),
    ],
)
def test_where_only_a_literal_will_do(text: str, sql: str) -> None:
    assert bind(text, n="2").sql == sql


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("'n={{Int(n)}}' {{n}}", "'n=2' {_1:String}"),
        ('"{{s}}" {{n}}', r""""'a\'b\"c'" {_1:String}"""),
        ("`{{s}}` {{n}}", r"""`'a\'b\"c'` {_1:String}"""),
        ("-- {{s}}\n{{n}}", "-- 'a\\'b\\\"c'\n{_1:String}"),
        ("# {{s}}\n{{n}}", "# 'a\\'b\\\"c'\n{_1:String}"),
        ("/* ' {{s}} */ {{n}}", "/* ' 'a\\'b\\\"c' */ {_1:String}"),
        ("$x$ ' {{s}} $x$ {{n}}", "$x$ ' 'a\\'b\\\"c' $x$ {_1:String}"),
        ("'it''s' {{n}} 'a\\'' {{n}}", "'it''s' {_1:String} 'a\\'' {_2:String}"),
        ("a - b {{n}} a /b {{n}}", "a - b {_1:String} a /b {_2:String}"),
    ],
)
def test_inside_quotes_and_comments_the_literal_is_written(text: str, sql: str) -> None:
    assert bind(text, n="2", s="a'b\"c").sql == sql


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SELECT '{{x}}'", " OR 1=1 OR "),
        ("SELECT '{{Array(x)}}'", "a"),
        ("SELECT /* {{x}} */", "*/ SELECT 1"),
        ("SELECT `{{column(x)}}`", "a"),
        ("SELECT $$ {{x}} $$", "$$"),
    ],
)
def test_a_value_cannot_leave_the_quotes_it_is_written_into(text: str, value: str) -> None:
    with pytest.raises(TemplateError) as caught:
        bind(text, x=value)
    assert caught.value.kind == "forbidden_construct"
    assert caught.value.offset == text.index("{{")


def test_secrets_keep_their_names() -> None:
    made = Template.parse("SELECT {{tb_secret('k')}}, {{x}}").bind({"x": "v"}, secrets=["k"])
    assert made.sql == "SELECT {k: String}, {_1:String}"
    assert made.query_params == {"k": "String"}


def test_the_output_maps_back_to_the_template() -> None:
    template = Template.parse("SELECT {{x}}, é FROM {# note #}t")
    rendered = template.render({"x": "abc"})
    places = {}
    for piece in rendered.pieces:
        places[rendered.text[piece.start :][:4]] = template.text[piece.origin :][:4]
    assert places == {"SELE": "SELE", "'abc": "{{x}", ", é ": ", é ", "t": "t"}
