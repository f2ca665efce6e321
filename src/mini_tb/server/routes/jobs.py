"""Jobs: what runs or ran in the background."""

from __future__ import annotations

from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.server import resources
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.workspace.jobs import Job


def list_jobs(call: Call) -> Any:
    """The newest jobs, of a kind or in a status if asked."""
    call.access.check("ADMIN")
    found = call.workspace.jobs.list(
        kind=call.param("kind") or None, status=call.param("status") or None
    )
    return {"jobs": [_object(call, job) for job in found]}


def get_job(call: Call) -> Any:
    """One job, with its blocks. Knowing a job's id is enough to ask for it: whoever started it
    does, whatever token it was."""
    job_id = call.path("id")
    found = call.workspace.jobs.find(job_id)
    if found is None:
        raise UserError.of("RT101", f"there is no job `{job_id}`", status=404)
    return _object(call, found)


def _object(call: Call, job: Job) -> dict[str, Any]:
    return resources.job(job, call.workspace.jobs.progress(job.id))


def cancel_job(call: Call) -> Any:
    """Stop a job that waits or works."""
    call.access.check("ADMIN")
    return resources.job(call.workspace.jobs.cancel(call.path("id")))


def retry_job(call: Call) -> Any:
    """Do an ended job's work again, as a new job."""
    call.access.check("ADMIN")
    return resources.job(call.workspace.jobs.retry(call.path("id")))


ROUTES = [
    Route("/v0/jobs", list_jobs, params="kind status"),
    Route("/v0/jobs/{id}", get_job),
    Route("/v0/jobs/{id}/cancel", cancel_job, "POST"),
    Route("/v0/jobs/{id}/retry", retry_job, "POST"),
]
