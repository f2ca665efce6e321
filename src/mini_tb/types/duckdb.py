"""How DuckDB stores a ClickHouse type.

| ClickHouse | DuckDB | note |
|---|---|---|
| `String` | VARCHAR | bytes that need not be UTF-8 (`STRING_BYTES`): BLOB |
| `FixedString(n)` | BLOB | padded with NUL bytes |
| `Enum8`, `Enum16` | ENUM | members in the order of their numbers, so that it orders alike |
| `DateTime`, `DateTime64(p ≤ 6)` | TIMESTAMP | the instant in UTC; the zone is in the type |
| `DateTime64(7…9)` | TIMESTAMP_NS | |
| `IPv4` / `IPv6` | UINTEGER / UHUGEINT | the address as a number, so that it orders alike |
| `Tuple` | STRUCT | elements of unnamed tuples are called `1`, `2`, … |
| `Interval…` | BIGINT | the count of its unit |
| `Int256`, `UInt256` | BIGNUM | |
| `JSON` | JSON | |
"""

from __future__ import annotations

from collections.abc import Callable

from mini_tb.types.datatype import DataType, held_digits
from mini_tb.types.geometry import SHAPES

_SIMPLE = {
    "Bool": "BOOLEAN",
    "Int8": "TINYINT",
    "Int16": "SMALLINT",
    "Int32": "INTEGER",
    "Int64": "BIGINT",
    "Int128": "HUGEINT",
    "Int256": "BIGNUM",
    "UInt8": "UTINYINT",
    "UInt16": "USMALLINT",
    "UInt32": "UINTEGER",
    "UInt64": "UBIGINT",
    "UInt128": "UHUGEINT",
    "UInt256": "BIGNUM",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
    "BFloat16": "FLOAT",
    "FixedString": "BLOB",
    "UUID": "UUID",
    "Date": "DATE",
    "Date32": "DATE",
    "DateTime": "TIMESTAMP",
    "Time": "INTEGER",
    "Time64": "BIGINT",
    "IPv4": "UINTEGER",
    "IPv6": "UHUGEINT",
    "Interval": "BIGINT",
    "JSON": "JSON",
    "Dynamic": "JSON",
    "Variant": "JSON",
    "Nothing": "INTEGER",
}


def quote_identifier(name: str) -> str:
    """A DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_string(text: str) -> str:
    """A DuckDB string literal; DuckDB knows no backslash escapes."""
    return "'" + text.replace("'", "''") + "'"


def field_names(t: DataType) -> tuple[str, ...]:
    """The STRUCT field names of a Tuple: its own, or `1`, `2`, …"""
    return t.names or tuple(str(i + 1) for i in range(len(t.types)))


_carriers: list[Callable[[DataType], DataType]] = []


def carry_states(carrier: Callable[[DataType], DataType]) -> None:
    """Tell which plain type carries an `AggregateFunction`: that is known where the functions are,
    above this room."""
    _carriers[:] = [carrier]


def to_duckdb(t: DataType) -> str:
    """The DuckDB type that holds `t`: of an aggregate state, that of the type which carries it."""
    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return to_duckdb(t.types[0])
    if t.name == "String":
        return "BLOB" if t.params else "VARCHAR"
    if t.name == "Array":
        return to_duckdb(t.element) + "[]"
    if t.name == "Map":
        return f"MAP({to_duckdb(t.types[0])}, {to_duckdb(t.types[1])})"
    if t.name in ("Tuple", "Nested"):
        fields = zip(field_names(t), t.types, strict=True)
        body = ", ".join(f"{quote_identifier(n)} {to_duckdb(e)}" for n, e in fields)
        return f"STRUCT({body})" + ("[]" if t.name == "Nested" else "")
    if t.name == "Decimal":
        return f"DECIMAL({min(held_digits(t), 38)}, {min(t.scale, 38)})"
    if t.name == "DateTime64":
        return "TIMESTAMP_NS" if t.scale > 6 else "TIMESTAMP"
    if t.is_enum:
        return f"ENUM({', '.join(quote_string(name) for name, _ in t.params)})"
    if t.name in SHAPES:
        return to_duckdb(SHAPES[t.name])
    if t.is_state and _carriers:
        return to_duckdb(_carriers[0](t))
    return _SIMPLE[t.name]
