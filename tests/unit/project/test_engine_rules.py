"""Engines with what they need, and names in their expressions."""

from __future__ import annotations

import pytest

from mini_tb.project import load_project
from mini_tb.project.engine import expression_names

COLUMNS = (
    "SCHEMA >\n    id String, at DateTime, sign Int8, v UInt64, `a.b` Int8,\n"
    "    n LowCardinality(String)\n"
)


def codes(lines: str) -> list[str]:
    loaded = load_project({"x.datasource": COLUMNS + lines})
    return [d.code for d in loaded.diagnostics]


@pytest.mark.parametrize(
    "lines",
    [
        "ENGINE replacingmergetree\nENGINE_SORTING_KEY id\nENGINE_VER v\nENGINE_IS_DELETED sign\n",
        "ENGINE SummingMergeTree\nENGINE_SORTING_KEY id\nENGINE_COLUMNS v, sign\n",
        "ENGINE CollapsingMergeTree\nENGINE_SORTING_KEY id\nENGINE_SIGN sign\n",
        "ENGINE VersionedCollapsingMergeTree\nENGINE_SIGN sign\nENGINE_VERSION v\n",
        "ENGINE Null\n",
        "ENGINE_SORTING_KEY tuple()\n",
        "ENGINE_SORTING_KEY (id, cityHash64(id, 'x id2'), toDate(at), `a.b`, n)\n",
        "ENGINE_PARTITION_KEY substring(toString(at), 1, 1)\n",
        "ENGINE_TTL at + INTERVAL 3 DAY DELETE WHERE v = 0\n",
        "ENGINE_TTL toDateTime(at) + toIntervalDay(90)\n",
        "ENGINE_PARTITION_KEY arrayExists(x -> x = id, ['a'])\n",
    ],
)
def test_valid(lines: str) -> None:
    assert codes(lines) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("ENGINE ReplacingMergeTree\nENGINE_SORTING_KEY tuple()\n", "DF041"),
        ("ENGINE CollapsingMergeTree\nENGINE_SORTING_KEY id\n", "DF041"),
        ("ENGINE MergeTree\nENGINE_VER v\n", "DF042"),
        ("ENGINE Null\nENGINE_SORTING_KEY id\n", "DF042"),
        ("ENGINE SummingMergeTree\nENGINE_COLUMNS v, w\n", "DF043"),
        ("ENGINE_SORTING_KEY id, idd\n", "DF043"),
        ("ENGINE_TTL att + INTERVAL 1 DAY\n", "DF043"),
        ("ENGINE ReplacingMergeTree\nENGINE_SORTING_KEY id, v\nENGINE_VER v\n", "DF044"),
    ],
)
def test_said(lines: str, expected: str) -> None:
    assert codes(lines) == [expected]


def test_expression_names() -> None:
    text = "toDate(at), `x y`, a.b + 3e5 - INTERVAL 2 day, 'no', f (g)"
    assert [(name, called) for name, called, _ in expression_names(text)] == [
        ("toDate", True),
        ("at", False),
        ("x y", False),
        ("a.b", False),
        ("f", True),
        ("g", False),
    ]
