"""Least supertypes and the result types of arithmetic, as ClickHouse computes them.

Checked against ClickHouse by the conformance cases of `arrays`, `if` and arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.types.datatype import (
    FLOAT32,
    FLOAT64,
    NOTHING,
    STRING,
    DataType,
    array,
    datetime64,
    decimal,
    decimal_width,
    full_decimal,
    low_cardinality,
    map_of,
    nullable,
    tuple_of,
)


class NoSupertype(ValueError):
    """There is no type that holds all of the given ones; ClickHouse's error 386."""


def integer(bits: int, *, signed: bool) -> DataType:
    """The integer type of a width."""
    return DataType(f"{'Int' if signed else 'UInt'}{bits}")


def least_supertype(types: Sequence[DataType]) -> DataType:
    """The least type that holds every value of all `types`. Raises `NoSupertype`."""
    distinct = list(dict.fromkeys(types))
    if len(distinct) == 1:
        return distinct[0]
    known = [t for t in distinct if not t.is_nothing]
    is_nullable = any(t.is_nullable for t in distinct)
    if not known:
        return nullable(NOTHING) if is_nullable else NOTHING
    bare = list(dict.fromkeys(t.bare for t in known))
    found = bare[0] if len(bare) == 1 else _supertype(bare)
    if all(t.name == "LowCardinality" for t in distinct if t != NOTHING):
        found = low_cardinality(found)
    return nullable(found) if is_nullable else found


def _supertype(bare: list[DataType]) -> DataType:
    names = {t.name for t in bare}
    if names == {"Array"}:
        return array(least_supertype([t.element for t in bare]))
    if names == {"Map"}:
        return map_of(
            least_supertype([t.types[0] for t in bare]),
            least_supertype([t.types[1] for t in bare]),
        )
    if names == {"Tuple"} and len({len(t.types) for t in bare}) == 1:
        elements = [
            least_supertype(column) for column in zip(*(t.types for t in bare), strict=True)
        ]
        same_names = len({t.names for t in bare}) == 1
        return tuple_of(*elements, names=bare[0].names if same_names else ())
    if all(t.is_string for t in bare):
        return STRING
    if all(t.is_date_or_datetime for t in bare):
        return _dates(bare)
    if all(t.is_number for t in bare):
        return _numbers(bare)
    if all(t.is_enum for t in bare):  # by their numbers
        return integer(16 if any(t.name == "Enum16" for t in bare) else 8, signed=True)
    if all(t.is_string or t.is_enum for t in bare):
        return STRING
    raise NoSupertype(
        f"there is no supertype for types {', '.join(map(str, bare))}: "
        "some of them hold what the others cannot"
    )


def _dates(bare: list[DataType]) -> DataType:
    precise = [t for t in bare if t.name == "DateTime64"]
    if precise:  # the zone goes with the precision, the last of several; but equal are as the first
        scale = max(t.scale for t in precise)
        is_one = len(precise) == len(bare) and all(t.scale == scale for t in precise)
        zones = [t.zone for t in precise if t.scale == scale]
        return datetime64(scale, zones[0 if is_one else -1])
    times = [t for t in bare if t.name == "DateTime"]
    if times:
        return datetime64(0) if any(t.name == "Date32" for t in bare) else times[0]
    return DataType("Date32")


def _numbers(bare: list[DataType]) -> DataType:
    numbers = [DataType("UInt8") if t.is_bool else t for t in bare]
    if all(t.name == "UInt8" for t in numbers):
        return bare[0]  # Bool and UInt8 are one type here: the first names it
    floats = [t for t in numbers if t.is_float]
    integers = [t for t in numbers if t.is_integer]
    decimals = [t for t in numbers if t.is_decimal]
    if decimals and (floats or any(t.bits > 64 for t in integers)):
        raise _none(bare, "Decimals do not mix with floats and wide integers")
    if decimals:
        return _decimals(decimals, integers)
    if floats:
        if all(t == FLOAT32 for t in floats) and all(t.bits <= 16 for t in integers):
            return FLOAT32
        if all(t.bits <= 32 for t in integers):
            return FLOAT64
        raise _none(bare, "some are integers wider than a float is exact")
    signed = [t.bits for t in integers if t.is_signed]
    unsigned = [t.bits for t in integers if not t.is_signed]
    if not signed:
        return integer(max(unsigned), signed=False)
    width = max(max(signed), 2 * max(unsigned, default=0))
    if width > 256 or (width == 128 and max(signed) < 128):
        # UInt64 is not widened to hold the narrower signed ones.
        raise _none(bare, "some are signed integers and some are unsigned")
    return integer(width, signed=True)


def _none(bare: list[DataType], reason: str) -> NoSupertype:
    return NoSupertype(f"there is no supertype for types {', '.join(map(str, bare))}: {reason}")


_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20, 128: 39, 256: 77}


def _decimals(decimals: list[DataType], integers: list[DataType]) -> DataType:
    """The widest of the Decimals' widths, or one that holds the integers at the largest scale; the
    first of them if the rest are of its width and scale."""
    if not integers and len({(decimal_width(t), t.scale) for t in decimals}) == 1:
        return full_decimal(int(decimals[0].params[0]), decimals[0].scale)
    scale = max(t.scale for t in decimals)
    needed = max(int(t.params[0]) for t in decimals)
    for t in integers:
        needed = max(needed, scale + _DIGITS[t.bits] - (1 if t.is_signed and t.bits == 64 else 0))
    for precision in (9, 18, 38, 76):
        if needed <= precision:
            return decimal(precision, scale)
    raise NoSupertype("there is no Decimal wide enough for all of the types")
