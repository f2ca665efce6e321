"""What a hash function sees of a value: numbers as bits of a width, the rest as bytes.

ClickHouse hashes a value as it lies in memory. Tuples are hashed element by element, as if they
were several arguments; an array is its length and its elements.
"""

from __future__ import annotations

from collections.abc import Callable

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions.convert import enum_number
from mini_tb.sql.functions.convert_moment import to_number
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import NOTHING, DataType
from mini_tb.types.duckdb import field_names, quote_string

_OF_NULL = 0x5715F196CBEA7A40C58AD2DA03D9A871
_OF_NOTHING = 0xE28DBDE7FE22E41C
"""The hashes, by all algorithms, of NULL and of no value: as many lower bits as there are."""
_ZEROS = "\\x00" * 12


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A hash: of bytes, of a number's bits and width in bytes, of two hashes, of an array."""

    of_bytes: Callable[[str], str]
    of_bits: Callable[[str, int], str]
    pair: Callable[[str, str], str]
    fold: Callable[[str, str], str] | None = None
    """The hash before, joined to the list of the elements' hashes; None: one after the other."""
    bits: int = 64
    is_keyed: bool = False

    @property
    def null(self) -> str:
        """The hash of NULL inside of a value. Raises `ArgumentError` if there is a key."""
        if self.is_keyed:
            raise ArgumentError("NULL inside of tuples and arrays is not hashed with a key", 48)
        return self.constant(_OF_NULL)

    @property
    def nothing(self) -> str:
        """The hash of no value at all."""
        return self.constant(_OF_NOTHING)

    def size(self, sql: str) -> str:
        """The hash of an array's length."""
        size = f"CAST({sql} AS UBIGINT)"
        if self.bits == 64:
            return f"mt_int_hash64({size})"
        short = f"mt_int_hash32({size})"
        if self.bits == 32:
            return short
        return f"(mt_little_endian_4(CAST({short} AS UBIGINT)) || '{_ZEROS}'::BLOB)"

    def constant(self, value: int) -> str:
        """DuckDB text of a hash, by its lower bits."""
        if self.bits == 128:
            data = (value & (1 << 128) - 1).to_bytes(16, "little").hex()
            return f"unhex('{data}')"
        duck = "UBIGINT" if self.bits == 64 else "UINTEGER"
        return f"CAST({value & (1 << self.bits) - 1} AS {duck})"


def number_bits(t: DataType, sql: str) -> tuple[str, int] | None:
    """The bits of a number (UBIGINT) and its width in bytes; None for what is hashed as bytes."""
    if t.is_bool:
        return f"CAST({sql} AS UBIGINT)", 1
    if t.is_integer and t.bits <= 64:
        return _bits(sql, t.bits, signed=t.is_signed), t.bits // 8
    if t.name == "Float64":
        return f"mt_float64_bits({sql})", 8
    if t.name == "Float32":
        return f"mt_float32_bits({sql})", 4
    if t.is_enum:
        width = 8 if t.name == "Enum8" else 16
        return _bits(enum_number(t, sql), width, signed=True), width // 8
    if t.name == "IPv4":
        return f"CAST({sql} AS UBIGINT)", 4
    if t.is_date or t.name == "DateTime":
        _, count = to_number(t, sql)
        width = {"Date": 16, "Date32": 32, "DateTime": 32}[t.name]
        return _bits(f"CAST({count} AS BIGINT)", width, signed=True), width // 8
    if t.name in ("Time", "Interval"):
        width = 32 if t.name == "Time" else 64
        return _bits(sql, width, signed=True), width // 8
    return None


def _bits(sql: str, bits: int, *, signed: bool) -> str:
    if not signed:
        return f"CAST({sql} AS UBIGINT)"
    if bits < 64:
        return f"CAST(CAST({sql} AS BIGINT) & {(1 << bits) - 1} AS UBIGINT)"
    return f"CAST(CAST({sql} AS HUGEINT) & {(1 << 64) - 1} AS UBIGINT)"


def little_endian(bits: str, width: int) -> str:
    """The bytes of a number (UBIGINT), least first."""
    return f"mt_little_endian_{width}({bits})"


def value_bytes(t: DataType, sql: str) -> str:
    """The bytes (BLOB) of a value that is no small number. Raises `ArgumentError`."""
    if t.is_string:
        return sql if t.is_bytes else f"encode({sql})"
    if t.name == "UUID":
        return f"mt_swapped_words(CAST({sql} AS BLOB))"
    if t.name == "IPv6":
        return f"unhex(lpad(to_hex({sql}), 32, '0'))"
    if t.is_integer and t.bits == 128:
        return f"mt_bytes_of_number(CAST({sql} AS VARCHAR), 16)"
    if t.is_decimal and int(t.params[0]) <= 18:
        size = 4 if t.params[0] <= 9 else 8
        whole = f"CAST({sql} AS DECIMAL(38, {t.scale})) * {10**t.scale}"
        return little_endian(_bits(f"CAST({whole} AS BIGINT)", 8 * size, signed=True), size)
    if t.is_decimal and int(t.params[0]) <= 38:
        size = 16
        return f"mt_bytes_of_number(replace(CAST({sql} AS VARCHAR), '.', ''), {size})"
    if t.name == "DateTime64":
        digits = 9 if t.scale > 6 else 6
        ticks = f"(epoch_{'ns' if digits == 9 else 'us'}({sql}) // {10 ** (digits - t.scale)})"
        return little_endian(_bits(ticks, 64, signed=True), 8)
    raise ArgumentError(f"values of type `{t}` are not hashed here", 48)


def hashed(algorithm: Algorithm, t: DataType, sql: str, before: str | None = None) -> str:
    """DuckDB text of the hash of a value, joined to the hash `before` it.

    Raises `ArgumentError` for a type that is not hashed here.
    """
    bare = t.bare
    if bare.is_tuple and not t.is_nullable:
        for name, element in zip(field_names(bare), bare.types, strict=True):
            field = f"struct_extract({sql}, {quote_string(name)})"
            before = hashed(algorithm, element, field, before)
        return algorithm.nothing if before is None else before
    if bare.is_array or bare.is_map:
        return _array(algorithm, bare, sql, before)
    value = _one(algorithm, t, sql)
    return value if before is None else algorithm.pair(before, value)


def _one(algorithm: Algorithm, t: DataType, sql: str) -> str:
    """The hash of a simple value, or of NULL in its place."""
    bare = t.bare
    if bare.is_nothing:
        return algorithm.null
    if bare.is_tuple:
        return (
            f"CASE WHEN {sql} IS NULL THEN {algorithm.null} ELSE {hashed(algorithm, bare, sql)} END"
        )
    bits = number_bits(bare, sql)
    if bits is not None:
        value = algorithm.of_bits(*bits)
    else:
        value = algorithm.of_bytes(value_bytes(bare, sql))
    return f"coalesce({value}, {algorithm.null})" if t.is_nullable else value


def _array(algorithm: Algorithm, t: DataType, sql: str, before: str | None) -> str:
    if t.is_map:
        items, size = f"map_entries({sql})", f"cardinality({sql})"
        parts = [(t.types[0], "h['key']"), (t.types[1], "h['value']")]
    else:
        items, size, parts = sql, f"len({sql})", [(t.element, "h")]
    length = algorithm.size(size)
    start = length if before is None else algorithm.pair(before, length)
    if any(element == NOTHING for element, _text in parts):
        return start
    each: str | None = None
    for element, text in parts:
        each = hashed(algorithm, element, text, each)
    hashes = f"list_transform({items}, lambda h: {each})"
    if algorithm.fold is not None:
        return algorithm.fold(start, hashes)
    return f"list_reduce({hashes}, lambda x, y: {algorithm.pair('x', 'y')}, {start})"
