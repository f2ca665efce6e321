"""Arithmetic: `plus`, `minus`, `multiply`, `divide`, `negate`, `abs`, `gcd`, …

Integers wrap around as in ClickHouse up to 64 bits; wider ones raise on overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions import datetime_shift as dates
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_clock import is_clock
from mini_tb.sql.functions.convert_moment import from_ticks, second, to_number, to_ticks
from mini_tb.sql.functions.convert_number import failure, wrap
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import (
    FLOAT64,
    INT32,
    DataType,
    datetime,
    datetime64,
    decimal,
    decimal_width,
    full_decimal,
    held_digits,
    nullable,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.duckdb import field_names, quote_identifier, quote_string
from mini_tb.types.promote import integer

Returns = Callable[[Sequence[Expr]], DataType]
Lower = Callable[[Call, list[str]], str]


def bits_of(t: DataType) -> int:
    """The width of an integer; a Bool has eight bits."""
    return 8 if t.is_bool else t.bits


def has_sign(t: DataType) -> bool:
    """Whether a number may be negative."""
    return t.is_signed and not t.is_bool


def illegal_types(a: DataType, b: DataType) -> ArgumentError:
    """What is raised where no operation is defined for two types."""
    return ArgumentError(f"illegal types `{a}` and `{b}`")


def check_numbers(args: Sequence[Expr]) -> None:
    """Raises `ArgumentError` if an argument is no number."""
    for arg in args:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")


def unless_zero(sql: str, divisor: str) -> str:
    """The text, or ClickHouse's error where the divisor is 0."""
    return f"CASE WHEN {divisor} = 0 THEN {failure(153, 'Division by zero')} ELSE {sql} END"


# Result types ----------------------------------------------------------------------------


def number_result(a: DataType, b: DataType, *, minus: bool = False) -> DataType:
    """The type of `a + b`, and with `minus` of `a - b`, for plain numbers."""
    if a.is_float or b.is_float:
        for t in (a, b):
            if t.is_integer and t.bits > 64:
                raise illegal_types(a, b)
        return FLOAT64
    if a.is_decimal or b.is_decimal:
        return decimal_result(a, b, max(t.scale for t in (a, b) if t.is_decimal))
    bits = max(bits_of(a), bits_of(b))
    return integer(bits if bits >= 64 else bits * 2, signed=minus or has_sign(a) or has_sign(b))


def decimal_result(a: DataType, b: DataType, scale: int) -> DataType:
    """The Decimal that an operation of a Decimal gives: with another, of the wider one's width;
    with an integer, of its own precision, though the result may have more digits."""
    if a.is_decimal and b.is_decimal:
        return decimal(max(decimal_width(a), decimal_width(b)), scale)
    return full_decimal(int((a if a.is_decimal else b).params[0]), scale)


def product_result(a: DataType, b: DataType) -> DataType:
    """The type of `a * b`."""
    result = number_result(a, b)
    if result.is_decimal:
        scale = a.scale + b.scale
        if scale > int(result.params[0]):
            raise ArgumentError("the scale of the product is too large", 69)
        return decimal_result(a, b, scale)
    if result.is_integer and result.bits == 256:
        raise ArgumentError("products of 256 bits are not supported", 48)
    return result


def quotient_result(a: DataType, b: DataType) -> DataType:
    """The type of `a / b`."""
    if a.is_float or b.is_float or not (a.is_decimal or b.is_decimal):
        return FLOAT64
    if a.is_decimal and b.is_decimal and a.scale < b.scale:
        raise ArgumentError("the scale of the dividend is less than that of the divisor", 69)
    return decimal_result(a, b, a.scale if a.is_decimal else b.scale)


# Lowering of numbers ---------------------------------------------------------------------


def lower_number(operator: str, a: DataType, b: DataType, result: DataType, args: list[str]) -> str:
    """DuckDB text of `+`, `-` or `*` on numbers."""
    duck = to_duckdb(result)
    left, right = args
    if result.is_decimal:
        left, right = _as_decimal(a, left), _as_decimal(b, right)
        return f"CAST({left} {operator} {right} AS {duck})"
    if result.is_float or max(bits_of(a), bits_of(b)) < 64 or result.bits > 64:
        return f"(CAST({left} AS {duck}) {operator} CAST({right} AS {duck}))"
    # 64 bits: computed in 128 and cut.
    wide = "HUGEINT"
    if operator == "*" and not has_sign(a) and not has_sign(b):
        wide = "UHUGEINT"
    computed = f"(CAST({left} AS {wide}) {operator} CAST({right} AS {wide}))"
    if wide == "UHUGEINT":
        return f"CAST({computed} & CAST({(1 << 64) - 1} AS UHUGEINT) AS {duck})"
    return wrap(computed, result)


_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}


def _as_decimal(t: DataType, sql: str) -> str:
    """A Decimal as it is, an integer as a Decimal without a scale that holds it."""
    if t.is_decimal:
        return sql
    if bits_of(t) > 64:
        return f"CAST({_narrowed(t, sql)} AS DECIMAL(38, 0))"
    number = f"CAST({sql} AS HUGEINT)" if t.is_bool else sql
    return f"CAST({number} AS DECIMAL({_DIGITS[bits_of(t)]}, 0))"


def _narrowed(t: DataType, sql: str) -> str:
    """What DuckDB makes a HUGEINT or a DECIMAL of: of a BIGNUM, its text."""
    return f"CAST({sql} AS VARCHAR)" if t.is_integer and t.bits == 256 else sql


def unscaled(t: DataType, sql: str) -> str:
    """The integer behind a Decimal, as HUGEINT."""
    digits = held_digits(t)
    if digits <= 18 < digits + t.scale + 1:  # DuckDB would stay within 64 bits
        sql = f"CAST({sql} AS DECIMAL({digits + t.scale + 1}, {t.scale}))"
    return f"CAST({sql} * CAST({10**t.scale} AS DECIMAL({t.scale + 1}, 0)) AS HUGEINT)"


def coefficient(t: DataType, sql: str) -> str:
    """The integer behind a Decimal (or an integer itself), as HUGEINT."""
    if not t.is_decimal:
        return f"CAST({_narrowed(t, sql)} AS HUGEINT)"
    return unscaled(t, sql)


def _lower_quotient(call: Call, args: list[str]) -> str:
    a, b, result = call.args[0].type.bare, call.args[1].type.bare, call.type.bare
    if result.is_float:
        return f"(CAST({args[0]} AS DOUBLE) / CAST({args[1]} AS DOUBLE))"
    scale = result.scale
    power = 10 ** (scale - a.scale + b.scale)
    quotient = f"(({coefficient(a, args[0])} * {power}) // {coefficient(b, args[1])})"
    step = f"CAST('1e-{scale}' AS DECIMAL({scale + 1}, {scale}))"
    exact = f"CAST(CAST({quotient} AS DECIMAL({37 - scale}, 0)) * {step} AS {to_duckdb(result)})"
    return unless_zero(exact, args[1])


# plus, minus, multiply, divide on everything ---------------------------------------------


def _fake(t: DataType) -> Expr:
    return Const(t, None)


def _by_element(function: Callable[[], Function], args: Sequence[Expr]) -> DataType:
    """The type of an operator over tuples: of its elements, with a number for every one."""
    a, b = args[0].type.bare, args[-1].type.bare
    found = []
    for i in range(len(a.types)):
        if len(args) == 1:
            pair = [_fake(a.types[i])]
        elif b.is_tuple:
            if len(a.types) != len(b.types):
                raise ArgumentError("tuples of different sizes")
            pair = [_fake(a.types[i]), _fake(b.types[i])]
        else:
            pair = [_fake(a.types[i]), args[1]]
        returns = function().returns
        assert callable(returns)
        plain = [_fake(arg.type.bare) for arg in pair]
        result = returns(plain)
        found.append(nullable(result) if any(arg.type.is_nullable for arg in pair) else result)
    return tuple_of(*found)


def _lower_by_element(call: Call, args: list[str]) -> str:
    a = call.args[0].type.bare
    b = call.args[-1].type.bare
    fields = []
    for i, (name, result) in enumerate(
        zip(field_names(call.type.bare), call.type.bare.types, strict=True)
    ):
        left = f"struct_extract({args[0]}, {quote_string(field_names(a)[i])})"
        pair, texts = [_fake(a.types[i])], [left]
        if len(args) > 1:
            pair.append(_fake(b.types[i]) if b.is_tuple else call.args[1])
            taken = (
                f"struct_extract({args[1]}, {quote_string(field_names(b)[i])})"
                if b.is_tuple
                else args[1]
            )
            texts.append(taken)
        lower = call.function.lower
        assert callable(lower)
        text = lower(Call(result, call.function, pair), texts)
        fields.append(f"{quote_identifier(name)}: {text}")
    return "{" + ", ".join(fields) + "}"


def _is_spans(t: DataType) -> bool:
    return t.is_tuple and bool(t.types) and all(e.is_interval for e in t.types)


def _add_returns(args: Sequence[Expr], *, minus: bool) -> DataType:
    a, b = args[0].type.bare, args[1].type.bare
    if a.is_number and b.is_number:
        return number_result(a, b, minus=minus)
    if (a.is_interval or _is_spans(a)) and b.is_interval:
        return a if a == b else dates.interval_sum_returns(args)
    if (b.is_interval or _is_spans(b)) and (a.is_date_or_datetime or a.is_string):
        return dates.shifted_by_tuple(a, b if b.is_tuple else tuple_of(b))
    if (a.is_interval or _is_spans(a)) and (b.is_date_or_datetime or b.is_string) and not minus:
        return dates.shifted_by_tuple(b, a if a.is_tuple else tuple_of(a))
    if a.is_date_or_datetime and _is_count(b):
        return a
    if b.is_date_or_datetime and _is_count(a) and not minus:
        return b
    if minus and a.is_datetime and b.is_datetime:
        scale = max(a.scale, b.scale)
        both = a.name == b.name == "DateTime"
        return INT32 if both else decimal(18, scale)
    if minus and a.is_date and a == b:
        return INT32
    if a.is_tuple and b.is_tuple:
        return _by_element(lambda: MINUS if minus else PLUS, args)
    if minus and is_clock(a) and is_clock(b):
        scale = max(a.scale, b.scale)
        return decimal(18, scale) if "Time64" in (a.name, b.name) else INT32
    moment, clock = (b, a) if is_clock(a) and not minus else (a, b)
    if is_clock(clock) and (moment.is_datetime or (moment.is_date and not minus)):
        return _moved_by_clock(moment, clock)
    raise illegal_types(a, b)


def _moved_by_clock(moment: DataType, clock: DataType) -> DataType:
    """The type of a day or time and a time of day together."""
    if clock.name == "Time" and moment.name in ("Date", "DateTime"):
        return datetime(moment.zone)
    return datetime64(max(moment.scale, clock.scale), moment.zone)


def _is_count(t: DataType) -> bool:
    return t.is_float or t.is_bool or (t.is_integer and t.bits <= 64)


def _lower_add(call: Call, args: list[str]) -> str:
    minus = call.function.name == "minus"
    sign = "-" if minus else "+"
    a, b = call.args[0].type.bare, call.args[1].type.bare
    if a.is_number and b.is_number:
        return lower_number(sign, a, b, call.type.bare, args)
    if (a.is_interval or _is_spans(a)) and b.is_interval:
        if a == b:
            return f"({args[0]} {sign} {args[1]})"
        return dates.lower_interval_sum(call, args, back=minus)
    if a.is_tuple and b.is_tuple:
        return _lower_by_element(call, args)
    if is_clock(a) and is_clock(b):
        return _clocks_between(a, b, call.type.bare, args)
    moves_by_clock = is_clock(a) and b.is_date_or_datetime
    if a.is_interval or _is_spans(a) or (_is_count(a) and b.is_date_or_datetime) or moves_by_clock:
        a, b, args = b, a, [args[1], args[0]]
    if b.is_interval:
        return dates.shift(a, str(b.params[0]), args[0], args[1], back=minus)
    if is_clock(b):
        return _move_by_clock(a, b, call.type.bare, args, sign)
    if b.is_tuple:
        return dates.shift_by_tuple(a, b, args[0], args[1], back=minus)
    if _is_count(b):
        return _shift_by_number(a, b, args, back=minus)
    if a.is_date:
        return f"CAST({args[0]} - {args[1]} AS INTEGER)"
    return _seconds_between(a, b, call.type.bare, args)


def _move_by_clock(
    moment: DataType, clock: DataType, result: DataType, args: list[str], sign: str
) -> str:
    start = lower_cast(moment, result, args[0])
    ticks = f"CAST({args[1]} AS BIGINT) * {10 ** (result.scale - clock.scale)}"
    if result.name == "DateTime":
        count = f"CAST({to_number(result, start)[1]} AS BIGINT)"
        return second(f"(({count} {sign} {ticks}) & 4294967295)")
    return from_ticks(result, f"({to_ticks(result, start)} {sign} {ticks})")


def _clocks_between(a: DataType, b: DataType, result: DataType, args: list[str]) -> str:
    if result == INT32:
        return f"({args[0]} - {args[1]})"
    ticks = [
        f"CAST({sql} AS BIGINT) * {10 ** (result.scale - t.scale)}"
        for t, sql in ((a, args[0]), (b, args[1]))
    ]
    step = f"CAST('1e-{result.scale}' AS DECIMAL({max(result.scale, 1) + 1}, {result.scale}))"
    return f"CAST(CAST({ticks[0]} - {ticks[1]} AS DECIMAL(18, 0)) * {step} AS {to_duckdb(result)})"


def _shift_by_number(t: DataType, n: DataType, args: list[str], *, back: bool) -> str:
    """A Date moved by days, a time by seconds; fractions of them are cut off."""
    unit = "Day" if t.is_date else "Second"
    return dates.shift(t, unit, args[0], dates.count_text(n, args[1]), back=back)


def _seconds_between(a: DataType, b: DataType, result: DataType, args: list[str]) -> str:
    if result == INT32:
        (_, first), (_, second) = to_number(a, args[0]), to_number(b, args[1])
        return wrap(f"(CAST({first} AS BIGINT) - CAST({second} AS BIGINT))", INT32)
    wide = DataType("DateTime64", params=(result.scale,))
    first, second = (
        to_number(wide, lower_cast(t, wide, sql))[1] for t, sql in ((a, args[0]), (b, args[1]))
    )
    return f"CAST({first} - {second} AS {to_duckdb(result)})"


def _multiply_returns(args: Sequence[Expr]) -> DataType:
    a, b = args[0].type.bare, args[1].type.bare
    if a.is_number and b.is_number:
        return product_result(a, b)
    if a.is_tuple and b.is_number:
        return _by_element(lambda: MULTIPLY, args)
    if b.is_tuple and a.is_number:
        return _by_element(lambda: MULTIPLY, [args[1], args[0]])
    raise illegal_types(a, b)


def _lower_multiply(call: Call, args: list[str]) -> str:
    a, b = call.args[0].type.bare, call.args[1].type.bare
    if a.is_tuple:
        return _lower_by_element(call, args)
    if b.is_tuple:
        return _lower_by_element(Call(call.type, call.function, call.args[::-1]), args[::-1])
    return lower_number("*", a, b, call.type.bare, args)


def _divide_returns(args: Sequence[Expr]) -> DataType:
    a, b = args[0].type.bare, args[1].type.bare
    if a.is_tuple and b.is_number:
        return _by_element(lambda: DIVIDE, args)
    if not (a.is_number and b.is_number):
        raise illegal_types(a, b)
    return quotient_result(a, b)


def _lower_divide(call: Call, args: list[str]) -> str:
    return _lower_by_element(call, args) if call.type.is_tuple else _lower_quotient(call, args)


# negate, abs, … --------------------------------------------------------------------------


def _negate_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    if t.is_tuple:
        return _by_element(lambda: NEGATE, args)
    if t.is_interval:
        return t
    check_numbers(args)
    if t.is_float or t.is_decimal:
        return t
    bits = bits_of(t)
    return integer(bits if has_sign(t) or bits >= 64 else bits * 2, signed=True)


def _lower_negate(call: Call, args: list[str]) -> str:
    t, result = call.args[0].type.bare, call.type.bare
    if t.is_tuple:
        return _lower_by_element(call, args)
    if not result.is_integer or result.bits > 64 or result.bits > bits_of(t):
        return f"(-CAST({args[0]} AS {to_duckdb(result)}))"
    return wrap(f"(-CAST({args[0]} AS {'BIGINT' if result.bits < 64 else 'HUGEINT'}))", result)


def _abs_returns(args: Sequence[Expr]) -> DataType:
    check_numbers(args)
    t = args[0].type
    return t if t.is_float or t.is_decimal else integer(bits_of(t), signed=False)


def _lower_abs(call: Call, args: list[str]) -> str:
    t, duck = call.args[0].type.bare, to_duckdb(call.type)
    if t.is_float or t.is_decimal:
        return f"abs({args[0]})"
    if not has_sign(t):
        return f"CAST({args[0]} AS {duck})"
    wide = {64: "HUGEINT", 128: "HUGEINT", 256: "BIGNUM"}.get(t.bits, "BIGINT")
    return f"CAST(abs(CAST({args[0]} AS {wide})) AS {duck})"


def _gcd_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_integer or arg.type.bits > 64:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer")
    return number_result(args[0].type.bare, args[1].type.bare)


def _lower_gcd(call: Call, args: list[str]) -> str:
    first, second = (f"CAST({sql} AS HUGEINT)" for sql in args)
    found = wrap(f"{call.function.name}({first}, {second})", call.type.bare)
    zero = f"({args[0]} = 0 OR {args[1]} = 0)"
    return f"CASE WHEN {zero} THEN {failure(153, 'Division by zero')} ELSE {found} END"


def _float_returns(args: Sequence[Expr]) -> DataType:
    check_numbers(args)
    return FLOAT64


def _swap_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_integer or t.bits > 64:
        raise ArgumentError(f"illegal type `{t}`, expected an integer of up to 64 bits")
    return t


def _lower_swap(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    moved = (
        f"(CAST({args[0]} AS HUGEINT) >> {shift} & 255) * {1 << (t.bits - 8 - shift)}"
        for shift in range(0, t.bits, 8)
    )
    return wrap(f"({' + '.join(moved)})", t)


PLUS = Function("plus", lambda args: _add_returns(args, minus=False), _lower_add, args=(2, 2))
MINUS = Function("minus", lambda args: _add_returns(args, minus=True), _lower_add, args=(2, 2))
MULTIPLY = Function("multiply", _multiply_returns, _lower_multiply, args=(2, 2))
DIVIDE = Function("divide", _divide_returns, _lower_divide, args=(2, 2))
NEGATE = Function("negate", _negate_returns, _lower_negate)

ROWS = (
    PLUS,
    MINUS,
    MULTIPLY,
    DIVIDE,
    NEGATE,
    Function("abs", _abs_returns, _lower_abs, any_case=True),
    Function("gcd", _gcd_returns, _lower_gcd, args=(2, 2)),
    Function("lcm", _gcd_returns, _lower_gcd, args=(2, 2)),
    Function(
        "max2",
        _float_returns,
        "greatest(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE))",
        args=(2, 2),
        any_case=True,
    ),
    Function(
        "min2",
        _float_returns,
        "least(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE))",
        args=(2, 2),
        any_case=True,
    ),
    Function("byteSwap", _swap_returns, _lower_swap, any_case=True),
)
