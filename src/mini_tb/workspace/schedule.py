"""Copy pipes and sinks on their cron schedules, in UTC; each can be paused.

A schedule that was missed while nothing ran, or whose job still works, is not made up for: the next
time counts.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mini_tb.diagnostics import MiniTbError
from mini_tb.project import BucketSink, Copy, KafkaSink, Pipe

if TYPE_CHECKING:
    from mini_tb.workspace.jobs import Job
    from mini_tb.workspace.workspace import Workspace

KIND = "schedule"
MAX_SLEEP = timedelta(seconds=30)


def schedule_of(pipe: Pipe) -> str | None:
    """The cron expression of a copy pipe or sink; None for one that runs on demand only."""
    kind = pipe.published.kind if pipe.published is not None else None
    return kind.schedule if isinstance(kind, Copy | KafkaSink | BucketSink) else None


def next_run(cron: str, after: datetime) -> datetime:
    """The first time of a schedule after a moment."""
    from croniter import croniter

    found: datetime = croniter(cron, after).get_next(datetime)
    return found


class Schedules:
    """The schedules of one workspace. `start` makes a thread that follows them by the clock;
    without it `run_due` may be called by hand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._paused = {
            name for name, record in workspace.state.all(KIND).items() if record["paused"]
        }
        self._since = workspace.now()
        self._running: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def is_paused(self, pipe: str) -> bool:
        """Whether a pipe's schedule is paused."""
        return pipe in self._paused

    def pause(self, pipe: str) -> None:
        """Skip a pipe's schedule until `resume`."""
        self._workspace.state.save(KIND, pipe, {"paused": True})
        self._paused.add(pipe)

    def resume(self, pipe: str) -> None:
        """Follow a pipe's schedule again."""
        self._workspace.state.delete(KIND, pipe)
        self._paused.discard(pipe)

    def due(self, since: datetime, until: datetime) -> list[Pipe]:
        """The pipes that have a scheduled time after `since`, up to `until`."""
        found = []
        for pipe in self._workspace.project.pipes.values():
            cron = schedule_of(pipe)
            if cron is None or self.is_paused(pipe.name):
                continue
            if next_run(cron, since) <= until:
                found.append(pipe)
        return found

    def run_due(self) -> list[Job]:
        """Start the jobs whose time has come since the last call. One whose last job has not ended
        is left out."""
        now = self._workspace.now()
        since, self._since = self._since, now
        jobs = []
        for pipe in self.due(since, now):
            last = self._workspace.jobs.find(self._running.get(pipe.name, ""))
            if last is not None and last.is_cancellable:
                continue
            is_copy = pipe.published is not None and isinstance(pipe.published.kind, Copy)
            job = (self._workspace.copy if is_copy else self._workspace.sink)(pipe.name)
            self._running[pipe.name] = job.id
            jobs.append(job)
        return jobs

    def start(self) -> None:
        """Follow the clock from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop following it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s()):
            try:
                self.run_due()
            except MiniTbError:
                # The job's own errors are in its record; this pipe was undeployed meanwhile.
                continue

    def _pause_s(self) -> float:
        """Seconds until the next scheduled time, at most MAX_SLEEP as deployments change them."""
        now = self._workspace.now()
        times = [
            next_run(cron, now) - now
            for pipe in self._workspace.project.pipes.values()
            if (cron := schedule_of(pipe)) is not None
        ]
        return max(0.01, min([*times, MAX_SLEEP]).total_seconds())
