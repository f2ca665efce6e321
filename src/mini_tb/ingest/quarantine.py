"""The quarantine of a data source: every row that was refused, with the columns and the reasons.

`NAME_quarantine` says which columns were refused and why (two arrays of the same length), the
import that brought the row, every original value as the text that was sent, and when. A line that
is no record at all has the error column `$` and stands in its error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE_RECORD = "$"
"""The error column of a line that is no record."""


@dataclass(slots=True)
class RefusedRow:
    """One row for quarantine: its number in the body, the complaints, the values as text."""

    row: int
    columns: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    values: dict[str, str | None] = field(default_factory=dict)


def quarantine_table(
    names: tuple[str, ...], rows: list[RefusedRow], import_id: str | None, now: datetime
) -> pa.Table:
    """The rows in the quarantine table's columns. `names` are the data source's; `now` is UTC."""
    import pyarrow as pa

    count = len(rows)
    arrays = [
        pa.array([row.columns for row in rows], pa.list_(pa.string())),
        pa.array([row.errors for row in rows], pa.list_(pa.string())),
        pa.array([import_id] * count, pa.string()),
        *(pa.array([row.values.get(name) for row in rows], pa.string()) for name in names),
        pa.array([now.replace(microsecond=0, tzinfo=None)] * count, pa.timestamp("us")),
    ]
    return pa.Table.from_arrays(
        arrays, names=["c__error_column", "c__error", "c__import_id", *names, "insertion_date"]
    )
