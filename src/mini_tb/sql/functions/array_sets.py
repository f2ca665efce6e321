"""What is in arrays: values searched for, sets of them, how many different ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.arrays import (
    cast_all,
    common_arrays,
    default_text,
    need_array,
    zipped_arrays,
)
from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.functions.json_path import has_path_type, is_json, lower_has_path
from mini_tb.sql.tree import Call, Column, Expr, Window
from mini_tb.types import (
    FLOAT64,
    INT128,
    NOTHING,
    STRING_BYTES,
    UINT8,
    UINT32,
    UINT64,
    DataType,
    array,
    nullable,
    to_duckdb,
)


def _comparable(types: Sequence[DataType]) -> DataType:
    """A type, not Nullable, in which values are compared: numbers of any types can be. Raises
    `ArgumentError`."""
    bare = [t.bare for t in types]
    try:
        return supertype(bare)
    except ArgumentError:
        if all(t.is_integer for t in bare):
            return INT128
        if all(t.is_integer or t.is_float for t in bare):
            return FLOAT64
        raise


# Search --------------------------------------------------------------------------------------


def _find_returns(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        if args[0].type.is_map:
            return result
        if result == UINT8 and is_json(args[0]):
            return has_path_type(args)
        element = need_array(args[0])
        _comparable([element, args[1].type])
        return result

    return returns


_OF_EMPTY = """
left leftPad lower lowerUTF8 initcap replaceAll replaceOne replaceRegexpAll reverse reverseUTF8
right rightPad substring substringUTF8 translate trimBoth trimLeft trimRight upper upperUTF8
"""
_EMPTY_OF_EMPTY = frozenset(_OF_EMPTY.split())
"""Functions of a text that make '' of ''."""


def _is_empty_below_null(expr: Expr) -> bool:
    """Whether '' is stored where the text is NULL: a column's, or what was computed of one."""
    if isinstance(expr, Call):
        is_kept = expr.function.name in _EMPTY_OF_EMPTY
        return is_kept and _is_empty_below_null(expr.args[0])
    return isinstance(expr, Column | Window)


def _needle(call: Call, args: list[str]) -> tuple[str, str]:
    """The array and the value, brought to a common element type."""
    element, value = call.args[0].type.element, call.args[1].type
    common = _comparable([element, value])
    written = [is_constant(arg) for arg in call.args]
    if {element.bare.name, value.bare.name} == {"FixedString", "String"} and any(written):
        # A text that is written becomes as long as a column's; else zero bytes count.
        is_padded = not written[0] and element.bare.name == "FixedString"
        common = common if is_padded else STRING_BYTES
    items = lower_cast(call.args[0].type, array(common), args[0])
    wanted = lower_cast(value, common, args[1])
    is_stored = _is_empty_below_null(call.args[1]) and not is_constant(call.args[0])
    if is_stored and common.is_string and value.is_nullable:
        # ClickHouse looks for what is stored where a text is NULL.
        default = default_text(common)
        if element.is_nullable:
            filled = f"list_transform({items}, lambda e: coalesce(e, {default}))"
            items = f"CASE WHEN {wanted} IS NULL THEN {filled} ELSE {items} END"
        wanted = f"coalesce({wanted}, {default})"
    return items, wanted


def _lower_has(call: Call, args: list[str]) -> str:
    if call.args[0].type.is_map:
        key = lower_cast(call.args[1].type, call.args[0].type.types[0], args[1])
        return f"CAST(coalesce(map_contains({args[0]}, {key}), FALSE) AS UTINYINT)"
    if is_json(call.args[0]):
        return lower_has_path(call, args)
    items, value = _needle(call, args)
    return f"CAST(list_position({items}, {value}) IS NOT NULL AS UTINYINT)"


def _lower_index_of(call: Call, args: list[str]) -> str:
    items, value = _needle(call, args)
    return f"CAST(coalesce(list_position({items}, {value}), 0) AS UBIGINT)"


def _lower_count_equal(call: Call, args: list[str]) -> str:
    items, value = _needle(call, args)
    return f"CAST(len(list_filter({items}, lambda e: e IS NOT DISTINCT FROM {value})) AS UBIGINT)"


def _lower_sets(name: str) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        common = supertype([arg.type for arg in call.args])
        left, right = cast_all(call, args, common)
        element = common.element
        if element.is_nullable and not element.is_nothing:
            # ClickHouse takes NULL for the type's default here.
            default = default_text(element.bare)
            left, right = (
                f"list_transform({sql}, lambda e: coalesce(e, {default}))" for sql in (left, right)
            )
        return f"CAST({name.format(left, right)} AS UTINYINT)"

    return lower


def _two_arrays(args: Sequence[Expr]) -> DataType:
    common_arrays(args)
    return UINT8


_HAS_ALL = "coalesce(len(list_filter({1}, lambda e: list_position({0}, e) IS NULL)) = 0, TRUE)"
_HAS_ANY = "coalesce(len(list_filter({1}, lambda e: list_position({0}, e) IS NOT NULL)) > 0, FALSE)"
_HAS_SUBSTR = (
    "(len({1}) = 0 OR len(list_filter(range(1, len({0}) - len({1}) + 2), "
    "lambda i: list_slice({0}, i, i + len({1}) - 1) = {1})) > 0)"
)


# Sets ----------------------------------------------------------------------------------------


def _distinct_returns(args: Sequence[Expr]) -> DataType:
    element = need_array(args[0])
    return array(element.types[0] if element.name == "Nullable" else element)


def _lower_distinct(call: Call, args: list[str]) -> str:
    # list_distinct loses the order; the first occurrence of each value stays here. NULL goes.
    items = args[0]
    return f"list_filter({items}, lambda e, i: e IS NOT NULL AND list_position({items}, e) = i)"


def _intersect_returns(args: Sequence[Expr]) -> DataType:
    """What all the arrays can have in common: the narrowest of their integer types, Nullable only
    if all are."""
    types = [need_array(arg) for arg in args]
    if any(t == NOTHING for t in types):
        return array(NOTHING)
    bare = {t.bare for t in types}
    integers = [t for t in bare if t.is_integer]
    if len(bare) > 1 and integers and all(t.is_integer or t.is_float for t in bare):
        least = min(integers, key=lambda t: (t.bits, t.is_signed))
    elif any(t.is_nothing for t in types) and len(bare) > 1:
        raise ArgumentError("there is no type of NULL and other values", 386)
    else:
        least = supertype(sorted(bare, key=str))
        if {t.name for t in bare} == {"FixedString", "String"}:
            raise ArgumentError(f"compares no `{types[0]}` with `{types[-1]}`: cast one of them")
    return array(nullable(least) if all(t.is_nullable for t in types) else least)


def _lower_intersect(call: Call, args: list[str]) -> str:
    if call.type.element == NOTHING:
        return f"CAST([] AS {to_duckdb(call.type)})"
    types = [arg.type.element.bare for arg in call.args]
    common = array(nullable(_comparable(types)))
    items = cast_all(call, args, common)
    tests = [f"list_position({other}, e) IS NOT NULL" for other in items[1:]]
    if not call.type.element.is_nullable:
        tests.append("e IS NOT NULL")
    first = items[0]
    once = " AND ".join([f"list_position({first}, e) = i", *tests])
    return lower_cast(common, call.type, f"list_filter({first}, lambda e, i: {once})")


def _except_returns(args: Sequence[Expr]) -> DataType:
    if args[1].type.is_nothing:
        return nullable(NOTHING)
    left, right = need_array(args[0]), need_array(args[1])
    if left.bare != right.bare or left.is_nothing:
        raise ArgumentError(f"expected arrays of one type, found `{left}` and `{right}`")
    if left.is_array or left.is_tuple or left.is_map:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected simple values")
    return args[0].type


def _lower_except(call: Call, args: list[str]) -> str:
    if call.type.is_nothing:
        return "CAST(NULL AS INTEGER)"
    return f"list_filter({args[0]}, lambda e: list_position({args[1]}, e) IS NULL)"


def _lower_union(call: Call, args: list[str]) -> str:
    items = cast_all(call, args, call.type)
    joined = f"list_concat({', '.join(items)})" if len(items) > 1 else items[0]
    return f"list_filter({joined}, lambda e, i: list_position({joined}, e) = i)"


def _lower_difference(call: Call, args: list[str]) -> str:
    """What is in some of the arrays but not in all."""
    items = cast_all(call, args, call.type)
    missing = " OR ".join(f"list_position({other}, e) IS NULL" for other in items)
    return f"list_filter({_lower_union(call, args)}, lambda e: {missing})"


# How many ------------------------------------------------------------------------------------


def _uniq_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        need_array(arg)
    return UINT32


def _lower_uniq(call: Call, args: list[str]) -> str:
    items = zipped_arrays(args)
    if len(args) > 1:
        return f"CAST(len(list_distinct({items})) AS UINTEGER)"
    has_null = f"CAST(list_position({items}, NULL) IS NOT NULL AS INTEGER)"
    return f"CAST(len(list_distinct({items})) + {has_null} AS UINTEGER)"


def _lower_enumerate_uniq(call: Call, args: list[str]) -> str:
    items = zipped_arrays(args)
    same = f"len(list_filter(list_slice({items}, 1, i), lambda o: o IS NOT DISTINCT FROM e))"
    return f"list_transform({items}, lambda e, i: CAST({same} AS UINTEGER))"


def _lower_enumerate_dense(call: Call, args: list[str]) -> str:
    items = args[0]
    firsts = f"list_filter({items}, lambda o, j: list_position({items}, o) = j)"
    return f"list_transform({items}, lambda e: CAST(list_position({firsts}, e) AS UINTEGER))"


def _enumerate_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        need_array(arg)
    return array(UINT32)


ROWS = (
    Function("has", _find_returns(UINT8), _lower_has, args=(2, 2), nulls=False, bytes_ok=True),
    Function(
        "indexOf", _find_returns(UINT64), _lower_index_of, args=(2, 2), nulls=False, bytes_ok=True
    ),
    Function(
        "countEqual",
        _find_returns(UINT64),
        _lower_count_equal,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
    ),
    Function("hasAll", _two_arrays, _lower_sets(_HAS_ALL), args=(2, 2), nulls=False),
    Function("hasAny", _two_arrays, _lower_sets(_HAS_ANY), args=(2, 2), nulls=False),
    Function("hasSubstr", _two_arrays, _lower_sets(_HAS_SUBSTR), args=(2, 2), nulls=False),
    Function("arrayDistinct", _distinct_returns, _lower_distinct, nulls=False),
    Function("arrayIntersect", _intersect_returns, _lower_intersect, args=(1, None), nulls=False),
    Function("arrayUnion", common_arrays, _lower_union, args=(1, None), nulls=False),
    Function(
        "arraySymmetricDifference",
        common_arrays,
        _lower_difference,
        args=(1, None),
        nulls=False,
    ),
    Function(
        "arrayExcept",
        _except_returns,
        _lower_except,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
    ),
    Function("arrayUniq", _uniq_returns, _lower_uniq, args=(1, None), nulls=False),
    Function(
        "arrayEnumerate",
        _enumerate_returns,
        "range(1, len({0}) + 1)",
        nulls=False,
    ),
    Function(
        "arrayEnumerateUniq", _enumerate_returns, _lower_enumerate_uniq, args=(1, None), nulls=False
    ),
    Function("arrayEnumerateDense", _enumerate_returns, _lower_enumerate_dense, nulls=False),
)
