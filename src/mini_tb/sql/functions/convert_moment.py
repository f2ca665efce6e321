"""Dates and times from numbers, from text and from one another.

Numbers and text past a type's range are taken to its end; dates and times past it wrap around, as
in ClickHouse. A Date holds 1970-01-01 to 2149-06-06, a DateTime 1970-01-01 to 2106-02-07.
"""

from __future__ import annotations

from mini_tb.sql.functions import zone
from mini_tb.sql.plain_moment import DAY, MOMENT, SECOND, form_in
from mini_tb.types import DataType, to_duckdb
from mini_tb.types.duckdb import quote_string

LAST_DAY = 65_535
LAST_SECOND = 4_294_967_295
_FIRST_MOMENT = -62_167_219_200  # 0000-01-01
_LAST_MOMENT = 253_402_300_799  # 9999-12-31 23:59:59
_LAST_NS = 9_223_372_036


def day(number: str) -> str:
    """The DATE that is so many days (INTEGER or narrower) after 1970-01-01."""
    return f"(DATE '1970-01-01' + CAST({number} AS INTEGER))"


def day_number(sql: str) -> str:
    """Days since 1970-01-01 of a DATE, as BIGINT."""
    return f"CAST({sql} - DATE '1970-01-01' AS BIGINT)"


def seconds(sql: str) -> str:
    """Seconds since 1970 of a TIMESTAMP that is a DateTime, as BIGINT."""
    return f"(epoch_us({sql}) // 1000000)"


def whole_seconds(t: DataType, sql: str) -> str:
    """Seconds since 1970 of a DateTime or DateTime64, as BIGINT, rounded down."""
    if t.name == "DateTime":
        return seconds(sql)
    return floored(to_ticks(t, sql), ticks(t), wide=t.scale > 6)


def floored(count: str, size: int, *, wide: bool = False) -> str:
    """How many whole units of `size` are in a count since 1970, rounded down: before 1970 DuckDB
    would round up. `wide`: the count may be of nanoseconds."""
    if size == 1:
        return count
    if wide:
        return f"(CASE WHEN {count} < 0 THEN {count} - {size - 1} ELSE {count} END // {size})"
    before = 10**18 // size  # earlier than all times
    return f"(({count} + {before * size}) // {size} - {before})"


def second(number: str) -> str:
    """The TIMESTAMP that is so many seconds (BIGINT) after 1970."""
    return f"make_timestamp({number} * 1000000)"


def _within(number: str, low: int, high: int) -> str:
    return (
        f"CASE WHEN {number} < {low} THEN {low} WHEN {number} > {high} THEN {high} "
        f"ELSE {number} END"
    )


def ticks(t: DataType) -> int:
    """How many ticks of its own make a second of a DateTime64 (1 for a DateTime)."""
    return int(10**t.scale)


def from_number(source: DataType, target: DataType, sql: str, zone_name: str | None = None) -> str:
    """A number as a date (days, or seconds where it is too large for days) or a time (seconds)."""
    if target.name == "DateTime64":
        return _moment_of_number(source, target, sql)
    if source.is_float:
        sql = f"CAST({sql} AS DOUBLE)"
    cut = f"trunc({sql})" if source.is_float or source.is_decimal else sql
    narrow = source.is_bool or (source.is_integer and source.bits <= 16 and not source.is_signed)
    if target.is_datetime:
        unsigned = narrow or source.name == "UInt32"
        number = cut if unsigned else _within(cut, 0, LAST_SECOND)
        return second(f"CAST({number} AS BIGINT)")
    if narrow:
        return day(cut)
    first, last = (_FIRST_MOMENT, _LAST_MOMENT) if target.name == "Date32" else (0, LAST_SECOND)
    at = second(f"CAST({_within(cut, first, last)} AS BIGINT)")
    by_second = f"CAST({zone.to_wall(at, zone_name)} AS DATE)"
    if target.name == "Date":
        return (
            f"CASE WHEN {cut} < 0 THEN DATE '1970-01-01' WHEN {cut} <= {LAST_DAY} "
            f"THEN {day(cut)} WHEN {sql} IS NOT NULL THEN {by_second} END"
        )
    return (
        f"CASE WHEN {cut} BETWEEN -719528 AND 2932896 THEN {day(cut)} "
        f"WHEN {cut} < 0 THEN DATE '0000-01-01' "
        f"WHEN {sql} IS NOT NULL THEN {by_second} END"
    )


def _moment_of_number(source: DataType, target: DataType, sql: str) -> str:
    low, high = (-_LAST_NS, _LAST_NS) if target.scale > 6 else (_FIRST_MOMENT, _LAST_MOMENT)
    if source.is_integer or source.is_bool:
        number = sql
        if not (source.is_bool or source.bits <= 32):
            number = f"CAST({_within(sql, low, high)} AS BIGINT)"
        if target.scale > 6:
            return f"make_timestamp_ns(CAST({number} AS BIGINT) * 1000000000)"
        if source.is_bool or source.bits <= 32:
            return second(f"CAST({number} AS BIGINT)")
        last = _LAST_MOMENT * 1_000_000 + 999_999 // (10 ** (6 - target.scale)) * 10 ** (
            6 - target.scale
        )
        micros = f"CASE WHEN {sql} > {high} THEN {last} ELSE {number} * 1000000 END"
        return f"make_timestamp({micros})"
    unit = ticks(target)
    if source.is_decimal:
        step = min(target.scale, source.scale)
        count = f"CAST(trunc({sql} * {10**step}) AS BIGINT) * {unit // 10**step}"
    else:
        # In the float's own width. What is past the end shows all of its last second.
        last = high * unit + (unit - 1 if target.scale <= 6 else 0)
        count = f"CAST(trunc({sql} * CAST({unit} AS {to_duckdb(source)})) AS BIGINT)"
        count = (
            f"CASE WHEN {sql} < {low} THEN {low * unit} WHEN {sql} > {high} THEN {last} "
            f"ELSE {count} END"
        )
    return from_ticks(target, count)


def from_ticks(target: DataType, count: str) -> str:
    """The moment that is so many ticks (BIGINT) of a DateTime64 after 1970."""
    if target.scale > 6:
        return f"make_timestamp_ns(({count}) * {10 ** (9 - target.scale)})"
    return f"make_timestamp(({count}) * {10 ** (6 - target.scale)})"


def bounded(scale: int, count: str) -> str:
    """A count of ticks (BIGINT) of a DateTime64 within years 0 to 9999: what is past them shows as
    their end, with its own fraction of a second."""
    if scale > 6:
        return count
    unit = 10**scale
    first, last = _FIRST_MOMENT * unit, _LAST_MOMENT * unit
    return (
        f"CASE WHEN {count} < {first} THEN {first} + ({count} % {unit} + {unit}) % {unit} "
        f"WHEN {count} >= {last + unit} THEN {last} + {count} % {unit} ELSE {count} END"
    )


def to_ticks(t: DataType, sql: str) -> str:
    """How many ticks after 1970 a DateTime64 is, as BIGINT; seconds of a DateTime."""
    if t.scale > 6:
        return f"(epoch_ns({sql}) // {10 ** (9 - t.scale)})"
    return f"(epoch_us({sql}) // {10 ** (6 - t.scale)})"


def to_number(source: DataType, sql: str) -> tuple[DataType, str]:
    """The number that a date or time is, and its type: days, seconds, a Decimal of seconds."""
    if source.name == "Date":
        return DataType("UInt16"), f"CAST({day_number(sql)} AS USMALLINT)"
    if source.name == "Date32":
        return DataType("Int32"), f"CAST({day_number(sql)} AS INTEGER)"
    if source.name == "DateTime":
        return DataType("UInt32"), f"CAST({seconds(sql)} AS UINTEGER)"
    # A count of nanoseconds may have 19 digits.
    digits = 19 if source.scale == 9 else 18
    exact = DataType("Decimal", params=(digits, source.scale))
    count = to_ticks(source, sql)
    if source.scale == 0:
        return exact, f"CAST({count} AS DECIMAL(18, 0))"
    unit = 10**source.scale
    whole = f"CAST({count} // {unit} AS DECIMAL(18, {min(source.scale, 6)}))"
    part = f"CAST({count} % {unit} AS DECIMAL(18, 0))"
    step = f"CAST('1e-{source.scale}' AS DECIMAL({source.scale + 1}, {source.scale}))"
    return exact, f"CAST({whole} + {part} * {step} AS {to_duckdb(exact)})"


def between(source: DataType, target: DataType, sql: str) -> str:
    """A date or time as another date or time."""
    duck = to_duckdb(target)
    if target.name == "Date":
        if source.name == "DateTime":
            return f"CAST({zone.wall(source, zone.since_1970(source, sql))} AS DATE)"
        as_date = sql if source.is_date else f"CAST({zone.wall(source, sql)} AS DATE)"
        return sql if source.name == "Date" else day(f"({day_number(as_date)} & {LAST_DAY})")
    if target.name == "Date32":
        return sql if source.is_date else f"CAST({zone.wall(source, sql)} AS DATE)"
    if source.is_date:
        at = zone.start_of_day(sql, target.zone)
        if target.name == "DateTime":
            return second(f"({seconds(at)} & {LAST_SECOND})")
        return f"CAST({at} AS {duck})"
    if target.name == "DateTime":
        if source.name == "DateTime":
            return sql
        return second(f"({whole_seconds(source, sql)} & {LAST_SECOND})")
    return rescale(source, target, sql)


def rescale(source: DataType, target: DataType, sql: str) -> str:
    """A time at the precision of a DateTime64, digits beyond it cut off."""
    duck = to_duckdb(target)
    if source.scale <= target.scale:
        return sql if to_duckdb(source) == duck else f"CAST({sql} AS {duck})"
    # Towards 1970, unlike most else.
    return from_ticks(target, f"{to_ticks(source, sql)} // {10 ** (source.scale - target.scale)}")


_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"
_FRACTION = r"(\.\d{1,6})?"


def _matches(sql: str, pattern: str) -> str:
    return f"regexp_full_match({sql}, '{pattern}')"


def _has_outline(sql: str) -> str:
    """Whether a text is `YYYY-MM-DD hh:mm:ss` or has a `T` in it, by its outline."""
    return (
        f"strlen({sql}) = 19 AND "
        f"({sql} LIKE '____-__-__ __:__:__' OR {sql} LIKE '____-__-__T__:__:__')"
    )


def _quick_reads(sql: str, zone_name: str | None, month_first: bool) -> list[tuple[str, str]]:
    """The forms that DuckDB reads by itself: (condition, TIMESTAMP or NULL), likeliest first."""
    in_zone = zone.to_instant(f"TRY_CAST({sql} AS TIMESTAMP)", zone_name)
    day_month = "%m/%d/%Y" if month_first else "%d/%m/%Y"
    numbers = zone.to_instant(f"try_strptime({sql}, '{day_month} %H:%M:%S')", zone_name)
    return [
        (_has_outline(sql), in_zone),
        (_matches(sql, f"{_ISO}{_FRACTION}Z"), f"TRY_CAST(rtrim({sql}, 'Z') AS TIMESTAMP)"),
        (_matches(sql, f"{_ISO}{_FRACTION}"), in_zone),
        (
            _matches(sql, rf"{_ISO}{_FRACTION}[+-]\d\d:\d\d"),
            f"timezone('UTC', TRY_CAST({sql} AS TIMESTAMPTZ))",
        ),
        (
            _matches(sql, r"\d{4}-\d\d-\d\d"),
            zone.to_instant(f"TRY_CAST({sql} AS TIMESTAMP)", zone_name),
        ),
        (_matches(sql, r"\d{10}"), f"make_timestamp(TRY_CAST({sql} AS BIGINT) * 1000000)"),
        (_matches(sql, r"\d{13}"), f"make_timestamp(TRY_CAST({sql} AS BIGINT) * 1000)"),
        (_matches(sql, r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d"), numbers),
        (
            f"{sql} LIKE '___, __ ___ ____ __:__:__ GMT'",
            f"try_strptime({sql}, '%a, %d %b %Y %H:%M:%S GMT')",
        ),
    ]


def best_effort(target: DataType, sql: str, *, month_first: bool = False) -> str:
    """The time that a text is, in any form that people write; NULL if it is none.

    The common forms are DuckDB's, the rest goes through Python, each distinct text once.
    """
    if (plain := form_in(sql)) is not None:
        return _plain(target, sql, plain)
    name = quote_string(target.zone or "")
    us = "true" if month_first else "false"
    if target.scale > 6:
        read = f"make_timestamp_ns(mt_best_effort_ns({sql}, {name}, {us}))"
        return rescale(DataType("DateTime64", params=(9,)), target, read)
    whole = target.name == "DateTime"
    seconds = "true" if whole else "false"
    slow = f"make_timestamp(mt_best_effort({sql}, {name}, {us}, {seconds}))"
    return _read(target, _quick_reads(sql, target.zone, month_first), slow)


def basic(target: DataType, sql: str) -> str:
    """The time that a text is in one of the plain forms of `toDateTimeOrNull`; NULL if none."""
    if (plain := form_in(sql)) == SECOND:
        return _plain(target, sql, plain)
    name = quote_string(target.zone or "")
    seconds = "true" if target.name == "DateTime" else "false"
    slow = f"make_timestamp(mt_basic_datetime({sql}, {name}, {seconds}))"
    in_zone = zone.to_instant(f"TRY_CAST({sql} AS TIMESTAMP)", target.zone)
    return _read(target, [(_has_outline(sql), in_zone)], slow)


def is_plain(target: DataType, sql: str) -> bool:
    """Whether DuckDB's text is one of which it is known, before the query runs, that it is a day or
    a time of this type: `best_effort` and `date_of_text` read it without care."""
    known = form_in(sql)
    return known is not None and (target.is_datetime or (target.is_date and known != MOMENT))


def _plain(target: DataType, sql: str, form: str) -> str:
    """The time that a text of a form of `plain_moment` is."""
    at = zone.to_instant(f"CAST({sql} AS TIMESTAMP)", target.zone)
    if target.name != "DateTime":
        return rescale(DataType("DateTime64", params=(6,)), target, at)
    return f"date_trunc('second', {at})" if form == MOMENT else at


def _read(target: DataType, quick: list[tuple[str, str]], slow: str) -> str:
    """The first quick reading that fits and gives a time in the type's range, else the slow one."""
    whens = " ".join(f"WHEN {condition} THEN {value}" for condition, value in quick)
    found = f"CASE {whens} END"
    if target.name != "DateTime":
        return rescale(DataType("DateTime64", params=(6,)), target, f"coalesce({found}, {slow})")
    if len(quick) > 1:  # there may be fractions
        found = f"date_trunc('second', {found})"
    # What is out of range is the slow one's to bring to the end of the range.
    bits = f"epoch_us({found}) // 1000000"
    return f"coalesce(TRY({second(f'CAST(CAST({bits} AS UINTEGER) AS BIGINT)')}), {slow})"


def date_of_text(target: DataType, sql: str) -> str:
    """The date that a text is (`2024-01-02`, `2024-1-2`, `20240102`); NULL if none."""
    plain = form_in(sql)
    if plain == DAY:
        return f"CAST({sql} AS DATE)"
    if plain == SECOND:
        return f"CAST(CAST({sql} AS TIMESTAMP) AS DATE)"
    head = f"substr({sql}, 1, 10)"
    day_only = f"strlen({sql}) = 10 AND {sql} LIKE '____-__-__'"
    outline = f"(({day_only}) OR ({_has_outline(sql)}))"
    wide = "true" if target.name == "Date32" else "false"
    if target.name == "Date":
        outline += f" AND {head} BETWEEN '1970-01-01' AND '2149-06-06'"
    read = f"CASE WHEN {outline} THEN TRY_CAST({head} AS DATE) END"
    return f"coalesce({read}, {day(f'mt_basic_date({sql}, {wide})')})"
