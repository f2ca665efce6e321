"""Jobs: work that a client starts and looks up later. Records survive a restart.

Jobs that copy, populate or delete run one after another in one worker thread, in the order they
came; imports run in the request's own thread and are recorded as they end.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import MiniTbError, UserError

if TYPE_CHECKING:
    from mini_tb.workspace.state import State

KIND = "job"
KEPT = timedelta(hours=48)
KEPT_COUNT = 100

WAITING, WORKING, DONE, ERROR = "waiting", "working", "done", "error"
CANCELLING, CANCELLED = "cancelling", "cancelled"
ENDED = frozenset({DONE, ERROR, CANCELLED})


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `details` holds what its kind adds: `pipe_name`, `datasource`, `blocks`, …"""

    id: str
    kind: str
    status: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    error: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_cancellable(self) -> bool:
        """Whether `cancel` can still do something."""
        return self.status in (WAITING, WORKING)


class Cancelled(MiniTbError):
    """Raised inside a job's work when somebody cancelled it."""


Work = Callable[["Handle"], Mapping[str, Any]]
"""What a job does: gets its handle, returns the details to add when done."""


class Handle:
    """A running job, seen from its own work."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._cancel = threading.Event()
        self._ended = threading.Event()
        self._on_cancel: Callable[[], None] | None = None

    def on_cancel(self, stop: Callable[[], None] | None) -> None:
        """What to call when somebody cancels: interrupts the statement that runs now."""
        self._on_cancel = stop

    def check(self) -> None:
        """Raises `Cancelled` if somebody cancelled the job."""
        if self._cancel.is_set():
            raise Cancelled(f"job {self.job.id} was cancelled")

    def cancel(self) -> None:
        """Ask the work to stop."""
        if not self._cancel.is_set():
            self._cancel.set()
            threading.Thread(target=self._interrupt, name="cancel", daemon=True).start()

    def end(self) -> None:
        """The work is over: nothing is to be interrupted any more."""
        self._ended.set()

    def _interrupt(self) -> None:
        # An interrupt that comes just before a statement starts is lost: it is said until heard.
        while True:
            stop = self._on_cancel
            if stop is not None:
                with suppress(Exception):  # what it would stop has ended by itself meanwhile
                    stop()
            if self._ended.wait(0.05):
                return


class Jobs:
    """All jobs of one workspace, and the thread that runs them (made with the first job)."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        self._state = state
        self._now = now
        self._lock = threading.Condition()
        self._queue: queue.Queue[tuple[Handle, Work] | None] = queue.Queue()
        self._handles: dict[str, Handle] = {}
        self._work: dict[str, Work] = {}
        self._thread: threading.Thread | None = None
        self._jobs = {key: _from_record(record) for key, record in state.all(KIND).items()}
        for job in list(self._jobs.values()):
            if job.status not in ENDED:
                text = "the server was stopped while the job was running"
                self._save(replace(job, status=ERROR, error=text, updated_at=now()))

    def list(self, *, kind: str | None = None, status: str | None = None) -> list[Job]:
        """Newest first: the last 48 hours, at most 100."""
        since = self._now() - KEPT
        with self._lock:
            found = [job for job in self._jobs.values() if job.created_at >= since]
        found.reverse()
        return [
            job
            for job in found
            if (kind is None or job.kind == kind) and (status is None or job.status == status)
        ][:KEPT_COUNT]

    def find(self, job_id: str) -> Job | None:
        """The job of that id."""
        return self._jobs.get(job_id)

    def start(self, kind: str, work: Work, **details: Any) -> Job:
        """Queue work; returns the waiting job at once."""
        handle = self._add(kind, WAITING, details)
        with self._lock:
            self._work[handle.job.id] = work
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
                self._thread.start()
        self._queue.put((handle, work))
        return handle.job

    def run(self, kind: str, work: Work, **details: Any) -> Job:
        """Do the work now, in this thread, and record it; its error is in the returned job."""
        handle = self._add(kind, WAITING, details)
        self._do(handle, work)
        return self._jobs[handle.job.id]

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """The job once it has ended, or as it is after `timeout_s` seconds."""
        with self._lock:
            self._lock.wait_for(lambda: self._jobs[job_id].status in ENDED, timeout_s)
            return self._jobs[job_id]

    def cancel(self, job_id: str) -> Job:
        """Stop a job that waits or works. Raises `UserError` RT101 (HTTP 404) if there is none and
        RT102 if it has ended."""
        job = self._known(job_id)
        if not job.is_cancellable:
            raise UserError.of("RT102", f"job `{job_id}` has ended: {job.status}")
        status = CANCELLED if job.status == WAITING else CANCELLING
        changed = self._save(replace(job, status=status, updated_at=self._now()))
        handle = self._handles.get(job_id)
        if handle is not None:
            handle.cancel()
        return changed

    def retry(self, job_id: str) -> Job:
        """Start the work of an ended job again, as a new job."""
        job = self._known(job_id)
        work = self._work.get(job_id)
        if work is None:
            raise UserError.of("RT103", f"job `{job_id}` cannot be started again")
        return self.start(job.kind, work, **job.details)

    @property
    def is_busy(self) -> bool:
        """Whether a job waits or works."""
        return bool(self._handles)

    def close(self) -> None:
        """Cancel what waits and works, and wait for the thread to end."""
        for job in self.list():
            if job.is_cancellable and job.id in self._handles:
                self.cancel(job.id)
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def _known(self, job_id: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None:
            raise UserError.of("RT101", f"there is no job `{job_id}`", status=404)
        return job

    def _add(self, kind: str, status: str, details: Mapping[str, Any]) -> Handle:
        now = self._now()
        job = Job(str(uuid.uuid4()), kind, status, now, now, details=dict(details))
        handle = Handle(job)
        self._handles[job.id] = handle
        self._save(job)
        return handle

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            handle, work = item
            if self._jobs[handle.job.id].status == WAITING:
                self._do(handle, work)
            self._handles.pop(handle.job.id, None)

    def _do(self, handle: Handle, work: Work) -> None:
        now = self._now()
        job = self._save(replace(handle.job, status=WORKING, started_at=now, updated_at=now))
        error: str | None = None
        details = dict(job.details)
        try:
            details.update(work(handle))
            status = DONE
        except Cancelled:
            status = CANCELLED
        except Exception as failure:
            # A statement that was interrupted because of the cancel is no error of its own.
            is_cancelled = self._jobs[job.id].status == CANCELLING
            status = CANCELLED if is_cancelled else ERROR
            own = isinstance(failure, MiniTbError)
            text = str(failure) if own else f"internal error: {failure!r}"
            error = None if is_cancelled else text
        finally:
            handle.end()
        ended = self._now()
        self._save(replace(job, status=status, error=error, details=details, updated_at=ended))
        self._handles.pop(job.id, None)

    def _save(self, job: Job) -> Job:
        self._state.save(KIND, job.id, _to_record(job))
        with self._lock:
            self._jobs[job.id] = job
            self._lock.notify_all()
        return job


def _to_record(job: Job) -> dict[str, Any]:
    return asdict(job)


def _from_record(record: Mapping[str, Any]) -> Job:
    times = {
        name: datetime.fromisoformat(record[name]) if record[name] else None
        for name in ("created_at", "updated_at", "started_at")
    }
    return Job(**{**record, **times})
