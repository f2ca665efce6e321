"""Constants: the types ClickHouse gives literals, and Python values as DuckDB text."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mini_tb.sql.folding import single
from mini_tb.sql.functions.carrier import carrier
from mini_tb.types import (
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    DataType,
    to_duckdb,
)
from mini_tb.types.duckdb import field_names, quote_identifier, quote_string


def integer_type(value: int) -> DataType:
    """The least type of an integer literal: UInt8…UInt64, Int8…Int64; Float64 past them."""
    if value >= 0:
        for bits, data_type in ((8, UINT8), (16, UINT16), (32, UINT32), (64, UINT64)):
            if value < 1 << bits:
                return data_type
        return FLOAT64
    for bits, data_type in ((8, INT8), (16, INT16), (32, INT32), (64, INT64)):
        if value >= -(1 << (bits - 1)):
            return data_type
    return FLOAT64


def python_value(value: Any, data_type: DataType) -> Any:
    """A caller's value as the Python value of that type (numbers from text)."""
    if value is None or isinstance(value, list | tuple | dict):
        if isinstance(value, list) and data_type.is_array:
            return [python_value(item, data_type.element) for item in value]
        return value
    if data_type.is_integer:
        return int(value)
    if data_type.is_float:
        found = float(value)
        return single(found) if data_type.bits == 32 else found
    return value


def literal(value: Any, data_type: DataType) -> str:
    """DuckDB text of a Python value, with exactly the storage type of `data_type`."""
    if data_type.is_state:
        data_type = carrier(data_type)
    duck = to_duckdb(data_type)
    if value is None:
        return f"CAST(NULL AS {duck})"
    bare = data_type.bare
    if bare.name == "String" and isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        text = "TRUE" if value else "FALSE"
    elif isinstance(value, float) and not math.isfinite(value):
        text = f"'{value}'"
    elif isinstance(value, int | float | Decimal):
        text = repr(value) if isinstance(value, float) else str(value)
        text = "-0e0" if text == "-0.0" else text  # `-0.0` is a Decimal, which has no such zero
    elif isinstance(value, bytes):
        return "'" + "".join(f"\\x{byte:02X}" for byte in value) + "'::BLOB"
    elif isinstance(value, datetime | date):
        text = quote_string(str(value))
    elif isinstance(value, list) and bare.is_array:
        text = "[" + ", ".join(literal(item, bare.element) for item in value) + "]"
    elif isinstance(value, dict):
        keys = ", ".join(literal(key, bare.types[0]) for key in value)
        values = ", ".join(literal(item, bare.types[1]) for item in value.values())
        text = f"MAP([{keys}], [{values}])"
    elif isinstance(value, list | tuple):
        fields = zip(field_names(bare), value, bare.types, strict=True)
        text = "{" + ", ".join(f"{quote_identifier(n)}: {literal(v, t)}" for n, v, t in fields)
        text += "}"
    else:
        text = _string(str(value))
    return f"CAST({text} AS {duck})"


def _string(value: str) -> str:
    # DuckDB's text cannot hold NUL inside a literal.
    if "\0" in value:
        return "(" + " || chr(0) || ".join(quote_string(part) for part in value.split("\0")) + ")"
    return quote_string(value)


def zero(data_type: DataType) -> Any:
    """The default value of a type: 0, '', the epoch, [], …; None of a Nullable and of Nothing."""
    if data_type.is_nullable or data_type.is_nothing:
        return None
    bare = data_type.bare
    if bare.is_state:
        return zero(carrier(bare))
    if bare.is_bool:
        return False
    if (
        bare.is_integer
        or bare.is_decimal
        or bare.name in ("Interval", "IPv4", "IPv6", "Time", "Time64")
    ):
        return 0
    if bare.is_float:
        return 0.0
    if bare.is_date:
        return date(1970, 1, 1)
    if bare.is_datetime:
        return datetime(1970, 1, 1)
    if bare.name == "FixedString":
        return b"\0" * int(bare.params[0])
    if bare.is_bytes:
        return b""
    if bare.is_enum:
        return bare.params[0][0]
    if bare.is_array or bare.name == "Nested":
        return []
    if bare.is_map:
        return {}
    if bare.is_tuple:
        return tuple(zero(element) for element in bare.types)
    if bare.name == "UUID":
        return "00000000-0000-0000-0000-000000000000"
    if bare.name in ("JSON", "Dynamic", "Variant"):
        return "{}" if bare.name == "JSON" else None
    return ""


def typed_default(data_type: DataType) -> Any:
    """The default that a type says, where no column has one: the first day of Date32, all else as
    `zero`."""
    return date(1900, 1, 1) if data_type.bare.name == "Date32" else zero(data_type)
