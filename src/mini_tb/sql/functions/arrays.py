"""Arrays: elements, building, cutting, length. What is searched for or counted in them is in
`array_sets`, functions with lambdas in `higher_order`.

An index counts from 1, from the end when negative; a miss gives the element type's default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.conditional import supertype, supertype_of
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import failure, whole
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    ValueDecidesShape,
    constant,
    over_dictionaries,
    without_low_cardinality,
)
from mini_tb.sql.functions.json_path import is_json, lower_subscript, subscript_type
from mini_tb.sql.tree import Call, Expr, Local
from mini_tb.types import (
    NOTHING,
    STRING,
    UINT8,
    UINT64,
    DataType,
    array,
    nullable,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.duckdb import quote_identifier


def need_array(arg: Expr) -> DataType:
    """The element type of an array argument, as functions of arrays take it: without
    LowCardinality. Raises `ArgumentError`."""
    if not arg.type.is_array:
        raise ArgumentError(f"illegal type `{arg.type}`, expected an Array")
    return without_low_cardinality(arg.type.element)


def default_text(t: DataType) -> str:
    """DuckDB text of a type's default; there is none of Nothing."""
    if t.is_nothing:
        return "NULL"
    return literal(zero(t), t)


def _same(args: Sequence[Expr]) -> DataType:
    need_array(args[0])
    return args[0].type


def common_arrays(args: Sequence[Expr]) -> DataType:
    """The type that all of some arrays have. Raises `ArgumentError`."""
    for arg in args:
        need_array(arg)
    return supertype([arg.type for arg in args])


def cast_all(call: Call, args: list[str], target: DataType) -> list[str]:
    """The lowered arguments, converted to a type."""
    return [lower_cast(arg.type, target, sql) for arg, sql in zip(call.args, args, strict=True)]


# Elements ----------------------------------------------------------------------------------


def index_of_element(arg: Expr) -> None:
    """Raises `ArgumentError` unless the argument is an index into an array."""
    t = arg.type.bare
    if not (t.is_bool or t.is_nothing or (t.is_integer and t.bits <= 64)):
        raise ArgumentError(f"illegal type `{arg.type}` of an index, expected an integer", 43, 1)


def one_index(indices: Expr) -> Expr:
    """An index from an array of them. Raises `ArgumentError`."""
    element = without_low_cardinality(indices.type.element)
    if element.is_nothing:
        raise ArgumentError(f"illegal type `{indices.type}`, expected integers", 43, 1)
    return Local(element, "ix")


def _is_zero(index: Expr) -> bool:
    """Whether an index is a constant 0 as ClickHouse refuses it: not a signed one."""
    try:
        return not index.type.is_signed and constant(index) == 0
    except (ArgumentError, ValueDecidesShape):
        return False


def _element_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if args[1].type.is_nothing:
        return nullable(NOTHING)
    if is_json(args[0]):
        return subscript_type(args)
    if t.is_array and args[1].type.is_array:
        return array(_element_returns([args[0], one_index(args[1])]))
    if t.is_array:
        index_of_element(args[1])
        if _is_zero(args[1]) and not is_constant(args[0]):
            raise ArgumentError("array indices count from 1, found 0", 135, 1)
    if t.is_map and args[1].type.is_array:
        raise ArgumentError(f"illegal type `{args[1].type}` of a key", 43, 1)
    element = without_low_cardinality(t.types[1]) if t.is_map else need_array(args[0])
    if args[1].type.is_nullable and element.can_be_nullable:
        return nullable(element)
    return element


def _lower_element(call: Call, args: list[str]) -> str:
    """A miss gives the default; NULL as index or key gives NULL."""
    t = call.args[0].type
    if call.args[1].type.is_nothing:
        return "CAST(NULL AS INTEGER)"
    if is_json(call.args[0]):
        return lower_subscript(call, args)
    if call.args[1].type.is_array:
        each = Call(call.type.element, call.function, [call.args[0], one_index(call.args[1])])
        return f"list_transform({args[1]}, lambda ix: {_lower_element(each, [args[0], 'ix'])})"
    if t.is_map:
        element = t.types[1]
        value = f"{args[0]}[{lower_cast(call.args[1].type, t.types[0], args[1])}]"
    else:
        element = t.element
        value = f"{args[0]}[CAST({args[1]} AS BIGINT)]"
    if element.is_nullable or zero(element) is None:
        return value
    found = f"coalesce({value}, {default_text(element)})"
    if not call.args[1].type.is_nullable or not call.type.is_nullable:
        return found
    return f"CASE WHEN {args[1]} IS NOT NULL THEN {found} END"


# Building ------------------------------------------------------------------------------------


def _lower_concat(call: Call, args: list[str]) -> str:
    items = ", ".join(cast_all(call, args, call.type))
    return f"list_concat({items})" if len(args) > 1 else items


def _push_returns(args: Sequence[Expr]) -> DataType:
    element = copy(args[0])
    element.type = need_array(args[0])
    return array(supertype_of([element, args[1]]))


def _lower_push(call: Call, args: list[str]) -> str:
    items = lower_cast(call.args[0].type, call.type, args[0])
    value = lower_cast(call.args[1].type, call.type.element, args[1])
    pair = (
        (f"[{value}]", items) if call.function.name == "arrayPushFront" else (items, f"[{value}]")
    )
    return f"list_concat({pair[0]}, {pair[1]})"


def _lower_slice(call: Call, args: list[str]) -> str:
    offset = f"CAST({args[1]} AS BIGINT)"
    items, offset = args[0], f"coalesce({offset}, 1)" if call.args[1].type.is_nullable else offset
    size = f"len({items})"
    first = f"(CASE WHEN {offset} > 0 THEN {offset} ELSE {size} + {offset} + 1 END)"
    if len(args) < 3 or call.args[2].type.is_nothing:
        last = size
    else:
        length = f"CAST({args[2]} AS BIGINT)"
        last = f"(CASE WHEN {length} >= 0 THEN {first} + {length} - 1 ELSE {size} + {length} END)"
    return f"list_slice({items}, greatest({first}, 1), greatest({last}, 0))"


def _resize_returns(args: Sequence[Expr]) -> DataType:
    element = need_array(args[0])
    return array(supertype([element, args[2].type])) if len(args) > 2 else args[0].type


def _lower_resize(call: Call, args: list[str]) -> str:
    items = lower_cast(call.args[0].type, call.type, args[0])
    fill = default_text(call.type.element)
    if len(args) > 2:
        fill = lower_cast(call.args[2].type, call.type.element, args[2])
    size = whole(call.args[1].type, args[1])
    padding = f"list_transform(range(abs({size}) - len({items})), lambda i: {fill})"
    cut = f"list_slice({items}, 1, {size})"
    tail = f"list_slice({items}, len({items}) + {size} + 1, len({items}))"
    return (
        f"(CASE WHEN {size} >= 0 THEN list_concat({cut}, {padding}) "
        f"ELSE list_concat({padding}, {tail}) END)"
    )


def _range_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_integer:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer")
    return array(supertype([arg.type for arg in args]))


def _lower_range(call: Call, args: list[str]) -> str:
    numbers = ", ".join(f"CAST({sql} AS BIGINT)" for sql in args)
    return f"CAST(range({numbers}) AS {to_duckdb(call.type)})"


def _with_constant_returns(args: Sequence[Expr]) -> DataType:
    count = args[0].type
    if count.is_nullable or not (count.is_integer or count.is_float or count.is_bool):
        raise ArgumentError(f"illegal type `{count}`, expected an integer")
    return array(args[1].type)


def _lower_with_constant(call: Call, args: list[str]) -> str:
    size = whole(call.args[0].type, args[0])
    negative = failure(128, "Array size cannot be negative")
    count = f"CASE WHEN {size} < 0 THEN {negative} ELSE {size} END"
    return f"list_transform(range({count}), lambda i: {args[1]})"


def _zip_returns(args: Sequence[Expr]) -> DataType:
    return array(tuple_of(*(need_array(arg) for arg in args)))


def _lower_zip(call: Call, args: list[str]) -> str:
    fields = ", ".join(
        f"{quote_identifier(str(i + 1))}: struct_extract(z, {i + 1})" for i in range(len(args))
    )
    zipped = zipped_arrays(args)
    if len(args) == 1:
        return f"list_transform({args[0]}, lambda z: {{'1': z}})"
    return f"list_transform({zipped}, lambda z: {{{fields}}})"


def zipped_arrays(args: Sequence[str]) -> str:
    """One list of tuples from several arrays. Arrays of different lengths are ClickHouse's 190."""
    if len(args) == 1:
        return args[0]
    same = " AND ".join(f"len({args[0]}) = len({other})" for other in args[1:])
    message = "error('DB::190: arrays passed to the function must have equal sizes')"
    return f"(CASE WHEN {same} THEN list_zip({', '.join(args)}) ELSE {message} END)"


# Others --------------------------------------------------------------------------------------


def _lower_compact(call: Call, args: list[str]) -> str:
    items = args[0]
    return f"list_filter({items}, lambda e, i: i = 1 OR e IS DISTINCT FROM {items}[i - 1])"


def _flatten_returns(args: Sequence[Expr]) -> DataType:
    t = need_array(args[0])
    while t.is_array:
        t = t.element
    return array(t)


def _lower_flatten(call: Call, args: list[str]) -> str:
    text, t = args[0], call.args[0].type.element
    while t.is_array:
        text, t = f"flatten({text})", t.element
    return f"coalesce({text}, [])"


def _join_returns(args: Sequence[Expr]) -> DataType:
    element = need_array(args[0])
    if not (element.is_string or element.is_nothing or element.is_number):
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an Array(String)")
    return STRING


def _lower_join(call: Call, args: list[str]) -> str:
    separator = args[1] if len(args) > 1 else "''"
    element = call.args[0].type.element
    items = lower_cast(call.args[0].type, array(nullable(STRING)), args[0])
    if element.is_string and not element.is_bytes:
        items = args[0]
    return (
        f"coalesce(array_to_string(list_filter({items}, lambda e: e IS NOT NULL), {separator}), '')"
    )


def _length_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not (t.is_string or t.is_array or t.is_map or t.is_tuple):
        raise ArgumentError(f"illegal type `{t}`, expected a String, Array or Map")
    return UINT64


def _size(call: Call, sql: str) -> str:
    t = call.args[0].type.bare
    if t.is_tuple:
        return str(len(t.types))
    if t.is_map:
        return f"cardinality({sql})"
    if t.is_string:
        return f"octet_length({sql})" if t.is_bytes else f"strlen({sql})"
    return f"len({sql})"


def _lower_length(call: Call, args: list[str]) -> str:
    return f"CAST({_size(call, args[0])} AS UBIGINT)"


def _empty_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.bare.name != "UUID":
        _length_returns(args)
    return UINT8


def _lower_empty(call: Call, args: list[str]) -> str:
    sign = "=" if call.function.name == "empty" else "<>"
    if call.args[0].type.bare.name == "UUID":
        return f"CAST({args[0]} {sign} '00000000-0000-0000-0000-000000000000'::UUID AS UTINYINT)"
    t = call.args[0].type.bare
    if t.name == "FixedString":  # of zero bytes only
        zeros = "\\x00" * int(t.params[0])
        return f"CAST({args[0]} {sign} '{zeros}'::BLOB AS UTINYINT)"
    return f"CAST({_size(call, args[0])} {sign} 0 AS UTINYINT)"


def _rotate_returns(args: Sequence[Expr]) -> DataType:
    need_array(args[0])
    return args[1].type if args[1].type.is_nothing else args[0].type


def _rotate(direction: int) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        if call.type.is_nothing:
            return literal(None, call.type)
        items, count = args[0], f"(coalesce(CAST({args[1]} AS BIGINT), 0) * {direction})"
        size = f"greatest(len({items}), 1)"
        at = f"((({count}) % {size} + {size}) % {size})"
        return (
            f"list_concat(list_slice({items}, {at} + 1, len({items})), "
            f"list_slice({items}, 1, {at}))"
        )

    return lower


_EMPTY = {
    **{f"emptyArray{name}": DataType(name) for name in ("Date", "DateTime", "String")},
    **{
        f"emptyArray{sign}Int{bits}": DataType(f"{sign}Int{bits}")
        for sign in ("", "U")
        for bits in (8, 16, 32, 64)
    },
    **{f"emptyArrayFloat{bits}": DataType(f"Float{bits}") for bits in (32, 64)},
}

ROWS = (
    Function(
        "arrayElement",
        over_dictionaries(_element_returns),
        _lower_element,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
    ),
    Function("arrayConcat", common_arrays, _lower_concat, args=(1, None), nulls=False),
    Function("arrayPushBack", _push_returns, _lower_push, args=(2, 2), nulls=False, bytes_ok=True),
    Function("arrayPushFront", _push_returns, _lower_push, args=(2, 2), nulls=False, bytes_ok=True),
    Function("arrayPopBack", _same, "list_slice({0}, 1, len({0}) - 1)", nulls=False, exact=True),
    Function("arrayPopFront", _same, "list_slice({0}, 2, len({0}))", nulls=False, exact=True),
    Function("arraySlice", _same, _lower_slice, args=(2, 3), nulls=False),
    Function(
        "arrayResize", _resize_returns, _lower_resize, args=(2, 3), nulls=False, bytes_ok=True
    ),
    Function("arrayReverse", _same, "list_reverse({0})", nulls=False, exact=True),
    Function("range", _range_returns, _lower_range, args=(1, 3)),
    Function(
        "arrayWithConstant",
        _with_constant_returns,
        _lower_with_constant,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
    ),
    Function("arrayZip", _zip_returns, _lower_zip, args=(1, None), nulls=False),
    Function("arrayCompact", _same, _lower_compact, nulls=False),
    Function(
        "arrayFlatten",
        _flatten_returns,
        _lower_flatten,
        nulls=False,
        aliases=("flatten",),
        any_case=True,
    ),
    Function(
        "arrayStringConcat",
        _join_returns,
        _lower_join,
        args=(1, 2),
        nulls=False,
        aliases=("array_to_string",),
        any_case=True,
    ),
    *(
        Function(name, _rotate_returns, _rotate(by), args=(2, 2), nulls=False, per_row=True)
        for name, by in (("arrayRotateLeft", 1), ("arrayRotateRight", -1))
    ),
    Function(
        "length",
        _length_returns,
        _lower_length,
        any_case=True,
        bytes_ok=True,
        aliases=("OCTET_LENGTH", "CARDINALITY"),
    ),
    Function("empty", _empty_returns, _lower_empty, bytes_ok=True),
    Function("notEmpty", _empty_returns, _lower_empty, bytes_ok=True),
    *(
        Function(name, array(t), "[]", args=(0, 0), nulls=False, per_row=True)
        for name, t in _EMPTY.items()
    ),
)
