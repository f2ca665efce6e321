"""Jobs: work that a client starts and looks up later. Records survive a restart.

Jobs that copy, populate or delete run one after another in one worker thread, in the order they
came; imports run in the request's own thread and are recorded as they end. A job that was stopped
with the server is an error afterwards, or waits to be done anew if its kind is `RESUMABLE`.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import MiniTbError, UserError

if TYPE_CHECKING:
    from mini_tb.workspace.state import State

KIND = "job"
KEPT = timedelta(hours=48)
LISTED = 100
REMEMBERED = 500
"""How many jobs that have ended can be looked up by id; `tinybird.jobs_log` tells of more."""

WAITING, WORKING, DONE, ERROR = "waiting", "working", "done", "error"
CANCELLING, CANCELLED = "cancelling", "cancelled"
ENDED = frozenset({DONE, ERROR, CANCELLED})
RESUMABLE = frozenset({"populateview"})
"""Kinds whose details say all that is needed to do them again from the start, and which change
nothing before they `conclude`."""


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


class Statement(Protocol):
    """What runs long, and can be asked and stopped from another thread."""

    def interrupt(self) -> None:
        """Stop it."""

    def progress(self) -> float | None:
        """The percentage that is done, if that is known."""


class Handle:
    """A running job, seen from its own work."""

    def __init__(self, job: Job, save: Callable[[Job], None]) -> None:
        self.job = job
        self.is_suspended = False
        self._save = save
        self._statement: Statement | None = None
        self._cancel = threading.Event()
        self._ended = threading.Event()
        self._on_cancel: Callable[[], None] | None = None

    def on_cancel(self, stop: Callable[[], None] | None) -> None:
        """What to call when somebody cancels: interrupts the statement that runs now."""
        self._on_cancel = stop

    def follow(self, statement: Statement | None) -> None:
        """What runs now: a cancel interrupts it, and its progress is the job's."""
        self._statement = statement
        self.on_cancel(statement.interrupt if statement is not None else None)

    @property
    def progress(self) -> float | None:
        """The percentage of the job that is done, if that is known."""
        statement = self._statement
        with suppress(Exception):  # it has ended meanwhile
            return statement.progress() if statement is not None else None
        return None

    def conclude(self, details: Mapping[str, Any]) -> None:
        """Record that the job is done, in the transaction that is open in this thread: neither is
        ever kept without the other."""
        job = replace(self.job, status=DONE, details={**self.job.details, **details})
        self._save(job)

    def suspend(self) -> None:
        """Stop the work; the job waits for the next start of the server."""
        self.is_suspended = True
        self.cancel()

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
        self._ended = deque(job.id for job in self._jobs.values() if job.status in ENDED)
        self._forget()
        for job in list(self._jobs.values()):
            if job.kind in RESUMABLE and job.status in (WAITING, WORKING):
                self._save(replace(job, status=WAITING, updated_at=now()))
            elif job.status not in ENDED:
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
        ][:LISTED]

    def find(self, job_id: str) -> Job | None:
        """The job of that id."""
        return self._jobs.get(job_id)

    def progress(self, job_id: str) -> float | None:
        """The percentage of a running job that is done, if that is known."""
        handle = self._handles.get(job_id)
        return handle.progress if handle is not None else None

    def suspended(self) -> tuple[Job, ...]:
        """The jobs that wait since the server was stopped, oldest first."""
        jobs = tuple(self._jobs.values())
        return tuple(j for j in jobs if j.status == WAITING and j.id not in self._handles)

    def start(self, kind: str, work: Work, **details: Any) -> Job:
        """Queue work; returns the waiting job at once."""
        return self._enqueue(self._add(kind, WAITING, details), work)

    def resume(self, job: Job, work: Work) -> Job:
        """Queue the work of a suspended job."""
        handle = self._handles[job.id] = Handle(job, self._record)
        return self._enqueue(handle, work)

    def _enqueue(self, handle: Handle, work: Work) -> Job:
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

    def is_running(self, job_id: str) -> bool:
        """Whether that job waits or works."""
        return job_id in self._handles

    @property
    def is_busy(self) -> bool:
        """Whether a job waits or works."""
        return bool(self._handles)

    def close(self) -> None:
        """Cancel or suspend what waits and works, and wait for the thread to end."""
        for job_id, handle in list(self._handles.items()):
            job = self._jobs[job_id]
            if job.is_cancellable and job.kind in RESUMABLE:
                handle.suspend()
            elif job.is_cancellable:
                self.cancel(job_id)
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
        handle = Handle(job, self._record)
        self._handles[job.id] = handle
        self._save(job)
        return handle

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            handle, work = item
            if self._jobs[handle.job.id].status == WAITING and not handle.is_suspended:
                self._do(handle, work)
            handle.end()
            self._handles.pop(handle.job.id, None)

    def _do(self, handle: Handle, work: Work) -> None:
        now = self._now()
        job = self._save(replace(handle.job, status=WORKING, started_at=now, updated_at=now))
        handle.job = job
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
        if handle.is_suspended and status != DONE:
            status, error = WAITING, None
        ended = self._now()
        self._save(replace(job, status=status, error=error, details=details, updated_at=ended))
        self._handles.pop(job.id, None)

    def _record(self, job: Job) -> None:
        self._state.save(KIND, job.id, _to_record(job))

    def _save(self, job: Job) -> Job:
        self._record(job)
        with self._lock:
            was_open = job.id not in self._jobs or self._jobs[job.id].status not in ENDED
            self._jobs[job.id] = job
            if was_open and job.status in ENDED:
                self._ended.append(job.id)
            self._lock.notify_all()
        self._forget()
        return job

    def _forget(self) -> None:
        """Leave no more ended jobs than `REMEMBERED`, nor any that ended longer ago than `KEPT`."""
        since = self._now() - KEPT
        while True:
            with self._lock:
                oldest = self._jobs[self._ended[0]] if self._ended else None
                is_one_over = len(self._ended) > REMEMBERED
                if oldest is None or not (is_one_over or oldest.updated_at < since):
                    return
                self._ended.popleft()
                del self._jobs[oldest.id]
                self._work.pop(oldest.id, None)
            self._state.delete(KIND, oldest.id)


def _to_record(job: Job) -> dict[str, Any]:
    return asdict(job)


def _from_record(record: Mapping[str, Any]) -> Job:
    times = {
        name: datetime.fromisoformat(record[name]) if record[name] else None
        for name in ("created_at", "updated_at", "started_at")
    }
    return Job(**{**record, **times})
