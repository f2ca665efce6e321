"""Text of the values that DuckDB prints differently from ClickHouse, and addresses from text."""

from __future__ import annotations

from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_distinct, over_rows


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


def _wrap_integer(values: Any, bits: Any, signed: Any) -> Any:
    import pyarrow as pa

    if not len(values):
        return pa.array([], pa.string())
    width, sign = bits[0].as_py(), signed[0].as_py()
    return over_distinct(lambda text: wrap_integer(text, width, sign), values, pa.string())


def _compare_bytes(first: Any, second: Any) -> Any:
    import pyarrow as pa

    return over_rows(compare_bytes, (first, second), pa.int8())


def _float_text(values: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    found = compute.cast(values.combine_chunks(), pa.string())
    large = compute.fill_null(compute.match_substring(found, "e+"), False)
    if not compute.any(large).as_py():
        return found
    spelled = over_distinct(float_text, found.filter(large), pa.string())
    return compute.replace_with_mask(found, large, spelled)


def _ipv6_text(values: Any) -> Any:
    import pyarrow as pa

    return over_distinct(ipv6_text, values, pa.string())


def _ipv6_number(values: Any) -> Any:
    import pyarrow as pa

    return over_distinct(ipv6_number, values, pa.string())


UDFS = (
    Udf("mt_compare_bytes", ("BLOB", "BLOB"), "TINYINT", _compare_bytes),
    Udf("mt_wrap_integer", ("VARCHAR", "INTEGER", "BOOLEAN"), "VARCHAR", _wrap_integer),
    Udf("mt_float32_text", ("FLOAT",), "VARCHAR", _float_text),
    Udf("mt_float64_text", ("DOUBLE",), "VARCHAR", _float_text),
    Udf("mt_ipv6_text", ("VARCHAR",), "VARCHAR", _ipv6_text),
    Udf("mt_ipv6_number", ("VARCHAR",), "VARCHAR", _ipv6_number),
)
