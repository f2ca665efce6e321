"""Encodings: `hex`, `bin`, `base64Encode`, `char`, Morton and Hilbert codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, constant
from mini_tb.sql.functions.hash_parts import little_endian, number_bits, value_bytes
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, STRING_BYTES, UINT64, DataType, tuple_of

# hex and bin ---------------------------------------------------------------------------------


def _hex(t: DataType, sql: str) -> str:
    """Whole numbers from the highest byte that is not zero, the rest as it lies in memory."""
    if t.is_string:
        return f"hex({value_bytes(t, sql)})"
    if t.name == "UUID":
        return f"upper(replace(CAST({sql} AS VARCHAR), '-', ''))"
    if t.name == "IPv6":
        return f"lpad(to_hex({sql}), 32, '0')"
    if t.is_integer and t.bits == 128:
        digits = f"to_hex({sql})"
    elif t.is_float:
        bits = number_bits(t, sql)
        assert bits is not None
        return f"hex({little_endian(*bits)})"
    elif t.is_decimal:
        return f"hex({value_bytes(t, sql)})"
    else:
        bits = number_bits(t, sql)
        if bits is None:
            raise ArgumentError(f"illegal type `{t}`", 44)
        digits = f"to_hex({bits[0]})"
    return f"(CASE WHEN strlen({digits}) % 2 = 1 THEN '0' || {digits} ELSE {digits} END)"


def _checked(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    known = t.is_number or t.is_string or t.is_date or t.is_enum
    if not known and t.name not in ("DateTime", "UUID", "IPv4", "IPv6"):
        raise ArgumentError(f"illegal type `{t}`")
    return STRING


def _lower_hex(call: Call, args: list[str]) -> str:
    return _hex(call.args[0].type.bare, args[0])


def _lower_bin(call: Call, args: list[str]) -> str:
    nibble = "lpad(to_binary(CAST('0x' || c AS INTEGER)), 4, '0')"
    digits = f"regexp_extract_all({_hex(call.args[0].type.bare, args[0])}, '.')"
    joined = f"coalesce(array_to_string(list_transform({digits}, lambda c: {nibble}), ''), '')"
    if not call.args[0].type.is_nullable:
        return joined
    return f"(CASE WHEN {args[0]} IS NOT NULL THEN {joined} END)"


_UNHEX = (
    "CASE WHEN NOT regexp_full_match({0}, '[0-9a-fA-F]*') "
    "THEN error('DB::36: `unhex` of a text with other characters than hexadecimal digits') "
    "WHEN strlen({0}) % 2 = 1 THEN unhex('0' || {0}) ELSE unhex({0}) END"
)


def _lower_unhex(call: Call, args: list[str]) -> str:
    return _UNHEX.format(args[0])


# char ----------------------------------------------------------------------------------------


def _char_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")
    return STRING_BYTES


def _lower_char(call: Call, args: list[str]) -> str:
    numbers = (
        f"trunc({sql})" if arg.type.is_float or arg.type.is_decimal else sql
        for arg, sql in zip(call.args, args, strict=True)
    )
    bytes_ = (f"lpad(to_hex(CAST({n} AS BIGINT) & 255), 2, '0')" for n in numbers)
    return f"unhex({' || '.join(bytes_)})"


# base64 --------------------------------------------------------------------------------------

_URL_TO_BASE64 = "translate({0}, '-_', '+/') || repeat('=', (4 - strlen({0}) % 4) % 4)"


def _failing(name: str, text: str) -> str:
    return f"coalesce(TRY({text}), error('DB::117: {name}: the text is not of this encoding'))"


def _lower_decode(call: Call, args: list[str]) -> str:
    name = call.function.name
    text = f"({_URL_TO_BASE64.format(args[0])})" if "URL" in name else args[0]
    text = f"from_base64({text})"
    if name.startswith("try"):
        return f"coalesce(TRY({text}), ''::BLOB)"
    return f"CASE WHEN {args[0]} IS NOT NULL THEN {_failing(name, text)} END"


def _lower_encode(call: Call, args: list[str]) -> str:
    text = f"to_base64({value_bytes(call.args[0].type.bare, args[0])})"
    return f"rtrim(translate({text}, '+/', '-_'), '=')" if "URL" in call.function.name else text


def _lower_base(udf: str) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        name = call.function.name
        if name.endswith("Encode"):
            return f"mt_{udf}_encode({value_bytes(call.args[0].type.bare, args[0])})"
        text = f"mt_{udf}_decode({args[0]})"
        if name.startswith("try"):
            return f"coalesce({text}, ''::BLOB)"
        return f"CASE WHEN {args[0]} IS NOT NULL THEN {_failing(name, text)} END"

    return lower


def _base(name: str, alias: str | None = None) -> tuple[Function, ...]:
    lower = _lower_base(name)
    return (
        Function(f"{name}Encode", strings(STRING), lower, bytes_ok=True),
        Function(f"{name}Decode", strings(STRING_BYTES), lower),
        Function(f"try{name.capitalize()}Decode", strings(STRING_BYTES), lower),
    )


# Space-filling curves ------------------------------------------------------------------------


def _curve_returns(args: Sequence[Expr]) -> DataType:
    masked = args[0].type.is_tuple
    numbers = args[1:] if masked else args
    if masked and len(args[0].type.bare.types) != len(numbers):
        raise ArgumentError("the mask must have a number for each argument", 36)
    if not numbers:
        raise ArgumentError("takes a number at least", 42)
    for arg in numbers:
        if not arg.type.is_integer:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer")
    return UINT64


def _mask(call: Call) -> list[int]:
    values = constant(call.args[0])
    assert isinstance(values, Sequence)
    return [int(value) for value in values]


def _ratios(call: Call, count: int) -> list[int]:
    """How many places wide a bit of each argument is, by a mask."""
    if not call.args[0].type.is_tuple:
        return [1] * count
    ratios = _mask(call)
    if not all(1 <= ratio <= 8 for ratio in ratios):
        raise ArgumentError("a number of the mask must be between 1 and 8", 69)
    return ratios


def _lower_morton(call: Call, args: list[str]) -> str:
    """Bit `i` of argument `j` of `n` goes to place `n * i + j`; a mask stretches an argument."""
    numbers = args[1:] if call.args[0].type.is_tuple else args
    n = len(numbers)
    parts = []
    for j, (sql, ratio) in enumerate(zip(numbers, _ratios(call, n), strict=True)):
        if n == 1 and ratio == 1:
            return f"CAST({sql} AS UBIGINT)"
        count = -(-64 // (n * ratio))
        place = f"({n} * (i * {ratio} + {ratio - 1}) + {j})"
        bit = f"CAST((CAST({sql} AS UBIGINT) >> CAST(i AS UBIGINT)) & 1 AS HUGEINT)"
        moved = f"CASE WHEN {place} < 64 THEN {bit} << CAST({place} AS HUGEINT) ELSE 0 END"
        parts.append(f"list_sum(list_transform(range({count}), lambda i: {moved}))")
    return f"CAST({' + '.join(parts)} AS UBIGINT)"


def _lower_hilbert(call: Call, args: list[str]) -> str:
    """The place of a point on Hilbert's curve; a mask shifts the arguments to the left."""
    masked = call.args[0].type.is_tuple
    numbers = args[1:] if masked else args
    if len(numbers) > 2:
        raise ArgumentError("takes at most two numbers", 42)
    shifts = _mask(call) if masked else [0] * len(numbers)
    shifted = [
        f"(CAST({sql} AS UBIGINT) << CAST({shift} AS UBIGINT))"
        if shift
        else f"CAST({sql} AS UBIGINT)"
        for sql, shift in zip(numbers, shifts, strict=True)
    ]
    return shifted[0] if len(shifted) == 1 else f"mt_hilbert({shifted[1]}, {shifted[0]})"


def _size(args: Sequence[Expr]) -> int:
    """How many dimensions there are, as a number or as a mask for each."""
    value = constant(args[0])
    size = value if isinstance(value, int) else 0
    if isinstance(value, list | tuple):
        size = len(value)
    if not 1 <= size <= 8:
        raise ArgumentError("the number of dimensions must be between 1 and 8", 69)
    return size


def _decode_returns(args: Sequence[Expr]) -> DataType:
    return tuple_of(*[UINT64] * _size(args))


def _lower_morton_decode(call: Call, args: list[str]) -> str:
    n = _size(call.args)
    code = f"CAST({args[1]} AS UBIGINT)"
    fields = []
    for j, ratio in enumerate(_ratios(call, n)):
        first = n * (ratio - 1) + j
        place = f"CAST({n * ratio} * i + {first} AS UBIGINT)"
        bit = f"CAST(({code} >> {place}) & 1 AS HUGEINT) << CAST(i AS HUGEINT)"
        count = -(-(64 - first) // (n * ratio))
        total = f"list_sum(list_transform(range({count}), lambda i: {bit}))"
        fields.append(f"'{j + 1}': CAST({total} AS UBIGINT)")
    return f"{{{', '.join(fields)}}}"


def _lower_hilbert_decode(call: Call, args: list[str]) -> str:
    n = _size(call.args)
    shifts = _mask(call) if call.args[0].type.is_tuple else [0] * n
    if n > 2:
        raise ArgumentError("takes at most two dimensions", 42)
    point = f"CAST({args[1]} AS UBIGINT)"
    found = [point]
    if n == 2:
        point = f"mt_hilbert_point({point})"
        found = [f"{point} & {(1 << 32) - 1}", f"{point} >> 32"]
    fields = (
        f"'{i}': ({text}) >> CAST({shift} AS UBIGINT)" if shift else f"'{i}': {text}"
        for i, (text, shift) in enumerate(zip(found, shifts, strict=True), 1)
    )
    return f"{{{', '.join(fields)}}}"


def _mask_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_integer or args[0].type.bits > 64:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an integer")
    return STRING


def _lower_mask(call: Call, args: list[str]) -> str:
    """The powers of two that a number is the sum of."""
    t = call.args[0].type.bare
    bits = number_bits(t, args[0])
    assert bits is not None
    power = "(1::HUGEINT << i)"
    if t.is_signed:
        power = f"(CASE WHEN i = {t.bits - 1} THEN -{power} ELSE {power} END)"
    places = f"list_filter(range({t.bits}), lambda i: ({bits[0]} >> CAST(i AS UBIGINT)) & 1 = 1)"
    return f"coalesce(array_to_string(list_transform({places}, lambda i: {power}), ','), '')"


ROWS = (
    Function("hex", _checked, _lower_hex, bytes_ok=True, any_case=True),
    Function("bin", _checked, _lower_bin, bytes_ok=True, any_case=True),
    Function("unhex", strings(STRING_BYTES), _lower_unhex, any_case=True),
    Function("unbin", strings(STRING_BYTES), "mt_unbin({0})", any_case=True),
    Function("char", _char_returns, _lower_char, args=(1, None), any_case=True),
    Function(
        "base64Encode",
        strings(STRING),
        _lower_encode,
        bytes_ok=True,
        aliases=("TO_BASE64",),
        any_case=True,
    ),
    Function(
        "base64Decode",
        strings(STRING_BYTES),
        _lower_decode,
        aliases=("FROM_BASE64",),
        any_case=True,
    ),
    Function("tryBase64Decode", strings(STRING_BYTES), _lower_decode),
    Function("base64URLEncode", strings(STRING), _lower_encode, bytes_ok=True),
    Function("base64URLDecode", strings(STRING_BYTES), _lower_decode),
    Function("tryBase64URLDecode", strings(STRING_BYTES), _lower_decode),
    *_base("base58"),
    *_base("base32"),
    Function("bitmaskToList", _mask_returns, _lower_mask),
    Function("mortonEncode", _curve_returns, _lower_morton, args=(1, 9)),
    Function("mortonDecode", _decode_returns, _lower_morton_decode, args=(2, 2), per_row=True),
    Function("hilbertEncode", _curve_returns, _lower_hilbert, args=(1, 3)),
    Function("hilbertDecode", _decode_returns, _lower_hilbert_decode, args=(2, 2), per_row=True),
)
