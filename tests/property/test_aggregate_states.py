"""The law of aggregate states: however rows are cut into parts, merging the parts' states gives
what the function gives for all rows; and a state that was stored is the same state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_tb.engine.duckdb import DuckDBEngine
from mini_tb.sql import Table, TableColumn, Tables, compile_query
from mini_tb.types import parse_type

COLUMNS = {"part": "UInt8", "n": "Nullable(Int32)", "u": "UInt16", "s": "String", "f": "Float64"}
CALLS = [
    "count()",
    "count(n)",
    "countIf(u > 3)",
    "sum(n)",
    "sumIf(u, f > 0)",
    "avg(n)",
    "min(s)",
    "max(n)",
    "uniq(s)",
    "uniqExact(u, s)",
    "uniqIf(n, u > 3)",
    "quantile(0.9)(u)",
    "quantilesExact(0.1, 0.5)(n)",
    "quantileTiming(u)",
    "groupBitXor(u)",
    "groupBitmap(u)",
    "varPop(u)",
    "sumCount(n)",
    "sumOrNull(n)",
    "avgOrDefaultIf(u, u > 3)",
    "sumDistinct(u)",
    "sumMap(map(s, u))",
    "sumMap([u], [u])",
    "maxForEach([u, u + 1])",
    "sumArray([u, u])",
    "sumResample(0, 10, 3)(u, u)",
    "sumArgMax(u, u)",
    "retention(u = 1, u = 2)",
    "maxIntersections(u, toUInt16(u + 3))",
    "avgWeighted(u, u)",
    "groupUniqArray(s)",
    "topK(1)(intDiv(u, 100))",
]

rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.none() | st.integers(-5, 5),
        st.integers(0, 9),
        st.sampled_from(["", "a", "b", "it's"]),
        st.integers(-4, 4).map(lambda x: x / 2),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine.open(None)
    yield engine
    engine.close()


def of_states(call: str) -> tuple[str, str]:
    """`f(p)(args)` → `fState(p)(args)` and `fMerge(p)(state)`."""
    name, _, rest = call.partition("(")
    params, between, args = rest.partition(")(")
    given_params = f"({params})" if between else ""
    inner = args if between else params
    return f"{name}State{given_params}({inner}", f"{name}Merge{given_params}(state)"


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=8)
@given(values=rows)
def test_merged_states_equal_the_whole(
    call: str, values: list[tuple[object, ...]], engine: DuckDBEngine
) -> None:
    columns = tuple(TableColumn(name, parse_type(t)) for name, t in COLUMNS.items())
    state, merge = of_states(call)
    table = Tables({"t": Table("t", "t", columns)})
    parts = compile_query(f"SELECT {state} AS state FROM t GROUP BY part", table)
    stored = Table("states", "states", (TableColumn("state", parts.columns[0].type),))
    merged = compile_query(f"SELECT {merge} FROM states", Tables({"states": stored}))
    whole = compile_query(f"SELECT {call} FROM t", table)
    with engine.transaction() as transaction:
        transaction.execute(
            "CREATE OR REPLACE TABLE t (part UTINYINT, n INTEGER, u USMALLINT, s VARCHAR, f DOUBLE)"
        )
        for row in values:
            texts = ("NULL" if v is None else repr(v).replace('"it\'s"', "'it''s'") for v in row)
            transaction.execute(f"INSERT INTO t VALUES ({', '.join(texts)})")
        transaction.execute(f"CREATE OR REPLACE TABLE states AS {parts.duck_sql}")
    assert merged.columns[0].type == whole.columns[0].type
    with engine.execute(merged) as found, engine.execute(whole) as expected:
        assert same(found.rows(), expected.rows())


def same(found: object, expected: object) -> bool:
    """Equal, NaN to NaN and floats but for the last digits."""
    if isinstance(found, float) and isinstance(expected, float):
        return found == pytest.approx(expected, rel=1e-12, nan_ok=True)
    if isinstance(found, dict) and isinstance(expected, dict):
        return same(list(found.items()), list(expected.items()))
    if isinstance(found, list | tuple) and isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(
            same(a, b) for a, b in zip(found, expected, strict=True)
        )
    return found == expected
