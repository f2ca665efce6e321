"""The numbers of IPv4 addresses; whether an address is in a range: both are texts, each distinct
range is read once."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Word
from mini_tb.sql.functions.udf.machine import Row, kernel_udf
from mini_tb.sql.functions.udf.values import python_udf


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError("DB::6: The text does not contain a valid CIDR prefix") from None


@lru_cache(maxsize=65536)
def in_range(address: str, network: str) -> int:
    """1 if the address is in the range, else 0; addresses of the other version are in none."""
    known = _network(network)
    try:
        found = ip_address(address)
    except ValueError:
        raise ValueError("DB::6: The text is neither an IPv4 nor an IPv6 address") from None
    return int(found.version == known.version and found in known)


_NO_ADDRESS = (1 << 64) - 1


def _ipv4(row: Row) -> None:
    """Four numbers below 256 of one to three digits; `_NO_ADDRESS` for any other text."""
    body, (start, size) = row.body, row.span(0)
    place, end = body.variable(start), start + size
    address, fits = body.variable(0), body.variable(1, 32)

    def is_digit() -> Word:
        return ((place.byte() - ord("0")) < 10) & (place < end)

    for part in range(4):
        number, digits = body.variable(0, 32), body.variable(0, 32)
        with body.repeat(is_digit):
            number.set(number * 10 + place.byte() - ord("0"))
            digits.set(digits + 1)
            place.set(place + 1)
        fits.set(fits & ((digits - 1) < 3) & (number < 256))
        address.set((address << 8) | number.long())
        if part < 3:
            fits.set(fits & ((place.byte() ^ ord(".")) < 1) & (place < end))
            place.set(place + 1)
    row.result.put(body.number(_NO_ADDRESS))
    with body.when(fits & ((place ^ end) < 1)):
        row.result.put(address)


_IPV4 = kernel_udf("", ("VARCHAR",), "UBIGINT", _ipv4).function


def _ipv4_number(texts: Any) -> Any:
    """The numbers of addresses; NULL for texts that are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = _IPV4(texts).column(0)
    known = pc.not_equal(numbers, pa.scalar(_NO_ADDRESS, pa.uint64()))
    return pc.if_else(known, numbers, pa.scalar(None, pa.uint64())).cast(pa.uint32())


UDFS = (
    Udf("mt_ipv4_number", ("VARCHAR",), "UINTEGER", _ipv4_number),
    python_udf("mt_ip_in_range", ("VARCHAR", "VARCHAR"), "UTINYINT", in_range),
)
