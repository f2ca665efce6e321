"""Cash flows: net present values and internal rates of return."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.aggregates.rows import fresh
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function, constant, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, DataType

_DAYS_OF_YEAR = {"ACT_365F": 365.0, "ACT_365_25": 365.25}


def _rate(arg: Expr) -> None:
    if not arg.type.is_float:
        raise ArgumentError(f"illegal type `{arg.type}` of a rate, expected Float32 or Float64")


def _flows(arg: Expr) -> None:
    t = arg.type
    element = t.element if t.is_array else t
    is_signed = element.is_integer and element.is_signed and element.bits <= 64
    if not t.is_array or element.is_nullable or not (element.is_float or is_signed):
        raise ArgumentError(
            f"illegal type `{t}` of a cash flow, expected an Array of floats or signed integers"
        )


def _dates(arg: Expr) -> None:
    t = arg.type
    if not t.is_array or t.element.name not in ("Date", "Date32"):
        raise ArgumentError(f"illegal type `{t}`, expected an Array of Date or Date32")


def _day_count(arg: Expr) -> float:
    name = text(arg)
    if name not in _DAYS_OF_YEAR:
        raise ArgumentError(f"invalid day count value `{name}`")
    return _DAYS_OF_YEAR[name]


def _guess(arg: Expr) -> None:
    _rate(arg)
    constant(arg)


def _returns(*checks: Callable[[Expr], object]) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        for check, arg in zip(checks, args, strict=False):
            check(arg)
        return FLOAT64

    return returns


def _starts_from_zero(args: Sequence[Expr]) -> bool:
    return len(args) < 3 or bool(constant(args[2]))


def _lower_value(call: Call, args: list[str]) -> str:
    rate, flows = f"CAST({args[0]} AS DOUBLE)", args[1]
    flow = fresh(*args)
    i = fresh(*args, flow)
    period = f"({i} - 1)" if _starts_from_zero(call.args) else i
    discounted = f"list_transform({flows}, lambda {flow}, {i}: {flow} / pow(1 + {rate}, {period}))"
    empty = failure(43, "Cashflow array must not be empty")
    return (
        f"CASE WHEN len({flows}) = 0 THEN {empty} "
        f"WHEN {rate} = 0 THEN CAST(list_sum({flows}) AS DOUBLE) "
        f"WHEN {rate} <= -1 THEN CAST('inf' AS DOUBLE) ELSE list_sum({discounted}) END"
    )


def _years(flows: str, dates: str, days: float) -> str:
    """The years from the first date to each; an error if there are not as many as flows."""
    date = fresh(flows, dates)
    years = f"list_transform({dates}, lambda {date}: ({date} - {dates}[1]) / {days})"
    unequal = failure(43, "Cashflow and date arrays must have the same size for each row")
    return f"CASE WHEN len({flows}) <> len({dates}) THEN {unequal} ELSE {years} END"


def _lower_dated_value(call: Call, args: list[str]) -> str:
    rate, flows = f"CAST({args[0]} AS DOUBLE)", args[1]
    days = _day_count(call.args[3]) if len(args) > 3 else 365.0
    flow = fresh(*args)
    zipped = f"list_zip({flows}, {_years(flows, args[2], days)})"
    discounted = f"list_transform({zipped}, lambda {flow}: {flow}[1] / pow(1 + {rate}, {flow}[2]))"
    return (
        f"CASE WHEN {rate} <= -1 THEN CAST('inf' AS DOUBLE) "
        f"ELSE coalesce(list_sum({discounted}), 0.0) END"
    )


def _doubles(flows: str) -> str:
    return f"CAST({flows} AS DOUBLE[])"


def _lower_return(call: Call, args: list[str]) -> str:
    flow = fresh(*args)
    i = fresh(*args, flow)
    periods = f"list_transform({args[0]}, lambda {flow}, {i}: CAST({i} - 1 AS DOUBLE))"
    guess = args[1] if len(args) > 1 else "0.1"
    return f"mt_rate_of_return({_doubles(args[0])}, {periods}, CAST({guess} AS DOUBLE), FALSE)"


def _lower_dated_return(call: Call, args: list[str]) -> str:
    days = _day_count(call.args[3]) if len(args) > 3 else 365.0
    years = f"CAST({_years(args[0], args[1], days)} AS DOUBLE[])"
    guess = args[2] if len(args) > 2 else "0.1"
    return f"mt_rate_of_return({_doubles(args[0])}, {years}, CAST({guess} AS DOUBLE), TRUE)"


ROWS = (
    Function(
        "financialNetPresentValue",
        _returns(_rate, _flows, lambda arg: constant(arg)),
        _lower_value,
        args=(2, 3),
        per_row=True,
    ),
    Function(
        "financialNetPresentValueExtended",
        _returns(_rate, _flows, _dates, _day_count),
        _lower_dated_value,
        args=(3, 4),
        per_row=True,
    ),
    Function(
        "financialInternalRateOfReturn",
        _returns(_flows, _guess),
        _lower_return,
        args=(1, 2),
        per_row=True,
    ),
    Function(
        "financialInternalRateOfReturnExtended",
        _returns(_flows, _dates, _guess, _day_count),
        _lower_dated_return,
        args=(2, 4),
        per_row=True,
    ),
)
