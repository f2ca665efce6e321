"""Tuples and arrays as they are written: `tuple`, `tupleElement`, `array`."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.conditional import supertype_of
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, constant, text
from mini_tb.sql.functions.json_path import json_path_type, lower_json_path
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import NOTHING, DataType, array, nullable, tuple_of
from mini_tb.types.duckdb import field_names, quote_identifier, quote_string, to_duckdb


def _lower_tuple(call: Call, args: list[str]) -> str:
    fields = zip(field_names(call.type), args, strict=True)
    return "{" + ", ".join(f"{quote_identifier(name)}: {sql}" for name, sql in fields) + "}"


def element_index(t: DataType, which: object) -> int:
    """0-based index of an element by name or 1-based number (negative: from the end)."""
    if not t.is_tuple:
        raise ArgumentError(f"expected a Tuple, found `{t}`")
    bare = t.bare
    if isinstance(which, str):
        if which in bare.names:
            return bare.names.index(which)
        if not which.lstrip("-").isdigit():
            raise ArgumentError(f"`{t}` has no element `{which}`", 10)
        which = int(which)
    assert isinstance(which, int)
    index = which - 1 if which > 0 else len(bare.types) + which
    if which == 0 or not 0 <= index < len(bare.types):
        raise ArgumentError(f"`{t}` has no element {which}", 10)
    return index


def _has(t: DataType, which: object) -> bool:
    try:
        element_index(t, which)
    except ArgumentError:
        return False
    return True


def _inside(t: DataType) -> tuple[DataType, int]:
    """What is in an Array, or in Arrays of them; and in how many."""
    depth = 0
    while t.is_array:
        t, depth = t.element, depth + 1
    return t, depth


def _element_returns(args: Sequence[Expr]) -> DataType:
    t, depth = _inside(args[0].type)
    if t.bare.name in ("JSON", "Dynamic") and not depth:
        return json_path_type(t.bare, text(args[1]))
    if len(args) > 2 and not _has(t, constant(args[1])):
        return args[2].type
    element = t.bare.types[element_index(t, constant(args[1]))]
    found = nullable(element) if t.is_nullable and element.can_be_nullable else element
    for _ in range(depth):
        found = array(found)
    return found


def _lower_element(call: Call, args: list[str]) -> str:
    t, depth = _inside(call.args[0].type)
    if t.bare.name in ("JSON", "Dynamic"):
        return lower_json_path(call, args)
    if len(args) > 2 and not _has(t, constant(call.args[1])):
        return args[2]
    name = quote_string(field_names(t.bare)[element_index(t, constant(call.args[1]))])
    locals_ = [args[0], *(f"tuple_{i}" for i in range(depth))]
    found = f"struct_extract({locals_[-1]}, {name})"
    for outer, local in zip(locals_[-2::-1], locals_[:0:-1], strict=True):
        found = f"list_transform({outer}, lambda {local}: {found})"
    return found


def _array_returns(args: Sequence[Expr]) -> DataType:
    return array(supertype_of(args) if args else NOTHING)


def _lower_array(call: Call, args: list[str]) -> str:
    element = call.type.element
    items = [lower_cast(arg.type, element, sql) for arg, sql in zip(call.args, args, strict=True)]
    return f"CAST([{', '.join(items)}] AS {to_duckdb(call.type)})"


ROWS = (
    Function(
        "tuple",
        lambda args: tuple_of(*(arg.type for arg in args)),
        _lower_tuple,
        args=(0, None),
        nulls=False,
        bytes_ok=True,
        inner_low_cardinality=True,
        takes_nothing=True,
    ),
    Function(
        "tupleElement",
        _element_returns,
        _lower_element,
        args=(2, 3),
        nulls=False,
        inner_low_cardinality=True,
    ),
    Function(
        "array",
        _array_returns,
        _lower_array,
        args=(0, None),
        nulls=False,
        bytes_ok=True,
        inner_low_cardinality=True,
        takes_nothing=True,
    ),
)
