"""The function table, group by group."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mini_tb.template import Template, TemplateError


def render(expression: str, /, **params: object) -> str:
    return Template.parse(f"{{{{ {expression} }}}}").render(params).text


def kind_of(expression: str, /, **params: object) -> str:
    with pytest.raises(TemplateError) as caught:
        render(expression, **params)
    return caught.value.kind


@pytest.mark.parametrize("bits", [8, 16, 32, 64, 128, 256])
def test_integers_fill_their_range_and_no_more(bits: int) -> None:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    for number in (low, high):
        assert render(f"Int{bits}(x)", x=str(number)) == f"toInt{bits}('{number}')"
    top = 2**bits - 1
    assert render(f"UInt{bits}(x)", x=str(top)) == f"toUInt{bits}('{top}')"
    for name, number in ((f"Int{bits}", low - 1), (f"Int{bits}", high + 1), (f"UInt{bits}", -1)):
        assert kind_of(f"{name}(x)", x=str(number)) == "type_validation"
    assert kind_of(f"UInt{bits}(x)", x=str(top + 1)) == "type_validation"


@pytest.mark.parametrize(
    ("expression", "value", "written"),
    [
        ("Int16(x)", "0012", "toInt16('12')"),
        ("Int16(x)", "+3", "toInt16('3')"),
        ("Int16(x)", "-0", "toInt16('0')"),
        ("Int16(x)", "4\n", "toInt16('4')"),
        ("Int16(x)", "٣", "toInt16('3')"),
        ("UInt256(x)", "+3", "toUInt256('3')"),
        ("Int16(x)", 9, "toInt16('9')"),
        ("Int(x)", "07", "7"),
        ("Int16(x) + 1", "7", "8"),
        ("-Int16(x)", "7", "-7"),
        ("Float64(x)", "3", "toFloat64('3.0')"),
        ("Float64(x)", " .25 ", "toFloat64('0.25')"),
        ("Float32(x)", "1e400", "toFloat32('inf')"),
        ("Float32(x)", "NaN", "toFloat32('nan')"),
        ("Float64(x) * 2", "1.5", "3.0"),
        ("String(x)", "a'b\"c\\d%e`f_g\n\r\t\b\0\x1a", r"'a\'b\"c\\d\%e\`f_g\n\r\t\b\0\z'"),
        ("String(x)", 12, "'12'"),
        ("String(x)", ["a"], r"'[\'a\']'"),
        ("Boolean(x)", "FALSE", "0"),
        ("Boolean(x)", "no", "1"),
        ("Boolean(x)", 0, "0"),
        ("Boolean(x)", [], "1"),
        ("Date(x)", "2031-45-67", "'2031-45-67'"),
        ("DateTime(x)", "2031-01-02T03:04:05+01:00", "'2031-01-02T03:04:05+01:00'"),
        ("DateTime(x)", "02/01/2031 3:4:5", "'02/01/2031 3:4:5'"),
        ("DateTime64(x)", "2031-01-02 03:04:05.123456", "'2031-01-02 03:04:05.123456'"),
        ("DateTime64(x)", "02-01-2031 3:4:5.1", "'02-01-2031 3:4:5.1'"),
        ("Array(x)", "a, b", "['a',' b']"),
        ("Array(x)", "50%", r"['50\\\%']"),
        ("Array(x)", ["50%"], r"['50\%']"),
        ("Array(x)", "", "['']"),
        ("Array(x, 'Int8')", "3,-4", "[3,-4]"),
        ("Array(x, 'Float64')", "3,.5", "[3.0,0.5]"),
        ("Array(x, 'Boolean')", "no,0", "[1,0]"),
        ("Array(x, 'Date')", "2031-01-02", "['2031-01-02']"),
        ("Array(x, 'Symbol')", "a,b`", r"[`a`,`b\``]"),
        ("Array(x, 'Nonsense')", "1", "['1']"),
        ("Array(x, 'Int8')", [], "[]"),
        ("Array(x, 'Int8')", ["1", 2], "[1,2]"),
        ("JSON(x)['a'][1]", '{"a": [1, "it\'s"]}', r"'it\'s'"),
        ("JSON(x).get('a', 3)", "{}", "3"),
        ("JSON(x)", ["it's", 'b"c', "50%\n"], r"""['it\'s', 'b"c', '50%\n']"""),
        ("x", None, None),
        ("x", [None, 1.5, True], "[NULL, 1.5, True]"),
    ],
)
def test_typed_parameters(expression: str, value: Any, written: str | None) -> None:
    if written is None:
        assert kind_of(expression, x=value) == "null_expression"
    else:
        assert render(expression, x=value) == written


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (
            "Int32(x)",
            ["1.0", "1e3", " 1", "1 ", "1_0", "0x1", "", "a", "1,2", 1.0, True, [1], "9" * 79],
        ),
        ("UInt16(x)", ["+1", "-0"]),
        ("Int(x)", ["2147483648"]),
        ("Float64(x)", ["", "1_0", "1,5", True]),
        ("Date(x)", ["20310102", "2031-1-2", "2031-01-02 00:00:00", ""]),
        ("DateTime(x)", ["2031-01-02", "2031-01-02 10:11", "1700000000"]),
        ("DateTime64(x)", ["2031-01-02 03:04:05", "2031-01-02 03:04:05.12"]),
        ("Array(x, 'Int8')", ["", "1,,2", "1, 2", "300", ["a"]]),
    ],
)
def test_values_that_do_not_fit(expression: str, values: list[Any]) -> None:
    for value in values:
        assert kind_of(expression, x=value) == "type_validation", value


def test_a_misfit_is_named_with_its_type() -> None:
    with pytest.raises(TemplateError) as caught:
        render("Int32(x)", x="abc")
    assert caught.value.message == "Template Syntax Error: Error validating 'abc' to type Int32"
    with pytest.raises(TemplateError, match=r"'b' at index 1 to type Array\(Int8\)"):
        render("Array(x, 'Int8')", x="1,b")


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("Int32(x, 5)", "toInt32('5')"),
        ("Int32(x, '5')", "toInt32('5')"),
        ("Int32(x, default=-5, description='d', required=True, enum=[1])", "toInt32('-5')"),
        ("String(x, 5)", "'5'"),
        ("String(None, 'd')", "'d'"),
        ("Boolean(x)", "0"),
        ("Boolean(x, 'yes')", "1"),
        ("Array(x, 'Int8', '1,2')", "[1,2]"),
        ("Array(x, default=['a', 'b'])", "['a','b']"),
        ("JSON(x, '[1]')[0]", "1"),
        ("defined(x)", "False"),
        ("defined(given)", "True"),
        ("f'{Int8(x, defined=False)}'", "'None'"),
    ],
)
def test_missing_parameters(expression: str, written: str) -> None:
    assert render(expression, given="") == written


def test_a_default_is_validated_too() -> None:
    assert kind_of("Int32(x, 'many')") == "type_validation"


def test_an_empty_string_is_a_value() -> None:
    assert kind_of("Int32(x, 5)", x="") == "type_validation"


def test_what_is_missing_is_named() -> None:
    template = Template.parse("{{Int8(a)}}{{b}}{{String(c)}}{{String(d, 'x')}}{{column(e, 'y')}}")
    with pytest.raises(TemplateError) as caught:
        template.render({"b": "1"})
    assert caught.value.kind == "required_missing"
    assert "Required parameter is not defined" in caught.value.message
    assert [name in caught.value.message for name in ("`a`", "`b`", "`c`", "`d`", "`e`")] == [
        *(True, False, True, False, False)
    ]


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("Int32(x)", "required_missing"),
        ("Int32(x, required=False)", "required_missing"),
        ("Int32(x, defined=False)", "null_expression"),
        ("String(x, nonsense=1)", "unknown_named_argument"),
        ("Boolean(x, description='d')", "unknown_named_argument"),
        ("column(x, 'd', description='d')", "unknown_named_argument"),
        ("String()", "function_arity"),
        ("defined()", "function_arity"),
        ("JSON('{')", "json_parse"),
        ("column(x)", "column_default_missing"),
        ("columns(['a'])", "column_arg_type"),
        ("symbol(x)", "null_identifier"),
        ("table(x)", "null_identifier"),
        ("sql_unescape(x, '%')", "null_identifier"),
        ("sql_and(a__like='b')", "sql_and_operand"),
        ("cache_ttl('2h')", "cache_ttl_value"),
        ("activate('wings')", "feature_value"),
        ("disable('parallel_replicas')", "feature_value"),
        ("day_diff('a', 'b')", "date_format"),
        ("date_diff_in_hours('a', 'b', none_if_error=True)", "null_expression"),
        ("tb_secret('s')", "secret_not_available"),
    ],
)
def test_wrong_calls(expression: str, kind: str) -> None:
    assert kind_of(expression) == kind


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("column(x)", r"`a`.`b\`c`"),
        ("column(y, 'd.e')", "`d`.`e`"),
        ("columns(x)", r"`a`.`b\`c`"),
        ("columns(y, 'a , b')", "`a`,`b`"),
        ("columns(y, 'a,b c', fn='sum')", "sum(`a`) as a,sum(`b c`) as `b c`"),
        ("columns(y, 'a', 'quantile(0.5)')", "quantile(0.5)(`a`) as a"),
        ("symbol(x)", r"`a.b\`c`"),
        ("symbol('a\"b', quote='\"')", '"ab"'),
        ("table('ws.t')", "ws.t"),
        ("TABLE('t' + '_1')", "t_1"),
        ("sql_and()", ""),
        ("sql_and(a=y)", ""),
        ("sql_and(a__like=y)", ""),
        ("sql_and(a=x, b__gt=1, c__lte=Int8('3'))", r"a = 'a.b\`c' and b > 1 and c <= toInt8('3')"),
        ("sql_and(a__b__in=Array('1,2', 'Int8'), c__not_in=[1])", "a__b in [1,2] and c not in [1]"),
        ("sql_and(a=column('b'))", "a = `b`"),
        ("sql_unescape('%a_\\'', '%')", r"'%a_\''"),
        ("sql_unescape('a%', \"'\")", r"'a\%'"),
        ("split_to_array(y)", "['']"),
        ("split_to_array(' a , b ')", "['a', 'b']"),
        ("split_to_array(y, 'a|b', '|')[1]", "'b'"),
        ("enumerate_with_last(['a', 'b'])", "[(False, 'a'), (True, 'b')]"),
        ("day_diff('2031-03-01', '2031-02-27')", "2"),
        ("date_diff_in_days('2031-03-01 23:00', '2031-03-03 22:00', '%Y-%m-%d %H:%M')", "1"),
        ("date_diff_in_hours('2031-03-01 00:00:00', '2031-03-01 05:59:59')", "5"),
        ("date_diff_in_minutes('2031-03-01', '2031-03-02', backup_date_format='%Y-%m-%d')", "1440"),
        ("date_diff_in_seconds('2031-03-01 00:00:09', '2031-03-01 00:00:02')", "7"),
    ],
)
def test_identifiers_sql_lists_and_dates(expression: str, written: str) -> None:
    assert render(expression, x="a.b`c") == written


def test_an_aggregate_is_a_name() -> None:
    assert kind_of("columns('a', fn='sum(1) from t --')") == "column_arg_type"


@pytest.mark.parametrize(
    ("text", "written", "settings"),
    [
        ("{{max_threads('3')}}", "-- max_threads 3\n", {"max_threads": 3}),
        ("{{max_threads('a\\nb')}}", "-- max_threads: wrong argument a b\n", {}),
        ("{{cache_ttl('30m')}}", "-- cache_ttl 30m\n", {"cache_ttl": "30m"}),
        ("{{backend_hint('a\\nDROP')}}", "-- backend_hint a DROP\n", {"backend_hint": "a\nDROP"}),
        ("{{backend_hint(False)}}", "-- backend_hint False\n", {"backend_hint": None}),
        (
            "{{activate('parallel_replicas')}}{{activate('analyzer')}}",
            "-- activate parallel_replicas\n-- activate analyzer\n",
            {"activate": ["analyzer", "parallel_replicas"]},
        ),
        ("{{disable('analyzer')}}", "-- disable analyzer\n", {"disable": ["analyzer"]}),
        ("{% set _ = max_threads(2) %}", "", {"max_threads": 2}),
    ],
)
def test_settings(text: str, written: str, settings: dict[str, object]) -> None:
    rendered = Template.parse(text).render({})
    assert (rendered.text, rendered.settings) == (written, settings)


def test_error_functions_end_the_rendering() -> None:
    with pytest.raises(TemplateError) as plain:
        render("error('give a day', 404)")
    assert (plain.value.message, plain.value.status, plain.value.body) == ("give a day", 400, None)
    with pytest.raises(TemplateError) as custom:
        render("custom_error({'error': 'busy', 'retry': 3}, 429)")
    assert (custom.value.status, custom.value.body) == (429, {"error": "busy", "retry": 3})
    with pytest.raises(TemplateError) as odd:
        render("custom_error('no', 200)")
    assert (odd.value.message, odd.value.status) == ("no", 400)


def test_secrets_are_bound_parameters() -> None:
    template = Template.parse("{{tb_secret('key')}}{{tb_var('other', 'd')}}")
    rendered = template.render({}, secrets=["key"])
    assert rendered.text == "{key: String}'d'"
    assert rendered.query_params == {"key": "String"}
    assert kind_of('tb_secret("it\'s")') == "secret_not_available"


def test_the_job_timestamp_is_now_unless_given() -> None:
    template = Template.parse("{{DateTime(job_timestamp)}}")
    now = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert template.render({}, now=now).text == "'2031-02-03 04:05:06'"
    given = template.render({"job_timestamp": "2030-01-01 00:00:00"}, now=now)
    assert given.text == "'2030-01-01 00:00:00'"


def test_text_for_an_array_is_a_list_wherever_it_is_used() -> None:
    text = "{% for v in ids %}{{v}};{% end %}{{Array(ids, 'Int8')}}{{len(ids)}}"
    assert Template.parse(text).render({"ids": "3,4"}).text == "3;4;[3,4]2"
