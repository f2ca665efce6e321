"""Decimals multiplied and divided with all their digits; each distinct pair once."""

from __future__ import annotations

from mini_tb.sql.functions.udf.values import python_udf

_MOST = 10**38


def _whole(text: str) -> tuple[int, int]:
    """The digits of a number, and how many of them are behind the point."""
    head, _, tail = text.partition(".")
    return int(head + tail), len(tail)


def _text(number: int, unit: int, scale: int) -> str:
    """`number` of `unit`s, with as many digits behind the point as told; the others are cut off."""
    digits = abs(number) // unit
    if digits >= _MOST:
        raise ValueError("DB::407: the result has more digits than a Decimal holds here")
    shown = str(digits).rjust(scale + 1, "0")
    text = f"{shown[:-scale]}.{shown[-scale:]}" if scale else shown
    return f"-{text}" if number < 0 else text


def product(a: str, b: str, scale: int) -> str:
    """The product of two numbers."""
    (left, left_scale), (right, right_scale) = _whole(a), _whole(b)
    return _text(left * right * 10**scale, 10 ** (left_scale + right_scale), scale)


def quotient(a: str, b: str, scale: int) -> str:
    """The quotient of two numbers. Raises `ValueError` if the second is 0."""
    (left, left_scale), (right, right_scale) = _whole(a), _whole(b)
    if right == 0:
        raise ValueError("DB::153: division by zero")
    sign = -1 if right < 0 else 1
    number = sign * left * 10 ** (scale + right_scale)
    return _text(number, abs(right) * 10**left_scale, scale)


_T = "VARCHAR"

UDFS = (
    python_udf("mt_decimal_product", (_T, _T, "INTEGER"), _T, product, constants=1),
    python_udf("mt_decimal_quotient", (_T, _T, "INTEGER"), _T, quotient, constants=1),
)
