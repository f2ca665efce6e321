"""What a template declares, read without running it."""

from typing import Any

import pytest

from mini_tb.template import Template


def declared(text: str) -> list[dict[str, Any]]:
    return [parameter.to_json() for parameter in Template.parse(text).parameters]


def plain(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "String", "default": None, **more}


HELPING = {"used_in": "function_call"}


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("SELECT 1", []),
        ("{{a}}{{f'{b}'}}{{c[0]}}{{d.split(',')}}", [plain(n) for n in "abcd"]),
        (
            "{{Int8(a, 3, description='d', required=False, example=4, format='f', enum=[3, 4])}}",
            [
                {
                    "name": "a",
                    "type": "Int8",
                    "default": 3,
                    "description": "d",
                    "required": False,
                    "example": 4,
                    "format": "f",
                    "enum": [3, 4],
                }
            ],
        ),
        ("{{Int64(a, 9007199254740992)}}", [plain("a", type="Int64", default="9007199254740992")]),
        ("{{Float32(a, default=-1.5)}}", [plain("a", type="Float32", default=-1.5)]),
        ("{{Array(a, 'Date', ['x'])}}", [plain("a", type="Array(Date)", default=["x"])]),
        ("{{Array(a, type='Int8')}}", [plain("a", type="Array(Int8)")]),
        ("{{String(a, defined=False)}}", [plain("a", defined=False)]),
        ("{{defined(a)}}{{column(b, 'x')}}", [plain("a", **HELPING), plain("b", **HELPING)]),
        ("{{sql_and(a=b, c=Int8(d))}}", [plain("b", **HELPING), plain("d", type="Int8")]),
        ("{{day_diff(a, b)}}", [plain("a", **HELPING)]),
        ("{{Int(a)}}{{symbol(b)}}{{table(c)}}{{len(d)}}{{sql_unescape(e)}}", []),
        (
            "{{max(Int8(a), 3)}}{{Array(split_to_array(b), 'Int8')}}",
            [plain("a", type="Int8"), plain("b", **HELPING)],
        ),
        (
            "{{Int8(a)}}{{Int8(a, 1)}}",
            [plain("a", type="Int8"), plain("a", type="Int8", default=1)],
        ),
        ("{% if a == '1' %}{{Int8(a)}}{% end %}", [plain("a", type="Int8")]),
        ("{{a}}{% if defined(a) %}{% end %}", [plain("a")]),
        ("{% if defined(a) %}{% end %}{{a}}", [plain("a")]),
        ("{% for v in a %}{{v}}{% end %}", [plain("v"), plain("v"), plain("a")]),
        ("{% set b = Int8(a) %}{{b}}", [plain("b"), plain("a", type="Int8"), plain("b")]),
        ("{% if [v for v in a] and (lambda w: w)(b) %}{% end %}", [plain("a"), plain("b")]),
        ("{{Int32(7)}}", [plain(7, type="Int32")]),  # type: ignore[arg-type]  # a mistake's shape
    ],
)
def test_declarations(text: str, parameters: list[dict[str, Any]]) -> None:
    assert declared(text) == parameters


def test_required_is_said_or_follows_from_the_default() -> None:
    text = "{{Int8(a)}}{{Int8(b, 1)}}{{Int8(c, 1, required=True)}}{{Int8(d, required=False)}}"
    required = [parameter.is_required for parameter in Template.parse(text).parameters]
    assert required == [True, False, True, False]


def test_constant_tables_are_dependencies() -> None:
    text = "{{table('a')}}{{TABLE('b')}}{{table('a')}}{{table('c' + x)}}{{table(y)}}"
    assert Template.parse(text).tables == ("a", "b")
