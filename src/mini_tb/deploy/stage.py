"""The steps of a deployment, as values: what a plan lists, `explain` prints and `apply` runs."""

from __future__ import annotations

from mini_tb.dataclass import dataclass
from mini_tb.project import Column, Datasource, Node, Pipe


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Existing rows get the column's DEFAULT, else its type's zero value (NULL if nullable)."""

    column: Column

    def __str__(self) -> str:
        return f"add column `{self.column.name}` {self.column.type}"


@dataclass(frozen=True, slots=True)
class DropColumn:
    """The column's values are gone."""

    column: Column

    def __str__(self) -> str:
        return f"drop column `{self.column.name}`"


@dataclass(frozen=True, slots=True)
class ChangeColumn:
    """The same stored values under another declaration: nullable, default, jsonpath, codec."""

    old: Column
    new: Column

    def __str__(self) -> str:
        if self.old.type != self.new.type:
            return f"change `{self.new.name}` from {self.old.type} to {self.new.type}"
        return f"change the definition of `{self.new.name}`"


ColumnChange = AddColumn | DropColumn | ChangeColumn


@dataclass(frozen=True, slots=True)
class Feed:
    """A materialisation that writes to a target: its pipe, its node, and the data source whose
    inserts trigger it."""

    pipe: Pipe
    node: Node
    source: str


@dataclass(frozen=True, slots=True)
class CreateTable:
    """Make the empty table, and its quarantine."""

    datasource: Datasource

    def __str__(self) -> str:
        return f"create data source `{self.datasource.name}`"


@dataclass(frozen=True, slots=True)
class AlterTable:
    """Change columns in place; no row is rewritten but for what a new column's default needs."""

    datasource: Datasource
    changes: tuple[ColumnChange, ...]

    def __str__(self) -> str:
        return f"alter data source `{self.datasource.name}`: {', '.join(map(str, self.changes))}"


@dataclass(frozen=True, slots=True)
class RewriteTable:
    """Make the table anew from its present rows: through FORWARD_QUERY, or as they are."""

    old: Datasource
    new: Datasource

    def __str__(self) -> str:
        how = "with its FORWARD_QUERY" if self.new.forward_query else "with its rows as they are"
        return f"rewrite data source `{self.new.name}` {how}"


@dataclass(frozen=True, slots=True)
class RecreateTable:
    """Make the table anew without its rows: it has none, or they may be dropped, or `Backfill`
    stages follow."""

    old: Datasource
    new: Datasource

    def __str__(self) -> str:
        return f"recreate data source `{self.new.name}` empty"


@dataclass(frozen=True, slots=True)
class Backfill:
    """Run a materialisation over all rows that its source holds, into its target."""

    target: str
    feed: Feed

    def __str__(self) -> str:
        return f"fill `{self.target}` from `{self.feed.source}` with pipe `{self.feed.pipe.name}`"


@dataclass(frozen=True, slots=True)
class DropTable:
    """Forget the table, its rows and its quarantine."""

    datasource: Datasource

    def __str__(self) -> str:
        return f"drop data source `{self.datasource.name}`"


Stage = CreateTable | AlterTable | RewriteTable | RecreateTable | Backfill | DropTable


@dataclass(frozen=True, slots=True)
class DataMovement:
    """Rows that a deployment writes again: `kind` is `backfill_with_mv_queries` or
    `backfill_with_forward_query`."""

    datasource: str
    kind: str
    source_mv: str | None = None
