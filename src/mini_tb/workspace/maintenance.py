"""Care for stored tables: compaction, and checkpoints when nobody waits.

Compaction makes a table anew with the fewest rows that mean the same, sorted by its key, so that a
lookup reads little, and without what its TTL has expired. It runs beside ingestion and queries: the
new table is filled from a snapshot; then, in one short transaction, rows that came meanwhile are
added and the tables change places. If rows were deleted meanwhile, it gives up and tries later.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mini_tb.diagnostics import MiniTbError
from mini_tb.engine.duckdb.table import BUILDING
from mini_tb.engine.relation import compaction
from mini_tb.sql.clock import binds_now
from mini_tb.types.duckdb import quote_identifier as quote

if TYPE_CHECKING:
    from mini_tb.workspace.workspace import Workspace

KIND = "compacted"
MIN_NEW_ROWS = 50_000
MIN_NEW_SHARE = 0.1
MIN_LOG_BYTES = 1 << 20
EVERY_S = 60.0


class Maintenance:
    """The care of one workspace's tables. `start` makes a thread; `run` does one round by hand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._compacted = {
            name: int(record["rows"]) for name, record in workspace.state.all(KIND).items()
        }
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def run(self) -> list[str]:
        """Compact what has grown enough since it was compacted last, then checkpoint if there is
        something to move: rows that were deleted keep their memory until then. Returns the names
        of what was compacted. Does nothing while rows wait to be written."""
        done = []
        for name in list(self._workspace.project.datasources):
            if self._stop.is_set() or not self._workspace.is_idle:
                break
            if self._is_worth_it(name) and self.compact(name):
                done.append(name)
        engine = self._workspace.engine
        if done or (engine.log_bytes > MIN_LOG_BYTES and self._workspace.is_idle):
            engine.checkpoint()
        return done

    def compact(self, name: str) -> bool:
        """Compact a data source now. False if rows were deleted or deployed meanwhile, or if it
        stores none."""
        from mini_tb.workspace.landing import last_row

        workspace = self._workspace
        datasource = workspace.datasource(name)
        if datasource.engine.name == "Null":
            return False
        live = workspace.live
        rewrites = workspace.rewrites(name)
        select = compaction(datasource)
        staged = f"{BUILDING}{name} compacted"
        try:
            with workspace.engine.background() as tx:
                tx.create_table(staged, datasource)
                last = last_row(tx, datasource)
                bound = {"now": workspace.now()} if binds_now(select) else None
                tx.execute(f"INSERT INTO {quote(staged)} {select}", bound)
            with workspace.landing() as landing:
                is_same = workspace.live is live or workspace.datasource(name) == datasource
                if not is_same or workspace.rewrites(name) != rewrites:
                    return False
                landing.take_over(datasource, staged, after=last)
        finally:
            with workspace.engine.transaction() as tx:
                tx.drop_table(staged)
        self._remember(name, workspace.count(name))
        return True

    def start(self) -> None:
        """Care for the tables from now on, every minute."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop after the table in hand."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def drop_unfinished(self) -> None:
        """Drop the tables that were being filled when the process was killed; those of jobs that
        run now are theirs."""
        tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
        with self._workspace.engine.transaction(with_functions=False) as tx:
            for (table,) in tx.fetch(tables):
                job = table.rpartition(" ")[2]
                if table.startswith(BUILDING) and not self._workspace.jobs.is_running(job):
                    tx.drop_table(table)

    def _run(self) -> None:
        self.drop_unfinished()
        while not self._stop.wait(EVERY_S):
            try:
                self.run()
            except MiniTbError:
                # A full disk, a deployment in between: the table is as it was; try next time.
                continue

    def _is_worth_it(self, name: str) -> bool:
        datasource = self._workspace.datasource(name)
        rows = self._workspace.count(name)
        before = self._compacted.get(name, 0)
        new = rows - min(before, rows)
        has_effect = datasource.engine.ttl or datasource.engine.sorting_key
        return bool(has_effect) and new >= max(MIN_NEW_ROWS, MIN_NEW_SHARE * rows)

    def _remember(self, name: str, rows: int) -> None:
        self._compacted[name] = rows
        self._workspace.state.save(KIND, name, {"rows": rows})
