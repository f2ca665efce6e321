"""Laws of stored tables: FINAL equals a model of its engine, views equal their recomputation.

Schemas, engines, rows, how they are split into requests, and when tables are compacted are drawn;
rows repeat, come late, and some are bad. `MINI_TB_EXAMPLES=2000` runs more than the usual few.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mini_tb.workspace import Workspace

Row = dict[str, Any]
EXAMPLES = int(os.environ.get("MINI_TB_EXAMPLES", "25"))

KEYS: dict[str, st.SearchStrategy[Any]] = {
    "Int32": st.integers(-1, 1),
    "String": st.sampled_from(["", "a", "é", "it's"]),
    "LowCardinality(String)": st.sampled_from(["x", "y"]),
    "UInt64": st.sampled_from([0, 2**64 - 1]),
}
SUMMABLE: dict[str, st.SearchStrategy[Any]] = {
    "Int8": st.integers(-128, 127) | st.just(0),
    "UInt8": st.integers(0, 255) | st.just(0),
    "Int64": st.integers(-3, 3),
    "Float64": st.integers(-8, 8).map(lambda n: n / 4),
    "Nullable(Int32)": st.none() | st.integers(-2, 2),
}
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "String": st.sampled_from(["", "p", "q"]),
    "Nullable(String)": st.none() | st.sampled_from(["p", "q"]),
}
SIMPLE = {"sum": "Int64", "min": "Int64", "max": "Int64", "any": "String", "anyLast": "String"}


def _wrapped(value: Any, kind: str) -> Any:
    bare = kind.removeprefix("Nullable(").removesuffix(")")
    if value is None or not bare.lstrip("U").startswith("Int"):
        return value
    bits = int(bare.lstrip("UInt"))
    value %= 1 << bits
    return value - (1 << bits) if bare.startswith("I") and value >= 1 << (bits - 1) else value


def _sum(values: list[Any], kind: str) -> Any:
    there = [value for value in values if value is not None]
    return _wrapped(sum(there), kind) if there else None


@dataclass(frozen=True)
class Case:
    """A table's engine and columns (name → type), with what FINAL leaves of the rows of one key."""

    engine: str
    columns: dict[str, str]
    keys: tuple[str, ...]
    values: dict[str, st.SearchStrategy[Any]]
    merged: Callable[[list[Row]], list[Row]]

    @property
    def datafile(self) -> str:
        schema = ",\n".join(f"  {name} {kind}" for name, kind in self.columns.items())
        return f"SCHEMA >\n{schema}\n{self.engine}ENGINE_SORTING_KEY {', '.join(self.keys)}\n"

    def final(self, rows: list[Row]) -> list[Row]:
        """What FINAL gives of all rows, in the order of insertion."""
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(row[key] for key in self.keys), []).append(row)
        return [row for group in groups.values() for row in self.merged(group)]


def _replacing(ver: str | None, deleted: str | None) -> Callable[[list[Row]], list[Row]]:
    def merged(rows: list[Row]) -> list[Row]:
        best = rows[0]
        for row in rows:
            best = row if not ver or row[ver] >= best[ver] else best
        return [] if deleted and best[deleted] else [best]

    return merged


def _summing(summed: dict[str, str]) -> Callable[[list[Row]], list[Row]]:
    def merged(rows: list[Row]) -> list[Row]:
        sums = {name: _sum([row[name] for row in rows], kind) for name, kind in summed.items()}
        nothing = [
            s is None if summed[n].startswith("Nullable") else s == 0 for n, s in sums.items()
        ]
        return [] if nothing and all(nothing) else [{**rows[0], **sums}]

    return merged


def _aggregating(functions: dict[str, str]) -> Callable[[list[Row]], list[Row]]:
    def merged(rows: list[Row]) -> list[Row]:
        made = dict(rows[0])
        for name, function in functions.items():
            values = [row[name] for row in rows]
            made[name] = {
                "sum": lambda v=values: _wrapped(sum(v), "Int64"),
                "min": lambda v=values: min(v),
                "max": lambda v=values: max(v),
                "any": lambda v=values: v[0],
                "anyLast": lambda v=values: v[-1],
            }[function]()
        return [made]

    return merged


def _collapsing(rows: list[Row]) -> list[Row]:
    states = [row for row in rows if row["sign"] == 1]
    balance = sum(row["sign"] for row in rows)
    survives = balance > 0 or (balance == 0 and rows[-1]["sign"] == 1)
    return states[-1:] if survives else []


def _versioned(rows: list[Row]) -> list[Row]:
    left: dict[int, list[Row]] = {}
    for row in rows:
        stack = left.setdefault(row["ver"], [])
        if stack and stack[-1]["sign"] == -row["sign"]:
            stack.pop()
        else:
            stack.append(row)
    return [row for stack in left.values() for row in stack]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    columns: dict[str, str] = {}
    values: dict[str, st.SearchStrategy[Any]] = {}

    def add(name: str, kind: str, strategy: st.SearchStrategy[Any]) -> str:
        columns[name], values[name] = kind, strategy
        return name

    def some(prefix: str, kinds: dict[str, st.SearchStrategy[Any]], least: int, most: int) -> None:
        for i in range(draw(st.integers(least, most))):
            kind = draw(st.sampled_from(sorted(kinds)))
            add(f"{prefix}{i}", kind, kinds[kind])

    some("k", KEYS, 1, 2)
    keys = tuple(columns)
    engine = draw(
        st.sampled_from(["Replacing", "Summing", "Aggregating", "Collapsing", "Versioned"])
    )
    sign = st.sampled_from([1, -1])
    text = f"ENGINE {engine}MergeTree\n"
    merged: Callable[[list[Row]], list[Row]]
    if engine == "Aggregating":
        functions = {}
        for i, function in enumerate(draw(st.lists(st.sampled_from(sorted(SIMPLE)), min_size=1))):
            kind = SIMPLE[function]
            strategy = SUMMABLE[kind] if kind in SUMMABLE else OTHERS[kind]
            name = add(f"f{i}", f"SimpleAggregateFunction({function}, {kind})", strategy)
            functions[name] = function
        merged = _aggregating(functions)
        some("o", OTHERS, 0, 1)
        return Case(text, columns, keys, values, merged)
    some("v", SUMMABLE, 1, 2)
    some("o", OTHERS, 0, 1)
    if engine == "Replacing":
        ver = add("ver", "UInt8", st.integers(0, 2)) if draw(st.booleans()) else None
        deleted = add("gone", "UInt8", st.integers(0, 1)) if ver and draw(st.booleans()) else None
        text += f"ENGINE_VER {ver}\n" if ver else ""
        text += f"ENGINE_IS_DELETED {deleted}\n" if deleted else ""
        merged = _replacing(ver, deleted)
    elif engine == "Summing":
        summed = {name: kind for name, kind in columns.items() if name.startswith("v")}
        if draw(st.booleans()):
            summed = {"v0": columns["v0"]}
            text += "ENGINE_COLUMNS v0\n"
        merged = _summing(summed)
    elif engine == "Collapsing":
        add("sign", "Int8", sign)
        text += "ENGINE_SIGN sign\n"
        merged = _collapsing
    else:
        add("sign", "Int8", sign)
        add("ver", "UInt8", st.integers(0, 1))
        text = "ENGINE VersionedCollapsingMergeTree\nENGINE_SIGN sign\nENGINE_VERSION ver\n"
        merged = _versioned
    return Case(text, columns, keys, values, merged)


COMPACT = "compact"


@st.composite
def histories(draw: st.DrawFn) -> tuple[Case, list[Any]]:
    """A table, and what happens to it: requests (lists of rows, None is a bad one), compactions."""
    case = draw(cases())
    row = st.fixed_dictionaries(case.values)
    request = st.lists(st.none() | row | row | row, min_size=1, max_size=5)
    steps = st.lists(st.one_of(request, request, st.just(COMPACT)), min_size=1, max_size=6)
    return case, draw(steps)


def _body(request: list[Row | None]) -> bytes:
    # A row without its key fits no table; an array for a String would be stored as its text.
    return b"\n".join(json.dumps({} if row is None else row).encode() for row in request)


def _answer(workspace: Workspace, query: str) -> list[str]:
    with workspace.sql(query) as result:
        return sorted(map(repr, result.rows()))


@settings(max_examples=EXAMPLES)
@given(history=histories())
def test_final_equals_the_model(history: tuple[Case, list[Any]]) -> None:
    case, steps = history
    stored: list[Row] = []
    refused = 0
    columns = ", ".join(case.columns)
    with Workspace.open(None) as workspace:
        deployed = workspace.deploy({"t.datasource": case.datafile})
        assert deployed.result != "failed", [d.message for d in deployed.errors]
        for step in steps:
            if step == COMPACT:
                assert workspace.maintenance.compact("t")
            else:
                answer = workspace.append("t", _body(step))
                good = [row for row in step if row is not None]
                stored += good
                refused += len(step) - len(good)
                assert answer.successful_rows == len(good)
                assert answer.quarantined_rows == len(step) - len(good)
            expected = sorted(
                repr(tuple(row[c] for c in case.columns)) for row in case.final(stored)
            )
            assert _answer(workspace, f"SELECT {columns} FROM t FINAL") == expected
        assert workspace.count("t_quarantine") == refused


@dataclass(frozen=True)
class Measure:
    """An aggregate that a view keeps as a state, and what it is of a list of numbers."""

    function: str
    of: Callable[[list[int]], Any]
    read: str = "{}"


MEASURES = (
    Measure("count", len),
    Measure("sum", sum),
    Measure("min", min),
    Measure("max", max),
    Measure("avg", lambda v: sum(v) / len(v)),
    Measure("uniqExact", lambda v: len(set(v))),
    Measure("uniq", lambda v: len(set(v))),
    Measure("groupUniqArray", lambda v: sorted(set(v)), "arraySort({})"),
    Measure("groupArray", sorted, "arraySort({})"),
    Measure("any", lambda v: v[0]),
    Measure("anyLast", lambda v: v[-1]),
    Measure("quantileExact", lambda v: sorted(v)[len(v) // 2]),
)


def _view(name: str, source: str, target: str, select: str) -> dict[str, str]:
    return {
        f"{name}.pipe": f"NODE n\nSQL >\n  SELECT {select}\n  FROM {source}\n  GROUP BY g\n"
        f"TYPE materialized\nDATASOURCE {target}\n"
    }


def _aggregated(name: str, measures: list[Measure]) -> dict[str, str]:
    """A data source of states by `g`."""
    kinds = [
        f"m{i} AggregateFunction({m.function}{'' if m.function == 'count' else ', Int64'})"
        for i, m in enumerate(measures)
    ]
    schema = ",\n  ".join(["g String", *kinds])
    return {
        f"{name}.datasource": f"SCHEMA >\n  {schema}\nENGINE AggregatingMergeTree\n"
        "ENGINE_SORTING_KEY g\n"
    }


event = st.fixed_dictionaries({"g": st.sampled_from(["", "a", "b"]), "v": st.integers(-9, 9)})
measures = st.lists(st.sampled_from(MEASURES), min_size=1, max_size=3, unique=True)
events = st.lists(event, min_size=1, max_size=6)
actions = st.lists(
    st.one_of(events, events, st.sampled_from(["first", "second", "refill"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=EXAMPLES)
@given(measures=measures, actions=actions)
@example(measures=list(MEASURES), actions=[[{"g": "a", "v": 1}] * 2, "first", "second"])
def test_views_in_cascade_equal_a_recomputation(
    measures: list[Measure], actions: list[Any]
) -> None:
    def argument(measure: Measure) -> str:
        return "" if measure.function == "count" else "v"

    states = [f"{m.function}State({argument(m)}) AS m{i}" for i, m in enumerate(measures)]
    merged = [f"{m.function}MergeState(m{i}) AS m{i}" for i, m in enumerate(measures)]
    files = {
        "events.datasource": "SCHEMA >\n  g String,\n  v Int64\nENGINE_SORTING_KEY g\n",
        **_aggregated("first", measures),
        **_aggregated("second", measures),
        **_view("to_first", "events", "first", ", ".join(["g", *states])),
        **_view(
            "to_second",
            "first",
            "second",
            ", ".join(["g", *(m.replace("(m", "(first.m") for m in merged)]),
        ),
    }
    read = [m.read.format(f"{m.function}Merge(m{i})") for i, m in enumerate(measures)]
    by_group: dict[str, list[int]] = {}
    with Workspace.open(None) as workspace:
        deployed = workspace.deploy(files)
        assert deployed.result != "failed", [d.message for d in deployed.errors]
        for action in actions:
            if action == "refill":
                assert workspace.populate("to_first", truncate=True, wait=True).status == "done"
                assert workspace.populate("to_second", truncate=True, wait=True).status == "done"
            elif isinstance(action, str):
                assert workspace.maintenance.compact(action)
            else:
                body = "\n".join(map(json.dumps, action)).encode()
                workspace.append("events", body)
                for row in action:
                    by_group.setdefault(row["g"], []).append(row["v"])
            expected = sorted(repr((g, *(m.of(v) for m in measures))) for g, v in by_group.items())
            for view in ("first", "second"):
                for final in ("", " FINAL"):
                    query = f"SELECT g, {', '.join(read)} FROM {view}{final} GROUP BY g"
                    assert _answer(workspace, query) == expected, (view, final, action)
