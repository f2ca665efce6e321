"""Instants and wall clocks: DuckDB text between UTC, which is stored, and the zone of a type."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.function import ArgumentError, text
from mini_tb.sql.tree import Expr
from mini_tb.types import DataType
from mini_tb.types.duckdb import quote_string
from mini_tb.types.zone import zone_info

_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT"})
_Hour = tuple[int, int]
"""A month, and an hour of its days."""


@lru_cache(maxsize=256)
def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    try:
        zone_info(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def checked(name: str | None) -> str | None:
    """The zone's name as it was given; None stays. Raises `ArgumentError` if there is none such."""
    if name is None or name in _UTC or is_zone(name):
        return name
    raise ArgumentError(f"unknown time zone `{name}`", 36)


def argument(args: Sequence[Expr], index: int) -> str | None:
    """The time zone that an argument names, if it is there. Raises as `checked`."""
    return checked(text(args[index])) if len(args) > index else None


def is_of_row(args: Sequence[Expr], index: int) -> bool:
    """Whether the argument that names a time zone has another value at each row."""
    return len(args) > index and args[index].type.is_string and not is_constant(args[index])


def wall_of_row(t: DataType, sql: str, name: str) -> str:
    """As `wall`, in the zone that DuckDB's text `name` gives; an error where there is none such.
    Raises `ArgumentError` for fractions that DuckDB's zones cut off."""
    if t.is_date:
        return f"CAST({sql} AS TIMESTAMP)"
    if t.scale > 6:
        raise ArgumentError("the time zone of nanoseconds must be a constant", 44)
    return f"timezone({name}, timezone('UTC', {sql}))"


def differs_from_utc(zone: str | None) -> bool:
    """Whether wall clocks of the zone (None: the server's, UTC) may show another time than UTC."""
    return zone is not None and zone not in _UTC


def to_wall(sql: str, zone: str | None) -> str:
    """The wall clock of the zone at an instant: TIMESTAMP to TIMESTAMP."""
    if not differs_from_utc(zone):
        return sql
    return f"timezone({quote_string(str(zone))}, timezone('UTC', {sql}))"


def to_instant(sql: str, zone: str | None) -> str:
    """The instant at which a wall clock of the zone shows this: TIMESTAMP to TIMESTAMP. An hour
    that a change of clocks leaves out or repeats counts as summer time."""
    return _instant(sql, zone, _changes(zone))


def start_of_day(sql: str, zone: str | None) -> str:
    """The first instant of a day, or of a midnight's TIMESTAMP, in the zone."""
    changes = {key: {at for at in hours if not at[1]} for key, hours in _changes(zone).items()}
    repeated = {key: hours for key, hours in changes.items() if hours and key[0] == "-"}
    return _instant(f"CAST({sql} AS TIMESTAMP)", zone, repeated)


def start_of_hours(sql: str, zone: str | None) -> str:
    """The instant of a wall clock of the zone that begins some hours of a day; that of a time which
    a change of clocks leaves out is the change."""
    repeated = {key: hours for key, hours in _changes(zone).items() if key[0] == "-"}
    return _instant(sql, zone, repeated)


def _instant(sql: str, zone: str | None, changes: Mapping[tuple[str, int], set[_Hour]]) -> str:
    if not differs_from_utc(zone):
        return sql
    name = quote_string(str(zone))
    usual = f"timezone('UTC', timezone({name}, {sql}))"
    if not changes:
        return usual
    # DuckDB takes such an hour by the time before a gap, and by the time after a repetition: what
    # is meant has the time of the hour beyond.
    whens = []
    for (sign, minutes), hours in changes.items():
        months = ", ".join(str(month) for month in sorted({month for month, _ in hours}))
        beyond = f"timezone('UTC', timezone({name}, {sql} {sign} to_minutes({minutes})))"
        found = f"{beyond} {'-' if sign == '+' else '+'} to_minutes({minutes})"
        is_one = f"month({sql}) IN ({months}) AND hour({sql}) IN ({_numbers(hours)})"
        whens.append(f"WHEN {is_one} THEN {found}")
    rarely = f"CASE {' '.join(whens)} ELSE {usual} END"
    some = _numbers({hour for hours in changes.values() for hour in hours})
    return f"CASE WHEN hour({sql}) IN ({some}) THEN {rarely} ELSE {usual} END"


def _numbers(hours: set[_Hour]) -> str:
    return ", ".join(str(hour) for hour in sorted({hour for _, hour in hours}))


@lru_cache(maxsize=256)
def _changes(zone: str | None) -> dict[tuple[str, int], set[_Hour]]:
    """The hours of wall clocks, as (month, hour), that changes of clocks since 1990 repeat (`-`) or
    leave out (`+`), by how many minutes."""
    found = dict[tuple[str, int], set[_Hour]]()
    if not differs_from_utc(zone):
        return found
    info = zone_info(zone)

    def offset(at: datetime) -> timedelta:
        return at.replace(tzinfo=UTC).astimezone(info).utcoffset() or timedelta()

    months = [datetime(year, month, 1) for year in range(1990, 2038) for month in range(1, 13)]
    for low, high in itertools.pairwise(months):
        before, after = offset(low), offset(high)
        if before == after:
            continue
        while high - low > timedelta(minutes=15):
            middle = low + (high - low) / 2
            low, high = (middle, high) if offset(middle) == before else (low, middle)
        # `high` is at most those minutes late, which changes no hour: clocks change at full halves.
        size, first = abs(after - before), high + min(before, after)
        sign = "+" if after > before else "-"
        hours = found.setdefault((sign, int(size.total_seconds()) // 60), set())
        hours |= {(at.month, at.hour) for at in (first, first + size - timedelta(minutes=16))}
    return found


def instant(t: DataType, sql: str) -> str:
    """A time as TIMESTAMP, nanoseconds cut off; DuckDB's own conversion would round them."""
    if t.scale <= 6:
        return sql
    count = f"epoch_ns({sql})"
    return f"make_timestamp(CASE WHEN {count} < 0 THEN {count} - 999 ELSE {count} END // 1000)"


def wall(t: DataType, sql: str, zone: str | None = None) -> str:
    """The wall clock of a Date or DateTime as TIMESTAMP, in its zone or in `zone`."""
    if t.is_date:
        return f"CAST({sql} AS TIMESTAMP)"
    return to_wall(instant(t, sql), zone or t.zone)


def since_1970(t: DataType, sql: str, zone: str | None = None) -> str:
    """A DateTime, or what else `sql` is, that shows no day before 1970: of days, a Date among them,
    there are none. West of Greenwich the first hours of all DateTimes would."""
    west = -offset_of_1970(zone or t.zone)
    if t.name != "DateTime" or west <= 0:
        return sql
    first = f"TIMESTAMP '{datetime(1970, 1, 1) + timedelta(seconds=west)}'"
    return f"CASE WHEN {sql} < {first} THEN {first} ELSE {sql} END"


@lru_cache(maxsize=256)
def is_whole_hours(zone: str | None) -> bool:
    """Whether the zone's offsets from UTC have been whole hours since 1970."""
    if not differs_from_utc(zone):
        return True
    info = zone_info(zone)
    offsets = (
        datetime(year, month, 15, tzinfo=info).utcoffset()
        for year in range(1970, 2038)
        for month in (1, 4, 7, 10)
    )
    return all(offset is None or offset.total_seconds() % 3600 == 0 for offset in offsets)


@lru_cache(maxsize=256)
def offset_of_1970(zone: str | None) -> int:
    """Seconds east of UTC at the start of 1970."""
    if not differs_from_utc(zone):
        return 0
    offset = datetime(1970, 1, 1, tzinfo=zone_info(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
