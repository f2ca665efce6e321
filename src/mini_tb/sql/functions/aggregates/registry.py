"""The aggregate functions by name, and how a name with suffixes becomes a bound aggregate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from mini_tb.sql.functions import index
from mini_tb.sql.functions.aggregates.base import Base, Leaf
from mini_tb.sql.functions.aggregates.combinators import (
    Array,
    Bound,
    Distinct,
    Extreme,
    ForEach,
    If,
    Known,
    MapValues,
    Merge,
    OrElse,
    Resample,
    SimpleState,
    State,
    Wrapper,
    check_resample,
)
from mini_tb.sql.functions.families import Families
from mini_tb.sql.functions.function import ArgumentError, without_low_cardinality
from mini_tb.types import NOTHING, DataType

FAMILIES = (
    "simple",
    "moments",
    "unique",
    "bitmaps",
    "arrays",
    "quantiles",
    "top",
    "maps",
    "series",
    "events",
    "statistics",
    "histograms",
    "unsupported",
)


AGGREGATES: Families[Base] = Families(__package__, "BASES", FAMILIES, index.AGGREGATES)


class Unsupported(ArgumentError):
    """This engine does not have the function; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 48)


def find_base(name: str) -> Base | None:
    """The aggregate function of that name, without combinators."""
    return AGGREGATES.find(name)


def split_suffix(name: str) -> tuple[str, str] | None:
    """`sumIfState` → `sumIf`, `State`; None if the name ends in no combinator."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and is_aggregate(name[: -len(suffix)]):
            return name[: -len(suffix)], suffix
    return None


@lru_cache(maxsize=4096)
def is_aggregate(name: str) -> bool:
    """Whether `name` is an aggregate function, with or without combinators."""
    return find_base(name) is not None or split_suffix(name) is not None


def bind(name: str, params: Sequence[Any], args: Sequence[DataType]) -> Bound:
    """The aggregate for arguments of these types. Raises `ArgumentError`."""
    base = find_base(name)
    if base is not None:
        if base.unsupported:
            raise Unsupported(f"function `{name}` is not supported: {base.unsupported}")
        return Leaf.of(base, params, args)
    split = split_suffix(name)
    if split is None:
        raise ArgumentError(f"unknown aggregate function `{name}`", 63)
    prefix, suffix = split
    if (reason := REFUSED_COMBINATORS.get(suffix)) is not None:
        raise Unsupported(f"combinator `-{suffix}` of `{name}` is not supported: {reason}")
    if not args and suffix not in ("State", "OrNull", "OrDefault", "SimpleState"):
        raise ArgumentError(f"`{name}` takes at least one argument", 42)
    given = tuple(without_low_cardinality(arg) for arg in args)
    return COMBINATORS[suffix](prefix, suffix, tuple(params), given)


def bind_state(state: DataType) -> Bound:
    """The aggregate that an `AggregateFunction(…)` or `SimpleAggregateFunction(…)` names."""
    name, *params = state.params
    name = {"countDistinct": "uniqExact"}.get(name, name)
    return bind(name, params, state.types)


Params = tuple[Any, ...]
Args = tuple[DataType, ...]


def bare_types(prefix: str, types: Args) -> Args:
    """The types without Nullable, unless the function looks at NULL itself."""
    return types if root_of(prefix).nulls == "own" else tuple(t.bare for t in types)


def root_of(name: str) -> Base:
    """The function at the root of a name with combinators."""
    base = find_base(name)
    if base is not None:
        return base
    split = split_suffix(name)
    assert split is not None
    return root_of(split[0])


def _if(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    condition = args[-1]
    if condition.bare.name not in ("UInt8", "Bool", "Nothing") or condition == NOTHING:
        raise ArgumentError(
            f"illegal type `{condition}` of the condition of `{prefix}If`, expected UInt8"
        )
    values = args[:-1]
    bare = bare_types(prefix, values)
    if prefix.endswith("State") and bare != values:
        # The state is that of a function without Nullable.
        return If(Known(bind(prefix, params, bare), "", values), suffix, args)
    return If(bind(prefix, params, values), suffix, args)


def _or_else(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    inner = bind(prefix, params, args)
    if any(arg.is_nothing for arg in args):
        return inner
    counts = root_of(prefix).nulls == "skip" or not inner.type.can_be_nullable
    if isinstance(inner, State):
        return State(OrElse(inner.inner, suffix, args, counts=counts), "State", args)
    return OrElse(inner, suffix, args, counts=counts)


def _array(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    for arg in args:
        if not arg.is_array:
            raise ArgumentError(f"illegal type `{arg}` of `{prefix}{suffix}`, expected an Array")
    inner = bind(prefix, params, [arg.element for arg in args])
    if suffix == "ForEach":
        return ForEach(inner, suffix, args)
    return Array(inner, suffix, args)


def _distinct(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    return Distinct(bind(prefix, params, args), suffix, args)


def _extreme(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    bare = bare_types(prefix, args)
    bound = Extreme(bind(prefix, params, bare[:-1]), suffix, bare)
    if bare == args:
        return bound
    return Known(bound, "", args, is_nullable=root_of(prefix).nulls == "null")


def _map(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    mapped = f"{prefix}MappedArrays"
    if not args[0].is_map and find_base(mapped) is not None:
        return bind(mapped, params, args)
    if len(args) != 1 or not args[0].is_map:
        raise ArgumentError(f"`{prefix}Map` takes a Map, found `{args[0]}`")
    return MapValues(bind(prefix, params, [args[0].types[1]]), suffix, args)


def _resample(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    check_resample(params[-3:])
    if not (args[-1].is_integer or args[-1].is_date_or_datetime):
        raise ArgumentError(f"illegal type `{args[-1]}` of the key of `{prefix}Resample`")
    bare = bare_types(prefix, args)
    bound = Resample(bind(prefix, params[:-3], bare[:-1]), suffix, bare, params[-3:])
    return bound if bare == args else Known(bound, "", args)


def _state(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    return State(bind(prefix, params, args), suffix, args)


def _merge(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    (state,) = args if len(args) == 1 else (None,)
    if state is None or not state.is_state:
        found = ", ".join(f"`{arg}`" for arg in args)
        raise ArgumentError(f"`{prefix}Merge` takes one aggregate state, found {found}")
    inner = bind(prefix, params, state.types)
    stored = bind_state(state)
    if representation(inner) != representation(stored):
        raise ArgumentError(
            f"illegal type `{state}` of an argument of `{prefix}Merge`: it is a state of another "
            "function"
        )
    return Merge(inner, suffix, args)


SIMPLE_STATES = frozenset(
    [
        "any",
        "anyLast",
        "any_respect_nulls",
        "anyLast_respect_nulls",
        "min",
        "max",
        "sum",
        "sumWithOverflow",
        "groupBitAnd",
        "groupBitOr",
        "groupBitXor",
        "sumMappedArrays",
        "minMappedArrays",
        "maxMappedArrays",
        "sumMap",
        "minMap",
        "maxMap",
        "groupArrayArray",
        "groupArrayLastArray",
        "groupUniqArrayArray",
        "groupUniqArrayArrayMap",
    ]
)


def _simple_state(prefix: str, suffix: str, params: Params, args: Args) -> Bound:
    inner = bind(prefix, params, args)
    if inner.signature[0] not in SIMPLE_STATES:
        raise ArgumentError(f"`{prefix}` has no SimpleAggregateFunction", 36)
    return SimpleState(inner, suffix, args)


def representation(bound: Bound) -> tuple[str, ...]:
    """What tells whether states of two aggregates are the same values: `-If` and `-State` do not
    change them, nor does the level of a quantile."""
    if isinstance(bound, Leaf):
        return (bound.base.name.replace("quantiles", "quantile"),)
    assert isinstance(bound, Wrapper)
    inner = representation(bound.inner)
    plain = isinstance(bound, If | Known | Array | State | Merge | SimpleState)
    return inner if plain else (*inner, bound.suffix)


COMBINATORS: dict[str, Callable[[str, str, Params, Args], Bound]] = {
    "If": _if,
    "OrNull": _or_else,
    "OrDefault": _or_else,
    "Array": _array,
    "ForEach": _array,
    "Distinct": _distinct,
    "ArgMin": _extreme,
    "ArgMax": _extreme,
    "Map": _map,
    "Resample": _resample,
    "State": _state,
    "Merge": _merge,
    "SimpleState": _simple_state,
}
REFUSED_COMBINATORS = {
    "Tuple": "elements of tuples are not aggregated one by one here",
    "Null": "it is ClickHouse's own; functions look at NULL by themselves",
}
"""Combinators that this engine does not have, and why."""
_SUFFIXES = sorted({*COMBINATORS, *REFUSED_COMBINATORS}, key=len, reverse=True)
