"""What a data source takes in: its columns with their paths, rules and Arrow types.

`intake_of(datasource)` is worked out once per schema.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.ingest.column import Coercion
from mini_tb.ingest.jsonpath import JsonPath, parse_jsonpath
from mini_tb.types import DataType
from mini_tb.types.duckdb import field_names
from mini_tb.types.geometry import SHAPES

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.project import Column, Datasource


@dataclass(frozen=True, slots=True)
class Field:
    """How one column is filled: from which part of a record, by which rule, carried as what."""

    name: str
    type: DataType
    path: JsonPath
    coercion: Coercion
    carrier: pa.DataType


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """The columns of a data source as ingestion sees them, in order; equality is identity.

    `names` are the columns' names, `keys` the top-level keys that their paths stand for (None for
    other paths), `schema` is the Arrow schema of decoded rows.
    """

    fields: tuple[Field, ...]
    names: tuple[str, ...]
    keys: tuple[str | None, ...]
    schema: pa.Schema


def intake_of(datasource: Datasource) -> Intake:
    """The intake of a data source; the same object for the same columns."""
    columns = datasource.columns
    known = _KNOWN.get(id(columns))
    if known is None:
        if len(_KNOWN) >= _MAX_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(columns)] = (columns, _intake(columns))
    return known[1]


_KNOWN: dict[int, tuple[tuple[Column, ...], Intake]] = {}
"""By the identity of a live data source's columns: hashing them costs more than a small request."""
_MAX_KNOWN = 4096


@lru_cache(maxsize=1024)
def _intake(columns: tuple[Column, ...]) -> Intake:
    import pyarrow as pa

    fields = tuple(_field(column) for column in columns)
    schema = pa.schema([pa.field(f.name, f.carrier) for f in fields])
    keys = tuple(f.path.key for f in fields)
    return Intake(fields, tuple(f.name for f in fields), keys, schema)


def _field(column: Column) -> Field:
    # Without a jsonpath the column's name is the top-level key.
    path = parse_jsonpath(column.jsonpath) if column.jsonpath else JsonPath((column.name,))
    has_default = column.default is not None
    return Field(
        name=column.name,
        type=column.type,
        path=path,
        coercion=Coercion(column.name, column.type, has_default),
        carrier=arrow_type(column.type),
    )


def arrow_type(t: DataType) -> pa.DataType:
    """The Arrow type that carries values of `t` into DuckDB.

    Wide integers, UUIDs, IPv6 addresses and Enum members travel as text, which DuckDB casts when
    they are stored: Arrow has no such types.
    """
    import pyarrow as pa

    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return arrow_type(t.types[0])
    if t.name == "Array":
        return pa.list_(arrow_type(t.element))
    if t.name == "Map":
        return pa.map_(arrow_type(t.types[0]), arrow_type(t.types[1]))
    if t.name in ("Tuple", "Nested"):
        fields = zip(field_names(t), t.types, strict=True)
        struct = pa.struct([pa.field(name, arrow_type(element)) for name, element in fields])
        return pa.list_(struct) if t.name == "Nested" else struct
    if t.name == "Decimal":
        precision, scale = t.params
        return pa.decimal128(min(precision, 38), min(scale, 38))
    if t.name == "DateTime64" and t.scale > 6:
        return pa.timestamp("ns")
    if t.name in SHAPES:
        return arrow_type(SHAPES[t.name])
    return (
        getattr(pa, _ARROW.get(t.name, "string"))() if t.name not in _TICKS else pa.timestamp("us")
    )


_TICKS = frozenset({"DateTime", "DateTime64"})
_ARROW = {
    "Bool": "bool_",
    "Int8": "int8",
    "Int16": "int16",
    "Int32": "int32",
    "Int64": "int64",
    "UInt8": "uint8",
    "UInt16": "uint16",
    "UInt32": "uint32",
    "UInt64": "uint64",
    "Float32": "float32",
    "BFloat16": "float32",
    "Float64": "float64",
    "FixedString": "binary",
    "Date": "date32",
    "Date32": "date32",
    "Time": "int32",
    "Time64": "int64",
    "IPv4": "uint32",
}
