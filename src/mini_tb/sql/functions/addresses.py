"""Network addresses: IPv4, IPv6 and MAC as text, numbers and ranges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.constants import literal
from mini_tb.sql.functions.convert_text import to_text
from mini_tb.sql.functions.function import ArgumentError, Function, keep_low_cardinality
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    BOOL,
    IPV4,
    IPV6,
    STRING,
    UINT8,
    UINT32,
    UINT64,
    DataType,
    fixed_string,
    nullable,
    tuple_of,
)

_BYTES16 = fixed_string(16)
_MAPPED = 0xFFFF << 32


def _ipv4_number(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    if t not in (UINT8, DataType("UInt16"), UINT32, UINT64, IPV4):
        raise ArgumentError(f"illegal type `{t}`, expected an IPv4 or UInt32")
    return STRING


def _lower_to_text(call: Call, args: list[str]) -> str:
    number = f"CAST({args[0]} AS UBIGINT)"
    octets = [f"({number} >> {shift} & 255)" for shift in (24, 16, 8, 0)]
    if call.function.name.endswith("ClassC"):
        octets[3] = "'xxx'"
    return f"concat_ws('.', {', '.join(octets)})"


def _unreadable(kind: str) -> str:
    return f"error('DB::{675 if kind == 'IPv4' else 676}: Invalid {kind} value')"


def _lower_ipv4(call: Call, args: list[str]) -> str:
    number, name = f"mt_ipv4_number({args[0]})", call.function.name
    if name.endswith("OrNull"):
        return number
    fallback = "CAST(0 AS UINTEGER)" if name.endswith("OrDefault") else _unreadable("IPv4")
    return f"CASE WHEN {args[0]} IS NOT NULL THEN coalesce({number}, {fallback}) END"


def address_bytes(number: str) -> str:
    """The 16 bytes of an IPv6 address from its number (UHUGEINT)."""
    return f"unhex(lpad(to_hex({number}), 32, '0'))"


def address_number(t: DataType, sql: str) -> str:
    """The number of an IPv6 address from its 16 bytes. Raises `ArgumentError`."""
    if t.name == "IPv6":
        return sql
    if t.name != "FixedString" or t.params != (16,):
        raise ArgumentError(f"illegal type `{t}`, expected an IPv6 or FixedString(16)")
    high, low = (f"CAST('0x' || substring(hex({sql}), {at}, 16) AS UBIGINT)" for at in (1, 17))
    return f"(CAST({high} AS UHUGEINT) * 18446744073709551616::UHUGEINT + CAST({low} AS UHUGEINT))"


def _lower_ipv6(call: Call, args: list[str]) -> str:
    number = f"CAST(mt_ipv6_number({args[0]}) AS UHUGEINT)"
    name = call.function.name
    if name.endswith("OrDefault"):
        number = f"coalesce({number}, CAST(0 AS UHUGEINT))"
    elif not name.endswith("OrNull"):
        number = f"coalesce({number}, {_unreadable('IPv6')})"
    return f"CASE WHEN {args[0]} IS NOT NULL THEN {address_bytes(number)} END"


def _ipv6_bytes(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        address_number(args[0].type.bare, "")
        return result

    return returns


def _lower_ipv6_text(call: Call, args: list[str]) -> str:
    return f"mt_ipv6_text(CAST({address_number(call.args[0].type.bare, args[0])} AS VARCHAR))"


def _mapped_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.bare == IPV4:
        return IPV6
    if args[0].type.bare != UINT32:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an IPv4 or UInt32")
    return _BYTES16


def _lower_mapped(call: Call, args: list[str]) -> str:
    number = f"({_MAPPED}::UHUGEINT + CAST({args[0]} AS UHUGEINT))"
    return number if call.type.bare == IPV6 else address_bytes(number)


def _masked(sql: str, kept: str, bits: int) -> tuple[str, str]:
    """First and last number of the range in which `kept` leading bits of a number are fixed."""
    wide = "UHUGEINT"
    whole = (1 << bits) - 1
    number = f"CAST({sql} AS {wide})"
    free = f"CAST({bits} - least(CAST({kept} AS BIGINT), {bits}) AS {wide})"
    ones = f"(CASE WHEN {free} = {bits} THEN {whole}::{wide} ELSE (1::{wide} << {free}) - 1 END)"
    return f"({number} - ({number} & {ones}))", f"({number} | {ones})"


def _range_returns(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        t = args[0].type.bare
        is_short = t.is_bool or (t.is_integer and not t.is_signed and t.bits <= 32)
        is_four = t == IPV4 or is_short
        if is_four != (result == IPV4):
            raise ArgumentError(f"illegal type `{args[0].type}`, expected `{result}`")
        if args[1].type.bare not in (UINT8, BOOL):
            raise ArgumentError(f"illegal type `{args[1].type}`, expected UInt8")
        return tuple_of(result, result)

    return returns


def _lower_range(call: Call, args: list[str]) -> str:
    t, kept = call.args[0].type.bare, args[1]
    if call.function.name.startswith("IPv4"):
        first, last = _masked(args[0], kept, 32)
        return f"{{'1': CAST({first} AS UINTEGER), '2': CAST({last} AS UINTEGER)}}"
    first, last = _masked(address_number(t, args[0]), kept, 128)
    return f"{{'1': {first}, '2': {last}}}"


def _in_range_returns(args: Sequence[Expr]) -> DataType:
    address, block = (arg.type.bare for arg in args)
    if not (address.is_string or address in (IPV4, IPV6)) or not block.is_string:
        raise ArgumentError(f"illegal types `{address}` and `{block}`, expected an address")
    return keep_low_cardinality(args, UINT8)


def _lower_in_range(call: Call, args: list[str]) -> str:
    address = to_text(call.args[0].type, args[0])
    return f"coalesce(mt_ip_in_range({address}, {args[1]}), CAST(0 AS UTINYINT))"


def _lower_mac_text(call: Call, args: list[str]) -> str:
    digits = f"lpad(to_hex(CAST({args[0]} AS UBIGINT) & 281474976710655), 12, '0')"
    return (
        "concat_ws(':', " + ", ".join(f"substring({digits}, {i}, 2)" for i in range(1, 12, 2)) + ")"
    )


def _lower_mac(call: Call, args: list[str]) -> str:
    size = 8 if call.function.name.endswith("OUI") else 17
    pattern = "'([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}'"
    digits = f"'0x' || replace(left({args[0]}, {size}), ':', '')"
    is_address = f"regexp_full_match({args[0]}, {pattern})"
    return f"CASE WHEN {is_address} THEN CAST({digits} AS UBIGINT) ELSE 0 END"


def _cut_returns(args: Sequence[Expr]) -> DataType:
    address_number(args[0].type.bare, "")
    return STRING


def _lower_cut(call: Call, args: list[str]) -> str:
    number = address_number(call.args[0].type.bare, args[0])
    zero = literal(0, IPV6)

    def cut(count: str) -> str:
        return _masked(number, f"(128 - 8 * CAST({count} AS BIGINT))", 128)[0]

    is_mapped = f"({number} >> 32::UHUGEINT) = 65535"
    chosen = f"CASE WHEN {is_mapped} THEN {cut(args[2])} ELSE {cut(args[1])} END"
    return f"mt_ipv6_text(CAST(coalesce({chosen}, {zero}) AS VARCHAR))"


def _is_text(kind: str) -> str:
    number = "mt_ipv4_number({0})"
    if kind == "IPv4":
        return f"{number} IS NOT NULL"
    return f"mt_ipv6_number({{0}}) IS NOT NULL AND {number} IS NULL"


def _number(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        if not args[0].type.is_integer:
            raise ArgumentError(f"illegal type `{args[0].type}`, expected an UInt64")
        return result

    return returns


def _maybe(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    return lambda args: nullable(result)


ROWS = (
    Function(
        "IPv4NumToString", _ipv4_number, _lower_to_text, aliases=("INET_NTOA",), any_case=True
    ),
    Function("IPv4NumToStringClassC", _ipv4_number, _lower_to_text),
    Function(
        "IPv4StringToNum", strings(UINT32), _lower_ipv4, aliases=("INET_ATON",), any_case=True
    ),
    Function("IPv4StringToNumOrDefault", strings(UINT32), _lower_ipv4),
    Function("IPv4StringToNumOrNull", _maybe(UINT32), _lower_ipv4),
    Function(
        "IPv6NumToString",
        _ipv6_bytes(STRING),
        _lower_ipv6_text,
        bytes_ok=True,
        aliases=("INET6_NTOA",),
        any_case=True,
    ),
    Function(
        "IPv6StringToNum", strings(_BYTES16), _lower_ipv6, aliases=("INET6_ATON",), any_case=True
    ),
    Function("IPv6StringToNumOrDefault", strings(_BYTES16), _lower_ipv6),
    Function("IPv6StringToNumOrNull", _maybe(_BYTES16), _lower_ipv6),
    Function("IPv4ToIPv6", _mapped_returns, _lower_mapped),
    Function("cutIPv6", _cut_returns, _lower_cut, args=(3, 3), bytes_ok=True),
    Function("IPv4CIDRToRange", _range_returns(IPV4), _lower_range, args=(2, 2)),
    Function("IPv6CIDRToRange", _range_returns(IPV6), _lower_range, args=(2, 2), bytes_ok=True),
    Function("isIPv4String", strings(UINT8), _is_text("IPv4")),
    Function("isIPv6String", strings(UINT8), _is_text("IPv6")),
    Function("isIPAddressInRange", _in_range_returns, _lower_in_range, args=(2, 2), nulls=False),
    Function("MACNumToString", _number(STRING), _lower_mac_text),
    Function("MACStringToNum", strings(UINT64), _lower_mac),
    Function("MACStringToOUI", strings(UINT64), _lower_mac),
)
