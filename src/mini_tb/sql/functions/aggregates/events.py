"""Funnels, retention and patterns of events along a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import Base, Leaf, Types, listed
from mini_tb.sql.functions.aggregates.rows import (
    Rows,
    elements,
    field,
    fresh,
    let,
    struct,
)
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import BOOL, INT64, UINT8, UINT64, DataType, array, tuple_of
from mini_tb.types.duckdb import quote_string

MAX_EVENTS = 32


def _conditions(types: Types, name: str, first: int, least: int) -> None:
    events = types[first:]
    if not least <= len(events) <= MAX_EVENTS:
        raise ArgumentError(f"`{name}` takes {least} to {MAX_EVENTS} conditions", 42)
    for t in events:
        if t not in (UINT8, BOOL):
            raise ArgumentError(f"illegal type `{t}` of a condition of `{name}`, expected UInt8")


def _moment_check(name: str, least: int) -> Any:
    def check(types: Types, params: Sequence[Any]) -> None:
        t = types[0]
        if not (t.is_date_or_datetime or (t.is_integer and not t.is_signed)):
            raise ArgumentError(f"illegal type `{t}` of the time of `{name}`")
        _conditions(types, name, 1, least)

    return check


def _columns(f: Leaf, args: tuple[str, ...]) -> tuple[str, ...]:
    """The time as a number (a sub-second time in its ticks), and the conditions as bits."""
    t = f.types[0]
    time = args[0]
    if t.is_date:
        time = f"date_diff('day', DATE '1970-01-01', {time})"
    elif t.is_datetime:
        time = f"(epoch_us({time}) // {10 ** (6 - min(t.scale, 6))})"
    bits = " + ".join(
        f"CASE WHEN {truth} THEN {1 << i} ELSE 0 END"
        for i, truth in enumerate(_truth(t, a) for t, a in zip(f.types[1:], args[1:], strict=True))
    )
    return f"CAST({time} AS BIGINT)", f"CAST({bits} AS BIGINT)"


def _truth(t: DataType, text: str) -> str:
    return text if t.is_bool else f"{text} <> 0"


def _row(f: Leaf) -> DataType:
    return tuple_of(INT64, INT64)


def _over_events(items: str, call: str) -> str:
    """`call` of the times and the bits of the rows, which are in its text `{times}`, `{bits}`."""

    def over(xs: str) -> str:
        times, bits = elements(xs, 2).args
        item = elements(xs, 2).item
        return call.format(
            times=f"list_transform({xs}, lambda {item}: {times})",
            bits=f"list_transform({xs}, lambda {item}: {bits})",
        )

    return let(items, over)


# Funnel --------------------------------------------------------------------------------------

_MODES = frozenset({"strict_order", "strict_increase", "strict_deduplication", "strict"})


def _funnel(f: Leaf, items: str) -> str:
    window, *modes = f.params
    if isinstance(window, bool) or not isinstance(window, int) or window < 0:
        raise ArgumentError("`windowFunnel` takes a window as its parameter", 36)
    for mode in modes:
        if mode not in _MODES:
            raise ArgumentError(f"mode `{mode}` of `windowFunnel` is not supported", 36)
    count = len(f.types) - 1
    text = quote_string(" ".join(str(mode) for mode in modes)).replace("{", "{{")
    return _over_events(items, f"mt_window_funnel({{times}}, {{bits}}, {window}, {count}, {text})")


# Patterns ------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\s*(?:\(\?(\d+)\)|\(\?t(<=|>=|==|<|>)(\d+)\)|(\.\*)|(\.))\s*")


def pattern_actions(pattern: Any, count: int) -> str:
    """A pattern as `mt_sequence` takes it: `e1 * t<=5 .`. Raises `ArgumentError`."""
    if not isinstance(pattern, str):
        raise ArgumentError("takes a pattern as its parameter", 36)
    actions = ["*"]
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None:
            raise ArgumentError(f"cannot read the pattern `{pattern}` at `{pattern[at:]}`", 36)
        event, operator, duration, star, _ = match.groups()
        timed = f"t{operator}{duration}" if operator else None
        if event and not 1 <= int(event) <= count:
            raise ArgumentError(f"event {event} of the pattern is out of range", 36)
        actions.append(f"e{event}" if event else timed or ("*" if star else "."))
        at = match.end()
    return " ".join(actions)


def _sequence(mode: str) -> Any:
    def finish(f: Leaf, items: str) -> str:
        actions = quote_string(pattern_actions(f.params[0], len(f.types) - 1))
        found = _over_events(items, f"mt_sequence({{times}}, {{bits}}, {actions}, '{mode}')")
        if mode != "events":
            return f"({found})[1]"
        e = fresh(found)
        return f"list_transform({found}, lambda {e}: {_moment(f.types[0], e)})"

    return finish


def _moment(t: DataType, text: str) -> str:
    if t.is_date:
        return f"DATE '1970-01-01' + CAST({text} AS INTEGER)"
    if t.is_datetime:
        return f"make_timestamp({text} * {10 ** (6 - min(t.scale, 6))})"
    return text


# Retention -----------------------------------------------------------------------------------


def _retention_state(f: Leaf) -> DataType:
    return tuple_of(*(UINT8 for _ in f.types))


def _retention_collect(f: Leaf, rows: Rows) -> str:
    return struct(
        {
            str(i + 1): rows.call("max", f"CAST({_truth(t, arg)} AS UTINYINT)")
            for i, (t, arg) in enumerate(zip(f.types, rows.args, strict=True))
        }
    )


def _retention_merge(f: Leaf, rows: Rows) -> str:
    (column,) = rows.args
    names = [str(i + 1) for i in range(len(f.types))]
    return struct({name: rows.call("max", field(column, name)) for name in names})


def _retention_finish(f: Leaf, state: str) -> str:
    def finish(s: str) -> str:
        first = f"coalesce({field(s, '1')}, 0)"
        others = [f"coalesce({field(s, str(i + 1))} & {first}, 0)" for i in range(1, len(f.types))]
        return f"[{', '.join([first, *others])}]"

    return let(state, finish)


def _retention_check(types: Types, params: Sequence[Any]) -> None:
    _conditions(types, "retention", 0, 2)


_EVENTS: dict[str, Any] = {"columns": _columns, "row": _row, "args": (2, None)}

BASES = (
    listed(
        "windowFunnel",
        UINT8,
        _funnel,
        params=(1, None),
        check=_moment_check("windowFunnel", 1),
        **_EVENTS,
    ),
    listed(
        "sequenceMatch",
        UINT8,
        _sequence("match"),
        params=(1, 1),
        check=_moment_check("sequenceMatch", 2),
        **_EVENTS,
    ),
    listed(
        "sequenceCount",
        UINT64,
        _sequence("count"),
        params=(1, 1),
        check=_moment_check("sequenceCount", 2),
        **_EVENTS,
    ),
    listed(
        "sequenceMatchEvents",
        lambda types, params: array(types[0]),
        _sequence("events"),
        params=(1, 1),
        check=_moment_check("sequenceMatchEvents", 2),
        **_EVENTS,
    ),
    Base(
        "retention",
        array(UINT8),
        _retention_state,
        _retention_collect,
        _retention_merge,
        _retention_finish,
        args=(2, MAX_EVENTS),
        nulls="skip",
        check=_retention_check,
    ),
)
