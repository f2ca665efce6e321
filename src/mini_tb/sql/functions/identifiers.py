"""Identifiers: UUID of versions 4 and 7, their bytes, Snowflake IDs."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, integer, text, unsupported
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    STRING,
    UINT64,
    UUID,
    DataType,
    datetime,
    datetime64,
    fixed_string,
)

_BYTES16 = fixed_string(16)


def _variant(args: Sequence[Expr]) -> int:
    return integer(args[1]) if len(args) > 1 else 1


def _to_bytes_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_string and t.bare != UUID:
        raise ArgumentError(f"illegal type `{t}`, expected a UUID or its text")
    if _variant(args) not in (1, 2):
        raise ArgumentError("the variant must be 1 (big-endian) or 2 (Microsoft)", 69)
    return _BYTES16


_MICROSOFT = (7, 5, 3, 1, 11, 9, 15, 13)


def _swapped(digits: str) -> str:
    """The first three groups of hexadecimal digits with their bytes in reverse order."""
    groups = " || ".join(f"substring({digits}, {at}, 2)" for at in _MICROSOFT)
    return f"({groups} || substring({digits}, 17, 16))"


def _lower_to_bytes(call: Call, args: list[str]) -> str:
    digits = f"replace(CAST(CAST({args[0]} AS UUID) AS VARCHAR), '-', '')"
    return f"unhex({digits if _variant(call.args) == 1 else _swapped(digits)})"


def _from_bytes_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.bare != _BYTES16:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a FixedString(16)")
    return STRING


def _lower_from_bytes(call: Call, args: list[str]) -> str:
    digits = f"hex({args[0]})"
    swapped = digits if _variant(call.args) == 1 else _swapped(digits)
    return f"CAST(CAST({swapped} AS UUID) AS VARCHAR)"


def _zone(args: Sequence[Expr], at: int) -> str | None:
    return text(args[at]) if len(args) > at else None


def _uuid_time_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.bare != UUID:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a UUID")
    return datetime64(3, _zone(args, 1))


def _lower_uuid_time(call: Call, args: list[str]) -> str:
    digits = f"left(replace(CAST({args[0]} AS VARCHAR), '-', ''), 12)"
    millis = f"CAST('0x' || {digits} AS BIGINT)"
    is_seven = f"substring(CAST({args[0]} AS VARCHAR), 15, 1) = '7'"
    return f"make_timestamp(CASE WHEN {is_seven} THEN {millis} * 1000 ELSE 0 END)"


def _snowflake_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.bare != UINT64 and not args[0].type.is_integer:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an UInt64")
    return UINT64


def _snowflake_seconds(args: Sequence[Expr]) -> DataType:
    _snowflake_returns(args)
    return datetime(_zone(args, 2))


def _snowflake_millis(args: Sequence[Expr]) -> DataType:
    _snowflake_returns(args)
    return datetime64(3, _zone(args, 2))


def _millis(args: list[str]) -> str:
    epoch = f" + CAST({args[1]} AS BIGINT)" if len(args) > 1 else ""
    return f"(CAST(CAST({args[0]} AS UBIGINT) >> 22 AS BIGINT){epoch})"


def _lower_snowflake_seconds(call: Call, args: list[str]) -> str:
    return f"make_timestamp({_millis(args)} // 1000 * 1000000)"


def _lower_snowflake_millis(call: Call, args: list[str]) -> str:
    return f"make_timestamp({_millis(args)} * 1000)"


def _time_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_datetime:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a DateTime")
    return UINT64


def _lower_to_snowflake(call: Call, args: list[str]) -> str:
    millis = f"epoch_ms({args[0]})"
    if len(args) > 1:
        millis = f"({millis} - CAST({args[1]} AS BIGINT))"
    return f"CAST(CAST({millis} AS HUGEINT) << 22 AS UBIGINT)"


def _of_time_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.name != "DateTime":
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a DateTime")
    return UUID


def _lower_of_time(call: Call, args: list[str]) -> str:
    """The milliseconds as they are, the rest at random."""
    digits = f"printf('%012x', epoch_ms({args[0]}))"
    rest = "substring(CAST(uuidv4() AS VARCHAR), 16)"
    parts = f"left({digits}, 8) || '-' || right({digits}, 4) || '-7' || {rest}"
    return f"CAST({parts} AS UUID)"


_MACHINES = 1 << 10


def _make_snowflake_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[1:]:
        if not arg.type.is_integer or arg.type.is_signed:
            raise ArgumentError("the machine must be a constant unsigned integer")
        integer(arg)
    return UINT64


def _lower_make_snowflake(call: Call, args: list[str]) -> str:
    machine = integer(call.args[1]) % _MACHINES if len(args) > 1 else -1
    return f"mt_snowflake(random(), {machine})"


ROWS = (
    Function(
        "generateSnowflakeID",
        _make_snowflake_returns,
        _lower_make_snowflake,
        args=(0, 2),
        nulls=False,
        per_row=True,
        draws=True,
    ),
    Function(
        "dateTimeToUUIDv7",
        _of_time_returns,
        _lower_of_time,
        nulls=False,
        per_row=True,
        draws=True,
    ),
    Function(
        "generateUUIDv4",
        UUID,
        "uuidv4()",
        args=(0, 1),
        nulls=False,
        any_case=True,
        per_row=True,
        draws=True,
    ),
    Function(
        "generateUUIDv7",
        UUID,
        "uuidv7()",
        args=(0, 1),
        nulls=False,
        any_case=True,
        per_row=True,
        draws=True,
    ),
    Function("UUIDStringToNum", _to_bytes_returns, _lower_to_bytes, args=(1, 2)),
    Function("UUIDToNum", _to_bytes_returns, _lower_to_bytes, args=(1, 2)),
    Function("UUIDNumToString", _from_bytes_returns, _lower_from_bytes, args=(1, 2), bytes_ok=True),
    Function("UUIDv7ToDateTime", _uuid_time_returns, _lower_uuid_time, args=(1, 2)),
    Function("snowflakeIDToDateTime", _snowflake_seconds, _lower_snowflake_seconds, args=(1, 3)),
    Function("snowflakeIDToDateTime64", _snowflake_millis, _lower_snowflake_millis, args=(1, 3)),
    Function("dateTimeToSnowflakeID", _time_returns, _lower_to_snowflake, args=(1, 2)),
    Function("dateTime64ToSnowflakeID", _time_returns, _lower_to_snowflake, args=(1, 2)),
    *unsupported(
        "identifiers of this kind are not made here",
        "generateULID",
        "ULIDStringToDateTime",
        "generateSerialID",
    ),
    *unsupported("there is no list here of the words that it must not spell", "sqidEncode", "sqid"),
)
