"""A JSON value as a value of a ClickHouse type: the conversions of `JSONExtract`.

What does not fit the type is the type's default; NULL for Nullable. An array or tuple of which
nothing fits does not fit itself.
"""

from __future__ import annotations

from collections.abc import Callable

from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert import lower_cast, read_text
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import FLOAT64, INT64, STRING, UINT8, DataType, to_duckdb
from mini_tb.types.duckdb import field_names, quote_identifier

_DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{8}"
_SHORT = 40
"""Characters that may be repeated."""
_NUMBERS = "('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')"


def raw_text(json: str) -> str:
    """The JSON text of a value, its numbers as ClickHouse writes them."""
    text = f"CAST({json} AS VARCHAR)"
    return (
        f"(CASE WHEN regexp_matches({text}, '[0-9](\\.[0-9]*0\\b|[eE])') "
        f"THEN mt_json_text({text}) ELSE {text} END)"
    )


def _string(json: str) -> str:
    number = lower_cast(FLOAT64, STRING, f"TRY_CAST({json} AS DOUBLE)")
    return (
        f"(CASE json_type({json}) WHEN 'VARCHAR' THEN json_extract_string({json}, '$') "
        f"WHEN 'DOUBLE' THEN {number} WHEN 'NULL' THEN NULL ELSE {raw_text(json)} END)"
    )


def _integer(json: str, t: DataType, *, bools: bool) -> str:
    duck = to_duckdb(t)
    text = f"json_extract_string({json}, '$')"
    number = (
        f"coalesce(TRY_CAST(CASE WHEN regexp_matches({text}, '^[+-]?[0-9]+$') THEN {text} END "
        f"AS {duck}), TRY_CAST(trunc(TRY_CAST({text} AS DOUBLE)) AS {duck}))"
    )
    boolean = f"CAST(TRY_CAST({json} AS BOOLEAN) AS {duck})" if bools else "NULL"
    return (
        f"(CASE WHEN json_type({json}) IN {_NUMBERS} OR json_type({json}) = 'VARCHAR' "
        f"THEN {number} WHEN json_type({json}) = 'BOOLEAN' THEN {boolean} END)"
    )


def _float(json: str, t: DataType, *, bools: bool) -> str:
    duck = to_duckdb(t)
    boolean = f"CAST(CAST(TRY_CAST({json} AS BOOLEAN) AS INTEGER) AS {duck})" if bools else "NULL"
    return (
        f"(CASE WHEN json_type({json}) IN {_NUMBERS} OR json_type({json}) = 'VARCHAR' "
        f"THEN TRY_CAST(json_extract_string({json}, '$') AS {duck}) "
        f"WHEN json_type({json}) = 'BOOLEAN' THEN {boolean} END)"
    )


def boolean(json: str, *, numbers: bool) -> str:
    """A BOOLEAN; with `numbers` what is a UInt8, but not zero, is true."""
    other = f"{_integer(json, UINT8, bools=False)} <> 0" if numbers else "NULL"
    return (
        f"(CASE WHEN json_type({json}) = 'BOOLEAN' THEN TRY_CAST({json} AS BOOLEAN) "
        f"ELSE {other} END)"
    )


def value(json: str, t: DataType, *, bools: bool = True, depth: int = 0) -> str:
    """DuckDB text of the JSON value `json` as `t`, NULL where it does not fit.

    `bools`: true and false are numbers too. Raises `ArgumentError` for types that JSON values are
    not converted to here.
    """
    bare = t.bare
    if bare.name == "String":
        return _string(json)
    if bare.is_bool:
        return boolean(json, numbers=True)
    if bare.is_integer:
        return _integer(json, bare, bools=bools)
    if bare.is_float:
        return _float(json, bare, bools=bools)
    if bare.is_decimal:
        return (
            f"(CASE WHEN json_type({json}) IN {_NUMBERS} OR json_type({json}) = 'VARCHAR' "
            f"THEN TRY_CAST(json_extract_string({json}, '$') AS {to_duckdb(bare)}) END)"
        )
    if bare.name in ("Date", "Date32", "UUID", "IPv4", "IPv6") or bare.is_datetime or bare.is_enum:
        text = f"json_extract_string({json}, '$')"
        is_text = f"json_type({json}) = 'VARCHAR'"
        if bare.is_date:
            is_text += f" AND regexp_full_match({text}, '{_DATE}')"
        found = f"CASE WHEN {is_text} THEN {read_text(bare, text)} END"
        if not bare.is_datetime:
            return f"({found})"
        whole = lower_cast(INT64, bare, f"TRY_CAST(trunc(TRY_CAST({json} AS DOUBLE)) AS BIGINT)")
        exact = lower_cast(FLOAT64, bare, f"TRY_CAST({json} AS DOUBLE)")
        seconds = whole
        if bare.name == "DateTime64":
            seconds = f"CASE WHEN json_type({json}) = 'DOUBLE' THEN {exact} ELSE {whole} END"
        return f"(CASE WHEN json_type({json}) IN {_NUMBERS} THEN {seconds} ELSE {found} END)"
    if bare.is_array:
        return _array(json, bare, bools=bools, depth=depth)
    if bare.is_map:
        return _map(json, bare, bools=bools, depth=depth)
    if bare.is_tuple:
        return _tuple(json, bare, bools=bools, depth=depth)
    raise ArgumentError(f"JSON values are not converted to `{t}` here", 43)


def _named(sql: str, name: str, body: Callable[[str], str]) -> str:
    """`body(sql)`, with a name in place of a long `sql`: the text of what is nested stays short."""
    if len(sql) <= _SHORT:
        return body(sql)
    return f"list_transform([{sql}], lambda {name}: {body(name)})[1]"


def _array(json: str, bare: DataType, *, bools: bool, depth: int) -> str:
    """The elements; NULL if there are some and none of them fits."""
    element, item = bare.element, f"j{depth}"
    found = value(item, element, bools=bools, depth=depth + 1)

    def of_items(items: str) -> str:
        fits = f"len(w{depth}) = 0 OR len(list_filter(w{depth}, lambda v: v IS NOT NULL)) > 0"
        if element.is_nullable:
            fits += f" OR len(list_filter({items}, lambda {item}: {_is_null(item)})) > 0"
        each = f"list_transform(w{depth}, lambda v: {_or_default('v', element)})"
        values = f"list_transform({items}, lambda {item}: {found})"
        text = f"CASE WHEN {fits} THEN {each} END"
        return f"list_transform([{values}], lambda w{depth}: {text})[1]"

    def of_json(json: str) -> str:
        items = f"CASE json_type({json}) WHEN 'ARRAY' THEN TRY_CAST({json} AS JSON[]) END"
        return _named(items, f"i{depth}", of_items)

    return f"({_named(json, f'a{depth}', of_json)})"


def _map(json: str, bare: DataType, *, bools: bool, depth: int) -> str:
    """The members of an object."""
    if not bare.types[0].is_string:
        raise ArgumentError(f"JSON has no keys of type `{bare.types[0]}`", 43)
    item = f"j{depth}"
    each = filled(item, bare.types[1], bools=bools, depth=depth + 1)

    def of_members(members: str) -> str:
        values = f"list_transform(map_values({members}), lambda {item}: {each})"
        return f"CASE WHEN {members} IS NOT NULL THEN MAP(map_keys({members}), {values}) END"

    def of_json(json: str) -> str:
        members = f"TRY_CAST({json} AS MAP(VARCHAR, JSON))"
        members = f"CASE json_type({json}) WHEN 'OBJECT' THEN {members} END"
        return _named(members, f"m{depth}", of_members)

    return f"({_named(json, f'a{depth}', of_json)})"


def _tuple(json: str, bare: DataType, *, bools: bool, depth: int) -> str:
    """An array by position; an object by the names of the elements, or by position too. NULL if
    nothing fits."""
    names, elements = field_names(bare), bare.types

    def of_json(json: str) -> str:
        parts: list[str] = []
        for i, name in enumerate(names):
            escaped = name.replace('"', '\\"').replace("'", "''")
            member = f"json_extract({json}, '$.\"{escaped}\"')"
            if not bare.names:
                member = f"map_values(TRY_CAST({json} AS MAP(VARCHAR, JSON)))[{i + 1}]"
            at = f"json_extract({json}, '$[{i}]')"
            parts.append(f"p{i}: CASE json_type({json}) WHEN 'ARRAY' THEN {at} ELSE {member} END")
        made = f"{{{', '.join(parts)}}}"
        guarded = f"CASE WHEN json_type({json}) IN ('ARRAY', 'OBJECT') THEN {made} END"
        return _named(guarded, f"t{depth}", of_parts)

    def of_parts(parts: str) -> str:
        values: list[str] = []
        for i, element in enumerate(elements):
            part = f"struct_extract({parts}, 'p{i}')"
            found = value(part, element, bools=bools, depth=depth + 1)
            values.append(f"v{i}: {found}")
            if element.is_nullable:
                values.append(f"n{i}: {_is_null(part)}")
        found = f"CASE WHEN {parts} IS NOT NULL THEN {{{', '.join(values)}}} END"
        return _named(found, f"u{depth}", of_values)

    def of_values(values: str) -> str:
        fits: list[str] = []
        fields: list[str] = []
        for i, (name, element) in enumerate(zip(names, elements, strict=True)):
            found = f"struct_extract({values}, 'v{i}')"
            fits.append(f"{found} IS NOT NULL")
            if element.is_nullable:
                fits.append(f"struct_extract({values}, 'n{i}')")
            fields.append(f"{quote_identifier(name)}: {_or_default(found, element)}")
        return f"CASE WHEN {' OR '.join(fits)} THEN {{{', '.join(fields)}}} END"

    return f"({_named(json, f'a{depth}', of_json)})"


def _is_null(json: str) -> str:
    return f"(json_type({json}) IS NULL OR json_type({json}) = 'NULL')"


def filled(json: str, t: DataType, *, bools: bool = True, depth: int = 0) -> str:
    """`value`, with the type's default where it does not fit."""
    return _or_default(value(json, t, bools=bools, depth=depth), t)


def _or_default(found: str, t: DataType) -> str:
    text = f"CAST({found} AS {to_duckdb(t)})"
    if t.is_nullable or zero(t) is None:
        return text
    return f"coalesce({text}, {literal(zero(t), t)})"
