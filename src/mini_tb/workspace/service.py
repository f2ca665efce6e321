"""Service data sources: what a workspace tells about its own work (`tinybird.pipe_stats_rt`, …).

What happens is noted in memory at the cost of an append; a thread writes the notes to tables of the
workspace's own database every second, and a query that names one writes them first. Both are
bounded: the notes (the oldest go when writing falls behind) and the tables (`KEPT_ROWS`).

Some are not noted but told when asked: jobs, deployments and storage from their records, statistics
from the requests that were noted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import MiniTbError
from mini_tb.types import DataType
from mini_tb.types.duckdb import quote_identifier as quote
from mini_tb.workspace.service_schema import NAMES, schema, time_column

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.project import Datasource
    from mini_tb.sql import Table, View
    from mini_tb.workspace.workspace import Workspace

REQUESTS, ERRORS = "tinybird.pipe_stats_rt", "tinybird.endpoint_errors"
OPERATIONS, BLOCKS = "tinybird.datasources_ops_log", "tinybird.block_log"
JOBS, RELEASES = "tinybird.jobs_log", "tinybird.releases_log"
STORAGE = "tinybird.datasources_storage"

_PREFIX = "tinybird."
MAX_NOTES = 20_000
KEPT_ROWS = 200_000
INTERVAL_S = 1.0
_TRIM_EVERY = 100

_VIEWS = {
    "tinybird.pipe_stats": """
        SELECT
            toStartOfHour(start_datetime) AS date, pipe_id, pipe_name,
            avgState(duration) AS avg_duration_state,
            countIf(error = 1) AS error_count,
            count() AS view_count,
            quantilesTimingState(0.9, 0.95, 0.99)(toFloat64(duration)) AS quantile_timing_state,
            sum(read_bytes) AS read_bytes_sum,
            sum(read_rows) AS read_rows_sum,
            sum(toFloat64(cpu_time)) AS cpu_time_sum,
            any(resource_tags) AS resource_tags
        FROM tinybird.pipe_stats_rt
        GROUP BY date, pipe_id, pipe_name
    """,
    "tinybird.datasources_ops_stats": """
        SELECT
            toStartOfHour(timestamp) AS event_date, datasource_id, datasource_name, event_type,
            pipe_id, pipe_name,
            countIf(result = 'error') AS error_count,
            count() AS executions,
            avgState(elapsed_time) AS avg_elapsed_time_state,
            quantilesState(0.9, 0.95, 0.99)(toFloat64(elapsed_time)) AS quantiles_state,
            sum(read_rows) AS read_rows, sum(read_bytes) AS read_bytes,
            sum(written_rows) AS written_rows, sum(written_bytes) AS written_bytes,
            sum(written_rows_quarantine) AS written_rows_quarantine,
            sum(written_bytes_quarantine) AS written_bytes_quarantine,
            sum(toFloat64(cpu_time)) AS cpu_time,
            any(resource_tags) AS resource_tags
        FROM tinybird.datasources_ops_log
        GROUP BY event_date, datasource_id, datasource_name, event_type, pipe_id, pipe_name
    """,
}


class ServiceLog:
    """The notes of one workspace, and the tables they end in."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._notes: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=MAX_NOTES)
        self._events: dict[str, list[float]] = {}
        self._made: set[str] = set()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._flushes = 0
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def note(self, name: str, row: Mapping[str, Any]) -> None:
        """Note one row of a service data source; columns that are left out are empty, and the
        time is now."""
        column = time_column(name)
        if column not in row:
            row = {column: self._workspace.now(), **row}
        self._notes.append((name, row))
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()

    def operation(self, event_type: str, datasource: str, **row: Any) -> None:
        """Note something that was done to a data source."""
        described = {
            "event_type": event_type,
            "datasource_id": self._workspace.resource_id("datasource", datasource),
            "datasource_name": datasource,
            "result": "ok",
        }
        self.note(OPERATIONS, {**described, **row})

    def events(self, datasource: str, rows: int, quarantined: int, size: int) -> None:
        """Note rows that came as events: all of one second become one row of the log."""
        with self._starting:
            sums = self._events.setdefault(datasource, [0, 0, 0])
            for i, more in enumerate((rows, quarantined, size)):
                sums[i] += more
        if self._thread is None:
            self._start()
        self._wake.set()

    def _take_events(self) -> None:
        with self._starting:
            taken, self._events = self._events, {}
        for name, (rows, quarantined, size) in taken.items():
            self.operation(
                "append-hfi",
                name,
                rows=int(rows),
                rows_quarantine=int(quarantined),
                written_rows=int(rows),
                written_bytes=int(size),
                written_rows_quarantine=int(quarantined),
            )

    def find(self, name: str) -> Table | View | None:
        """The service data source of that name. Before each run of a query that names it, `refresh`
        brings it up to date."""
        if name not in NAMES:
            return None
        from mini_tb.engine.relation import table_of
        from mini_tb.source import Fragment
        from mini_tb.sql import View

        if name in _VIEWS:
            return View(name, Fragment(_VIEWS[name]), _Own(self))
        with self._workspace.engine.transaction() as tx:
            self._table(name, tx)
        return table_of(schema(name))

    def refresh(self, names: Iterable[str]) -> None:
        """Write everything noted so far, if one of these names is a service data source, and tell
        again what is not noted."""
        wanted = [name for name in names if name.startswith(_PREFIX) and name in NAMES]
        if not wanted:
            return
        self.flush()
        for name in wanted:
            told = _TOLD.get(name)
            if told is None:
                continue
            with self._workspace.engine.transaction() as tx:
                tx.truncate(name)
                tx.insert_arrow(name, to_arrow(schema(name), told(self._workspace)))

    def flush(self) -> None:
        """Write what is noted to its tables."""
        # Nobody else writes from the moment notes are taken until they are in their tables: who
        # flushes next finds them there.
        with self._workspace.engine.exclusive():
            self._take_events()
            batches: dict[str, list[Mapping[str, Any]]] = {}
            while self._notes:
                name, row = self._notes.popleft()
                batches.setdefault(name, []).append(row)
            if not batches:
                return
            self._flushes += 1
            with self._workspace.engine.transaction() as tx:
                for name, rows in batches.items():
                    self._table(name, tx)
                    tx.insert_arrow(name, to_arrow(schema(name), rows))
                    if self._flushes % _TRIM_EVERY == 0:
                        tx.execute(
                            f"DELETE FROM {quote(name)} WHERE rowid <= "
                            f"(SELECT max(rowid) FROM {quote(name)}) - {KEPT_ROWS}"
                        )

    def close(self) -> None:
        """Write what is left and stop."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        with suppress(MiniTbError):  # a workspace that cannot write closes all the same
            self.flush()

    def _table(self, name: str, tx: Any) -> None:
        if name not in self._made:
            if not tx.fetch("FROM duckdb_tables() WHERE table_name = $name", {"name": name}):
                tx.create_table(name, schema(name))
            self._made.add(name)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="service-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._stopped.wait(INTERVAL_S)
            self._wake.clear()
            with suppress(MiniTbError):  # notes are a courtesy: a full disk is told elsewhere
                self.flush()


class _Own:
    """The catalog of the service's own views: only what is noted."""

    def __init__(self, log: ServiceLog) -> None:
        self._log = log

    def lookup(self, name: str) -> Table | View | None:
        return self._log.find(name)

    def names(self) -> tuple[str, ...]:
        return NAMES


# Rows ----------------------------------------------------------------------------------------


def to_arrow(datasource: Datasource, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as the table stores them; what a row leaves out is empty."""
    import pyarrow as pa

    from mini_tb.ingest.intake import arrow_type

    arrays, names = [], []
    for column in datasource.columns:
        empty = _empty(column.type)
        values = [row.get(column.name, empty) for row in rows]
        arrays.append(pa.array(values, arrow_type(column.type)))
        names.append(column.name)
    return pa.table(arrays, names=names)


def _empty(t: DataType) -> Any:
    if t.is_nullable:
        return None
    bare = t.bare
    if bare.name == "SimpleAggregateFunction":
        return _empty(bare.types[0])
    if bare.is_string:
        return ""
    if bare.is_number:
        return 0
    if bare.is_array or bare.is_map:
        return []
    return None


# What is told when asked ---------------------------------------------------------------------


def _jobs(workspace: Workspace) -> list[dict[str, Any]]:
    return [
        {
            "job_id": job.id,
            "job_type": job.kind,
            "status": job.status,
            "error": job.error,
            "workspace_id": workspace.id,
            "pipe_id": job.details.get("pipe_id"),
            "datasource_id": job.details.get("datasource", {}).get("id"),
            "created_at": job.created_at,
            "started_at": job.started_at,
            "updated_at": job.updated_at,
            "job_metadata": "{}",
        }
        for job in workspace.jobs.list()
    ]


def _releases(workspace: Workspace) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": deployment.updated_at,
            "event_type": "promote" if deployment.live else deployment.status,
            "semver": deployment.id,
            "result": "error" if deployment.errors else "ok",
            "error": "; ".join(error.message for error in deployment.errors),
        }
        for deployment in workspace.deployments.list(include_deleted=True)
    ]


def _storage(workspace: Workspace) -> list[dict[str, Any]]:
    found = []
    for name in workspace.project.datasources:
        rows, size, quarantined = workspace.statistics(name)
        found.append(
            {
                "datasource_id": workspace.resource_id("datasource", name),
                "datasource_name": name,
                "timestamp": workspace.now(),
                "bytes": size,
                "rows": rows,
                "rows_quarantine": quarantined,
            }
        )
    return found


_TOLD: dict[str, Callable[[Workspace], list[dict[str, Any]]]] = {
    JOBS: _jobs,
    RELEASES: _releases,
    STORAGE: _storage,
}
