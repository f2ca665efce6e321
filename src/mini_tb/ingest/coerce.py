"""What becomes of a value that is meant for a type: the rules of `rules`, done exactly.

This is the exact way, for one value at a time. `columnar` does the same for whole columns at
once where a value is plainly right, and leaves the rest to this. Here are the containers; what they
hold has its rules in `numbers`, `texts` and `moments`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mini_tb.ingest.jsonpath import MISSING
from mini_tb.ingest.jsontext import Object
from mini_tb.ingest.moments import EPOCH, MOMENTS
from mini_tb.ingest.numbers import NUMBERS, integer
from mini_tb.ingest.refused import Parse, Refused
from mini_tb.ingest.texts import TEXTS
from mini_tb.types import DataType
from mini_tb.types.duckdb import field_names
from mini_tb.types.geometry import SHAPES


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


def _never(t: DataType) -> Parse:
    def parse(value: Any) -> Any:
        raise Refused(f"not what can be sent: {t} is written by the system alone")

    return parse


def _geo(t: DataType) -> Parse:
    return parser(SHAPES[t.name])


_PARSERS: dict[str, Callable[[DataType], Parse]] = {
    **NUMBERS,
    **TEXTS,
    **MOMENTS,
    "Array": _array,
    "Map": _map,
    "Tuple": _tuple,
    "Nested": lambda t: _array(DataType("Array", (DataType("Tuple", t.types, names=t.names),))),
    **dict.fromkeys(SHAPES, _geo),
}


@lru_cache(maxsize=1024)
def parser(t: DataType) -> Parse:
    """The rule of a type, for a value that is there and not null."""
    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return parser(t.types[0])
    if t.is_integer:
        return integer(t)
    return _PARSERS.get(t.name, _never)(t)


def zero(t: DataType) -> Any:
    """What ClickHouse puts where a non-nullable type has no value; None if the type has none."""
    if t.name in ("LowCardinality", "SimpleAggregateFunction"):
        return None if t.is_nullable else zero(t.types[0])
    if t.is_integer:
        return "0" if t.bits > 64 else 0
    if t.name in ("Array", "Map", "Nested") or (t.name in SHAPES and t.name != "Point"):
        return []
    if t.name == "Point":
        return {"1": 0.0, "2": 0.0}
    if t.name == "Tuple":
        return {n: zero(e) for n, e in zip(field_names(t), t.types, strict=True)}
    if t.name == "FixedString":
        return b"\0" * int(t.params[0])
    if t.name == "DateTime64":
        return 0 if t.scale > 6 else EPOCH
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
    "DateTime": EPOCH,
    "Time": 0,
    "Time64": 0,
    "JSON": "{}",
}
