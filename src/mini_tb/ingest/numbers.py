"""The rules of numbers: integers, reals, decimals and Bool, exactly, one value at a time."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

from mini_tb.ingest.jsontext import Number
from mini_tb.ingest.refused import Parse, Refused
from mini_tb.types import DataType

INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SPECIAL_REALS = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}
WIDE = Context(prec=100)


def integer(t: DataType) -> Parse:
    """The rule of an integer type; beyond 64 bits it gives text."""
    bits, signed = t.bits, t.name.startswith("I")
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    as_text = bits > 64

    def parse(value: Any) -> Any:
        if isinstance(value, bool):
            number = int(value)
        elif isinstance(value, str) and INTEGER.fullmatch(value) and len(value) <= 100:
            if not signed and value.startswith("-"):
                raise Refused(f"out of the range of {t}")
            number = int(value)
        else:
            raise Refused(f"not {t}")
        if not low <= number <= high:
            raise Refused(f"out of the range of {t}")
        return str(number) if as_text else number

    return parse


def _real(t: DataType) -> Parse:
    single = t.name != "Float64"

    def parse(value: Any) -> float:
        if isinstance(value, bool):
            return float(value)
        if isinstance(value, str):
            if _REAL.fullmatch(value):
                number = float(value)
                if single and math.isfinite(number):
                    try:
                        number = float(struct.unpack("f", struct.pack("f", number))[0])
                    except OverflowError:
                        number = math.inf
                if math.isinf(number):
                    raise Refused(f"out of the range of {t}")
                return number
            special = _SPECIAL_REALS.get(value.lstrip("+-").lower())
            if special is not None and len(value.lstrip("+-")) >= len(value) - 1:
                return -special if value.startswith("-") else special
        raise Refused(f"not {t}")

    return parse


def exact_number(text: str) -> Decimal | None:
    """The number that a text is, digit by digit; None if it is none, or absurdly large."""
    if len(text) > 100 or not _REAL.fullmatch(text):
        return None
    exponent = text.lower().partition("e")[2]
    if len(exponent.lstrip("+-0")) > 3:
        return Decimal(0) if exponent.startswith("-") else None
    return Decimal(text)


def _exponent(text: str) -> int:
    """What stands behind the `e`: ClickHouse takes no zero with as many places as that."""
    return int(text.lower().partition("e")[2] or 0)


def _decimal(t: DataType) -> Parse:
    precision, scale = (min(int(p), 38) for p in t.params)
    unit = Decimal(1).scaleb(-scale)
    limit = Decimal(10) ** (precision - scale)

    def parse(value: Any) -> Decimal:
        number = exact_number(value) if isinstance(value, str) else None
        if number is None:
            raise Refused(f"not {t}")
        if abs(number) >= limit or (not number and _exponent(value) > precision - scale):
            raise Refused(f"out of the range of {t}")
        return number.quantize(unit, rounding=ROUND_DOWN, context=WIDE)

    return parse


def _bool(t: DataType) -> Parse:
    def parse(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, Number) and value in ("0", "1"):
            return value == "1"
        raise Refused("not Bool (`true` or `false`)")

    return parse


NUMBERS: dict[str, Callable[[DataType], Parse]] = {
    "Float32": _real,
    "Float64": _real,
    "BFloat16": _real,
    "Decimal": _decimal,
    "Bool": _bool,
}
"""By the type's name; `integer` is for all integers."""
