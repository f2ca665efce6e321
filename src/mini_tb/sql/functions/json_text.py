"""Values as JSON text: what `toJSONString` writes."""

from __future__ import annotations

from mini_tb.sql.functions.convert_text import depth, to_text
from mini_tb.types import DataType
from mini_tb.types.duckdb import field_names, quote_string


def quoted(sql: str) -> str:
    """DuckDB text of a JSON string: slashes are escaped, as ClickHouse does."""
    escaped = f"replace(CAST(to_json({sql}) AS VARCHAR), '/', '\\/')"
    return (
        f"(CASE WHEN regexp_matches({sql}, '[\\x0b\\x0e\\x0f\\x1a-\\x1f]') "
        f"THEN mt_json_quoted({sql}) ELSE {escaped} END)"
    )


def to_json(t: DataType, sql: str) -> str:
    """VARCHAR with the JSON text of a value of type `t`; NULL is `null` inside of others."""
    bare = t.bare
    if bare.is_array:
        item = f"e{depth(bare)}"
        items = f"list_transform({sql}, lambda {item}: {_inside(bare.element, item)})"
        return f"('[' || array_to_string({items}, ',') || ']')"
    if bare.is_map:
        entry = f"e{depth(bare)}"
        key = quoted(_plain(bare.types[0], f"{entry}.key"))
        value = _inside(bare.types[1], f"{entry}.value")
        entries = f"list_transform(map_entries({sql}), lambda {entry}: {key} || ':' || {value})"
        return f"('{{' || array_to_string({entries}, ',') || '}}')"
    if bare.is_tuple:
        return _tuple(bare, sql)
    if bare.is_bool or bare.is_integer or bare.is_decimal or bare.is_interval:
        return _plain(bare, sql)
    if bare.is_float:
        text = to_text(bare, sql)
        return f"(CASE WHEN isfinite({sql}) THEN {text} WHEN {sql} IS NOT NULL THEN 'null' END)"
    if bare.name == "JSON":
        return f"mt_json_document({sql})"
    if bare.name in ("Dynamic", "Variant"):
        return f"CAST({sql} AS VARCHAR)"
    return quoted(_plain(bare, sql))


def _plain(t: DataType, sql: str) -> str:
    if t.bare.name == "FixedString":
        return f"decode({sql})"
    return to_text(t, sql)


def _inside(t: DataType, sql: str) -> str:
    if t.is_nothing:
        return "'null'"
    text = to_json(t, sql)
    return f"coalesce({text}, 'null')" if t.is_nullable else text


def _tuple(t: DataType, sql: str) -> str:
    fields = zip(field_names(t), t.types, strict=True)
    parts = [_inside(e, f"struct_extract({sql}, {quote_string(n)})") for n, e in fields]
    start, end = ("{", "}") if t.names else ("[", "]")
    if t.names:
        parts = [
            f"{quote_string(_key(n))} || {part}" for n, part in zip(t.names, parts, strict=True)
        ]
    inner = " || ',' || ".join(parts) if parts else "''"
    return f"('{start}' || {inner} || '{end}')"


def _key(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")
    return f'"{escaped}":'
