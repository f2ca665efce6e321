"""Tags: what is text, what is a tag, and what is neither."""

import pytest

from mini_tb.template import Template, TemplateError


def render(text: str, **params: object) -> str:
    return Template.parse(text).render(params).text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("  SELECT 1\n", "  SELECT 1\n"),
        ("SELECT {d:Date}, '}' , '{'", "SELECT {d:Date}, '}' , '{'"),
        ("SELECT {# a\nnote #}2", "SELECT 2"),
        ("a{% comment anything at all %}b", "ab"),
        ("{{!name}} {%! if %} {#! x #}", "{{name}} {% if %} {# x #}"),
        ("{{{v}}}", "{'x'}"),
        ("{{ v }}\n{{\n  v\n}}", "'x'\n'x'"),
        ("{% if v %}\n  yes\n{% end %}\n", "\n  yes\n\n"),
        ("a  b\n\n c{% whitespace single %}a  b\n\n c", "a  b\n\n ca b\nc"),
        ("{% whitespace oneline %}a \n b\t c{% whitespace all %}  d", "a b c  d"),
    ],
)
def test_text_is_kept_byte_for_byte_around_tags(text: str, written: str) -> None:
    assert render(text, v="x") == written


@pytest.mark.parametrize(
    ("text", "kind", "offset"),
    [
        ("ab {{ v", "template_parse", 3),
        ("ab {% if v", "template_parse", 3),
        ("ab {# v", "template_parse", 3),
        ("a{{ }}", "template_parse", 1),
        ("a{% %}", "template_parse", 1),
        ("a{% end %}", "template_parse", 1),
        ("{% else %}", "template_parse", 0),
        ("{% for a in b %}{% elif c %}{% end %}", "template_parse", 16),
        ("{% if a %}{% else %}{% elif c %}{% end %}", "template_parse", 20),
        ("{% try %}a{% else %}b{% end %}", "template_parse", 10),
        ("{% try %}a{% end %}", "template_parse", 0),
        ("x{% break %}", "template_parse", 1),
        ("{% set %}", "template_parse", 0),
        ("{% frobnicate x %}", "template_parse", 0),
        ("{% whitespace wide %}", "template_parse", 0),
        ("{% include 'a' %}", "template_parse", 0),
        ("{% module a() %}", "template_parse", 0),
        ("a {% if x %}b", "unclosed_block", 2),
        ("{% for a in b %}{% if x %}{% end %}", "unclosed_block", 0),
        ("ab {{ 1 + }}", "expression_syntax", 6),
        ("{% if a = 1 %}{% end %}", "expression_syntax", 6),
        ("{% for a %}{% end %}", "expression_syntax", 7),
        ("{% for a in b: c() %}{% end %}", "expression_syntax", 7),
        ("{% if x %}{% else why %}{% end %}", "expression_syntax", 18),
        ("{{ String(while, 'd') }}", "template_parse", 3),
        ("{{ String(is, 'd') }}", "template_parse", 3),
    ],
)
def test_mistakes_are_said_with_their_place(text: str, kind: str, offset: int) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text)
    assert (caught.value.kind, caught.value.offset) == (kind, offset)


def test_an_unclosed_block_names_its_line() -> None:
    with pytest.raises(TemplateError, match="`for` opened in line 3"):
        Template.parse("SELECT\n1\n{% for a in b %}\nx")


def test_blocks_nest_no_deeper_than_python_can_compile() -> None:
    deep = "{% for a in [1] %}" * 16 + "x" + "{% end %}" * 16
    assert render(deep) == "x"
    with pytest.raises(TemplateError, match="nested"):
        Template.parse("{% for a in [1] %}" + deep + "{% end %}")
