"""The tables of a plan before it is applied: each a query over what is live.

So a candidate can be read while it waits. Nothing is copied for it, rows that come in meanwhile are
seen at once, and what it shows is what applying would store: the same stages say so, in the same
order, as SELECTs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from mini_tb.deploy.forward import compile_forward_query
from mini_tb.deploy.materialize import SOURCE, default_value, insertion
from mini_tb.deploy.names import ProjectCatalog, StoredTables
from mini_tb.deploy.plan import Plan
from mini_tb.deploy.stage import (
    AddColumn,
    AlterTable,
    Backfill,
    ColumnChange,
    CreateTable,
    DropColumn,
    RecreateTable,
    RewriteTable,
    Stage,
)
from mini_tb.engine.duckdb.table import QUARANTINE_SUFFIX, quarantine_of, storage_type
from mini_tb.engine.relation import table_over
from mini_tb.project import Column, Datasource
from mini_tb.sql import Table
from mini_tb.sql.clock import at
from mini_tb.types.duckdb import quote_identifier as quote


class PlannedTables(StoredTables):
    """The tables as the plan leaves them. `now` is the time of their deployment."""

    def __init__(self, plan: Plan, now: datetime) -> None:
        super().__init__(plan.new)
        self._now = now
        self._live = StoredTables(plan.old)
        self._old = plan.old.datasources
        self._fills: dict[str, list[Backfill]] = {}
        self._stages: dict[str, Stage] = {}
        for stage in plan.stages:
            if isinstance(stage, Backfill):
                self._fills.setdefault(stage.target, []).append(stage)
            elif type(stage) in _RELATIONS:
                self._stages[_subject(stage).name] = stage

    def find(self, name: str) -> Table | None:
        """See `StoredTables`. Raises `UserError` where a query of the plan does not compile."""
        made = self._made.get(name)
        if made is None:
            datasource = self._datasource(name)
            relation = None if datasource is None else self._relation(name, datasource)
            if datasource is None or relation is None:
                return super().find(name)
            made = self._made[name] = table_over(datasource, at(relation, self._now))
        return made

    def _relation(self, name: str, datasource: Datasource) -> str | None:
        """What stands for a table that the plan changes; None for others."""
        owner = name if name in self.project.datasources else name.removesuffix(QUARANTINE_SUFFIX)
        stage, fills = self._stages.get(owner), self._fills.get(owner, ())
        if owner != name:
            return None if stage is None else self._quarantine(owner)
        relation = None if stage is None else _RELATIONS[type(stage)](self, stage)
        for fill in fills:
            relation = self._filled(relation or quote(name), fill, datasource)
        return relation

    def created(self, stage: CreateTable | RecreateTable) -> str:
        return _empty(_subject(stage).columns)

    def rewritten(self, stage: RewriteTable) -> str:
        compiled = compile_forward_query(self._live, stage.old, stage.new)
        return f"({insertion(compiled, stage.new).duck_select})"

    def altered(self, stage: AlterTable) -> str:
        relation = quote(stage.datasource.name)
        for change in stage.changes:
            relation = f"(SELECT {_changed(change, stage.datasource)} FROM {relation} AS {SOURCE})"
        return relation

    def _filled(self, relation: str, fill: Backfill, target: Datasource) -> str:
        from mini_tb.sql import compile_query

        feed = fill.feed
        source = self.find(feed.source)
        assert source is not None  # the planner saw it in the project
        catalog = ProjectCatalog(self, pipe=feed.pipe, node=feed.node.name)
        rows = insertion(compile_query(feed.node.sql, catalog), target).duck_select
        # An insert of nothing triggers nothing.
        more = f"SELECT * FROM ({rows}) AS f WHERE EXISTS (SELECT 1 FROM {source.relation} AS t)"
        return f"(SELECT * FROM {relation} AS s UNION ALL BY NAME {more})"

    def _quarantine(self, owner: str) -> str:
        """Its columns follow those of its data source; what it holds stays."""
        columns = quarantine_of(self.project.datasources[owner]).columns
        old = self._old.get(owner)
        if old is None:
            return _empty(columns)
        known = {column.name for column in quarantine_of(old).columns}
        items = [
            quote(c.name) if c.name in known else f"CAST(NULL AS VARCHAR) AS {quote(c.name)}"
            for c in columns
        ]
        return f"(SELECT {', '.join(items)} FROM {quote(owner + QUARANTINE_SUFFIX)})"


_RELATIONS: dict[type[Stage], Callable[[PlannedTables, Any], str]] = {
    CreateTable: PlannedTables.created,
    RecreateTable: PlannedTables.created,
    RewriteTable: PlannedTables.rewritten,
    AlterTable: PlannedTables.altered,
}


def _subject(stage: Any) -> Datasource:
    found: Datasource = stage.new if hasattr(stage, "new") else stage.datasource
    return found


def _empty(columns: Sequence[Column]) -> str:
    items = [f"CAST(NULL AS {storage_type(c.type)}) AS {quote(c.name)}" for c in columns]
    return f"(SELECT {', '.join(items)} WHERE false)"


def _changed(change: ColumnChange, datasource: Datasource) -> str:
    """What a SELECT over the rows before a change takes of them."""
    if isinstance(change, AddColumn):
        value = default_value(change.column, datasource, relation=SOURCE)
        type_ = storage_type(change.column.type)
        return f"{SOURCE}.*, CAST({value} AS {type_}) AS {quote(change.column.name)}"
    if isinstance(change, DropColumn):
        return f"{SOURCE}.* EXCLUDE ({quote(change.column.name)})"
    name = quote(change.new.name)
    return f"{SOURCE}.* REPLACE (CAST({name} AS {storage_type(change.new.type)}) AS {name})"
