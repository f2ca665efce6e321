"""What is live in a workspace, and how that changes.

From files to a changed workspace there is one way: build, plan, and apply in one transaction. What
fails on it, at whatever step, leaves the live project as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mini_tb.diagnostics import Diagnostic, EngineError, UserError
from mini_tb.project import read_project
from mini_tb.workspace.deployment import DATA_READY, DELETED, FAILED, Deployment, described
from mini_tb.workspace.live import Live

if TYPE_CHECKING:
    from mini_tb.deploy.plan import Plan
    from mini_tb.deploy.stage import Stage
    from mini_tb.workspace.build import Build
    from mini_tb.workspace.workspace import Workspace

FILE = "file"
TOUCHED = "touched"


class Rollout:
    """The live project of a workspace; `Workspace` tells what each verb promises."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.live = self._load()
        self._staged: tuple[tuple[str, int], Live] | None = None

    def touched(self, name: str) -> tuple[datetime, datetime]:
        """When a resource was deployed first, and when it was last changed."""
        record = self._workspace.state.find(TOUCHED, name)
        if record is None:
            live = self._workspace.deployments.live
            return live.created_at, live.updated_at
        return (
            datetime.fromisoformat(record["created_at"]),
            datetime.fromisoformat(record["updated_at"]),
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
        """See `Workspace.deploy`."""
        build = self._workspace.build(files)
        now = self._workspace.now()
        if not build.ok:
            return Deployment("", "failed", FAILED, False, now, now, diagnostics=build.diagnostics)
        with self._workspace.engine.exclusive():
            plan = self._workspace.plan(build.project, allow_destructive=allow_destructive)
            if plan.is_refused:
                failed = {"id": "", "result": "failed", "status": FAILED, "live": False}
                return described(plan, build.diagnostics, **failed, created_at=now, updated_at=now)
            if not plan.diff:
                return self._unchanged(build, plan, keep=not check)
            made = described(
                plan,
                build.diagnostics,
                id="" if check else self._workspace.deployments.next_id(),
                result="success",
                status=DATA_READY,
                live=False,
                created_at=now,
                updated_at=now,
            )
            if check:
                return made
            if not promote:
                self._workspace.deployments.keep_files(made.id, files)
                return self._workspace.deployments.save(made)
            return self._apply(made, plan, files, on_stage)

    def promote(self, deployment_id: str) -> Deployment:
        """See `Workspace.promote_deployment`."""
        candidate = self._deployment(deployment_id)
        if candidate.live:
            return candidate
        files = self._workspace.deployments.files(deployment_id)
        build = self._workspace.build(files)
        with self._workspace.engine.exclusive():
            plan = self._workspace.plan(build.project, allow_destructive=True)
            if not build.ok or plan.is_refused:
                return described(
                    plan,
                    build.diagnostics,
                    id=deployment_id,
                    result="failed",
                    status=FAILED,
                    live=False,
                    created_at=candidate.created_at,
                    updated_at=self._workspace.now(),
                )
            return self._apply(candidate, plan, files, None)

    def staged(self) -> Live:
        """The newest candidate's project over what is live, as its deployment would change it.
        Raises `UserError` PL204 (HTTP 404) if there is no candidate, and what is wrong with it."""
        from mini_tb.deploy.preview import PlannedTables

        candidate = self._workspace.deployments.candidate
        if candidate is None:
            hint = "deploy without promoting, then read it"
            message = "there is no staging deployment"
            raise UserError.of("PL204", message, hint=hint, status=404)
        key = (candidate.id, self.live.version)
        if self._staged is not None and self._staged[0] == key:
            return self._staged[1]
        files = self._workspace.deployments.files(candidate.id)
        project = read_project(files, secrets=self._workspace.secrets.values())
        plan = self._workspace.plan(project, allow_destructive=True)
        if plan.is_refused:
            raise UserError(*plan.diagnostics)
        # No version of what is live is negative.
        tables = PlannedTables(plan, candidate.created_at)
        made = Live(project, dict(files), -int(candidate.id), tables)
        self._staged = (key, made)
        return made

    def discard(self, deployment_id: str) -> Deployment:
        """See `Workspace.discard_deployment`."""
        deployment = self._deployment(deployment_id)
        if deployment.live:
            raise UserError.of("PL202", f"deployment {deployment_id} is live", status=409)
        return self._workspace.deployments.discard(deployment, self._workspace.now())

    def _deployment(self, deployment_id: str) -> Deployment:
        found = self._workspace.deployments.find(deployment_id)
        if found is None or (found.status == DELETED and not found.live):
            raise UserError.of("PL201", f"there is no deployment {deployment_id}", status=404)
        return found

    def _unchanged(self, build: Build, plan: Plan, *, keep: bool) -> Deployment:
        """The same project; its texts may differ in what means nothing."""
        live = self._workspace.deployments.live
        if keep and dict(build.files) != dict(self.live.files):
            with self._workspace.state.transaction():
                self._save_files(build.files)
            self.live = Live(build.project, dict(build.files), self.live.version)
        return described(
            plan,
            build.diagnostics,
            id=live.id,
            result="no_changes",
            status=live.status,
            live=True,
            created_at=live.created_at,
            updated_at=live.updated_at,
        )

    def _apply(
        self,
        deployment: Deployment,
        plan: Plan,
        files: Mapping[str, str],
        on_stage: Callable[[Stage], None] | None,
    ) -> Deployment:
        from mini_tb.deploy.apply import Applier
        from mini_tb.deploy.diff import grants

        now = self._workspace.now()
        try:
            with self._workspace.engine.transaction() as tx:
                Applier(tx, plan, now, on_stage).run()
                self._save_files(files)
                self._touch(plan, now)
                live = self._workspace.deployments.promote(deployment, now)
        except (EngineError, UserError) as error:
            self._workspace.deployments.reload()
            found = (
                error.diagnostics if isinstance(error, UserError) else (_refused_by_engine(error),)
            )
            return described(
                plan,
                found,
                id=deployment.id,
                result="failed",
                status=FAILED,
                live=False,
                created_at=deployment.created_at,
                updated_at=now,
            )
        self._workspace.tokens.apply_grants(grants(plan.new))
        self.live = Live(plan.new, dict(files), self.live.version + 1)
        self._workspace.queries.forget()
        self._workspace.engine.tables_changed()
        for name in plan.new.datasources:
            self._workspace.data_changed(name)
        return live

    def _save_files(self, files: Mapping[str, str]) -> None:
        for path in self.live.files:
            if path not in files:
                self._workspace.state.delete(FILE, path)
        for path, text in files.items():
            if self.live.files.get(path) != text:
                self._workspace.state.save(FILE, path, {"text": text})

    def _touch(self, plan: Plan, now: datetime) -> None:
        for names in (plan.diff.datasources, plan.diff.pipes, plan.diff.connections):
            for name in names.deleted:
                self._workspace.state.delete(TOUCHED, name)
            for name in (*names.new, *names.changed):
                known = self._workspace.state.find(TOUCHED, name) if name in names.changed else None
                created = known["created_at"] if known else now
                self._workspace.state.save(
                    TOUCHED, name, {"created_at": created, "updated_at": now}
                )

    def _load(self) -> Live:
        """The live project from its kept texts, which were checked when they were deployed."""
        files = {path: record["text"] for path, record in self._workspace.state.all(FILE).items()}
        return Live(read_project(files, secrets=self._workspace.secrets.values()), files)


def _refused_by_engine(error: EngineError) -> Diagnostic:
    return Diagnostic("PL203", f"the engine refused a step: {error}")
