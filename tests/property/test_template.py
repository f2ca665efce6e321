"""Laws of templates, whatever the values and whatever the text."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_tb.template import Template, TemplateError
from mini_tb.template.output import scan
from mini_tb.template.values import decode

TEXTS = st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from("'\"\\%`\n\0\x1a,{}"))
NATIVES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
STRING = Template.parse("{{String(x)}}")
EVERYTHING = Template.parse(
    "SELECT {{x}}, {{Array(x)}}, {{column(x, 'c')}} {% for v in list([x, n]) %}{{v}},{% end %}"
    "{{sql_and(a=x, b__gt=Int32(n), c__in=Array(x))}} /* ' */ {{JSON(j)}} {{Float64(n)}} "
    "{{sql_unescape(x, '%')}} '{{Int(n)}}' ORDER BY {{Int(n)}}, {{Int(n)}} LIMIT {{Int(n)}}"
)


@given(TEXTS)
def test_a_string_never_leaves_its_quotes_and_reads_back(text: str) -> None:
    literal = STRING.render({"x": text}).text
    assert literal[0] == literal[-1] == "'"
    assert scan(literal[:-1], "") == "'"
    assert scan(literal, "") == ""
    # ClickHouse does not know these two escapes: it keeps what is written.
    assert decode(literal) == text.replace("%", "\\%").replace("\x1a", "\\z")
    bound = STRING.bind({"x": text})
    assert (bound.sql, bound.values[0].value) == ("{_1:String}", decode(literal))


@pytest.mark.chdb
@settings(max_examples=50)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_clickhouse_reads_literals_as_the_bound_values_say(texts: list[str]) -> None:
    import chdb

    template = Template.parse(
        "SELECT arrayStringConcat(arrayMap(v -> hex(v), arrayConcat("
        "{{Array(x)}}, {{n}}, [{{x[0]}}, {{sql_unescape(x[0], '%')}}])), ',')"
    )
    params = {"x": texts, "n": texts}
    array, native, text, unescaped = (v.value for v in template.bind(params).values)
    read = str(chdb.query(template.render(params).text, "TSVRaw")).rstrip("\n").split(",")
    assert read == [v.encode().hex().upper() for v in (*array, *native, text, unescaped)]


@given(TEXTS)
def test_an_element_of_a_native_list_reads_back_as_itself(text: str) -> None:
    literal = Template.parse("{{x}}").render({"x": [text]}).text
    assert scan(literal[1:-2], "") == "'"
    assert decode(literal[1:-1]) == text


@given(TEXTS, st.integers(-(2**31), 2**31 - 1), NATIVES)
def test_the_bound_form_with_its_literals_is_the_text_form(x: str, n: int, j: Any) -> None:
    params = {"x": x, "n": str(n), "j": j if isinstance(j, list | dict) else [j]}
    bound = EVERYTHING.bind(params)
    sql = bound.sql
    for value in reversed(bound.values):
        before, _, after = sql.rpartition(f"{{{value.name}:{value.type}}}")
        sql = before + value.text + after
    assert sql == EVERYTHING.render(params).text


@given(TEXTS)
def test_nothing_of_a_value_is_in_the_skeleton(text: str) -> None:
    template = Template.parse("SELECT {{x}}, {{Array(y)}}, {{sql_and(a=x)}}, {{[x, 'b']}}")
    assert template.bind({"x": text, "y": text}).sql == (
        "SELECT {_1:String}, {_2:Array(String)}, a = {_3:String}, {_4:Array(String)}"
    )


FRAGMENTS = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "{#", "#}", "{{!", "'", '"', "\n", " ", "x", "y", "1", "(", ")"),
        *("if ", "elif ", "else ", "for ", " in ", "end", "set ", "try", "except ", "finally"),
        *(
            "while ",
            "break",
            "lambda ",
            "[",
            "]",
            ":",
            ",",
            ".",
            "=",
            "==",
            "+",
            "*",
            "-",
            "f'{x}'",
        ),
        *("Int32(", "String(", "Array(", "column(", "defined(", "JSON(", "sql_and(a=", "error("),
        *("{% if x %}", "{% end %}", "{{x}}", "{% for v in x %}", "{% set x = ", "{% try %}"),
        *("range(", "len(", "x.get(", "x[", ".join(", "not ", "None", "True", "**", "<<", "é"),
    ]
)


@settings(max_examples=300)
@given(st.lists(FRAGMENTS | TEXTS, max_size=14).map("".join), NATIVES, st.booleans())
def test_any_text_renders_or_is_a_template_error(text: str, x: Any, check: bool) -> None:
    try:
        template = Template.parse(text)
        assert all(parameter.to_json() for parameter in template.parameters)
        template.check()
        template.render({"x": x}, check=check)
        template.bind({"x": x})
    except TemplateError as error:
        assert error.offset is None or 0 <= error.offset <= len(text)


OPERATORS = st.sampled_from(
    [
        *("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "==", "<", "in", "is"),
        *("is not", "not in", "and", "or"),
    ]
)
CALLED = ["len", "str", "int", "list", "sorted", "sum", "max", "range", "Int32", "String", "Array"]
CALLED += ["JSON", "column", "table", "split_to_array", "defined", "enumerate_with_last", "error"]
METHODS = ["get", "split", "join", "items", "append", "upper", "replace", "extend", "pop"]
EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "1", "2.5", "'a'", "None", "True", "[]", "{}", "v"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{} for v in {} if {}]".format, inner, inner, inner),
        st.builds("(lambda v: {})({})".format, inner, inner),
        st.builds("{}({})".format, st.sampled_from(CALLED), inner),
        st.builds("{}.{}({})".format, inner, st.sampled_from(METHODS), inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
        st.builds("f'{{{}}}'".format, st.sampled_from("xyv")),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(EXPRESSIONS, NATIVES)
def test_any_expression_on_any_value_gives_a_value_or_a_template_error(
    expression: str, x: Any
) -> None:
    text = f"{{% set y = {expression} %}}{{{{ y }}}}"
    try:
        template = Template.parse(text)
        template.render({"x": x})
    except TemplateError as error:
        assert error.kind != "template_parse"
