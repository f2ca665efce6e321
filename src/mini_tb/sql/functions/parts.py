"""Parts of values, as ClickHouse stores them: `t.name`, `array.size0`, `map.keys`, `x.null`, …

A part of what is in an Array is an Array of the parts of its elements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mini_tb.sql.functions.arrays import default_text
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.functions.json_path import json_path_type, value_at_step
from mini_tb.sql.functions.tuples import element_index
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT8, UINT64, DataType, array, nullable, tuple_of
from mini_tb.types.duckdb import field_names, quote_string

Part = tuple[DataType, Callable[[str], str]]
"""The type of a part, and its DuckDB text of that of the whole."""

_SIZE = re.compile(r"size(\d+)")


def part_of(t: DataType, name: str) -> Part:
    """A part of a value by its name. Raises `ArgumentError` if there is none."""
    bare = t.bare
    if bare.name == "Nested":
        bare = array(tuple_of(*bare.types, names=bare.names))
    if name == "null" and t.is_nullable and t.name != "LowCardinality":
        return UINT8, lambda sql: f"CAST({sql} IS NULL AS UTINYINT)"
    if bare.name in ("JSON", "Dynamic"):
        return json_path_type(bare, name), lambda sql: value_at_step(bare, name, sql)
    if bare.is_tuple:
        return _element(t, element_index(bare, name))
    if bare.is_map:
        return _of_map(bare, name)
    if bare.is_array:
        return _of_array(bare, name)
    if bare.name == "String" and name == "size":
        return UINT64, _octets if bare.is_bytes else _length
    raise ArgumentError(f"`{t}` has no part `{name}`", 47)


def _octets(sql: str) -> str:
    return f"CAST(coalesce(octet_length({sql}), 0) AS UBIGINT)"


def _length(sql: str) -> str:
    return f"CAST(coalesce(strlen({sql}), 0) AS UBIGINT)"


def _element(t: DataType, index: int) -> Part:
    element, name = t.bare.types[index], field_names(t.bare)[index]
    found = nullable(element) if t.is_nullable and element.can_be_nullable else element
    return found, lambda sql: f"struct_extract({sql}, {quote_string(name)})"


def _of_map(t: DataType, name: str) -> Part:
    key, value = t.types
    if name == "keys":
        return array(key), lambda sql: f"map_keys({sql})"
    if name == "values":
        return array(value), lambda sql: f"map_values({sql})"
    if name == "size0":
        return UINT64, lambda sql: f"CAST(cardinality({sql}) AS UBIGINT)"
    if not name.startswith("key_"):
        raise ArgumentError(f"`{t}` has no part `{name}`", 47)
    wanted = lower_cast(STRING, key, quote_string(name.removeprefix("key_")))
    if value.is_nullable:
        return value, lambda sql: f"{sql}[{wanted}]"
    return value, lambda sql: f"coalesce({sql}[{wanted}], {default_text(value)})"


def _of_array(t: DataType, name: str) -> Part:
    size = _SIZE.fullmatch(name)
    if size is not None and size[1] == "0":
        return UINT64, lambda sql: f"CAST(len({sql}) AS UBIGINT)"
    inner, of_element = part_of(t.element, name if size is None else f"size{int(size[1]) - 1}")
    local = f"part_{_depth(t)}"
    each = of_element(local)
    return array(inner), lambda sql: f"list_transform({sql}, lambda {local}: {each})"


def _depth(t: DataType) -> int:
    return 1 + _depth(t.element) if t.is_array else 0


def _part_returns(args: Sequence[Expr]) -> DataType:
    return part_of(args[0].type, text(args[1]))[0]


def _lower_part(call: Call, args: list[str]) -> str:
    return part_of(call.args[0].type, text(call.args[1]))[1](args[0])


ROWS = (
    Function(
        "getSubcolumn",
        _part_returns,
        _lower_part,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
        inner_low_cardinality=True,
    ),
)
