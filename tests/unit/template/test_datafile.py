"""Whole files that only know secrets, and SQL that is a template or not."""

import pytest

from mini_tb.template import TemplateError, render_datafile, template_text


def test_secrets_are_written_into_a_datafile() -> None:
    text = 'HOST {{ tb_secret("bus", "localhost") }}\nKEY {{tb_secret("key")}}\n'
    assert render_datafile(text, {"key": "k'1"}).text == "HOST localhost\nKEY k'1\n"
    assert render_datafile('A {{tb_secret("a", "")}}', {}).text == 'A ""'
    assert render_datafile('A {{tb_secret("a")}}', {"a": ""}).text == 'A ""'


def test_a_file_without_tags_is_itself() -> None:
    text = "SCHEMA >\n    `a` String `json:$.a{`\n"
    rendered = render_datafile(text, {})
    assert rendered.text is text
    assert [(p.start, p.origin, p.length) for p in rendered.pieces] == [(0, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('KEY {{tb_secret("key")}}', "secret_not_available"),
        ("KEY {{Int32(x)}}", "forbidden_construct"),
        ("KEY {% if len('a') %}{% end %}", "forbidden_construct"),
        ("KEY {{x}}", "null_expression"),
        ("KEY {{", "template_parse"),
    ],
)
def test_anything_else_is_an_error(text: str, kind: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render_datafile(text, {})
    assert caught.value.kind == kind
    assert caught.value.offset is not None


@pytest.mark.parametrize(
    ("sql", "template"),
    [("SELECT 1", None), ("\n % SELECT 1 % 2", (" SELECT 1 % 2", 3)), ("%", ("", 1)), ("", None)],
)
def test_a_percent_sign_makes_a_template(sql: str, template: tuple[str, int] | None) -> None:
    assert template_text(sql) == template
