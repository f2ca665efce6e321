"""Jsonpaths: parsing, printing, and what they take of a record."""

from __future__ import annotations

import pytest

from mini_tb.ingest.jsonpath import MISSING, JsonPath, JsonPathError, parse_jsonpath

RECORD = {
    "a": {"b": {"c": 1, "n": None}},
    "items": [{"sku": "x", "deep": {"d": 1}}, {"sku": "y"}, 5],
    "rows": [{"cells": [{"v": 1}, {"v": 2}]}, {"cells": []}],
    "my-key": 2,
    "with.dot": 3,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", RECORD),
        ("$.a.b.c", 1),
        ("$.a.b.n", None),
        ("$.a.b.x", MISSING),
        ("$.a.b.c.d", MISSING),
        ("$.nothing", None),
        ("$.nothing.x", MISSING),
        ("$.items[:].sku", ["x", "y", None]),
        ("$.items[:].deep.d", [1, None, None]),
        ("$.items[:]", RECORD["items"]),
        ("$.items", RECORD["items"]),
        ("$.rows[:].cells[:].v", [[1, 2], []]),
        ("$.a[:]", RECORD["a"]),
        ("$.x[:]", MISSING),
        ("$.['my-key']", 2),
        ('$["my-key"]', 2),
        ("$.[my-key]", 2),
        ("$.my-key", 2),
        ("$['with.dot']", 3),
    ],
)
def test_value(path: str, expected: object) -> None:
    assert parse_jsonpath(path).value(RECORD) == expected


@pytest.mark.parametrize(
    ("path", "offset"),
    [("a", 0), ("$a", 1), ("$..a", 1), ("$.a[0]", 3), ("$.*", 1), ("$.a[?(@.b)]", 3), ("$.", 1)],
)
def test_what_is_no_path(path: str, offset: int) -> None:
    with pytest.raises(JsonPathError) as error:
        parse_jsonpath(path)
    assert error.value.offset == offset


def test_depth_is_bounded() -> None:
    assert len(parse_jsonpath("$" + ".a" * 64).steps) == 64
    with pytest.raises(JsonPathError):
        parse_jsonpath("$" + ".a" * 65)


@pytest.mark.parametrize(
    "steps", [("a", "b"), ("a", None, "b"), ("with.dot",), ("it's", "a b"), ()]
)
def test_printing_gives_a_path_that_parses_to_the_same(steps: tuple[str | None, ...]) -> None:
    assert parse_jsonpath(str(JsonPath(steps))).steps == steps
