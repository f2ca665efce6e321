"""Whether an address is in a range: both are texts, each distinct range is read once."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from mini_tb.sql.duckdb.udf import Udf


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError("DB::6: The text does not contain a valid CIDR prefix") from None


@lru_cache(maxsize=65536)
def in_range(address: str, network: str) -> bool:
    """Whether the address is in the range; addresses of the other version are in none."""
    known = _network(network)
    try:
        found = ip_address(address)
    except ValueError:
        raise ValueError("DB::6: The text is neither an IPv4 nor an IPv6 address") from None
    return found.version == known.version and found in known


def _in_range(addresses: Any, networks: Any) -> Any:
    import pyarrow as pa

    pairs = zip(addresses.to_pylist(), networks.to_pylist(), strict=True)
    found = [None if a is None or n is None else int(in_range(a, n)) for a, n in pairs]
    return pa.array(found, pa.uint8())


UDFS = (Udf("mt_ip_in_range", ("VARCHAR", "VARCHAR"), "UTINYINT", _in_range),)
