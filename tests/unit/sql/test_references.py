"""Which tables a query names, and where."""

from __future__ import annotations

import pytest

from mini_tb.sql import tables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM a JOIN db.b AS c USING (k), `odd name` FINAL", ["a", "db.b", "odd name"]),
        ("SELECT * FROM (a CROSS JOIN b) ARRAY JOIN c", ["a", "b"]),
        ("SELECT x IN a, y GLOBAL NOT IN b, z IN (SELECT 1 FROM c)", ["a", "b", "c"]),
        ("SELECT 1 FROM numbers(3), view(SELECT * FROM a)", ["a"]),
        ("SELECT sum(x) OVER (PARTITION BY (SELECT 1 FROM a)) LIMIT (SELECT 1 FROM b)", ["a", "b"]),
        ("WITH t AS (SELECT * FROM a) SELECT * FROM t WHERE x IN t", ["a"]),
        ("WITH t AS (SELECT * FROM a) SELECT 1 FROM t UNION ALL SELECT 2 FROM t, b", ["a", "b"]),
        ("WITH t AS (SELECT * FROM t) SELECT * FROM t", ["t"]),
        ("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 2 FROM t) SELECT * FROM t", []),
        ("SELECT (SELECT 1 FROM a) BETWEEN 1 AND 2", ["a"]),
        ("SELECT FROM WHERE", []),
    ],
)
def test_tables(text: str, expected: list[str]) -> None:
    found = tables(text)
    assert [name for name, _, _ in found] == expected
    assert [text[start:end].strip("`") for _, start, end in found] == expected
