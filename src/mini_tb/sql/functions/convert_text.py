"""Values as text: what `toString` and a CAST to String print."""

from __future__ import annotations

from mini_tb.sql.functions import zone
from mini_tb.types import DataType
from mini_tb.types.duckdb import field_names, quote_string

_FRACTIONS = {3: "%g", 6: "%f", 9: "%n"}


def to_text(t: DataType, sql: str, in_zone: str | None = None) -> str:
    """VARCHAR text of a value of type `t`, as ClickHouse prints it on its own."""
    bare = t.bare
    if bare.name == "String":
        return f"decode({sql})" if bare.is_bytes else sql
    if bare.name == "FixedString":
        # Printed up to the padding.
        return f"rtrim(decode({sql}), chr(0))"
    if bare.is_float:
        return _float(bare, sql)
    if bare.is_decimal:
        text = f"CAST({sql} AS VARCHAR)"
        return text if bare.scale == 0 else f"rtrim(rtrim({text}, '0'), '.')"
    if bare.is_datetime:
        return _datetime(bare, zone.to_wall(sql, in_zone or bare.zone))
    if bare.name == "IPv4":
        octets = (f"({sql} >> {shift} & 255)" for shift in (24, 16, 8, 0))
        return "(" + " || '.' || ".join(octets) + ")"
    if bare.name == "IPv6":
        return f"mt_ipv6_text(CAST({sql} AS VARCHAR))"
    if bare.name in ("Time", "Time64"):
        return _time(bare, sql)
    if bare.is_array:
        return f"('[' || {_joined(bare.element, sql)} || ']')"
    if bare.is_tuple:
        fields = zip(field_names(bare), bare.types, strict=True)
        parts = [_inside(e, f"struct_extract({sql}, {quote_string(n)})") for n, e in fields]
        return f"('(' || {_comma(parts)} || ')')"
    if bare.is_map:
        entry = f"e{depth(bare)}"
        key = _inside(bare.types[0], f"{entry}.key")
        value = _inside(bare.types[1], f"{entry}.value")
        entries = f"list_transform(map_entries({sql}), lambda {entry}: {key} || ':' || {value})"
        return f"('{{' || array_to_string({entries}, ',') || '}}')"
    if bare.name == "JSON":
        return f"mt_json_document({sql})"
    if bare.name == "Dynamic":
        array = f"mt_dynamic_text(CAST({sql} AS VARCHAR))"
        plain = f"json_extract_string({sql}, '$')"
        return f"(CASE json_type({sql}) WHEN 'ARRAY' THEN {array} ELSE {plain} END)"
    return f"CAST({sql} AS VARCHAR)"


def _comma(parts: list[str]) -> str:
    return " || ',' || ".join(parts) if parts else "''"


def _joined(element: DataType, sql: str) -> str:
    name = f"e{depth(element)}"
    return f"array_to_string(list_transform({sql}, lambda {name}: {_inside(element, name)}), ',')"


def depth(t: DataType) -> int:
    """How many types are nested in one another: names the lambdas apart."""
    return 1 + max((depth(inner) for inner in t.types), default=0)


_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b"}
_ESCAPES |= {"\f": "\\f", "\0": "\\0"}


def _inside(t: DataType, sql: str) -> str:
    """Text of an element: strings and dates quoted, NULL by name."""
    text = f"decode({sql})" if t.bare.name == "FixedString" else to_text(t, sql)
    if t.bare.is_string or t.bare.is_enum:
        for char, escape in _ESCAPES.items():
            shown = quote_string(char) if char.isprintable() else f"chr({ord(char)})"
            text = f"replace({text}, {shown}, {quote_string(escape)})"
    bare = t.bare
    if (
        bare.is_string
        or bare.is_enum
        or bare.is_date_or_datetime
        or bare.name in ("UUID", "IPv4", "IPv6", "Time", "Time64")
    ):
        text = f"(chr(39) || {text} || chr(39))"
    return f"coalesce({text}, 'NULL')" if t.is_nullable else text


def _float(t: DataType, sql: str) -> str:
    """The shortest text that reads back; an exponent from 1e21 and below 1e-6."""
    whole = f"CAST({sql} AS BIGINT)"
    if t.bits == 32:
        # DuckDB gives some a digit too many.
        return (
            f"CASE WHEN abs({sql}) < 16777216 AND {sql} = trunc({sql}) AND {sql} <> 0 "
            f"THEN CAST({whole} AS VARCHAR) ELSE mt_float32_text({sql}) END"
        )
    return (
        f"CASE WHEN abs({sql}) < 1e15 AND {sql} = trunc({sql}) AND {sql} <> 0 "
        f"THEN CAST({whole} AS VARCHAR) "
        f"WHEN abs({sql}) >= 1e-4 AND abs({sql}) < 1e15 THEN CAST({sql} AS VARCHAR) "
        # DuckDB 2.0 prints three powers of two (81, 91, 807) wrongly.
        f"ELSE mt_float64_text({sql}) END"
    )


def _datetime(t: DataType, wall: str) -> str:
    digits = t.scale
    if digits == 0:
        return f"strftime({wall}, '%Y-%m-%d %H:%M:%S')"
    if digits in _FRACTIONS:
        return f"strftime({wall}, '%Y-%m-%d %H:%M:%S.{_FRACTIONS[digits]}')"
    code = "%n" if digits > 6 else "%f"
    return f"substr(strftime({wall}, '%Y-%m-%d %H:%M:%S.{code}'), 1, {20 + digits})"


def _time(t: DataType, sql: str) -> str:
    unit = 10**t.scale
    seconds = f"(abs({sql}) // {unit})"
    text = f"printf('%02d:%02d:%02d', {seconds} // 3600, {seconds} // 60 % 60, {seconds} % 60)"
    if t.scale:
        text += f" || '.' || lpad(CAST(abs({sql}) % {unit} AS VARCHAR), {t.scale}, '0')"
    return f"(CASE WHEN {sql} < 0 THEN '-' ELSE '' END || {text})"
