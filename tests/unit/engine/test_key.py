"""Keys split into their expressions."""

from __future__ import annotations

import pytest

from mini_tb.engine.key import key_expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, []),
        ("", []),
        ("tuple()", []),
        ("a", ["a"]),
        ("a, b", ["a", "b"]),
        ("(a, b)", ["a", "b"]),
        ("tuple(a, f(b, c))", ["a", "f(b, c)"]),
        ("((a), b)", ["(a)", "b"]),
        ("(a), (b)", ["(a)", "(b)"]),
        ("toDate(ts), concat(a, ',', 'b)')", ["toDate(ts)", "concat(a, ',', 'b)')"]),
        ("`a,b`, arr[1]", ["`a,b`", "arr[1]"]),
        (r"concat(a, 'it\'s, b'), c", [r"concat(a, 'it\'s, b')", "c"]),
    ],
)
def test_key_expressions(text: str | None, expected: list[str]) -> None:
    assert key_expressions(text) == expected
