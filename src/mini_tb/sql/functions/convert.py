"""Conversions between types: the implicit ones, `CAST`, and lists of IN."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions import convert_moment as moment
from mini_tb.sql.functions import convert_number as number
from mini_tb.sql.functions.constants import literal, typed_default, zero
from mini_tb.sql.functions.convert_clock import clock, from_clock, is_clock
from mini_tb.sql.functions.convert_text import depth, to_text
from mini_tb.sql.functions.function import ArgumentError, Function, ValueDecidesShape
from mini_tb.sql.tree import Aggregate, Call, Const, Expr, Param, Window
from mini_tb.types import (
    INT64,
    NOTHING,
    STRING,
    STRING_BYTES,
    UINT8,
    UINT32,
    DataType,
    NoSupertype,
    array,
    least_supertype,
    low_cardinality,
    nullable,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.duckdb import field_names, quote_identifier, quote_string
from mini_tb.types.geometry import SHAPES


def lower_cast(source: DataType, target: DataType, sql: str) -> str:
    """DuckDB text of `CAST(sql, target)` from a value of type `source`; NULL stays NULL.

    Raises `ArgumentError` if there is no such conversion.
    """
    s, t = source.bare, target.bare
    if s == t:
        return sql
    duck = to_duckdb(t)
    if s.name == "Nothing":
        if source == NOTHING and zero(t) is not None:
            return literal(typed_default(t), t)
        return f"CAST({sql} AS {duck})"
    if s.name == "Dynamic":
        return _of_dynamic(target, sql)
    if t.name == "FixedString":
        return fixed_string(s, int(t.params[0]), sql)
    if t.name == "String":
        if t.is_bytes:
            return sql if s.is_bytes else f"encode({to_text(s, sql)})"
        return to_text(s, sql)
    if s.is_string:
        text = to_text(s, sql)
        if moment.is_plain(t, text):
            return read_text(t, text)
        if t.is_map:
            raise ArgumentError(f"conversion from `{s}` to `{t}` is not supported", 48)
        if target.is_nullable and not (t.is_bool or t.is_enum):
            # A text that is no value is NULL where there may be NULLs.
            return number.try_number(t, text) if t.is_number else read_text(t, text)
        return f"CASE WHEN {text} IS NOT NULL THEN {_read(t, text)} END"
    converted = _convert(s, t, sql)
    if converted is not None:
        return converted
    if to_duckdb(s) == duck:
        return sql
    raise ArgumentError(f"conversion from `{s}` to `{t}` is not supported", 53)


_VALUE = re.compile(r"'(?:[^']|'')*'|CAST\(\$\w+ AS VARCHAR\)")
"""A text that is written, or bound."""


def _read(t: DataType, text: str) -> str:
    """The value of type `t` that a text is; an error if it is none. DuckDB finds rows by a value
    that it knows, but `error` is to it something with effects, of which it knows nothing."""
    found, wrong = read_text(t, text), unreadable(t)
    if not _VALUE.fullmatch(text):
        return f"coalesce({found}, {wrong})"
    if "mt_" in found:  # there are functions of ours in it already
        return f"coalesce({found}, {number.without_effects(wrong)})"
    return f"CASE WHEN {found} IS NULL THEN {wrong} ELSE {found} END"


def _of_dynamic(target: DataType, sql: str) -> str:
    """What was read of JSON as a value of the type; its default where there is nothing."""
    from mini_tb.sql.functions import json_value  # it reads values through this module

    bare = target.bare
    if bare.name != "String" or bare.is_bytes:
        return (json_value.value if target.is_nullable else json_value.filled)(sql, bare)
    found = to_text(DataType("Dynamic"), sql)
    return found if target.is_nullable else f"coalesce({found}, '')"


def _convert(s: DataType, t: DataType, sql: str) -> str | None:
    """Between types that are not text; None where there is no rule."""
    if is_clock(t):
        return clock(s, t, sql)
    if is_clock(s):
        found = from_clock(s, t, sql)
        return None if found is None else lower_cast(found[0], t, found[1])
    s_number, t_number = s.is_number, t.is_number
    if s.is_interval and t_number:
        return number.number_to_number(INT64, t, sql)
    if s_number and t_number:
        return number.number_to_number(s, t, sql)
    if s.is_date_or_datetime and t.is_date_or_datetime:
        return moment.between(s, t, sql)
    if s_number and t.is_date_or_datetime:
        if s.is_decimal and t.name != "DateTime64":
            raise ArgumentError(f"conversion from `{s}` to `{t}` is not supported", 44)
        return moment.from_number(s, t, sql)
    if s.is_date_or_datetime and t_number:
        as_number, count = moment.to_number(s, sql)
        return lower_cast(as_number, t, count)
    if s.is_enum and t.is_enum:
        return f"CAST(CAST({sql} AS VARCHAR) AS {to_duckdb(t)})"
    if s.is_enum and t_number:
        return lower_cast(DataType("Int16"), t, enum_number(s, sql))
    if s.is_integer and t.is_enum:
        whens = " ".join(f"WHEN {value} THEN {quote_string(name)}" for name, value in t.params)
        unknown = number.failure(691, f"Unknown value for enum {t}".replace("'", ""))
        return f"CAST(CASE {sql} {whens} ELSE {unknown} END AS {to_duckdb(t)})"
    if s.name == "IPv4" and t.name == "IPv6":
        return f"({0xFFFF << 32} + CAST({sql} AS UHUGEINT))"
    if s.name == "IPv4" and t.name in ("UInt32", "UInt64", "UInt128", "UInt256"):
        return lower_cast(UINT32, t, sql)
    if t.name == "IPv4" and s.is_integer and not s.is_signed and s.bits <= 64:
        return lower_cast(s, UINT32, sql)
    if "IPv4" in (s.name, t.name):
        return None
    if t.is_interval and s_number:
        return lower_cast(s, INT64, sql)
    return _convert_nested(s, t, sql)


_NO_ELEMENTS = literal([], array(NOTHING))


def _convert_nested(s: DataType, t: DataType, sql: str) -> str | None:
    if t.name == "Nested":
        t = array(tuple_of(*t.types, names=t.names))
    s, t = SHAPES.get(s.name, s), SHAPES.get(t.name, t)
    if s.is_array and t.is_array:
        if s.element.is_nothing:
            if t.element.is_nothing or s.element.is_nullable or sql == _NO_ELEMENTS:
                return f"CAST({sql} AS {to_duckdb(t)})"
            # What `arrayResize` adds to `[]` has no value of its own.
            default = literal(zero(t.element.bare), t.element.bare)
            return f"list_resize({literal([], t)}, len({sql}), {default})"
        name = f"c{depth(s)}"
        body = lower_cast(s.element, t.element, name)
        return sql if body == name else f"list_transform({sql}, lambda {name}: {body})"
    if s.is_tuple and t.is_tuple:
        if len(s.types) != len(t.types):
            raise ArgumentError(f"`{s}` and `{t}` have different numbers of elements", 53)
        return _convert_tuple(s, t, sql)
    if t.is_map and s.is_map:
        entry = array(tuple_of(*t.types, names=("key", "value")))
        entries = _convert_nested(
            array(tuple_of(*s.types, names=("key", "value"))), entry, f"map_entries({sql})"
        )
        return f"map_from_entries({entries})"
    if t.is_map and s.is_array and s.element.is_tuple and len(s.element.types) == 2:
        entry = array(tuple_of(*t.types, names=("key", "value")))
        return f"map_from_entries({_convert_nested(s, entry, sql) or sql})"
    if s.is_map and t.is_array and t.element.is_tuple and len(t.element.types) == 2:
        entry = array(tuple_of(*s.types, names=("key", "value")))
        return _convert_nested(entry, t, f"map_entries({sql})")
    if t.is_map and s.is_tuple and len(s.types) == 2 and all(e.is_array for e in s.types):
        keys, values = (f"struct_extract({sql}, {quote_string(n)})" for n in field_names(s))
        keys = lower_cast(s.types[0], array(t.types[0]), keys)
        return f"MAP({keys}, {lower_cast(s.types[1], array(t.types[1]), values)})"
    return None


def _convert_tuple(s: DataType, t: DataType, sql: str) -> str:
    fields = []
    for old, new, a, b in zip(field_names(s), field_names(t), s.types, t.types, strict=True):
        body = lower_cast(a, b, f"struct_extract({sql}, {quote_string(old)})")
        fields.append(f"{quote_identifier(new)}: {body}")
    return f"CASE WHEN {sql} IS NOT NULL THEN {{{', '.join(fields)}}} END"


def enum_number(t: DataType, sql: str) -> str:
    """The number of an enum's member, as SMALLINT."""
    whens = " ".join(f"WHEN {quote_string(name)} THEN {value}" for name, value in t.bare.params)
    return f"CAST(CASE CAST({sql} AS VARCHAR) {whens} END AS SMALLINT)"


def fixed_string(source: DataType, length: int, sql: str) -> str:
    """A text as BLOB of `length` bytes, padded with NUL bytes; longer ones are an error."""
    if source.name == "FixedString" and int(source.params[0]) > length:
        raise ArgumentError(f"`{source}` is longer than {length} bytes", 131)
    if not source.is_string:
        raise ArgumentError(f"conversion from `{source}` to FixedString is not supported", 43)
    blob = sql if source.is_bytes else f"encode({sql})"
    zeros = f"unhex(repeat('00', {length} - octet_length({blob})))"
    if source.name == "FixedString":
        return f"({blob} || {zeros})"
    large = number.failure(131, f"String too long for type FixedString({length})")
    return f"CASE WHEN octet_length({blob}) > {length} THEN {large} ELSE {blob} || {zeros} END"


def read_text(t: DataType, sql: str) -> str:
    """The value of type `t` that a text is, NULL if it is none: what CAST from String reads."""
    duck = to_duckdb(t)
    if t.is_number:
        return number.read_number(t, sql)
    if t.is_date:
        return moment.date_of_text(t, sql)
    if t.is_datetime:
        return moment.best_effort(t, sql)
    if t.name == "UUID":
        return (
            f"CASE WHEN regexp_full_match({sql}, '[0-9a-fA-F]{{8}}(-?[0-9a-fA-F]{{4}}){{3}}"
            f"-?[0-9a-fA-F]{{12}}') THEN TRY_CAST({sql} AS UUID) END"
        )
    if t.name == "IPv4":
        return f"mt_ipv4_number({sql})"
    if t.name == "IPv6":
        return f"CAST(mt_ipv6_number({sql}) AS UHUGEINT)"
    if t.is_interval:
        return number.read_number(INT64, sql)
    if t.name in ("Time", "Time64"):
        return f"CAST(mt_time({sql}, {t.scale}) AS {duck})"
    if t.is_enum:
        number_ = f"CASE WHEN regexp_full_match({sql}, '{_WHOLE}') THEN TRY_CAST({sql} AS INT) END"
        whens = " ".join(f"WHEN {value} THEN {quote_string(name)}" for name, value in t.params)
        return f"coalesce(TRY_CAST({sql} AS {duck}), CAST(CASE {number_} {whens} END AS {duck}))"
    return f"TRY_CAST({sql} AS {duck})"


_WHOLE = "[+-]?[0-9]+"


def names_member(enum: DataType, expr: Expr) -> bool:
    """Whether a written text is a member of an enum, by name or by number."""
    if not (isinstance(expr, Const) and isinstance(expr.value, str)):
        return False
    found = expr.value
    is_number = re.fullmatch(_WHOLE, found) is not None
    return any(found == name or (is_number and int(found) == n) for name, n in enum.bare.params)


def try_text(t: DataType, sql: str) -> str:
    """The value of type `t` that a text is, NULL if it is none: what `…OrNull` and `…OrZero` read.

    Stricter than `read_text`: integers must fit, and times have a plain form.
    """
    if t.is_number:
        return number.try_number(t, sql)
    return moment.basic(t, sql) if t.is_datetime else read_text(t, sql)


_CANNOT_PARSE = {"DateTime": 41, "DateTime64": 41, "Bool": 467, "UUID": 376, "IPv4": 675}
_CANNOT_PARSE |= {"IPv6": 676, "Date": 38, "Date32": 38}


def unreadable(t: DataType) -> str:
    """DuckDB text that raises ClickHouse's error for a text that is no value of type `t`."""
    name = str(t).replace("'", "")
    return number.failure(_CANNOT_PARSE.get(t.name, 6), f"Cannot parse {name} from String")


def _lower(call: Call, args: list[str]) -> str:
    return lower_cast(call.args[0].type, call.type, args[0])


CAST = Function("_CAST", UINT8, _lower, nulls=False, bytes_ok=True)
"""A conversion whose target is the type of the call."""


def convert(expr: Expr, target: DataType) -> Expr:
    """`expr` as a value of type `target`; constants are converted when that loses nothing.

    Raises `ArgumentError` if there is no such conversion.
    """
    if expr.type == target:
        return expr
    if expr.type.bare == target.bare or (isinstance(expr, Const) and expr.value is None):
        if isinstance(expr, Const):
            return Const(target, expr.value)
        if isinstance(expr, Param):
            return Call(target, CAST, [expr])
    lower_cast(expr.type, target, "")
    return Call(target, CAST, [expr])


def fill_default(expr: Expr) -> Expr:
    """A column of the optional side of a join: the type's default where there is no match.

    A column that is not Nullable never holds NULL, so NULL can only mean no match.
    """
    if expr.type.is_nullable or zero(expr.type) is None:
        return expr
    return Call(expr.type, FILL_DEFAULT, [expr])


def _lower_fill(call: Call, args: list[str]) -> str:
    return f"coalesce({args[0]}, {literal(zero(call.type), call.type)})"


FILL_DEFAULT = Function("_fillDefault", UINT8, _lower_fill, nulls=False, bytes_ok=True)


def in_list(value: Expr, items: list[Expr], *, negated: bool) -> Expr:
    """`value IN (items)`; one item that is an array is the list. NULLs in the list match nothing,
    as in ClickHouse (`transform_null_in = 0`), nor do tuples that hold one.

    Raises `ArgumentError` where an item has no place in the list.
    """
    if value.type.is_nothing:
        return Const(value.type, None)
    result = nullable(UINT8) if value.type.is_nullable else UINT8
    if value.type.plain.name == "LowCardinality" and all(map(is_constant, items)):
        result = low_cardinality(result)
    if len(items) == 1 and _is_list_of(items[0].type, value.type):
        listed = items[0]
        element = listed.type.element
        as_they_are = element.is_nothing or _compare_as_they_are(element, value.type)
        if isinstance(listed, Const) and not as_they_are:
            items = [Const(element, item) for item in listed.value]
        else:
            if isinstance(listed, Param) and not as_they_are:
                raise ValueDecidesShape(listed.name)
            if not is_constant(listed):
                result = nullable(UINT8)
            if element.is_nothing:
                listed = Const(array(value.type.bare), [])
            lower_cast(listed.type.element, value.type, "")
            if value.type.bare.name == "FixedString" and element.bare == STRING:
                value = convert(value, nullable(STRING) if value.type.is_nullable else STRING)
            elif _is_of_bytes(value.type, [element]):
                value = convert(value, _of_bytes(value.type))
                listed = convert(listed, array(_of_bytes(listed.type.element)))
            return Call(result, NOT_IN_ARRAY if negated else IN_ARRAY, [value, listed])
    if any(item.type == NOTHING for item in items):
        raise ArgumentError("a list has an element of an empty array, which is no value")
    known = [item for item in items if _may_match(item, value.type)]
    if not known and value.type.is_nullable:  # NULL is not looked for
        nowhere = Const(array(value.type.bare), [])
        return Call(result, NOT_IN_ARRAY if negated else IN_ARRAY, [value, nowhere])
    if not known or any(element.is_nothing for element in value.type.bare.types):
        return Const(result, int(negated))
    if _is_of_bytes(value.type, [item.type for item in known]):
        value = convert(value, _of_bytes(value.type))
    converted = [comparable(item, value.type) for item in known]
    if not all(map(is_constant, known)):
        if not (len(items) == 1 and _is_compared(items[0])):
            result = nullable(UINT8)
        converted = _as_values(converted, value.type)
    return Call(result, NOT_IN_LIST if negated else IN_LIST, [value, *converted])


def _is_of_bytes(t: DataType, others: Sequence[DataType]) -> bool:
    """Whether a text is compared with others byte for byte."""
    return t.bare == STRING_BYTES or (
        t.bare == STRING and any(other.is_string and other.bare != STRING for other in others)
    )


def _of_bytes(t: DataType) -> DataType:
    return nullable(STRING_BYTES) if t.is_nullable else STRING_BYTES


def _is_list_of(t: DataType, value: DataType) -> bool:
    return t.is_array and (not value.is_array or t.element.is_array)


def _is_compared(item: Expr) -> bool:
    """Whether ClickHouse makes `value = item` of `value IN (item)`: of what is computed."""
    if isinstance(item, Call):
        return item.function.name not in ("tuple", "array")
    return isinstance(item, Aggregate | Window)


def _as_values(items: list[Expr], target: DataType) -> list[Expr]:
    """Numbers of a list that is not constant. They compare as they are; but if they and what is
    looked for have no common type, they are cut to its type."""
    if not all(t.is_number for t in (target, *(item.type for item in items))):
        return items
    try:
        least_supertype([target.bare, *(item.type.bare for item in items)])
    except NoSupertype:
        bare = target.bare
        return [convert(item, nullable(bare) if item.type.is_nullable else bare) for item in items]
    return items


def _may_match(item: Expr, target: DataType) -> bool:
    """False for NULL, for a tuple with NULL in it, for what an enum does not have."""
    if item.type.is_nothing or any(element.is_nothing for element in item.type.bare.types):
        return False
    if target.is_enum and isinstance(item, Const) and isinstance(item.value, str):
        return names_member(target, item)
    if target.is_enum and isinstance(item, Const) and isinstance(item.value, int):
        return any(item.value == number for _, number in target.bare.params)
    return True


def _compare_as_they_are(a: DataType, b: DataType) -> bool:
    """Whether values of two types compare without a conversion."""
    return (a.bare == b.bare and not a.is_bytes) or (a.is_number and b.is_number)


def comparable(item: Expr, target: DataType) -> Expr:
    """A constant of a list as a value that compares with `target`."""
    if item.type.bare == target.bare:
        return item
    if _compare_as_they_are(item.type, target):
        return item
    if item.type.is_tuple and target.is_tuple and isinstance(item, Call):
        wanted = target.bare.types
        if item.function.name == "tuple" and len(item.args) == len(wanted):
            parts = [comparable(part, t) for part, t in zip(item.args, wanted, strict=True)]
            return Call(tuple_of(*(part.type for part in parts)), item.function, parts)
    if target.is_string and item.type.is_number and isinstance(item, Const):
        return convert(item, target.bare)
    if target.is_enum and item.type.is_integer:
        return convert(item, target.bare)
    try:
        least_supertype([item.type, target])
    except NoSupertype as error:
        if not item.type.is_string and not target.is_string:
            raise ArgumentError(str(error), 53) from None
    return convert(item, target.bare)


def _lower_in(call: Call, args: list[str]) -> str:
    word = "NOT IN" if call.function.name == "notIn" else "IN"
    value, *items = call.args
    if any(item.type.is_nullable for item in items) or (
        value.type.is_nullable and not all(map(is_constant, items))
    ):
        # NULLs that only the run knows match nothing either; and NULL is not looked for at all.
        found = f"coalesce({args[0]} IN ({', '.join(args[1:])}), FALSE)"
        found = f"NOT {found}" if call.function.name == "notIn" else found
        return f"CASE WHEN {args[0]} IS NOT NULL THEN CAST({found} AS UTINYINT) END"
    return f"CAST({args[0]} {word} ({', '.join(args[1:])}) AS UTINYINT)"


def _lower_in_array(call: Call, args: list[str]) -> str:
    word = "NOT " if call.function.name == "notIn" else ""
    return f"CAST({word}list_contains({args[1]}, {args[0]}) AS UTINYINT)"


IN_LIST = Function("in", UINT8, _lower_in, args=(2, None), nulls=False, bytes_ok=True)
NOT_IN_LIST = Function("notIn", UINT8, _lower_in, args=(2, None), nulls=False, bytes_ok=True)
IN_ARRAY = Function("in", UINT8, _lower_in_array, args=(2, 2), nulls=False, bytes_ok=True)
NOT_IN_ARRAY = Function("notIn", UINT8, _lower_in_array, args=(2, 2), nulls=False, bytes_ok=True)
