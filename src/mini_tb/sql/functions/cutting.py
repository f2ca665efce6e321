"""Strings cut, padded and turned round: by bytes, and by characters in the `UTF8` twins.

What is cut at bytes need not be UTF-8, so its type is `STRING_BYTES`. DuckDB's functions count
characters: they take the texts that are ASCII, and the others are cut as BLOB.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert_number import whole
from mini_tb.sql.functions.function import ArgumentError, Function, Lower, Returns, text
from mini_tb.sql.functions.strings import as_bytes, need_string
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, STRING_BYTES, DataType


def is_utf8(call: Call) -> bool:
    """Whether the function counts characters, by its name."""
    return call.function.name.endswith("UTF8")


def by_bytes(arg: Expr, sql: str, of_text: str, of_bytes: str) -> str:
    """The BLOB that a function of bytes gives: `of_text` (a VARCHAR) serves if all is ASCII."""
    if arg.type.is_bytes:
        return of_bytes
    return f"CASE WHEN strlen({sql}) = length({sql}) THEN encode({of_text}) ELSE {of_bytes} END"


def _size(call: Call, sql: str) -> str:
    if is_utf8(call):
        return f"length({sql})"
    return f"octet_length({sql})" if call.args[0].type.is_bytes else f"strlen({sql})"


def _is_wide(t: DataType) -> bool:
    """Whether a number may be more than DuckDB takes, which has 32 bits for it."""
    return t.is_float or (t.is_integer and t.bits > 32)


def _taken(call: Call, args: list[str], first: str, count: str) -> str:
    """`count` letters from `first` on, counted from 1."""
    arg, sql = call.args[0], args[0]
    past = f"{_size(call, sql)} + 1"
    if _is_wide(call.args[1].type) and first != "1":
        first = f"least({first}, {past})"
    if _is_wide(call.args[-1].type) and len(args) > 2:
        count = f"least({count}, {past})"
    cut = f"substring({sql}, {first}, {count})"
    if is_utf8(call):
        return cut
    return by_bytes(
        arg, sql, cut, f"array_slice({as_bytes(arg, sql)}, {first}, {first} + {count} - 1)"
    )


# substring -----------------------------------------------------------------------------------


def _from_offset(call: Call, args: list[str], size: str) -> tuple[str, str]:
    """From which letter on, and how many, of `size`: by an offset from 1, from the end if
    negative, and a length, or with a minus what to leave out."""
    offset = whole(call.args[1].type, args[1])
    first = (
        f"(CASE WHEN {offset} > 0 THEN {offset} WHEN {offset} < 0 "
        f"THEN greatest({size} + {offset} + 1, 1) ELSE {size} + 1 END)"
    )
    if len(args) < 3:
        return first, size
    length = whole(call.args[2].type, args[2])
    # An offset before the start takes its missing part from the length.
    lost = f"(CASE WHEN {offset} < -{size} THEN {size} + {offset} ELSE 0 END)"
    count = (
        f"(CASE WHEN {length} >= 0 THEN greatest({length} + {lost}, 0) "
        f"ELSE greatest({size} + {length} - {first} + 1, 0) END)"
    )
    return first, count


def _lower_substring(call: Call, args: list[str]) -> str:
    return _taken(call, args, *_from_offset(call, args, _size(call, args[0])))


def _bits_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    for arg in args[1:]:
        if not arg.type.is_integer and not arg.type.is_float:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")
    return STRING_BYTES


def _lower_bits(call: Call, args: list[str]) -> str:
    """Cut of the bits as a text; what is missing to whole bytes is zeros."""
    data = as_bytes(call.args[0], args[0])
    bits = f"CAST(CAST(nullif({data}, CAST('' AS BLOB)) AS BIT) AS VARCHAR)"
    first, count = _from_offset(call, args, f"(8 * octet_length({data}))")
    cut = f"substring({bits}, {first}, {count})"
    padded = f"rpad({cut}, CAST((length({cut}) + 7) // 8 * 8 AS INTEGER), '0')"
    return f"CASE WHEN {data} IS NOT NULL THEN coalesce(unbin({padded}), CAST('' AS BLOB)) END"


def _lower_end(call: Call, args: list[str]) -> str:
    """`left`, `right`: a negative count leaves out that many of the other end."""
    size, count = _size(call, args[0]), whole(call.args[1].type, args[1])
    wanted = f"CASE WHEN {count} >= 0 THEN {count} ELSE greatest({size} + {count}, 0) END"
    kept = f"least({wanted}, {size})"
    first = "1" if call.function.name.startswith("left") else f"({size} - {kept} + 1)"
    return _taken(call, args, first, kept)


def _cut_returns(result: DataType) -> Returns:
    def returns(args: Sequence[Expr]) -> DataType:
        need_string(args[0])
        for arg in args[1:]:
            t = arg.type
            if not (t.is_bool or t.is_float or (t.is_integer and t.bits <= 64)):
                raise ArgumentError(f"illegal type `{t}`, expected a number of up to 64 bits")
        return result

    return returns


def _cutting(name: str, lower: Lower, args: tuple[int, int], *aliases: str) -> tuple[Function, ...]:
    """A function that cuts a string at numbers, and its twin."""
    twins = tuple(f"{alias}UTF8" for alias in aliases if alias == "substr")
    bytes_ = _cut_returns(STRING_BYTES)
    return (
        Function(name, bytes_, lower, args=args, aliases=aliases, any_case=True, bytes_ok=True),
        Function(
            f"{name}UTF8", _cut_returns(STRING), lower, args=args, aliases=twins, any_case=True
        ),
    )


# Padding -------------------------------------------------------------------------------------


def _pad_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_string:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a String")
    if not args[1].type.is_integer:
        raise ArgumentError(f"illegal type `{args[1].type}` of the length, expected an integer")
    if len(args) > 2:
        need_string(args[2])
    return STRING_BYTES


def _pad_utf8_returns(args: Sequence[Expr]) -> DataType:
    _pad_returns(args)
    return STRING


def _lower_pad(call: Call, args: list[str]) -> str:
    arg, sql, length = call.args[0], args[0], f"CAST({args[1]} AS INTEGER)"
    filling = (text(call.args[2]) if len(args) > 2 else "") or " "
    quoted = "'" + filling.replace("'", "''") + "'"
    is_left = call.function.name.startswith("left")
    function = "lpad" if is_left else "rpad"
    padded = f"{function}({sql}, {length}, {quoted})"
    if not is_utf8(call):
        blob = as_bytes(arg, sql)
        missing = f"greatest({length} - octet_length({blob}), 0)"
        more = f"array_slice(repeat(encode({quoted}), {missing}), 1, {missing})"
        whole = f"{more} || {blob}" if is_left else f"{blob} || {more}"
        cut = (
            f"CASE WHEN octet_length({blob}) >= {length} "
            f"THEN array_slice({blob}, 1, {length}) ELSE {whole} END"
        )
        padded = by_bytes(arg, sql, padded, cut) if filling.isascii() else cut
    negative = "error('DB::353: the padded length is negative')"
    return f"CASE WHEN {args[1]} < 0 THEN {negative} ELSE {padded} END"


# Reversing -----------------------------------------------------------------------------------


def _reverse_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if t.is_array or t.bare.name == "FixedString":
        return t
    need_string(args[0])
    return STRING_BYTES


def _lower_reverse(call: Call, args: list[str]) -> str:
    if call.type.is_array:
        return f"list_reverse({args[0]})"
    arg, sql = call.args[0], args[0]
    pairs = f"list_reverse(regexp_extract_all(hex({as_bytes(arg, sql)}), '..'))"
    turned = f"unhex(coalesce(array_to_string({pairs}, ''), ''))"
    if arg.type.is_nullable:
        turned = f"CASE WHEN {sql} IS NOT NULL THEN {turned} END"
    return by_bytes(arg, sql, f"reverse({sql})", turned)


ROWS = (
    *_cutting("substring", _lower_substring, (2, 3), "substr", "mid", "byteSlice"),
    Function("bitSlice", _bits_returns, _lower_bits, args=(2, 3), bytes_ok=True),
    *_cutting("left", _lower_end, (2, 2)),
    *_cutting("right", _lower_end, (2, 2)),
    *(
        Function(
            name,
            _pad_returns,
            _lower_pad,
            args=(2, 3),
            aliases=a,
            any_case=True,
            bytes_ok=True,
            per_row=True,
        )
        for name, a in (("leftPad", ("lpad",)), ("rightPad", ("rpad",)))
    ),
    *(
        Function(f"{name}UTF8", _pad_utf8_returns, _lower_pad, args=(2, 3), per_row=True)
        for name in ("leftPad", "rightPad")
    ),
    Function("reverse", _reverse_returns, _lower_reverse, any_case=True, bytes_ok=True),
)
