"""Laws of ingestion: no row is lost or doubled, order holds, and the way does not matter."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_tb.ingest import decode
from mini_tb.ingest.block import block_of
from mini_tb.ingest.decode import decode_json
from mini_tb.ingest.decoded import Decoded, join
from mini_tb.project import Column, Datasource
from mini_tb.types import parse_type

_TYPES = (
    "UInt8",
    "Int64",
    "Float64",
    "Bool",
    "String",
    "Date",
    "DateTime",
    "DateTime64(3)",
    "Decimal(10, 2)",
    "UUID",
    "Enum8('a' = 1, 'b' = 2)",
    "Array(Int32)",
    "Array(String)",
    "Map(String, Int32)",
    "Map(String, String)",
    "LowCardinality(String)",
)
_DEFAULTS = {"UInt8": "7", "String": "'z'", "DateTime": "now()", "Array(Int32)": "[]"}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(0, 300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["3", "a", "2024-01-02", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.678"])
    | st.uuids().map(str)
)
values = (
    scalars
    | st.lists(scalars, max_size=3)
    | st.dictionaries(st.text(max_size=3), scalars, max_size=3)
)


@st.composite
def schemas(draw: st.DrawFn) -> Datasource:
    columns = []
    for i in range(draw(st.integers(1, 5))):
        data_type = draw(st.sampled_from(_TYPES))
        default = _DEFAULTS.get(data_type) if draw(st.booleans()) else None
        can_be_null = not data_type.startswith(("Array", "Map", "Low"))
        nullable = can_be_null and draw(st.booleans())
        shown = f"Nullable({data_type})" if nullable else data_type
        path = draw(st.sampled_from([f"$.c{i}", "$.nested.x", "$.c0"]))
        columns.append(Column(f"c{i}", parse_type(shown), path, default))
    return Datasource("d", tuple(columns))


records = st.fixed_dictionaries(
    {},
    optional={
        **{f"c{i}": values for i in range(5)},
        "nested": st.fixed_dictionaries({}, optional={"x": values}) | scalars,
        "unknown": values,
    },
)


def plain(decoded: Decoded) -> tuple[Any, Any, Any]:
    quarantine = decoded.quarantine.drop_columns(["insertion_date"])
    defaulted = {name: mask.to_pylist() for name, mask in decoded.defaulted.items()}
    kept = {name: mask for name, mask in defaulted.items() if any(mask)}
    return repr(decoded.good.to_pylist()), quarantine.to_pylist(), kept


def decode_by(way: str, body: bytes, source: Datasource) -> Decoded:
    limits = {
        "exact": {"STRICT_FROM": 1 << 40, "COLUMNAR_FROM": 1 << 40},
        "columnar": {"STRICT_FROM": 1 << 40, "COLUMNAR_FROM": 0},
        "any": {"STRICT_FROM": 0, "COLUMNAR_FROM": 0},
    }[way]
    with patch.multiple(decode, **limits):
        return decode_json(body, source)


@settings(max_examples=150)
@given(schemas(), st.lists(records, min_size=1, max_size=12))
def test_the_way_does_not_matter_and_no_row_is_lost(
    source: Datasource, rows: list[dict[str, Any]]
) -> None:
    body = "\n".join(json.dumps(row, ensure_ascii=len(rows) % 2 == 0) for row in rows).encode()
    exact = decode_by("exact", body, source)
    assert exact.successful_rows + exact.quarantined_rows == len(rows)
    for way in ("columnar", "any"):
        other = decode_by(way, body, source)
        assert plain(other) == plain(exact), way
        assert other.good.schema == exact.good.schema


@settings(max_examples=60)
@given(schemas(), st.lists(st.lists(records, min_size=1, max_size=4), min_size=1, max_size=4))
def test_bodies_joined_are_their_rows_in_order(
    source: Datasource, bodies: list[list[dict[str, Any]]]
) -> None:
    parts = [
        decode_by("exact" if i % 2 else "any", "\n".join(map(json.dumps, rows)).encode(), source)
        for i, rows in enumerate(bodies)
    ]
    together, defaulted = join(parts)
    each = pa.concat_tables([part.good for part in parts])
    assert repr(together.to_pylist()) == repr(each.to_pylist())
    assert all(len(mask) == together.num_rows for mask in defaulted.values())
    assert block_of(source, parts).rows.num_rows == sum(part.successful_rows for part in parts)
