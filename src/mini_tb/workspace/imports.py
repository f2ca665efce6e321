"""Files into data sources, as jobs that have ended when the caller gets them.

A file is decoded batch by batch into a table that nobody knows yet, beside everything else: an
import of any size takes little memory and makes nobody wait. Then one transaction moves the rows:
all are there, or nothing. In `replace` the rows go that satisfy a condition (or all), only such
rows come, and what is materialised from the data source is made anew, in the same transaction. An
append of one batch skips the staging.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

from mini_tb.diagnostics import MiniTbError, UserError
from mini_tb.engine.duckdb.table import BUILDING, quarantine_of
from mini_tb.sql.clock import binds_now
from mini_tb.types.duckdb import quote_identifier as quote
from mini_tb.workspace.landing import row_condition

if TYPE_CHECKING:
    from mini_tb.ingest.decoded import Decoded
    from mini_tb.project import Datasource
    from mini_tb.workspace.jobs import Handle, Job
    from mini_tb.workspace.workspace import Workspace

APPEND, REPLACE = "append", "replace"


def import_file(
    workspace: Workspace,
    name: str,
    source: bytes | str | BinaryIO,
    *,
    format: str,
    mode: str = APPEND,
    condition: str | None = None,
    options: Mapping[str, str] | None = None,
) -> Job:
    """Import a body, an open file, or what is behind an http(s) address. The job's details tell
    the rows that were stored and quarantined.

    Raises `UserError` for a file that cannot be read, and RT301 for a mode that does not exist; the
    failed job is recorded, too.
    """
    if mode not in (APPEND, REPLACE):
        raise UserError.of("RT301", f"`{mode}` is no mode of an import: `append` or `replace`")
    target = workspace.datasource(name)
    failure: list[MiniTbError] = []

    def work(handle: Handle) -> dict[str, Any]:
        event = {"job_id": handle.job.id, "import_id": handle.job.id}
        try:
            done = _write(workspace, handle, target.name, source, format, mode, condition, options)
        except MiniTbError as error:
            failure.append(error)
            workspace.service.operation(
                mode, target.name, result="error", error=str(error), **event
            )
            raise
        good, bad = done["successful_rows"], done["quarantined_rows"]
        event |= {"rows": good, "rows_quarantine": bad, "written_rows": good}
        workspace.service.operation(mode, target.name, **event)
        return done

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
    source: bytes | str | BinaryIO,
    format: str,
    mode: str,
    condition: str | None,
    options: Mapping[str, str] | None,
) -> dict[str, Any]:
    from mini_tb.ingest.files import decode_stream, open_source
    from mini_tb.ingest.writer import write_decoded

    target, import_id = workspace.datasource(name), handle.job.id
    if condition is not None:
        row_condition(target, condition)  # says what is wrong with it before anything is read
    with open_source(source) as stream:
        batches = decode_stream(
            stream, target, format, options=options, import_id=import_id, now=workspace.now()
        )
        first, second = next(batches), next(batches, None)
        if mode == APPEND and second is None:
            with workspace.landing() as landing:
                write_decoded(landing, target, [first])
            counts = [(first.successful_rows, first.quarantined_rows)]
        else:
            parts = chain((first,), () if second is None else (second,), batches)
            counts = _write_staged(workspace, handle, target, parts, mode, condition)
    good, bad = sum(good for good, _ in counts), sum(bad for _, bad in counts)
    return {
        "import_id": import_id,
        "successful_rows": good,
        "quarantined_rows": bad,
        "statistics": {
            "bytes": _size(source),
            "row_count": good,
        },
        "blocks": [_block(good, bad) for good, bad in counts],
    }


def _size(source: bytes | str | BinaryIO) -> int:
    if isinstance(source, bytes):
        return len(source)
    return 0 if isinstance(source, str) else os.fstat(source.fileno()).st_size


def _write_staged(
    workspace: Workspace,
    handle: Handle,
    target: Datasource,
    batches: Iterator[Decoded],
    mode: str,
    condition: str | None,
) -> list[tuple[int, int]]:
    """The rows stored and quarantined, batch by batch."""
    from mini_tb.ingest.block import block_of

    refused = quarantine_of(target)
    staged = f"{BUILDING}{target.name} {handle.job.id}"
    staged_refused = f"{BUILDING}{refused.name} {handle.job.id}"
    counts = []
    try:
        with workspace.engine.background() as tx:
            handle.follow(tx)
            tx.create_table(staged, target)
            tx.create_table(staged_refused, refused)
            for batch in batches:
                handle.check()
                if batch.successful_rows:
                    block = block_of(target, [batch])
                    with tx.incoming(block.rows) as relation:
                        query = block.query(relation)
                        now = {"now": workspace.now()} if binds_now(query) else None
                        tx.execute(f"INSERT INTO {quote(staged)} {query}", now)
                if batch.quarantined_rows:
                    tx.insert_arrow(staged_refused, batch.quarantine)
                counts.append((batch.successful_rows, batch.quarantined_rows))
            handle.follow(None)
        handle.check()
        with workspace.landing() as landing:
            current = landing.current(target)
            rows = f"SELECT * FROM {quote(staged)}"
            if mode == APPEND:
                landing.insert(current, rows)
            else:
                landing.replace(current, rows, condition)
            if any(bad for _, bad in counts):
                landing.insert_refused(current, f"SELECT * FROM {quote(staged_refused)}")
    finally:
        with workspace.engine.transaction() as tx:
            tx.drop_table(staged)
            tx.drop_table(staged_refused)
    return counts


def _block(good: int, bad: int) -> dict[str, Any]:
    return {
        "block_id": str(uuid.uuid4()),
        "process_return": [{"lines": good + bad, "quarantine": bad, "invalid_lines": 0}],
        "processing_time": 0,
    }
