"""The combinators: each makes a new aggregate of one that is already bound.

`sumIfState(x, c)` is State(If(sum)): a name is read from its end, and each suffix wraps what is
left of it, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions.aggregates.rows import (
    INDEX,
    ITEM,
    GroupRows,
    Rows,
    columns_of,
    distinct_items,
    elements,
    field,
    let,
    rows_of,
    struct,
    unnested,
    zipped,
)
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.sql.functions.logic import truth
from mini_tb.sql.tree import Expr
from mini_tb.types import (
    UINT64,
    DataType,
    array,
    map_of,
    nullable,
    to_duckdb,
    tuple_of,
)

Signature = tuple[str, tuple[Any, ...], tuple[DataType, ...]]


class Bound(Protocol):
    """An aggregate for arguments of known types.

    `value` and `finish` give the exact storage type of `type`; `state` is the plain type that
    carries a state, and NULL there is the state of no rows.
    """

    @property
    def type(self) -> DataType: ...

    @property
    def state(self) -> DataType: ...

    @property
    def signature(self) -> Signature:
        """Name, parameters and argument types, as `AggregateFunction(…)` shows them."""
        ...

    def value(self, rows: Rows) -> str:
        """Rows → the value."""
        ...

    def collect(self, rows: Rows) -> str:
        """Rows → a state."""
        ...

    def merge(self, rows: Rows) -> str:
        """Rows of states (their only column) → a state."""
        ...

    def finish(self, state: str) -> str:
        """A state → the value."""
        ...


def state_type(bound: Bound) -> DataType:
    """`AggregateFunction(name(parameters), types…)`."""
    name, params, args = bound.signature
    if name in ("groupBitmapAnd", "groupBitmapOr", "groupBitmapXor"):
        # A bitmap of bitmaps is a bitmap.
        return args[0]
    return DataType("AggregateFunction", args, (name, *params))


@dataclass(frozen=True, slots=True)
class Wrapper:
    """What most combinators share: the state, its merge and its end are those of `inner`."""

    inner: Bound
    suffix: str
    args: tuple[DataType, ...]
    params: tuple[Any, ...] = ()

    @property
    def type(self) -> DataType:
        return self.inner.type

    @property
    def state(self) -> DataType:
        return self.inner.state

    @property
    def signature(self) -> Signature:
        name, params, _ = self.inner.signature
        return name + self.suffix, (*params, *self.params), self.args

    def rows(self, rows: Rows) -> Rows:
        """The rows that `inner` gets."""
        return rows

    def value(self, rows: Rows) -> str:
        return self.inner.value(self.rows(rows))

    def collect(self, rows: Rows) -> str:
        return self.inner.collect(self.rows(rows))

    def merge(self, rows: Rows) -> str:
        return self.inner.merge(rows)

    def finish(self, state: str) -> str:
        return self.inner.finish(state)


class If(Wrapper):
    """`-If(…, condition)`: only the rows where the condition is not zero."""

    def rows(self, rows: Rows) -> Rows:
        *values, condition = rows.args
        return rows.take(*values).where(truth(Expr(self.args[-1]), condition))


@dataclass(frozen=True, slots=True)
class Known(Wrapper):
    """No suffix: skips the rows with a NULL before `inner`, which was bound without Nullable.

    ClickHouse skips them before any combinator. Where a base function can do it just as well it
    does; this is for the combinators that look at rows themselves.
    """

    is_nullable: bool = False
    """Whether the result is NULL where no row is left."""

    @property
    def type(self) -> DataType:
        return nullable(self.inner.type) if self.is_nullable else self.inner.type

    def rows(self, rows: Rows) -> Rows:
        for text, given in zip(rows.args, self.args, strict=True):
            if given.is_nullable:
                rows = rows.where(f"{text} IS NOT NULL")
        return rows

    def value(self, rows: Rows) -> str:
        known = self.rows(rows)
        value = self.inner.value(known)
        if self.type == self.inner.type:
            return value
        return f"CASE WHEN {known.call('count')} > 0 THEN {value} END"

    def finish(self, state: str) -> str:
        value = self.inner.finish(state)
        if self.type == self.inner.type:
            return value
        return f"CASE WHEN len({state}) > 0 THEN {value} END"


@dataclass(frozen=True, slots=True)
class OrElse(Wrapper):
    """`-OrNull`, `-OrDefault`: NULL, or the type's default, for no rows.

    Rows that an `-If` inside leaves out are none, except (`counts`) for functions that count and
    those whose value cannot be NULL.
    """

    counts: bool = False

    @property
    def type(self) -> DataType:
        return nullable(self.inner.type) if self.suffix == "OrNull" else self.inner.type

    @property
    def state(self) -> DataType:
        return tuple_of(self.inner.state, UINT64, names=("state", "rows"))

    def value(self, rows: Rows) -> str:
        return self._unless_none(self._count(rows), self.inner.value(rows))

    def collect(self, rows: Rows) -> str:
        return struct({"state": self.inner.collect(rows), "rows": self._count(rows)})

    def merge(self, rows: Rows) -> str:
        (column,) = rows.args
        merged = self.inner.merge(rows.take(field(column, "state")))
        return struct({"state": merged, "rows": rows.call("sum", field(column, "rows"))})

    def finish(self, state: str) -> str:
        return self._unless_none(field(state, "rows"), self.inner.finish(field(state, "state")))

    def _count(self, rows: Rows) -> str:
        inner: Bound = self.inner
        while isinstance(inner, If):
            filtered, inner = inner.rows(rows), inner.inner
            rows = rows.take(*filtered.args) if self.counts else filtered
        for text, given in zip(rows.args, inner.signature[2], strict=True):
            if given.is_nullable:
                rows = rows.where(f"{text} IS NOT NULL")
        return rows.call("count")

    def _unless_none(self, count: str, value: str) -> str:
        none = literal(zero(self.type), self.type)
        return f"CASE WHEN {count} > 0 THEN {value} ELSE {none} END"


class Array(Wrapper):
    """`-Array`: every element of the array arguments is a row."""

    def rows(self, rows: Rows) -> Rows:
        return elements(f"flatten({rows.call('list', zipped(rows.args))})", len(rows.args))


class Distinct(Wrapper):
    """`-Distinct`: equal rows count once. The state is the list of the distinct rows."""

    @property
    def state(self) -> DataType:
        return array(self.args[0] if len(self.args) == 1 else tuple_of(*self.args))

    def value(self, rows: Rows) -> str:
        name = self.inner.signature[0]
        if len(rows.args) == 1 and name in _DISTINCT_IN_DUCKDB:
            return self.inner.value(_DistinctRows(rows))
        return self.finish(self.collect(rows))

    def collect(self, rows: Rows) -> str:
        return distinct_items(rows_of(rows))

    def merge(self, rows: Rows) -> str:
        return distinct_items(f"flatten({rows.call('list', rows.args[0])})")

    def finish(self, state: str) -> str:
        return self.inner.value(elements(state, len(self.args)))


_DISTINCT_IN_DUCKDB = frozenset({"count", "sum", "avg", "min", "max", "uniqExact", "uniq"})
"""Functions whose DuckDB texts stay right when DISTINCT is put into each."""


@dataclass(frozen=True, slots=True)
class _DistinctRows:
    """Rows whose one column is taken once for each of its values."""

    rows: Rows

    @property
    def args(self) -> tuple[str, ...]:
        return self.rows.args

    def call(
        self, function: str, *args: str, order: str | None = None, distinct: bool = False
    ) -> str:
        return self.rows.call(function, *(args or self.args), order=order, distinct=True)

    def take(self, *args: str) -> Rows:
        return _DistinctRows(self.rows.take(*args))

    def where(self, condition: str) -> Rows:
        return _DistinctRows(self.rows.where(condition))


@dataclass(frozen=True, slots=True)
class Extreme(Wrapper):
    """`-ArgMin(…, key)`, `-ArgMax`: only the rows with the least or the greatest key."""

    @property
    def state(self) -> DataType:
        return array(self.args[0] if len(self.args) == 1 else tuple_of(*self.args))

    def value(self, rows: Rows) -> str:
        return self.finish(self.collect(rows))

    def collect(self, rows: Rows) -> str:
        return self._only(rows_of(rows))

    def merge(self, rows: Rows) -> str:
        return self._only(f"flatten({rows.call('list', rows.args[0])})")

    def finish(self, state: str) -> str:
        rows = elements(state, len(self.args))
        return self.inner.value(rows.take(*rows.args[:-1]))

    def _only(self, items: str) -> str:
        function = "arg_min" if self.suffix == "ArgMin" else "arg_max"
        key = columns_of(ITEM, len(self.args))[-1]
        groups = (
            f"SELECT {key} AS key, list({ITEM} ORDER BY {INDEX}) AS rows "
            f"FROM {unnested(items)} GROUP BY key"
        )
        return f"(SELECT {function}(rows, key) FROM ({groups}))"


@dataclass(frozen=True, slots=True)
class ForEach(Wrapper):
    """`-ForEach`: arrays are aggregated position by position."""

    @property
    def type(self) -> DataType:
        return array(self.inner.type)

    @property
    def state(self) -> DataType:
        return array(self.inner.state)

    def value(self, rows: Rows) -> str:
        return f"coalesce({self._each(rows, self.inner.value)}, [])"

    def collect(self, rows: Rows) -> str:
        return self._each(rows, self.inner.collect)

    def merge(self, rows: Rows) -> str:
        return self._each(rows, self.inner.merge)

    def finish(self, state: str) -> str:
        states = elements(state, 1)
        return f"coalesce({states.call('list', self.inner.finish(states.item))}, [])"

    def _each(self, rows: Rows, aggregate: Callable[[Rows], str]) -> str:
        elements_of = (
            f"SELECT unnest({ITEM}) AS element, generate_subscripts({ITEM}, 1) AS place "
            f"FROM {unnested(rows.call('list', zipped(rows.args)))}"
        )
        row = GroupRows(columns_of("element", len(rows.args)))
        places = f"SELECT place, {aggregate(row)} AS result FROM ({elements_of}) GROUP BY place"
        return f"(SELECT list(result ORDER BY place) FROM ({places}))"


@dataclass(frozen=True, slots=True)
class MapValues(Wrapper):
    """`-Map`: the values of maps are aggregated key by key, keys in their order."""

    @property
    def type(self) -> DataType:
        return map_of(self.args[0].types[0], self.inner.type)

    @property
    def state(self) -> DataType:
        return array(tuple_of(self.args[0].types[0], self.inner.state, names=("key", "value")))

    def value(self, rows: Rows) -> str:
        entries = f"map_entries({rows.args[0]})"
        return self._map(self._each(rows.call("list", entries), self.inner.value))

    def collect(self, rows: Rows) -> str:
        entries = f"map_entries({rows.args[0]})"
        return self._each(rows.call("list", entries), self.inner.collect)

    def merge(self, rows: Rows) -> str:
        return self._each(rows.call("list", rows.args[0]), self.inner.merge)

    def finish(self, state: str) -> str:
        found = elements(state, 1)
        done = struct(
            {
                "key": field(found.item, "key"),
                "value": self.inner.finish(field(found.item, "value")),
            }
        )
        return self._map(found.call("list", done))

    def _map(self, entries: str) -> str:
        duck = to_duckdb(self.type)
        return f"coalesce(CAST(map_from_entries({entries}) AS {duck}), CAST(MAP() AS {duck}))"

    def _each(self, lists: str, aggregate: Callable[[Rows], str]) -> str:
        row = GroupRows((field(ITEM, "value"),))
        groups = (
            f"SELECT {field(ITEM, 'key')} AS key, {aggregate(row)} AS result "
            f"FROM {unnested(f'flatten({lists})')} GROUP BY key"
        )
        pair = struct({"key": "key", "value": "result"})
        return f"(SELECT list({pair} ORDER BY key) FROM ({groups}))"


@dataclass(frozen=True, slots=True)
class Resample(Wrapper):
    """`-Resample(start, end, step)(…, key)`: one value for every interval of the key."""

    @property
    def type(self) -> DataType:
        return array(self.inner.type)

    @property
    def state(self) -> DataType:
        names = tuple(str(i + 1) for i in range(len(self._intervals())))
        return tuple_of(*(self.inner.state for _ in names), names=names)

    def value(self, rows: Rows) -> str:
        return f"[{', '.join(self.inner.value(part) for part in self._parts(rows))}]"

    def collect(self, rows: Rows) -> str:
        parts = self._parts(rows)
        return struct({str(i + 1): self.inner.collect(part) for i, part in enumerate(parts)})

    def merge(self, rows: Rows) -> str:
        (column,) = rows.args
        return struct({n: self.inner.merge(rows.take(field(column, n))) for n in self.state.names})

    def finish(self, state: str) -> str:
        names = self.state.names
        return let(state, lambda s: f"[{', '.join(self.inner.finish(field(s, n)) for n in names)}]")

    def _intervals(self) -> list[tuple[int, int]]:
        start, end, step = self.params
        return [(low, min(low + step, end)) for low in range(start, end, step)]

    def _parts(self, rows: Rows) -> list[Rows]:
        *values, key = rows.args
        inner = rows.take(*values)
        number = key if self.args[-1].is_integer else f"CAST(epoch({key}) AS BIGINT)"
        return [
            inner.where(f"{number} >= {low} AND {number} < {high}")
            for low, high in self._intervals()
        ]


MAX_INTERVALS = 1024


def check_resample(params: Sequence[Any]) -> None:
    """Raises `ArgumentError` unless the parameters are start < end and a step."""
    if len(params) != 3 or not all(isinstance(p, int) for p in params):
        raise ArgumentError("`-Resample` takes three integers: start, end, step", 36)
    start, end, step = params
    if step <= 0 or end < start:
        raise ArgumentError("`-Resample` needs start ≤ end and a positive step", 36)
    if (end - start) // step > MAX_INTERVALS:
        raise ArgumentError(f"`-Resample` makes more than {MAX_INTERVALS} intervals", 36)


@dataclass(frozen=True, slots=True)
class State(Wrapper):
    """`-State`: the state itself."""

    @property
    def type(self) -> DataType:
        return state_type(self.inner)

    def value(self, rows: Rows) -> str:
        return f"CAST({self.inner.collect(rows)} AS {to_duckdb(self.state)})"

    def finish(self, state: str) -> str:
        return state


@dataclass(frozen=True, slots=True)
class Merge(Wrapper):
    """`-Merge`: states are the rows."""

    @property
    def signature(self) -> Signature:
        return self.inner.signature

    def value(self, rows: Rows) -> str:
        return self.inner.finish(self.inner.merge(rows))

    def collect(self, rows: Rows) -> str:
        return self.inner.merge(rows)


@dataclass(frozen=True, slots=True)
class SimpleState(Wrapper):
    """`-SimpleState`: the value, as a `SimpleAggregateFunction`."""

    @property
    def type(self) -> DataType:
        name, params, _ = self.inner.signature
        return DataType("SimpleAggregateFunction", (self.inner.type,), (name, *params))
