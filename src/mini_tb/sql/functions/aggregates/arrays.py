"""Aggregates that give the values themselves: `groupArray` and its like, `groupConcat`.

Values come in the order of insertion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import Base, Leaf, Types, listed, wrapped
from mini_tb.sql.functions.aggregates.rows import (
    COUNT,
    INDEX,
    ITEM,
    columns_of,
    elements,
    field,
    fresh,
    let,
    struct,
    unnested,
)
from mini_tb.sql.functions.aggregates.simple import sum_type
from mini_tb.sql.functions.constants import literal, typed_default
from mini_tb.sql.functions.convert_text import to_text
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import FLOAT64, JSON, STRING, DataType, array, to_duckdb
from mini_tb.types.duckdb import quote_string


def size(name: str, params: Sequence[Any], index: int = 0) -> int | None:
    """A parameter that is a count: a positive integer. None if it is not given."""
    if len(params) <= index:
        return None
    value = params[index]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"parameter of `{name}` must be a positive integer", 36)
    return value


def _array_of(types: Types, params: Sequence[Any]) -> DataType:
    return array(types[0])


def _first(f: Leaf, items: str) -> str:
    count = size(f.base.name, f.params)
    return f"({items})[:{count}]" if count else items


def _last(f: Leaf, items: str) -> str:
    """The last values, as they lie in a ring: the n-th is at the place n modulo its size."""
    count = size(f.base.name, f.params)

    def turned(xs: str) -> str:
        start = f"greatest(len({xs}) - {count}, 0)"
        turn = f"CASE WHEN {start} > 0 THEN {start} % {count} ELSE 0 END"
        last = f"{xs}[{start} + 1:]"
        return f"list_concat({last}[{count} - {turn} + 1:], {last}[:{count} - {turn}])"

    return let(items, turned)


def _kept(name: str, keep: Any, params: tuple[int, int]) -> Base:
    """The list of the values, cut by `keep`, which holds for states as well."""
    return Base(
        name,
        _array_of,
        lambda f: array(f.types[0]),
        lambda f, rows: keep(f, rows.call("list", rows.args[0])),
        lambda f, rows: keep(f, f"flatten({rows.call('list', rows.args[0])})"),
        lambda f, s: s,
        params=params,
        nulls="skip",
        aliases=("array_agg",) if name == "groupArray" else (),
        any_case=name == "groupArray",
    )


def _sampled(f: Leaf, items: str) -> str:
    count = size(f.base.name, f.params)
    seed = f.params[1] if len(f.params) > 1 else 123456
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 1 << 63:
        raise ArgumentError("the seed of `groupArraySample` must be a positive integer", 36)
    return let(items, lambda xs: f"list_select({xs}, mt_sample(len({xs}), {count}, {seed}))")


def _insert_at(f: Leaf, items: str) -> str:
    """The first value for each position, a default for those without."""
    element = f.types[0]
    default = literal(f.params[0] if f.params else typed_default(element), element)
    length = size(f.base.name, f.params, 1)
    e = fresh(items)
    value, position = columns_of(e, 2)
    places = f"list_transform({items}, lambda {e}: CAST({position} AS BIGINT))"
    end = str(length) if length else f"list_max({places}) + 1"
    index = fresh(items, e)
    given = struct({"v": value, "p": f"CAST({position} AS BIGINT)", "i": index})
    none = struct({"v": default, "p": e, "i": "9223372036854775807"})
    entries = (
        f"list_concat(list_transform({items}, lambda {e}, {index}: {given}), "
        f"list_transform(range({end}), lambda {e}: {none}))"
    )
    kept = f" WHERE {field(ITEM, 'p')} < {length}" if length else ""
    groups = (
        f"SELECT {field(ITEM, 'p')} AS place, "
        f"arg_min({field(ITEM, 'v')}, {field(ITEM, 'i')}) AS found "
        f"FROM {unnested(entries)}{kept} GROUP BY place"
    )
    return f"(SELECT list(found ORDER BY place) FROM ({groups}))"


def _insert_check(types: Types, params: Sequence[Any]) -> None:
    if not types[1].is_integer or types[1].is_signed:
        raise ArgumentError(
            f"illegal type `{types[1]}` of a position, expected an unsigned integer"
        )


def _moving_type(types: Types, params: Sequence[Any]) -> DataType:
    return array(sum_type(types))


def _moving_average_type(types: Types, params: Sequence[Any]) -> DataType:
    if types[0].is_decimal:
        return array(sum_type(types))
    sum_type(types)
    return array(FLOAT64)


def _moving(f: Leaf, items: str) -> str:
    t, element = f.types[0], f.type.element
    window = size(f.base.name, f.params) or 0
    item = fresh(items)
    if t.is_float:
        values = f"list_transform({items}, lambda {item}: CAST({item} AS DOUBLE))"
        sums = f"mt_moving_sum_double({values}, {window})"
    else:
        # In units of the last digit, so that sums are exact.
        number = f"CAST({item} AS TINYINT)" if t.is_bool else f"{item} * {10**t.scale}"
        values = f"list_transform({items}, lambda {item}: CAST({number} AS DECIMAL(38, 0)))"
        sums = f"mt_moving_sum({values}, {window})"
    moved = fresh(sums)
    unit = 10**t.scale
    if f.base.name == "groupArrayMovingSum":
        whole = wrapped(element, f"CAST({moved} AS HUGEINT)") if element.is_integer else moved
        text = f"{whole} / {unit}" if t.is_decimal else whole
        return f"list_transform({sums}, lambda {moved}: CAST({text} AS {to_duckdb(element)}))"

    def averages(xs: str) -> str:
        inner = fresh(xs)
        count = str(window) if window else f"len({xs})"

        def divided(n: str) -> str:
            text = f"CAST({inner} AS DOUBLE) / {n}"
            text = f"trunc({text}) / {unit}" if t.is_decimal else text
            return f"list_transform({xs}, lambda {inner}: {text})"

        return divided(count) if window else let(count, divided)

    return let(sums, averages)


def _sorted(f: Leaf, items: str) -> str:
    return f"list_sort({items})[:{size(f.base.name, f.params)}]"


def _intersect_type(types: Types, params: Sequence[Any]) -> DataType:
    if not types[0].is_array:
        raise ArgumentError(f"illegal type `{types[0]}`, expected an Array")
    return types[0]


def _in_all(items: str) -> str:
    """The elements that all arrays of the list have, in the order of the last array."""
    values = (
        f"SELECT unnest({ITEM}) AS v, generate_subscripts({ITEM}, 1) AS place, {INDEX} AS source, "
        f"{COUNT} AS sources FROM {unnested(items)}"
    )
    groups = (
        f"SELECT v, count(DISTINCT source) AS found, any_value(sources) AS sources, "
        f"arg_max(place, source) AS place FROM ({values}) GROUP BY v"
    )
    some = f"SELECT coalesce(list(v ORDER BY place), []) FROM ({groups}) WHERE found = sources"
    return f"({some})"


def _concat_text(f: Leaf, args: tuple[str, ...]) -> tuple[str, ...]:
    t = f.types[0]
    if t.name == "FixedString":  # as text it has no zeros at its end
        return (to_text(t, args[0]),)
    if t.is_bytes:
        return (f"decode({args[0]})",)
    if t.is_string:
        return args
    return (_text_of(t, args[0]),)


def _text_of(t: DataType, text: str) -> str:
    from mini_tb.sql.apply import apply
    from mini_tb.sql.tree import Call, Column

    call = apply("toString", [Column(t, "", "")])
    assert isinstance(call, Call)
    lower = call.function.lower
    if callable(lower):
        return lower(call, [text])
    return f"CAST({lower.format(text, args=text)} AS VARCHAR)"


def _concat(f: Leaf, items: str) -> str:
    delimiter = str(f.params[0]) if f.params else ""
    limit = size(f.base.name, f.params, 1)
    cut = f"({items})[:{limit}]" if limit else items

    def joined(texts: str) -> str:
        # As in ClickHouse, no delimiter follows empty texts at the start.
        e = fresh(texts)
        first = f"list_position(list_transform({texts}, lambda {e}: {e} != ''), true)"
        start = f"coalesce(nullif({first}, 0), len({texts}) + 1)"
        return f"array_to_string({texts}[{start}:], {quote_string(delimiter)})"

    return let(cut, joined)


def _patched(f: Leaf, items: str) -> str:
    """Documents merged in the order of their keys."""
    pairs = elements(items, 2)
    keyed = pairs.call("list", struct({"k": pairs.args[1], "v": pairs.args[0]}))
    e = fresh(keyed)
    documents = f"list_transform(list_sort({keyed}), lambda {e}: {e}.v)"
    return f'list_reduce({documents}, lambda "·a", "·b": json_merge_patch("·a", "·b"))'


def _json_check(types: Types, params: Sequence[Any]) -> None:
    if types[0].name != "JSON":
        raise ArgumentError(f"illegal type `{types[0]}`, expected a JSON")


def _check_json(types: Types, params: Sequence[Any]) -> None:
    if types[0].name != "JSON":
        raise ArgumentError(f"illegal type `{types[0]}`, expected JSON")


BASES = (
    listed(
        "distinctJSONPaths",
        array(STRING),
        lambda f, items: f"list_sort(list_distinct(flatten({items})))",
        columns=lambda f, args: (f"map_keys(mt_json_paths({args[0]}))",),
        row=lambda f: array(STRING),
        check=_check_json,
    ),
    listed(
        "mergedJSONPatch",
        JSON,
        _patched,
        args=(2, 2),
        nulls="skip",
        check=_json_check,
        empty="CAST('{}' AS JSON)",
    ),
    _kept("groupArray", _first, (0, 1)),
    listed("groupArrayLast", _array_of, _last, params=(1, 1), nulls="skip"),
    listed("groupArraySample", _array_of, _sampled, params=(1, 2), nulls="skip"),
    _kept("groupArraySorted", _sorted, (1, 1)),
    listed(
        "groupArrayInsertAt",
        _array_of,
        _insert_at,
        args=(2, 2),
        params=(0, 2),
        nulls="skip",
        check=_insert_check,
    ),
    listed("groupArrayMovingSum", _moving_type, _moving, params=(0, 1), nulls="skip"),
    listed("groupArrayMovingAvg", _moving_average_type, _moving, params=(0, 1), nulls="skip"),
    Base(
        "groupArrayIntersect",
        _intersect_type,
        lambda f: f.type,
        lambda f, rows: _in_all(rows.call("list", rows.args[0])),
        lambda f, rows: _in_all(rows.call("list", rows.args[0])),
        lambda f, s: s,
    ),
    listed(
        "groupConcat",
        STRING,
        _concat,
        columns=_concat_text,
        row=lambda f: STRING,
        params=(0, 2),
        aliases=("group_concat", "string_agg"),
        any_case=True,
    ),
)
