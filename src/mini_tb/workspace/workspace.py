"""`Workspace`: one project, one engine, its tokens and jobs. The one object that shells talk to.

    with Workspace.open(Path("shop")) as workspace:
        workspace.deploy(files)
        workspace.append("events", b'{"id": 1}\\n')
        workspace.query("top_events", {"limit": "3"}).rows()

Data and records live in `.mini-tb/workspace.duckdb` beside the project, or in memory. Methods may
be called from any thread.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mini_tb.engine.duckdb import DuckDBEngine, Settings
from mini_tb.project import Datasource, Pipe, Project
from mini_tb.types.duckdb import quote_identifier as quote
from mini_tb.workspace.access import EVERYTHING, Access
from mini_tb.workspace.deployment import Deployment, Deployments
from mini_tb.workspace.jobs import Jobs
from mini_tb.workspace.live import Live
from mini_tb.workspace.maintenance import Maintenance
from mini_tb.workspace.query import OnStart, Prepared, Queries
from mini_tb.workspace.resource import find_datasource, find_pipe, resource_id
from mini_tb.workspace.rollout import Rollout
from mini_tb.workspace.schedule import Schedules
from mini_tb.workspace.secrets import Secrets
from mini_tb.workspace.seed import identity, read_seed
from mini_tb.workspace.service import ServiceLog
from mini_tb.workspace.state import State
from mini_tb.workspace.statistics import Statistics, StatisticsBook
from mini_tb.workspace.tokens import Tokens

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mini_tb.deploy.plan import Plan
    from mini_tb.deploy.stage import Stage
    from mini_tb.engine.duckdb import DuckDBResult
    from mini_tb.ingest.writer import Appended, Writer
    from mini_tb.workspace.build import Build
    from mini_tb.workspace.jobs import Job
    from mini_tb.workspace.landing import Landing

FOLDER = ".mini-tb"
DATABASE = "workspace.duckdb"
DEFAULT_TIMEOUT_S = 10.0


def utc_now() -> datetime:
    """The time, in UTC and without zone: how the engine keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Workspace:
    """Open one with `Workspace.open`."""

    def __init__(
        self,
        engine: DuckDBEngine,
        *,
        name: str,
        workspace_id: str,
        seed: bytes,
        clock: Callable[[], datetime] = utc_now,
        timeout_s: float | None = DEFAULT_TIMEOUT_S,
        folder: Path | None = None,
    ) -> None:
        self.engine = engine
        self.folder = folder
        self.name = name
        self.id = workspace_id
        self.now = clock
        self.timeout_s = timeout_s
        self.state = State(engine)
        self.tokens = Tokens(self.state, seed, workspace_id, clock)
        self.secrets = Secrets(self.state, clock)
        self.deployments = Deployments(self.state, clock())
        self.queries = Queries(self)
        self._statistics = StatisticsBook(self)
        self.service = ServiceLog(self)
        self._rollout = Rollout(self)
        self._writer: Writer | None = None
        self._versions: dict[str, int] = {}
        self._rewrites: dict[str, int] = {}
        self.jobs = Jobs(self.state, clock)
        self.schedules = Schedules(self)
        self.maintenance = Maintenance(self)

    @classmethod
    def open(
        cls,
        folder: Path | None = None,
        *,
        database: Path | None = None,
        name: str | None = None,
        workspace_id: str | None = None,
        seed: bytes | None = None,
        settings: Settings | None = None,
        clock: Callable[[], datetime] = utc_now,
        timeout_s: float | None = DEFAULT_TIMEOUT_S,
    ) -> Workspace:
        """The workspace of a project's folder (kept in its `.mini-tb/`), or one in memory;
        `database` is another place for its file.

        `seed` decides the texts of tokens; without one it is read from `.mini-tb/seed`, which is
        made if there is none. Raises `UserError` if the database cannot be opened.
        """
        place = database or (folder / FOLDER / DATABASE if folder else None)
        engine = DuckDBEngine.open(place, settings)
        try:
            seed = seed or (read_seed(folder / FOLDER) if folder else random.token_bytes(32))
            title = name or (folder.resolve().name if folder else "memory")
            made_id = workspace_id or identity(seed, "main")
            return cls(
                engine,
                name=title,
                workspace_id=made_id,
                seed=seed,
                clock=clock,
                timeout_s=timeout_s,
                folder=folder,
            )
        except BaseException:
            engine.close()
            raise

    @property
    def scratch(self) -> Path | None:
        """Where to put large files for a while; None: where the system keeps such."""
        path = self.engine.path
        return path.parent if path else None

    def start(self) -> None:
        """Follow the schedules of copies and sinks, care for the stored tables, and go on with
        populations that were stopped: what a server does and a single command does not."""
        if self.jobs.suspended():
            from mini_tb.workspace.populate import resume_populations

            resume_populations(self)
        self.schedules.start()
        self.maintenance.start()

    @staticmethod
    def restore(folder: Path, backup: Path) -> None:
        """Put a backup in the place of the database of a project's folder, whole or not at all.
        Raises `UserError` RT006 if the backup is damaged, RT001 if the database is in use."""
        from mini_tb.engine.duckdb.backup import restore_database

        restore_database(backup, folder / FOLDER / DATABASE)

    def close(self) -> None:
        """Write what waits, stop jobs and statements, close the file."""
        self.schedules.close()
        self.maintenance.close()
        self.service.close()
        if self._writer is not None:
            self._writer.close()
        self.jobs.close()
        self.engine.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # The project -------------------------------------------------------------------------

    @property
    def live(self) -> Live:
        """The deployed project with its files, as of now."""
        return self._rollout.live

    @property
    def staged(self) -> Live:
        """The newest candidate with its tables as promoting it would make them, each a query over
        what is live: nothing is copied. Raises `UserError` PL204 (HTTP 404) if none waits."""
        return self._rollout.staged()

    @property
    def project(self) -> Project:
        """The deployed project."""
        return self._rollout.live.project

    def datasource(self, key: str) -> Datasource:
        """The data source of that name or id. Raises `UserError` NM301 (HTTP 404)."""
        return find_datasource(self.id, self.project, key)

    def pipe(self, key: str, *, staging: bool = False) -> Pipe:
        """The pipe of that name or id. Raises `UserError` NM302 (HTTP 404)."""
        return find_pipe(self.id, (self.staged if staging else self.live).project, key)

    def resource_id(self, kind: str, name: str) -> str:
        """The id of a `datasource`, `pipe` or `node` (`pipe.node`): the same for the same name."""
        return resource_id(self.id, kind, name)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be written and no job is under way."""
        is_writing = self._writer is not None and self._writer.waiting > 0
        return not is_writing and not self.jobs.is_busy

    def touched(self, name: str) -> tuple[datetime, datetime]:
        """When a resource was deployed first, and when it was last changed."""
        return self._rollout.touched(name)

    # Deployments -------------------------------------------------------------------------

    def build(self, files: Mapping[str, str]) -> Build:
        """Load, check and compile the whole project; nothing changes."""
        from mini_tb.workspace.build import build_project

        return build_project(files, self.secrets.values())

    def plan(self, project: Project, *, allow_destructive: bool = False) -> Plan:
        """What deploying `project` would do."""
        from mini_tb.deploy.plan import plan_deployment

        return plan_deployment(
            self.project,
            project,
            has_rows=lambda name: self.count(name, limit=1) > 0,
            allow_destructive=allow_destructive,
        )

    def deploy(
        self,
        files: Mapping[str, str],
        *,
        check: bool = False,
        allow_destructive: bool = False,
        promote: bool = True,
        on_stage: Callable[[Stage], None] | None = None,
    ) -> Deployment:
        """Make the project of these datafiles (path → text, all of them) the live one.

        With `check` nothing is changed; without `promote` it waits as a candidate for
        `promote_deployment`. Errors are in the result, not raised; the live project is untouched
        then.
        """
        return self._rollout.deploy(
            files,
            check=check,
            allow_destructive=allow_destructive,
            promote=promote,
            on_stage=on_stage,
        )

    def promote_deployment(self, deployment_id: str) -> Deployment:
        """Make a candidate live. Raises `UserError` PL201 (HTTP 404) if there is none of that id;
        the result says if it cannot be applied to what is live by now."""
        return self._rollout.promote(deployment_id)

    def discard_deployment(self, deployment_id: str) -> Deployment:
        """Delete a candidate, or an earlier deployment's record. Raises `UserError` PL201 (HTTP
        404) and, for the live one, PL202."""
        return self._rollout.discard(deployment_id)

    # Queries -----------------------------------------------------------------------------

    def query(
        self,
        pipe: str,
        params: Mapping[str, Any] | None = None,
        *,
        q: str | None = None,
        access: Access = EVERYTHING,
        staging: bool = False,
        timeout_s: float | None = None,
        on_start: OnStart | None = None,
    ) -> DuckDBResult:
        """The answer of an endpoint. `q` is SQL over it, in which `_` and the pipe's name mean the
        endpoint's rows. Parameters that `access` fixes win over `params`. `on_start` gets what
        cancels the query, before it runs. `staging` asks the candidate that waits for promotion.

        Raises `UserError` (404 no such endpoint, 403 no permission, 400 SQL), `TemplateError`,
        `EngineError`.
        """
        prepared = self.prepare(pipe, params, q=q, access=access, staging=staging)
        return self.run(prepared, timeout_s=timeout_s, on_start=on_start)

    def explain(
        self,
        pipe: str,
        params: Mapping[str, Any] | None = None,
        *,
        q: str | None = None,
        access: Access = EVERYTHING,
        staging: bool = False,
    ) -> tuple[str, str]:
        """The statement that the engine runs for an endpoint, and its plan as the engine tells it.
        Raises as `query` does."""
        prepared = self.prepare(pipe, params, q=q, access=access, staging=staging)
        return self.queries.explain(prepared)

    def prepare(
        self,
        pipe: str,
        params: Mapping[str, Any] | None = None,
        *,
        q: str | None = None,
        access: Access = EVERYTHING,
        staging: bool = False,
    ) -> Prepared:
        """An endpoint's statement with its values, ready to `run`. Raises as `query` does."""
        return self.queries.endpoint(pipe, params or {}, q=q, access=access, staging=staging)

    def sql(
        self,
        text: str,
        params: Mapping[str, Any] | None = None,
        *,
        pipeline: str | None = None,
        access: Access = EVERYTHING,
        query_params: Mapping[str, str] | None = None,
        staging: bool = False,
        timeout_s: float | None = None,
        on_start: OnStart | None = None,
    ) -> DuckDBResult:
        """The answer of one SELECT over data sources and pipes; a template if it begins with `%`.

        With `pipeline`, the nodes of that pipe are tables too, and `_` is its output.
        `query_params` are the texts of `{name:Type}` in it. Every table that the text names needs
        a scope of `access`. Raises as `query` does.
        """
        prepared = self.queries.text(
            text,
            params or {},
            pipeline=pipeline,
            access=access,
            query_params=query_params,
            staging=staging,
        )
        return self.run(prepared, timeout_s=timeout_s, on_start=on_start)

    def run(
        self,
        prepared: Prepared,
        *,
        timeout_s: float | None = None,
        on_start: OnStart | None = None,
    ) -> DuckDBResult:
        """The answer of a prepared statement, as of now. Raises `EngineError`."""
        return self.queries.run(prepared, timeout_s=timeout_s, on_start=on_start)

    # Data --------------------------------------------------------------------------------

    @property
    def writer(self) -> Writer:
        """The one writer of rows; made when first used."""
        if self._writer is None:
            from mini_tb.ingest.writer import Writer

            self._writer = Writer(self)
        return self._writer

    @contextmanager
    def landing(self) -> Iterator[Landing]:
        """A transaction of rows, for the writer; see `ingest.writer.Store`."""
        from mini_tb.workspace.landing import Landing

        changed: set[str] = set()
        with self.engine.transaction(brings_rows=True) as tx:
            yield Landing(tx, self.live.triggers, self.now(), changed.add, self._rewritten)
        for name in changed:
            self.data_changed(name)

    def append(
        self, datasource: str, body: bytes, *, format: str = "ndjson", import_id: str | None = None
    ) -> Appended:
        """Store rows; returns when they are on disk. Rows that do not fit go to quarantine.

        Raises `UserError` (404 no such data source, 400 a body that is none), `Busy`.
        """
        return self.append_later(datasource, body, format=format, import_id=import_id).result()

    def append_later(
        self, datasource: str, body: bytes, *, format: str = "ndjson", import_id: str | None = None
    ) -> Future[Appended]:
        """As `append`, but returns when the rows are decoded and queued: the future has its result
        when they are on disk. `format` is `ndjson`, or `json` for one object or an array."""
        from mini_tb.ingest.decode import decode_json

        target = self.datasource(datasource)
        is_document = format == "json"
        decoded = decode_json(
            body, target, document=is_document, import_id=import_id, now=self.now()
        )
        future = self.writer.submit(target, decoded, import_id=import_id)
        good, bad, size = decoded.successful_rows, decoded.quarantined_rows, len(body)
        self.service.events(target.name, good, bad, size)
        return future

    def truncate(self, name: str, *, cascade: bool = False) -> int:
        """Remove all rows of a data source, and with `cascade` what is materialised from them.
        Returns how many it had. Raises `UserError` (404)."""
        target = self.datasource(name)
        with self.landing() as landing:
            removed = landing.remove(target)
            if cascade:
                landing.refill(target.name)
        self.service.operation("truncate", target.name, rows=removed)
        return removed

    def delete(self, name: str, condition: str, *, dry_run: bool = False) -> int:
        """Remove the rows that satisfy a ClickHouse condition; with `dry_run` only count them.
        Returns how many. Raises `UserError` (404, 400 for a condition that does not compile)."""
        target = self.datasource(name)
        with self.landing() as landing:
            if dry_run:
                return landing.count(target, condition)
            removed = landing.remove(target, condition)
        self.service.operation("delete_data", target.name, rows=removed)
        return removed

    def delete_later(self, name: str, condition: str) -> Job:
        """Start a job that does what `delete` does. Raises what `delete` does at once."""
        from mini_tb.workspace.landing import row_condition

        target = self.datasource(name)
        row_condition(target, condition)
        name = target.name
        return self.jobs.start(
            "delete_data",
            lambda _: {"rows_affected": self.delete(name, condition)},
            datasource={"id": self.resource_id("datasource", name), "name": name},
            delete_condition=condition,
        )

    def copy(
        self,
        pipe: str,
        params: Mapping[str, Any] | None = None,
        *,
        mode: str | None = None,
        wait: bool = False,
    ) -> Job:
        """Start a copy pipe's job: its rows are appended to its target, or replace it at once.
        With `wait` the job has ended. Raises `UserError` (404 no such copy pipe, 400 mode)."""
        from mini_tb.workspace.copy import start_copy

        job = start_copy(self, self.pipe(pipe), params or {}, mode)
        return self.jobs.wait(job.id) if wait else job

    def sink(
        self, pipe: str, params: Mapping[str, Any] | None = None, *, wait: bool = False
    ) -> Job:
        """Start a sink's job: its rows go to files. With `wait` the job has ended. Raises
        `UserError` (404 no such sink, 400 a place or connector that is not to be had)."""
        from mini_tb.workspace.sink import start_sink

        job = start_sink(self, self.pipe(pipe), params or {})
        return self.jobs.wait(job.id) if wait else job

    def populate(
        self, pipe: str, *, truncate: bool = False, condition: str | None = None, wait: bool = False
    ) -> Job:
        """Start a job that runs a materialisation over the rows that its source holds (those that
        satisfy `condition`) into its target. Raises `UserError` (404)."""
        from mini_tb.workspace.populate import start_population

        job = start_population(self, self.pipe(pipe), truncate, condition)
        return self.jobs.wait(job.id) if wait else job

    def count(self, name: str, *, limit: int | None = None) -> int:
        """The rows of a data source or a quarantine; with `limit` counting stops there."""
        source = quote(name) if limit is None else f"(FROM {quote(name)} LIMIT {limit})"
        return int(self.engine.fetch(f"SELECT count(*) FROM {source}")[0][0])

    def statistics(self, name: str) -> Statistics:
        """Of a data source."""
        return self._statistics.of(name)

    def data_version(self, names: frozenset[str]) -> tuple[int, ...]:
        """Changes whenever the rows of one of these data sources may have changed."""
        return (self.live.version, *(self._versions.get(name, 0) for name in sorted(names)))

    def rewrites(self, name: str) -> int:
        """How often rows of a data source were taken away, since the workspace was opened."""
        return self._rewrites.get(name, 0)

    def _rewritten(self, name: str) -> None:
        self._rewrites[name] = self._rewrites.get(name, 0) + 1

    def backup(self, target: Path) -> None:
        """A consistent copy of all data and records at this moment, while everything goes on but
        for writes, which wait. Raises `UserError` RT006 if the file cannot be written."""
        self.engine.backup(target)

    def data_changed(self, name: str) -> None:
        """Answers over this data source that were kept are worthless from now on."""
        self._versions[name] = self._versions.get(name, 0) + 1
