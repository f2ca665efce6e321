"""What an aggregate runs over: the rows of a group or of a window, or the elements of a list.

The description of an aggregate is written once against `Rows`; as `GroupRows` it becomes DuckDB's
aggregates, as `ListRows` the same ones over a list. The second is what makes the combinators
compose: `-Array`, `-Distinct`, `-ArgMin` and their like first make a list of the rows they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from mini_tb.dataclass import dataclass
from mini_tb.types.duckdb import quote_identifier


class Rows(Protocol):
    """Rows with columns `args`, given as DuckDB texts over one row."""

    @property
    def args(self) -> tuple[str, ...]:
        """The columns."""
        ...

    def call(
        self, function: str, *args: str, order: str | None = None, distinct: bool = False
    ) -> str:
        """DuckDB's aggregate `function` over the rows, of texts that hold for one row.

        Functions that `ListRows` knows: `count` (without argument), `list`, `arg_min`, `arg_max`,
        and all of one column, constants after it.
        """
        ...

    def take(self, *args: str) -> Rows:
        """The same rows with other columns."""
        ...

    def where(self, condition: str) -> Rows:
        """Only the rows for which the BOOLEAN text holds."""
        ...


@dataclass(frozen=True, slots=True)
class GroupRows:
    """The rows of a group; with `over` (an OVER clause) those of a window."""

    args: tuple[str, ...]
    condition: str | None = None
    over: str = ""

    def call(
        self, function: str, *args: str, order: str | None = None, distinct: bool = False
    ) -> str:
        if self.over and self.condition and function in ("first", "last"):
            # Over a window these are functions of their own, which take no FILTER.
            known = f"CASE WHEN {self.condition} THEN {args[0]} END IGNORE NULLS"
            return f"{function}({known}) {self.over}"
        inside = ", ".join(args) or ("*" if function == "count" else "")
        if distinct:
            inside = f"DISTINCT {inside}"
        if order:
            inside += f" ORDER BY {order}"
        filter_ = f" FILTER (WHERE {self.condition})" if self.condition else ""
        over = f" {self.over}" if self.over else ""
        return f"{function}({inside}){filter_}{over}"

    def take(self, *args: str) -> GroupRows:
        return replace(self, args=args)

    def where(self, condition: str) -> GroupRows:
        both = f"{self.condition} AND {condition}" if self.condition else condition
        return replace(self, condition=both)


@dataclass(frozen=True, slots=True)
class ListRows:
    """The elements of the list `items`, called `item` in the texts of the columns."""

    items: str
    item: str
    args: tuple[str, ...]
    condition: str | None = None

    @classmethod
    def of(cls, items: str, columns: Callable[[str], Sequence[str]]) -> ListRows:
        """The rows of a list; `columns` gives their texts for an element of that name."""
        item = fresh(items, *columns("_"))
        return cls(items, item, tuple(columns(item)))

    def call(
        self, function: str, *args: str, order: str | None = None, distinct: bool = False
    ) -> str:
        items = self.items
        if self.condition:
            items = f"list_filter({items}, lambda {self.item}: {self.condition})"
        if function == "count" and not args:
            return f"coalesce(len({items}), 0)"
        if function in ("arg_min", "arg_max"):
            return self._extreme(items, function, args)
        value, *constants = args
        if order:
            items = self._sorted(items, value, order)
        elif value != self.item:
            items = f"list_transform({items}, lambda {self.item}: {value})"
        if distinct:
            items = f"list_distinct({items})"
        if function == "list":
            # As the aggregate: NULL for no rows.
            return f"nullif({items}, [])"
        more = "".join(f", {constant}" for constant in constants)
        return f"list_aggregate({items}, '{function}'{more})"

    def _sorted(self, items: str, value: str, order: str) -> str:
        key, _, direction = order.removesuffix(" NULLS LAST").partition(" DESC")
        descending = "DESC" in order
        assert not direction
        index = fresh(items, value, key, self.item)
        sign = "-" if descending else ""
        pairs = (
            f"list_transform({items}, lambda {self.item}, {index}: "
            f"{{'k': {key}, 'i': {sign}{index}, 'v': {value}}})"
        )
        word = "DESC" if descending else "ASC"
        return f"list_transform(list_sort({pairs}, '{word}'), lambda {self.item}: {self.item}.v)"

    def _extreme(self, items: str, function: str, args: Sequence[str]) -> str:
        # The first among equals: by key, then by position.
        value, key = args
        index = fresh(items, value, key, self.item)
        sign = "-" if function == "arg_max" else ""
        pairs = (
            f"list_transform(list_filter({items}, lambda {self.item}: {key} IS NOT NULL), "
            f"lambda {self.item}, {index}: {{'k': {key}, 'i': {sign}{index}, 'v': {value}}})"
        )
        return f"list_aggregate({pairs}, '{function[4:]}').v"

    def take(self, *args: str) -> ListRows:
        return replace(self, args=args)

    def where(self, condition: str) -> ListRows:
        both = f"{self.condition} AND {condition}" if self.condition else condition
        return replace(self, condition=both)


def fresh(*texts: str) -> str:
    """A name for a lambda's parameter: none of the texts has it, and no column can."""
    taken = {int(number) for text in texts for number in re.findall('"·x([0-9]+)"', text)}
    return f'"·x{max(taken, default=0) + 1}"'


def let(value: str, body: Callable[[str], str]) -> str:
    """`body` of a name that stands for `value`, which is computed once."""
    name = fresh(value, body("_"))
    return f"list_transform([{value}], lambda {name}: {body(name)})[1]"


def struct(fields: Mapping[str, str]) -> str:
    """A STRUCT of DuckDB texts."""
    body = ", ".join(f"{quote_identifier(name)}: {text}" for name, text in fields.items())
    return "{" + body + "}"


def field(struct_text: str, name: str) -> str:
    """A field of a STRUCT text."""
    return f"({struct_text}).{quote_identifier(name)}"


def rows_of(rows: Rows) -> str:
    """All columns of the rows as one list: of values if there is one column, else of structs."""
    return rows.call("list", item_of(rows.args))


def item_of(columns: Sequence[str]) -> str:
    """One row as a value: the column itself if there is one, else a struct of `1`, `2`, …"""
    if len(columns) == 1:
        return columns[0]
    return struct({str(i + 1): column for i, column in enumerate(columns)})


def columns_of(item: str, count: int) -> tuple[str, ...]:
    """The columns of a row that `item_of` made."""
    return (item,) if count == 1 else tuple(field(item, str(i + 1)) for i in range(count))


def elements(items: str, count: int) -> ListRows:
    """A list that `rows_of` made, as rows of `count` columns."""
    return ListRows.of(items, lambda item: columns_of(item, count))


def zipped(lists: Sequence[str]) -> str:
    """Lists of equal length as one list of rows."""
    if len(lists) == 1:
        return lists[0]
    item = fresh(*lists)
    row = item_of([f"{item}[{i + 1}]" for i in range(len(lists))])
    return f"list_transform(list_zip({', '.join(lists)}), lambda {item}: {row})"


# Names that no column of a query can have (DuckDB prefers a column to a lambda's parameter).
ITEM, INDEX, COUNT = '"·e"', '"·i"', '"·n"'


def unnested(items: str) -> str:
    """A list as a relation for FROM: its elements `ITEM`, their positions `INDEX` from 1, and
    `COUNT`, how many there are.

    A `(SELECT … FROM unnested(list))` groups and orders elements as the functions of lists cannot.
    DuckDB takes it for a value of a group, but not inside a lambda, and over a window it would
    see one row only: `is_unnesting` tells. Do not use windows over it: they would be partitioned
    by the list, which costs its length for every element.
    """
    return (
        f'(SELECT unnest("·l") AS {ITEM}, generate_subscripts("·l", 1) AS {INDEX}, '
        f'len("·l") AS {COUNT} FROM (SELECT {items} AS "·l"))'
    )


def is_unnesting(text: str) -> bool:
    """Whether there is an `unnested` in the text."""
    return '"·l"' in text


def distinct_items(items: str) -> str:
    """The list's distinct elements in the order in which they first came."""
    groups = f"SELECT {ITEM}, min({INDEX}) AS {INDEX} FROM {unnested(items)} GROUP BY {ITEM}"
    return f"(SELECT list({ITEM} ORDER BY {INDEX}) FROM ({groups}))"
