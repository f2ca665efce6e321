"""The parameter whose value does not fit is named, beside the message that clients compare."""

from __future__ import annotations

import pytest

from mini_tb.template import Template, TemplateError


@pytest.mark.parametrize(
    ("template", "params", "name"),
    [
        ("SELECT {{Int32(limit, 5)}}", {"limit": "abc"}, "limit"),
        ("SELECT {{String(a)}}, {{Date(day)}}", {"a": "x", "day": "soon"}, "day"),
        ("SELECT {{Array(ids, 'Int32')}}", {"ids": "1,x"}, "ids"),
    ],
)
def test_the_parameter_is_named(template: str, params: dict[str, str], name: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(template).bind(params)
    assert caught.value.parameter == name
    assert name not in caught.value.message
