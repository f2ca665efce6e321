"""`Base`: one description of an aggregate function, from which everything else is composed.

A description says the type of the result and, as DuckDB texts, four things: how rows become a
state (`collect`), states one state (`merge`), a state the value (`finish`), and where it is
simpler, rows the value (`value`). A state is a plain ClickHouse value — a number, a Tuple, an
Array — so it can be stored, reopened and merged by any version. NULL stands for the empty state.

`fields` and `listed` make the two usual shapes: a Tuple of simple aggregates, and a list of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions.aggregates.rows import Rows, field, let, rows_of, struct
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert_number import number_to_number
from mini_tb.sql.functions.function import ArgumentError, without_low_cardinality
from mini_tb.types import (
    FLOAT32,
    FLOAT64,
    NOTHING,
    UINT64,
    DataType,
    array,
    nullable,
    to_duckdb,
    tuple_of,
)

Types = Sequence[DataType]
Returns = DataType | Callable[[Types, Sequence[Any]], DataType]

NAN = "CAST('nan' AS DOUBLE)"


@dataclass(frozen=True, slots=True)
class Base:
    """An aggregate function without combinators.

    `returns` and the texts see the argument types without Nullable and LowCardinality, unless
    `nulls` is "own". Texts give NULL for no rows; `empty` then stands in (the type's default if
    there is none). What they give is cast to the result's storage type.

    `nulls`: "null": rows with a NULL are skipped, and the result is Nullable if an argument is;
    "skip": they are skipped, and the result is as without them; "own": the function sees them.
    """

    name: str
    returns: Returns
    state: Callable[[Leaf], DataType]
    collect: Callable[[Leaf, Rows], str]
    merge: Callable[[Leaf, Rows], str]
    finish: Callable[[Leaf, str], str]
    value: Callable[[Leaf, Rows], str] | None = None
    args: tuple[int, int | None] = (1, 1)
    params: tuple[int, int | None] = (0, 0)
    nulls: Literal["null", "skip", "own"] = "null"
    empty: str | Callable[[Leaf], str] | None = None
    check: Callable[[Types, Sequence[Any]], None] | None = None
    aliases: tuple[str, ...] = ()
    any_case: bool = False
    needs_numbers: bool = False
    """All arguments must be numbers."""
    unsupported: str | None = None
    state_name: str | None = None
    """What types of its states call it, if not by its name."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A base aggregate for arguments of known types: see `combinators.Bound`."""

    base: Base
    params: tuple[Any, ...]
    args: tuple[DataType, ...]
    type: DataType
    types: tuple[DataType, ...]
    """The argument types as the description sees them."""

    @classmethod
    def of(cls, base: Base, params: Sequence[Any], args: Sequence[DataType]) -> Leaf:
        """Raises `ArgumentError` where arguments or parameters do not fit."""
        _check_count(base.name, "arguments", base.args, len(args), 42)
        _check_count(base.name, "parameters", base.params, len(params), 456)
        if any(arg == NOTHING for arg in args):
            raise ArgumentError(f"illegal type `Nothing` of an argument of `{base.name}`")
        if any(arg.is_nothing for arg in args):
            return cls._of_nothing(base, tuple(params), tuple(args))
        given = tuple(without_low_cardinality(arg) for arg in args)
        types = given if base.nulls == "own" else tuple(arg.bare for arg in given)
        if base.needs_numbers:
            numbers(base.name, types)
        if base.check is not None:
            base.check(types, params)
        returns = base.returns
        result = returns if isinstance(returns, DataType) else returns(types, params)
        if base.nulls == "null" and any(arg.is_nullable for arg in given):
            result = nullable(result)
        return cls(base, tuple(params), given, result, types)

    @classmethod
    def _of_nothing(cls, base: Base, params: tuple[Any, ...], args: tuple[DataType, ...]) -> Leaf:
        """The function of NULL: 0 where it counts, else NULL."""
        counts = base.nulls == "skip" and base.returns == UINT64
        nothing = Base(
            base.name,
            UINT64 if counts else nullable(NOTHING),
            lambda f: f.type,
            lambda f, rows: rows.call("any_value", "NULL"),
            lambda f, rows: rows.call("any_value", rows.args[0]),
            lambda f, s: s,
        )
        returns = nothing.returns
        assert isinstance(returns, DataType)
        return cls(nothing, params, args, returns, args)

    @property
    def signature(self) -> tuple[str, tuple[Any, ...], tuple[DataType, ...]]:
        return self.base.state_name or self.base.name, self.params, self.args

    @property
    def state(self) -> DataType:
        return self.base.state(self)

    def value(self, rows: Rows) -> str:
        known = self._known(rows)
        if self.base.value is not None:
            return self._typed(self.base.value(self, known))
        return self.finish(self.base.collect(self, known))

    def collect(self, rows: Rows) -> str:
        return self.base.collect(self, self._known(rows))

    def merge(self, rows: Rows) -> str:
        return self.base.merge(self, rows)

    def finish(self, state: str) -> str:
        return self._typed(self.base.finish(self, state))

    def _known(self, rows: Rows) -> Rows:
        """The rows without those that have a NULL."""
        if self.base.nulls != "own":
            for text, given in zip(rows.args, self.args, strict=True):
                if given.is_nullable:
                    rows = rows.where(f"{text} IS NOT NULL")
        return rows

    def _typed(self, text: str) -> str:
        if self.type.bare == FLOAT32:
            cast = number_to_number(FLOAT64, FLOAT32, double(text))
        else:
            cast = f"CAST({text} AS {to_duckdb(self.type)})"
        if self.type.is_nullable:
            return cast
        empty = self.base.empty
        if empty is None:
            empty = literal(zero(self.type), self.type)
        return f"coalesce({cast}, {empty if isinstance(empty, str) else empty(self)})"


def _check_count(
    name: str, what: str, allowed: tuple[int, int | None], found: int, code: int
) -> None:
    least, most = allowed
    if found < least or (most is not None and found > most):
        wanted = str(least) if least == most else f"{least} to {'…' if most is None else most}"
        raise ArgumentError(f"`{name}` takes {wanted} {what}, found {found}", code)


def numbers(name: str, types: Types) -> None:
    """Raises `ArgumentError` unless all are numbers."""
    for t in types:
        if not t.is_number:
            raise ArgumentError(f"illegal type `{t}` of an argument of `{name}`, expected a number")


def native(name: str) -> Callable[[Types, Sequence[Any]], None]:
    """A check that raises `ArgumentError` unless all are numbers of the processor's: no Decimals,
    nothing wider than 64 bits."""

    def check(types: Types, params: Sequence[Any]) -> None:
        for t in types:
            if t.is_decimal or (t.is_integer and t.bits > 64):
                message = f"illegal type `{t}` of an argument of `{name}`"
                raise ArgumentError(f"{message}, expected a number of up to 64 bits, no Decimal")

    return check


# Shapes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a state: DuckDB's aggregate `function` over `text` of a row's columns."""

    function: str
    text: Callable[..., str]
    type: DataType | Callable[[Leaf], DataType] = FLOAT64
    merge: str = "sum"


def fields(
    name: str,
    returns: Returns,
    parts: Mapping[str, Part],
    finish: Callable[[Leaf, Mapping[str, str]], str],
    **options: Any,
) -> Base:
    """An aggregate whose state is a Tuple of simple aggregates, and whose value is a text of
    those fields."""

    def state(f: Leaf) -> DataType:
        types = [p.type if isinstance(p.type, DataType) else p.type(f) for p in parts.values()]
        return tuple_of(*types, names=tuple(parts))

    def gather(f: Leaf, rows: Rows) -> dict[str, str]:
        found = {}
        for (part_name, part), t in zip(parts.items(), f.state.types, strict=True):
            columns = [part.text(*rows.args)] if part.function != "count" else []
            total = _wrapped_sum(t, part.function, rows.call(part.function, *columns))
            found[part_name] = f"CAST({total} AS {to_duckdb(t)})"
        return found

    def merge(f: Leaf, rows: Rows) -> str:
        (column,) = rows.args
        types = dict(zip(parts, f.state.types, strict=True))
        return struct(
            {
                n: _wrapped_sum(types[n], p.merge, rows.call(p.merge, field(column, n)))
                for n, p in parts.items()
            }
        )

    def of_state(f: Leaf, s: str) -> str:
        # A merge of no states has no counts: they are 0.
        known = {
            n: f"coalesce({field(s, n)}, 0)" if p.function == "count" else field(s, n)
            for n, p in parts.items()
        }
        return finish(f, known)

    return Base(
        name,
        returns,
        state,
        lambda f, rows: struct(gather(f, rows)),
        merge,
        lambda f, s: let(s, lambda e: of_state(f, e)),
        lambda f, rows: finish(f, gather(f, rows)),
        **options,
    )


def _wrapped_sum(t: DataType, function: str, text: str) -> str:
    return wrapped(t, text) if function == "sum" else text


def row_type(f: Leaf) -> DataType:
    """The type of one row in a list of rows."""
    return f.types[0] if len(f.types) == 1 else tuple_of(*f.types)


def listed(
    name: str,
    returns: Returns,
    finish: Callable[[Leaf, str], str],
    *,
    value: Callable[[Leaf, Rows], str] | None = None,
    columns: Callable[[Leaf, tuple[str, ...]], tuple[str, ...]] | None = None,
    row: Callable[[Leaf], DataType] = row_type,
    where: Callable[[Leaf], str | None] = lambda f: None,
    **options: Any,
) -> Base:
    """An aggregate whose state is the list of its rows; `finish` is a text of that list.

    `columns` changes the columns of a row before they are kept (their types are then `row`);
    `where` says which rows are kept, with `{0}`, `{1}` for the arguments.
    """

    def collect(f: Leaf, rows: Rows) -> str:
        condition = where(f)
        if condition is not None:
            rows = rows.where(condition.format(*rows.args))
        if columns is not None:
            rows = rows.take(*columns(f, rows.args))
        return rows_of(rows)

    return Base(
        name,
        returns,
        lambda f: array(row(f)),
        collect,
        lambda f, rows: f"flatten({rows.call('list', rows.args[0])})",
        finish,
        value,
        **options,
    )


def plain(
    name: str,
    returns: Returns,
    function: str,
    *,
    text: Callable[[Leaf, str], str] = lambda f, x: x,
    after: Callable[[Leaf, str], str] = lambda f, x: x,
    merge: str | None = None,
    **options: Any,
) -> Base:
    """An aggregate that is one of DuckDB's, whose result is its state."""
    return Base(
        name,
        returns,
        lambda f: f.type,
        lambda f, rows: after(f, rows.call(function, *(text(f, arg) for arg in rows.args))),
        lambda f, rows: after(f, rows.call(merge or function, *rows.args)),
        lambda f, s: s,
        **options,
    )


def wrapped(t: DataType, text: str) -> str:
    """A HUGEINT text brought into the range of an integer type as ClickHouse's overflow does."""
    bare = t.bare
    if not bare.is_integer or bare.bits > 64:
        return text
    mask = (1 << bare.bits) - 1
    if bare.is_signed:
        low = 1 << (bare.bits - 1)
        return f"((({text}) + {low}) & {mask}::HUGEINT) - {low}"
    return f"({text}) & {mask}::HUGEINT"


def double(text: str) -> str:
    """The text as a DOUBLE."""
    return f"CAST({text} AS DOUBLE)"
