"""Rows into data sources, with everything that is materialised from them, in one transaction.

An inserted block triggers the materialisations of its data source; their rows are blocks of their
targets, and so on in cascade. A block is a CTE of the INSERT that reads it, so that a trigger's
query is compiled once for all blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.deploy.feed import Feeds
from mini_tb.deploy.materialize import Insertion, default_value, insertion
from mini_tb.deploy.names import ProjectCatalog, StoredTables
from mini_tb.deploy.stage import Feed
from mini_tb.diagnostics import UserError
from mini_tb.engine.duckdb.merge import ROW as ORDER
from mini_tb.engine.duckdb.merge import ordered_rows
from mini_tb.engine.duckdb.table import QUARANTINE_SUFFIX, storage_type
from mini_tb.engine.relation import table_columns
from mini_tb.sql import Table, View
from mini_tb.sql.clock import binds_now
from mini_tb.types.duckdb import quote_identifier as quote

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.engine.duckdb import DuckDBTransaction
    from mini_tb.ingest.block import Block
    from mini_tb.project import Datasource, Project

BLOCK = quote("inserted block")
"""What a trigger's query calls the rows that were inserted; no data source has such a name."""


ROW = "r"
"""What a condition calls the row."""


class Triggers:
    """The materialisations of a project, compiled when first triggered."""

    def __init__(self, project: Project, tables: StoredTables) -> None:
        self.project = project
        self._tables = tables
        self._feeds = Feeds(project)
        self._compiled: dict[str, tuple[Insertion, ...]] = {}

    @property
    def feeds(self) -> Feeds:
        """Who fills what."""
        return self._feeds

    def of(self, source: str) -> tuple[Insertion, ...]:
        """The insertions that a block of `source` triggers; each reads the block as BLOCK."""
        found = self._compiled.get(source)
        if found is None:
            feeds = self._feeds.triggered_by(source)
            found = self._compiled[source] = tuple(self._triggered(feed) for feed in feeds)
        return found

    def refilling(self, feed: Feed) -> Insertion:
        """The insertion of everything that a feed's source holds."""
        return self._compile(feed, {})

    def _triggered(self, feed: Feed) -> Insertion:
        source = self.project.datasources[feed.source]
        block = Table(source.name, BLOCK, table_columns(source), source.engine.name)
        return self._compile(feed, {source.name: block})

    def _compile(self, feed: Feed, replaced: dict[str, Table | View]) -> Insertion:
        from mini_tb.project import Materialization
        from mini_tb.sql import compile_query

        catalog = ProjectCatalog(
            self._tables, pipe=feed.pipe, node=feed.node.name, replaced=replaced
        )
        compiled = compile_query(feed.node.sql, catalog)
        assert isinstance(feed.node.kind, Materialization)
        return insertion(compiled, self.project.datasources[feed.node.kind.target])


@dataclass(slots=True)
class Landing:
    """One transaction of rows; see `ingest.writer.Landing`.

    `versions` is told the tables whose rows change, `rewritten` those that lose rows.
    """

    tx: DuckDBTransaction
    triggers: Triggers
    now: datetime
    versions: Callable[[str], None]
    rewritten: Callable[[str], None]
    _temporary: int = field(default=0, init=False)

    def append(self, block: Block) -> None:
        """Store a block and run its materialisations. A block that was decoded before a deployment
        changed the data source in place is changed alike. Raises `UserError` IN301 (HTTP 409) if
        it was changed otherwise, IN302 (404) if it is gone."""
        datasource = self._live(block.datasource)
        with self.tx.incoming(block.rows) as relation:
            rows = block.query(relation)
            is_stable = not block.defaulted
            if datasource.columns != block.datasource.columns:
                rows, is_stable = _migrated(rows, block.datasource, datasource), False
            self.insert(datasource, rows, is_stable=is_stable)

    def quarantine(self, datasource: Datasource, rows: pa.Table) -> None:
        """Add rows to the quarantine of a data source."""
        current = self._live(datasource)
        gone = [c.name for c in datasource.columns if current.column(c.name) is None]
        self.tx.insert_arrow(current.name + QUARANTINE_SUFFIX, rows.drop_columns(gone))
        self.versions(current.name + QUARANTINE_SUFFIX)

    def insert(self, datasource: Datasource, rows: str, *, is_stable: bool = True) -> int:
        """Store the rows of a DuckDB query that gives the data source's columns in order, and run
        what they trigger. A query that is not `is_stable` may give other rows when read again.
        Returns the number of rows."""
        triggered = self.triggers.of(datasource.name)
        if not triggered:
            return self._store(datasource, rows)
        if not is_stable:
            with _Temporary(self, rows) as kept:
                return self._store_and_trigger(datasource, kept, triggered)
        return self._store_and_trigger(datasource, rows, triggered)

    def _store_and_trigger(
        self, datasource: Datasource, rows: str, triggered: tuple[Insertion, ...]
    ) -> int:
        count = self._store(datasource, rows)
        for made in triggered:
            target = self.triggers.project.datasources[made.target]
            query = f"WITH {BLOCK} AS ({rows}) {made.duck_select}"
            self.insert(target, query, is_stable=not self.triggers.of(target.name))
        return count

    def _store(self, datasource: Datasource, rows: str) -> int:
        if datasource.engine.name == "Null":
            return 0
        columns = ", ".join(quote(column.name) for column in datasource.columns)
        self.versions(datasource.name)
        return self.execute(f"INSERT INTO {quote(datasource.name)} ({columns}) {rows}")

    def insert_refused(self, datasource: Datasource, rows: str) -> None:
        """Add the rows of a DuckDB query to the quarantine of a data source."""
        name = self.current(datasource).name + QUARANTINE_SUFFIX
        self.versions(name)
        self.execute(f"INSERT INTO {quote(name)} {rows}")

    def replace(self, datasource: Datasource, rows: str, condition: str | None = None) -> None:
        """Put the rows of a DuckDB query in the place of what a data source holds, and make anew
        what is materialised from it. With a ClickHouse `condition` only the rows that satisfy it
        go, and only such rows come."""
        self.remove(datasource, condition)
        where = "" if condition is None else f" WHERE {row_condition(datasource, condition)}"
        self._store(datasource, f"SELECT * FROM ({rows}) AS {ROW}{where}")
        self.refill(datasource.name)

    def take_over(self, datasource: Datasource, staged: str, *, after: int | None = None) -> None:
        """Put the stored table `staged`, which has the same columns, in the data source's place.
        Rows that were stored after row `after` (see `last_row`) come along."""
        if after is not None:
            names = ", ".join(quote(column.name) for column in datasource.columns)
            later = f"{ordered_rows(datasource)} WHERE {ORDER} > {after} ORDER BY {ORDER}"
            self.tx.execute(f"INSERT INTO {quote(staged)} ({names}) SELECT {names} FROM {later}")
        self.versions(datasource.name)
        self.rewritten(datasource.name)
        self.tx.drop_table(datasource.name)
        self.tx.execute(f"ALTER TABLE {quote(staged)} RENAME TO {quote(datasource.name)}")

    def remove(self, datasource: Datasource, condition: str | None = None) -> int:
        """Delete the rows that satisfy a ClickHouse condition, or all. What was materialised from
        them stays. Returns how many."""
        self.versions(datasource.name)
        self.rewritten(datasource.name)
        where = "" if condition is None else f" WHERE {row_condition(datasource, condition)}"
        return self.execute(f"DELETE FROM {quote(datasource.name)} AS {ROW}{where}")

    def count(self, datasource: Datasource, condition: str) -> int:
        """How many rows satisfy a ClickHouse condition."""
        where = row_condition(datasource, condition)
        query = f"SELECT count(*) FROM {quote(datasource.name)} AS {ROW} WHERE {where}"
        return int(self.tx.fetch(query, {"now": self.now} if binds_now(query) else None)[0][0])

    def refill(self, name: str) -> None:
        """Make everything that is materialised from a data source, directly or in cascade, anew
        from the rows that its sources hold. Targets with a feed that stores no rows are left."""
        project = self.triggers.project
        stale = {name}
        for target in self.triggers.feeds.ordered():
            feeds = self.triggers.feeds.into(target)
            if not any(feed.source in stale for feed in feeds):
                continue
            if any(project.datasources[feed.source].engine.name == "Null" for feed in feeds):
                continue
            stale.add(target)
            self.remove(project.datasources[target])
            for feed in feeds:
                if not self.tx.fetch(f"SELECT 1 FROM {quote(feed.source)} LIMIT 1"):
                    continue  # an insert of nothing triggers nothing
                self._store(project.datasources[target], self.triggers.refilling(feed).duck_select)

    def execute(self, duck_sql: str) -> int:
        """Run a statement that may bind `$now`."""
        return self.tx.execute(duck_sql, {"now": self.now} if binds_now(duck_sql) else None)

    def temporary(self) -> str:
        """A name for rows that live as long as one insert."""
        self._temporary += 1
        return quote(f"block {self._temporary}")

    def current(self, datasource: Datasource) -> Datasource:
        """The live data source of that name. Raises `UserError` IN302 (HTTP 404) if there is none
        any more, IN301 (409) if its columns are others now."""
        current = self._live(datasource)
        if current.columns != datasource.columns:
            raise _changed_meanwhile(datasource)
        return current

    def _live(self, datasource: Datasource) -> Datasource:
        current = self.triggers.project.datasources.get(datasource.name)
        if current is None:
            message = f"data source `{datasource.name}` does not exist any more"
            raise UserError.of("IN302", message, status=404)
        return current


def last_row(tx: DuckDBTransaction, datasource: Datasource) -> int:
    """The number of the row that was stored last, as of the transaction's snapshot. It tells later
    rows apart as long as nothing is taken away (`Workspace.rewrites`)."""
    last = tx.fetch(f"SELECT max({ORDER}) FROM {ordered_rows(datasource)}")[0][0]
    return -1 if last is None else int(last)


def _changed_meanwhile(datasource: Datasource) -> UserError:
    message = f"data source `{datasource.name}` was changed by a deployment meanwhile"
    return UserError.of("IN301", message, hint="send the rows again", status=409)


def _migrated(rows: str, old: Datasource, new: Datasource) -> str:
    """Rows that were decoded for the columns before a deployment, as that deployment migrated the
    rows that were stored by then: as if they had come just before it. Raises `UserError` IN301
    where it did not migrate in place."""
    from mini_tb.deploy.plan import is_same_storage

    items = []
    for column in new.columns:
        before = old.column(column.name)
        if before is None:
            value = default_value(column, new, relation=ROW)
        elif is_same_storage(before, column):
            value = f"{ROW}.{quote(column.name)}"
        else:
            raise _changed_meanwhile(old)
        items.append(f"CAST({value} AS {storage_type(column.type)}) AS {quote(column.name)}")
    return f"SELECT {', '.join(items)} FROM ({rows}) AS {ROW}"


def row_condition(datasource: Datasource, condition: str) -> str:
    """DuckDB text of a ClickHouse condition over the rows of a data source, called ROW."""
    from mini_tb.sql import compile_expression
    from mini_tb.types import UINT8, nullable

    columns = table_columns(datasource)
    text, _ = compile_expression(condition, columns, target=nullable(UINT8), relation=ROW)
    return f"({text}) <> 0"


class _Temporary:
    """The rows of a query, kept in a temporary table: the same however often they are read."""

    def __init__(self, landing: Landing, rows: str) -> None:
        self._landing = landing
        self._rows = rows
        self._name = landing.temporary()

    def __enter__(self) -> str:
        self._landing.execute(f"CREATE TEMPORARY TABLE {self._name} AS {self._rows}")
        return f"SELECT * FROM {self._name}"

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._landing.execute(f"DROP TABLE {self._name}")
