"""Aggregates of rows in their order, or along a time or another axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import (
    NAN,
    Base,
    Leaf,
    Types,
    double,
    listed,
    native,
)
from mini_tb.sql.functions.aggregates.rows import (
    GroupRows,
    ListRows,
    Rows,
    columns_of,
    elements,
    fresh,
    item_of,
    let,
)
from mini_tb.sql.functions.convert_number import wrap
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import FLOAT32, FLOAT64, STRING, UINT8, UINT64, DataType, array, tuple_of


def _number_type(types: Types, params: Sequence[Any]) -> DataType:
    return UINT8 if types[0].is_bool else types[0]


def _axis(t: DataType, text: str) -> str:
    """A number or a moment as a DOUBLE."""
    if t.is_date:
        return f"CAST(date_diff('day', DATE '1970-01-01', {text}) AS DOUBLE)"
    return f"epoch({text})" if t.is_datetime else double(text)


def _axes(name: str) -> Any:
    def check(types: Types, params: Sequence[Any]) -> None:
        for t in types:
            if not (t.is_number or t.is_date_or_datetime):
                raise ArgumentError(f"illegal type `{t}` of an argument of `{name}`")

    return check


# Differences ---------------------------------------------------------------------------------


def _rises(f: Leaf, items: str) -> str:
    """The sum of the steps up from each value to the next."""
    rows = elements(items, len(f.types))
    value = rows.args[0]
    if not (f.types[0].is_float or f.types[0].is_decimal):
        value = f"CAST({value} AS HUGEINT)"

    def steps(xs: str) -> str:
        pair = fresh(xs)
        pairs = f"list_zip({xs}[:len({xs}) - 1], {xs}[2:])"
        step = f"greatest({pair}[2] - {pair}[1], 0)"
        found = f"list_sum(list_transform({pairs}, lambda {pair}: {step}))"
        return wrap(found, f.type.bare) if f.type.bare.is_integer else found

    return let(rows.call("list", value), steps)


def _timestamp_check(types: Types, params: Sequence[Any]) -> None:
    if not types[0].is_number:
        raise ArgumentError(f"illegal type `{types[0]}`, expected a number")
    native("deltaSumTimestamp")(types, params)
    narrow = types[1].is_integer and types[1].bits < 32
    is_moment = types[1].name in ("Date", "DateTime")
    if narrow or not (types[1].is_integer or types[1].is_float or is_moment):
        raise ArgumentError(f"illegal type `{types[1]}` of a timestamp")


def _delta_check(types: Types, params: Sequence[Any]) -> None:
    if types[0].is_decimal or (types[0].is_integer and types[0].bits == 256):
        raise ArgumentError(f"illegal type `{types[0]}` of an argument of `deltaSum`")


def _slope(first_y: str, last_y: str, first_x: str, last_x: str) -> str:
    return f"({last_y} - {first_y}) / ({last_x} - {first_x})"


def _ratio(f: Leaf, rows: Rows) -> str:
    x, y = _axis(f.types[0], rows.args[0]), _axis(f.types[1], rows.args[1])
    return _slope(
        rows.call("arg_min", y, x),
        rows.call("arg_max", y, x),
        rows.call("min", x),
        rows.call("max", x),
    )


# Decay ---------------------------------------------------------------------------------------


def half_life(f: Leaf) -> float:
    """The parameter of a decay: a positive number."""
    value = f.params[0]
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ArgumentError(f"parameter of `{f.base.name}` must be a positive number", 36)
    return float(value)


def _moving_average(f: Leaf, items: str) -> str:
    half = half_life(f)

    def over(xs: str) -> str:
        rows = elements(xs, 2)
        latest = rows.call("max", _axis(f.types[1], rows.args[1]))

        def at(now: str) -> str:
            inner = elements(xs, 2)
            age = f"({now} - {_axis(f.types[1], inner.args[1])})"
            return inner.call("sum", f"{double(inner.args[0])} * pow(2, -{age} / {half!r})")

        return f"{let(latest, at)} * (1 - pow(2, -1 / {half!r}))"

    return let(items, over)


def _decayed(name: str, text: str, args: int) -> Base:
    """A function over a window: rows weigh less the older they are than the current one."""

    def value(f: Leaf, rows: Rows) -> str:
        if not isinstance(rows, GroupRows) or not rows.over:
            raise ArgumentError(f"`{name}` can only be used over a window", 36)
        tau = half_life(f)
        now = _axis(f.types[-1], rows.args[-1])
        count = len(rows.args)
        items = rows.call("list", item_of(rows.args))
        past = ListRows.of(items, lambda item: columns_of(item, count))
        weight = f"exp(({_axis(f.types[-1], past.args[-1])} - {now}) / {tau!r})"
        weighted = f"{double(past.args[0])} * {weight}"
        parts = {
            "sum": past.call("sum", weighted),
            "max": past.call("max", weighted),
            "weights": past.call("sum", weight),
        }
        return text.format(**parts)

    return listed(
        name,
        FLOAT64,
        lambda f, items: "NULL",
        value=value,
        args=(args, args),
        params=(1, 1),
        check=_axes(name),
    )


# Intervals -----------------------------------------------------------------------------------


def _most_open(f: Leaf, items: str) -> str:
    return let(items, lambda xs: f"mt_most_open({', '.join(_points(f, xs))})[1]")


def _most_open_place(f: Leaf, items: str) -> str:
    return let(items, lambda xs: f"mt_most_open({', '.join(_points(f, xs))})[2]")


def _alike(name: str) -> Callable[[Types, Sequence[Any]], None]:
    def check(types: Types, params: Sequence[Any]) -> None:
        native(name)(types, params)
        if types[0] != types[1]:
            message = f"both ends must have one type, found `{types[0]}` and `{types[1]}`"
            raise ArgumentError(message)

    return check


def _intervals(types: Types, params: Sequence[Any]) -> None:
    if any(t.name in ("Date32", "DateTime64") for t in types):
        raise ArgumentError(f"illegal type `{types[0]}` of an argument of `intervalLengthSum`")
    _axes("intervalLengthSum")(types, params)
    _alike("intervalLengthSum")(types, params)


def _length_type(types: Types, params: Sequence[Any]) -> DataType:
    return FLOAT64 if types[0].is_float else UINT64


def _covered(f: Leaf, items: str) -> str:
    name = "mt_covered_32" if f.types[0].bare == FLOAT32 else "mt_covered"
    return let(items, lambda xs: f"{name}({', '.join(_points(f, xs))})")


# Rankings and pictures -----------------------------------------------------------------------


def _rank_correlation(f: Leaf, items: str) -> str:
    return let(items, lambda xs: f"mt_rank_correlation({', '.join(_points(f, xs))})")


def _points(f: Leaf, items: str) -> tuple[str, str]:
    """The x and the y of a list of rows, each as a list of DOUBLEs."""
    rows = elements(items, 2)
    x, y = (_axis(t, c) for t, c in zip(f.types, rows.args, strict=True))
    return rows.call("list", x), rows.call("list", y)


def _largest_triangles(f: Leaf, items: str) -> str:
    return let(f"list_sort({items})", lambda xs: _buckets_of(f, xs))


def _buckets_of(f: Leaf, xs: str) -> str:
    count = f.params[0]
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ArgumentError(f"parameter of `{f.base.name}` must be a positive integer", 36)
    x, y = _points(f, xs)
    return f"list_select({xs}, mt_lttb({x}, {y}, {count}))"


def _bars(f: Leaf, items: str) -> str:
    width, *bounds = f.params
    if isinstance(width, bool) or not isinstance(width, int) or not 1 < width <= 1024:
        raise ArgumentError("`sparkbar` takes a width from 2 to 1024", 36)
    low, high = (double(str(b)) for b in bounds) if len(bounds) == 2 else ("NULL", "NULL")

    def draw(xs: str) -> str:
        x, y = _points(f, xs)
        whole = "FALSE" if f.types[1].is_float or f.types[1].is_decimal else "TRUE"
        return f"mt_sparkbar({x}, {y}, {width}, {low}, {high}, {whole})"

    return let(items, draw)


def _histogram_check(types: Types, params: Sequence[Any]) -> None:
    count = params[0]
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 250:
        raise ArgumentError("`histogram` takes a number of bins from 1 to 250", 36)


def _gini(f: Leaf, items: str) -> str:
    def over(xs: str) -> str:
        x = elements(xs, 1).call("list", double(elements(xs, 1).item))
        return f"mt_gini({x})"

    return let(items, over)


BASES = (
    listed(
        "deltaSum",
        _number_type,
        _rises,
        nulls="skip",
        needs_numbers=True,
        check=_delta_check,
    ),
    listed(
        "deltaSumTimestamp",
        _number_type,
        _rises,
        args=(2, 2),
        nulls="skip",
        check=_timestamp_check,
    ),
    listed(
        "boundingRatio",
        FLOAT64,
        lambda f, items: let(items, lambda xs: _ratio(f, elements(xs, 2))),
        value=_ratio,
        args=(2, 2),
        empty=NAN,
        check=_axes("boundingRatio"),
    ),
    listed(
        "exponentialMovingAverage",
        FLOAT64,
        _moving_average,
        args=(2, 2),
        params=(1, 1),
        needs_numbers=True,
    ),
    _decayed("exponentialTimeDecayedSum", "{sum}", 2),
    _decayed("exponentialTimeDecayedMax", "{max}", 2),
    _decayed("exponentialTimeDecayedAvg", "{sum} / {weights}", 2),
    _decayed("exponentialTimeDecayedCount", "{weights}", 1),
    listed(
        "maxIntersections",
        UINT64,
        _most_open,
        args=(2, 2),
        needs_numbers=True,
        check=_alike("maxIntersections"),
    ),
    listed(
        "maxIntersectionsPosition",
        _number_type,
        _most_open_place,
        args=(2, 2),
        needs_numbers=True,
        check=_alike("maxIntersectionsPosition"),
    ),
    listed(
        "intervalLengthSum",
        _length_type,
        _covered,
        args=(2, 2),
        nulls="skip",
        check=_intervals,
    ),
    listed("rankCorr", FLOAT64, _rank_correlation, args=(2, 2), empty=NAN, needs_numbers=True),
    listed("gini", FLOAT64, _gini, empty=NAN, needs_numbers=True),
    listed(
        "largestTriangleThreeBuckets",
        lambda types, params: array(
            tuple_of(*(t if t.is_date_or_datetime else FLOAT64 for t in types))
        ),
        _largest_triangles,
        args=(2, 2),
        params=(1, 1),
        nulls="skip",
        check=_axes("largestTriangleThreeBuckets"),
        aliases=("lttb",),
    ),
    listed(
        "sparkbar",
        STRING,
        _bars,
        args=(2, 2),
        params=(1, 3),
        check=_axes("sparkbar"),
        aliases=("sparkBar",),
    ),
    listed(
        "histogram",
        array(tuple_of(FLOAT64, FLOAT64, FLOAT64)),
        lambda f, items: f"mt_histogram({items}, {f.params[0]})",
        columns=lambda f, args: (double(args[0]),),
        row=lambda f: FLOAT64,
        params=(1, 1),
        nulls="skip",
        check=_histogram_check,
        needs_numbers=True,
    ),
)
