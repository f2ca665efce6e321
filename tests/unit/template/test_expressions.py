"""What `{{ }}` and `{% %}` may hold."""

import pytest

from mini_tb.template import Template, TemplateError

PARAMS = {"x": "abc", "y": "2"}


def kind_of(text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text).render(PARAMS)
    return caught.value.kind


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("x", "'abc'"),
        ("1.5", "1.5"),
        ("-7", "-7"),
        ("True", "True"),
        ("not x", "False"),
        ("x + y", "'abc2'"),
        ("x * 2", "'abcabc'"),
        ("2 - 5", "-3"),
        ("x[0]", "'a'"),
        ("x[1:]", "'bc'"),
        ("x[0:3][1]", "'b'"),
        ("x if y else z", "'abc'"),
        ("x if z else y", "'2'"),
        ("f'{x}-{y:>3}{x!r}'", "'abc-  2\\'abc\\''"),
        ("[1, [2, 'a']]", "[1, [2, 'a']]"),
        ("(1, 'a')", "(1, 'a')"),
        ("('a',)", "('a',)"),
        ("{'k': 1}", "{'k': 1}"),
        ("{2, 1}", "[1, 2]"),
        ("{'k': 'v'}['k']", "'v'"),
        ("'-'.join(x.split('b'))", "'a-c'"),
        ("x.replace('a', '%')", "'\\%bc'"),
        ("len(x)", "3"),
        ("max(1, Int32(y))", "toInt32('2')"),
    ],
)
def test_values(expression: str, written: str) -> None:
    assert Template.parse(f"{{{{ {expression} }}}}").render(PARAMS).text == written


@pytest.mark.parametrize(
    "expression",
    [
        *("x == y", "x < y", "x and y", "x or y", "x / 2", "x % 2", "x // 2", "x ** 2", "x << 2"),
        *("~x", "+x", "x | y", "lambda: 1", "[i for i in x]", "x.upper", "x.upper()", "x.format()"),
        *(
            "x[-1]",
            "x[y]",
            "x[0, 1]",
            "yield x",
            "b'a'",
            "1j",
            "...",
            "str(x)",
            "range(3)",
            "now()",
        ),
        *("UUID(x)", "Bool(x)", "Symbol(x)", "x()()", "__name__", "__import__('os')", "f(*x)"),
        *("String(x, **y)", "{**x}", "().__class__", "x.__class__", "x.get"),
    ],
)
def test_forbidden_in_values(expression: str) -> None:
    assert kind_of(f"{{{{ {expression} }}}}") == "forbidden_construct"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("x == 'abc' and y != '3'", True),
        ("1 < 2 <= 2", True),
        ("z is None", True),
        ("x is not None is not False", True),
        ("1 < 2 is True", False),
        ("'a' in x", True),
        ("'a' not in x", False),
        ("x.upper().startswith('AB')", True),
        ("(7 // 2, 7 % 2, 7 / 2, 2 ** 3) == (3, 1, 3.5, 8)", True),
        ("(6 & 3, 6 | 3, 6 ^ 3, ~6, 1 << 4, 8 >> 1) == (2, 7, 5, -7, 16, 4)", True),
        ("[i * j for i in range(3) for j in range(i) if j > 0] == [2]", True),
        ("{i for i in 'aab'} == {'a', 'b'}", True),
        ("{k: len(k) for k in ['a', 'bb']} == {'a': 1, 'bb': 2}", True),
        ("any(c == 'b' for c in x)", True),
        ("[a + b for a, b in zip('ab', 'cd')] == ['ac', 'bd']", True),
        ("sorted(['bb', 'a'], key=len) == ['a', 'bb']", True),
        ("sorted([1, 2], key=lambda n: -n) == [2, 1]", True),
        ("list(map(str, [1, 2])) == ['1', '2']", True),
        ("(lambda a, b: a + b)(1, 2) == 3", True),
        ("(lambda a: (lambda b: a + b))(1)(2) == 3", True),
        ("[f(2) for f in [lambda n: n * 3]] == [6]", True),
        ("isinstance(x, str) and not isinstance(x, (int, list))", True),
        ("(n := 5) > 4 and n == 5", True),
        ("'%s-%d' % ('a', 3) == 'a-3'", True),
        ("sum([1, 2]) == 3 and round(2.5) == 2", True),
    ],
)
def test_statements_take_any_expression_on_values(expression: str, value: bool) -> None:
    text = f"{{% if {expression} %}}yes{{% else %}}no{{% end %}}"
    assert Template.parse(text).render(PARAMS).text == ("yes" if value else "no")


@pytest.mark.parametrize(
    "expression",
    [
        *("().__class__", "x.__len__()", "x._private", "x.format(1)", "''.mro()", "x.gi_frame"),
        *(
            "eval('1')",
            "exec('1')",
            "getattr(x, 'a')",
            "globals()",
            "type(x)",
            "dir()",
            "open('f')",
        ),
        *("vars()", "object()", "super()", "input()", "print(1)", "(yield x)", "__builtins__"),
        *("f(*x)", "f(**x)", "map(x.append, y)", "lambda a=1: a", "lambda *a: a", "b'x' == x"),
        *("'a'.translate(x)", "(1).to_bytes(9)", "[a async for a in x]"),
    ],
)
def test_forbidden_in_statements(expression: str) -> None:
    assert kind_of(f"{{% if {expression} %}}{{% end %}}") == "forbidden_construct"


@pytest.mark.parametrize(
    "statement", ["a = 1; b = 2", "import os", "del x", "x.y = 1", "a: int = 1", "x[0], y = 1, 2"]
)
def test_set_takes_one_assignment_of_names(statement: str) -> None:
    assert kind_of(f"{{% set {statement} %}}") == "forbidden_construct"


@pytest.mark.parametrize(
    "text",
    [
        *("{{q}}", "{{String(format, 'a')}}", "{% set q = 1 %}", "{% for q in x %}{% end %}"),
        *("{% if format %}{% end %}", "{{Array(['a'])}}"),
    ],
)
def test_reserved_names_are_no_parameters(text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text)
    assert caught.value.kind == "reserved_parameter_name"


def test_a_reserved_word_may_be_a_key_or_an_argument() -> None:
    text = "{% set d = {'q': 1} %}{% set f = lambda q: q %}{{d['q']}}{{String(x, format='f')}}"
    assert Template.parse(text).render(PARAMS).text == "1'abc'"


@pytest.mark.parametrize(
    "name",
    ["max", "list", "filter", "id", "type", "input", "open", "print", "range", "loop", "self"],
)
def test_names_of_builtins_are_plain_parameters(name: str) -> None:
    template = Template.parse(f"{{{{String({name}, 'd')}}}}{{% if {name} %}}!{{% end %}}")
    assert template.render({}).text == "'d'"
    assert template.render({name: "v"}).text == "'v'!"


def test_a_keyword_like_a_helper_of_the_engine_is_refused() -> None:
    assert kind_of("{{sql_and(_loop_vars=x)}}") == "forbidden_construct"


def test_an_argument_given_twice() -> None:
    assert kind_of("{{String(x, default='a', default='b')}}") == "expression_syntax"


def test_the_place_of_a_forbidden_part() -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse("SELECT é, {{ 'é' + x.upper() }}")
    assert caught.value.offset == "SELECT é, {{ 'é' + ".__len__()


def test_doubtful_escapes_do_not_warn() -> None:
    assert Template.parse(r"{{ 'a\d' }}").render({}).text == r"'a\\d'"
