"""Series of samples on a grid of times, and how Prometheus writes values: `timeSeriesRange`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.aggregates.rows import let, struct
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_moment import from_ticks, to_ticks
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    INT64,
    STRING,
    UINT32,
    DataType,
    array,
    datetime,
    datetime64,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.duckdb import quote_string

# The grid --------------------------------------------------------------------------------------


def _grid(args: Sequence[Expr]) -> DataType:
    """The type of the grid's times: as fine as what it is made of."""
    *ends, step = (arg.type.bare for arg in args[:3])
    for t in ends:
        if t != UINT32 and not t.is_datetime:
            raise ArgumentError(f"illegal type `{t}`, expected a DateTime, DateTime64 or UInt32")
    is_whole = step.is_integer and step.bits <= 64
    if not is_whole and not (step.is_decimal and int(step.params[0]) <= 18):
        raise ArgumentError(f"illegal type `{step}` of a step, expected an integer or a Decimal")
    first = ends[0]
    scale = max(t.scale for t in (*ends, step))
    if scale == 0 and not any(t.name == "DateTime64" for t in ends):
        return first if first == UINT32 else datetime(first.zone)
    return datetime64(scale, first.zone if first.is_datetime else None)


def _range_returns(args: Sequence[Expr]) -> DataType:
    return array(_grid(args))


def _ticks(t: DataType, sql: str, scale: int) -> str:
    """A time, or a step in seconds, as a count (BIGINT) of the grid's units."""
    if t.is_datetime:
        return f"({to_ticks(t, sql)} * {10 ** (scale - t.scale)})"
    if t.is_decimal:
        return f"CAST(CAST({sql} AS DECIMAL(38, {t.scale})) * {10**scale} AS BIGINT)"
    return f"({lower_cast(t, INT64, sql)} * {10**scale})"


def _counts(call: Call, args: list[str]) -> str:
    """The grid's times as a list of counts."""
    grid = _grid(call.args)
    scale = grid.scale if grid.name == "DateTime64" else 0
    bounds = (
        _ticks(arg.type.bare, sql, scale) for arg, sql in zip(call.args[:3], args[:3], strict=True)
    )
    told = struct(dict(zip(("first", "last", "step"), bounds, strict=True)))
    return let(
        told,
        lambda g: (
            f"CASE WHEN {g}.last < {g}.first THEN {failure(36, 'the end is before the start')} "
            f"WHEN {g}.last = {g}.first THEN [{g}.first] "
            f"WHEN {g}.step <= 0 THEN {failure(36, 'the step must be greater than zero')} "
            f"ELSE range({g}.first, {g}.last + 1, {g}.step) END"
        ),
    )


def _time(grid: DataType, count: str) -> str:
    moment = count if grid == UINT32 else from_ticks(grid, count)
    return f"CAST({moment} AS {to_duckdb(grid)})"


def _lower_range(call: Call, args: list[str]) -> str:
    grid = _grid(call.args)
    return f"list_transform({_counts(call, args)}, lambda tick: {_time(grid, 'tick')})"


def _samples_returns(args: Sequence[Expr]) -> DataType:
    values = args[3].type.bare
    if not values.is_array:
        raise ArgumentError(f"illegal type `{values}`, expected an Array of values")
    element = values.element
    if element.is_nothing:
        raise ArgumentError("the values must have a type", 48)
    return array(tuple_of(_grid(args), element.bare if element.is_nullable else element))


def _lower_samples(call: Call, args: list[str]) -> str:
    """The values with their times; what is NULL has none."""
    grid, sample = _grid(call.args), call.type.element

    def joined(pair: str) -> str:
        times, values = f"{pair}.times", f"{pair}.values"
        point = struct({"1": _time(grid, "p[1]"), "2": "p[2]"})
        known = f"list_filter(list_zip({times}, {values}), lambda p: p[2] IS NOT NULL)"
        wrong = failure(36, "there are not as many values as times")
        return (
            f"CASE WHEN len({times}) <> len({values}) THEN {wrong} ELSE "
            f"list_transform({known}, lambda p: CAST({point} AS {to_duckdb(sample)})) END"
        )

    return let(struct({"times": _counts(call, args), "values": args[3]}), joined)


# Prometheus ------------------------------------------------------------------------------------

_SUFFIXES = {
    "counter": ("", "_total"),
    "histogram": ("_bucket", "_count", "_sum"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("", "_count", "_sum"),
    "info": ("", "_info"),
}
"""What the names of a metric's series end in, by its type; nothing for others."""


def _lower_suffixes(call: Call, args: list[str]) -> str:
    whens = (
        f"WHEN {quote_string(kind)} THEN [{', '.join(map(quote_string, suffixes))}]"
        for kind, suffixes in _SUFFIXES.items()
    )
    return f"CASE {args[0]} {' '.join(whens)} ELSE [''] END"


def _value_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_float:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected Float32 or Float64")
    return STRING


ROWS = (
    Function("timeSeriesRange", _range_returns, _lower_range, args=(3, 3)),
    Function("timeSeriesFromGrid", _samples_returns, _lower_samples, args=(4, 4)),
    Function("timeSeriesMetricTypeToSuffixes", strings(array(STRING)), _lower_suffixes),
    Function(
        "timeSeriesPrometheusValueToString",
        _value_returns,
        "mt_prometheus_value(CAST({0} AS DOUBLE))",
        exact=True,
    ),
)
