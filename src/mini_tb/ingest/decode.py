"""A body of any accepted format → the rows to store and the rows for quarantine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mini_tb.ingest.exact import exact_rows
from mini_tb.ingest.intake import Decoded, Intake, intake_of
from mini_tb.ingest.quarantine import quarantine_table

if TYPE_CHECKING:
    from mini_tb.project import Datasource


def ingest_ndjson(
    body: bytes,
    datasource: Datasource,
    *,
    import_id: str | None = None,
    now: datetime | None = None,
) -> Decoded:
    """Decode newline-delimited JSON. `now` (UTC) dates the quarantined rows."""
    intake = intake_of(datasource)
    lines = ((i, line) for i, line in enumerate(body.split(b"\n")) if line.strip())
    rows = exact_rows(intake, lines)
    good, defaulted = rows.arrow()
    import pyarrow as pa

    return Decoded(
        good,
        quarantine_table(intake.names, rows.refused, import_id, now or datetime.now(UTC)),
        {name: pa.chunked_array([mask]) for name, mask in defaulted.items()},
    )


__all__ = ["Decoded", "Intake", "ingest_ndjson"]
