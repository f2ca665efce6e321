"""`DataType`: one immutable value for every ClickHouse type.

A type is its family name, its inner types, and its parameters:

| family | types | params | names |
|---|---|---|---|
| `FixedString` | | `(n,)` | |
| `Decimal` | | `(precision, scale)`; a third: see `full_decimal` | |
| `DateTime` | | `()` or `(zone,)` | |
| `DateTime64` | | `(precision,)` or `(precision, zone)` | |
| `Time64` | | `(precision,)` | |
| `Enum8`, `Enum16` | | `((name, number), …)` by number | |
| `Array`, `Nullable`, `LowCardinality` | `(inner,)` | | |
| `Map` | `(key, value)` | | |
| `Tuple`, `Nested` | elements | | element names, or `()` if unnamed |
| `Variant` | alternatives | | |
| `AggregateFunction`, `SimpleAggregateFunction` | argument types | `(function, *parameters)` | |
| `Interval` | | `(unit,)`, as in `IntervalDay` | |
| `JSON` | | the text between its parentheses, if any | |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.types import family


@dataclass(frozen=True, slots=True)
class DataType:
    """A ClickHouse type; `str()` of it is ClickHouse's own spelling."""

    name: str
    types: tuple[DataType, ...] = ()
    params: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()

    # What it is, seen through LowCardinality and Nullable ------------------------------------

    @property
    def is_nullable(self) -> bool:
        """Whether values may be NULL: `Nullable(T)` and `LowCardinality(Nullable(T))`."""
        t = self.plain
        return t.name == "Nullable" or (
            t.name == "LowCardinality" and t.types[0].name == "Nullable"
        )

    @property
    def plain(self) -> DataType:
        """The type that expressions see: the inner one of a `SimpleAggregateFunction`, whose
        values are of that type."""
        return self.types[0] if self.name == "SimpleAggregateFunction" else self

    @property
    def bare(self) -> DataType:
        """The type without `LowCardinality` and `Nullable` around it."""
        inner = self.plain
        while inner.name in ("Nullable", "LowCardinality"):
            inner = inner.types[0]
        return inner

    @property
    def is_nothing(self) -> bool:
        """The type of `NULL` and of the elements of `[]`."""
        return self.bare.name == "Nothing"

    @property
    def is_integer(self) -> bool:
        return self.bare.name in family.INTEGERS

    @property
    def is_signed(self) -> bool:
        """Whether negative numbers fit: signed integers, floats, decimals."""
        return not self.bare.name.startswith("U")

    @property
    def is_float(self) -> bool:
        return self.bare.name in family.FLOATS

    @property
    def is_decimal(self) -> bool:
        return self.bare.name == "Decimal"

    @property
    def is_bool(self) -> bool:
        return self.bare.name == "Bool"

    @property
    def is_number(self) -> bool:
        """Integers, floats, decimals and Bool: what arithmetic takes."""
        return self.is_integer or self.is_float or self.is_decimal or self.is_bool

    @property
    def is_string(self) -> bool:
        """`String` and `FixedString`."""
        return self.bare.name in ("String", "FixedString")

    @property
    def is_bytes(self) -> bool:
        """Text that DuckDB holds as BLOB: `FixedString`, and strings that need not be UTF-8."""
        bare = self.bare
        return bare.name == "FixedString" or bare == STRING_BYTES

    @property
    def is_date(self) -> bool:
        """`Date` and `Date32`."""
        return self.bare.name in ("Date", "Date32")

    @property
    def is_datetime(self) -> bool:
        """`DateTime` and `DateTime64`."""
        return self.bare.name in ("DateTime", "DateTime64")

    @property
    def is_date_or_datetime(self) -> bool:
        return self.is_date or self.is_datetime

    @property
    def is_interval(self) -> bool:
        return self.bare.name == "Interval"

    @property
    def is_enum(self) -> bool:
        return self.bare.name in ("Enum8", "Enum16")

    @property
    def is_array(self) -> bool:
        return self.plain.name == "Array"

    @property
    def is_map(self) -> bool:
        return self.plain.name == "Map"

    @property
    def is_tuple(self) -> bool:
        return self.bare.name == "Tuple"

    @property
    def is_state(self) -> bool:
        """An `AggregateFunction` state."""
        return self.name == "AggregateFunction"

    @property
    def bits(self) -> int:
        """Width in bits of an integer or float."""
        return family.BITS[self.bare.name]

    @property
    def scale(self) -> int:
        """Digits after the point: of a Decimal, a DateTime64 (its precision); 0 for the rest."""
        bare = self.bare
        if bare.name == "Decimal":
            return int(bare.params[1])
        if bare.name in ("DateTime64", "Time64"):
            return int(bare.params[0])
        return 0

    @property
    def zone(self) -> str | None:
        """The explicit time zone of a DateTime or DateTime64, if any."""
        bare = self.bare
        if bare.name == "DateTime" and bare.params:
            return str(bare.params[0])
        if bare.name == "DateTime64" and len(bare.params) > 1:
            return str(bare.params[1])
        return None

    @property
    def element(self) -> DataType:
        """The element type of an Array, or of the one type inside."""
        return self.plain.types[0]

    @property
    def can_be_nullable(self) -> bool:
        """Whether ClickHouse allows `Nullable(this)`: not Array, Map, states and their like."""
        return self.name not in family.NEVER_NULLABLE

    @property
    def can_be_low_cardinality(self) -> bool:
        """Whether ClickHouse allows `LowCardinality(this)`."""
        return self.bare.name in family.LOW_CARDINALITY

    # What it becomes -----------------------------------------------------------------------

    def as_nullable(self) -> DataType:
        """`Nullable(this)`; unchanged where it is already, or cannot be."""
        return nullable(self)

    def not_null(self) -> DataType:
        """This type without Nullable; LowCardinality stays."""
        if self.name == "Nullable":
            return self.types[0]
        if self.name == "LowCardinality":
            return low_cardinality(self.types[0].not_null())
        return self

    def __str__(self) -> str:
        return _print(self)

    def pretty(self) -> str:
        """The spelling of `toTypeName`: elements of named tuples on lines of their own."""
        return _pretty(self, 1)


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_QUOTED_WORDS = frozenset(
    ("all", "distinct", "false", "from", "null", "select", "some", "table", "top", "true", "values")
)
"""Words that ClickHouse quotes as names, in any case."""


def _identifier(name: str) -> str:
    plain = name.isascii() and name.replace("_", "a").isalnum() and not name[:1].isdigit()
    plain = plain and name.lower() not in _QUOTED_WORDS
    return name if plain and name else "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _parameter(value: Any) -> str:
    return _quote(value) if isinstance(value, str) else str(value)


_MAPPED_ARRAYS = ("sumMap", "minMap", "maxMap")


def _is_versioned(function: str, types: Sequence[DataType]) -> bool:
    """Whether ClickHouse writes the version of the function's state into the type, which is 1 for
    all of them: sums of keys and values in arrays, and quantiles that draw no lots."""
    if function.startswith(_MAPPED_ARRAYS):
        first = types[0] if types else STRING
        while first.is_array and first.element.is_array:
            first = first.element
        return not first.is_map and not (first.is_array and first.element.is_map)
    return function.startswith(("quantileDeterministic", "quantilesDeterministic"))


def _print(t: DataType) -> str:
    if t.name in ("Tuple", "Nested"):
        if t.names:
            parts = [f"{_identifier(n)} {e}" for n, e in zip(t.names, t.types, strict=True)]
        else:
            parts = [str(e) for e in t.types]
        return f"{t.name}({', '.join(parts)})"
    if t.name in ("Enum8", "Enum16"):
        return f"{t.name}({', '.join(f'{_quote(n)} = {v}' for n, v in t.params)})"
    if t.name == "Interval":
        return f"Interval{t.params[0]}"
    if t.name == "Decimal":
        return f"Decimal({t.params[0]}, {t.params[1]})"
    if t.name == "AggregateFunction" or t.name == "SimpleAggregateFunction":
        function, *params = t.params
        head = f"{function}({', '.join(map(_parameter, params))})" if params else str(function)
        version = ["1"] if t.is_state and _is_versioned(str(function), t.types) else []
        return f"{t.name}({', '.join([*version, head, *map(str, t.types)])})"
    if t.name == "String" or (t.name == "JSON" and not t.params):
        return t.name
    if t.name == "JSON":
        return f"JSON({t.params[0]})"
    inner = [str(e) for e in t.types] + [_parameter(p) for p in t.params]
    return f"{t.name}({', '.join(inner)})" if inner else t.name


def _pretty(t: DataType, depth: int) -> str:
    if t.name == "Tuple" and t.names:
        lines = [
            f"\n{' ' * 4 * depth}{_identifier(name)} {_pretty(element, depth + 1)}"
            for name, element in zip(t.names, t.types, strict=True)
        ]
        return f"Tuple({','.join(lines)})"
    if t.name in ("Tuple", "Array", "Map") and t.types:
        return f"{t.name}({', '.join(_pretty(element, depth) for element in t.types)})"
    return str(t)


# Constructors and constants ----------------------------------------------------------------

BOOL = DataType("Bool")
INT8, INT16, INT32, INT64, INT128, INT256 = (
    DataType(f"Int{bits}") for bits in (8, 16, 32, 64, 128, 256)
)
UINT8, UINT16, UINT32, UINT64, UINT128, UINT256 = (
    DataType(f"UInt{bits}") for bits in (8, 16, 32, 64, 128, 256)
)
FLOAT32, FLOAT64 = DataType("Float32"), DataType("Float64")
STRING = DataType("String")
STRING_BYTES = DataType("String", params=("bytes",))
"""A `String` that need not be UTF-8 (what `unhex` returns); DuckDB holds it as BLOB."""
UUID = DataType("UUID")
DATE, DATE32, DATETIME = DataType("Date"), DataType("Date32"), DataType("DateTime")
IPV4, IPV6 = DataType("IPv4"), DataType("IPv6")
JSON = DataType("JSON")
NOTHING = DataType("Nothing")


def nullable(t: DataType) -> DataType:
    """`Nullable(t)`; `LowCardinality(T)` takes it inside; types that cannot be stay as they are."""
    if t.name == "LowCardinality":
        return DataType("LowCardinality", (nullable(t.types[0]),))
    if t.name == "Nullable" or not t.can_be_nullable:
        return t
    return DataType("Nullable", (t,))


def low_cardinality(t: DataType) -> DataType:
    """`LowCardinality(t)`."""
    return t if t.name == "LowCardinality" else DataType("LowCardinality", (t,))


def array(element: DataType) -> DataType:
    """`Array(element)`."""
    return DataType("Array", (element,))


def map_of(key: DataType, value: DataType) -> DataType:
    """`Map(key, value)`."""
    return DataType("Map", (key, value))


def tuple_of(*elements: DataType, names: tuple[str, ...] = ()) -> DataType:
    """`Tuple(…)`, named if `names` are given."""
    return DataType("Tuple", elements, names=names)


def decimal(precision: int, scale: int) -> DataType:
    """`Decimal(precision, scale)`."""
    return DataType("Decimal", params=(precision, scale))


def decimal_width(t: DataType) -> int:
    """The digits of the width that a Decimal is held in: its values may have that many, whatever
    precision its type tells."""
    return next(width for width in (9, 18, 38, 76) if int(t.params[0]) <= width)


def full_decimal(precision: int, scale: int) -> DataType:
    """`Decimal(precision, scale)` of values that need not keep to the precision, only to its width:
    what arithmetic makes. The third parameter is what DuckDB has to hold."""
    plain = decimal(precision, scale)
    width = decimal_width(plain)
    return plain if width == precision else DataType("Decimal", params=(precision, scale, width))


def held_digits(t: DataType) -> int:
    """The digits that DuckDB has to hold of a Decimal."""
    return int(t.params[2] if len(t.params) > 2 else t.params[0])


def fixed_string(length: int) -> DataType:
    """`FixedString(length)`, length in bytes."""
    return DataType("FixedString", params=(length,))


def datetime(zone: str | None = None) -> DataType:
    """`DateTime`, or `DateTime('zone')`."""
    return DataType("DateTime", params=(zone,) if zone else ())


def datetime64(precision: int, zone: str | None = None) -> DataType:
    """`DateTime64(precision[, 'zone'])`; precision is the digits of the fraction, 0 to 9."""
    return DataType("DateTime64", params=(precision, zone) if zone else (precision,))


def interval(unit: str) -> DataType:
    """`IntervalDay` and its like; `unit` is `Day`, `Hour`, …"""
    return DataType("Interval", params=(unit,))
