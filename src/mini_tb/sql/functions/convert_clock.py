"""Times of day: `Time` and, with fractions of a second, `Time64`, of -999:59:59 to 999:59:59.

They are counts of ticks since midnight. Numbers past the range are taken to its end.
"""

from __future__ import annotations

from mini_tb.sql.functions import zone
from mini_tb.sql.functions.convert_moment import from_ticks, second
from mini_tb.types import INT32, DataType, datetime64, decimal, to_duckdb

_NAMES = ("Time", "Time64")
_LAST = 3_599_999


def is_clock(t: DataType) -> bool:
    """Whether a type without Nullable is `Time` or `Time64`."""
    return t.name in _NAMES


def clock(s: DataType, t: DataType, sql: str) -> str | None:
    """A number, a moment or another time of day as a `Time` or `Time64`; None where ClickHouse has
    no such conversion."""
    unit = 10**t.scale
    if s.is_number:
        return _of_number(s, t, sql)
    if s.is_date:
        count = f"CASE WHEN {sql} IS NOT NULL THEN 0 END"
    elif s.is_datetime:
        wall = zone.wall(s, sql)
        count = f"(hour({wall}) * 3600 + minute({wall}) * 60 + second({wall})) * {unit}"
        if s.name == "DateTime64" and t.scale:
            count += f" + nanosecond({sql}) % 1000000000 // {10 ** (9 - t.scale)}"
    elif is_clock(s) and t.name == "Time64":
        step = t.scale - s.scale
        count = f"{sql} * {10**step}" if step >= 0 else f"{sql} // {10**-step}"
    else:
        return None
    return f"CAST({count} AS {to_duckdb(t)})"


def _of_number(s: DataType, t: DataType, sql: str) -> str | None:
    unit = 10**t.scale
    last = (_LAST + 1) * unit - 1
    if s.is_decimal and t.name == "Time":
        return None
    exact = s.is_decimal or s.is_bool or s.bits <= 64
    wide = "DECIMAL(38, 9)" if s.is_decimal else "HUGEINT" if exact and not s.is_float else "DOUBLE"
    bounded = f"greatest(least(CAST({sql} AS {wide}), {_LAST + 1}), -{_LAST + 1})"
    count = f"greatest(least(trunc({bounded} * {unit}), {last}), -{last})"
    return f"CASE WHEN {sql} IS NOT NULL THEN CAST({count} AS {to_duckdb(t)}) END"


def from_clock(s: DataType, t: DataType, sql: str) -> tuple[DataType, str] | None:
    """A `Time` or `Time64` as a value of a type from which there is a conversion to `t`; None where
    ClickHouse has none."""
    if t.is_date:
        return t, f"CASE WHEN {sql} IS NOT NULL THEN DATE '1970-01-01' END"
    if s.name == "Time":
        if t.name == "DateTime":
            return t, second(f"(CAST({sql} AS BIGINT) & 4294967295)")
        if t.name == "DateTime64":
            return datetime64(0), from_ticks(datetime64(0), f"CAST({sql} AS BIGINT)")
        return None if t.is_decimal else (INT32, sql)
    if t.name == "DateTime64":
        return datetime64(s.scale), from_ticks(datetime64(s.scale), sql)
    if not t.is_number:
        return None
    step = f"CAST('1e-{s.scale}' AS DECIMAL({max(s.scale, 1) + 1}, {s.scale}))"
    scaled = f"CAST(CAST({sql} AS DECIMAL(18, 0)) * {step} AS DECIMAL(18, {s.scale}))"
    return decimal(18, s.scale), scaled
