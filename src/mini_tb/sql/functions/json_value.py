"""A JSON value as a value of a ClickHouse type: the conversions of `JSONExtract`.

What does not fit the type is the type's default; NULL for Nullable. An array or tuple of which
nothing fits does not fit itself.
"""

from __future__ import annotations

from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert import lower_cast, read_text
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import FLOAT64, INT64, STRING, UINT8, DataType, to_duckdb
from mini_tb.types.duckdb import field_names, quote_identifier

_DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{8}"
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
    item = f"j{depth}"
    if bare.is_array:
        each = filled(item, bare.element, bools=bools, depth=depth + 1)
        items = f"TRY_CAST({json} AS JSON[])"
        fits = _fits(item, bare.element, bools=bools, depth=depth + 1)
        has_any = f"len({items}) = 0 OR len(list_filter({items}, lambda {item}: {fits})) > 0"
        return (
            f"(CASE WHEN json_type({json}) = 'ARRAY' AND ({has_any}) THEN "
            f"list_transform({items}, lambda {item}: {each}) END)"
        )
    if bare.is_map:
        if not bare.types[0].is_string:
            raise ArgumentError(f"JSON has no keys of type `{bare.types[0]}`", 43)
        each = filled(item, bare.types[1], bools=bools, depth=depth + 1)
        members = f"TRY_CAST({json} AS MAP(VARCHAR, JSON))"
        return (
            f"(CASE WHEN json_type({json}) = 'OBJECT' THEN MAP(map_keys({members}), "
            f"list_transform(map_values({members}), lambda {item}: {each})) END)"
        )
    if bare.is_tuple:
        return _tuple(json, bare, bools=bools, depth=depth)
    raise ArgumentError(f"JSON values are not converted to `{t}` here", 43)


def _tuple(json: str, bare: DataType, *, bools: bool, depth: int) -> str:
    """An array by position; an object by the names of the elements, or by position too. NULL if
    nothing fits."""
    fields: list[str] = []
    fits: list[str] = []
    for i, (name, element) in enumerate(zip(field_names(bare), bare.types, strict=True)):
        escaped = name.replace('"', '\\"').replace("'", "''")
        member = f"json_extract({json}, '$.\"{escaped}\"')"
        if not bare.names:
            member = f"map_values(TRY_CAST({json} AS MAP(VARCHAR, JSON)))[{i + 1}]"
        part = (
            f"(CASE json_type({json}) WHEN 'ARRAY' THEN json_extract({json}, '$[{i}]') "
            f"WHEN 'OBJECT' THEN {member} END)"
        )
        each = filled(part, element, bools=bools, depth=depth)
        fields.append(f"{quote_identifier(name)}: {each}")
        fits.append(_fits(part, element, bools=bools, depth=depth))
    return f"(CASE WHEN {' OR '.join(fits)} THEN {{{', '.join(fields)}}} END)"


def _fits(json: str, t: DataType, *, bools: bool, depth: int) -> str:
    """Whether a JSON value is one of type `t`."""
    fits = f"{value(json, t, bools=bools, depth=depth)} IS NOT NULL"
    is_null = f"json_type({json}) IS NULL OR json_type({json}) = 'NULL'"
    return f"({is_null} OR {fits})" if t.is_nullable else f"({fits})"


def filled(json: str, t: DataType, *, bools: bool = True, depth: int = 0) -> str:
    """`value`, with the type's default where it does not fit."""
    duck = to_duckdb(t)
    text = f"CAST({value(json, t, bools=bools, depth=depth)} AS {duck})"
    if t.is_nullable or zero(t) is None:
        return text
    return f"coalesce({text}, {literal(zero(t), t)})"
