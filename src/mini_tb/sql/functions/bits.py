"""Bits of integers: `bitAnd`, `bitShiftLeft`, `bitTest`, `bitCount`, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.arithmetic import bits_of, has_sign
from mini_tb.sql.functions.convert_number import failure, wrap
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.functions.strings import as_bytes
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING_BYTES, UINT8, DataType, array, to_duckdb
from mini_tb.types.promote import integer


def _integers(args: Sequence[Expr]) -> None:
    for arg in args:
        t = arg.type
        if not (t.is_integer or t.is_bool) or (t.is_integer and t.bits > 64):
            raise ArgumentError(f"illegal type `{t}`, expected an integer of up to 64 bits")


def _both(args: Sequence[Expr]) -> DataType:
    _integers(args)
    a, b = args[0].type, args[1].type
    return integer(max(bits_of(a), bits_of(b)), signed=has_sign(a) or has_sign(b))


def _lower_both(template: str) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        first, second = (f"CAST({sql} AS HUGEINT)" for sql in args)
        return wrap(template.format(first, second), call.type.bare)

    return lower


def _not_returns(args: Sequence[Expr]) -> DataType:
    _integers(args)
    t = args[0].type
    return UINT8 if t.is_bool else t


def _lower_not(call: Call, args: list[str]) -> str:
    return f"(~CAST({args[0]} AS {to_duckdb(call.type)}))"


_NEGATIVE = failure(69, "The number of shift positions needs to be a non-negative value")


def _positions(sql: str) -> str:
    """By how many positions is shifted, as INTEGER; all that is wider than a number is 100."""
    return f"CAST(least(greatest(CAST({sql} AS HUGEINT), -1), 100) AS INTEGER)"


def _within(sql: str, count: str, bits: int, shifted: str) -> str:
    """0 where the shift is as wide as the number that is shifted."""
    return (
        f"CASE WHEN {sql} IS NULL THEN NULL WHEN {count} < 0 THEN {_NEGATIVE} "
        f"WHEN {count} < {bits} THEN {shifted} WHEN {count} IS NOT NULL THEN 0 END"
    )


def _shifted_returns(args: Sequence[Expr]) -> DataType:
    """A text is shifted as its bits are written; a FixedString keeps its length."""
    t = args[0].type
    if not t.is_string:
        return _both(args)
    _integers(args[1:])
    return t if t.bare.name == "FixedString" else STRING_BYTES


def _lower_shifted(call: Call, args: list[str]) -> str:
    is_left = call.function.name == "bitShiftLeft"
    if not call.args[0].type.is_string:
        return _lower_left(call, args) if is_left else _lower_right(call, args)
    data = as_bytes(call.args[0], args[0])
    bits = f"CAST(CAST({data} AS BIT) AS VARCHAR)"
    size = f"(8 * octet_length({data}))"
    count = f"CAST(least(greatest(CAST({args[1]} AS HUGEINT), -1), {size}) AS BIGINT)"
    zeros = f"repeat('0', {count})"
    nothing = "''::BLOB"
    if call.type.bare.name == "FixedString":
        moved = (
            f"right({bits} || {zeros}, {size})" if is_left else f"left({zeros} || {bits}, {size})"
        )
        nothing = f"CAST(CAST(repeat('0', {size}) AS BIT) AS BLOB)"
    elif is_left:
        moved = f"repeat('0', (8 - {count} % 8) % 8) || {bits} || {zeros}"
    else:
        moved = f"repeat('0', {count} % 8) || left({bits}, {size} - {count})"
    return (
        f"CASE WHEN {args[0]} IS NULL THEN NULL WHEN {count} < 0 THEN {_NEGATIVE} "
        f"WHEN {count} < {size} THEN CAST(CAST({moved} AS BIT) AS BLOB) "
        f"WHEN {count} IS NOT NULL THEN {nothing} END"
    )


def _lower_left(call: Call, args: list[str]) -> str:
    t, result = call.args[0].type.bare, call.type.bare
    count = _positions(args[1])
    powers = f"CAST([{', '.join(str(1 << n) for n in range(result.bits))}] AS HUGEINT[])"
    # Cut first, so that 64 bits shifted by 63 stay within 128.
    mask = f"CAST({args[0]} AS HUGEINT) & CAST({(1 << result.bits) - 1} AS HUGEINT)"
    half = f"(({mask}) & ((CAST(1 AS HUGEINT) << CAST({result.bits} - {count} AS INTEGER)) - 1))"
    shifted = wrap(f"({half} * {powers}[{count} + 1])", result)
    return _within(args[0], count, bits_of(t), shifted)


def _lower_right(call: Call, args: list[str]) -> str:
    t, result = call.args[0].type.bare, call.type.bare
    count = _positions(args[1])
    shifted = f"(CAST({args[0]} AS HUGEINT) >> {count})"
    if has_sign(t):
        floor = f"-((-CAST({args[0]} AS HUGEINT) - 1) >> {count}) - 1"
        shifted = f"CASE WHEN {args[0]} < 0 THEN {floor} ELSE {shifted} END"
    inside = wrap(f"({shifted})", result)
    return _within(args[0], count, bits_of(t), inside)


def _rotate(left: bool) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        result = call.type.bare
        bits = result.bits
        number = f"(CAST({args[0]} AS HUGEINT) & CAST({(1 << bits) - 1} AS HUGEINT))"
        turns = f"CAST({args[1]} AS HUGEINT) % {bits}"
        count = f"CAST(({turns} + {bits}) % {bits} AS INTEGER)"
        up, down = (count, f"({bits} - {count})") if left else (f"({bits} - {count})", count)
        low = f"({number} >> {down})"
        high = f"(({number} & ((CAST(1 AS HUGEINT) << {down}) - 1)) << {up})"
        return wrap(f"({high} | {low})", result)

    return lower


def _flag(args: Sequence[Expr]) -> DataType:
    _integers(args)
    return UINT8


def _test(call: Call, args: list[str]) -> str:
    return f"CAST({_bit(call.args[0].type.bare, args[0], args[1])} AS UTINYINT)"


def _bit(t: DataType, sql: str, position: str) -> str:
    number = f"(CAST({sql} AS HUGEINT) & CAST({(1 << bits_of(t)) - 1} AS HUGEINT))"
    return f"(({number} >> CAST({position} AS INTEGER)) & 1)"


def _test_all(word: str) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        t = call.args[0].type.bare
        found = word.join(f"{_bit(t, args[0], position)} = 1" for position in args[1:])
        return f"CAST(({found}) AS UTINYINT)"

    return lower


def _count_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if (t.is_integer and t.bits <= 64) or t.is_bool:
        return UINT8
    raise ArgumentError(f"illegal type `{t}`, expected a number")


def _lower_count(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    number = f"(CAST({args[0]} AS HUGEINT) & CAST({(1 << bits_of(t)) - 1} AS HUGEINT))"
    return f"CAST(bit_count({number}) AS UTINYINT)"


def _lower_distance(call: Call, args: list[str]) -> str:
    first, second = (f"CAST({sql} AS HUGEINT)" for sql in args)
    # Of 64 bits, whatever the widths are.
    differing = f"xor({first}, {second}) & CAST({(1 << 64) - 1} AS HUGEINT)"
    return f"CAST(bit_count({differing}) AS UTINYINT)"


def _mask_returns(args: Sequence[Expr]) -> DataType:
    _integers(args)
    return array(args[0].type)


def _lower_mask(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    bits = bits_of(t)
    powers = f"CAST([{', '.join(str(1 << n) for n in range(bits))}] AS HUGEINT[])"
    number = f"(CAST({args[0]} AS HUGEINT) & CAST({(1 << bits) - 1} AS HUGEINT))"
    element = "CAST(p AS BOOLEAN)" if t.is_bool else wrap("p", t)
    found = f"list_filter({powers}, lambda p: ({number} & p) <> 0)"
    return f"list_transform({found}, lambda p: {element})"


def _positions_returns(args: Sequence[Expr]) -> DataType:
    _integers(args)
    return array(DataType("UInt64"))


def _lower_positions(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    bits = bits_of(t)
    number = f"(CAST({args[0]} AS HUGEINT) & CAST({(1 << bits) - 1} AS HUGEINT))"
    is_set = f"(({number} >> CAST(p AS INTEGER)) & 1) = 1"
    return f"CAST(list_filter(range({bits}), lambda p: {is_set}) AS UBIGINT[])"


ROWS = (
    Function("bitAnd", _both, _lower_both("({} & {})"), args=(2, 2)),
    Function("bitOr", _both, _lower_both("({} | {})"), args=(2, 2)),
    Function("bitXor", _both, _lower_both("xor({}, {})"), args=(2, 2)),
    Function("bitNot", _not_returns, _lower_not),
    *(
        Function(name, _shifted_returns, _lower_shifted, args=(2, 2), bytes_ok=True)
        for name in ("bitShiftLeft", "bitShiftRight")
    ),
    Function("bitRotateLeft", _both, _rotate(True), args=(2, 2)),
    Function("bitRotateRight", _both, _rotate(False), args=(2, 2)),
    Function("bitTest", _flag, _test, args=(2, 2)),
    Function("bitTestAll", _flag, _test_all(" AND "), args=(2, None)),
    Function("bitTestAny", _flag, _test_all(" OR "), args=(2, None)),
    Function("bitCount", _count_returns, _lower_count),
    Function("bitHammingDistance", _flag, _lower_distance, args=(2, 2)),
    Function("bitmaskToArray", _mask_returns, _lower_mask),
    Function("bitPositionsToArray", _positions_returns, _lower_positions),
)
