"""Numbers as people write them, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

from mini_tb.sql.functions.udf.values import python_udf

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_DECIMAL = ("B", "KB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_WORDS = """
    thousand million billion trillion quadrillion quintillion sextillion septillion octillion
    nonillion decillion undecillion duodecillion tredecillion quattuordecillion quindecillion
    sexdecillion septendecillion octodecillion novemdecillion vigintillion
"""
_ENOUGH_DIGITS = Context(prec=400)


def fixed(value: float, digits: int) -> str:
    """The number with so many decimals, its exact value rounded, a half away from zero."""
    if not math.isfinite(value):
        return str(value)
    unit = Decimal(1).scaleb(-digits)
    return f"{Decimal(value).quantize(unit, ROUND_HALF_UP, _ENOUGH_DIGITS):f}"


def _scaled(base: float, units: tuple[str, ...]) -> Callable[[float, int], str]:
    def text(value: float, digits: int) -> str:
        step = 0
        while step + 1 < len(units) and abs(value) >= base:
            value, step = value / base, step + 1
        return f"{fixed(value, digits)} {units[step]}".rstrip()

    return text


readable_size = _scaled(1024, _BINARY)
"""Bytes in powers of 1024."""
readable_decimal_size = _scaled(1000, _DECIMAL)
"""Bytes in powers of 1000."""
readable_quantity = _scaled(1000, ("", *_WORDS.split()))
"""A number with thousand, million, …"""

# Spans of time -------------------------------------------------------------------------------

_NANOS = {
    "years": 31_536_000_000_000_000,
    "months": 2_635_200_000_000_000,
    "days": 86_400_000_000_000,
    "hours": 3_600_000_000_000,
    "minutes": 60_000_000_000,
    "seconds": 1_000_000_000,
    "milliseconds": 1_000_000,
    "microseconds": 1_000,
    "nanoseconds": 1,
}
_UNITS = tuple(_NANOS)
_ONLY_LARGEST = 2.0**53
"""From so many seconds on, what is smaller than the largest unit is lost in a Float64."""


def readable_time(value: float, largest: str, smallest: str) -> str:
    """Seconds as years, months, days, …, from the largest to the smallest unit."""
    first, last = _UNITS.index(largest), _UNITS.index(smallest)
    if last < first:
        raise ValueError("DB::36: the largest unit is smaller than the smallest")
    if not math.isfinite(value):
        return str(value)
    sign, value = "-" if value < 0 else "", abs(value)
    if value >= _ONLY_LARGEST:
        last = first
    nanos = int(value) * 10**9 + round(value % 1 * 1e9)
    parts: list[str] = []
    for unit in _UNITS[first : last + 1]:
        count, nanos = divmod(nanos, _NANOS[unit])
        if count or (unit == "seconds" and not parts):
            parts.append(f"{count} {unit if count != 1 else unit[:-1]}")
    if not parts and first > _UNITS.index("seconds"):
        parts.append(f"0 {smallest}")
    *but_last, end = parts or [""]
    return sign + (f"{', '.join(but_last)} and {end}" if but_last else end)


# Sizes read ----------------------------------------------------------------------------------

_SIZE = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t]*([A-Za-z]*)(.*)", re.S
)
_FACTORS: dict[str, int] = {
    unit.lower(): base**power
    for base, units in ((1000, _DECIMAL[:7]), (1024, _BINARY[:7]))
    for power, unit in enumerate(units)
}


def size(text: str) -> int:
    """Bytes of `5.3 KiB`, rounded up. Raises ValueError with ClickHouse's number."""
    if text[:1].isspace():
        raise ValueError(f"DB::27: leading whitespace is not allowed ({text!r})")
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"DB::72: unable to parse readable size numeric component ({text!r})")
    number, unit, rest = match.groups()
    if rest:
        raise ValueError(f"DB::632: found trailing characters after readable size ({text!r})")
    if unit.lower() not in _FACTORS:
        raise ValueError(f"DB::6: unknown readable size unit ({unit!r})")
    value = float(number)
    if value < 0:
        raise ValueError(f"DB::36: negative sizes are not allowed ({text!r})")
    found = value * _FACTORS[unit.lower()]
    if found >= 2.0**64:
        raise ValueError(f"DB::36: the size is too big for UInt64 ({text!r})")
    return math.ceil(found)


def size_or_null(text: str) -> int | None:
    """As `size`; None where it raises."""
    try:
        return size(text)
    except ValueError:
        return None


def prometheus_value(value: float) -> str:
    """The number as Prometheus writes it: the fewest digits that read back, and no exponent."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


_SCALED = {
    "mt_readable_size": readable_size,
    "mt_readable_decimal_size": readable_decimal_size,
    "mt_readable_quantity": readable_quantity,
}
_T = "VARCHAR"

UDFS = (
    *(
        python_udf(name, ("DOUBLE", "INTEGER"), _T, function, constants=1)
        for name, function in _SCALED.items()
    ),
    python_udf("mt_readable_time", ("DOUBLE", _T, _T), _T, readable_time, constants=2),
    python_udf("mt_prometheus_value", ("DOUBLE",), _T, prometheus_value),
    python_udf("mt_size", (_T,), "UBIGINT", size),
    python_udf("mt_size_or_null", (_T,), "UBIGINT", size_or_null),
)
