"""The rate at which cash flows are worth nothing today: a search, row by row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from mini_tb.sql.functions.udf.values import python_udf

LOW, HIGH = -0.999999, 100.0
"""Rates beyond these are not looked for."""
_MOST_STEPS = 100
_PRECISION = math.ldexp(1.0, 1 - 49)
_NEAR_ENOUGH = 1e-6

Curve = Callable[[float], float]


def rate_of_return(flows: Sequence[float], years: Sequence[float], guess: float) -> float:
    """The rate that makes the flows worth nothing at the first of the times; nan if none is
    found. From `guess` on by Newton's method, as ClickHouse does: of several rates that fit, it
    decides which one is found."""

    def value(rate: float) -> float:
        base = 1.0 + rate
        return sum(f / math.pow(base, t) for f, t in zip(flows, years, strict=True))

    def slope(rate: float) -> float:
        base = 1.0 + rate
        return sum(-f * t / math.pow(base, t + 1) for f, t in zip(flows, years, strict=True))

    try:
        rate = _newton(value, slope, guess)
        if LOW <= rate <= HIGH and abs(value(rate)) < _NEAR_ENOUGH:
            return rate
        return _bisect(value)
    except (OverflowError, ZeroDivisionError, ValueError):
        return math.nan


def _newton(value: Curve, slope: Curve, guess: float) -> float:
    """Newton's method between `LOW` and `HIGH`; half-way to a bound where a step leaves them or
    does not come nearer. Raises ValueError where there is no root between the bounds."""
    rate, low, high = guess, LOW, HIGH
    value_low = value_high = 0.0
    step = last = before = math.inf
    for _ in range(_MOST_STEPS):
        before, last = last, step
        at = value(rate)
        if at == 0.0:
            break
        rise = slope(rate)
        step = at / rise if rise else math.copysign((high - low) / 2, step)
        if abs(step * 2) > abs(before):
            half = (rate - low) / 2 if step > 0 else (rate - high) / 2
            jumps = rate != 0.0 and abs(half) > abs(rate)
            step = math.copysign(abs(rate) * 1.1, step) if jumps else half
            last = before = 3 * step
        old, rate = rate, rate - step
        if rate <= low or rate >= high:
            step = (old - (low if rate <= low else high)) / 2
            rate = old - step
            if rate in (low, high):
                break
        if step > 0:
            high, value_high = old, at
        else:
            low, value_low = old, at
        if value_low * value_high > 0:
            raise ValueError("there is no root between the bounds")
        if abs(rate * _PRECISION) >= abs(step):
            break
    return rate


def _bisect(value: Curve) -> float:
    """A root between `LOW` and `HIGH` if the signs there differ, else nan."""
    low, high = LOW, HIGH
    at_low = value(low)
    if not at_low * value(high) < 0:
        return math.nan
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        at = value(middle)
        if at == 0.0:
            return middle
        if (at > 0) == (at_low > 0):
            low = middle
        else:
            high = middle


def _has_answer(flows: Sequence[float], years: Sequence[float], *, dated: bool) -> bool:
    if len(flows) <= 1:
        return False
    if dated:
        rises = all(a < b for a, b in pairwise(years))
        return rises and any(flow != 0 for flow in flows)
    return any(flow > 0 for flow in flows) and any(flow < 0 for flow in flows)


def rate_or_nan(flows: Sequence[float], years: Sequence[float], guess: float, dated: bool) -> float:
    """The rate of return; nan where there is none to look for."""
    if not _has_answer(flows, years, dated=dated):
        return math.nan
    return rate_of_return(flows, years, guess)


_PARAMETERS = ("DOUBLE[]", "DOUBLE[]", "DOUBLE", "BOOLEAN")

UDFS = (python_udf("mt_rate_of_return", _PARAMETERS, "DOUBLE", rate_or_nan),)
