"""Conversions that lose nothing: what `accurateCastOrNull` and `to…OrDefault` compute."""

from __future__ import annotations

from mini_tb.sql.functions import convert_number as number
from mini_tb.sql.functions.convert import lower_cast, read_text
from mini_tb.sql.functions.convert_clock import is_clock
from mini_tb.sql.functions.convert_moment import to_number
from mini_tb.sql.functions.convert_text import to_text
from mini_tb.types import DataType, to_duckdb


def accurate(source: DataType, target: DataType, sql: str) -> str:
    """`sql` as `target`, NULL where that would lose something or is no value of the type.

    Raises `ArgumentError` as `lower_cast`.
    """
    s, t = source.bare, target.bare
    if s.is_nothing and source.is_nullable:
        return f"CAST(NULL AS {to_duckdb(t)})"
    if s.is_string:
        if t.is_string:
            return lower_cast(s, t, sql)
        text = to_text(s, sql)
        return number.try_number(t, text) if t.is_number else read_text(t, text)
    is_wide = s.is_integer and s.bits >= 128
    to_fraction = t.is_decimal or t.name == "DateTime64"
    if (s.is_number and t.name in ("IPv4", "IPv6", "UUID")) or (
        to_fraction and (is_wide or s.is_enum)
    ):
        # ClickHouse has no such conversion, and no error for it.
        return f"CAST(NULL AS {to_duckdb(t)})"
    if s.name == "DateTime64" and t.is_decimal:
        fraction, count = to_number(s, sql)
        fits = f"TRY_CAST({count} AS {to_duckdb(t)}) IS NOT NULL"
        return f"CASE WHEN {fits} THEN {lower_cast(fraction, t, count)} END"
    if is_clock(t) and s.is_float and not t.scale:
        return f"CASE WHEN {sql} = trunc({sql}) THEN {lower_cast(s, t, sql)} END"
    if t.is_bool or not (s.is_number and (t.is_number or t.is_date_or_datetime)):
        return lower_cast(s, t, sql)
    return _number(s, t, sql) if t.is_number else _moment(s, t, sql)


def _number(s: DataType, t: DataType, sql: str) -> str:
    duck = to_duckdb(t)
    if t.is_integer and t.bits == 256:
        found = _wide(s, sql)
        return found if t.is_signed else f"CASE WHEN {sql} >= 0 THEN {found} END"
    if t.is_integer and s.is_decimal:
        return f"TRY_CAST(trunc({sql}) AS {duck})"
    if t.is_integer and s.is_float:
        return f"CASE WHEN {sql} = trunc({sql}) THEN TRY_CAST({sql} AS {duck}) END"
    if t.is_float:
        found = lower_cast(s, t, sql)
        return f"CASE WHEN TRY_CAST({found} AS {to_duckdb(s)}) = {sql} THEN {found} END"
    if s.is_integer and s.bits == 256:
        # A TRY_CAST of a BIGNUM that fails stops the whole database for good; one of its text
        # does not.
        return f"TRY_CAST(CAST({sql} AS VARCHAR) AS {duck})"
    return f"TRY_CAST({sql} AS {duck})"


def _wide(s: DataType, sql: str) -> str:
    """A number as an integer of 256 bits, which DuckDB has no bounds for; all but the largest
    floats fit."""
    if s.is_integer or s.is_bool:
        whole = f"CAST({sql} AS UTINYINT)" if s.is_bool else sql
        return f"CAST({whole} AS BIGNUM)"
    if s.is_decimal:
        return f"CAST(CAST(trunc({sql}) AS VARCHAR) AS BIGNUM)"
    return f"CASE WHEN {sql} = trunc({sql}) AND abs({sql}) < 5e76 THEN CAST({sql} AS BIGNUM) END"


def _moment(s: DataType, t: DataType, sql: str) -> str:
    found = lower_cast(s, t, sql)
    if t.name == "DateTime64":
        return found
    low = -719_528 if t.name == "Date32" and not s.is_float else 0
    whole = f"{sql} = trunc({sql}) AND " if s.is_float else ""
    return f"CASE WHEN {whole}{sql} BETWEEN {low} AND 4294967295 THEN {found} END"
