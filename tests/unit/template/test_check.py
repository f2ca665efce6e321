"""Rendering without values, and what is wrong with a template whatever its values."""

import pytest

from mini_tb.template import Template, TemplateError


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{x}}", "'__no_value__'"),
        ("{{UInt8(x)}}{{Float32(x)}}{{Boolean(x)}}", "toUInt8('0')toFloat32('0.0')0"),
        ("{{Date(x)}}{{DateTime(x)}}", "'2019-01-01''2019-01-01 00:00:00'"),
        ("{{DateTime64(x)}}{{String(x)}}", "'2019-01-01 00:00:00.000''__no_value__'"),
        ("{{Array(x)}}{{Array(x, 'Int8')}}", "['']{}".format("[0,0]")),
        ("{{Int8(x, 7)}}{{column(x, 'c')}}", "toInt8('7')`c`"),
        ("{{symbol(x)}} {{table(x)}}", "`placeholder` placeholder"),
        ("{% for v in x %}{{v}},{% end %}{{x['k'][0]}}", "'__no_value__'," * 3 + "'__no_value__'"),
        ("{% if defined(x) %}a{% else %}b{% end %}", "b"),
        ("{{error('e')}}{{custom_error({}, 500)}}", "-- {x} \n" * 2),
        ("{{day_diff(a, b)}}", "0"),
        ("{{tb_secret('s')}}", "{s: String}"),
    ],
)
def test_names_without_values_are_stand_ins(text: str, written: str) -> None:
    assert Template.parse(text).render({}, check=True).text == written


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{% if x > 3 %}{% end %}", "python_type_error"),
        ("{{column(x)}}", "column_default_missing"),
        ("{{JSON(x)}}", "json_parse"),
        ("{{Int8(x, 'bad')}}", "type_validation"),
        ("{% if nothing(x) %}{% end %}", "not_a_function"),
    ],
)
def test_what_fails_without_values(text: str, kind: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text).render({}, check=True)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT {{Int32(x)}}", None),
        ("SELECT {{column(x)}}", None),
        ("SELECT {{JSON(x)['a']}}", None),
        ("SELECT 1 {% if defined(x) %}{{Int8(x)}}{% end %}", None),
        ("{% if defined(x) %}SELECT 1{% end %}", "template_parse"),
        ("SELECT {{Float32(1.5)}}", "reserved_parameter_name"),
        ("SELECT 1 {% if nothing() %}{% end %}", "not_a_function"),
        ("SELECT {{String(x, y=1)}}", "unknown_named_argument"),
    ],
)
def test_what_a_build_says_of_a_template(text: str, kind: str | None) -> None:
    error = Template.parse(text).check()
    assert (error.kind if error else None) == kind


def test_names_that_requests_use_for_something_else() -> None:
    template = Template.parse("{{String(token, 'd')}}{{Int8(n, 1)}}{{x}}{{String(debug, 'd')}}")
    assert template.reserved_names == ("token", "debug")
