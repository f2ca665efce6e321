"""A guess at the schema of a file, before there is a data source for it."""

from __future__ import annotations

import time
from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.routes.imports import file_of, format_of_call


def analyze(call: Call) -> Any:
    """The columns of an uploaded file or of one behind `url`, with types, paths and first rows."""
    from mini_tb.ingest import analyze as guess
    from mini_tb.ingest.files import open_source

    call.access.check("DATASOURCES:CREATE")
    started = time.perf_counter()
    url = call.param("url") or None
    part = None if url else file_of(call)
    body = part.data if part else b"" if url else call.content
    if not url and not body:
        raise UserError.of("IN101", "the body is empty: there is no file in it")
    with open_source(url or body) as stream:
        found = guess.analyze(stream, format_of_call(call, part, url))
    rows = list(found.preview)
    return {
        "analysis": {
            "columns": [
                {
                    "name": column.name,
                    "path": column.path,
                    "recommended_type": column.recommended_type,
                    "present_pct": column.present_pct,
                }
                for column in found.columns
            ],
            "schema": found.schema,
        },
        "preview": {
            "meta": [{"name": c.name, "type": c.recommended_type} for c in found.columns],
            "data": rows,
            "rows": len(rows),
            "statistics": {
                "elapsed": time.perf_counter() - started,
                "rows_read": len(rows),
                "bytes_read": len(body),
            },
        },
    }


ROUTES = [Route("/v0/analyze", analyze, "POST", "url format", limit="upload", body="file")]
