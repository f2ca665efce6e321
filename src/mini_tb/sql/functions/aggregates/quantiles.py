"""The quantiles: one table of how each picks a value from the sorted values.

Where ClickHouse samples or sketches (`quantile` beyond 8192 rows, TDigest, Timing beyond 5670),
the exact rule that holds for few rows is used for any number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions.aggregates.base import (
    NAN,
    Base,
    Leaf,
    Types,
    double,
    listed,
)
from mini_tb.sql.functions.aggregates.rows import (
    Rows,
    columns_of,
    elements,
    fresh,
    let,
)
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert_number import number_to_number
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import FLOAT32, FLOAT64, DataType, array, to_duckdb, tuple_of

Pick = Callable[[Leaf, str, float], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to take quantiles: `quantileX`, `quantilesX`, `medianX`.

    `pick` is a text of the list and a level; the list is sorted unless there are weights.
    `returns` is the type of one quantile. `extra` counts the parameters before the levels.
    """

    suffix: str
    returns: Callable[[DataType], DataType]
    pick: Pick
    args: int = 1
    extra: int = 0
    is_weighted: bool = False
    takes: str = "decimal wide subsecond"
    """Which of these types are taken, beside the numbers of up to 64 bits, Date and DateTime."""
    is_nan_empty: bool = True
    """Whether floats are nan for no rows; else 0."""
    are_zeros_empty: bool = False
    """Whether several of floats are 0 for no rows all the same."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What is kept of a row, if not the row: see `listed`."""


def levels(f: Leaf, extra: int = 0) -> list[float]:
    """The levels that the parameters give; 0.5 if there is none."""
    found = [float(p) for p in f.params[extra:]]
    for level in found:
        if not 0 <= level <= 1:
            raise ArgumentError(f"the level of a quantile must be from 0 to 1, found {level}", 69)
    return found or [0.5]


# Types ---------------------------------------------------------------------------------------


def _interpolated_type(t: DataType) -> DataType:
    return t if t.is_date_or_datetime or t.is_decimal else FLOAT64


def _same_type(t: DataType) -> DataType:
    return t


def _float32_type(t: DataType) -> DataType:
    return t if t.is_date_or_datetime else FLOAT32


def _moment_or_float64_type(t: DataType) -> DataType:
    return t if t.is_date_or_datetime else FLOAT64


def _always_float32_type(t: DataType) -> DataType:
    return FLOAT32


def _float64_type(t: DataType) -> DataType:
    return FLOAT64


# Rules ---------------------------------------------------------------------------------------


def _nth(f: Leaf, s: str, level: float) -> str:
    """ClickHouse's `level * size`, as an index."""
    if level >= 1:
        return f"{s}[len({s})]"
    return f"{s}[1 + CAST(floor({level!r} * len({s})) AS BIGINT)]"


def _low(f: Leaf, s: str, level: float) -> str:
    return f"{s}[(len({s}) + 1) // 2]" if level == 0.5 else _nth(f, s, level)


def _high(f: Leaf, s: str, level: float) -> str:
    return f"{s}[1 + len({s}) // 2]" if level == 0.5 else _nth(f, s, level)


def _number(f: Leaf, text: str) -> str:
    """A value as the number to calculate with: days of a Date, seconds of a DateTime, the least
    digits of a Decimal."""
    t = f.types[0]
    if t.is_date:
        return f"CAST(date_diff('day', DATE '1970-01-01', {text}) AS DOUBLE)"
    if t.is_datetime:
        return f"epoch({text})"
    if t.is_decimal:
        # A HUGEINT is not always rounded to the nearest DOUBLE.
        whole = f"CAST({_units(text)} AS BIGINT)" if int(t.params[0]) <= 18 else _units(text)
        return f"CAST({whole} AS DOUBLE)"
    return f"CAST({text} AS DOUBLE)"


def _from_number(f: Leaf, text: str) -> str:
    t = f.types[0]
    if t.is_date:
        return f"DATE '1970-01-01' + CAST(trunc({text}) AS INTEGER)"
    if t.is_datetime:
        ticks = 10**t.scale
        return f"make_timestamp(CAST(trunc(({text}) * {ticks}) * {1_000_000 // ticks} AS BIGINT))"
    if t.is_decimal:
        if int(t.params[0]) > 18:
            return f"trunc({text}) / {10**t.scale}"
        unit = f"CAST('1e-{t.scale}' AS DECIMAL(18, {t.scale}))"
        return f"CAST(trunc({text}) AS DECIMAL(19, 0)) * {unit}"
    whole = f.type.is_integer or (f.type.is_array and f.type.element.is_integer)
    return f"trunc({text})" if whole else text


def _between(f: Leaf, s: str, low: str, high: str, share: str) -> str:
    a, b = _number(f, f"{s}[{low}]"), _number(f, f"{s}[{high}]")
    return _from_number(f, f"({a} * (1 - ({share})) + {b} * ({share}))")


def _units(text: str) -> str:
    """A Decimal in units of its last digit, as a HUGEINT."""
    return f"CAST(replace(CAST({text} AS VARCHAR), '.', '') AS HUGEINT)"


def _of_units(t: DataType, units: str) -> str:
    """The Decimal of so many units of its last digit."""
    if not t.scale:
        return f"CAST({units} AS {to_duckdb(t)})"
    sign = f"CASE WHEN {units} < 0 THEN '-' ELSE '' END"
    one = f"CAST('1{'0' * t.scale}' AS HUGEINT)"
    whole, part = f"abs({units}) // {one}", f"abs({units}) % {one}"
    digits = f"lpad(CAST({part} AS VARCHAR), {t.scale}, '0')"
    return f"CAST({sign} || ({whole}) || '.' || {digits} AS {to_duckdb(t)})"


_BITS = 60
"""How many bits of the share between two Decimals count."""


def _between_decimals(t: DataType, first: str, second: str, share: str) -> str:
    """What lies between two Decimals, cut towards zero; all digits are exact."""
    factor = f"CAST({share} * {1 << _BITS} AS HUGEINT)"

    def place(low: str, high: str, factor: str) -> str:
        distance = f"({high} - {low})"
        least = f"({distance} & {(1 << 64) - 1}) * {factor}"
        more = f"({distance} >> 64) * {factor} * {1 << (64 - _BITS)}"
        whole = f"({low} + {more} + (({least}) >> {_BITS}))"
        is_cut = f"(({least}) & {(1 << _BITS) - 1}) <> 0"
        return let(whole, lambda w: f"CASE WHEN {w} < 0 AND {is_cut} THEN {w} + 1 ELSE {w} END")

    found = let(
        _units(first),
        lambda low: let(
            _units(second), lambda high: let(factor, lambda part: place(low, high, part))
        ),
    )
    return let(found, lambda units: _of_units(t, units))


def _interpolated(f: Leaf, s: str, level: float) -> str:
    place = f"({double(repr(level))} * (len({s}) - 1))"
    low = f"1 + CAST(floor({place}) AS BIGINT)"
    share = f"({place} - floor({place}))"
    if f.types[0].is_decimal:
        last = f"{s}[len({s})]"
        inside = _between_decimals(f.types[0], f"{s}[{low}]", f"{s}[{low} + 1]", share)
        return f"CASE WHEN {low} >= len({s}) THEN {last} ELSE {inside} END"
    last = _from_number(f, _number(f, f"{s}[len({s})]"))
    # The next value counts by its share, even if that is 0: an infinite one makes nan.
    inside = _between(f, s, low, f"{low} + 1", share)
    return f"CASE WHEN {low} >= len({s}) THEN {last} ELSE {inside} END"


def _exclusive(f: Leaf, s: str, level: float) -> str:
    if level in (0, 1):
        raise ArgumentError("`quantileExactExclusive` takes levels between 0 and 1, not these", 69)
    return _ranked(f, s, f"({level!r} * (len({s}) + 1))")


def _inclusive(f: Leaf, s: str, level: float) -> str:
    return _ranked(f, s, f"({level!r} * (len({s}) - 1) + 1)")


def _ranked(f: Leaf, s: str, place: str) -> str:
    low = f"greatest(1, least(len({s}), CAST(floor({place}) AS BIGINT)))"
    high = f"greatest(1, least(len({s}), CAST(floor({place}) AS BIGINT) + 1))"
    share = f"{place} - floor({place})"
    a, b = _number(f, f"{s}[{low}]"), _number(f, f"{s}[{high}]")
    inside = f"{a} + ({share}) * ({b} - {a})"
    first, last = _number(f, f"{s}[1]"), _number(f, f"{s}[len({s})]")
    return (
        f"CASE WHEN {place} < 1 THEN {first} WHEN {place} >= len({s}) THEN {last} ELSE {inside} END"
    )


def _digest(f: Leaf, s: str, level: float) -> str:
    """Centroids of one row each: no interpolation happens between them."""
    value = _number(f, f"{s}[greatest(1, CAST(ceil({level!r} * len({s})) AS BIGINT))]")
    kept = number_to_number(FLOAT64, FLOAT32, value)
    return _from_number(f, f"CAST({kept} AS DOUBLE)")


def _sketch(f: Leaf, s: str, level: float) -> str:
    """DDSketch: the middle of the logarithmic bucket that holds the value of that rank."""
    accuracy = float(f.params[0])
    if not 0 < accuracy < 1:
        raise ArgumentError("the accuracy of `quantileDD` must be between 0 and 1", 36)
    gamma = (1 + accuracy) / (1 - accuracy)
    value = _number(f, f"{s}[1 + CAST(floor({level!r} * (len({s}) - 1)) AS BIGINT)]")
    bucket = f"floor(ln(abs({value})) / ln({gamma!r}))"
    middle = f"sign({value}) * pow({gamma!r}, {bucket}) * (1 + {accuracy!r})"
    return _from_number(f, f"CASE WHEN {value} = 0 THEN 0 ELSE {middle} END")


def _summary(f: Leaf, s: str, level: float) -> str:
    """Greenwald and Khanna's summary."""
    accuracy = f.params[0]
    if isinstance(accuracy, bool) or not isinstance(accuracy, int) or accuracy < 1:
        raise ArgumentError("the accuracy of `quantileGK` must be a positive integer", 36)
    item = fresh(s)
    values = f"list_transform({s}, lambda {item}: {_number(f, item)})"
    return _from_number(f, f"mt_quantiles_gk({values}, {accuracy}, [{double(repr(level))}])[1]")


def _bfloat16(f: Leaf, args: tuple[str, ...]) -> tuple[str, ...]:
    """Seven bits of fraction are kept, the rest is cut off."""
    x = _number(f, args[0])
    unit = f"pow(2, floor(log2(abs(nullif({x}, 0)))) - 7)"
    return (f"coalesce(trunc({x} / {unit}) * {unit}, {x})", *args[1:])


def _rounded(f: Leaf, s: str, level: float) -> str:
    place = f"greatest(1, CAST(ceil({level!r} * len({s})) AS BIGINT))"
    return _from_number(f, f"{s}[{place}]")


def _timing(f: Leaf, args: tuple[str, ...]) -> tuple[str, ...]:
    """Whole milliseconds up to half a minute."""
    return (f"least(trunc({_number(f, args[0])}), 30000.0)", *args[1:])


def _is_timing(f: Leaf) -> str | None:
    """What is negative, nan or beyond an Int64 does not count."""
    t = f.types[0]
    if t.is_integer and not t.is_signed and t.bits < 64:
        return None
    return f"{_number(f, '{0}')} BETWEEN 0 AND 9223372036854775807"


def _double_row(f: Leaf) -> DataType:
    return FLOAT64 if len(f.types) == 1 else tuple_of(FLOAT64, *f.types[1:])


def _simple_value(f: Leaf, rows: Rows) -> str:
    """`quantile` of numbers is one of DuckDB's own; the rest goes over the list."""
    if not f.type.is_float:
        return f.base.finish(f, f.base.collect(f, rows))
    if f.types[0].is_float:
        rows = rows.where(f"NOT isnan({rows.args[0]})")
    return rows.call("quantile_cont", f"CAST({rows.args[0]} AS DOUBLE)", repr(levels(f)[0]))


# Weighted ------------------------------------------------------------------------------------


def _weighted(f: Leaf, items: str, rule: str, level: float) -> str:
    """What `rule` of `mt_weighted` gives for the values (as numbers) and their weights."""
    rows = elements(items, 2)
    is_kept_as_number = f.state.element.types[0] == FLOAT64
    number = double(rows.args[0]) if is_kept_as_number else _number(f, rows.args[0])
    weights = rows.call("list", double(rows.args[1]))
    return f"mt_weighted({rows.call('list', number)}, {weights}, {level!r}, '{rule}')"


def _at_weight(rule: str) -> Pick:
    """The row at which the weights reach the level: the value is one of them."""

    def pick(f: Leaf, s: str, level: float) -> str:
        place = f"CAST({_weighted(f, s, rule, level)} AS BIGINT)"
        return columns_of(f"{s}[{place}]", 2)[0]

    return pick


def _between_weights(rule: str) -> Pick:
    """A number between two values."""

    def pick(f: Leaf, s: str, level: float) -> str:
        return _from_number(f, _weighted(f, s, rule, level))

    return pick


def _passing(f: Leaf, s: str, level: float) -> str:
    total = elements(s, 2).call("sum", double(elements(s, 2).args[1]))
    return _coarse(_at_weight("passing")(f, s, level), total, 31)


def _rounded_reaching(f: Leaf, s: str, level: float) -> str:
    return _from_number(f, _at_weight("reaching")(f, s, level))


def _coarse(value: str, count: str, fine: int) -> str:
    """Beyond a second, many measurements are kept in steps of 16 milliseconds."""
    steps = f"floor({value} / 16) * 16"
    return f"CASE WHEN {count} > {fine} AND {value} >= 1024 THEN {steps} ELSE {value} END"


def _measured(f: Leaf, s: str, level: float) -> str:
    return _coarse(_nth(f, s, level), f"len({s})", 5670)


# The table -----------------------------------------------------------------------------------

_FIRST_ONLY = {
    "columns": lambda f, args: args[:1],
    "row": lambda f: f.types[0],
}
_ROUNDED = {"columns": _bfloat16, "row": _double_row}
_MILLISECONDS = {"columns": _timing, "row": _double_row, "where": _is_timing}

KINDS = (
    Kind("", _interpolated_type, _interpolated),
    Kind(
        "Deterministic",
        _interpolated_type,
        _interpolated,
        args=2,
        takes="wide",
        options=_FIRST_ONLY,
    ),
    Kind("Exact", _same_type, _nth, are_zeros_empty=True),
    Kind("ExactLow", _same_type, _low, takes="decimal subsecond", are_zeros_empty=True),
    Kind("ExactHigh", _same_type, _high, takes="decimal subsecond", are_zeros_empty=True),
    Kind("ExactExclusive", _float64_type, _exclusive, takes=""),
    Kind("ExactInclusive", _float64_type, _inclusive, takes=""),
    Kind("Timing", _always_float32_type, _measured, takes="", options=_MILLISECONDS),
    Kind("TDigest", _float32_type, _digest, takes=""),
    Kind("BFloat16", _moment_or_float64_type, _rounded, takes="", options=_ROUNDED),
    Kind("DD", _moment_or_float64_type, _sketch, extra=1, takes=""),
    Kind("GK", _same_type, _summary, extra=1, is_nan_empty=False),
    Kind(
        "ExactWeighted",
        _same_type,
        _at_weight("reaching"),
        args=2,
        is_weighted=True,
        are_zeros_empty=True,
    ),
    Kind(
        "InterpolatedWeighted",
        _same_type,
        _between_weights("middles"),
        args=2,
        is_weighted=True,
        are_zeros_empty=True,
    ),
    Kind(
        "ExactWeightedInterpolated",
        _interpolated_type,
        _between_weights("repeated"),
        args=2,
        is_weighted=True,
    ),
    Kind(
        "TDigestWeighted",
        _float32_type,
        _between_weights("centroids"),
        args=2,
        is_weighted=True,
        takes="",
    ),
    Kind(
        "TimingWeighted",
        _always_float32_type,
        _passing,
        args=2,
        is_weighted=True,
        takes="",
        options=_MILLISECONDS,
    ),
    Kind(
        "BFloat16Weighted",
        _moment_or_float64_type,
        _rounded_reaching,
        args=2,
        is_weighted=True,
        takes="",
        options=_ROUNDED,
    ),
)


def _group(t: DataType) -> str:
    """What `Kind.takes` says of a type; '' for those that all quantiles take."""
    if t.is_decimal:
        return "decimal"
    if t.is_integer and t.bits > 64:
        return "wide"
    if t.name == "DateTime64":
        return "subsecond"
    return "" if t.is_number or t.name in ("Date", "DateTime") else "never"


def _bases(kind: Kind) -> tuple[Base, Base]:
    def check(types: Types, params: Sequence[Any]) -> None:
        if _group(types[0]) not in ("", *kind.takes.split()):
            raise ArgumentError(f"illegal type `{types[0]}` of an argument of a quantile")
        for t in types[1:]:
            if not (t.is_bool or (t.is_integer and not t.is_signed)):
                raise ArgumentError(f"illegal type `{t}` of a weight, expected an unsigned integer")

    def none_of(t: DataType, *, is_list: bool = False) -> str:
        """What there is for no rows."""
        is_nan = t.is_float and kind.is_nan_empty and not (is_list and kind.are_zeros_empty)
        return NAN if is_nan else literal(zero(t), t)

    def value(f: Leaf, rows: Rows) -> str:
        if kind.suffix == "":
            found = _simple_value(f, rows)
        else:
            found = f.base.finish(f, f.base.collect(f, rows))
        skips = f.types[0].is_float or "where" in kind.options
        if not (f.type.is_nullable and skips and f.type.is_float):
            return found
        # Rows that do not count, all nan as they are, are no NULL.
        return f"coalesce({found}, CASE WHEN {rows.call('count', '*')} > 0 THEN {NAN} END)"

    def finish(f: Leaf, items: str) -> str:
        is_list = f.base.name.startswith("quantiles")
        wanted = levels(f, kind.extra)

        def values(s: str) -> str:
            texts = [kind.pick(f, s, level) for level in wanted]
            if not is_list:
                return texts[0]
            none = none_of(f.type.element, is_list=True)
            return f"[{', '.join(f'coalesce({text}, {none})' for text in texts)}]"

        if kind.is_weighted:
            return let(items, values)
        return let(f"list_sort({items})", values)

    def known(f: Leaf, args: tuple[str, ...]) -> tuple[str, ...]:
        return kind.options["columns"](f, args) if "columns" in kind.options else args

    def empty(f: Leaf) -> str:
        if f.base.name.startswith("quantiles"):
            none = none_of(f.type.element, is_list=True)
            count = len(levels(f, kind.extra))
            return f"CAST([{', '.join([none] * count)}] AS {to_duckdb(f.type)})"
        return f"CAST({none_of(f.type)} AS {to_duckdb(f.type)})"

    options: dict[str, Any] = {
        "args": (kind.args, kind.args),
        "check": check,
        "empty": empty,
        **kind.options,
    }
    if not kind.options:
        options["where"] = lambda f: "NOT isnan({0})" if f.types[0].is_float else None
    most = kind.extra + 1
    one = listed(
        f"quantile{kind.suffix}",
        lambda types, params: kind.returns(types[0]),
        finish,
        value=value,
        params=(kind.extra, most),
        aliases=(f"median{kind.suffix}",),
        **options,
    )
    many = listed(
        f"quantiles{kind.suffix}",
        lambda types, params: array(kind.returns(types[0])),
        finish,
        params=(kind.extra + 1, None),
        **options,
    )
    return one, many


BASES = tuple(base for kind in KINDS for base in _bases(kind))
