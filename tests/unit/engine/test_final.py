"""FINAL of the merging table engines: ClickHouse's recorded answers, and a model of the rules.

The answers were recorded from ClickHouse 26.9 with `optimize_on_insert = 0`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_tb.deploy.names import ProjectCatalog, StoredTables
from mini_tb.engine.duckdb import DuckDBEngine
from mini_tb.project import Column, Datasource, Engine, Project
from mini_tb.sql import compile_query
from mini_tb.types import parse_type

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine.open(None)
    yield opened
    opened.close()


def table(columns: str, /, **engine: Any) -> Datasource:
    """A data source `t`; columns as `name Type; …`."""
    made = (text.strip().split(" ", 1) for text in columns.split(";"))
    return Datasource("t", tuple(Column(name, parse_type(t)) for name, t in made), Engine(**engine))


def final(
    engine: DuckDBEngine, datasource: Datasource, inserts: Sequence[str], select: str = "*"
) -> Rows:
    """What `SELECT … FROM t FINAL` gives after these inserts, ordered."""
    with engine.transaction() as tx:
        tx.drop_table("t")
        tx.create_table("t", datasource)
        for values in inserts:
            tx.execute(f"INSERT INTO t VALUES {values}")
    tables = StoredTables(Project({"t": datasource}))
    compiled = compile_query(f"SELECT {select} FROM t FINAL", ProjectCatalog(tables))
    with engine.execute(compiled) as result:
        return sorted(result.rows(), key=repr)


RECORDED = [
    (
        "k String; v Int32; ver UInt32",
        {"name": "ReplacingMergeTree", "ver": "ver", "sorting_key": "k"},
        ["('a',1,2),('a',2,2),('b',1,1)", "('a',3,1),('b',2,5)"],
        [("a", 2, 2), ("b", 2, 5)],
    ),
    (
        "k String; v Int32; ver UInt32; del UInt8",
        {"name": "ReplacingMergeTree", "ver": "ver", "is_deleted": "del", "sorting_key": "k"},
        ["('a',1,2,0),('b',1,1,0)", "('a',3,3,1),('b',2,5,0)", "('b',0,4,1)"],
        [("b", 2, 5, 0)],
    ),
    (
        "k String; s Int8; u UInt8; f Float64; x String; n Nullable(Int32)",
        {"name": "SummingMergeTree", "sorting_key": "k"},
        [
            "('a',100,200,1.5,'p',NULL)",
            "('a',100,100,2.5,'q',3)",
            "('z',0,0,0,'w',NULL)",
            "('y',0,0,0,'w',0)",
            "('n',0,0,0,'w',5),('n',0,0,0,'v',NULL)",
        ],
        [("a", -56, 44, 4.0, "p", 3), ("n", 0, 0, 0.0, "w", 5), ("y", 0, 0, 0.0, "w", 0)],
    ),
    (
        "k String; a Int32; b Int32",
        {"name": "SummingMergeTree", "columns": ("a",), "sorting_key": "k"},
        ["('a',1,1),('a',2,2),('z',0,7)"],
        [("a", 3, 1)],
    ),
    (
        "k Int32; v Int32",
        {"name": "SummingMergeTree", "sorting_key": "intDiv(k, 10)"},
        ["(11,1),(12,2),(25,3)"],
        [(11, 3), (25, 3)],
    ),
    (
        "k Int32; v SimpleAggregateFunction(sum, Int64); w Int32",
        {"name": "SummingMergeTree", "sorting_key": "k"},
        ["(1,1,0),(1,-1,0),(2,0,0),(3,5,0)"],
        [(1, 0, 0), (2, 0, 0), (3, 5, 0)],
    ),
    (
        "k Int32; v Int32; m SimpleAggregateFunction(max, Int32);"
        "w SimpleAggregateFunction(sum, Int64)",
        {"name": "SummingMergeTree", "columns": ("v",), "sorting_key": "k"},
        ["(1,1,4,7)", "(1,2,9,8)"],
        [(1, 3, 4, 7)],
    ),
    (
        "v Int32",
        {"name": "SummingMergeTree", "sorting_key": "tuple()"},
        ["(1),(2)", "(5)"],
        [(1,), (2,), (5,)],
    ),
    (
        "k Int32; v String",
        {"name": "SummingMergeTree", "sorting_key": "k"},
        ["(1,'a')", "(1,'b')"],
        [(1, "a")],
    ),
    (
        "k String; mi SimpleAggregateFunction(min, Int32); ma SimpleAggregateFunction(max, Int32);"
        "an SimpleAggregateFunction(any, Nullable(String));"
        "al SimpleAggregateFunction(anyLast, Nullable(String)); o Int32",
        {"name": "AggregatingMergeTree", "sorting_key": "k"},
        ["('a',3,3,NULL,'x',7)", "('a',1,5,'p',NULL,8)", "('a',2,4,'q','z',9)"],
        [("a", 1, 5, "p", "z", 7)],
    ),
    (
        "k String; m SimpleAggregateFunction(sumMap, Tuple(Array(String), Array(UInt64)));"
        "x SimpleAggregateFunction(maxMap, Tuple(Array(UInt8), Array(Int32)))",
        {"name": "AggregatingMergeTree", "sorting_key": "k"},
        [
            "('a', {'1': ['x','y'], '2': [1,2]}, {'1': [1], '2': [-5]})",
            "('a', {'1': ['x','z'], '2': [3,0]}, {'1': [1,2], '2': [-7,1]})",
        ],
        [
            (
                "a",
                {"1": ["x", "y"], "2": [4, 2]},
                {"1": [1, 2], "2": [-5, 1]},
            )
        ],
    ),
    (
        "k String; v SimpleAggregateFunction(sumWithOverflow, Int8);"
        "b SimpleAggregateFunction(groupBitOr, UInt8);"
        "a SimpleAggregateFunction(groupArrayArray, Array(Int8))",
        {"name": "AggregatingMergeTree", "sorting_key": "k"},
        ["('a',100,1,[3,1])", "('a',100,2,[2])"],
        [("a", -56, 3, [3, 1, 2])],
    ),
    (
        "k String; m SimpleAggregateFunction(sumMap, Map(String, UInt64))",
        {"name": "AggregatingMergeTree", "sorting_key": "k"},
        ["('a',MAP{'x':250})", "('a',MAP{'x':10,'y':1})"],
        [("a", [("x", 260), ("y", 1)])],
    ),
    (
        "k String; m SimpleAggregateFunction(sumMap, Map(String, Int64));"
        "x SimpleAggregateFunction(minMap, Map(String, Int64))",
        {"name": "AggregatingMergeTree", "sorting_key": "k"},
        ["('a',MAP{'y':1,'x':1},MAP{'p':2})", "('a',MAP{'x':-1},MAP{'p':-1,'q':0})"],
        [("a", [("x", 0), ("y", 1)], [("p", -1), ("q", 0)])],
    ),
    (
        "k UInt8; cMap.id Array(UInt32); cMap.v Array(Int8); dMap.name Array(String);"
        "dMap.a Array(UInt64); dMap.b Array(Float64); e.id Array(UInt8); n UInt32",
        {"name": "SummingMergeTree", "columns": ("n",), "sorting_key": "k"},
        [
            "(1,[2,1],[120,10],['b','a'],[1,2],[0.5,1],[7],1)",
            "(1,[3,2],[5,120],['b','c'],[5,0],[-1,0],[8],2)",
            "(2,[5],[1],[],[],[],[],0)",
            "(2,[5],[-1],[],[],[],[],0)",
        ],
        [
            (1, [1, 2, 3], [10, -16, 5], ["a", "b"], [2, 6], [1.0, -0.5], [7], 3),
            (2, [], [], [], [], [], [], 0),
        ],
    ),
    (
        "k UInt8; gMap.day Array(Date); gMap.typeID Array(UInt8); gMap.v Array(UInt8);"
        "sMap.k Array(String); sMap.text Array(String); fMap.k Array(Float64); fMap.v Array(UInt8)",
        {"name": "SummingMergeTree", "sorting_key": "k"},
        [
            "(1,['2026-01-01'],[1],[200],['a'],['x'],[1],[1])",
            "(1,['2026-01-01','2026-01-01'],[2,1],[7,100],['b'],['y'],[1],[1])",
        ],
        [
            (
                1,
                [date(2026, 1, 1)] * 2,
                [1, 2],
                [44, 7],
                ["a"],
                ["x"],
                [1.0],
                [1],
            )
        ],
    ),
    (
        "k String; v Int32; sign Int8",
        {"name": "CollapsingMergeTree", "sign": "sign", "sorting_key": "k"},
        [
            "('a',1,1)",
            "('a',1,-1),('a',2,1)",
            "('b',1,1),('b',1,-1)",
            "('c',1,-1)",
            "('d',1,1),('d',2,1)",
            "('e',1,-1),('e',2,1)",
            "('f',1,1),('f',1,1),('f',1,-1)",
            "('g',1,1),('g',1,-1),('g',1,-1),('g',5,1)",
        ],
        [("a", 2, 1), ("d", 2, 1), ("e", 2, 1), ("f", 1, 1), ("g", 5, 1)],
    ),
    (
        "k String; v Int32; sign Int8; ver UInt8",
        {
            "name": "VersionedCollapsingMergeTree",
            "sign": "sign",
            "version": "ver",
            "sorting_key": "k",
        },
        [
            "('a',1,1,1)",
            "('a',1,-1,1),('a',2,1,2)",
            "('b',1,-1,1),('b',1,1,1)",
            "('c',1,-1,1)",
            "('d',1,1,1),('d',2,1,1)",
            "('e',1,1,1),('e',2,1,1),('e',3,-1,1)",
        ],
        [("a", 2, 1, 2), ("c", 1, -1, 1), ("d", 1, 1, 1), ("d", 2, 1, 1), ("e", 1, 1, 1)],
    ),
]


@pytest.mark.parametrize(
    ("columns", "kind", "inserts", "expected"),
    RECORDED,
    ids=[f"{index}-{case[1]['name']}" for index, case in enumerate(RECORDED)],
)
def test_gives_what_clickhouse_gave(
    engine: DuckDBEngine, columns: str, kind: dict[str, Any], inserts: list[str], expected: Rows
) -> None:
    assert final(engine, table(columns, **kind), inserts) == sorted(expected, key=repr)


def test_aggregate_states_are_merged(engine: DuckDBEngine) -> None:
    aggregating = table(
        "k String; s AggregateFunction(sum, Int64); n AggregateFunction(count)",
        name="AggregatingMergeTree",
        sorting_key="k",
    )
    source = Project({"t": aggregating})
    with engine.transaction() as tx:
        tx.drop_table("t")
        tx.create_table("t", aggregating)
        for first, rows in ((1, 2), (40, 1)):
            made = compile_query(
                "SELECT 'a' AS k, sumState(toInt64(number)) AS s, countState() AS n "
                f"FROM numbers({first}, {rows})",
                ProjectCatalog(StoredTables(source)),
            )
            tx.execute(f"INSERT INTO t {made.duck_sql}")
    merged = "SELECT k, sumMerge(s), countMerge(n) FROM t FINAL GROUP BY k"
    compiled = compile_query(merged, ProjectCatalog(StoredTables(source)))
    with engine.execute(compiled) as result:
        assert result.rows() == [("a", 43, 3)]


def test_a_column_called_rowid_does_not_decide_the_order(engine: DuckDBEngine) -> None:
    replacing = table("k String; rowid Int32", name="ReplacingMergeTree", sorting_key="k")
    assert final(engine, replacing, ["('a', 9)", "('a', 1)"]) == [("a", 1)]


def test_rows_of_one_transaction_come_after_those_before_it(engine: DuckDBEngine) -> None:
    replacing = table("k Int32; v Int32", name="ReplacingMergeTree", sorting_key="k")
    with engine.transaction() as tx:
        tx.drop_table("t")
        tx.create_table("t", replacing)
        tx.execute("INSERT INTO t VALUES (1, 1), (2, 1)")
    relation = StoredTables(Project({"t": replacing})).find("t")
    assert relation is not None and relation.final is not None
    with engine.transaction() as tx:
        tx.execute("INSERT INTO t VALUES (1, 2)")
        seen = tx.fetch(f"SELECT k, v FROM {relation.final} AS f ORDER BY k")
    assert seen == [(1, 2), (2, 1)]


row = st.tuples(st.integers(0, 2), st.integers(-3, 3), st.integers(0, 2), st.sampled_from([1, -1]))
batches = st.lists(st.lists(row, min_size=1, max_size=5), min_size=1, max_size=4)


def replacing_model(rows: Rows) -> Rows:
    best: dict[int, tuple[Any, ...]] = {}
    for candidate in rows:
        kept = best.get(candidate[0])
        if kept is None or candidate[2] >= kept[2]:
            best[candidate[0]] = candidate
    return list(best.values())


def summing_model(rows: Rows) -> Rows:
    sums: dict[int, list[int]] = {}
    for k, v, ver, sign in rows:
        kept = sums.setdefault(k, [0, 0, 0])
        for index, value in enumerate((v, ver, sign)):
            kept[index] += value
    return [(k, *values) for k, values in sums.items() if any(values)]


def collapsing_model(rows: Rows) -> Rows:
    found: Rows = []
    for key in {r[0] for r in rows}:
        own = [r for r in rows if r[0] == key]
        balance = sum(r[3] for r in own)
        positive = [r for r in own if r[3] == 1]
        if positive and (balance > 0 or (balance == 0 and own[-1][3] == 1)):
            found.append(positive[-1])
    return found


def versioned_model(rows: Rows) -> Rows:
    stacks: dict[tuple[int, int], Rows] = {}
    for candidate in rows:
        stack = stacks.setdefault((candidate[0], candidate[2]), [])
        if stack and stack[-1][3] != candidate[3]:
            stack.pop()
        else:
            stack.append(candidate)
    return [kept for stack in stacks.values() for kept in stack]


MODELS = {
    "ReplacingMergeTree": ({"ver": "ver"}, replacing_model),
    "SummingMergeTree": ({}, summing_model),
    "CollapsingMergeTree": ({"sign": "sign"}, collapsing_model),
    "VersionedCollapsingMergeTree": ({"sign": "sign", "version": "ver"}, versioned_model),
}


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25)
@given(inserts=batches)
def test_equals_the_model(engine: DuckDBEngine, name: str, inserts: list[Rows]) -> None:
    options, model = MODELS[name]
    made = table("k Int32; v Int64; ver UInt32; sign Int8", name=name, sorting_key="k", **options)
    texts = [", ".join(map(str, batch)) for batch in inserts]
    rows = [r for batch in inserts for r in batch]
    assert final(engine, made, texts) == sorted(model(rows), key=repr)
