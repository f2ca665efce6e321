"""What becomes of a value that is meant for a column: the rules of `rules`, done exactly.

This is the exact way, for one value at a time. `columnar` does the same for whole columns at
once where a value is plainly right, and leaves the rest to this.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal
from functools import lru_cache
from typing import Any

from mini_tb.ingest.jsonpath import MISSING
from mini_tb.ingest.jsontext import JsonError, Number, Object, json_text, parse_json
from mini_tb.types import DataType
from mini_tb.types.duckdb import field_names
from mini_tb.types.moment import SECOND, NotADate, parse_date, parse_moment, zone_info

MAX_SHOWN = 200
"""Characters of a value that an error quotes."""


class Refused(ValueError):
    """The value cannot be stored in the column; the message ends the sentence `value … is …`."""


class _UseDefault:
    """Take the column's DEFAULT expression."""

    def __repr__(self) -> str:
        return "USE_DEFAULT"


USE_DEFAULT = _UseDefault()

Parse = Callable[[Any], Any]
"""A decoded JSON value (never null) → what Arrow carries. Raises Refused."""


_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_DAYS = re.compile(r"-?\d{1,9}", re.ASCII)
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SPECIAL_REALS = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}(?:\1[0-9a-fA-F]{4}){2}\1[0-9a-fA-F]{12}")
_TIME = re.compile(r"(-?)(\d{1,3}):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)
_DAYS_MAX = 65_535
_DATE32_RANGE = (
    (date(1900, 1, 1) - date(1970, 1, 1)).days,
    (date(2299, 12, 31) - date(1970, 1, 1)).days,
)
_DATETIME64_RANGE = (
    _DATE32_RANGE[0] * 86_400 * SECOND,
    (_DATE32_RANGE[1] + 1) * 86_400 * SECOND - 1,
)
_WIDE = Context(prec=100)
_EPOCH = datetime(1970, 1, 1)


# Numbers ---------------------------------------------------------------------------------------


def _integer(t: DataType) -> Parse:
    bits, signed = t.bits, t.name.startswith("I")
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    as_text = bits > 64

    def parse(value: Any) -> Any:
        if isinstance(value, bool):
            number = int(value)
        elif isinstance(value, str) and _INTEGER.fullmatch(value) and len(value) <= 100:
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


def _exact_number(text: str) -> Decimal | None:
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
        number = _exact_number(value) if isinstance(value, str) else None
        if number is None:
            raise Refused(f"not {t}")
        if abs(number) >= limit or (not number and _exponent(value) > precision - scale):
            raise Refused(f"out of the range of {t}")
        return number.quantize(unit, rounding=ROUND_DOWN, context=_WIDE)

    return parse


def _bool(t: DataType) -> Parse:
    def parse(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, Number) and value in ("0", "1"):
            return value == "1"
        raise Refused("not Bool (`true` or `false`)")

    return parse


# Text ------------------------------------------------------------------------------------------


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


# Dates and times -------------------------------------------------------------------------------


def _date(t: DataType) -> Parse:
    low, high = (0, _DAYS_MAX) if t.name == "Date" else _DATE32_RANGE

    def parse(value: Any) -> date:
        if isinstance(value, Number) and _DAYS.fullmatch(value) and value != "-0":
            days = int(value)
        elif isinstance(value, str) and not isinstance(value, Number):
            try:
                days = parse_date(value)
            except NotADate as error:
                raise Refused(f"{error}, for {t}") from None
        else:
            raise Refused(f"not {t}")
        if not low <= days <= high:
            raise Refused(f"out of the range of {t}")
        return date(1970, 1, 1) + timedelta(days=days)

    return parse


def _moment_ns(value: Any, t: DataType, fractions: bool) -> int:
    """Nanoseconds since 1970 of a JSON value; without `fractions`, of a whole second."""
    if isinstance(value, Number):
        number = _exact_number(value)
        if number is None:
            raise Refused(f"not {t}")
        if abs(number) >= 10**12:
            raise Refused(f"out of the range of {t}: a number is seconds since 1970")
        return (
            int(number.quantize(Decimal(1), rounding=ROUND_DOWN)) * SECOND
            if not fractions
            else int(number.scaleb(9, context=_WIDE))
        )
    if not isinstance(value, str):
        raise Refused(f"not {t}")
    if not fractions and "." in value and value.replace(".", "").isdigit() and len(value) > 10:
        raise Refused(f"not {t}: an epoch with a fraction")
    try:
        return parse_moment(value, zone_info(t.zone))
    except NotADate as error:
        raise Refused(f"{error}, for {t}") from None


def _datetime(t: DataType) -> Parse:
    def parse(value: Any) -> datetime:
        seconds = _moment_ns(value, t, fractions=False) // SECOND
        if not 0 <= seconds <= 0xFFFFFFFF:
            raise Refused(f"out of the range of {t}")
        return _EPOCH + timedelta(seconds=seconds)

    return parse


def _datetime64(t: DataType) -> Parse:
    unit = int(10 ** (9 - t.scale))
    low, high = _DATETIME64_RANGE
    if t.scale > 6:  # nanoseconds in 64 bits
        high = (1 << 63) - 1

    def parse(value: Any) -> Any:
        ns = _moment_ns(value, t, fractions=True)
        if not low <= ns <= high:
            raise Refused(f"out of the range of {t}")
        # A number is cut off towards zero; the digits of a text are cut off as they stand.
        ns += -ns % unit if ns < 0 and isinstance(value, Number) else -(ns % unit)
        return ns if t.scale > 6 else _EPOCH + timedelta(microseconds=ns // 1000)

    return parse


def _time(t: DataType) -> Parse:
    unit = int(10**t.scale)

    def parse(value: Any) -> int:
        if isinstance(value, Number) and _INTEGER.fullmatch(value) and len(value) < 10:
            return int(value) * unit
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise Refused(f"not {t}")
        seconds = int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4])
        ticks = seconds * unit + int((match[5] or "").ljust(9, "0")) * unit // SECOND
        return -ticks if match[1] else ticks

    return parse


# Containers ------------------------------------------------------------------------------------


def _inner(t: DataType) -> Parse:
    """The rule inside a container: a null is the type's zero value, or NULL where it may be."""
    parse, null = parser(t), None if t.is_nullable else zero(t)
    may_be_null = t.is_nullable

    def parse_inner(value: Any) -> Any:
        if value is not None and value is not MISSING:
            return parse(value)
        if null is None and not may_be_null:
            raise Refused(f"null, and {t} has no zero value")
        return null

    return parse_inner


def _array(t: DataType) -> Parse:
    element = _inner(t.element)

    def parse(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Refused(f"not {t}")
        found = []
        for i, item in enumerate(value, 1):
            try:
                found.append(element(item))
            except Refused as refused:
                raise Refused(f"not {t}: element {i} is {refused}") from None
        return found

    return parse


def _map(t: DataType) -> Parse:
    key_type, value_type = t.types
    parse_key, parse_value = parser(key_type), _inner(value_type)

    def parse(value: Any) -> list[tuple[Any, Any]]:
        if not isinstance(value, Object):
            raise Refused(f"not {t}")
        if value.repeated is not None:
            raise Refused(f"an object with the key `{value.repeated}` twice")
        found = {}
        for name, item in value.items():
            try:
                key = parse_key(name)
                if key in found:
                    raise Refused("there twice")
                found[key] = parse_value(item)
            except Refused as refused:
                raise Refused(f"not {t}: key `{name}` is {refused}") from None
        return list(found.items())

    return parse


def _tuple(t: DataType) -> Parse:
    fields = field_names(t)
    inner = [_inner(element) for element in t.types]

    def parse(value: Any) -> dict[str, Any]:
        if t.names:
            if not isinstance(value, dict):
                raise Refused(f"not {t}")
            items = [value.get(name) for name in fields]
        else:
            if not isinstance(value, list) or len(value) != len(fields):
                raise Refused(f"not {t}")
            items = value
        found = {}
        for name, item, element in zip(fields, items, inner, strict=True):
            try:
                found[name] = element(item)
            except Refused as refused:
                raise Refused(f"not {t}: element `{name}` is {refused}") from None
        return found

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


def _never(t: DataType) -> Parse:
    def parse(value: Any) -> Any:
        raise Refused(f"not what can be sent: {t} is written by the system alone")

    return parse


_TUPLES: dict[str, DataType] = {
    "Point": DataType("Tuple", (DataType("Float64"),) * 2),
}
_TUPLES["Ring"] = _TUPLES["LineString"] = DataType("Array", (_TUPLES["Point"],))
_TUPLES["Polygon"] = _TUPLES["MultiLineString"] = DataType("Array", (_TUPLES["Ring"],))
_TUPLES["MultiPolygon"] = DataType("Array", (_TUPLES["Polygon"],))


def _geo(t: DataType) -> Parse:
    return parser(_TUPLES[t.name])


_PARSERS: dict[str, Callable[[DataType], Parse]] = {
    "Float32": _real,
    "Float64": _real,
    "BFloat16": _real,
    "Decimal": _decimal,
    "Bool": _bool,
    "String": _string,
    "FixedString": _fixed_string,
    "UUID": _uuid,
    "IPv4": _ipv4,
    "IPv6": _ipv6,
    "Enum8": _enum,
    "Enum16": _enum,
    "Date": _date,
    "Date32": _date,
    "DateTime": _datetime,
    "DateTime64": _datetime64,
    "Time": _time,
    "Time64": _time,
    "Array": _array,
    "Map": _map,
    "Tuple": _tuple,
    "Nested": lambda t: _array(DataType("Array", (DataType("Tuple", t.types, names=t.names),))),
    "JSON": _json,
    "Dynamic": _any_json,
    "Variant": _any_json,
    **dict.fromkeys(_TUPLES, _geo),
}


@lru_cache(maxsize=1024)
def parser(t: DataType) -> Parse:
    """The rule of a type, for a value that is there and not null."""
    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return parser(t.types[0])
    if t.is_integer:
        return _integer(t)
    return _PARSERS.get(t.name, _never)(t)


def zero(t: DataType) -> Any:
    """What ClickHouse puts where a non-nullable type has no value; None if the type has none."""
    if t.name in ("LowCardinality", "SimpleAggregateFunction"):
        return None if t.is_nullable else zero(t.types[0])
    if t.is_integer:
        return "0" if t.bits > 64 else 0
    if t.name in ("Array", "Map", "Nested") or (t.name in _TUPLES and t.name != "Point"):
        return []
    if t.name == "Point":
        return {"1": 0.0, "2": 0.0}
    if t.name == "Tuple":
        return {n: zero(e) for n, e in zip(field_names(t), t.types, strict=True)}
    if t.name == "FixedString":
        return b"\0" * int(t.params[0])
    if t.name == "DateTime64":
        return 0 if t.scale > 6 else _EPOCH
    return _ZEROS.get(t.name)


_ZEROS: dict[str, Any] = {
    "Float32": 0.0,
    "Float64": 0.0,
    "BFloat16": 0.0,
    "Decimal": Decimal(0),
    "Bool": False,
    "String": "",
    "UUID": "00000000-0000-0000-0000-000000000000",
    "IPv4": 0,
    "IPv6": "0",
    "Date": date(1970, 1, 1),
    "Date32": date(1970, 1, 1),
    "DateTime": _EPOCH,
    "Time": 0,
    "Time64": 0,
    "JSON": "{}",
}


# A column --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coercion:
    """The rule of one column."""

    name: str
    type: DataType
    has_default: bool
    parse: Parse = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parse", parser(self.type))

    def value(self, value: Any) -> Any:
        """What is stored for a decoded JSON value (`MISSING`, None, …): a value for Arrow, None
        for NULL, or `USE_DEFAULT`. Raises Refused."""
        if value is None or value is MISSING:
            if self.has_default and (value is MISSING or not self.type.is_nullable):
                return USE_DEFAULT
            if self.type.is_nullable:
                return None
            how = "missing" if value is MISSING else "null"
            raise Refused(f"{how}, and the column is neither Nullable nor has a DEFAULT")
        return self.parse(value)

    def text(self, text: str | None) -> Any:
        """The same for a cell of a CSV file. An empty cell is a missing value, and `\\N` a null; an
        empty cell is the empty text in a String column that has neither DEFAULT nor NULL."""
        if text == "\\N":
            return self.value(None)
        if text is not None and not self.type.is_string:
            text = text.strip(" \t")
        is_plain_string = self.type.is_string and not self.type.is_nullable and not self.has_default
        if text is None or (text == "" and not is_plain_string):
            nothing = MISSING if self.has_default or not self.type.is_nullable else None
            return self.value(nothing)
        return self.value(_cell(text, self.type.bare))

    def complaint(self, value: Any, refused: Refused) -> str:
        """The sentence for the quarantine table."""
        if value is None or value is MISSING:
            return f"value on column '{self.name}' is {refused}"
        shown = json_text(value)
        if len(shown) > MAX_SHOWN:
            shown = shown[:MAX_SHOWN] + "…"
        return f"value '{shown}' on column '{self.name}' is {refused}"


_TEXT_BOOLS = {"true": True, "false": False, "1": True, "0": False}
_CONTAINERS = frozenset({"Array", "Map", "Tuple", "Nested", "JSON"}) | _TUPLES.keys()


def _cell(text: str, t: DataType) -> Any:
    """A cell's text as the JSON value that it stands for in a column of type `t`."""
    if t.name == "Bool":
        return _TEXT_BOOLS.get(text.lower(), text)
    if t.name in _CONTAINERS or t.name == "SimpleAggregateFunction":
        try:
            return parse_json(text)
        except JsonError:
            # ClickHouse's own text form of arrays and maps quotes with single quotes.
            try:
                return parse_json(_single_to_double(text))
            except JsonError:
                return text
    return text


_SINGLE = re.compile(r"'((?:[^'\\]|\\.|'')*)'")


def _single_to_double(text: str) -> str:
    def double(match: re.Match[str]) -> str:
        body = re.sub(r"\\(.)", r"\1", match[1].replace("''", "'"))
        return '"' + body.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return _SINGLE.sub(double, text)
