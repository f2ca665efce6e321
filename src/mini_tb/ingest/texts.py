"""The rules of what is written as text: strings, addresses, identifiers, members, JSON as it is."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

from mini_tb.ingest.jsontext import Number, Object, json_text
from mini_tb.ingest.refused import Parse, Refused
from mini_tb.types import DataType

_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}(?:\1[0-9a-fA-F]{4}){2}\1[0-9a-fA-F]{12}")


def _string(t: DataType) -> Parse:
    def parse(value: Any) -> str:
        if type(value) is str:
            return value
        if isinstance(value, Number) and value.lstrip("-") in ("NaN", "Infinity"):
            raise Refused("not a String: it is no JSON")
        return json_text(value)

    return parse


def _fixed_string(t: DataType) -> Parse:
    length = int(t.params[0])

    def parse(value: Any) -> bytes:
        if not isinstance(value, str) or isinstance(value, Number):
            raise Refused(f"not {t}")
        encoded = value.encode()
        if len(encoded) > length:
            raise Refused(f"longer than the {length} bytes of {t}")
        return encoded.ljust(length, b"\0")

    return parse


def _uuid(t: DataType) -> Parse:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise Refused("not UUID")
        digits = value.replace("-", "").lower()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    return parse


def _ipv4_number(text: str) -> int:
    parts = text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and len(p) <= 3 for p in parts):
        raise Refused("not IPv4")
    numbers = [int(p) for p in parts]
    if max(numbers) > 255:
        raise Refused("not IPv4")
    return int.from_bytes(bytes(numbers), "big")


def _ipv4(t: DataType) -> Parse:
    def parse(value: Any) -> int:
        if not isinstance(value, str) or isinstance(value, Number):
            raise Refused("not IPv4")
        return _ipv4_number(value)

    return parse


def _ipv6(t: DataType) -> Parse:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or isinstance(value, Number) or "%" in value:
            raise Refused("not IPv6")
        try:
            if ":" not in value:
                return str((0xFFFF << 32) | int(ipaddress.IPv4Address(value)))
            return str(int(ipaddress.IPv6Address(value)))
        except ValueError:
            raise Refused("not IPv6") from None

    return parse


def _enum(t: DataType) -> Parse:
    by_name = {name for name, _ in t.params}
    by_number = {str(number): name for name, number in t.params}

    def parse(value: Any) -> str:
        if isinstance(value, str):
            if value in by_name and not isinstance(value, Number):
                return str(value)
            if value in by_number:
                return str(by_number[value])
        raise Refused(f"not a member of {t}")

    return parse


def _json(t: DataType) -> Parse:
    def parse(value: Any) -> str:
        if not isinstance(value, Object):
            raise Refused("not a JSON object")
        if value.repeated is not None:
            raise Refused(f"an object with the key `{value.repeated}` twice")
        return _strict_json(value.raw)

    return parse


def _strict_json(text: str) -> str:
    """JSON that may be stored as it is. Raises Refused: control characters in texts may not."""
    try:
        json.loads(text)
    except ValueError:
        raise Refused("JSON with a control character in a text") from None
    return text


def _any_json(t: DataType) -> Parse:
    def parse(value: Any) -> str:
        if isinstance(value, str) and not isinstance(value, Number):
            import orjson

            return orjson.dumps(value).decode()
        return _strict_json(json_text(value))

    return parse


TEXTS: dict[str, Callable[[DataType], Parse]] = {
    "String": _string,
    "FixedString": _fixed_string,
    "UUID": _uuid,
    "IPv4": _ipv4,
    "IPv6": _ipv6,
    "Enum8": _enum,
    "Enum16": _enum,
    "JSON": _json,
    "Dynamic": _any_json,
    "Variant": _any_json,
}
"""By the type's name."""
