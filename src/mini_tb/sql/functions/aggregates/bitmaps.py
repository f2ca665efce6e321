"""Bitmaps: `groupBitmap` and the aggregates of bitmaps.

A bitmap is the list of its values, in ClickHouse's order: as they came up to `SMALL` of them, by
the bits of their unsigned numbers beyond.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import Base, Leaf, Types
from mini_tb.sql.functions.aggregates.rows import Rows, fresh, let
from mini_tb.sql.functions.convert_number import wrap
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import DataType, array

SMALL = 32
"""A bitmap of more values is kept sorted."""

# Sets ----------------------------------------------------------------------------------------
# Neighbours in a sorted list tell what is there once or twice, and much quicker than hashing.

_ONCE = "{v} IS DISTINCT FROM {s}[{i} - 1] AND {v} IS DISTINCT FROM {s}[{i} + 1]"
_TWICE = "{v} = {s}[{i} + 1]"
_FIRST = "{v} IS DISTINCT FROM {s}[{i} - 1]"


def _sorted(t: DataType, values: str, kept: str) -> str:
    """The values of which a condition on their neighbours holds, sorted as unsigned numbers: what
    is negative comes last."""

    def of(s: str) -> str:
        v = fresh(s)
        i = fresh(s, v)
        condition = kept.format(v=v, s=s, i=i)
        if not t.is_signed:
            return f"list_filter({s}, lambda {v}, {i}: {condition})"
        return " || ".join(
            f"list_filter({s}, lambda {v}, {i}: {v} {sign} 0 AND {condition})"
            for sign in (">=", "<")
        )

    return let(f"list_sort({values})", of)


def by_bits(t: DataType, values: str) -> str:
    """Distinct values, sorted as unsigned numbers."""
    return _sorted(t, values, "TRUE") if t.is_signed else f"list_sort({values})"


def set_of(t: DataType, values: str) -> str:
    """The bitmap of a list of values of type `t`; NULL for NULL."""

    def of(xs: str, distinct: str) -> str:
        v = fresh(xs, distinct)
        place = f"{{'p': list_position({xs}, {v}), 'v': {v}}}"
        places = f"list_sort(list_transform({distinct}, lambda {v}: {place}))"
        as_they_came = f"list_transform({places}, lambda {v}: {v}.v)"
        return f"CASE WHEN len({distinct}) <= {SMALL} THEN {as_they_came} ELSE {distinct} END"

    return let(values, lambda xs: let(_sorted(t, xs, _FIRST), lambda distinct: of(xs, distinct)))


def union_of(t: DataType, bitmaps: str) -> str:
    """The bitmap of what is in any bitmap of a list."""

    def of(given: str) -> str:
        b = fresh(given)
        most = f"list_max(list_transform({given}, lambda {b}: len({b})))"
        values = f"flatten({given})"
        large = _sorted(t, values, _FIRST)
        return f"CASE WHEN {most} <= {SMALL} THEN {set_of(t, values)} ELSE {large} END"

    return let(bitmaps, of)


def either(t: DataType, a: str, b: str) -> str:
    """What is in one of two bitmaps, or in both."""
    return union_of(t, f"[{a}, {b}]")


def both(t: DataType, a: str, b: str) -> str:
    """What is in both bitmaps, in the order of a small one."""
    return _of_two(
        t, a, b, _TWICE, (f"len({a}) <= {SMALL}", a, b, ""), (f"len({b}) <= {SMALL}", b, a, "")
    )


def one_of(t: DataType, a: str, b: str) -> str:
    """What is in one of two bitmaps and not in the other."""
    return _sorted(t, f"{a} || {b}", _ONCE)


def without(t: DataType, a: str, b: str) -> str:
    """What is in the first bitmap and not in the second."""
    return _of_two(t, a, f"{b} || {b}", _ONCE, (f"len({a}) <= {SMALL}", a, b, "NOT "))


def _of_two(t: DataType, a: str, b: str, kept: str, *small: tuple[str, str, str, str]) -> str:
    """`kept` of the values of both; where a condition holds, those of one list that are, or are
    not, in another."""
    v = fresh(a, b)
    cases = (
        f"WHEN {condition} THEN list_filter({of}, lambda {v}: {negated}list_contains({other}, {v}))"
        for condition, of, other, negated in small
    )
    return f"CASE {' '.join(cases)} ELSE {_sorted(t, f'{a} || {b}', kept)} END"


# Aggregates ----------------------------------------------------------------------------------


def _type(types: Types, params: Sequence[Any]) -> DataType:
    t = types[0]
    if not t.is_integer or t.bits > 64:
        raise ArgumentError(f"illegal type `{t}` of a bitmap, expected an integer of up to 64 bits")
    return t


def _count(f: Leaf, text: str) -> str:
    t = f.type.bare
    return text if t.bits > 32 else wrap(f"CAST({text} AS HUGEINT)", t)


BITMAP = Base(
    "groupBitmap",
    _type,
    lambda f: array(f.types[0]),
    lambda f, rows: set_of(f.types[0], rows.call("list", rows.args[0])),
    lambda f, rows: union_of(f.types[0], rows.call("list", rows.args[0])),
    lambda f, s: _count(f, f"len({s})"),
    lambda f, rows: _count(f, f"nullif({rows.call('count', rows.args[0], distinct=True)}, 0)"),
)
"""The number of distinct integers; its state is the set of them, which the functions of bitmaps
take."""


def _reduced(operator: Callable[[DataType, str, str], str]) -> Callable[[DataType, str], str]:
    """The bitmap that an operator makes of a list of bitmaps, one after the other."""

    def combine(t: DataType, bitmaps: str) -> str:
        a = fresh(bitmaps)
        b = fresh(bitmaps, a)
        return f"list_reduce({bitmaps}, lambda {a}, {b}: {operator(t, a, b)})"

    return combine


def _of_bitmaps(name: str, combine: Callable[[DataType, str], str]) -> Base:
    """An aggregate of bitmaps, which combines the list of them to one."""

    def element(types: Types) -> DataType:
        t = types[0]
        if not (t.is_state and t.params[0] == "groupBitmap"):
            raise ArgumentError(f"illegal type `{t}` of an argument of `{name}`, expected a bitmap")
        return t.types[0].bare

    def collect(f: Leaf, rows: Rows) -> str:
        return combine(element(f.types), rows.call("list", rows.args[0]))

    return Base(
        name,
        lambda types, params: element(types),
        lambda f: array(element(f.types)),
        collect,
        collect,
        lambda f, s: _count(f, f"len({s})"),
        nulls="skip",
    )


BASES = (
    BITMAP,
    _of_bitmaps("groupBitmapAnd", _reduced(both)),
    _of_bitmaps("groupBitmapOr", union_of),
    _of_bitmaps("groupBitmapXor", _reduced(one_of)),
)
