"""The bytes of a value as another type: `reinterpret`, `reinterpretAsUInt32`, …

A value's bytes, least first, are a number of up to 128 bits on the way: longer ones are cut,
shorter ones filled with zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions import convert_moment as moments
from mini_tb.sql.functions.convert_number import failure, wrap
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    DATE,
    DATETIME,
    FLOAT32,
    FLOAT64,
    STRING_BYTES,
    UUID,
    DataType,
    TypeSyntaxError,
    datetime64,
    fixed_string,
    parse_type,
    to_duckdb,
)

_LOW = f"CAST({(1 << 64) - 1} AS UHUGEINT)"


def _bytes(t: DataType) -> int:
    """How many bytes a value of a fixed size has; an error for others."""
    bare = t.bare
    if bare.is_integer or bare.is_float:
        return bare.bits // 8
    size = {"Bool": 1, "Date": 2, "Date32": 4, "DateTime": 4, "DateTime64": 8, "UUID": 16}
    if bare.name == "FixedString":
        return int(bare.params[0])
    if bare.name in size:
        return size[bare.name]
    raise ArgumentError(f"`{t}` cannot be reinterpreted")


def _number(t: DataType, sql: str) -> str:
    """The bytes of a value as UHUGEINT."""
    if t.is_string:
        blob = sql if t.is_bytes else f"encode({sql})"
        return f"CAST(mt_number_of_bytes({blob}) AS UHUGEINT)"
    if t.is_float:
        return f"CAST(mt_float{t.bits}_bits({sql}) AS UHUGEINT)"
    if t.name == "UUID":
        digits = f"replace(CAST({sql} AS VARCHAR), '-', '')"
        halves = f"substr({digits}, 17) || substr({digits}, 1, 16)"
        return f"CAST(('0x' || {halves}) AS UHUGEINT)"
    _bytes(t)
    if t.name == "DateTime64":
        t, sql = DataType("Int64"), moments.to_ticks(t, sql)
    elif t.is_date_or_datetime:
        t, sql = moments.to_number(t, sql)
    bits = 8 if t.is_bool else t.bits
    if bits > 64:
        if t.is_signed or bits > 128:
            raise ArgumentError(f"`{t}` cannot be reinterpreted")
        return sql
    return f"CAST(CAST({sql} AS HUGEINT) & CAST({(1 << bits) - 1} AS HUGEINT) AS UHUGEINT)"


def _lower_to(source: DataType, t: DataType, sql: str) -> str:
    """The value of type `t` that has the bytes of another."""
    if source.is_array:
        return _of_array(source, sql)
    if t.is_array:
        return _to_array(source, t, sql)
    if source.is_integer and t.is_integer and source.bits >= 128:
        return f"CAST({sql} AS {to_duckdb(t)})"
    if source.name == "FixedString" and t == STRING_BYTES:
        return f"unhex(regexp_replace(hex({sql}), '(00)+$', ''))"
    if source.is_string and t == STRING_BYTES:
        return sql if source.is_bytes else f"encode({sql})"
    number = _number(source, sql)
    low = f"CAST({number} & {_LOW} AS UBIGINT)"
    if t.is_float:
        return f"mt_float{t.bits}_of_bits({low})"
    if t.is_integer:
        if t.bits > 128:
            return f"CAST(CAST({number} AS VARCHAR) AS BIGNUM)"
        if t.bits == 128:
            wrapped = f"mt_wrap_integer(CAST({number} AS VARCHAR), 128, {_word(t)})"
            return f"CAST({wrapped} AS {to_duckdb(t)})"
        return wrap(f"CAST({low} AS HUGEINT)", t)
    if t.name == "Date":
        return moments.day(f"{low} & 65535")
    if t.name == "DateTime":
        return moments.second(f"CAST({low} & 4294967295 AS BIGINT)")
    if t.name == "DateTime64":
        return moments.from_ticks(t, wrap(f"CAST({low} AS HUGEINT)", DataType("Int64")))
    if t.name == "UUID":
        high = f"CAST({number} >> 64 AS UBIGINT)"
        return f"CAST(format('{{:016x}}{{:016x}}', {low}, {high}) AS UUID)"
    size = int(t.params[0]) if t.name == "FixedString" else 0
    return f"mt_bytes_of_number(CAST({number} AS VARCHAR), {size})"


def _of_array(source: DataType, sql: str) -> str:
    """The bytes of the elements of an array, one after the other."""
    whole = fixed_string(_bytes(source.element))
    each = f"hex({_lower_to(source.element, whole, 'e')})"
    return f"unhex(array_to_string(list_transform({sql}, lambda e: {each}), ''))"


def _to_array(source: DataType, t: DataType, sql: str) -> str:
    """Elements that have, one after the other, the bytes of a text."""
    data = sql if source.is_bytes else f"encode({sql})"
    size = _bytes(t.element)
    piece = f"array_slice({data}, i + 1, i + {size})"
    each = piece
    if t.element.name != "FixedString":
        each = _lower_to(fixed_string(size), t.element, piece)
    fits = f"octet_length({data}) % {size} = 0"
    wrong = failure(36, f"The bytes are not those of whole values of type {t.element}")
    elements = f"list_transform(range(0, octet_length({data}), {size}), lambda i: {each})"
    return f"CASE WHEN {fits} THEN {elements} ELSE {wrong} END"


def _word(t: DataType) -> str:
    return "true" if t.is_signed else "false"


def _returns_to(target: Callable[[Sequence[Expr]], DataType]) -> Callable[..., DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        found, source = target(args), args[0].type
        if source.is_array and found != STRING_BYTES:
            raise ArgumentError(f"`{source}` cannot be reinterpreted as `{found}`")
        if source.is_array and (source.element.is_nullable or source.element.is_array):
            raise ArgumentError(f"`{source}` cannot be reinterpreted")
        if found.is_array and not source.is_string:
            raise ArgumentError(f"`{source}` cannot be reinterpreted as `{found}`")
        if found.is_integer and source.is_integer and source.bits >= 128:
            if found.bits < source.bits:
                raise ArgumentError(f"`{source}` cannot be reinterpreted")
            return found
        if source.is_string and found.name == "FixedString":
            raise ArgumentError(f"`{source}` cannot be reinterpreted as `{found}`")
        _lower_to(source.bare, found, "x")
        return found

    return returns


def _lower(call: Call, args: list[str]) -> str:
    return _lower_to(call.args[0].type.bare, call.type.bare, args[0])


def _named(args: Sequence[Expr]) -> DataType:
    try:
        found = parse_type(text(args[1]))
    except TypeSyntaxError as error:
        raise ArgumentError(error.message, 50) from None
    if found.name == "String":
        return STRING_BYTES
    _bytes(found.element if found.is_array else found)
    return found


def _fixed(args: Sequence[Expr]) -> DataType:
    return fixed_string(_bytes(args[0].type))


def _as(name: str, target: Callable[[Sequence[Expr]], DataType] | DataType) -> Function:
    make = target if callable(target) else lambda args: target
    return Function(f"reinterpretAs{name}", _returns_to(make), _lower, bytes_ok=True)


_INTEGERS = tuple(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256))

ROWS = (
    Function("reinterpret", _returns_to(_named), _lower, args=(2, 2), bytes_ok=True),
    *(_as(name, DataType(name)) for name in _INTEGERS),
    _as("Float32", FLOAT32),
    _as("Float64", FLOAT64),
    _as("Date", DATE),
    _as("DateTime", DATETIME),
    _as("DateTime64", datetime64(3)),
    _as("UUID", UUID),
    _as("String", STRING_BYTES),
    _as("FixedString", _fixed),
)
