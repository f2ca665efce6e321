"""The families of ClickHouse types: names, aliases, widths, and which may not be Nullable."""

from __future__ import annotations

SIGNED = ("Int8", "Int16", "Int32", "Int64", "Int128", "Int256")
UNSIGNED = ("UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "UInt256")
INTEGERS = frozenset(SIGNED + UNSIGNED)
FLOATS = frozenset({"Float32", "Float64"})
BITS = {name: int("".join(filter(str.isdigit, name))) for name in (*INTEGERS, *FLOATS)}

GEOMETRY = {
    "Point": 0,
    "Ring": 1,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
"""Geometric family → how many Arrays are around its points."""

SIMPLE = (
    INTEGERS
    | FLOATS
    | GEOMETRY.keys()
    | {"Bool", "String", "UUID", "Date", "Date32", "IPv4", "IPv6"}
)
SIMPLE |= {"Nothing", "Time", "Dynamic", "BFloat16"}
"""Families without arguments."""

INTERVAL_UNITS = (
    "Nanosecond",
    "Microsecond",
    "Millisecond",
    "Second",
    "Minute",
    "Hour",
    "Day",
    "Week",
    "Month",
    "Quarter",
    "Year",
)

NEVER_NULLABLE = GEOMETRY.keys() | {"Array", "Map", "Nested", "Variant", "Dynamic"}
NEVER_NULLABLE |= {"AggregateFunction", "SimpleAggregateFunction"}

LOW_CARDINALITY = INTEGERS | FLOATS | {"String", "FixedString", "Date", "Date32", "DateTime"}
LOW_CARDINALITY |= {"UUID", "IPv4", "IPv6", "Bool", "Interval", "Time"}
"""What may be inside LowCardinality, Nullable or not."""

ALIASES = {
    # ClickHouse's own case-insensitive SQL aliases, folded to upper case.
    "BOOL": "Bool",
    "BOOLEAN": "Bool",
    "TINYINT": "Int8",
    "INT1": "Int8",
    "BYTE": "Int8",
    "SMALLINT": "Int16",
    "INT": "Int32",
    "INTEGER": "Int32",
    "MEDIUMINT": "Int32",
    "BIGINT": "Int64",
    "SIGNED": "Int64",
    "UNSIGNED": "UInt64",
    "FLOAT": "Float32",
    "REAL": "Float32",
    "SINGLE": "Float32",
    "DOUBLE": "Float64",
    "DOUBLE PRECISION": "Float64",
    "TEXT": "String",
    "VARCHAR": "String",
    "CHAR": "String",
    "CHARACTER": "String",
    "BLOB": "String",
    "BYTEA": "String",
    "CLOB": "String",
    "TINYTEXT": "String",
    "MEDIUMTEXT": "String",
    "LONGTEXT": "String",
    "NCHAR": "String",
    "NVARCHAR": "String",
    "VARCHAR2": "String",
    "BINARY": "FixedString",
    "TIMESTAMP": "DateTime",
    "DATE": "Date",
    "DATETIME": "DateTime",
    "DATETIME32": "DateTime",
    "DATETIME64": "DateTime64",
    "TIME": "Time",
    "INET4": "IPv4",
    "INET6": "IPv6",
    "DEC": "Decimal",
    "DECIMAL": "Decimal",
    "NUMERIC": "Decimal",
    "FIXED": "Decimal",
    "ENUM": "Enum",
    "JSON": "JSON",
}

DECIMAL_WIDTHS = {"Decimal32": 9, "Decimal64": 18, "Decimal128": 38, "Decimal256": 76}
"""`DecimalN(scale)` → its precision."""
