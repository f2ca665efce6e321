"""What became of a body: the rows to store, in the order they were sent, and those for quarantine.

Rows that were read whole columns at a time are Arrow already. Rows that were read one by one stay
Python values until somebody asks: the writer joins those of many small requests first (`join`),
because making Arrow of one row costs as much as of a hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.quarantine import quarantine_table

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.ingest.intake import Intake


class Decoded:
    """The answer of every decoder.

    `plain` are the rows that came as Arrow, `numbers` their numbers in the body (None if `exact`
    has no good row), `plain_defaulted` the masks of those that take a column's DEFAULT; `exact` has
    the other rows.
    """

    def __init__(
        self,
        exact: ExactRows,
        plain: pa.Table | None = None,
        numbers: pa.Array | None = None,
        plain_defaulted: Mapping[str, pa.ChunkedArray] | None = None,
        *,
        import_id: str | None = None,
        now: datetime | None = None,
    ) -> None:
        self.exact = exact
        self.plain = plain
        self.numbers = numbers
        self.plain_defaulted = plain_defaulted or {}
        self.import_id = import_id
        self.now = now

    @property
    def intake(self) -> Intake:
        """The columns it was decoded for."""
        return self.exact.intake

    @property
    def successful_rows(self) -> int:
        """Rows that are stored."""
        return len(self.exact.numbers) + (self.plain.num_rows if self.plain is not None else 0)

    @property
    def quarantined_rows(self) -> int:
        """Rows that go to quarantine."""
        return len(self.exact.refused)

    @property
    def weight(self) -> int:
        """Bytes of memory it takes, roughly."""
        plain = int(self.plain.nbytes) if self.plain is not None else 0
        return plain + self.exact.weight

    @property
    def good(self) -> pa.Table:
        """The rows to store: the data source's columns in order, in types that DuckDB casts to its
        storage types. NULL where the DEFAULT is to be computed (`defaulted`)."""
        return self._good[0]

    @property
    def defaulted(self) -> Mapping[str, pa.ChunkedArray]:
        """The columns in which some rows take the DEFAULT expression, with a mask of the rows."""
        return self._good[1]

    def worked_out(self) -> Decoded:
        """This, with its good rows put together now, by the thread that asks, not by who reads
        them first."""
        _ = self._good
        return self

    @cached_property
    def quarantine(self) -> pa.Table:
        """The rows for quarantine, in the columns of the quarantine table."""
        refused = sorted(self.exact.refused, key=lambda row: row.row)
        return quarantine_table(self.intake.names, refused, self.import_id, self.now)

    @cached_property
    def _good(self) -> tuple[pa.Table, Mapping[str, pa.ChunkedArray]]:
        import pyarrow as pa

        if self.plain is None:
            return self.exact.arrow()
        if not self.exact.numbers or self.numbers is None:
            return self.plain, self.plain_defaulted
        table, defaulted = stack([(self.plain, self.plain_defaulted), self.exact.arrow()])
        numbers = [self.numbers.cast(pa.uint64()), pa.array(self.exact.numbers, pa.uint64())]
        order = pa.compute.array_sort_indices(pa.concat_arrays(numbers))
        return table.take(order), {name: mask.take(order) for name, mask in defaulted.items()}


Part = tuple["pa.Table", Mapping[str, "pa.ChunkedArray"]]


def stack(parts: list[Part]) -> Part:
    """Rows with their masks, one part after the other."""
    import pyarrow as pa

    if len(parts) == 1:
        return parts[0]
    names = {name for _, defaulted in parts for name in defaulted}
    masks = {}
    for name in names:
        chunks: list[pa.Array] = []
        for table, defaulted in parts:
            mask = defaulted.get(name)
            chunks += mask.chunks if mask is not None else [_no(table.num_rows)]
        masks[name] = pa.chunked_array(chunks, pa.bool_())
    return pa.concat_tables([table for table, _ in parts]), masks


def _no(count: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(False), count)


def in_a_row(parts: Iterable[Decoded], pieces: Iterable[bytes]) -> Decoded:
    """The pieces of one body as a whole, of what each became. There is at least one."""
    refused: ExactRows | None = None
    stored: list[Part] = []
    before: list[bytes] = []
    lines = 0
    for part, piece in zip(parts, pieces, strict=True):
        refused = refused or ExactRows(part.intake)
        if part.exact.refused:
            lines += sum(earlier.count(b"\n") for earlier in before)
            before.clear()
        refused.extend_refused(part.exact, lines)
        stored.append((part.good, part.defaulted))
        before.append(piece)
    assert refused is not None
    table, masks = stack(stored)
    return Decoded(refused, table, None, masks)


def join(decoded: Iterable[Decoded]) -> Part:
    """The rows to store of several bodies for the same columns, in order."""
    parts: list[Part] = []
    for is_small, run in groupby(decoded, lambda d: d.plain is None):
        if is_small:
            together: ExactRows | None = None
            for each in run:
                together = ExactRows(each.intake) if together is None else together
                together.extend(each.exact)
            if together is not None:
                parts.append(together.arrow())
        else:
            parts += [(each.good, each.defaulted) for each in run]
    return stack(parts)
