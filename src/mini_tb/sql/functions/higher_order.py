"""Array functions that take a lambda: `arrayMap`, `arrayFilter`, `arraySort`, `arraySum`, …

A lambda of several parameters walks several arrays at once: it takes one tuple of their elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.folding import EXACT_FLOAT
from mini_tb.sql.functions.arithmetic import unscaled
from mini_tb.sql.functions.arrays import default_text, need_array, zipped_arrays
from mini_tb.sql.functions.constants import zero
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import integer_to_integer, wrap
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    is_lambda,
    without_low_cardinality,
)
from mini_tb.sql.tree import Call, Expr, LambdaExpr
from mini_tb.types import (
    FLOAT64,
    INT64,
    INT128,
    UINT8,
    UINT32,
    UINT64,
    DataType,
    array,
    decimal,
    nullable,
    to_duckdb,
)


def elements(types: Sequence[DataType], count: int) -> Sequence[DataType]:
    """The types of a lambda's parameters: the elements of the arrays."""
    if count != len(types) or not all(t.is_array for t in types):
        raise ArgumentError(f"the lambda takes {count} parameters, found {len(types)} arrays", 43)
    return [t.element for t in types]


def _split(call: Call, args: list[str]) -> tuple[str | None, str]:
    """The lambda's text, if there is one, and the array it walks."""
    if is_lambda(call.args[0]):
        return args[0], zipped_arrays(args[1:])
    return None, args[0]


def _element(args: Sequence[Expr]) -> DataType:
    """The type of what is looked at: the lambda's result, or the elements."""
    if is_lambda(args[0]):
        for arg in args[1:]:
            need_array(arg)
        return without_low_cardinality(args[0].type)
    return need_array(args[0])


def _is_wide(call: Call) -> bool:
    """Whether the lambda walks several arrays."""
    return isinstance(call.args[0], LambdaExpr) and len(call.args[0].params) > 1


def _first(call: Call, text: str) -> str:
    """The elements of the first array from a list of tuples."""
    return f"list_transform({text}, lambda z: struct_extract(z, 1))" if _is_wide(call) else text


def _mapped(call: Call, args: list[str]) -> str:
    function, items = _split(call, args)
    return items if function is None else f"list_transform({items}, {function})"


# Map and filter ------------------------------------------------------------------------------


def _map_returns(args: Sequence[Expr]) -> DataType:
    if not is_lambda(args[0]):
        raise ArgumentError("the first argument must be a lambda")
    return array(_element(args))


def _filter_returns(args: Sequence[Expr]) -> DataType:
    if not is_lambda(args[0]):
        raise ArgumentError("the first argument must be a lambda")
    need_array(args[1])
    return args[1].type


def _lower_filter(call: Call, args: list[str]) -> str:
    function, items = _split(call, args)
    return _first(call, f"list_filter({items}, {function})")


def _condition(call: Call, args: list[str]) -> tuple[str, str]:
    function, items = _split(call, args)
    if function is None:
        if call.args[0].type.element.bare.name not in ("UInt8", "Bool"):
            raise ArgumentError(f"illegal type `{call.args[0].type}`, expected an Array(UInt8)")
        function = "lambda e: e <> 0"
        if call.args[0].type.element.bare.is_bool:
            function = "lambda e: e"
    return function, items


def _lower_count(call: Call, args: list[str]) -> str:
    function, items = _condition(call, args)
    return f"CAST(len(list_filter({items}, {function})) AS UINTEGER)"


def _lower_exists(call: Call, args: list[str]) -> str:
    function, items = _condition(call, args)
    return f"CAST(len(list_filter({items}, {function})) > 0 AS UTINYINT)"


def _lower_all(call: Call, args: list[str]) -> str:
    function, items = _condition(call, args)
    return f"CAST(len(list_filter({items}, {function})) = len({items}) AS UTINYINT)"


def _checked(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        _element(args)
        return result

    return returns


def _item_returns(args: Sequence[Expr]) -> DataType:
    return need_array(args[1])


def _lower_item(call: Call, args: list[str]) -> str:
    function, items = _split(call, args)
    at = 1 if "First" in call.function.name else -1
    found = f"list_filter({items}, {function})[{at}]"
    if _is_wide(call):
        found = f"struct_extract({found}, 1)"
    if call.function.name.endswith("OrNull") or zero(call.type) is None:
        return found
    return f"coalesce({found}, {default_text(call.type)})"


def _lower_item_index(call: Call, args: list[str]) -> str:
    function, items = _split(call, args)
    flags = f"list_transform({items}, {function})"
    if "First" in call.function.name:
        found = f"list_position({flags}, TRUE)"
    else:
        found = f"(len({items}) + 1 - list_position(list_reverse({flags}), TRUE))"
    return f"CAST(coalesce({found}, 0) AS UINTEGER)"


# Reduce --------------------------------------------------------------------------------------


def _summed(args: Sequence[Expr]) -> DataType:
    """The type of what is summed. Raises `ArgumentError` if there may be NULLs in it."""
    t = _element(args)
    if t.is_nullable:
        raise ArgumentError(f"cannot be computed of `{t}`")
    return t.bare


def _sum_returns(args: Sequence[Expr]) -> DataType:
    t = _summed(args)
    if t.is_decimal:
        return decimal(38 if int(t.params[0]) <= 38 else 76, t.scale)
    if t.is_float:
        return FLOAT64
    if _is_of_128_bits(t):
        return t
    if t.is_number:
        return DataType("Int64") if t.is_signed and not t.is_bool else UINT64
    raise ArgumentError(f"illegal type `{t}`, expected a number")


def _is_of_128_bits(t: DataType) -> bool:
    """Whether it is an Int128. Raises `ArgumentError` for those that DuckDB does not add up."""
    if not t.is_integer or t.bits <= 64:
        return False
    if t != INT128:
        raise ArgumentError(f"sums of `{t}` are not supported", 48)
    return True


def _number_returns(args: Sequence[Expr]) -> DataType:
    t = _summed(args)
    if not t.is_number:
        raise ArgumentError(f"illegal type `{t}`, expected a number")
    return FLOAT64


def _wrapped(t: DataType, sql: str) -> str:
    """A sum as its type holds it: integers wrap around."""
    is_narrow = t.is_integer and t.bits <= 64 and not t.is_nullable
    return wrap(f"CAST({sql} AS HUGEINT)", t) if is_narrow else f"CAST({sql} AS {to_duckdb(t)})"


def _lower_sum(call: Call, args: list[str]) -> str:
    duck = to_duckdb(call.type)
    items = f"list_transform({_mapped(call, args)}, lambda e: CAST(e AS {duck}))"
    return _wrapped(call.type, f"coalesce(list_sum({items}), 0)")


def _lower_avg(call: Call, args: list[str]) -> str:
    t = _element(call.args).bare
    if t.is_decimal and int(t.params[0]) <= 38 and t.scale <= 9:
        # Divided as whole numbers are: digits beyond the scale are cut off. Of larger scales a
        # Float64 could not show it.
        items = f"list_transform({_mapped(call, args)}, lambda e: {unscaled(t, 'e')})"
        mean = f"(list_sum({items}) // nullif(len({items}), 0))"
        return f"coalesce(CAST({mean} AS DOUBLE) / 1e{t.scale}, CAST(0 AS DOUBLE))"
    return f"coalesce(CAST(list_avg({_mapped(call, args)}) AS DOUBLE), CAST(0 AS DOUBLE))"


def _lower_product(call: Call, args: list[str]) -> str:
    t, items = _summed(call.args), _mapped(call, args)
    found = f"CAST(list_product({items}) AS DOUBLE)"
    if t.is_integer and t.bits <= 64:
        # ClickHouse multiplies integers in 64 bits.
        factors = f"list_transform({items}, lambda e: {integer_to_integer(t, UINT64, 'e')})"
        step = f"lambda a, e: (a * e) & CAST({(1 << 64) - 1} AS UHUGEINT)"
        total = f"list_reduce({factors}, {step}, CAST(1 AS UHUGEINT))"
        total = integer_to_integer(UINT64, INT64 if t.is_signed else UINT64, total)
        is_beyond = f"abs({found}) > {EXACT_FLOAT}"
        found = f"CASE WHEN {is_beyond} THEN CAST({total} AS DOUBLE) ELSE {found} END"
    return f"coalesce({found}, CAST(0 AS DOUBLE))"


def _lower_extreme(call: Call, args: list[str]) -> str:
    name = "list_min" if call.function.name == "arrayMin" else "list_max"
    found = f"{name}({_mapped(call, args)})"
    return found if zero(call.type) is None else f"coalesce({found}, {default_text(call.type)})"


# Sort ----------------------------------------------------------------------------------------


def _sort_returns(args: Sequence[Expr]) -> DataType:
    of = args[1] if is_lambda(args[0]) else args[0]
    need_array(of)
    return of.type


def lower_sort(call: Call, args: list[str]) -> str:
    """DuckDB text of an array in order: stable, by what a lambda gives of its elements."""
    order = "DESC" if "Reverse" in call.function.name else "ASC"
    function, items = _split(call, args)
    if function is None:
        return f"list_sort({items}, '{order}', 'NULLS LAST')"
    keys = f"list_transform({items}, {function})"
    ranked = places_in_order(call.args[0].type, keys, order)
    return _first(call, f"list_select({items}, {ranked})")


def places_in_order(t: DataType, keys: str, order: str) -> str:
    """DuckDB text of the places of a list's values, of type `t`, in order (`ASC`, `DESC`): equal
    ones keep theirs, which DuckDB's own ranks do not; nan stands behind all others, NULL last."""
    is_nan = "WHEN isnan(k) THEN 1 " if t.bare.is_float else ""
    group = f"CASE WHEN k IS NULL THEN 2 {is_nan}ELSE 0 END"
    sign = "-" if order == "DESC" else ""
    parts = f"{{'group': {sign}({group}), 'key': k, 'place': {sign}i}}"
    return f"list_grade_up(list_transform({keys}, lambda k, i: {parts}), '{order}')"


# Running -------------------------------------------------------------------------------------


def _running_returns(args: Sequence[Expr]) -> DataType:
    return array(_sum_returns(args))


def _lower_cumulative(call: Call, args: list[str]) -> str:
    duck = to_duckdb(call.type.element)
    items = f"list_transform({_mapped(call, args)}, lambda e: CAST(e AS {duck}))"
    summed = _wrapped(call.type.element, f"list_sum(list_slice({items}, 1, i))")
    return f"list_transform({items}, lambda e, i: {summed})"


def _lower_cumulative_non_negative(call: Call, args: list[str]) -> str:
    duck = to_duckdb(call.type.element)
    items = f"list_transform({_mapped(call, args)}, lambda e: CAST(e AS {duck}))"
    total = "coalesce(a[-1], 0) + e"
    if call.type.element.is_integer and call.type.element.bits == 64:
        total = wrap("(CAST(coalesce(a[-1], 0) AS HUGEINT) + e)", call.type.element)
    step = f"lambda a, e: list_append(a, greatest({total}, 0))"
    return f"list_reduce({items}, {step}, CAST([] AS {duck}[]))"


def _difference_returns(args: Sequence[Expr]) -> DataType:
    t = _summed(args)
    if t.is_float or t.is_decimal:
        return array(FLOAT64 if t.is_float else t)
    if not t.is_number:
        raise ArgumentError(f"illegal type `{t}`, expected a number")
    if _is_of_128_bits(t):
        return array(t)
    return array(DataType(f"Int{min(64, 2 * t.bits if not t.is_bool else 16)}"))


_ROW, _STARTS = '"the array"', '"the starts"'
"""Names inside of what is made here: no column's, which would be meant otherwise."""


def _lower_difference(call: Call, args: list[str]) -> str:
    result = call.type.element
    duck = to_duckdb(result)
    # In 64 bits a difference may not fit: it is computed in 128 and wrapped around.
    wide = result.is_integer and result.bits == 64
    items = (
        f"list_transform({_mapped(call, args)}, lambda e: CAST(e AS {'HUGEINT' if wide else duck}))"
    )
    # Named, or all elements would be computed anew for each.
    step = f"CASE WHEN i = 1 THEN 0 ELSE e - {_ROW}[i - 1] END"
    step = wrap(step, result) if wide else f"CAST({step} AS {duck})"
    each = f"list_transform({_ROW}, lambda e, i: {step})"
    return f"list_transform([{items}], lambda {_ROW}: {each})[1]"


def _lower_fill(call: Call, args: list[str]) -> str:
    """Elements that fail the condition take the value of the one before (after)."""
    function, items = _split(call, args)
    flags = f"list_transform({items}, {function})"
    if "Reverse" in call.function.name:
        rest = f"list_slice({flags}, i, len({items}))"
        at = f"coalesce(i - 1 + list_position({rest}, TRUE), len({items}))"
    else:
        before = f"list_reverse(list_slice({flags}, 1, i))"
        at = f"greatest(i + 1 - coalesce(list_position({before}, TRUE), i), 1)"
    return _first(call, f"list_transform({items}, lambda e, i: {items}[{at}])")


def _split_returns(args: Sequence[Expr]) -> DataType:
    return array(_filter_returns(args))


def _lower_split(call: Call, args: list[str]) -> str:
    """`arraySplit` cuts before the elements that hold, `arrayReverseSplit` after them."""
    function, items = _split(call, args)
    flags = f"list_transform({items}, {function})"
    cut = "i - 1" if "Reverse" in call.function.name else "i"
    # Named, or all conditions would be computed anew for each element, and for each part.
    count = f"len({_ROW}.items)"
    starts = f"list_filter(range(1, {count} + 1), lambda i: i = 1 OR {_ROW}.flags[{cut}])"
    part = f"list_slice({_ROW}.items, s, coalesce({_STARTS}[k + 1] - 1, {count}))"
    parts = f"lambda {_STARTS}: list_transform({_STARTS}, lambda s, k: {part})"
    named = f"{{items: {_first(call, items)}, flags: {flags}}}"
    return f"list_transform([{named}], lambda {_ROW}: list_transform([{starts}], {parts})[1])[1]"


def _fold_types(types: Sequence[DataType], count: int) -> Sequence[DataType]:
    *arrays, start = types
    if not arrays or count != len(types) or not all(t.is_array for t in arrays):
        raise ArgumentError(
            f"the lambda takes {count} parameters, found {len(arrays)} arrays and a start value", 43
        )
    return [start, *(t.element for t in arrays)]


def _fold_returns(args: Sequence[Expr]) -> DataType:
    if not is_lambda(args[0]):
        raise ArgumentError("the first argument must be a lambda")
    if args[0].type != args[-1].type:
        raise ArgumentError(
            f"the lambda gives `{args[0].type}`, but the start value is `{args[-1].type}`"
        )
    return args[-1].type


def _lower_fold(call: Call, args: list[str]) -> str:
    start = lower_cast(call.args[-1].type, call.type, args[-1])
    return f"list_reduce({zipped_arrays(args[1:-1])}, {args[0]}, {start})"


def _higher(
    name: str,
    returns: Callable[[Sequence[Expr]], DataType],
    lower: Callable[[Call, list[str]], str],
    *,
    predicate: bool = False,
    least: int = 1,
) -> Function:
    return Function(
        name,
        returns,
        lower,
        args=(least, None),
        nulls=False,
        predicate=predicate,
        lambda_types=elements,
    )


ROWS = (
    _higher("arrayMap", _map_returns, _mapped, least=2),
    _higher("arrayFilter", _filter_returns, _lower_filter, predicate=True, least=2),
    _higher("arrayCount", _checked(UINT32), _lower_count, predicate=True),
    _higher("arrayExists", _checked(UINT8), _lower_exists, predicate=True),
    _higher("arrayAll", _checked(UINT8), _lower_all, predicate=True),
    _higher("arrayFirst", _item_returns, _lower_item, predicate=True, least=2),
    _higher("arrayLast", _item_returns, _lower_item, predicate=True, least=2),
    _higher(
        "arrayFirstOrNull",
        lambda args: nullable(_item_returns(args)),
        _lower_item,
        predicate=True,
        least=2,
    ),
    _higher(
        "arrayLastOrNull",
        lambda args: nullable(_item_returns(args)),
        _lower_item,
        predicate=True,
        least=2,
    ),
    _higher("arrayFirstIndex", _checked(UINT32), _lower_item_index, predicate=True, least=2),
    _higher("arrayLastIndex", _checked(UINT32), _lower_item_index, predicate=True, least=2),
    _higher("arraySum", _sum_returns, _lower_sum),
    _higher("arrayAvg", _number_returns, _lower_avg),
    _higher("arrayProduct", _number_returns, _lower_product),
    _higher("arrayMin", _element, _lower_extreme),
    _higher("arrayMax", _element, _lower_extreme),
    _higher("arraySort", _sort_returns, lower_sort),
    _higher("arrayReverseSort", _sort_returns, lower_sort),
    _higher("arrayCumSum", _running_returns, _lower_cumulative),
    _higher("arrayCumSumNonNegative", _running_returns, _lower_cumulative_non_negative),
    _higher("arrayDifference", _difference_returns, _lower_difference),
    _higher("arrayFill", _filter_returns, _lower_fill, predicate=True, least=2),
    _higher("arrayReverseFill", _filter_returns, _lower_fill, predicate=True, least=2),
    _higher("arraySplit", _split_returns, _lower_split, predicate=True, least=2),
    _higher("arrayReverseSplit", _split_returns, _lower_split, predicate=True, least=2),
    Function(
        "arrayFold",
        _fold_returns,
        _lower_fold,
        args=(3, None),
        nulls=False,
        folds=True,
        per_row=True,
        lambda_types=_fold_types,
    ),
)
