"""The plain text of scalars, a column at a time.

`plain(array, type)` is what ClickHouse prints for each value without any quoting or escaping, as
an Arrow array of bytes (`large_binary`; strings need not be UTF-8). NULL stays null: every format
has its own word for it. `is_quoted(type)` says which types formats put in quotes.

Arrow's own casts do nearly all the work; the differences to ClickHouse's text are corrected on
whole columns, and only rare types (IPv6, 256-bit integers) go through Python, once a value.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mini_tb.types import DataType, array, tuple_of
from mini_tb.types.geometry import SHAPES
from mini_tb.types.zone import zone_info

BYTES = pa.large_binary()
TEXT = pa.large_string()

_BARE = {"Bool", "Interval", "Decimal", "Nothing", "Float32", "Float64", "BFloat16"}


def unwrap(t: DataType) -> DataType:
    """The type that decides a value's text: without Nullable and its like, geometry spelt out."""
    while t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        t = t.types[0]
    if t.name == "Nested":
        return array(tuple_of(*t.types, names=t.names))
    return SHAPES.get(t.name, t)


def is_composite(t: DataType) -> bool:
    """Whether values have parts: Array, Map, Tuple."""
    return unwrap(t).name in ("Array", "Map", "Tuple")


def is_document(t: DataType) -> bool:
    """Whether values are JSON documents, of a shape of their own each."""
    return unwrap(t).name in ("JSON", "Dynamic", "Variant", "Object")


def is_dynamic(t: DataType) -> bool:
    """Whether values are JSON values of a type of their own each."""
    return unwrap(t).name == "Dynamic"


def is_quoted(t: DataType) -> bool:
    """Whether formats put the scalar's text in quotes: all but numbers and Bool."""
    bare = unwrap(t)
    return not (bare.is_integer or bare.name in _BARE)


def literal(value: bytes | str) -> Any:
    """A scalar that takes part in joins of columns of bytes."""
    return pa.scalar(value.encode() if isinstance(value, str) else value, BYTES)


_EMPTY = literal(b"")


def content(column: Any) -> bytes:
    """All bytes of a column of `large_binary`, one value after the other, without copying more."""
    _, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return b""
    positions = memoryview(offsets).cast("q")
    start, end = positions[column.offset], positions[column.offset + len(column)]
    return bytes(memoryview(data)[start:end])


def join(*parts: Any) -> Any:
    """The parts (columns and literals) side by side, row by row; null where any part is null."""
    return pc.binary_join_element_wise(*parts, _EMPTY)


def texts(values: Sequence[bytes | str | None]) -> Any:
    """A column of bytes from Python values."""
    return pa.array([v.encode() if isinstance(v, str) else v for v in values], BYTES)


def by_value(values: Any, convert: Callable[[Any], bytes | str]) -> Any:
    """`convert` of each distinct value, laid out as the column is; nulls stay."""
    encoded = pc.dictionary_encode(values)
    distinct = texts([convert(v) for v in encoded.dictionary.to_pylist()])
    return distinct.take(encoded.indices)


def combine(values: Any) -> Any:
    """A plain array: chunks in one, extension types as what they store."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values.storage if isinstance(values, pa.ExtensionArray) else values


def plain(values: Any, t: DataType) -> Any:
    """The text of each scalar as a column of bytes; nulls stay null."""
    values = combine(values)
    bare = unwrap(t)
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), BYTES)
    convert = _CONVERT.get(bare.name)
    if convert is not None:
        return convert(values, bare)
    if bare.is_integer:
        return _integer(values)
    return _other(values)


def _cast(values: Any) -> Any:
    return pc.cast(pc.cast(values, TEXT), BYTES)


def _string(values: Any, t: DataType) -> Any:
    if pa.types.is_dictionary(values.type):
        return pc.cast(values.dictionary, BYTES).take(values.indices)
    return values if values.type == BYTES else pc.cast(values, BYTES)


def _integer(values: Any) -> Any:
    if pa.types.is_boolean(values.type):
        # A comparison is BOOLEAN in DuckDB and UInt8 in ClickHouse.
        values = pc.cast(values, pa.uint8())
    elif pa.types.is_fixed_size_binary(values.type):
        values = _reinterpret(values, pa.decimal128(38, 0))
    return _cast(values)


def _reinterpret(values: Any, kind: Any) -> Any:
    """The same bytes under another fixed-width type."""
    return pa.Array.from_buffers(kind, len(values), values.buffers(), offset=values.offset)


def _bool(values: Any, t: DataType) -> Any:
    return _cast(values if pa.types.is_boolean(values.type) else pc.cast(values, pa.bool_()))


def _float(values: Any, t: DataType) -> Any:
    found = _cast(values)
    # ClickHouse writes exponents without `+`, and none below 1e21.
    if b"e+" not in content(found):
        return found
    large = pc.match_substring(found, b"e+")
    rewritten = texts([_expand(v) for v in found.filter(large).to_pylist()])
    return pc.replace_with_mask(found, pc.fill_null(large, False), rewritten)


def _expand(text: bytes) -> bytes:
    mantissa, _, exponent = text.decode().partition("e+")
    if int(exponent) >= 21:
        return f"{mantissa}e{int(exponent)}".encode()
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    point = len(whole) + int(exponent)
    digits = (whole + fraction).ljust(point, "0")
    rest = "." + digits[point:] if digits[point:] else ""
    return (sign + digits[:point] + rest).encode()


def _decimal(values: Any, t: DataType) -> Any:
    if not pa.types.is_decimal(values.type):
        return _cast(values)
    scale = values.type.scale
    if scale > 6:  # Arrow would write small ones with an exponent
        found = _scaled(values, scale)
    else:
        found = pc.cast(values, TEXT)
    if scale > 0:
        found = pc.utf8_rtrim(pc.utf8_rtrim(found, "0"), ".")
    return pc.cast(found, BYTES)


def _scaled(values: Any, scale: int) -> Any:
    wide = pc.cast(values, pa.decimal128(38, scale))
    unscaled = _reinterpret(wide, pa.decimal128(38, 0))
    negative = pc.less(unscaled, pa.scalar(0, pa.decimal128(38, 0)))
    digits = pc.utf8_lpad(pc.cast(pc.abs(unscaled), TEXT), scale + 1, "0")
    return pc.binary_join_element_wise(
        pc.if_else(negative, pa.scalar("-", TEXT), pa.scalar("", TEXT)),
        pc.utf8_slice_codeunits(digits, 0, -scale),
        pa.scalar(".", TEXT),
        pc.utf8_slice_codeunits(digits, -scale),
        pa.scalar("", TEXT),
    )


_UNITS = ("s", "ms", "ms", "ms", "us", "us", "us", "ns", "ns", "ns")
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def _datetime(values: Any, t: DataType) -> Any:
    if not pa.types.is_timestamp(values.type):
        return _cast(values)
    unit = _UNITS[t.scale]
    if t.zone and t.zone != "UTC":
        values = _wall(values, t.zone)
    found = pc.cast(pc.cast(values, pa.timestamp(unit), safe=False), TEXT)
    if extra := _DIGITS[unit] - t.scale:
        found = pc.utf8_slice_codeunits(found, 0, -extra)
    return pc.cast(found, BYTES)


def _wall(values: Any, zone: str) -> Any:
    """The wall clocks of a zone at instants. Arrow knows no summer times after 2037: later ones, if
    there are any, are asked of Python one by one."""
    zoned = pa.timestamp(values.type.unit, zone)
    found = pc.local_timestamp(pc.cast(values, zoned))
    late = pc.greater_equal(values, pa.scalar(datetime(2038, 1, 1), values.type))
    if not pc.any(late).as_py():
        return found
    info, second = zone_info(zone), 10 ** _DIGITS[values.type.unit]
    counts = pc.filter(pc.cast(values, pa.int64()), late).to_pylist()
    moved = (
        count + _offset(datetime.fromtimestamp(count // second, info)) * second for count in counts
    )
    return pc.replace_with_mask(found, late, pa.array(moved, pa.int64()).cast(values.type))


def _offset(moment: datetime) -> int:
    offset = moment.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _date(values: Any, t: DataType) -> Any:
    return _cast(values if pa.types.is_date(values.type) else pc.cast(values, pa.date32()))


def _uuid(values: Any, t: DataType) -> Any:
    if not pa.types.is_fixed_size_binary(values.type):
        return _string(values, t)
    filled = pc.fill_null(values, bytes(16)) if values.null_count else values
    data = filled.buffers()[1].slice(filled.offset * 16, len(filled) * 16)
    text = pa.py_buffer(data.to_pybytes().hex().encode())
    hexadecimal = pc.cast(pa.Array.from_buffers(pa.binary(32), len(values), [None, text]), BYTES)
    groups = [pc.binary_slice(hexadecimal, start, stop) for start, stop in _UUID_GROUPS]
    found = pc.binary_join_element_wise(*groups, literal("-"))
    return found if values.null_count == 0 else pc.if_else(values.is_valid(), found, None)


_UUID_GROUPS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


def _ipv4(values: Any, t: DataType) -> Any:
    number = pc.cast(values, pa.int64())
    octets = [
        _cast(pc.bit_wise_and(pc.shift_right(number, shift), 255)) for shift in (24, 16, 8, 0)
    ]
    return pc.binary_join_element_wise(*octets, literal(b"."))


def _ipv6(values: Any, t: DataType) -> Any:
    return by_value(words(values), lambda v: socket.inet_ntop(socket.AF_INET6, v[::-1]))


def words(values: Any) -> Any:
    """128-bit integers as their 16 bytes, least significant first. Where Arrow carries them as
    decimals their digits may overflow, but the bits are right."""
    if pa.types.is_fixed_size_binary(values.type):
        return values
    if not pa.types.is_decimal128(values.type):
        values = pc.cast(values, pa.decimal128(38, 0))
    return _reinterpret(values, pa.binary(16))


def _wide_unsigned(values: Any, t: DataType) -> Any:
    signed = _reinterpret(words(values), pa.decimal128(38, 0))
    if pc.any(pc.less(signed, pa.scalar(0, signed.type))).as_py():
        return by_value(words(values), lambda v: str(int.from_bytes(v, "little")))
    return _integer(signed)


def _bignum(values: Any, t: DataType) -> Any:
    if not (pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)):
        return _integer(values)
    return by_value(values, lambda v: str(bignum(v)))


def bignum(stored: bytes) -> int:
    """The integer that DuckDB's BIGNUM bytes hold: three bytes of sign and length, then the
    magnitude, most significant byte first; all bits flipped when it is negative."""
    if stored[0] & 0x80:
        return int.from_bytes(stored[3:], "big")
    return -int.from_bytes(bytes(b ^ 0xFF for b in stored[3:]), "big")


def _time(values: Any, t: DataType) -> Any:
    return by_value(values, lambda v: _clock(int(v), 0))


def _time64(values: Any, t: DataType) -> Any:
    return by_value(values, lambda v: _clock(int(v), t.scale))


def _clock(count: int, scale: int) -> str:
    sign = "-" if count < 0 else ""
    seconds, fraction = divmod(abs(count), 10**scale)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:0{scale}}" if scale else text


def _other(values: Any) -> Any:
    # Aggregate states: what carries them has no text that ClickHouse would know.
    return by_value_of_any(values)


def by_value_of_any(values: Any) -> Any:
    """Python's text of each value, for what has no other."""
    return texts([None if v is None else str(v) for v in values.to_pylist()])


_CONVERT: dict[str, Callable[[Any, DataType], Any]] = {
    "String": _string,
    "FixedString": _string,
    "Enum8": _string,
    "Enum16": _string,
    "JSON": _string,
    "Dynamic": _string,
    "Variant": _string,
    "Bool": _bool,
    "Float32": _float,
    "Float64": _float,
    "BFloat16": _float,
    "Decimal": _decimal,
    "Date": _date,
    "Date32": _date,
    "DateTime": _datetime,
    "DateTime64": _datetime,
    "UUID": _uuid,
    "IPv4": _ipv4,
    "IPv6": _ipv6,
    "UInt128": _wide_unsigned,
    "Int256": _bignum,
    "UInt256": _bignum,
    "Time": _time,
    "Time64": _time64,
    "Interval": lambda values, t: _integer(values),
    "Nothing": lambda values, t: _integer(values),
}
