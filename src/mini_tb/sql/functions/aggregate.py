"""Aggregate functions, their parameters and combinators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mini_tb.sql.functions.comparison import truth
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.sql.tree import Expr
from mini_tb.types import FLOAT32, FLOAT64, UINT64, DataType, decimal, nullable, to_duckdb


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """A base aggregate: type of its result on arguments that are not NULL, and DuckDB text."""

    name: str
    returns: Callable[[Sequence[DataType]], DataType]
    lower: Callable[[Sequence[Any], list[str]], str]
    args: tuple[int, int] = (1, 1)
    params: tuple[int, int] = (0, 0)
    empty: str | None = None
    """DuckDB text of the answer for no rows; None: the type's default."""


@dataclass(frozen=True, slots=True)
class BoundAggregate:
    """An aggregate with its combinators and parameters, ready for arguments of known types."""

    base: AggregateFunction
    type: DataType
    params: tuple[Any, ...]
    distinct: bool
    condition: Expr | None

    def lower(self, args: list[str], filter_: str | None, over: str = "") -> str:
        """DuckDB text of the aggregate over lowered arguments; `filter_` is a BOOLEAN text."""
        conditions = [filter_] if filter_ else []
        if self.condition is not None:
            conditions.append(truth(self.condition, args[-1]))
            args = args[:-1]
        call = self.base.lower(self.params, args)
        if self.distinct:
            head, _, rest = call.partition("(")
            call = f"{head}(DISTINCT {rest}"
        if conditions:
            call += f" FILTER (WHERE {' AND '.join(conditions)})"
        if over:
            call += f" {over}"
        duck = to_duckdb(self.type)
        if self.type.is_nullable:
            return f"CAST({call} AS {duck})"
        empty = self.base.empty or literal(zero(self.type), self.type)
        return f"coalesce(CAST({call} AS {duck}), {empty})"


def _sum_type(types: Sequence[DataType]) -> DataType:
    t = types[0]
    if t.is_decimal:
        return decimal(38 if int(t.params[0]) <= 38 else 76, t.scale)
    if t.is_float:
        return FLOAT64
    if t.is_bool or t.is_integer:
        return DataType("Int64") if t.is_signed and not t.is_bool else UINT64
    raise ArgumentError(f"illegal type `{t}`, expected a number")


def _float(types: Sequence[DataType]) -> DataType:
    if not types[0].is_number:
        raise ArgumentError(f"illegal type `{types[0]}`, expected a number")
    return FLOAT64


def _plain(name: str) -> Callable[[Sequence[Any], list[str]], str]:
    return lambda params, args: f"{name}({', '.join(args)})"


def _quantile_type(types: Sequence[DataType]) -> DataType:
    t = types[0]
    return t if t.is_date_or_datetime or t == FLOAT32 else FLOAT64


_NAN = "CAST('nan' AS DOUBLE)"
_BASES = (
    AggregateFunction("count", lambda types: UINT64, _plain("count"), args=(0, 1)),
    AggregateFunction("sum", _sum_type, _plain("sum")),
    AggregateFunction("avg", _float, _plain("avg"), empty=_NAN),
    AggregateFunction("min", lambda types: types[0], _plain("min")),
    AggregateFunction("max", lambda types: types[0], _plain("max")),
    AggregateFunction("any", lambda types: types[0], _plain("any_value")),
    AggregateFunction("uniqExact", lambda types: UINT64, lambda p, a: f"count(DISTINCT {a[0]})"),
    AggregateFunction("uniq", lambda types: UINT64, lambda p, a: f"count(DISTINCT {a[0]})"),
    AggregateFunction("stddevSamp", _float, _plain("stddev_samp"), empty=_NAN),
    AggregateFunction("stddevPop", _float, _plain("stddev_pop"), empty=_NAN),
    AggregateFunction(
        "quantile",
        _quantile_type,
        lambda params, args: f"quantile_cont({args[0]}, {params[0] if params else 0.5})",
        params=(0, 1),
        empty=_NAN,
    ),
    AggregateFunction("argMax", lambda types: types[0], _plain("arg_max"), args=(2, 2)),
    AggregateFunction("argMin", lambda types: types[0], _plain("arg_min"), args=(2, 2)),
)
AGGREGATES = {base.name: base for base in _BASES}
_ANY_CASE = {"count", "sum", "avg", "min", "max", "any"}


def _resolve(name: str) -> tuple[AggregateFunction, bool] | None:
    folded = name.lower()
    if name in AGGREGATES:
        return AGGREGATES[name], False
    if folded in _ANY_CASE:
        return AGGREGATES[folded], False
    if name.endswith("If"):
        inner = _resolve(name[:-2])
        return (inner[0], True) if inner else None
    return None


def is_aggregate(name: str) -> bool:
    """Whether `name` is an aggregate function, with or without combinators."""
    return _resolve(name) is not None


def bind_aggregate(
    name: str, params: Sequence[Any], args: list[Expr], *, distinct: bool
) -> BoundAggregate:
    """The aggregate for these arguments. Raises `ArgumentError`."""
    resolved = _resolve(name)
    assert resolved is not None
    base, has_if = resolved
    condition = args[-1] if has_if and args else None
    values = args[:-1] if has_if else args
    least, most = base.args
    if not least <= len(values) <= most:
        raise ArgumentError(f"`{name}` takes {least} to {most} arguments, found {len(values)}", 42)
    result = base.returns([arg.type.bare for arg in values])
    if any(arg.type.is_nullable for arg in values) and base.name not in ("count", "uniq"):
        result = nullable(result)
    return BoundAggregate(base, result, tuple(params), distinct, condition)
