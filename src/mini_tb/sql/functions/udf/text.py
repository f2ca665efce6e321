"""Text of the values that DuckDB prints differently from ClickHouse, and addresses from text."""

from __future__ import annotations

from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import over_distinct, python_udf


def float_text(shortest: str) -> str:
    """ClickHouse's spelling of a float from its shortest digits in any other (`1e+21`)."""
    if shortest.lstrip("-") in ("nan", "inf", "NaN", "Infinity"):
        return shortest.replace("-nan", "nan")
    sign = "-" if shortest.startswith("-") else ""
    digits, _, exponent = shortest.lstrip("-").partition("e")
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    if not digits:
        return sign + "0"
    if 0 < point <= 21:
        if len(digits) <= point:
            return sign + digits + "0" * (point - len(digits))
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{point - 1}"


_SIGNED = bytes(byte ^ 0x80 for byte in range(256))


def compare_bytes(first: bytes, second: bytes) -> int:
    """-1, 0 or 1, as `compareSubstrings` finds it: bytes count as signed, and zeros at the end of
    the longer one not at all."""
    size = min(len(first), len(second))
    left, right = first[:size].translate(_SIGNED), second[:size].translate(_SIGNED)
    if left == right:
        left, right = first[size:].rstrip(b"\0"), second[size:].rstrip(b"\0")
    return (left > right) - (left < right)


def ipv6_text(number: str) -> str:
    """The canonical text of an IPv6 address given as a decimal number."""
    from ipaddress import IPv6Address

    address = IPv6Address(int(number))
    mapped = address.ipv4_mapped
    return f"::ffff:{mapped}" if mapped is not None else str(address)


def ipv4_number(text: str) -> int | None:
    """The number of an IPv4 address; None if the text is none."""
    parts = text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and len(p) <= 3 for p in parts):
        return None
    numbers = [int(part) for part in parts]
    if max(numbers) > 255:
        return None
    return numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3]


def ipv6_number(text: str) -> str | None:
    """The number, in decimal, of an IPv6 address or of an IPv4 one mapped; None if it is none."""
    from ipaddress import IPv6Address

    mapped = ipv4_number(text)
    if mapped is not None:
        return str(0xFFFF << 32 | mapped)
    if "%" in text:
        return None
    try:
        return str(int(IPv6Address(text)))
    except ValueError:
        return None


def wrap_integer(text: str, bits: int, signed: bool) -> str:
    """A decimal number of any size wrapped around into an integer of that width."""
    number = int(text) & ((1 << bits) - 1)
    return str(number - (1 << bits) if signed and number >> (bits - 1) else number)


def _float_text(values: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    found = compute.cast(values.combine_chunks(), pa.string())
    large = compute.fill_null(compute.match_substring(found, "e+"), False)
    if not compute.any(large).as_py():
        return found
    spelled = over_distinct(float_text, found.filter(large), pa.string())
    return compute.replace_with_mask(found, large, spelled)


_T = "VARCHAR"

UDFS = (
    python_udf("mt_compare_bytes", ("BLOB", "BLOB"), "TINYINT", compare_bytes),
    python_udf("mt_wrap_integer", (_T, "INTEGER", "BOOLEAN"), _T, wrap_integer, constants=2),
    Udf("mt_float32_text", ("FLOAT",), _T, _float_text),
    Udf("mt_float64_text", ("DOUBLE",), _T, _float_text),
    python_udf("mt_ipv6_text", (_T,), _T, ipv6_text),
    python_udf("mt_ipv6_number", (_T,), _T, ipv6_number),
)
