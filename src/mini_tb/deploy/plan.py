"""From two projects to a `Plan`: the ordered stages that turn the live one into the new one.

Rules for a data source that is in both:

| what changed | what happens |
|---|---|
| description, tokens, tags, TTL, indexes, settings, keys without merging | nothing is moved |
| a column added or dropped, made nullable or wider, its default, jsonpath… | altered in place |
| any column, with a FORWARD_QUERY that is new | rewritten through it |
| anything else, and it holds no rows | made anew |
| anything else, with FORWARD_QUERY | rewritten through it |
| anything else, fed by materialisations only | made anew and filled by them again |
| anything else | refused: it would lose or reinterpret rows |

A target whose materialisation changed is filled anew too, unless it says `DEPLOYMENT_METHOD alter`
or `BACKFILL skip`, or rows that feed it are not stored (engine Null): then it keeps its rows.

A FORWARD_QUERY is checked against what is live whenever columns or keys change. What is wrong with
one that is not needed this time is a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from mini_tb.dataclass import dataclass
from mini_tb.deploy.diff import Diff, diff
from mini_tb.deploy.feed import Feeds
from mini_tb.deploy.forward import check_forward_query
from mini_tb.deploy.names import StoredTables
from mini_tb.deploy.stage import (
    AddColumn,
    AlterTable,
    Backfill,
    ChangeColumn,
    ColumnChange,
    CreateTable,
    DataMovement,
    DropColumn,
    DropTable,
    RecreateTable,
    RewriteTable,
    Stage,
)
from mini_tb.diagnostics import Diagnostic, Severity
from mini_tb.engine.duckdb.merge import MERGING
from mini_tb.project import Column, Datasource, Project
from mini_tb.types import DataType


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment would do. It can be applied when no diagnostic is an error."""

    old: Project
    new: Project
    diff: Diff
    stages: tuple[Stage, ...] = ()
    movements: tuple[DataMovement, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether a diagnostic forbids it."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

    def explain(self) -> str:
        """The stages, one a line."""
        return "\n".join(map(str, self.stages)) or "nothing to do"


@dataclass(slots=True)
class _Planner:
    old: Project
    new: Project
    has_rows: Callable[[str], bool]
    allow_destructive: bool
    tables: list[Stage] = field(default_factory=list)
    backfills: dict[str, list[Stage]] = field(default_factory=dict)
    drops: list[Stage] = field(default_factory=list)
    movements: list[DataMovement] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    rebuilt: set[str] = field(default_factory=set)
    changed: Diff = field(default_factory=Diff)
    live: StoredTables = field(init=False)

    def __post_init__(self) -> None:
        self.live = StoredTables(self.old)

    def run(self) -> Plan:
        self.changed = diff(self.old, self.new)
        old_feeds, new_feeds = Feeds(self.old), Feeds(self.new)
        # Sources come before the targets they feed: a target is filled from what is final.
        for name in new_feeds.ordered():
            self._datasource(name, old_feeds, new_feeds)
        for name in self.changed.datasources.deleted:
            self._delete(self.old.datasources[name])
        self._check_kinds()
        fills = [stage for name in new_feeds.ordered() for stage in self.backfills.get(name, ())]
        stages = (*self.drops, *self.tables, *fills)
        return Plan(
            self.old,
            self.new,
            self.changed,
            stages,
            tuple(self.movements),
            tuple(sorted(self.diagnostics, key=lambda d: d.sort_key)),
        )

    def _datasource(self, name: str, old_feeds: Feeds, new_feeds: Feeds) -> None:
        new = self.new.datasources[name]
        old = self.old.datasources.get(name)
        feeds = new_feeds.into(name)
        if old is None:
            self.tables.append(CreateTable(new))
            self._backfill(name, new_feeds)
            return
        before = {old_feeds.signature(feed) for feed in old_feeds.into(name)}
        fresh = [
            feed
            for feed in feeds
            if new_feeds.signature(feed) not in before or feed.source in self.rebuilt
        ]
        is_altered_in_place = all(
            getattr(feed.node.kind, "is_altered_in_place", False) for feed in fresh
        )
        changes, obstacles = _column_changes(old, new)
        if old.engine != new.engine:
            obstacles += _engine_obstacles(old, new)
        keeps_rows = new.skips_backfill or is_altered_in_place
        # One that stayed from an earlier deployment says how rows became what they are by now.
        is_forwarded = new.forward_query is not None and (
            bool(obstacles) or (bool(changes) and old.forward_query != new.forward_query)
        )
        is_rewritten = is_forwarded and self.has_rows(name)
        if changes or obstacles:
            self._check_forward_query(old, new, is_used=is_rewritten)
        if not obstacles and not is_rewritten and (not fresh or keeps_rows):
            if changes:
                self.tables.append(AlterTable(new, tuple(changes)))
            return
        if not self.has_rows(name):
            self.tables.append(RecreateTable(old, new))
            self._backfill(name, new_feeds)
        elif is_rewritten:
            self.tables.append(RewriteTable(old, new))
            self.movements.append(DataMovement(name, "backfill_with_forward_query"))
        elif feeds and not new.skips_backfill and self._can_refill(name, new_feeds):
            if not before and not obstacles:
                # It held rows of its own before anything fed it: they stay, the new feed adds.
                if changes:
                    self.tables.append(AlterTable(new, tuple(changes)))
            else:
                self.tables.append(RecreateTable(old, new))
            self._backfill(name, new_feeds)
        elif obstacles and not feeds and _is_plain_copy(old, new, obstacles):
            self.tables.append(RewriteTable(old, new))
        elif obstacles:
            self._refuse(new, obstacles)
        elif changes:
            self.tables.append(AlterTable(new, tuple(changes)))

    def _check_forward_query(self, old: Datasource, new: Datasource, *, is_used: bool) -> None:
        for found in check_forward_query(self.live, old, new):
            if is_used:
                self.diagnostics.append(found)
            elif found.severity is Severity.ERROR:
                self.diagnostics.append(replace(found, severity=Severity.WARNING))

    def _can_refill(self, name: str, feeds: Feeds) -> bool:
        sources = [self.new.datasources.get(feed.source) for feed in feeds.into(name)]
        return all(source is not None and source.engine.name != "Null" for source in sources)

    def _backfill(self, name: str, feeds: Feeds) -> None:
        if self.new.datasources[name].skips_backfill:
            return
        for feed in feeds.into(name):
            source = self.new.datasources.get(feed.source)
            if source is None or source.engine.name == "Null":
                continue
            self.backfills.setdefault(name, []).append(Backfill(name, feed))
            if feed.source in self.old.datasources:
                kind = "backfill_with_mv_queries"
                self.movements.append(DataMovement(name, kind, feed.pipe.name))
            self.rebuilt.add(name)

    def _delete(self, datasource: Datasource) -> None:
        self.drops.append(DropTable(datasource))
        if not self.allow_destructive:
            message = f"data source `{datasource.name}` would be deleted with its rows"
            hint = "deploy with `--allow-destructive-operations`, or put its file back"
            path = datasource.file.path if datasource.file else None
            self.diagnostics.append(Diagnostic("PL101", message, hint=hint, path=path))

    def _check_kinds(self) -> None:
        """A pipe may not silently take the name of a deleted data source."""
        for name in self.changed.datasources.deleted:
            if name in self.new.pipes and not self.allow_destructive:
                pipe = self.new.pipes[name]
                message = f"pipe `{name}` would replace the data source of that name"
                hint = "deploy with `--allow-destructive-operations`, or name it otherwise"
                self.diagnostics.append(Diagnostic("PL102", message, pipe.span, hint=hint))

    def _refuse(self, new: Datasource, obstacles: list[tuple[str, Column | None]]) -> None:
        hint = (
            "say in a `FORWARD_QUERY` how the present rows become the new ones, "
            "or delete the rows first"
        )
        for what, column in obstacles:
            span = (column.span if column else None) or new.span
            message = f"data source `{new.name}` holds rows, and {what}"
            self.diagnostics.append(Diagnostic("PL103", message, span, hint=hint))


def plan_deployment(
    old: Project,
    new: Project,
    *,
    has_rows: Callable[[str], bool],
    allow_destructive: bool = False,
) -> Plan:
    """The plan that turns `old` into `new`. `has_rows(datasource)` tells whether the live table of
    that name holds any. Nothing is changed."""
    return _Planner(old, new, has_rows, allow_destructive).run()


Obstacles = list[tuple[str, "Column | None"]]


def _column_changes(old: Datasource, new: Datasource) -> tuple[list[ColumnChange], Obstacles]:
    changes: list[ColumnChange] = []
    obstacles: Obstacles = []
    for column in old.columns:
        if new.column(column.name) is None:
            changes.append(DropColumn(column))
            if _is_in_key(column, old):
                obstacles.append((f"`{column.name}` belongs to its key", None))
    for column in new.columns:
        before = old.column(column.name)
        if before is None:
            changes.append(AddColumn(column))
        elif before != column:
            changes.append(ChangeColumn(before, column))
            if before.type != column.type and not is_same_storage(before, column):
                what = f"`{column.name}` changes from {before.type} to {column.type}"
                obstacles.append((what, column))
    return changes, obstacles


def is_same_storage(old: Column, new: Column) -> bool:
    """Whether stored values mean the same under both types: Nullable may come but not go,
    LowCardinality and time zones are words about the same values, and a wider type holds them."""
    if old.type.is_nullable and not new.type.is_nullable:
        return False
    before, after = old.type.bare, new.type.bare
    if before == after:
        return True
    if before.name == after.name == "DateTime":
        return True
    if before.name == after.name == "DateTime64" and before.scale == after.scale:
        return True
    if before.name == "SimpleAggregateFunction" or after.name == "SimpleAggregateFunction":
        inner = [t.types[0] if t.name == "SimpleAggregateFunction" else t for t in (before, after)]
        return inner[0] == inner[1]
    return _is_wider(before, after)


def _is_wider(before: DataType, after: DataType) -> bool:
    """Whether every value of `before` is the same value in `after`."""
    if before.is_integer and after.is_integer:
        grows = after.bits > before.bits
        return grows and (before.is_signed == after.is_signed or after.is_signed)
    if before.is_decimal and after.is_decimal:
        return before.scale == after.scale and before.params[0] <= after.params[0]
    if before.is_enum and after.is_enum:
        return set(before.params) <= set(after.params)
    return (before.name, after.name) in {("Float32", "Float64"), ("Date", "Date32")}


def _is_in_key(column: Column, datasource: Datasource) -> bool:
    import re

    engine = datasource.engine
    if engine.name not in MERGING:
        return False
    text = " ".join(filter(None, (engine.sorting_key, engine.ver, engine.sign, engine.version)))
    return re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", text) is not None


def _engine_obstacles(old: Datasource, new: Datasource) -> Obstacles:
    """Why rows under the old engine are not rows under the new one."""
    before, after = old.engine, new.engine
    if before.name != after.name:
        return [(f"its engine changes from {before.name} to {after.name}", None)]
    if before.name in MERGING:
        fields = ("sorting_key", "ver", "is_deleted", "sign", "version", "columns")
        for name in fields:
            if getattr(before, name) != getattr(after, name):
                return [(f"`ENGINE_{name.upper()}` changes, which decides what rows merge", None)]
    elif before.sorting_key != after.sorting_key:
        return [(_NEW_ORDER, None)]
    return []


_NEW_ORDER = "its sorting key changes"


def _is_plain_copy(old: Datasource, new: Datasource, obstacles: Obstacles) -> bool:
    """Only the order of rows changes: every row stays as it is."""
    return all(what == _NEW_ORDER for what, _ in obstacles)
