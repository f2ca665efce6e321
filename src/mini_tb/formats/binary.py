"""ClickHouse's binary forms of values: RowBinary (row after row) and Native (column after column).

`encode(array, type)` gives each value's RowBinary bytes as a column; fixed-width types are views of
Arrow's own buffers. JSON documents and aggregate states travel as String, and the header says so.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from mini_tb.formats.answer import Answer, ResultColumn
from mini_tb.formats.escape import fill
from mini_tb.formats.text import (
    BYTES,
    bignum,
    by_value,
    combine,
    content,
    is_document,
    join,
    literal,
    plain,
    texts,
    unwrap,
    words,
)
from mini_tb.formats.value import as_lists, field, list_items, list_lengths, map_entries, text
from mini_tb.types import STRING, DataType

_ARROW = {
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
    "Bool": pa.uint8(),
    "Interval": pa.int64(),
    "IPv4": pa.uint32(),
    "Time": pa.int32(),
    "Time64": pa.int64(),
}


def varint(number: int) -> bytes:
    """A length as ClickHouse writes it: seven bits a byte, low ones first."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def string(value: str) -> bytes:
    """One String."""
    data = value.encode()
    return varint(len(data)) + data


def without_low_cardinality(t: DataType) -> DataType:
    """The type with every LowCardinality opened."""
    if t.name == "LowCardinality":
        return without_low_cardinality(t.types[0])
    return DataType(t.name, tuple(map(without_low_cardinality, t.types)), t.params, t.names)


def wire_type(t: DataType) -> DataType:
    """The type that the header declares for what is written."""
    if t.is_state or is_document(t):
        return STRING
    return DataType(t.name, tuple(map(wire_type, t.types)), t.params, t.names)


def _nullable(t: DataType) -> bool:
    while t.name in ("LowCardinality", "SimpleAggregateFunction"):
        t = t.types[0]
    return t.name == "Nullable"


# Scalars -------------------------------------------------------------------------------------


def _fixed(values: Any, kind: Any) -> Any:
    """Values of a fixed-width Arrow type as their bytes; null as zeros."""
    if values.type != kind:
        values = pc.cast(values, kind, safe=False)
    if values.null_count:
        values = pc.fill_null(values, pa.scalar(0, kind))
    width = pa.binary(kind.bit_width // 8)
    views = pa.Array.from_buffers(width, len(values), [None, values.buffers()[1]])
    if values.offset:
        views = pa.Array.from_buffers(
            width, len(values), [None, values.buffers()[1]], offset=values.offset
        )
    return pc.cast(views, BYTES)


def _date(values: Any, t: DataType) -> Any:
    days = pc.cast(pc.cast(values, pa.date32()), pa.int32())
    return _fixed(days, pa.int32() if t.name == "Date32" else pa.uint16())


_UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def _datetime(values: Any, t: DataType) -> Any:
    digits = _UNIT_DIGITS[values.type.unit] if pa.types.is_timestamp(values.type) else 0
    ticks = pc.cast(values, pa.int64())
    if digits > t.scale:
        ticks = pc.divide(ticks, 10 ** (digits - t.scale))
    elif digits < t.scale:
        ticks = pc.multiply(ticks, 10 ** (t.scale - digits))
    return _fixed(ticks, pa.int64() if t.name == "DateTime64" else pa.uint32())


def _decimal(values: Any, t: DataType) -> Any:
    precision, scale = t.params[:2]
    wide = pc.cast(values, pa.decimal128(38, min(scale, 38)))
    unscaled = pa.Array.from_buffers(
        pa.decimal128(38, 0), len(wide), wide.buffers(), offset=wide.offset
    )
    if precision <= 18:
        return _fixed(pc.cast(unscaled, pa.int64()), pa.int32() if precision <= 9 else pa.int64())
    low = fill(pc.cast(words(unscaled), BYTES), bytes(16))
    if precision <= 38:
        return low
    negative = pc.fill_null(pc.less(unscaled, pa.scalar(0, unscaled.type)), False)
    return join(low, pc.if_else(negative, literal(b"\xff" * 16), literal(bytes(16))))


def _int128(values: Any, t: DataType) -> Any:
    return fill(pc.cast(words(values), BYTES), bytes(16))


def _int256(values: Any, t: DataType) -> Any:
    def convert(value: Any) -> bytes:
        number = bignum(value) if isinstance(value, bytes) else int(value)
        return (number % 2**256).to_bytes(32, "little")

    return fill(by_value(values, convert), bytes(32))


def _uuid(values: Any, t: DataType) -> Any:
    def convert(value: bytes) -> bytes:
        raw = UUID(value.decode()).bytes
        return raw[7::-1] + raw[:7:-1]

    return fill(by_value(plain(values, t), convert), bytes(16))


def _ipv6(values: Any, t: DataType) -> Any:
    def convert(value: bytes) -> bytes:
        return socket.inet_pton(socket.AF_INET6, value.decode())

    return fill(by_value(plain(values, t), convert), bytes(16))


def _enum(values: Any, t: DataType) -> Any:
    layout = "<b" if t.name == "Enum8" else "<h"
    numbers = {name.encode(): struct.pack(layout, number) for name, number in t.params}
    first = next(iter(numbers.values()))
    return fill(by_value(plain(values, t), lambda name: numbers[name]), first)


def _string(values: Any, t: DataType) -> Any:
    found = fill(text(values, t), b"")
    return join(lengths(pc.binary_length(found)), found)


def _fixed_string(values: Any, t: DataType) -> Any:
    return fill(plain(values, t), bytes(t.params[0]))


def lengths(counts: Any) -> Any:
    """A column of counts as varints."""
    return by_value(counts, varint)


_ENCODE: dict[str, Callable[[Any, DataType], Any]] = {
    "String": _string,
    "FixedString": _fixed_string,
    "Date": _date,
    "Date32": _date,
    "DateTime": _datetime,
    "DateTime64": _datetime,
    "Decimal": _decimal,
    "Int128": _int128,
    "UInt128": _int128,
    "Int256": _int256,
    "UInt256": _int256,
    "UUID": _uuid,
    "IPv6": _ipv6,
    "Enum8": _enum,
    "Enum16": _enum,
}


def _scalar(values: Any, t: DataType) -> Any:
    """The bytes of each scalar; a null gets those of some value."""
    bare = unwrap(t)
    if bare.name == "Nothing":
        return texts([b"0"] * len(values))
    if pa.types.is_null(values.type):
        values = pc.cast(values, pa.string())
    encode_ = _ENCODE.get(bare.name)
    if encode_ is not None:
        return encode_(values, bare)
    if bare.name in _ARROW:
        return _fixed(values, _ARROW[bare.name])
    return _string(values, bare)


# RowBinary -----------------------------------------------------------------------------------

_PRESENT, _ABSENT = literal(b"\x00"), literal(b"\x01")


def encode(values: Any, t: DataType) -> Any:
    """The RowBinary bytes of each value."""
    values = combine(values)
    bare = unwrap(t)
    if _nullable(t):
        return pc.if_else(values.is_valid(), join(_PRESENT, _not_null(values, bare)), _ABSENT)
    return _not_null(values, bare)


def _not_null(values: Any, t: DataType) -> Any:
    if t.name == "Tuple":
        return join(*(encode(field(values, i), e) for i, e in enumerate(t.types)))
    if t.name not in ("Array", "Map"):
        return _scalar(values, t)
    values = as_lists(values)
    if t.name == "Array":
        parts = encode(list_items(values), t.element)
    else:
        keys, mapped = map_entries(values)
        parts = join(encode(keys, t.types[0]), encode(mapped, t.types[1]))
    counts = list_lengths(values)
    starts = pa.concat_arrays(
        [pa.array([0], pa.int64()), pc.cumulative_sum(pc.cast(counts, pa.int64()))]
    )
    joined = pc.binary_join(pa.LargeListArray.from_arrays(starts, parts), literal(b""))
    return join(lengths(counts), joined)


def row_binary(*, names: bool = False, types: bool = False) -> Callable[[Answer], Iterator[bytes]]:
    """Writes RowBinary, RowBinaryWithNames, RowBinaryWithNamesAndTypes."""

    def write(answer: Answer) -> Iterator[bytes]:
        if names:
            yield varint(len(answer.columns)) + b"".join(string(c.name) for c in answer.columns)
        if types:
            yield b"".join(string(str(wire_type(c.type))) for c in answer.columns)
        for chunk in answer.chunks():
            yield content(
                join(*(encode(chunk.column(i), c.type) for i, c in enumerate(answer.columns)))
            )

    return write


# Native --------------------------------------------------------------------------------------


def _native(values: Any, t: DataType) -> Iterator[bytes]:
    values = combine(values)
    bare = unwrap(t)
    if _nullable(t):
        yield content(_fixed(values.is_null(), pa.uint8()))
    if bare.name == "Tuple":
        for i, element in enumerate(bare.types):
            yield from _native(field(values, i), element)
    elif bare.name in ("Array", "Map"):
        values = as_lists(values)
        ends = pc.cumulative_sum(pc.cast(list_lengths(values), pa.uint64()))
        yield content(_fixed(ends, pa.uint64()))
        parts = (list_items(values),) if bare.name == "Array" else map_entries(values)
        for part, element in zip(parts, bare.types, strict=True):
            yield from _native(part, element)
    else:
        yield content(_scalar(values, bare))


def _native_header(column: ResultColumn) -> bytes:
    return string(column.name) + string(str(wire_type(without_low_cardinality(column.type))))


def native(answer: Answer) -> Iterator[bytes]:
    """Writes Native: blocks of columns. LowCardinality columns travel as the type inside."""
    empty = True
    for chunk in answer.chunks():
        empty = False
        yield varint(len(answer.columns)) + varint(chunk.num_rows)
        for i, column in enumerate(answer.columns):
            yield _native_header(column)
            yield from _native(chunk.column(i), column.type)
    if empty:
        yield varint(len(answer.columns)) + varint(0)
        for column in answer.columns:
            yield _native_header(column)


# ODBCDriver2 ---------------------------------------------------------------------------------


def odbc_driver2(answer: Answer) -> Iterator[bytes]:
    """Writes ODBCDriver2: texts with a four-byte length before each, -1 for NULL."""

    def sized(value: str) -> bytes:
        data = value.encode()
        return struct.pack("<i", len(data)) + data

    yield struct.pack("<i", 2)
    for title, row in (
        ("name", [c.name for c in answer.columns]),
        ("type", [str(without_low_cardinality(c.type)) for c in answer.columns]),
    ):
        yield struct.pack("<i", len(row) + 1) + b"".join(map(sized, [title, *row]))
    totals = [answer.totals] if answer.totals is not None else []
    for chunk in [*answer.chunks(), *totals]:
        cells = []
        for i, column in enumerate(answer.columns):
            found = text(chunk.column(i), column.type)
            size = _fixed(pc.binary_length(found), pa.int32())
            present = found.is_valid()
            cells.append(pc.if_else(present, size, literal(b"\xff\xff\xff\xff")))
            cells.append(fill(found, b""))
        yield content(join(*cells))
