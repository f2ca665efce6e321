"""The quarantine of a data source: every row that was refused, with the columns and the reasons.

`NAME_quarantine` says which columns were refused and why (two arrays of the same length), the
import that brought the row, every original value as the text that was sent, and when. A line that
is no record at all has the error column `$` and stands in its error.
"""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass

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

    @property
    def is_unreadable(self) -> bool:
        """Whether the line is no record at all."""
        return self.columns == [WHOLE_RECORD]


def quarantine_table(
    names: tuple[str, ...],
    rows: list[RefusedRow],
    import_id: str | None = None,
    now: datetime | None = None,
) -> pa.Table:
    """The rows in the quarantine table's columns.

    `names` are the data source's; `now` is in UTC, and the clock's if it is not given.
    """
    import pyarrow as pa

    if not rows:
        return _empty(names)
    now = now or datetime.now(UTC)
    count = len(rows)
    arrays = [
        pa.array([row.columns for row in rows], pa.list_(pa.string())),
        pa.array([row.errors for row in rows], pa.list_(pa.string())),
        pa.array([import_id] * count, pa.string()),
        *(pa.array([row.values.get(name) for row in rows], pa.string()) for name in names),
        pa.array([now.replace(microsecond=0, tzinfo=None)] * count, pa.timestamp("us")),
    ]
    return pa.Table.from_arrays(arrays, schema=_schema(names))


@lru_cache(maxsize=512)
def _schema(names: tuple[str, ...]) -> pa.Schema:
    import pyarrow as pa

    texts = pa.list_(pa.string())
    return pa.schema(
        [
            pa.field("c__error_column", texts),
            pa.field("c__error", texts),
            pa.field("c__import_id", pa.string()),
            *(pa.field(name, pa.string()) for name in names),
            pa.field("insertion_date", pa.timestamp("us")),
        ]
    )


@lru_cache(maxsize=512)
def _empty(names: tuple[str, ...]) -> pa.Table:
    return _schema(names).empty_table()
