"""Bitmaps, which are states of `groupBitmap`: `bitmapBuild`, `bitmapContains`, `bitmapAnd`, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.aggregates.bitmaps import (
    both,
    by_bits,
    either,
    one_of,
    set_of,
    without,
)
from mini_tb.sql.functions.aggregates.rows import fresh, let
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function, without_low_cardinality
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import UINT8, UINT64, DataType, array, to_duckdb

Operator = Callable[[DataType, str, str], str]


def _is_native(t: DataType) -> bool:
    return t.is_integer and not t.is_nullable and t.bits <= 64


def _element(arg: Expr) -> DataType:
    """The type of a bitmap's values."""
    t = arg.type
    if not (t.is_state and t.params == ("groupBitmap",) and _is_native(t.types[0])):
        raise ArgumentError(f"illegal type `{t}`, expected a bitmap")
    return t.types[0]


def _unsigned(args: Sequence[Expr]) -> None:
    for arg in args:
        if not _is_native(arg.type) or arg.type.is_signed:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a UInt8, …, UInt64")


def _values(call: Call, args: Sequence[str], index: int = 0) -> str:
    """The values of a bitmap; NULL is the state of no rows."""
    return f"coalesce({args[index]}, {_none(_element(call.args[index]))})"


def _none(t: DataType) -> str:
    return f"CAST([] AS {to_duckdb(t)}[])"


def _bits(t: DataType, sql: str) -> str:
    """A value as the unsigned number that its bits are."""
    if not t.is_signed:
        return sql
    return f"(CASE WHEN {sql} < 0 THEN {1 << t.bits}::HUGEINT ELSE 0 END + {sql})"


def _of_bits(t: DataType, number: str) -> str:
    """The value of type `t` with the bits of an unsigned number that has no more of them."""
    number = f"CAST({number} AS HUGEINT)"
    if t.is_signed:
        low = f"{number} - {1 << t.bits}::HUGEINT"
        number = f"(CASE WHEN {number} >= {1 << t.bits - 1} THEN {low} ELSE {number} END)"
    return f"CAST({number} AS {to_duckdb(t)})"


# Making --------------------------------------------------------------------------------------


def _build_returns(args: Sequence[Expr]) -> DataType:
    t = without_low_cardinality(args[0].type)
    if not t.is_array or not _is_native(t.element):
        raise ArgumentError(f"illegal type `{t}`, expected an Array of integers of up to 64 bits")
    return DataType("AggregateFunction", (t.element,), ("groupBitmap",))


def _lower_build(call: Call, args: list[str]) -> str:
    return set_of(call.type.types[0], args[0])


def _same_two(args: Sequence[Expr]) -> DataType:
    first, second = map(_element, args)
    if first != second:
        raise ArgumentError(f"the bitmaps are of different types, `{first}` and `{second}`")
    return args[0].type


def _combined(name: str, operator: Operator) -> tuple[Function, Function]:
    def of(call: Call, args: list[str]) -> str:
        t = _element(call.args[0])
        return operator(t, _values(call, args), _values(call, args, 1))

    def cardinality_type(args: Sequence[Expr]) -> DataType:
        _same_two(args)
        return UINT64

    def cardinality(call: Call, args: list[str]) -> str:
        return f"CAST(len({of(call, args)}) AS UBIGINT)"

    return (
        Function(name, _same_two, of, args=(2, 2)),
        Function(f"{name}Cardinality", cardinality_type, cardinality, args=(2, 2)),
    )


# Looking -------------------------------------------------------------------------------------


def _of_bitmap(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        _element(args[0])
        return result

    return returns


def _array_returns(args: Sequence[Expr]) -> DataType:
    return array(_element(args[0]))


def _lower_array(call: Call, args: list[str]) -> str:
    return _values(call, args)


def _lower_cardinality(call: Call, args: list[str]) -> str:
    return f"CAST(len({_values(call, args)}) AS UBIGINT)"


def _lower_least(call: Call, args: list[str]) -> str:
    t, values = _element(call.args[0]), _values(call, args)
    none = (1 << max(t.bits, 32)) - 1
    return _extreme("min", t, values, none)


def _lower_greatest(call: Call, args: list[str]) -> str:
    return _extreme("max", _element(call.args[0]), _values(call, args), 0)


def _extreme(which: str, t: DataType, values: str, none: int) -> str:
    v = fresh(values)
    numbers = f"list_transform({values}, lambda {v}: {_bits(t, v)})" if t.is_signed else values
    return f"CAST(coalesce(list_{which}({numbers}), {none}::UBIGINT) AS UBIGINT)"


def _contains_returns(args: Sequence[Expr]) -> DataType:
    _element(args[0])
    t = args[1].type
    if not _is_native(t) and not t.is_bool:
        raise ArgumentError(f"illegal type `{t}`, expected an integer of up to 64 bits")
    return UINT8


def _lower_contains(call: Call, args: list[str]) -> str:
    t, given = _element(call.args[0]), call.args[1].type.bare
    number = f"CAST({args[1]} AS HUGEINT)"
    if _is_native(given) and given.is_signed:
        number = _bits(DataType("Int64"), number)
    found = f"list_contains({_values(call, args)}, {_of_bits(t, number)})"
    most = f"{(1 << t.bits) - 1}::HUGEINT"
    known = f"CASE WHEN {number} <= {most} THEN CAST({found} AS UTINYINT) "
    return f"{known}WHEN {number} IS NOT NULL THEN CAST(0 AS UTINYINT) END"


def _compared(function: str) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        found = f"{function}({_values(call, args)}, {_values(call, args, 1)})"
        return f"CAST({found} AS UTINYINT)"

    return lower


def _compared_returns(args: Sequence[Expr]) -> DataType:
    _same_two(args)
    return UINT8


# Cutting -------------------------------------------------------------------------------------


def _cut_returns(args: Sequence[Expr]) -> DataType:
    _element(args[0])
    _unsigned(args[1:])
    return args[0].type


def _lower_range(call: Call, args: list[str]) -> str:
    return _between(call, args, f"{{}} >= {args[1]} AND {{}} < {args[2]}")


def _between(call: Call, args: list[str], condition: str) -> str:
    values = _values(call, args)
    v = fresh(values, *args)
    bits = _bits(_element(call.args[0]), v)
    return f"list_filter({values}, lambda {v}: {condition.replace('{}', bits)})"


def _lower_limit(call: Call, args: list[str]) -> str:
    t = _element(call.args[0])
    found = _between(call, args, f"{{}} >= {args[1]}")
    cut = f"CAST(least({args[2]}, {(1 << 63) - 1}) AS BIGINT)"
    return let(
        found,
        lambda xs: f"CASE WHEN len({xs}) <= {args[2]} THEN {xs} ELSE {by_bits(t, xs)}[:{cut}] END",
    )


def _lower_part(call: Call, args: list[str]) -> str:
    t, values = _element(call.args[0]), _values(call, args)
    start = f"CAST(least({args[1]}, {1 << 40}) AS BIGINT)"
    end = f"({start} + CAST(least({args[2]}, {1 << 40}) AS BIGINT))"
    return f"{by_bits(t, values)}[{start} + 1:{end}]"


# Changing ------------------------------------------------------------------------------------


def _transform_returns(args: Sequence[Expr]) -> DataType:
    _element(args[0])
    for arg in args[1:]:
        t = arg.type
        if not t.is_array or not _is_native(t.element) or t.element.is_signed:
            raise ArgumentError(f"illegal type `{t}`, expected an Array of UInt8, …, UInt64")
    return args[0].type


def _lower_transform(call: Call, args: list[str]) -> str:
    """One replacement after the other, each in what those before it made."""
    t = _element(call.args[0])
    done = fresh(*args)
    pair = fresh(done)
    v = fresh(pair)
    most = f"{(1 << t.bits) - 1}::UBIGINT"
    old, new = (_of_bits(t, f"{pair}.{name}") for name in ("old", "new"))
    others = f"list_filter({done}.s, lambda {v}: {v} <> {old} AND {v} <> {new})"
    applies = f"{pair}.old <= {most} AND list_contains({done}.s, {old})"
    step = f"CASE WHEN {applies} THEN list_append({others}, {new}) ELSE {done}.s END"
    pairs = (
        f"list_transform(list_zip({args[1]}, {args[2]}), lambda {pair}: "
        f"{{s: {_none(t)}, old: CAST({pair}[1] AS UBIGINT), new: CAST({pair}[2] AS UBIGINT)}})"
    )
    first = f"{{s: {_values(call, args)}, old: 0::UBIGINT, new: 0::UBIGINT}}"
    following = f"lambda {done}, {pair}: {{s: {step}, old: {pair}.old, new: {pair}.new}}"
    replaced = f"list_reduce(list_prepend({first}, {pairs}), {following}).s"
    unequal = failure(36, "From array size and to array size mismatch")
    misfit = failure(36, "Replacement value does not fit into the bitmap element type")
    return (
        f"CASE WHEN len({args[1]}) <> len({args[2]}) THEN {unequal} "
        f"WHEN list_max({args[2]}) > {most} THEN {misfit} ELSE {by_bits(t, replaced)} END"
    )


ROWS = (
    Function("bitmapBuild", _build_returns, _lower_build),
    Function("bitmapToArray", _array_returns, _lower_array),
    Function("bitmapCardinality", _of_bitmap(UINT64), _lower_cardinality),
    Function("bitmapMin", _of_bitmap(UINT64), _lower_least),
    Function("bitmapMax", _of_bitmap(UINT64), _lower_greatest),
    Function("bitmapContains", _contains_returns, _lower_contains, args=(2, 2)),
    Function("bitmapHasAny", _compared_returns, _compared("list_has_any"), args=(2, 2)),
    Function("bitmapHasAll", _compared_returns, _compared("list_has_all"), args=(2, 2)),
    *_combined("bitmapAnd", both),
    *_combined("bitmapOr", either),
    *_combined("bitmapXor", one_of),
    *_combined("bitmapAndnot", without),
    Function("bitmapSubsetInRange", _cut_returns, _lower_range, args=(3, 3)),
    Function("bitmapSubsetLimit", _cut_returns, _lower_limit, args=(3, 3)),
    Function("subBitmap", _cut_returns, _lower_part, args=(3, 3)),
    Function("bitmapTransform", _transform_returns, _lower_transform, args=(3, 3)),
)
