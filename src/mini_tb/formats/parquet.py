"""Parquet: the columns with the Arrow types that ClickHouse's own files have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mini_tb.formats.answer import Answer
from mini_tb.formats.text import combine, is_document, plain, unwrap, words
from mini_tb.formats.value import text
from mini_tb.types import DataType

_UNITS = ("ms", "ms", "ms", "ms", "us", "us", "us", "ns", "ns", "ns")
_PLAIN = {
    "Int8": pa.int8(),
    "Int16": pa.int16(),
    "Int32": pa.int32(),
    "Int64": pa.int64(),
    "UInt8": pa.uint8(),
    "UInt16": pa.uint16(),
    "UInt32": pa.uint32(),
    "UInt64": pa.uint64(),
    "Float32": pa.float32(),
    "Float64": pa.float64(),
    "Bool": pa.bool_(),
    "Date": pa.date32(),
    "Date32": pa.date32(),
    "IPv4": pa.uint32(),
    "Interval": pa.int64(),
}


def _column(values: Any, t: DataType, strings: Any) -> Any:
    values = combine(values)
    bare = unwrap(t)
    if bare.name in ("Array", "Map", "Tuple"):
        return values  # DuckDB's own nested types are Parquet's
    if bare.name in _PLAIN and not pa.types.is_null(values.type):
        return pc.cast(values, _PLAIN[bare.name], safe=False)
    if bare.is_datetime:
        unit = _UNITS[bare.scale]
        moment = pc.cast(values, pa.timestamp(unit), safe=False)
        return pc.cast(moment, pa.timestamp(unit, "UTC"))
    if bare.name == "Decimal" and pa.types.is_decimal(values.type):
        return values
    if bare.name in ("Int128", "UInt128", "IPv6"):
        return words(values)
    if bare.name == "FixedString":
        return pc.cast(plain(values, bare), pa.binary())
    if is_document(bare):
        return pc.cast(text(values, bare), strings)
    return pc.cast(plain(values, bare), strings, safe=False)


def parquet(answer: Answer) -> Iterator[bytes]:
    """Writes one Parquet file, compressed with lz4 as ClickHouse does."""
    import pyarrow.parquet as pq

    strings = pa.string() if answer.settings.parquet_string_as_string else pa.binary()
    names = [column.name for column in answer.columns]
    batches = [
        pa.record_batch(
            [_column(batch.column(i), c.type, strings) for i, c in enumerate(answer.columns)],
            names=names,
        )
        for batch in answer.batches
    ]
    sink = pa.BufferOutputStream()
    if batches:
        table = pa.Table.from_batches(batches)
    else:
        table = pa.table({name: pa.nulls(0) for name in names})
    pq.write_table(table, sink, compression="lz4")
    yield sink.getvalue().to_pybytes()
