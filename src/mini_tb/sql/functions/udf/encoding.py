"""Encodings that DuckDB does not have; each distinct value is encoded once."""

from __future__ import annotations

import base64

from mini_tb.sql.functions.udf.values import python_udf

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


UDFS = (
    python_udf("mt_base58_encode", ("BLOB",), "VARCHAR", base58_encode),
    python_udf("mt_base58_decode", ("VARCHAR",), "BLOB", base58_decode),
    python_udf("mt_base32_encode", ("BLOB",), "VARCHAR", base32_encode),
    python_udf("mt_base32_decode", ("VARCHAR",), "BLOB", base32_decode),
    python_udf("mt_unbin", ("VARCHAR",), "BLOB", unbin),
)
