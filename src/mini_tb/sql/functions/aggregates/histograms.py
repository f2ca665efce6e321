"""Quantiles of histograms as Prometheus counts them: buckets by their upper bounds, each with all
that is not above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import Base, Leaf, Types, double, listed
from mini_tb.sql.functions.aggregates.quantiles import levels
from mini_tb.sql.functions.aggregates.rows import elements, let
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import DataType, array, to_duckdb


def _check(types: Types, params: Sequence[Any]) -> None:
    bound, count = types
    if not bound.is_float:
        raise ArgumentError(f"illegal type `{bound}` of an upper bound, expected a float")
    if not count.is_float and not (count.is_integer and not count.is_signed):
        raise ArgumentError(f"illegal type `{count}` of a count, expected an unsigned integer")


def _quantile(f: Leaf, items: str, level: float) -> str:
    rows = elements(items, 2)
    bounds, counts = (rows.call("list", double(arg)) for arg in rows.args)
    return f"mt_bucket_quantile({bounds}, {counts}, {level!r})"


def _one(f: Leaf, items: str) -> str:
    (level,) = levels(f)
    return let(items, lambda s: _quantile(f, s, level))


def _many(f: Leaf, items: str) -> str:
    def found(s: str) -> str:
        return ", ".join(f"coalesce({_quantile(f, s, level)}, 0)" for level in levels(f))

    return let(items, lambda s: f"[{found(s)}]")


def _zeros(f: Leaf) -> str:
    return f"CAST([{', '.join('0' for _ in levels(f))}] AS {to_duckdb(f.type)})"


def _bound(types: Types, params: Sequence[Any]) -> DataType:
    return types[0]


_OPTIONS: dict[str, Any] = {
    "args": (2, 2),
    "check": _check,
    "where": lambda f: "NOT isnan({0})",
}

BASES: tuple[Base, ...] = (
    listed(
        "quantilePrometheusHistogram",
        _bound,
        _one,
        params=(0, 1),
        **_OPTIONS,
    ),
    listed(
        "quantilesPrometheusHistogram",
        lambda types, params: array(types[0]),
        _many,
        params=(1, None),
        empty=_zeros,
        **_OPTIONS,
    ),
)
