"""Encodings that DuckDB does not have; each distinct value is encoded once."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_distinct

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58_encode(data: bytes) -> str:
    """The text of bytes in Bitcoin's base 58."""
    zeros = len(data) - len(data.lstrip(b"\0"))
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * zeros + digits


def base58_decode(text: str) -> bytes | None:
    """The bytes of a text in base 58; None if it is none."""
    number = 0
    for char in text:
        digit = _BASE58.find(char)
        if digit < 0:
            return None
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base32_encode(data: bytes) -> str:
    """The text of bytes in base 32 of RFC 4648."""
    return base64.b32encode(data).decode()


def base32_decode(text: str) -> bytes | None:
    """The bytes of a text in base 32; None if it is none."""
    try:
        return base64.b32decode(text)
    except ValueError:
        return None


def unbin(text: str) -> bytes:
    """The bytes of binary digits; the first byte may be short."""
    if set(text) - {"0", "1"}:
        raise ValueError("DB::36: `unbin` of a text with other characters than binary digits")
    return int(text or "0", 2).to_bytes((len(text) + 7) // 8, "big")


def hilbert(x: int, y: int) -> int:
    """The place of a point on Hilbert's curve."""
    code, state = 0, (x, y)
    side = 1 << 31
    while side:
        x, y = state
        right, upper = bool(x & side), bool(y & side)
        code = code << 2 | (3 * right ^ upper)
        if not upper:
            if right:
                x, y = ~x & 0xFFFF_FFFF, ~y & 0xFFFF_FFFF
            x, y = y, x
        state = x, y
        side >>= 1
    return code


def hilbert_point(code: int) -> list[int]:
    """The point at a place of Hilbert's curve."""
    x = y = 0
    side = 1
    while side < 1 << 32:
        right = code >> 1 & 1
        upper = (code ^ right) & 1
        if not upper:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x, y = x + side * right, y + side * upper
        code >>= 2
        side <<= 1
    return [x, y]


def _texts(function: Callable[[Any], Any], name: str, takes: str, gives: str) -> Udf:
    def over(values: Any) -> Any:
        import pyarrow as pa

        return over_distinct(function, values, pa.binary() if gives == "BLOB" else pa.string())

    return Udf(name, (takes,), gives, over)


def _pairs(function: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    def over(a: Any, b: Any) -> Any:
        import pyarrow as pa

        pairs = zip(a.to_pylist(), b.to_pylist(), strict=True)
        known = [None if x is None or y is None else function(x, y) for x, y in pairs]
        return pa.array(known, pa.uint64())

    return over


def _points(codes: Any) -> Any:
    import pyarrow as pa

    return over_distinct(hilbert_point, codes, pa.list_(pa.uint64()))


UDFS = (
    _texts(base58_encode, "mt_base58_encode", "BLOB", "VARCHAR"),
    _texts(base58_decode, "mt_base58_decode", "VARCHAR", "BLOB"),
    _texts(base32_encode, "mt_base32_encode", "BLOB", "VARCHAR"),
    _texts(base32_decode, "mt_base32_decode", "VARCHAR", "BLOB"),
    _texts(unbin, "mt_unbin", "VARCHAR", "BLOB"),
    Udf("mt_hilbert", ("UBIGINT", "UBIGINT"), "UBIGINT", _pairs(hilbert)),
    Udf("mt_hilbert_point", ("UBIGINT",), "UBIGINT[]", _points),
)
