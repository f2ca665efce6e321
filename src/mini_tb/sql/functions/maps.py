"""Maps: `map`, `mapKeys`, `mapContains`, `mapFilter`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import UINT8, DataType, array, map_of, to_duckdb, tuple_of


def need_map(arg: Expr) -> tuple[DataType, DataType]:
    """Key and value type of a map argument. Raises `ArgumentError`."""
    if not arg.type.is_map:
        raise ArgumentError(f"illegal type `{arg.type}`, expected a Map")
    return arg.type.types[0], arg.type.types[1]


def _map_returns(args: Sequence[Expr]) -> DataType:
    if len(args) % 2:
        raise ArgumentError("takes an even number of arguments", 42)
    if not args:
        raise ArgumentError("takes at least one pair here", 42)
    return map_of(
        supertype([arg.type for arg in args[::2]]), supertype([arg.type for arg in args[1::2]])
    )


def _lower_map(call: Call, args: list[str]) -> str:
    key, value = call.type.types
    keys = [lower_cast(call.args[i].type, key, args[i]) for i in range(0, len(args), 2)]
    values = [lower_cast(call.args[i].type, value, args[i]) for i in range(1, len(args), 2)]
    return f"MAP([{', '.join(keys)}], [{', '.join(values)}])"


def _keys(args: Sequence[Expr]) -> DataType:
    return array(need_map(args[0])[0])


def _values(args: Sequence[Expr]) -> DataType:
    return array(need_map(args[0])[1])


def _contains(args: Sequence[Expr]) -> DataType:
    supertype([need_map(args[0])[0], args[1].type])
    return UINT8


def _lower_contains(call: Call, args: list[str]) -> str:
    key = lower_cast(call.args[1].type, call.args[0].type.types[0], args[1])
    return f"CAST(map_contains({args[0]}, {key}) AS UTINYINT)"


def _pairs(args: Sequence[Expr]) -> DataType:
    key, value = need_map(args[0])
    return array(tuple_of(key, value, names=("keys", "values")))


def _lower_pairs(call: Call, args: list[str]) -> str:
    return f"list_transform(map_entries({args[0]}), lambda e: {{'keys': e.key, 'values': e.value}})"


def _same(args: Sequence[Expr]) -> DataType:
    need_map(args[-1])
    return args[-1].type


def _entries(types: Sequence[DataType], count: int) -> Sequence[DataType]:
    if count != 2 or len(types) != 1 or not types[0].is_map:
        raise ArgumentError("takes a lambda of two parameters and a Map")
    return types[0].types


def _zipped(text: str) -> str:
    return f"list_zip(map_keys({text}), map_values({text}))"


def _from_pairs(text: str) -> str:
    keys = f"list_transform({text}, lambda z: struct_extract(z, 1))"
    values = f"list_transform({text}, lambda z: struct_extract(z, 2))"
    return f"MAP({keys}, {values})"


def _lower_filter(call: Call, args: list[str]) -> str:
    return _from_pairs(f"list_filter({_zipped(args[1])}, {args[0]})")


def _apply_returns(args: Sequence[Expr]) -> DataType:
    result = args[0].type
    if not result.is_tuple or len(result.types) != 2:
        raise ArgumentError("the lambda must give a tuple of two elements")
    return map_of(*result.types)


def _lower_apply(call: Call, args: list[str]) -> str:
    made = f"list_transform({_zipped(args[1])}, {args[0]})"
    keys = f"list_transform({made}, lambda z: z['1'])"
    values = f"list_transform({made}, lambda z: z['2'])"
    return f"CAST(MAP({keys}, {values}) AS {to_duckdb(call.type)})"


def _from_arrays_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_array:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an Array")
    return map_of(args[0].type.element, args[1].type.element)


def _concat_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        need_map(arg)
    return supertype([arg.type for arg in args])


def _lower_concat(call: Call, args: list[str]) -> str:
    maps = [lower_cast(arg.type, call.type, sql) for arg, sql in zip(call.args, args, strict=True)]
    return f"map_concat({', '.join(maps)})" if len(maps) > 1 else maps[0]


def _lower_sort(call: Call, args: list[str]) -> str:
    order = "DESC" if "Reverse" in call.function.name else "ASC"
    keys = f"list_grade_up(map_keys({args[0]}), '{order}')"
    return (
        f"MAP(list_select(map_keys({args[0]}), {keys}), list_select(map_values({args[0]}), {keys}))"
    )


ROWS = (
    Function("map", _map_returns, _lower_map, args=(0, None), nulls=False, bytes_ok=True),
    Function("mapKeys", _keys, "map_keys({0})", nulls=False, exact=True),
    Function("mapValues", _values, "map_values({0})", nulls=False, exact=True),
    Function(
        "mapContains",
        _contains,
        _lower_contains,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
        aliases=("mapContainsKey",),
    ),
    Function("mapToArray", _pairs, _lower_pairs, nulls=False),
    Function(
        "mapFilter",
        _same,
        _lower_filter,
        args=(2, 2),
        nulls=False,
        predicate=True,
        lambda_types=_entries,
    ),
    Function(
        "mapApply", _apply_returns, _lower_apply, args=(2, 2), nulls=False, lambda_types=_entries
    ),
    Function(
        "mapFromArrays",
        _from_arrays_returns,
        "MAP({0}, {1})",
        args=(2, 2),
        nulls=False,
        exact=True,
        aliases=("MAP_FROM_ARRAYS",),
    ),
    Function("mapConcat", _concat_returns, _lower_concat, args=(1, None), nulls=False),
    Function("mapUpdate", _concat_returns, _lower_concat, args=(2, 2), nulls=False),
    Function("mapSort", _same, _lower_sort, nulls=False),
    Function("mapReverseSort", _same, _lower_sort, nulls=False),
)
