"""Maps: `map`, `mapKeys`, `mapContains`, `mapFilter`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.comparison import like_pattern
from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import failure, wrap
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    is_lambda,
    text,
    without_low_cardinality,
)
from mini_tb.sql.functions.higher_order import places_in_order
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT8, DataType, array, map_of, to_duckdb, tuple_of
from mini_tb.types.duckdb import field_names, quote_string


def need_map(arg: Expr) -> tuple[DataType, DataType]:
    """Key and value type of a map argument. Raises `ArgumentError`."""
    if not arg.type.is_map:
        raise ArgumentError(f"illegal type `{arg.type}`, expected a Map")
    return arg.type.types[0], arg.type.types[1]


def _map_returns(args: Sequence[Expr]) -> DataType:
    if len(args) % 2:
        raise ArgumentError("takes an even number of arguments", 42)
    key = supertype([arg.type for arg in args[::2]])
    if key.is_nullable:
        raise ArgumentError(f"a key cannot be of type `{key}`", 36)
    return map_of(key, supertype([arg.type for arg in args[1::2]]))


def _lower_map(call: Call, args: list[str]) -> str:
    key, value = call.type.types
    keys = [lower_cast(call.args[i].type, key, args[i]) for i in range(0, len(args), 2)]
    values = [lower_cast(call.args[i].type, value, args[i]) for i in range(1, len(args), 2)]
    whole = f"MAP([{', '.join(keys)}], [{', '.join(values)}])"
    return whole if args else f"CAST({whole} AS {to_duckdb(call.type)})"


def _keys(args: Sequence[Expr]) -> DataType:
    return array(need_map(args[0])[0])


def _values(args: Sequence[Expr]) -> DataType:
    return array(need_map(args[0])[1])


def _contains(args: Sequence[Expr]) -> DataType:
    supertype([need_map(args[0])[0], args[1].type])
    return UINT8


def _lower_contains(call: Call, args: list[str]) -> str:
    wanted = call.args[0].type.types[0]
    key = lower_cast(call.args[1].type, wanted, args[1])
    if wanted.name == "FixedString" and call.args[1].type.bare == STRING:
        # A longer text is no key.
        key = f"CASE WHEN strlen({args[1]}) <= {wanted.params[0]} THEN {key} END"
    return f"CAST(coalesce(map_contains({args[0]}, {key}), FALSE) AS UTINYINT)"


def _pairs(args: Sequence[Expr]) -> DataType:
    key, value = need_map(args[0])
    return array(tuple_of(key, value, names=("keys", "values")))


def _lower_pairs(call: Call, args: list[str]) -> str:
    return (
        f"list_transform(map_entries({args[0]}), "
        "lambda e: {'keys': e['key'], 'values': e['value']})"
    )


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


def _items(arg: Expr) -> DataType:
    """The type of an array's elements; those of a Map are its pairs."""
    if arg.type.is_map:
        return tuple_of(*arg.type.bare.types)
    if not arg.type.is_array:
        raise ArgumentError(f"illegal type `{arg.type}`, expected an Array or a Map")
    return arg.type.element


def _from_arrays_returns(args: Sequence[Expr]) -> DataType:
    key, value = _items(args[0]), _items(args[1])
    if key.is_nullable and not key.is_nothing:
        raise ArgumentError(f"a key cannot be of type `{key}`", 36)
    return map_of(key, value)


def _lower_from_arrays(call: Call, args: list[str]) -> str:
    items = [
        f"list_transform(map_entries({sql}), lambda e: {{'1': e['key'], '2': e['value']}})"
        if arg.type.is_map
        else sql
        for arg, sql in zip(call.args, args, strict=True)
    ]
    return f"MAP({', '.join(items)})"


def _concat_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        need_map(arg)
    return supertype([arg.type for arg in args])


def _update_returns(args: Sequence[Expr]) -> DataType:
    types = {without_low_cardinality(arg.type) for arg in args if need_map(arg)}
    if len(types) > 1:
        raise ArgumentError("expected maps of one type")
    return types.pop()


def _lower_concat(call: Call, args: list[str]) -> str:
    maps = [lower_cast(arg.type, call.type, sql) for arg, sql in zip(call.args, args, strict=True)]
    if call.function.name == "mapUpdate":
        # What is only in the first, and then the second.
        first, second = (f"map_entries({sql})" for sql in maps)
        rest = f"list_filter({first}, lambda e: NOT map_contains({maps[1]}, e['key']))"
        return f"map_from_entries(list_concat({rest}, {second}))"
    # A key of several maps would be there twice, which DuckDB refuses.
    entries = ", ".join(f"map_entries({text})" for text in maps)
    return f"map_from_entries(list_concat({entries}))" if len(maps) > 1 else maps[0]


def _sort_types(types: Sequence[DataType], count: int) -> Sequence[DataType]:
    return _entries(types[-1:], count)


def _lower_sort(call: Call, args: list[str]) -> str:
    """By the keys, or by what the lambda gives; ties keep their order."""
    order = "DESC" if "Reverse" in call.function.name else "ASC"
    entries = args[-1]
    ranked = f"list_grade_up(map_keys({entries}), '{order}')"
    if is_lambda(call.args[0]):
        by = f"list_transform({_zipped(entries)}, {args[0]})"
        ranked = places_in_order(call.args[0].type, by, order)
    return (
        f"MAP(list_select(map_keys({entries}), {ranked}), "
        f"list_select(map_values({entries}), {ranked}))"
    )


def _partly_returns(args: Sequence[Expr]) -> DataType:
    limit = args[-2]
    if is_lambda(limit) or not limit.type.is_integer:
        raise ArgumentError(f"illegal type `{limit.type}` of a limit, expected an integer")
    need_map(args[-1])
    return args[-1].type


def _lower_partly(call: Call, args: list[str]) -> str:
    """The least entries in order, then the others in any: here all are in order."""
    whole = Call(call.type, call.function, [*call.args[:-2], call.args[-1]])
    return _lower_sort(whole, [*args[:-2], args[-1]])


def _any_returns(args: Sequence[Expr]) -> DataType:
    need_map(args[1])
    return UINT8


def _lower_any(call: Call, args: list[str]) -> str:
    found = f"len(list_filter({_zipped(args[1])}, {args[0]}))"
    all_ = f"cardinality({args[1]})"
    test = f"{found} > 0" if call.function.name == "mapExists" else f"{found} = {all_}"
    return f"CAST({test} AS UTINYINT)"


def _of_keys(call: Call) -> bool:
    return "Key" in call.function.name


def _like_returns(args: Sequence[Expr]) -> DataType:
    need_map(args[0])
    text(args[1])
    return UINT8


def _extract_returns(args: Sequence[Expr]) -> DataType:
    _like_returns(args)
    return args[0].type


def _matching(call: Call, args: list[str]) -> str:
    """The pairs whose key or value is LIKE a pattern."""
    key, value = need_map(call.args[0])
    field, t = ("key", key) if _of_keys(call) else ("value", value)
    if not t.is_string:
        raise ArgumentError(f"illegal type `{t}`, expected a String")
    pattern = quote_string(like_pattern(text(call.args[1])))
    test = f"e.{field} LIKE {pattern} ESCAPE '\\'"
    return f"list_filter(map_entries({args[0]}), lambda e: {test})"


def _lower_contains_like(call: Call, args: list[str]) -> str:
    return f"CAST(len({_matching(call, args)}) > 0 AS UTINYINT)"


def _lower_extract_like(call: Call, args: list[str]) -> str:
    return f"map_from_entries({_matching(call, args)})"


def _contains_value(args: Sequence[Expr]) -> DataType:
    supertype([need_map(args[0])[1], args[1].type])
    return UINT8


def _lower_contains_value(call: Call, args: list[str]) -> str:
    value = lower_cast(call.args[1].type, call.args[0].type.types[1], args[1])
    return f"CAST(list_position(map_values({args[0]}), {value}) IS NOT NULL AS UTINYINT)"


def _widened(t: DataType) -> DataType:
    if t.is_float:
        return DataType("Float64")
    if not t.is_integer or t.is_nullable:
        raise ArgumentError(f"illegal type `{t}`, expected numbers")
    return DataType(("Int" if t.is_signed else "UInt") + ("64" if t.bits <= 64 else str(t.bits)))


def _summed(arg: Expr) -> tuple[DataType, DataType]:
    """Types of the keys and of the sums of a Map, or of a Tuple of keys and values."""
    t = without_low_cardinality(arg.type)
    if t.is_tuple and len(t.types) == 2 and all(part.is_array for part in t.types):
        return t.types[0].element, _widened(t.types[1].element)
    if not t.is_map:
        raise ArgumentError(f"illegal type `{t}`, expected a Map")
    return t.types[0], _widened(t.types[1])


def _add_returns(args: Sequence[Expr]) -> DataType:
    first = _summed(args[0])
    for arg in args[1:]:
        if _summed(arg) != first or arg.type.is_map != args[0].type.is_map:
            raise ArgumentError("expected keys of one type, and values of one kind and sign")
    key, value = first
    return map_of(key, value) if args[0].type.is_map else tuple_of(array(key), array(value))


def _as_map(arg: Expr, sql: str) -> str:
    if arg.type.is_map:
        return sql
    keys, values = (f"struct_extract({sql}, {quote_string(n)})" for n in field_names(arg.type))
    return f"MAP({keys}, {values})"


def _lower_add(call: Call, args: list[str]) -> str:
    """Sums by key, the keys in their order."""
    _, value = _summed(call.args[0])
    duck = to_duckdb(value)
    maps = [_as_map(arg, sql) for arg, sql in zip(call.args, args, strict=True)]
    keys = f"list_sort(list_distinct(list_concat({', '.join(f'map_keys({m})' for m in maps)})))"
    wide = "DOUBLE" if value.is_float else "HUGEINT"
    sign = " - " if "Subtract" in call.function.name else " + "
    total = f"({sign.join(f'coalesce(CAST({m}[k] AS {wide}), 0)' for m in maps)})"
    if not value.is_float:
        total = wrap(total, value)
    sums = f"list_transform({keys}, lambda k: CAST({total} AS {duck}))"
    return f"MAP({keys}, {sums})" if call.type.is_map else f"{{'1': {keys}, '2': {sums}}}"


def _series_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.is_array:
        return _arrays_series(args)
    if len(args) > 2:
        raise ArgumentError("takes a map and a greatest key", 42)
    key, _ = need_map(args[0])
    if not key.is_integer:
        raise ArgumentError(f"illegal type `{key}`, expected integers as keys")
    return args[0].type


def _arrays_series(args: Sequence[Expr]) -> DataType:
    for arg in args[:2]:
        if not arg.type.is_array or not arg.type.element.is_integer or arg.type.element.is_nullable:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an Array of integers")
    if len(args) < 2:
        raise ArgumentError("takes arrays of keys and of values", 42)
    return tuple_of(args[0].type, args[1].type)


def _lower_arrays_series(call: Call, args: list[str]) -> str:
    keys, values = args[:2]
    key, value = (to_duckdb(t) for t in call.type.types)
    last = f"CAST({args[2]} AS BIGINT)" if len(args) > 2 else f"CAST(list_max({keys}) AS BIGINT)"
    known = f"range(CAST(list_min({keys}) AS BIGINT), {last} + 1)"
    whole = f"CAST(coalesce({known}, []) AS {key})"
    found = f"{values}[list_position({keys}, CAST(k AS {to_duckdb(call.type.types[0].element)}))]"
    filled = f"CAST(list_transform({whole}, lambda k: coalesce({found}, 0)) AS {value})"
    wrong = failure(36, "there must be as many values as keys")
    fits = f"len({keys}) = len({values})"
    return f"CASE WHEN {fits} THEN {{'1': {whole}, '2': {filled}}} ELSE {wrong} END"


def _lower_series(call: Call, args: list[str]) -> str:
    """Every key from the least one on to the greatest (or the given one), defaults between."""
    if call.args[0].type.is_array:
        return _lower_arrays_series(call, args)
    key, value = (to_duckdb(t) for t in call.type.types)
    keys = f"map_keys({args[0]})"
    last = f"CAST({args[1]} AS BIGINT)" if len(args) > 1 else f"CAST(list_max({keys}) AS BIGINT)"
    whole = f"CAST(range(CAST(list_min({keys}) AS BIGINT), {last} + 1) AS {key}[])"
    default = literal(zero(call.type.types[1]), call.type.types[1])
    values = f"list_transform({whole}, lambda k: coalesce({args[0]}[k], {default}))"
    return f"MAP({whole}, CAST({values} AS {value}[]))"


ROWS = (
    Function(
        "map",
        _map_returns,
        _lower_map,
        args=(0, None),
        nulls=False,
        bytes_ok=True,
        inner_low_cardinality=True,
        takes_nothing=True,
    ),
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
    Function("mapToArray", _pairs, _lower_pairs, nulls=False, inner_low_cardinality=True),
    Function(
        "mapFilter",
        _same,
        _lower_filter,
        args=(2, 2),
        nulls=False,
        inner_low_cardinality=True,
        predicate=True,
        lambda_types=_entries,
    ),
    Function(
        "mapApply", _apply_returns, _lower_apply, args=(2, 2), nulls=False, lambda_types=_entries
    ),
    Function(
        "mapFromArrays",
        _from_arrays_returns,
        _lower_from_arrays,
        args=(2, 2),
        nulls=False,
        inner_low_cardinality=True,
        exact=True,
        aliases=("MAP_FROM_ARRAYS",),
    ),
    Function(
        "mapConcat",
        _concat_returns,
        _lower_concat,
        args=(1, None),
        nulls=False,
        inner_low_cardinality=True,
    ),
    Function("mapUpdate", _update_returns, _lower_concat, args=(2, 2), nulls=False),
    *(
        Function(
            name,
            _same,
            _lower_sort,
            args=(1, 2),
            nulls=False,
            inner_low_cardinality=True,
            lambda_types=_sort_types,
        )
        for name in ("mapSort", "mapReverseSort")
    ),
    *(
        Function(
            name,
            _partly_returns,
            _lower_partly,
            args=(2, 3),
            nulls=False,
            inner_low_cardinality=True,
            lambda_types=_sort_types,
        )
        for name in ("mapPartialSort", "mapPartialReverseSort")
    ),
    *(
        Function(
            name,
            _any_returns,
            _lower_any,
            args=(2, 2),
            nulls=False,
            predicate=True,
            lambda_types=_entries,
        )
        for name in ("mapExists", "mapAll")
    ),
    Function("mapContainsKeyLike", _like_returns, _lower_contains_like, args=(2, 2), nulls=False),
    Function("mapContainsValueLike", _like_returns, _lower_contains_like, args=(2, 2), nulls=False),
    Function("mapExtractKeyLike", _extract_returns, _lower_extract_like, args=(2, 2), nulls=False),
    Function(
        "mapExtractValueLike", _extract_returns, _lower_extract_like, args=(2, 2), nulls=False
    ),
    Function("mapContainsValue", _contains_value, _lower_contains_value, args=(2, 2), nulls=False),
    Function("mapAdd", _add_returns, _lower_add, args=(2, None), nulls=False),
    Function("mapSubtract", _add_returns, _lower_add, args=(2, None), nulls=False),
    Function("mapPopulateSeries", _series_returns, _lower_series, args=(1, 3), nulls=False),
)
