"""What a query may name in FROM: stored tables, and views that are bound in place of their name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Protocol

from mini_tb.dataclass import dataclass
from mini_tb.source import Fragment
from mini_tb.types import DataType


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table; `default` is ClickHouse expression text, if it has one."""

    name: str
    type: DataType
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Something that DuckDB can select from.

    `relation` is DuckDB text for FROM, whose columns have the names of `columns` (states in their
    carrier types). `final` is the text that stands for `FROM table FINAL`, if it differs;
    `sampling_key` is the ClickHouse expression that SAMPLE looks at.
    """

    name: str
    relation: str
    columns: tuple[TableColumn, ...]
    engine: str = "MergeTree"
    final: str | None = None
    sampling_key: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A bound value: its placeholder's name, ClickHouse type text, the value, and the text that
    stands for it in ClickHouse SQL. Without a type it is a text that is to be read as the
    placeholder's (`query_parameters`)."""

    name: str
    type: str
    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A pipe or a node: ClickHouse SQL that is bound where its name stands, in its own catalog."""

    name: str
    sql: Fragment
    catalog: Catalog
    values: Mapping[str, Any] = field(default_factory=dict)


class Catalog(Protocol):
    """Names → tables and views."""

    def lookup(self, name: str) -> Table | View | None:
        """What `name` (dotted, as `tinybird.pipe_stats`) stands for; None if nothing."""
        ...

    def names(self) -> Iterable[str]:
        """All names, for suggestions."""
        ...


@dataclass(frozen=True, slots=True)
class Tables:
    """A catalog of a fixed set of tables and views."""

    entries: Mapping[str, Table | View] = field(default_factory=dict)

    def lookup(self, name: str) -> Table | View | None:
        """See `Catalog`."""
        return self.entries.get(name)

    def names(self) -> Iterable[str]:
        """See `Catalog`."""
        return self.entries
