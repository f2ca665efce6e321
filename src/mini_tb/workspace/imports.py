"""Files into data sources, as jobs that have ended when the caller gets them.

A file is read and written batch by batch in one transaction: all of it is there, or nothing. In
`replace` the rows go that a condition names (or all), and what is materialised from the data source
is made anew, in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import MiniTbError, UserError

if TYPE_CHECKING:
    from mini_tb.workspace.jobs import Handle, Job
    from mini_tb.workspace.workspace import Workspace

APPEND, REPLACE = "append", "replace"


def import_file(
    workspace: Workspace,
    name: str,
    source: bytes | str,
    *,
    format: str,
    mode: str = APPEND,
    condition: str | None = None,
    options: Mapping[str, str] | None = None,
) -> Job:
    """Import a body, or what is behind an http(s) address. The job's details tell the rows that
    were stored and quarantined.

    Raises `UserError` for a file that cannot be read, and RT301 for a mode that does not exist; the
    failed job is recorded, too.
    """
    if mode not in (APPEND, REPLACE):
        raise UserError.of("RT301", f"`{mode}` is no mode of an import: `append` or `replace`")
    target = workspace.datasource(name)
    failure: list[MiniTbError] = []

    def work(handle: Handle) -> dict[str, Any]:
        try:
            return _write(workspace, handle, target.name, source, format, mode, condition, options)
        except MiniTbError as error:
            failure.append(error)
            raise

    job = workspace.jobs.run(
        "import",
        work,
        mode=mode,
        format=format,
        url=source if isinstance(source, str) else None,
        datasource={"id": workspace.resource_id("datasource", name), "name": target.name},
    )
    if failure:
        raise failure[0]
    return job


def _write(
    workspace: Workspace,
    handle: Handle,
    name: str,
    source: bytes | str,
    format: str,
    mode: str,
    condition: str | None,
    options: Mapping[str, str] | None,
) -> dict[str, Any]:
    from mini_tb.ingest.files import decode_stream, open_source
    from mini_tb.ingest.writer import write_decoded

    target, import_id = workspace.datasource(name), handle.job.id
    blocks: list[dict[str, Any]] = []
    good = bad = 0
    with open_source(source) as stream, workspace.landing() as landing:
        if mode == REPLACE:
            landing.remove(target, condition)
        for decoded in decode_stream(
            stream, target, format, options=options, import_id=import_id, now=workspace.now()
        ):
            handle.check()
            write_decoded(landing, target, [decoded])
            good += decoded.successful_rows
            bad += decoded.quarantined_rows
            blocks.append(_block(decoded.successful_rows, decoded.quarantined_rows))
        if mode == REPLACE:
            landing.refill(name)
    return {
        "import_id": import_id,
        "successful_rows": good,
        "quarantined_rows": bad,
        "statistics": {
            "bytes": len(source) if isinstance(source, bytes) else 0,
            "row_count": good,
        },
        "blocks": blocks,
    }


def _block(good: int, bad: int) -> dict[str, Any]:
    return {
        "block_id": str(uuid.uuid4()),
        "process_return": [{"lines": good + bad, "quarantine": bad, "invalid_lines": 0}],
        "processing_time": 0,
    }
