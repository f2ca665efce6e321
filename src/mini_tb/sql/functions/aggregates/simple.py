"""Counts, sums, extremes and picks: aggregates that are one of DuckDB's, or a few of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import (
    NAN,
    Base,
    Leaf,
    Part,
    Types,
    double,
    fields,
    numbers,
    plain,
    wrapped,
)
from mini_tb.sql.functions.aggregates.rows import Rows, field, fresh, let, struct
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import (
    FLOAT64,
    INT64,
    UINT8,
    UINT64,
    DataType,
    array,
    decimal,
    nullable,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.duckdb import field_names

# Sums ----------------------------------------------------------------------------------------


def sum_type(types: Types, params: Sequence[Any] = ()) -> DataType:
    """What `sum` of a number gives: 64 bits at least."""
    t = types[0].bare
    numbers("sum", [t])
    if t.is_decimal:
        return decimal(38 if int(t.params[0]) <= 38 else 76, t.scale)
    if t.is_float:
        return FLOAT64
    if t.is_integer and t.bits > 64:
        return t
    return INT64 if t.is_signed and not t.is_bool else UINT64


def _number(f: Leaf, text: str) -> str:
    return f"CAST({text} AS UTINYINT)" if f.types[0].is_bool else text


def _wrap_sum(f: Leaf, text: str) -> str:
    # Narrow numbers cannot overflow 64 bits before a table has 2**32 rows.
    narrow = f.types[0].is_bool or (f.types[0].is_integer and f.types[0].bits <= 32)
    return text if narrow and f.base.name == "sum" else wrapped(f.type, text)


def _same(types: Types, params: Sequence[Any]) -> DataType:
    return types[0]


def _average_type(types: Types, params: Sequence[Any]) -> DataType:
    t = types[0]
    if t.is_date_or_datetime:
        return t
    numbers("avg", types)
    return FLOAT64


def _average(f: Leaf, rows: Rows) -> str:
    t = f.types[0]
    if t.is_date_or_datetime:
        return _date_average(f, rows.call("sum", _ticks(t, rows.args[0])), rows.call("count"))
    if t.is_integer and t.bits == 64:
        # ClickHouse's sum wraps around.
        total = wrapped(t, rows.call("sum", rows.args[0]))
        return f"CAST({total} AS DOUBLE) / nullif({rows.call('count')}, 0)"
    return rows.call("avg", _number(f, rows.args[0]))


def _ticks(t: DataType, text: str) -> str:
    """A moment in its own unit: days, seconds, or fractions of a second."""
    if t.is_date:
        return f"CAST(date_diff('day', DATE '1970-01-01', {text}) AS HUGEINT)"
    return f"CAST(epoch_us({text}) // {10 ** (6 - min(t.scale, 6))} AS HUGEINT)"


def _date_average(f: Leaf, total: str, count: str) -> str:
    t = f.types[0]
    ticks = f"CAST(round_even({total} / nullif({count}, 0), 0) AS BIGINT)"
    if t.is_date:
        return f"DATE '1970-01-01' + CAST({ticks} AS INTEGER)"
    return f"make_timestamp({ticks} * {10 ** (6 - min(t.scale, 6))})"


def _average_state(f: Leaf) -> DataType:
    t = f.types[0]
    total = sum_type([t]) if t.is_number else DataType("Int128")
    return tuple_of(total, UINT64, names=("sum", "count"))


def _average_collect(f: Leaf, rows: Rows) -> str:
    t = f.types[0]
    text = _number(f, rows.args[0]) if t.is_number else _ticks(t, rows.args[0])
    total = wrapped(f.state.types[0], rows.call("sum", text))
    return struct({"sum": total, "count": rows.call("count")})


def _average_merge(f: Leaf, rows: Rows) -> str:
    (column,) = rows.args
    total = wrapped(f.state.types[0], rows.call("sum", field(column, "sum")))
    return struct({"sum": total, "count": rows.call("sum", field(column, "count"))})


def _average_finish(f: Leaf, state: str) -> str:
    def finish(s: str) -> str:
        total, count = field(s, "sum"), field(s, "count")
        if f.types[0].is_date_or_datetime:
            return _date_average(f, total, count)
        return f"{double(total)} / nullif({count}, 0)"

    return let(state, finish)


def _weighted_collect(f: Leaf, rows: Rows) -> str:
    value, weight = map(double, rows.args)
    if f.types[0].is_float and not f.types[1].is_float:
        # Whole weights take the values without their fractions.
        value = f"trunc({value})"
    return struct(
        {"sum": rows.call("sum", f"{value} * {weight}"), "weight": rows.call("sum", weight)}
    )


def _weighted_merge(f: Leaf, rows: Rows) -> str:
    (column,) = rows.args
    return struct({name: rows.call("sum", field(column, name)) for name in ("sum", "weight")})


def _weighted_check(types: Types, params: Sequence[Any]) -> None:
    if types[0].is_decimal or types[1].is_decimal:
        raise ArgumentError(f"types `{types[0]}` and `{types[1]}` do not go together")


def _sum_count_type(types: Types, params: Sequence[Any]) -> DataType:
    return tuple_of(sum_type(types), UINT64)


def _pair(f: Leaf, s: Mapping[str, str]) -> str:
    total = f"coalesce({s['sum']}, 0)"
    return struct({"1": total, "2": s["count"]})


def _narrow_sum_type(types: Types, params: Sequence[Any]) -> DataType:
    t = types[0]
    if t.is_decimal:
        width = next(w for w in (9, 18, 38, 76) if int(t.params[0]) <= w)
        return decimal(width, t.scale)
    return UINT8 if t.is_bool else t


def _kahan() -> Base:
    def total(f: Leaf, rows: Rows) -> str:
        (column,) = rows.args
        return rows.call("sum" if f.type.is_decimal else "kahan_sum", column)

    def collect(f: Leaf, rows: Rows) -> str:
        return total(f, rows if f.type.is_decimal else rows.take(double(rows.args[0])))

    return Base(
        "sumKahan",
        lambda types, params: sum_type(types) if types[0].is_decimal else FLOAT64,
        lambda f: f.type,
        collect,
        total,
        lambda f, s: s,
        needs_numbers=True,
    )


SUMS = (
    plain("sum", sum_type, "sum", text=_number, after=_wrap_sum, any_case=True),
    plain(
        "sumWithOverflow",
        _narrow_sum_type,
        "sum",
        text=_number,
        after=_wrap_sum,
        needs_numbers=True,
    ),
    _kahan(),
    Base(
        "avg",
        _average_type,
        _average_state,
        _average_collect,
        _average_merge,
        _average_finish,
        _average,
        empty=lambda f: (
            f"CAST({NAN} AS {to_duckdb(f.type)})"
            if f.types[0].is_number
            else f"CAST(make_timestamp(0) AS {to_duckdb(f.type)})"
        ),
        any_case=True,
    ),
    Base(
        "avgWeighted",
        FLOAT64,
        lambda f: tuple_of(FLOAT64, FLOAT64, names=("sum", "weight")),
        _weighted_collect,
        _weighted_merge,
        lambda f, s: let(s, lambda e: f"{field(e, 'sum')} / {field(e, 'weight')}"),
        args=(2, 2),
        empty=NAN,
        needs_numbers=True,
        check=_weighted_check,
    ),
    fields(
        "sumCount",
        _sum_count_type,
        {
            "sum": Part("sum", lambda x: x, lambda f: sum_type(f.types)),
            "count": Part("count", lambda x: x, UINT64),
        },
        _pair,
        nulls="skip",
        needs_numbers=True,
    ),
)

# Counts and extremes -------------------------------------------------------------------------


def _count_rows(f: Leaf, rows: Rows) -> str:
    # `count(x)` counts the rows whose x is not NULL; they are the only ones that come here.
    return rows.call("count")


def _comparable(f: Leaf, rows: Rows, index: int) -> Rows:
    """NaN is never the least or the greatest, unless there is nothing else."""
    if f.types[index].is_float:
        return rows.where(f"NOT isnan({rows.args[index]})")
    return rows


def _is_lowered(t: DataType) -> bool:
    """Whether a compound value may hold a NULL or a NaN."""
    inner = t.types if t.is_array or t.is_tuple or t.is_map else ()
    return any(e.is_nullable or e.is_float or _is_lowered(e) for e in inner)


def _lowered(t: DataType, text: str) -> str:
    """A value to order by in which NULL and NaN are below all others: DuckDB has them above."""
    if t.is_nullable or t.is_float:
        known = f"{text} IS NOT NULL" + (f" AND NOT isnan({text})" if t.bare.is_float else "")
        return f"{{'known': {known}, 'value': {text}}}"
    if t.is_map:
        t, text = array(tuple_of(*t.types, names=("key", "value"))), f"map_entries({text})"
    if t.is_array and _is_lowered(t):
        item = fresh(text)
        return f"list_transform({text}, lambda {item}: {_lowered(t.element, item)})"
    if t.is_tuple and _is_lowered(t):
        parts = zip(field_names(t), t.types, strict=True)
        return struct({name: _lowered(e, field(text, name)) for name, e in parts})
    return text


def _greatest_key(function: str, t: DataType, text: str) -> str:
    """What `max` and `arg_max` order by."""
    return _lowered(t, text) if function.endswith("max") and _is_lowered(t) else text


def _extreme(function: str) -> Base:
    def collect(f: Leaf, rows: Rows) -> str:
        (value,) = rows.args
        key = _greatest_key(function, f.types[0], value)
        if key != value:
            return rows.call("arg_max", value, key)
        found = _comparable(f, rows, 0).call(function, rows.args[0])
        if f.types[0].is_float:
            return f"coalesce({found}, {rows.call(function, rows.args[0])})"
        return found

    return Base(function, _same, lambda f: f.type, collect, collect, lambda f, s: s, any_case=True)


def _arg(name: str, function: str, *aliases: str) -> Base:
    value_of = "value"

    def merge(f: Leaf, rows: Rows) -> str:
        (column,) = rows.args
        return pick(f, rows, field(column, value_of), field(column, "key"))

    def pick(f: Leaf, rows: Rows, value: str, key: str) -> str:
        order = _greatest_key(function, f.types[1], key)
        return struct(
            {value_of: rows.call(function, value, order), "key": rows.call(function, key, order)}
        )

    def value(f: Leaf, rows: Rows) -> str:
        key = _greatest_key(function, f.types[1], rows.args[1])
        found = _comparable(f, rows, 1).call(function, rows.args[0], key)
        if f.types[1].is_float:
            return f"coalesce({found}, {rows.call('any_value', rows.args[0])})"
        return found

    def collect(f: Leaf, rows: Rows) -> str:
        return pick(f, _comparable(f, rows, 1), *rows.args)

    return Base(
        name,
        _same,
        lambda f: tuple_of(f.types[0], f.types[1], names=(value_of, "key")),
        collect,
        merge,
        lambda f, s: field(s, value_of),
        value,
        args=(2, 2),
        aliases=aliases,
        any_case=True,
    )


def _arg_and(name: str, function: str) -> Base:
    def collect(f: Leaf, rows: Rows) -> str:
        known = _comparable(f, rows, 1)
        return struct(
            {"1": known.call(function, *rows.args), "2": known.call(function[4:], rows.args[1])}
        )

    def merge(f: Leaf, rows: Rows) -> str:
        (column,) = rows.args
        value, key = field(column, "1"), field(column, "2")
        return struct({"1": rows.call(function, value, key), "2": rows.call(function[4:], key)})

    def finish(f: Leaf, s: str) -> str:
        return let(s, lambda e: f"CASE WHEN {field(e, '2')} IS NOT NULL THEN {e} END")

    return Base(
        name,
        lambda types, params: tuple_of(types[0], types[1]),
        lambda f: tuple_of(*f.types),
        collect,
        merge,
        finish,
        args=(2, 2),
    )


def _wrapped_pick(name: str, function: str, *aliases: str) -> Base:
    """A pick that may be NULL: the state holds it in a Tuple, so that it differs from no state."""
    return Base(
        name,
        _same,
        lambda f: tuple_of(f.types[0]),
        lambda f, rows: rows.call(function, struct({"1": rows.args[0]})),
        lambda f, rows: rows.where(f"{rows.args[0]} IS NOT NULL").call(function, rows.args[0]),
        lambda f, s: field(s, "1"),
        nulls="own",
        aliases=aliases,
        any_case=True,
    )


def _single_value(f: Leaf, s: Mapping[str, str]) -> str:
    return f"CASE WHEN {s['least']} = {s['greatest']} THEN {s['least']} END"


def _only_type(types: Types, params: Sequence[Any]) -> DataType:
    if not types[0].can_be_nullable:
        raise ArgumentError(f"illegal type `{types[0]}` of an argument of `singleValueOrNull`")
    return nullable(types[0])


def _first_type(f: Leaf) -> DataType:
    return nullable(f.types[0])


PICKS = (
    Base(
        "count",
        UINT64,
        lambda f: UINT64,
        _count_rows,
        lambda f, rows: rows.call("sum", rows.args[0]),
        lambda f, s: s,
        args=(0, 1),
        nulls="skip",
        any_case=True,
    ),
    _extreme("min"),
    _extreme("max"),
    _arg("argMin", "arg_min", "min_by"),
    _arg("argMax", "arg_max", "max_by"),
    _arg_and("argAndMin", "arg_min"),
    _arg_and("argAndMax", "arg_max"),
    plain("any", _same, "any_value", aliases=("any_value", "first_value"), any_case=True),
    plain("anyLast", _same, "last", aliases=("last_value",), any_case=True),
    _wrapped_pick(
        "any_respect_nulls",
        "first",
        "anyRespectNulls",
        "anyValueRespectNulls",
        "any_value_respect_nulls",
        "firstValueRespectNulls",
        "first_value_respect_nulls",
    ),
    _wrapped_pick(
        "anyLast_respect_nulls",
        "last",
        "anyLastRespectNulls",
        "lastValueRespectNulls",
        "last_value_respect_nulls",
    ),
    fields(
        "singleValueOrNull",
        _only_type,
        {
            "least": Part("min", lambda x: x, _first_type, "min"),
            "greatest": Part("max", lambda x: x, _first_type, "max"),
        },
        _single_value,
    ),
)

# Bits ----------------------------------------------------------------------------------------


def _bits(types: Types, params: Sequence[Any]) -> None:
    if not (types[0].is_integer or types[0].is_bool):
        raise ArgumentError(f"illegal type `{types[0]}`, expected an integer")
    if types[0].is_integer and types[0].bits > 128:
        raise ArgumentError(f"`{types[0]}` has no bits here: integers of up to 128 bits have", 48)


def _bit_type(types: Types, params: Sequence[Any]) -> DataType:
    return UINT8 if types[0].is_bool else types[0]


def _bitwise(name: str, function: str, alias: str, empty: str | None = None) -> Base:
    def all_ones(f: Leaf) -> str:
        number = -1 if f.type.is_signed else (1 << f.type.bits) - 1
        return f"CAST({number} AS {to_duckdb(f.type)})"

    return plain(
        name,
        _bit_type,
        function,
        text=_number,
        aliases=(alias,),
        any_case=True,
        check=_bits,
        empty=all_ones if empty else None,
    )


BITS = (
    _bitwise("groupBitAnd", "bit_and", "BIT_AND", "ones"),
    _bitwise("groupBitOr", "bit_or", "BIT_OR"),
    _bitwise("groupBitXor", "bit_xor", "BIT_XOR"),
)

BASES = (*SUMS, *PICKS, *BITS)
