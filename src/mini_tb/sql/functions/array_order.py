"""Arrays in another order: sorted in part, shuffled; and the ranks of what is nested in them."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.arrays import need_array
from mini_tb.sql.functions.function import ArgumentError, Function, integer, is_lambda
from mini_tb.sql.functions.higher_order import elements, lower_sort
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import NOTHING, UINT32, DataType, array, nullable

# Sorted in part ------------------------------------------------------------------------------


def _partly_types(types: Sequence[DataType], count: int) -> Sequence[DataType]:
    return elements(types[1:], count)


def _lead(args: Sequence[Expr]) -> int:
    """How many arguments stand before the limit."""
    return 1 if is_lambda(args[0]) else 0


def _partly_returns(args: Sequence[Expr]) -> DataType:
    limit, *arrays = args[_lead(args) :]
    if limit.type.is_nothing:
        return nullable(NOTHING)
    if not limit.type.is_integer:
        raise ArgumentError(f"illegal type `{limit.type}` of a limit, expected an integer")
    if not arrays:
        raise ArgumentError("takes a limit and an array", 42)
    need_array(arrays[0])
    return arrays[0].type


def _lower_partly(call: Call, args: list[str]) -> str:
    """The least elements in order, then the others in any: here all are in order."""
    if call.type.is_nothing:
        return "CAST(NULL AS INTEGER)"
    at = _lead(call.args)
    whole = Call(call.type, call.function, [*call.args[:at], *call.args[at + 1 :]])
    return lower_sort(whole, [*args[:at], *args[at + 1 :]])


# Shuffled ------------------------------------------------------------------------------------


def _shuffled_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[1:]:
        if arg.type.is_nothing:
            return nullable(NOTHING)
        if not arg.type.is_integer:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer")
    need_array(args[0])
    return args[0].type


def _refuse_seed(args: Sequence[Expr], at: int) -> None:
    if len(args) > at:
        raise ArgumentError("the draws of a seed are ClickHouse's own", 48, at)


def _shuffle_returns(args: Sequence[Expr]) -> DataType:
    result = _shuffled_returns(args)
    if not result.is_nothing:
        _refuse_seed(args, 1)
    return result


def _partial_shuffle_returns(args: Sequence[Expr]) -> DataType:
    result = _shuffled_returns(args)
    if not result.is_nothing:
        _refuse_seed(args, 2)
        if len(args) > 1:
            integer(args[1])
    return result


def _sample_returns(args: Sequence[Expr]) -> DataType:
    count = args[1].type
    if not count.is_integer or count.is_signed or count.is_nullable:
        raise ArgumentError(f"illegal type `{count}`, expected an unsigned integer", 43, 1)
    integer(args[1])
    need_array(args[0])
    return args[0].type


def _shuffle(items: str) -> str:
    return f"list_grade_up(list_transform({items}, lambda e: random()))"


def _lower_shuffle(call: Call, args: list[str]) -> str:
    if call.type.is_nothing:
        return "CAST(NULL AS INTEGER)"
    items = args[0]
    limit = integer(call.args[1]) if len(args) > 1 else 0
    if limit <= 0:
        return f"list_select({items}, {_shuffle(items)})"
    rest = f"list_filter(range(1, len(o) + 1), lambda i: list_position(o, i) > {limit})"
    order = f"list_concat(list_slice(o, 1, {limit}), {rest})"
    return f"list_transform([{_shuffle(items)}], lambda o: list_select({items}, {order}))[1]"


def _lower_sample(call: Call, args: list[str]) -> str:
    return f"list_select({args[0]}, list_slice({_shuffle(args[0])}, 1, {integer(call.args[1])}))"


# Ranks ---------------------------------------------------------------------------------------


def _ranked(args: Sequence[Expr]) -> tuple[int, int, list[int]]:
    """Below which depth ranks begin anew, how deep values are looked at, and where the arrays
    are."""
    at = 0 if args[0].type.is_array else 1
    start = 1 if at == 0 else integer(args[0])
    arrays: list[int] = []
    depths: list[int] = []
    while at < len(args):
        need_array(args[at])
        depth, t = 0, args[at].type
        while t.is_array:
            depth, t = depth + 1, t.element
        arrays.append(at)
        at += 1
        if at < len(args) and not args[at].type.is_array:
            wanted = integer(args[at])
            if not 1 <= wanted <= depth:
                raise ArgumentError(f"the array has {depth} dimensions, not {wanted}", 36, at)
            depth = wanted
            at += 1
        depths.append(depth)
    if not arrays:
        raise ArgumentError("takes an array", 42)
    if len(set(depths)) > 1:
        raise ArgumentError("arrays of several depths are not ranked together here", 48)
    if not 1 <= start <= depths[0]:
        raise ArgumentError(f"ranks cannot begin anew at {start} of {depths[0]} dimensions", 36, 0)
    return start, depths[0], arrays


def _ranked_returns(args: Sequence[Expr]) -> DataType:
    _start, depth, _arrays = _ranked(args)
    result = UINT32
    for _ in range(depth):
        result = array(result)
    return result


def _lower_ranked(call: Call, args: list[str]) -> str:
    start, depth, arrays = _ranked(call.args)
    items = [args[at] for at in arrays]
    for sql in items[1:]:
        message = "error('DB::190: arrays passed to the function must have equal sizes')"
        items[0] = f"(CASE WHEN len({items[0]}) = len({sql}) THEN {items[0]} ELSE {message} END)"
    dense = call.function.name == "arrayEnumerateDenseRanked"
    return _ranks(items, start - 1, depth, dense=dense)


def _ranks(items: list[str], outside: int, depth: int, *, dense: bool) -> str:
    """The ranks inside each array that lies `outside` so deep."""
    if outside:
        inner = [f"{sql}[r{depth}]" for sql in items]
        each = _ranks(inner, outside - 1, depth - 1, dense=dense)
        return f"list_transform(range(1, len({items[0]}) + 1), lambda r{depth}: {each})"
    flat = list(items)
    shapes = [items[0]]
    for _ in range(depth - 1):
        flat = [f"flatten({sql})" for sql in flat]
        shapes.append(flat[0])
    values = flat[0] if len(flat) == 1 else f"list_zip({', '.join(flat)})"
    if dense:
        firsts = f"list_filter({values}, lambda o, j: list_position({values}, o) = j)"
        ranks = f"list_transform({values}, lambda e: CAST(list_position({firsts}, e) AS UINTEGER))"
    else:
        same = f"list_filter(list_slice({values}, 1, i), lambda o: o IS NOT DISTINCT FROM e)"
        ranks = f"list_transform({values}, lambda e, i: CAST(len({same}) AS UINTEGER))"
    for shape in reversed(shapes[:-1]):
        before = f"len(flatten(list_slice({shape}, 1, k - 1)))"
        piece = f"list_slice(all_ranks, {before} + 1, {before} + len(e))"
        each = f"list_transform({shape}, lambda e, k: {piece})"
        ranks = f"list_transform([{ranks}], lambda all_ranks: {each})[1]"
    return ranks


ROWS = (
    *(
        Function(
            name,
            _partly_returns,
            _lower_partly,
            args=(2, None),
            nulls=False,
            lambda_types=_partly_types,
        )
        for name in ("arrayPartialSort", "arrayPartialReverseSort")
    ),
    Function(
        "arrayShuffle",
        _shuffle_returns,
        _lower_shuffle,
        args=(1, 2),
        nulls=False,
        any_case=True,
        per_row=True,
        draws=True,
    ),
    Function(
        "arrayPartialShuffle",
        _partial_shuffle_returns,
        _lower_shuffle,
        args=(1, 3),
        nulls=False,
        any_case=True,
        per_row=True,
        draws=True,
    ),
    Function(
        "arrayRandomSample",
        _sample_returns,
        _lower_sample,
        args=(2, 2),
        nulls=False,
        per_row=True,
        draws=True,
    ),
    *(
        Function(name, _ranked_returns, _lower_ranked, args=(1, None), nulls=False)
        for name in ("arrayEnumerateUniqRanked", "arrayEnumerateDenseRanked")
    ),
)
