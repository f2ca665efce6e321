"""Few rows are written from Python values with the bytes that Arrow's columns give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_tb.formats import Answer, ResultColumn, Settings, write
from mini_tb.formats.small import SMALL_WRITERS
from mini_tb.sql import ResultColumn as Column
from mini_tb.types import parse_type


def whole(bits: int, *, signed: bool) -> st.SearchStrategy[int]:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return st.integers(low, high)


TEXTS = st.one_of(st.text(), st.sampled_from(["a/b", 'say "x"', "\u2028", "\x00\t\\", "ünï 🎈"]))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2105, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
MILLISECONDS = st.datetimes(datetime(1900, 1, 1), datetime(2299, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
COLUMNS: list[tuple[str, pa.DataType, st.SearchStrategy[Any]]] = [
    ("Int8", pa.int8(), whole(8, signed=True)),
    ("Int64", pa.int64(), whole(64, signed=True)),
    ("UInt64", pa.uint64(), whole(64, signed=False)),
    ("UInt8", pa.bool_(), st.booleans()),
    ("Bool", pa.bool_(), st.booleans()),
    ("Float64", pa.float64(), st.floats()),
    ("Float64", pa.float64(), st.floats(0.25, 1000).map(lambda value: round(value, 3))),
    ("String", pa.string(), TEXTS),
    ("LowCardinality(String)", pa.string(), TEXTS),
    ("String", pa.binary(), st.binary()),
    ("FixedString(3)", pa.binary(), st.binary(min_size=3, max_size=3)),
    ("Enum8('a' = 1, 'b' = 2)", pa.string(), st.sampled_from("ab")),
    ("Date", pa.date32(), st.dates(date(1970, 1, 1), date(2149, 6, 6))),
    ("DateTime", pa.timestamp("us"), MOMENTS),
    ("DateTime('UTC')", pa.timestamp("us"), MOMENTS),
    ("DateTime('Asia/Kathmandu')", pa.timestamp("us"), MOMENTS),
    ("DateTime64(3)", pa.timestamp("us"), MILLISECONDS),
    ("DateTime64(6, 'America/New_York')", pa.timestamp("us"), st.datetimes(datetime(1970, 1, 1))),
    ("SimpleAggregateFunction(max, Int64)", pa.int64(), whole(64, signed=True)),
]
FORMATS = sorted(SMALL_WRITERS)


@st.composite
def answers(draw: st.DrawFn) -> tuple[tuple[ResultColumn, ...], pa.RecordBatch, Settings]:
    chosen = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=4))
    rows = draw(st.integers(0, 4))
    arrays = []
    for _, arrow_type, values in chosen:
        cells = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        arrays.append(pa.array(cells, arrow_type))
    columns = tuple(Column(f"c/{i}%d", parse_type(name)) for i, (name, *_) in enumerate(chosen))
    batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])
    settings = Settings(
        quote_64bit_integers=draw(st.booleans()), quote_denormals=draw(st.booleans())
    )
    return columns, batch, settings


@given(answers(), st.sampled_from(FORMATS))
def test_both_ways_give_the_same_bytes(
    answer: tuple[tuple[ResultColumn, ...], pa.RecordBatch, Settings], format_name: str
) -> None:
    columns, batch, settings = answer
    rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    batches = [batch] if rows else []
    few = Answer(columns, batches, settings=settings, few_rows=rows)
    assert SMALL_WRITERS[format_name](few) is not None
    by_columns = b"".join(write(Answer(columns, batches, settings=settings), format_name))
    assert b"".join(write(few, format_name)) == by_columns


@pytest.mark.parametrize("type_name", ["Float32", "Array(Int8)", "DateTime64(9)", "Int128"])
def test_other_types_are_left_to_arrow(type_name: str) -> None:
    columns = (Column("c", parse_type(type_name)),)
    assert SMALL_WRITERS["JSON"](Answer(columns, [], few_rows=[])) is None
