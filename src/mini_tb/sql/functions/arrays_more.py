"""Arrays: shifting, transposing, the least and greatest, and measures of whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.arrays import (
    default_text,
    index_of_element,
    need_array,
    one_index,
    zipped_arrays,
)
from mini_tb.sql.functions.compose import call as called
from mini_tb.sql.functions.compose import composed
from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.constants import literal, typed_default
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    is_lambda,
    over_dictionaries,
    without_low_cardinality,
)
from mini_tb.sql.functions.higher_order import elements, places_in_order
from mini_tb.sql.tree import Call, Expr, LambdaExpr
from mini_tb.types import FLOAT64, NOTHING, UINT64, DataType, array, nullable, tuple_of


def _or_null_returns(args: Sequence[Expr]) -> DataType:
    t, index = args[0].type, args[1]
    if index.type.is_nothing:
        return nullable(NOTHING)
    if t.is_map:
        supertype([t.types[0], index.type])
        element = without_low_cardinality(t.types[1])
    elif index.type.is_array:
        need_array(args[0])
        return array(_or_null_returns([args[0], one_index(index)]))
    else:
        element = need_array(args[0])
        index_of_element(index)
    return nullable(element) if element.can_be_nullable else element


def _lower_or_null(call: Call, args: list[str]) -> str:
    t, index = call.args[0].type, call.args[1]
    if index.type.is_nothing:
        return "CAST(NULL AS INTEGER)"
    if t.is_map:
        found = f"{args[0]}[{lower_cast(index.type, t.types[0], args[1])}]"
    elif index.type.is_array:
        each = Call(call.type.element, call.function, [call.args[0], one_index(index)])
        return f"list_transform({args[1]}, lambda ix: {_lower_or_null(each, [args[0], 'ix'])})"
    else:
        found = f"{args[0]}[CAST({args[1]} AS BIGINT)]"
    return found if call.type.is_nullable else f"coalesce({found}, {default_text(call.type)})"


def _remove_returns(args: Sequence[Expr]) -> DataType:
    element = need_array(args[0])
    if not args[1].type.is_nothing:
        supertype([element, args[1].type])
    return args[0].type


def _lower_remove(call: Call, args: list[str]) -> str:
    value = call.args[1].type
    if value.is_nothing:
        return f"list_filter({args[0]}, lambda e: e IS NOT NULL)"
    common = supertype([call.args[0].type.element.bare, value.bare])
    element = lower_cast(call.args[0].type.element, common, "e")
    wanted = lower_cast(value, common, args[1])
    return f"list_filter({args[0]}, lambda e: {element} IS DISTINCT FROM {wanted})"


# Filled and counted --------------------------------------------------------------------------


def _flattened_returns(args: Sequence[Expr]) -> DataType:
    need_array(args[0])
    return UINT64


def _lower_flattened(call: Call, args: list[str]) -> str:
    sql, t = args[0], call.args[0].type.bare.element
    while t.is_array:
        sql, t = f"flatten({sql})", t.element
    return f"CAST(len({sql}) AS UBIGINT)"


def _single_returns(args: Sequence[Expr]) -> DataType:
    if need_array(args[0]).is_nothing:
        raise ArgumentError("an array of nothing has no value to be filled with", 48)
    return args[0].type


def _lower_single(call: Call, args: list[str]) -> str:
    filling = default_text(call.type.bare.element)
    return f"CASE WHEN len({args[0]}) = 0 THEN [{filling}] ELSE {args[0]} END"


def _replicate_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[1:]:
        need_array(arg)
    return array(args[0].type)


def _zip_returns(args: Sequence[Expr]) -> DataType:
    return array(tuple_of(*(nullable(need_array(arg)) for arg in args)))


def _lower_zip(call: Call, args: list[str]) -> str:
    fields = ", ".join(f"'{i + 1}': {sql}[i]" for i, sql in enumerate(args))
    size = (
        f"greatest({', '.join(f'len({sql})' for sql in args)})" if args[1:] else f"len({args[0]})"
    )
    return f"list_transform(range(1, {size} + 1), lambda i: {{{fields}}})"


def _transpose_returns(args: Sequence[Expr]) -> DataType:
    if not need_array(args[0]).is_array:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an Array of Arrays")
    return args[0].type


def _lower_transpose(call: Call, args: list[str]) -> str:
    rows = args[0]
    same = f"len(list_distinct(list_transform({rows}, lambda r: len(r)))) <= 1"
    columns = f"list_transform(range(1, coalesce(len({rows}[1]), 0) + 1), "
    columns += f"lambda i: list_transform({rows}, lambda r: r[i]))"
    return f"CASE WHEN {same} THEN {columns} ELSE error('DB::190: rows of different sizes') END"


def _shift_returns(args: Sequence[Expr]) -> DataType:
    element = need_array(args[0])
    if not args[1].type.is_integer:
        raise ArgumentError(f"illegal type `{args[1].type}`, expected an integer")
    return array(supertype([element, args[2].type])) if len(args) > 2 else args[0].type


def _lower_shift(call: Call, args: list[str]) -> str:
    items = lower_cast(call.args[0].type, call.type, args[0])
    element = call.type.element
    fill = "NULL" if element.is_nothing else literal(typed_default(element), element)
    if len(args) > 2:
        fill = lower_cast(call.args[2].type, element, args[2])
    by = f"coalesce(CAST({args[1]} AS BIGINT), 0)"
    if call.function.name == "arrayShiftRight":
        by = f"(-{by})"
    inside = f"i + {by} BETWEEN 1 AND len({items})"
    return (
        f"list_transform(range(1, len({items}) + 1), "
        f"lambda i: CASE WHEN {inside} THEN {items}[i + {by}] ELSE {fill} END)"
    )


def _top_types(types: Sequence[DataType], count: int) -> Sequence[DataType]:
    return elements(types[1:], count)


def _top_returns(args: Sequence[Expr]) -> DataType:
    at = 1 if is_lambda(args[0]) else 0
    if not args[at].type.is_integer:
        raise ArgumentError(f"illegal type `{args[at].type}`, expected an integer")
    return array(need_array(args[at + 1]).not_null())


def _lower_top(call: Call, args: list[str]) -> str:
    order = "DESC" if call.function.name == "arrayTopK" else "ASC"
    has_lambda = is_lambda(call.args[0])
    count = f"CAST({args[has_lambda]} AS BIGINT)"
    items = zipped_arrays(args[1 + has_lambda :])
    first = call.args[0]
    wide = isinstance(first, LambdaExpr) and len(first.params) > 1
    value = "struct_extract(e, 1)" if wide else "e"
    known = f"list_filter({items}, lambda e: {value} IS NOT NULL)"
    if not has_lambda:
        return f"list_slice(list_sort({known}, '{order}'), 1, {count})"
    keys = f"list_transform({known}, {args[0]})"
    ranked = f"list_slice({places_in_order(first.type, keys, order)}, 1, {count})"
    chosen = f"list_select({known}, {ranked})"
    return f"list_transform({chosen}, lambda e: {value})" if wide else chosen


def _numbers(args: Sequence[Expr]) -> None:
    element = need_array(args[0])
    if not element.is_number or element.is_nullable:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an Array of numbers")


def _correlation_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    return array(FLOAT64)


def _lower_correlation(call: Call, args: list[str]) -> str:
    """The correlation with itself at each lag, from 0 on."""
    items = f"CAST({args[0]} AS DOUBLE[])"
    centred = f"list_transform({items}, lambda e: e - list_avg({items}))"
    lags = f"len({items})"
    if len(args) > 1:
        lags = f"least({lags}, CAST({args[1]} AS BIGINT))"
    products = f"list_transform(range(1, len({items}) - l + 1), lambda i: d[i] * d[i + l])"
    at_lag = f"coalesce(list_sum({products}), 0)"
    scale = "list_sum(list_transform(d, lambda e: e * e))"
    each = f"CASE WHEN {scale} = 0 THEN 'nan'::DOUBLE ELSE {at_lag} / {scale} END"
    return (
        f"list_transform([{centred}], lambda d: list_transform(range({lags}), lambda l: {each}))[1]"
    )


def _curve_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[:2]:
        _numbers([arg])
    if len(args) > 2:
        raise ArgumentError("takes scores and labels only", 42)
    return FLOAT64


def _lower_curve(udf: str) -> Callable[[Call, list[str]], str]:
    return lambda call, args: f"{udf}(CAST({args[0]} AS DOUBLE[]), CAST({args[1]} AS DOUBLE[]))"


def _jaccard_returns(args: Sequence[Expr]) -> DataType:
    supertype([arg.type for arg in args])
    return FLOAT64


def _lower_jaccard(call: Call, args: list[str]) -> str:
    common = supertype([arg.type for arg in call.args])
    a, b = (
        f"list_distinct({lower_cast(arg.type, common, sql)})"
        for arg, sql in zip(call.args, args, strict=True)
    )
    both = f"len(list_intersect({a}, {b}))"
    return f"{both} / CAST(len({a}) + len({b}) - {both} AS DOUBLE)"


def _index_returns(args: Sequence[Expr]) -> DataType:
    supertype([need_array(args[0]), args[1].type])
    return UINT64


def _lower_index(call: Call, args: list[str]) -> str:
    common = supertype([call.args[0].type.element.bare, call.args[1].type.bare])
    items = lower_cast(call.args[0].type, array(common), args[0])
    value = lower_cast(call.args[1].type, common, args[1])
    return f"CAST(coalesce(list_position({items}, {value}), 0) AS UBIGINT)"


ROWS = (
    composed("notHas", lambda args: called("not", called("has", *args)), (2, 2), nulls=False),
    Function("arrayFlattenedLength", _flattened_returns, _lower_flattened, nulls=False),
    Function("emptyArrayToSingle", _single_returns, _lower_single, nulls=False),
    Function(
        "replicate",
        _replicate_returns,
        "list_transform({1}, lambda e: {0})",
        args=(2, None),
        nulls=False,
    ),
    Function(
        "arrayElementOrNull",
        over_dictionaries(_or_null_returns),
        _lower_or_null,
        args=(2, 2),
        nulls=False,
    ),
    Function(
        "arrayRemove",
        _remove_returns,
        _lower_remove,
        args=(2, 2),
        nulls=False,
        aliases=("array_remove",),
        any_case=True,
        bytes_ok=True,
    ),
    Function("arrayZipUnaligned", _zip_returns, _lower_zip, args=(1, None), nulls=False),
    Function("arrayTranspose", _transpose_returns, _lower_transpose, nulls=False),
    *(
        Function(name, _shift_returns, _lower_shift, args=(2, 3), nulls=False, per_row=True)
        for name in ("arrayShiftLeft", "arrayShiftRight")
    ),
    *(
        Function(
            name, _top_returns, _lower_top, args=(2, None), nulls=False, lambda_types=_top_types
        )
        for name in ("arrayTopK", "arrayBottomK")
    ),
    Function("arrayAutocorrelation", _correlation_returns, _lower_correlation, args=(1, 2)),
    Function(
        "arrayROCAUC",
        _curve_returns,
        _lower_curve("mt_roc_area"),
        args=(2, 4),
        aliases=("arrayAUC",),
        per_row=True,
    ),
    Function(
        "arrayAUCPR",
        _curve_returns,
        _lower_curve("mt_pr_area"),
        args=(2, 3),
        aliases=("arrayPRAUC",),
        per_row=True,
    ),
    Function("arrayJaccardIndex", _jaccard_returns, _lower_jaccard, args=(2, 2), nulls=False),
    Function(
        "indexOfAssumeSorted",
        _index_returns,
        _lower_index,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
    ),
)
