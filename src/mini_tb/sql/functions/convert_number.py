"""Numbers as other numbers, and text as numbers, with ClickHouse's wraparound and truncation.

Integers that do not fit wrap around, fractions are cut off; neither is an error in ClickHouse.
"""

from __future__ import annotations

from mini_tb.types import DataType, held_digits, to_duckdb
from mini_tb.types.duckdb import quote_string

_INTEGER = r"[+-]?\d+"
_UNSIGNED = r"\+?\d+"
_FLOAT = r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|(?i:inf(inity)?|nan))"
_EXPONENT = r"([eE][+-]?\d+)?"
_DECIMAL = rf"[+-]?(\d+\.?\d*|\.\d+){_EXPONENT}"
_NO_DIGITS = rf"[+-]\.?{_EXPONENT}|\.{_EXPONENT}|[eE][+-]?\d+"
"""What ClickHouse reads as the Decimal 0: `-`, `.`, `e5`."""


def failure(number: int, message: str) -> str:
    """DuckDB text that raises ClickHouse's error `number`."""
    return f"error({quote_string(f'DB::{number}: {message}')})"


def without_effects(sql: str) -> str:
    """`sql` where DuckDB takes nothing with effects, as `error` is to it: as a key of a window, or
    beside a value that it is to know before the run."""
    return sql.replace("error('DB::", "mt_fail('DB::")


def whole(t: DataType, sql: str) -> str:
    """How many of something a number says, as BIGINT: fractions are cut off."""
    return f"CAST(trunc({sql}) AS BIGINT)" if t.is_float else f"CAST({sql} AS BIGINT)"


def fits(source: DataType, target: DataType) -> bool:
    """Whether every value of one integer type is one of the other."""
    bits = 1 if source.is_bool else source.bits
    signed = source.is_signed and not source.is_bool
    if signed == target.is_signed:
        return bits <= target.bits
    return not signed and bits < target.bits


def wrap(sql: str, target: DataType) -> str:
    """An integer of any width up to 128 bits as `target`, wrapped around."""
    bits, duck = target.bits, to_duckdb(target)
    if bits >= 128:
        return f"CAST({sql} AS {duck})"
    mask = (1 << bits) - 1
    wide = f"{sql} & CAST({mask} AS HUGEINT)" if bits == 64 else f"{sql} & {mask}"
    if not target.is_signed:
        return f"CAST({wide} AS {duck})"
    half = 1 << (bits - 1)
    cast = "HUGEINT" if bits == 64 else "BIGINT"
    return f"CAST(xor({wide}, CAST({half} AS {cast})) - {half} AS {duck})"


def integer_to_integer(source: DataType, target: DataType, sql: str) -> str:
    """An integer or Bool as another integer."""
    duck = to_duckdb(target)
    if fits(source, target):
        if source.is_bool and duck == "BIGNUM":
            return f"CAST(CAST({sql} AS UTINYINT) AS BIGNUM)"
        return f"CAST({sql} AS {duck})"
    if max(source.bits, target.bits) >= 128:
        # Beyond DuckDB's arithmetic, and rare: over the distinct values, as text.
        text = f"CAST({sql} AS VARCHAR)"
        signed = "true" if target.is_signed else "false"
        return f"CAST(mt_wrap_integer({text}, {target.bits}, {signed}) AS {duck})"
    narrow = source.bits <= 32 or (source.bits == 64 and source.is_signed)
    wide = "BIGINT" if narrow and target.bits < 64 else "HUGEINT"
    return wrap(f"CAST({sql} AS {wide})", target)


def float_to_integer(target: DataType, sql: str) -> str:
    """A float cut to an integer; past the range it is what the processor's conversion gives."""
    duck = to_duckdb(target)
    finite = (
        f"CASE WHEN isfinite({sql}) THEN trunc({sql}) WHEN {sql} IS NULL THEN NULL "
        f"ELSE {failure(70, 'Unexpected inf or nan to integer conversion')} END"
    )
    if target.bits >= 128:
        return f"CAST({finite} AS {duck})"
    if target.bits <= 16 or target.name == "Int32":
        least, wide = -(1 << 31), "INTEGER"
        inside = f"abs(CAST({sql} AS DOUBLE)) < 2147483648"
    elif target.name == "UInt64":
        return (
            f"CASE WHEN {sql} >= 0 AND {sql} < 18446744073709551616 "
            f"THEN CAST(trunc({sql}) AS UBIGINT) "
            f"WHEN {sql} < 0 AND {sql} >= -9223372036854775808 "
            f"THEN {wrap(f'CAST(trunc({sql}) AS HUGEINT)', target)} "
            f"WHEN isfinite({sql}) THEN CAST(9223372036854775808 AS UBIGINT) "
            f"ELSE CAST({finite} AS UBIGINT) END"
        )
    else:
        least, wide = -(1 << 63), "BIGINT"
        inside = f"abs({sql}) < 9223372036854775808"
    cut = (
        f"CASE WHEN {inside} THEN CAST(trunc({sql}) AS {wide}) "
        f"WHEN isfinite({sql}) THEN {least} ELSE CAST({finite} AS {wide}) END"
    )
    if target.name in ("Int32", "Int64"):
        return f"CAST({cut} AS {duck})"
    return wrap(f"CAST({cut} AS BIGINT)", target)


def to_decimal(source: DataType, target: DataType, sql: str) -> str:
    """A number as a Decimal; digits beyond the scale are cut off."""
    duck, scale = to_duckdb(target), target.scale
    if source.is_float:
        unit = f"1e{scale}"
        own = "FLOAT" if source.bits == 32 and scale <= 18 else "DOUBLE"
        count = f"CAST({sql} AS {own}) * CAST({unit} AS {own})"
        return f"CAST(trunc(CAST({count} AS DOUBLE)) / {unit} AS {duck})"
    if source.is_decimal and source.scale > scale:
        return f"CAST(trunc({sql}, {scale}) AS {duck})"
    return f"CAST({sql} AS {duck})"


def number_to_number(source: DataType, target: DataType, sql: str) -> str:
    """A number of one type as another."""
    duck = to_duckdb(target)
    if target.is_bool:
        return f"({sql} <> 0)"
    if target.is_float:
        return _to_float(source, target, sql)
    if source.is_integer and source.bits == 256 and not target.is_integer:
        sql = f"CAST({sql} AS VARCHAR)"  # there is no cast to what is asked for
        return f"CAST({sql} AS {duck})"
    if target.is_decimal:
        return to_decimal(source, target, sql)
    if source.is_float:
        return float_to_integer(target, sql)
    if source.is_decimal:
        whole = f"trunc({sql})"
        whole = f"CAST({whole} AS VARCHAR)" if target.bits == 256 else whole
        return f"CAST({whole} AS {duck})"
    return integer_to_integer(source, target, sql)


def _to_float(source: DataType, target: DataType, sql: str) -> str:
    """A number as a float: infinite beyond the ends of Float32."""
    if source.is_integer and source.bits == 256:
        sql = f"CAST({sql} AS DOUBLE)"
    elif target.bits == 64 or not source.is_float or source.bits == 32:
        return f"CAST({sql} AS {to_duckdb(target)})"
    if target.bits == 64:
        return sql
    return f"coalesce(TRY_CAST({sql} AS FLOAT), CAST({sql} / 0e0 AS FLOAT))"


def try_number(target: DataType, sql: str) -> str:
    """The number that a text is, NULL if it is none or does not fit: what `…OrNull` reads."""
    duck = to_duckdb(target)
    if target.is_bool:
        return try_bool(sql)
    if target.is_float:
        return f"CASE WHEN regexp_full_match({sql}, '{_FLOAT}') THEN TRY_CAST({sql} AS {duck}) END"
    if target.is_decimal:
        return _try_decimal(target, sql)
    pattern = _INTEGER if target.is_signed else _UNSIGNED
    number = f"ltrim({sql}, '+')"
    return f"CASE WHEN regexp_full_match({sql}, '{pattern}') THEN TRY_CAST({number} AS {duck}) END"


def read_number(target: DataType, sql: str) -> str:
    """The number that a text is, integers wrapped around; NULL if it is none."""
    if not target.is_integer or target.bits >= 128:
        return try_number(target, sql)
    pattern = _INTEGER if target.is_signed else _UNSIGNED
    number = wrap(f"TRY_CAST(ltrim({sql}, '+') AS HUGEINT)", target)
    return f"CASE WHEN regexp_full_match({sql}, '{pattern}') THEN {number} END"


def _try_decimal(target: DataType, sql: str) -> str:
    """Digits beyond the scale are cut off, so the text is read with more and then cut."""
    duck = to_duckdb(target)
    precision, scale = min(held_digits(target), 38), target.scale
    whole = min(precision - scale, 38)
    wide = DataType("Decimal", params=(38, min(38 - whole, 38)))
    if wide.scale == scale:
        # There are no more digits to read with: the text itself is cut.
        cut = rf"^([^.eE]*\.\d{{{scale}}})\d+$"
        read = f"regexp_replace({sql}, '{cut}', '\\1')"
    else:
        read = to_decimal(wide, target, f"TRY_CAST({sql} AS {to_duckdb(wide)})")
    return (
        f"CASE WHEN regexp_full_match({sql}, '{_DECIMAL}') THEN TRY_CAST({read} AS {duck}) "
        f"WHEN regexp_full_match({sql}, '{_NO_DIGITS}') THEN CAST(0 AS {duck}) END"
    )


def try_bool(sql: str) -> str:
    """The Bool that a text is (`true`, `1`, `yes`, `on`, … in any case); NULL if it is none."""
    low = f"lower({sql})"
    return (
        f"CASE WHEN {low} IN ('true', '1', 't', 'y', 'yes', 'on', 'enable', 'enabled') THEN TRUE "
        f"WHEN {low} IN ('false', '0', 'f', 'n', 'no', 'off', 'disable', 'disabled') THEN FALSE END"
    )
