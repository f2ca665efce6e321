"""Blocks, variables, and their limits."""

import pytest

from mini_tb.template import Template, TemplateError


def render(text: str, **params: object) -> str:
    return Template.parse(text).render(params).text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{% if a %}A{% elif b %}B{% else %}C{% end %}", "B"),
        ("{% for n in [1, 2] %}{{n}};{% end %}", "1;2;"),
        ("{% for k, v in {'a': 1}.items() %}{{k}}={{v}}{% end %}", "'a'=1"),
        ("{% for a, (b, c) in [(1, (2, 3))] %}{{a + b + c}}{% end %}", "6"),
        ("{% for n in [] %}x{% else %}none{% end %}", "none"),
        ("{% for n in [1, 2] %}{% if n == 2 %}{% break %}{% end %}x{% else %}all{% end %}", "x"),
        ("{% for n in [1, 2, 3] %}{% if n == 2 %}{% continue %}{% end %}{{n}}{% end %}", "13"),
        ("{% set n = 0 %}{% while n < 3 %}{% set n += 1 %}{{n}}{% else %}.{% end %}", "123."),
        ("{% while True %}{% break %}{% else %}never{% end %}ok", "ok"),
        ("{% for n in [1, 2] %}{% set last = n %}{% end %}{{last}}{{n}}", "22"),
        ("{% set a, b = 1, 2 %}{% set a, b = b, a %}{{a}}{{b}}", "21"),
        ("{% set c = d = 3 %}{{c}}{{d}}", "33"),
        ("{% set m = {} %}{% set m['k'] = [1] %}{% set m['k'] += [2] %}{{m['k']}}", "[1, 2]"),
        ("{% set b = b or 'x' %}{{b}}", "'yes'"),
        ("{% set missing = missing or 'x' %}{{missing}}", "'x'"),
        ("{% set l = [] %}{% set l.append(b) %}{{l}}", "['yes']"),
    ],
)
def test_control_flow(text: str, written: str) -> None:
    assert render(text, b="yes") == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{% try %}a{{Int8(b)}}c{% except %}d{% end %}", "ad"),
        ("{% try %}a{% except %}b{% else %}c{% finally %}d{% end %}", "acd"),
        ("{% try %}{% set x = {}['k'] %}{% except KeyError as e %}{{e}}{% end %}", "'\\'k\\''"),
        ("{% try %}{% set x = 1 / 0 %}{% except (KeyError, ArithmeticError) %}!{% end %}", "!"),
        ("{% try %}{{error('no')}}{% except ValueError as e %}{{e}}{% end %}", "'no'"),
        (
            "{% try %}{% try %}{{Int8(b)}}{% finally %}F{% end %}{% except Exception %}E{% end %}",
            "FE",
        ),
        (
            "{% for n in [1, 2] %}{% try %}{{n}}{% break %}{% finally %}F{% end %}{% end %}",
            "1F",
        ),
        (
            "{% for n in [1, 2] %}{% try %}{% try %}{{n}}{% continue %}{% except %}{% end %}"
            "{% except %}{% end %}x{% else %}done{% end %}",
            "12done",
        ),
        (
            "{% for n in [1, 2] %}{% try %}{{Int8(b)}}{% except %}{% break %}{% end %}"
            "{% else %}all{% end %}",
            "",
        ),
        (
            "{% try %}{% for n in [1, 2] %}{% break %}{% end %}a{% except %}b{% end %}",
            "a",
        ),
    ],
)
def test_try(text: str, written: str) -> None:
    assert render(text, b="yes") == written


def test_an_error_that_no_section_names_goes_on() -> None:
    text = "{% try %}{% set x = 1 / 0 %}{% except KeyError %}!{% end %}"
    with pytest.raises(TemplateError, match="division by zero") as caught:
        render(text)
    assert (caught.value.kind, caught.value.offset) == ("python_type_error", 9)


@pytest.mark.parametrize(
    "text",
    [
        "{% while True %}x{% end %}",
        "{% try %}{% while True %}x{% end %}{% except %}{% end %}",
        "{% set s = 'a' %}{% while True %}{% set s = s + s %}{% end %}",
        "{% set s = 'ab' %}{% while True %}{% set s = s.replace('a', s) %}{% end %}",
        "{% set n = 3 %}{% while True %}{% set n = n * n %}{% end %}",
        "{% set l = [1] %}{% while True %}{% set l = [l, l] %}{% end %}",
        "{% set l = [1] %}{% while True %}{% set l.extend(l) %}{% end %}",
        "{% set l = [1] %}{% for n in l %}{% set l.append(n) %}{% end %}",
        "{% set f = lambda g: g(g) %}{% if f(f) %}{% end %}",
        "{% set n = 9 ** 9999999 %}",
        "{% set n = 1 << 9999999 %}",
        "{% set r = range(10 ** 12) %}",
        "{% if 'a'.ljust(10 ** 9) %}{% end %}",
        "{% if '%999999999d' % 1 %}{% end %}",
        "{{f'{x:>999999999}'}}",
        "{{'a' * 999999999}}",
        "{{[0] * 999999999}}",
        "{{','.join(list('ab') * 999999) * 99}}",
    ],
)
def test_work_is_bounded(text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(text, x="v")
    assert caught.value.kind == "too_much_work"


def test_a_template_cannot_change_its_callers_values() -> None:
    ids = [1, 2]
    assert render("{% set ids.append(3) %}{{ids}}", ids=ids) == "[1, 2, 3]"
    assert ids == [1, 2]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ab{{z}}", "null_expression"),
        ("ab{{z + 'a'}}", "python_type_error"),
        ("ab{{x['a']}}", "python_type_error"),
        ("ab{{x[9]}}", "index_error"),
        ("ab{{JSON('{}')['k']}}", "missing_key"),
        ("ab{% if nothing(x) %}{% end %}", "not_a_function"),
        ("ab{% if z > 1 %}{% end %}", "python_type_error"),
        ("ab{% set a, b = [1] %}", "python_type_error"),
        ("ab{% if x.nothing() %}{% end %}", "python_type_error"),
        ("ab{{x.get('a')}}", "json_get_on_non_object"),
        ("ab{{Int32(x)}}", "type_validation"),
        ("ab{% for a in z %}{% end %}", "python_type_error"),
        (
            "ab{% for a in [lambda: v for v in [1]] %}{% set b = a() %}{% end %}",
            "python_type_error",
        ),
    ],
)
def test_failures_are_placed_at_their_tag(text: str, kind: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(text, x="abc")
    error = caught.value
    assert error.kind == kind
    assert error.offset is not None
    assert error.offset >= 2
    assert text.startswith("{", error.offset)


def test_values_nested_without_end_are_refused() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for text in ("{{x}}", "{{String(x)}}", "{{1}}"):
        with pytest.raises(TemplateError) as caught:
            render(text, x=deep)
        assert caught.value.kind in ("too_much_work", "python_type_error")
