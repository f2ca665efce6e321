"""The values of constant expressions, as far as they decide what a query means.

ClickHouse computes `if(1 > toDecimal64('2.5', 1), a, b)` when it analyses a query, and goes on with
`b`. Here numbers, texts and days that are written, plain conversions of them and comparisons have
values; what else is constant (`is_constant` says it) is computed by the run.
"""

from __future__ import annotations

import math
import operator
import re
import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mini_tb.sql.tree import Call, Const, Expr, Param
from mini_tb.types import DATE, DATETIME, DataType

_INTEGER = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_FLOAT = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SECOND = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
EXACT_FLOAT = 1 << 53
"""Up to here every integer is a float."""


def known(expr: Expr) -> Const | None:
    """The value of an expression, of its type; None if it is not known before the run."""
    if isinstance(expr, Const):
        return expr
    if not isinstance(expr, Call):
        return None
    name = expr.function.name
    compute = _conversion if name in _CONVERSIONS else _COMPUTED.get(name)
    if compute is None:
        return None
    args = []
    for i, arg in enumerate(expr.args):
        value = known(arg)
        if value is None or (value.value is None and name not in _OF_NULL):
            return None
        args.append(value)
        if i == 0 and compute is _conversion:
            break  # the others are in the type
    try:
        found = compute(args, expr.type.bare)
    except (ValueError, ArithmeticError):  # the run says what is wrong with it
        return None
    return None if found is None else Const(expr.type, found)


def bound_in(expr: Expr) -> list[Param]:
    """The bound values in an expression that might have a value if they were written; nothing if
    it could not have one."""
    parts = list(expr.walk())
    may_have = all(
        isinstance(part, Const | Param)
        or (isinstance(part, Call) and part.function.name in (*_COMPUTED, *_CONVERSIONS))
        for part in parts
    )
    return [part for part in parts if isinstance(part, Param)] if may_have else []


# Conversions -----------------------------------------------------------------------------


def _conversion(args: Sequence[Const], target: DataType) -> Any:
    value = args[0].value
    if target.is_integer:
        return _to_integer(value, target)
    if target.is_float:
        return _to_float(value, target)
    if target.is_decimal:
        return _to_decimal(value, target)
    if target.name == "String":
        is_plain = type(value) in (int, str, date) or args[0].type.bare == DATETIME
        return str(value) if is_plain else None
    if args[0].type.bare == target:
        return value
    return written_moment(target, value) if isinstance(value, str) else None


def written_moment(target: DataType, text: str) -> date | None:
    """The Date, or the DateTime without a zone, that a text plainly is; None if it is not. Raises
    `ValueError` for a day or time that the calendar does not have."""
    if target == DATE and _DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return day if 1970 <= day.year < 2149 else None
    if target == DATETIME and _SECOND.fullmatch(text):
        second = datetime.fromisoformat(text)
        return second if 1970 <= second.year < 2106 else None
    return None


def _to_integer(value: Any, target: DataType) -> int | None:
    if isinstance(value, str):
        found = int(value) if _INTEGER.fullmatch(value) else None
        return found if found is None or _fits(found, target) else None
    if isinstance(value, float | Decimal):
        found = math.trunc(value)
        return found if _fits(found, target) else None
    return _wrapped(value, target) if isinstance(value, int) else None


def _fits(value: int, target: DataType) -> bool:
    return _wrapped(value, target) == value


def _wrapped(value: int, target: DataType) -> int:
    value &= (1 << target.bits) - 1
    is_negative = target.is_signed and value >> (target.bits - 1)
    return value - (1 << target.bits) if is_negative else value


def _to_float(value: Any, target: DataType) -> float | None:
    if isinstance(value, str):
        value = float(value) if _FLOAT.fullmatch(value) else None
    if target.name == "BFloat16" or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > EXACT_FLOAT:
        return None
    found = float(value)
    return found if target.bits == 64 else single(found)


def single(value: float) -> float:
    """The Float32 that is nearest to a float."""
    try:
        found: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return found


def _to_decimal(value: Any, target: DataType) -> Decimal | None:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        return None
    if isinstance(value, float) or not isinstance(value, int | str | Decimal):
        return None
    found = Decimal(value)
    scaled = found.scaleb(target.scale)
    is_exact = scaled == scaled.to_integral_value() and abs(scaled) < 10 ** int(target.params[0])
    return found if is_exact else None


# Conditions ------------------------------------------------------------------------------


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Sequence[Const], DataType], Any]:
    def compute(args: Sequence[Const], _type: DataType) -> int | None:
        a, b = (arg.value for arg in args)
        return int(compare(a, b)) if _compares(*args) else None

    return compute


def _compares(a: Const, b: Const) -> bool:
    """Whether two values compare as Python compares them."""
    x, y = a.value, b.value
    if isinstance(x, str | date):
        return a.type.bare == b.type.bare and type(x) is type(y)
    if not (isinstance(x, int | float | Decimal) and isinstance(y, int | float | Decimal)):
        return False
    if isinstance(x, Decimal) == isinstance(y, Decimal):
        return True
    # A Decimal is compared with a float as a float, and then some more are equal.
    is_float = isinstance(x, float) or isinstance(y, float)
    return not is_float or abs(float(x) - float(y)) > 1e-6 * abs(float(x))


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Sequence[Const], DataType], Any]:
    def result(args: Sequence[Const], target: DataType) -> Any:
        a, b = (arg.value for arg in args)
        if target.is_integer and type(a) is int and type(b) is int:
            found = compute(a, b)
            return found if _fits(found, target) else None
        if target.is_float and target.bits == 64 and float in (type(a), type(b)):
            x, y = _to_float(a, target), _to_float(b, target)
            return None if x is None or y is None else float(compute(x, y))
        is_exact = isinstance(a, int | Decimal) and isinstance(b, int | Decimal)
        return _to_decimal(compute(a, b), target) if target.is_decimal and is_exact else None

    return result


def _quotient(a: int, b: int) -> int:
    found = abs(a) // abs(b)
    return found if (a < 0) == (b < 0) else -found


def _remainder(a: int, b: int) -> int:
    return a - b * _quotient(a, b)


def _ratio(args: Sequence[Const], target: DataType) -> float | None:
    if not target.is_float:
        return None
    a, b = (_to_float(arg.value, target) for arg in args)
    return None if a is None or not b else a / b


def _whole(compute: Callable[[float], int]) -> Callable[[Sequence[Const], DataType], Any]:
    def result(args: Sequence[Const], target: DataType) -> Any:
        value = args[0].value
        return _conversion([Const(target, compute(value))], target) if len(args) == 1 else None

    return result


def _logic(args: Sequence[Const], word: str) -> int | None:
    values = [None if arg.value is None else bool(arg.value) for arg in args]
    deciding = word == "or"
    if deciding in values:
        return int(deciding)
    return None if None in values else int(not deciding)


def _truths(args: Sequence[Const]) -> list[bool]:
    return [bool(arg.value) for arg in args]


_COMPUTED: dict[str, Callable[[Sequence[Const], DataType], Any]] = {
    "equals": _comparison(operator.eq),
    "notEquals": _comparison(operator.ne),
    "less": _comparison(operator.lt),
    "lessOrEquals": _comparison(operator.le),
    "greater": _comparison(operator.gt),
    "greaterOrEquals": _comparison(operator.ge),
    "and": lambda args, _type: _logic(args, "and"),
    "or": lambda args, _type: _logic(args, "or"),
    "xor": lambda args, _type: sum(_truths(args)) % 2,
    "not": lambda args, _type: int(not args[0].value),
    "isNull": lambda args, _type: int(args[0].value is None),
    "isNotNull": lambda args, _type: int(args[0].value is not None),
    "empty": lambda args, _type: int(args[0].value == "") if _is_text(args[0]) else None,
    "notEmpty": lambda args, _type: int(args[0].value != "") if _is_text(args[0]) else None,
    "length": lambda args, _type: len(args[0].value.encode()) if _is_text(args[0]) else None,
    "plus": _arithmetic(operator.add),
    "minus": _arithmetic(operator.sub),
    "multiply": _arithmetic(operator.mul),
    "intDiv": _arithmetic(_quotient),
    "modulo": _arithmetic(_remainder),
    "divide": _ratio,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "if": lambda args, type_: _conversion([args[1 if args[0].value else 2]], type_),
    "negate": lambda args, type_: _negated(args[0].value, type_),
}
_OF_NULL = {"and", "or", "isNull", "isNotNull"}
"""What has a value though an argument is NULL."""
_CONVERSIONS = {"CAST", "_CAST", "toString", "toDate", "toDateTime", "toFloat32", "toFloat64"}
_CONVERSIONS |= {f"to{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
_CONVERSIONS |= {f"toDecimal{bits}" for bits in (32, 64, 128, 256)}


def _is_text(arg: Const) -> bool:
    return isinstance(arg.value, str) and arg.type.bare.name == "String"


def _negated(value: Any, target: DataType) -> Any:
    if isinstance(value, int):
        return -value if target.is_integer and _fits(-value, target) else None
    return -value if isinstance(value, float | Decimal) else None
