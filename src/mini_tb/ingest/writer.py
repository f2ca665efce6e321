"""The one writer of a workspace: many requests, one commit, and each gets its own answer.

Requests decode their bodies themselves, in their own threads. The writer takes everything that
waits as one batch: the rows of all requests to a data source become one block, all blocks and their
materialized views go into one transaction, and when it is committed each request is answered. So
an answer means that the rows are on disk. When a batch fails, its requests are written again one by
one: only the ones that are at fault fail.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import MiniTbError
from mini_tb.ingest.block import Block, block_of
from mini_tb.ingest.decoded import Decoded

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.project import Datasource


class Busy(MiniTbError):
    """The queue is full, or the writer is closing: try again after `retry_after_s` seconds."""

    def __init__(self, message: str, *, status: int, retry_after_s: int) -> None:
        self.status = status
        self.retry_after_s = retry_after_s
        super().__init__(message)


class Landing(Protocol):
    """One transaction of the store, as the writer sees it."""

    def append(self, block: Block) -> None:
        """Store a block's rows (an engine Null stores none) and run what is materialized from
        them, in cascade."""
        ...

    def quarantine(self, datasource: Datasource, rows: pa.Table) -> None:
        """Add rows to the quarantine table of a data source."""
        ...


class Store(Protocol):
    """What the writer needs of a workspace."""

    def landing(self) -> AbstractContextManager[Landing]:
        """A transaction: committed to disk at the end, rolled back on an exception."""
        ...


@dataclass(frozen=True, slots=True)
class Appended:
    """The answer to one request: what was stored, what went to quarantine."""

    successful_rows: int
    quarantined_rows: int
    import_id: str | None = None


@dataclass(slots=True)
class _Request:
    datasource: Datasource
    decoded: Decoded
    weight: int
    answer: Future[Appended]
    import_id: str | None


class Writer:
    """Start it with `Writer(store)`; `append` waits for the commit, `submit` gives a Future.

    At most `max_waiting` requests and `max_bytes` of decoded rows wait; the next one is refused
    with `Busy` (429). `close` writes what waits and refuses the rest (503).
    """

    def __init__(
        self,
        store: Store,
        *,
        max_waiting: int = 1024,
        max_bytes: int = 256 << 20,
        max_batch_rows: int = 1_000_000,
    ) -> None:
        self._store = store
        self._max_waiting = max_waiting
        self._max_bytes = max_bytes
        self._max_batch_rows = max_batch_rows
        self._waiting: deque[_Request] = deque()
        self._bytes = 0
        self._closed = False
        self._wake = threading.Condition()
        self.batches = 0
        """How many batches were committed."""
        self._thread = threading.Thread(target=self._run, name="mini-tb-writer", daemon=True)
        self._thread.start()

    def append(
        self, datasource: Datasource, decoded: Decoded, *, import_id: str | None = None
    ) -> Appended:
        """Write the rows; returns when they are committed. Raises `Busy`, `EngineError`."""
        return self.submit(datasource, decoded, import_id=import_id).result()

    def submit(
        self, datasource: Datasource, decoded: Decoded, *, import_id: str | None = None
    ) -> Future[Appended]:
        """Queue the rows; the future is done when they are committed. Raises `Busy`."""
        weight = decoded.weight
        answer: Future[Appended] = Future()
        if not decoded.successful_rows and not decoded.quarantined_rows:
            answer.set_result(Appended(0, 0, import_id))
            return answer
        request = _Request(datasource, decoded, weight, answer, import_id)
        with self._wake:
            if self._closed:
                raise Busy("the server is shutting down", status=503, retry_after_s=5)
            # A request heavier than the limit may still go alone.
            full = self._bytes + weight > self._max_bytes and self._waiting
            if full or len(self._waiting) >= self._max_waiting:
                raise Busy("too many rows wait to be written", status=429, retry_after_s=1)
            self._waiting.append(request)
            self._bytes += weight
            self._wake.notify()
        return answer

    @property
    def waiting(self) -> int:
        """How many requests wait to be written."""
        return len(self._waiting)

    def close(self, timeout_s: float | None = None) -> None:
        """Write what waits, then stop. Further requests are refused."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if not self._waiting:
                    return
                batch = self._take()
            self._write(batch)

    def _take(self) -> list[_Request]:
        batch: list[_Request] = []
        rows = 0
        while self._waiting:
            request = self._waiting[0]
            rows += request.decoded.successful_rows
            if batch and rows > self._max_batch_rows:
                break
            batch.append(self._waiting.popleft())
            self._bytes -= request.weight
        return batch

    def _write(self, batch: Sequence[_Request]) -> None:
        try:
            self._commit(batch)
        except Exception as error:  # whatever it is, the requests get it and the writer goes on
            if len(batch) > 1:
                for request in batch:
                    self._write([request])
            else:
                batch[0].answer.set_exception(error)
            return
        self.batches += 1
        for request in batch:
            decoded = request.decoded
            answer = Appended(decoded.successful_rows, decoded.quarantined_rows, request.import_id)
            request.answer.set_result(answer)

    def _commit(self, batch: Sequence[_Request]) -> None:
        by_datasource: dict[int, list[_Request]] = {}
        for request in batch:
            by_datasource.setdefault(id(request.datasource), []).append(request)
        with self._store.landing() as landing:
            for requests in by_datasource.values():
                write_decoded(landing, requests[0].datasource, [r.decoded for r in requests])


def write_decoded(landing: Landing, datasource: Datasource, decoded: Sequence[Decoded]) -> None:
    """Put decoded rows into an open transaction: the good ones as one block, the bad ones too."""
    import pyarrow as pa

    good = [part for part in decoded if part.successful_rows]
    bad = [part.quarantine for part in decoded if part.quarantined_rows]
    if good:
        landing.append(block_of(datasource, good))
    if bad:
        landing.quarantine(datasource, pa.concat_tables(bad))
