"""Comparisons: `equals`, `less`, `isDistinctFrom`, `like`, …

Values compare as what they are, whatever their widths and signs; NaN equals nothing and is neither
less nor greater. A constant string is read as the type that it is compared with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

from mini_tb.sql.constancy import is_constant
from mini_tb.sql.folding import EXACT_FLOAT
from mini_tb.sql.functions import zone
from mini_tb.sql.functions.constants import integer_type, literal
from mini_tb.sql.functions.convert import lower_cast, names_member
from mini_tb.sql.functions.convert_moment import to_number
from mini_tb.sql.functions.convert_text import to_text
from mini_tb.sql.functions.function import ArgumentError, Function, constant, keep_low_cardinality
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import (
    FLOAT64,
    INT16,
    INT128,
    NOTHING,
    STRING,
    STRING_BYTES,
    UINT8,
    UINT128,
    DataType,
    NoSupertype,
    least_supertype,
    nullable,
)
from mini_tb.types.duckdb import field_names, quote_string, to_duckdb

_OPERATORS = {
    "equals": "=",
    "notEquals": "<>",
    "less": "<",
    "greater": ">",
    "lessOrEquals": "<=",
    "greaterOrEquals": ">=",
}


def _illegal(a: DataType, b: DataType) -> ArgumentError:
    return ArgumentError(f"illegal types `{a}` and `{b}`")


def common(a: Expr, b: Expr) -> DataType:
    """The type as which two values are compared; `Nothing` if as they are.

    Raises `ArgumentError` if they do not compare.
    """
    s, t = a.type.bare, b.type.bare
    as_they_are = DataType("Nothing")
    if s == t or (s.is_number and t.is_number) or s.is_nothing or t.is_nothing:
        return as_they_are
    if s.is_string and t.is_string:
        return STRING_BYTES if STRING_BYTES in (s, t) else STRING
    for text, other in ((a, t), (b, s)):
        if text.type.bare.is_string:
            if not is_constant(text) and not other.is_enum:
                raise ArgumentError(f"there is no supertype for types {s}, {t}", 386)
            if not other.is_enum:
                return other
            return other if names_member(other, text) else STRING
    if s.is_enum and t.is_enum:
        return INT16
    for one, other in ((s, t), (t, s)):
        if one.is_decimal and other.name != "DateTime64":
            continue
        if one.is_number and (other.is_datetime or other.is_enum or other.name == "IPv4"):
            return as_they_are
    try:
        return least_supertype([s, t])
    except NoSupertype:
        raise _illegal(a.type, b.type) from None


def _tuples(a: DataType, b: DataType) -> bool:
    if not (a.is_tuple and b.is_tuple):
        return False
    if len(a.types) != len(b.types) or not a.types:
        raise _illegal(a, b)
    return True


def _compare_returns(args: Sequence[Expr]) -> DataType:
    a, b = args
    if _tuples(a.type.bare, b.type.bare):
        results = [_compare_returns(pair) for pair in _elements(a, b)]
        inside = any(result.is_nullable for result in results)
        for x, y in _elements(a, b):
            inside = inside or any(e.type.is_nullable or e.type == NOTHING for e in (x, y))
        return nullable(UINT8) if inside else UINT8
    if beside := _beside_dynamic(a, b):
        return nullable(_compare_returns([side for side, _ in beside]).bare)
    shared = common(a, b)
    if shared.name != "Nothing":
        for side in args:
            lower_cast(side.type, shared, "")
    return UINT8


def _beside_dynamic(a: Expr, b: Expr) -> list[tuple[Expr, Callable[[str], str]]]:
    """Both sides, and how their texts are made, where one of them was read of JSON: it is read as
    what the other is, numbers as floats. Empty for all others."""
    is_dynamic = [side.type.bare.name == "Dynamic" for side in (a, b)]
    if is_dynamic[0] == is_dynamic[1]:
        return []
    other = (b if is_dynamic[0] else a).type.bare
    target = nullable(FLOAT64 if other.is_integer or other.is_float else other)

    def read(sql: str) -> str:
        return f"CAST({lower_cast(DataType('Dynamic'), target, sql)} AS {to_duckdb(target)})"

    def as_it_is(sql: str) -> str:
        return sql

    return [
        (Expr(target), read) if dynamic else (side, as_it_is)
        for dynamic, side in zip(is_dynamic, (a, b), strict=True)
    ]


def _elements(a: Expr, b: Expr) -> list[tuple[Expr, Expr]]:
    """The pairs of elements of two tuples; constants stay constants."""

    def parts(expr: Expr) -> list[Expr]:
        types = expr.type.bare.types
        if isinstance(expr, Call) and expr.function.name == "tuple":
            return list(expr.args)
        if isinstance(expr, Const) and expr.value is not None:
            return [Const(t, value) for t, value in zip(types, expr.value, strict=True)]
        return [Expr(t) for t in types]

    return list(zip(parts(a), parts(b), strict=True))


def element_pairs(call: Call) -> list[tuple[Expr, Expr]]:
    """What ClickHouse compares one by one, until one decides: the elements of tuples that are
    written, where these are equal or not. Empty for other calls."""
    if call.function.name not in ("equals", "notEquals"):
        return []
    a, b = call.args
    if not (a.type.bare.is_tuple and b.type.bare.is_tuple) or (is_constant(a) and is_constant(b)):
        return []
    for side in (a, b):
        is_written = isinstance(side, Call) and side.function.name == "tuple"
        if not is_written and not (isinstance(side, Const) and side.value is not None):
            return []
    pairs = _elements(a, b)
    is_empty = any(NOTHING in (x.type, y.type) for x, y in pairs)
    return [] if is_empty or len(pairs) < 2 else pairs


def compare(operator: str, a: Expr, b: Expr, left: str, right: str) -> str:
    """DuckDB BOOLEAN text of a comparison."""
    s, t = a.type.bare, b.type.bare
    if _tuples(s, t):
        return _compare_tuples(operator, a, b, left, right)
    if beside := _beside_dynamic(a, b):
        (a, of_left), (b, of_right) = beside
        return compare(operator, a, b, of_left(left), of_right(right))
    shared = common(a, b)
    if shared.name == "DateTime" and not (s.is_string or t.is_string):
        # A Date that DateTime does not reach is still later than all of them.
        left, right = (
            zone.start_of_day(sql, shared.zone) if side.is_date else sql
            for side, sql in ((s, left), (t, right))
        )
        s = t = shared
    elif shared == STRING_BYTES and "FixedString" in (s.name, t.name):
        left, right = _without_zeros(s, left), _without_zeros(t, right)
        s = t = shared
    elif shared.name != "Nothing":
        left, right = lower_cast(s, shared, left), lower_cast(t, shared, right)
        s = t = shared
    elif _width(s) >= 128 and t.is_decimal:
        return _compare_with_decimal(operator, s, left, right)
    elif s.is_decimal and _width(t) >= 128:
        return _compare_with_decimal(_TURNED[operator], t, right, left)
    elif s != t:
        left, s, right, t = _as_numbers(s, left, t, right)
    if s.is_float != t.is_float and max(_width(s), _width(t)) >= 64:
        return _compare_with_float(operator, a, b, left, right)
    found = f"({left} {operator} {right})"
    return _but_nan(operator, a, b, left, right, found) if s.is_float or t.is_float else found


def _without_zeros(t: DataType, sql: str) -> str:
    """What is compared with a FixedString, as digits: the zeros at the end do not count."""
    return f"regexp_replace(hex({lower_cast(t, STRING_BYTES, sql)}), '(00)+$', '')"


def _as_number(t: DataType, sql: str) -> tuple[str, DataType]:
    """What is compared with a number: dates as seconds, enums by number, Bool as 0 and 1."""
    if t.is_date_or_datetime:
        number, text = to_number(t, sql)
        return text, number
    if t.is_enum:
        return lower_cast(t, INT16, sql), INT16
    if t.is_bool:
        return f"CAST({sql} AS UTINYINT)", UINT8
    return sql, t


def _as_numbers(
    s: DataType, left: str, t: DataType, right: str
) -> tuple[str, DataType, str, DataType]:
    """Both sides as numbers that DuckDB compares; no HUGEINT is beside what it does not hold."""
    left, s = _as_number(s, left)
    right, t = _as_number(t, right)
    widest = max(_width(s), _width(t))
    is_mixed = UINT128 in (s, t) and s.is_signed != t.is_signed
    if s.is_integer and t.is_integer and (widest == 256 or is_mixed):
        left, right = _bignum(s, left), _bignum(t, right)
    return _doubled(s, left, t), s, _doubled(t, right, s), t


def _doubled(t: DataType, sql: str, other: DataType) -> str:
    """A Float32 as Float64 beside what DuckDB would make a Float32 for it, with fewer digits."""
    if t.is_float and t.bits == 32 and (other.is_decimal or _width(other) > 16):
        return f"CAST({sql} AS DOUBLE)"
    return sql


def _bignum(t: DataType, sql: str) -> str:
    # By its text: DuckDB would rather cast a constant beside it to what the column is, and that is
    # an error, or another number.
    text = sql if t.bits == 256 else f"CAST({sql} AS VARCHAR)"
    return f"CAST({text} AS BIGNUM)"


def _width(t: DataType) -> int:
    return t.bits if t.is_integer else 0


def _plain_float(expr: Expr) -> bool:
    """Whether a value is never NaN: a constant, or no float at all."""
    if not expr.type.is_float:
        return True
    value = expr.value if isinstance(expr, Const) else math.nan
    return isinstance(value, int | float) and not math.isnan(value)


def _but_nan(operator: str, a: Expr, b: Expr, left: str, right: str, found: str) -> str:
    """DuckDB holds NaN equal to itself and greater than all numbers; ClickHouse does not."""
    if operator in ("=", "<>"):
        if _plain_float(a) or _plain_float(b):
            return found
        return f"({found} {'AND NOT' if operator == '=' else 'OR'} isnan({left}))"
    greater, expr = (right, b) if operator in ("<", "<=") else (left, a)
    return found if _plain_float(expr) else f"({found} AND {greater} <= CAST('inf' AS DOUBLE))"


_TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operators with their sides exchanged."""


def _compare_with_decimal(operator: str, t: DataType, number: str, decimal: str) -> str:
    """A wide integer with a Decimal, which DuckDB does not do: with the integers beside it."""
    low, high = (f"CAST({side}({decimal}) AS HUGEINT)" for side in ("floor", "ceil"))
    if t != INT128:
        number, low, high = _bignum(t, number), _bignum(INT128, low), _bignum(INT128, high)
    if operator in ("=", "<>"):
        word = "AND" if operator == "=" else "OR"
        return f"({number} {operator} {low} {word} {number} {operator} {high})"
    return f"({number} {operator} {high if operator in ('<', '>=') else low})"


def _compare_with_float(operator: str, a: Expr, b: Expr, left: str, right: str) -> str:
    """A wide integer with a float: where the integer rounds to the float, exactly."""
    number, real = (right, left) if a.type.is_float else (left, right)
    expr = a if a.type.is_float else b
    value = expr.value if isinstance(expr, Const) else None
    rounded = f"CAST({number} AS DOUBLE)"
    sides = (real, rounded) if a.type.is_float else (rounded, real)
    found = _but_nan(operator, a, b, *sides, f"({sides[0]} {operator} {sides[1]})")
    if isinstance(value, int | float) and abs(value) < EXACT_FLOAT:
        return found
    whole = compared = f"TRY_CAST({real} AS HUGEINT)"
    if max(_width(a.type.bare), _width(b.type.bare)) == 256:
        compared = _bignum(INT128, whole)
    exact = (compared, number) if a.type.is_float else (number, compared)
    return (
        f"CASE WHEN {rounded} = {real} AND {whole} IS NOT NULL "
        f"THEN {exact[0]} {operator} {exact[1]} ELSE {found} END"
    )


def _compare_tuples(operator: str, a: Expr, b: Expr, left: str, right: str) -> str:
    known = [not (x.type.is_nothing or y.type.is_nothing) for x, y in _elements(a, b)]
    is_fixed = operator not in ("=", "<>") or (is_constant(a) and is_constant(b))
    is_empty = any(NOTHING in (x.type, y.type) for x, y in _elements(a, b))
    if is_empty or (not all(known) and is_fixed):
        return "CAST(NULL AS BOOLEAN)"
    pairs = []
    fields = zip(field_names(a.type.bare), field_names(b.type.bare), strict=True)
    for (x, y), (one, two) in zip(_elements(a, b), fields, strict=True):
        first = f"struct_extract({left}, {quote_string(one)})"
        second = f"struct_extract({right}, {quote_string(two)})"
        pairs.append((x, y, first, second))
    if operator in ("=", "<>"):
        word = " AND " if operator == "=" else " OR "
        each = (
            compare(operator, *pair) if is_known else "CAST(NULL AS BOOLEAN)"
            for pair, is_known in zip(pairs, known, strict=True)
        )
        return f"({word.join(each)})"
    found = compare(operator, *pairs[-1])
    for pair in reversed(pairs[:-1]):
        found = f"({compare(operator[0], *pair)} OR ({compare('=', *pair)} AND {found}))"
    return found


def _lower_compare(call: Call, args: list[str]) -> str:
    a, b = call.args
    found = compare(_OPERATORS[call.function.name], a, b, args[0], args[1])
    return f"CAST({found} AS UTINYINT)"


def decided_by_type(expr: Expr) -> bool | None:
    """What the comparison of an integer with a constant gives for every value of its type, if it
    is always the same."""
    if not (isinstance(expr, Call) and expr.function.name in _OPERATORS):
        return None
    (a, b), operator = expr.args, _OPERATORS[expr.function.name]
    if isinstance(a, Const):
        a, b, operator = b, a, _TURNED[operator]
    if not isinstance(b, Const) or not _are_plain(a, b):
        return None
    value, (least, most) = b.value, _range_of(a.type)
    if operator in ("=", "<>"):
        is_none = most < value or least > value or (value % 1 != 0 and value == value)
        return operator == "<>" if is_none else None
    if operator in ("<", ">="):
        is_less, is_not = most < value, least >= value
    else:
        is_less, is_not = most <= value, least > value
    return is_less == operator.startswith("<") if is_less or is_not else None


def unless_decided_by_type(expr: Expr, sql: str, lower: Callable[[Expr], str]) -> str:
    """The text of a condition, `sql`. If it is a comparison as above, with a constant that the run
    computes, the integer is computed only where the constant does not decide alone."""
    if not (isinstance(expr, Call) and expr.function.name in _OPERATORS):
        return sql
    (a, b), operator = expr.args, _OPERATORS[expr.function.name]
    if is_constant(a):
        a, b, operator = b, a, _TURNED[operator]
    if isinstance(b, Const) or not is_constant(b) or not _are_plain(a, b):
        return sql
    text, (least, most) = lower(b), _range_of(a.type)

    def of(operator: str, bound: int) -> str:
        integer = Const(integer_type(bound), bound)
        return compare(operator, integer, b, literal(bound, integer.type), text)

    if operator in ("=", "<>"):
        is_beyond = f"{of('<', most)} OR {of('>', least)}"
        return f"CASE WHEN {is_beyond} THEN {int(operator == '<>')} ELSE {sql} END"
    low, high = of(operator, least), of(operator, most)
    return f"CASE WHEN {low} = {high} THEN CAST({low} AS UTINYINT) ELSE {sql} END"


def _are_plain(a: Expr, b: Expr) -> bool:
    """Whether they are an integer and a number, of no more than 64 bits and never NULL."""
    s, t = a.type, b.type
    return (
        s.is_integer
        and (t.is_integer or t.is_float)
        and s.bits <= 64
        and t.bits <= 64
        and not s.is_nullable
        and not t.is_nullable
    )


def _range_of(t: DataType) -> tuple[int, int]:
    """The least and the greatest value of a type of integers."""
    least = -(1 << (t.bits - 1)) if t.is_signed else 0
    return least, least + (1 << t.bits) - 1


def contradict(conditions: Sequence[Expr]) -> bool:
    """Whether two of the conditions say together what holds for no value of a type: `x > a` and
    `x < 0` say `a < 0`, of an unsigned integer. One of them compares with a constant."""
    ordering = [c for c in conditions if isinstance(c, Call) and c.function.name in _ORDERING]
    bounding = [c for c in ordering if isinstance(c.args[0], Const) or isinstance(c.args[1], Const)]
    if not bounding or len(bounding) == len(ordering):
        return False
    bounds = [*chain.from_iterable(map(_orders, bounding))]
    others = chain.from_iterable(_orders(c) for c in ordering if c not in bounding)
    for one in others:
        for bound in bounds:
            if bound.low == one.high:
                sides = [one.low, bound.high]
            elif bound.high == one.low:
                sides = [bound.low, one.high]
            else:
                continue
            row = _ROWS["lessOrEquals" if one.may_be_equal and bound.may_be_equal else "less"]
            if decided_by_type(Call(UINT8, row, sides)) is False:
                return True
    return False


_ORDERING = _OPERATORS.keys() - {"notEquals"}


class _Order(NamedTuple):
    """What a comparison says of its sides."""

    low: Expr
    high: Expr
    may_be_equal: bool


def _orders(call: Call) -> list[_Order]:
    """What a comparison says; nothing if it may be NULL."""
    if call.type.is_nullable:
        return []
    name, (a, b) = call.function.name, call.args
    if name == "equals":
        return [_Order(a, b, True), _Order(b, a, True)]
    low, high = (a, b) if name.startswith("less") else (b, a)
    return [_Order(low, high, name.endswith("OrEquals"))]


# IS DISTINCT FROM ------------------------------------------------------------------------


def _distinct_returns(args: Sequence[Expr]) -> DataType:
    _compare_returns(args)
    return keep_low_cardinality(args, UINT8)


def _lower_distinct(call: Call, args: list[str]) -> str:
    a, b = call.args
    word = "IS DISTINCT FROM" if call.function.name == "isDistinctFrom" else "IS NOT DISTINCT FROM"
    left, right = args
    s, t = a.type.bare, b.type.bare
    for side, sql in ((a, right), (b, left)):
        if side.type.is_nothing:
            return f"CAST(({sql} {word} NULL) AS UTINYINT)"
    shared = common(a, b)
    if a.type.is_nullable and s.is_bool and b.type == UINT8:  # which names the type of both
        right = lower_cast(b.type, s, right)
    elif shared.name != "Nothing":
        left, right = lower_cast(a.type, shared, left), lower_cast(b.type, shared, right)
    elif s.is_decimal != t.is_decimal and max(_width(s), _width(t)) >= 128:
        same = f"coalesce({compare('=', a, b, left, right)}, {left} IS NULL AND {right} IS NULL)"
        return f"CAST({same if word.startswith('IS NOT') else f'NOT {same}'} AS UTINYINT)"
    elif s != t:
        left, _, right, _ = _as_numbers(s, left, t, right)
    return f"CAST(({left} {word} {right}) AS UTINYINT)"


# LIKE ------------------------------------------------------------------------------------


def like_pattern(pattern: str, escape: str = "\\") -> str:
    """A LIKE pattern with ClickHouse's escapes (`\\` before an ordinary character is itself; before
    one, another escape is an error) as one with DuckDB's. Raises `ArgumentError` for those errors,
    and if it ends in an escape."""
    found, i = [], 0
    while i < len(pattern):
        char = pattern[i]
        i += 1
        if char != escape:
            found.append("\\\\" if char == "\\" else char)
        elif i == len(pattern):
            raise ArgumentError(f"the LIKE pattern `{pattern}` ends in an escape", 25)
        elif pattern[i] in ("%", "_", escape):
            found.append("\\" + pattern[i] if pattern[i] in "%_\\" else escape)
            i += 1
        elif escape == "\\":
            found.append("\\\\")
        else:
            raise ArgumentError(f"`{escape}{pattern[i]}` is no escape of the LIKE pattern", 25)
    return "".join(found)


def _like_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_string and not arg.type.is_enum:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a String")
    pattern = args[1]
    if isinstance(pattern, Const) and isinstance(pattern.value, str):
        like_pattern(pattern.value, _escape(args))
    return UINT8


def _escape(args: Sequence[Expr]) -> str:
    """The character that escapes in a pattern. Raises `ArgumentError` if it is none."""
    if len(args) < 3:
        return "\\"
    escape = constant(args[2])
    if not (isinstance(escape, str) and len(escape) == 1 and escape.isascii()):
        raise ArgumentError(f"`{escape}` is not one character of ASCII", 36, 2)
    return escape


_LIKES = {"like": "LIKE", "notLike": "NOT LIKE", "ilike": "ILIKE", "notILike": "NOT ILIKE"}


def _lower_like(call: Call, args: list[str]) -> str:
    pattern = call.args[1]
    value = to_text(call.args[0].type, args[0])
    escape = _escape(call.args)
    if isinstance(pattern, Const) and isinstance(pattern.value, str):
        wanted, escape = quote_string(like_pattern(pattern.value, escape)), "\\"
    else:
        wanted = to_text(pattern.type, args[1])
    test = f"{value} {_LIKES[call.function.name]} {wanted} ESCAPE {quote_string(escape)}"
    return f"CAST(({test}) AS UTINYINT)"


_ROWS = {
    name: Function(name, _compare_returns, _lower_compare, (2, 2), bytes_ok=True, compares=True)
    for name in _OPERATORS
}
ROWS = (
    *_ROWS.values(),
    *(
        Function(name, _distinct_returns, _lower_distinct, args=(2, 2), nulls=False, bytes_ok=True)
        for name in ("isDistinctFrom", "isNotDistinctFrom")
    ),
    *(Function(name, _like_returns, _lower_like, args=(2, 3), bytes_ok=True) for name in _LIKES),
)
