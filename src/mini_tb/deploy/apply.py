"""Run a plan's stages inside one transaction: all of it happens, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mini_tb.deploy.forward import compile_forward_query
from mini_tb.deploy.materialize import SOURCE, default_value, insertion
from mini_tb.deploy.names import ProjectCatalog, StoredTables
from mini_tb.deploy.plan import Plan
from mini_tb.deploy.stage import (
    AddColumn,
    AlterTable,
    Backfill,
    ChangeColumn,
    CreateTable,
    DropColumn,
    DropTable,
    RecreateTable,
    RewriteTable,
    Stage,
)
from mini_tb.engine.duckdb.table import (
    BUILDING,
    QUARANTINE_SUFFIX,
    quarantine_of,
    storage_type,
)
from mini_tb.project import Datasource
from mini_tb.sql.clock import binds_now
from mini_tb.types.duckdb import quote_identifier as quote

if TYPE_CHECKING:
    from mini_tb.engine.base import Transaction


class Applier:
    """Runs stages. `now` is the one time of the whole deployment; `on_stage` is told each stage
    before it runs, for progress."""

    def __init__(
        self,
        tx: Transaction,
        plan: Plan,
        now: datetime,
        on_stage: Callable[[Stage], None] | None = None,
    ) -> None:
        self.tx = tx
        self.plan = plan
        self.now = now
        self.on_stage = on_stage
        self._old = StoredTables(plan.old)
        self._new = StoredTables(plan.new)

    def run(self) -> None:
        """Raises `EngineError` or `UserError`; the caller's transaction then rolls back."""
        for stage in self.plan.stages:
            if self.on_stage is not None:
                self.on_stage(stage)
            _RUN[type(stage)](self, stage)

    def create(self, stage: CreateTable) -> None:
        self.tx.create_table(stage.datasource.name, stage.datasource)
        quarantine = quarantine_of(stage.datasource)
        self.tx.create_table(quarantine.name, quarantine)

    def drop(self, stage: DropTable) -> None:
        self.tx.drop_table(stage.datasource.name)
        self.tx.drop_table(stage.datasource.name + QUARANTINE_SUFFIX)

    def recreate(self, stage: RecreateTable) -> None:
        self.tx.drop_table(stage.old.name)
        self.tx.create_table(stage.new.name, stage.new)
        self._alter_quarantine(stage.old, stage.new)

    def rewrite(self, stage: RewriteTable) -> None:
        building = BUILDING + stage.new.name
        self.tx.create_table(building, stage.new)
        rows = insertion(compile_forward_query(self._old, stage.old, stage.new), stage.new)
        self._execute(rows.into(building), rows.uses_now)
        self.tx.drop_table(stage.old.name)
        self.tx.execute(f"ALTER TABLE {quote(building)} RENAME TO {quote(stage.new.name)}")
        self._alter_quarantine(stage.old, stage.new)

    def alter(self, stage: AlterTable) -> None:
        table = quote(stage.datasource.name)
        old = self.plan.old.datasources[stage.datasource.name]
        for change in stage.changes:
            if isinstance(change, AddColumn):
                self._add_column(stage.datasource, change)
            elif isinstance(change, DropColumn):
                self.tx.execute(f"ALTER TABLE {table} DROP COLUMN {quote(change.column.name)}")
            elif isinstance(change, ChangeColumn):
                before, after = storage_type(change.old.type), storage_type(change.new.type)
                if before != after:
                    column = quote(change.new.name)
                    self.tx.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {after}")
        self._alter_quarantine(old, stage.datasource)

    def backfill(self, stage: Backfill) -> None:
        from mini_tb.sql import compile_query

        feed = stage.feed
        if not self.tx.fetch(f"SELECT 1 FROM {quote(feed.source)} LIMIT 1"):
            return  # an insert of nothing triggers nothing
        catalog = ProjectCatalog(self._new, pipe=feed.pipe, node=feed.node.name)
        compiled = compile_query(feed.node.sql, catalog)
        rows = insertion(compiled, self.plan.new.datasources[stage.target])
        self._execute(rows.into(stage.target), rows.uses_now)

    def _add_column(self, datasource: Datasource, change: AddColumn) -> None:
        table, column = quote(datasource.name), quote(change.column.name)
        declared = f"{column} {storage_type(change.column.type)}"
        value = default_value(change.column, datasource, relation=SOURCE)
        if change.column.default is None:
            self.tx.execute(f"ALTER TABLE {table} ADD COLUMN {declared} DEFAULT {value}")
            self.tx.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
        else:
            self.tx.execute(f"ALTER TABLE {table} ADD COLUMN {declared}")
            update = f"UPDATE {table} AS {SOURCE} SET {column} = {value}"
            self._execute(update, binds_now(value))

    def _alter_quarantine(self, old: Datasource, new: Datasource) -> None:
        """The quarantine follows the columns; what it holds stays."""
        table = quote(new.name + QUARANTINE_SUFFIX)
        for column in new.columns:
            if old.column(column.name) is None:
                self.tx.execute(f"ALTER TABLE {table} ADD COLUMN {quote(column.name)} VARCHAR")
        for column in old.columns:
            if new.column(column.name) is None:
                self.tx.execute(f"ALTER TABLE {table} DROP COLUMN {quote(column.name)}")

    def _execute(self, duck_sql: str, uses_now: bool) -> None:
        self.tx.execute(duck_sql, {"now": self.now} if uses_now else None)


_RUN: dict[type[Stage], Callable[[Applier, Any], None]] = {
    CreateTable: Applier.create,
    DropTable: Applier.drop,
    RecreateTable: Applier.recreate,
    RewriteTable: Applier.rewrite,
    AlterTable: Applier.alter,
    Backfill: Applier.backfill,
}
