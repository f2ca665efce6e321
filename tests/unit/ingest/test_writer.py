"""The writer: batches, answers, failures that stay with their request, limits, closing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest

from mini_tb.ingest.block import Block
from mini_tb.ingest.decode import decode_json
from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.writer import Busy, Writer
from mini_tb.project import Column, Datasource
from mini_tb.types import INT64

EVENTS = Datasource("events", (Column("a", INT64, "$.a"),))
OTHER = Datasource("other", (Column("a", INT64, "$.a"),))


class MemoryStore:
    """A store that keeps committed rows in a list; `gate` holds a commit back."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int]] = []
        self.refused: list[str] = []
        self.commits = 0
        self.gate = threading.Event()
        self.gate.set()
        self.poison: int | None = None

    @contextmanager
    def landing(self) -> Iterator[MemoryStore]:
        self.gate.wait()
        kept, self.pending = list(self.rows), []
        self.pending_refused: list[str] = []
        try:
            yield self
        except BaseException:
            self.rows = kept
            raise
        self.rows += self.pending
        self.refused += self.pending_refused
        self.commits += 1

    def append(self, block: Block) -> None:
        values = block.rows["a"].to_pylist()
        if self.poison in values:
            raise RuntimeError("poison")
        self.pending += [(block.datasource.name, value) for value in values]

    def quarantine(self, datasource: Datasource, rows: pa.Table) -> None:
        self.pending_refused += [datasource.name] * rows.num_rows


def decoded(*values: object, source: Datasource = EVENTS) -> Decoded:
    import json

    return decode_json("\n".join(json.dumps({"a": v}) for v in values).encode(), source)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def writer(store: MemoryStore) -> Iterator[Writer]:
    made = Writer(store)
    yield made
    store.gate.set()
    made.close()


def test_an_answer_means_committed(store: MemoryStore, writer: Writer) -> None:
    answer = writer.append(EVENTS, decoded(1, "x", 2), import_id="i")
    assert (answer.successful_rows, answer.quarantined_rows, answer.import_id) == (2, 1, "i")
    assert store.rows == [("events", 1), ("events", 2)]
    assert store.refused == ["events"]


def hold(store: MemoryStore, writer: Writer) -> Any:
    """Make the writer busy with one request, so that the next ones wait together."""
    store.gate.clear()
    first = writer.submit(EVENTS, decoded(0))
    while writer.waiting:
        pass
    return first


def test_all_that_waits_is_one_commit(store: MemoryStore, writer: Writer) -> None:
    first = hold(store, writer)
    futures = [writer.submit(EVENTS, decoded(i, "bad")) for i in range(1, 20)]
    futures.append(writer.submit(OTHER, decoded(99, source=OTHER)))
    store.gate.set()
    answers = [future.result(timeout=10) for future in futures]
    assert first.result().successful_rows == 1
    assert {(a.successful_rows, a.quarantined_rows) for a in answers[:-1]} == {(1, 1)}
    assert store.commits == 2
    assert [value for name, value in store.rows if name == "events"] == list(range(20))
    assert store.rows[-1] == ("other", 99)


def test_a_request_at_fault_fails_alone(store: MemoryStore, writer: Writer) -> None:
    hold(store, writer)
    store.poison = 7
    futures = [writer.submit(EVENTS, decoded(i)) for i in range(5, 10)]
    store.gate.set()
    failed = [i for i, future in zip(range(5, 10), futures, strict=True) if future.exception(10)]
    assert failed == [7]
    assert sorted(value for _, value in store.rows) == [0, 5, 6, 8, 9]
    store.poison = None
    assert writer.append(EVENTS, decoded(7)).successful_rows == 1


def test_a_full_queue_refuses(store: MemoryStore) -> None:
    writer = Writer(store, max_waiting=2)
    hold(store, writer)
    kept = [writer.submit(EVENTS, decoded(i)) for i in (1, 2)]
    with pytest.raises(Busy) as error:
        writer.submit(EVENTS, decoded(3))
    assert (error.value.status, error.value.retry_after_s) == (429, 1)
    store.gate.set()
    assert [future.result(10).successful_rows for future in kept] == [1, 1]
    writer.close()


def test_bytes_that_wait_are_bounded(store: MemoryStore) -> None:
    writer = Writer(store, max_bytes=1)
    hold(store, writer)
    kept = writer.submit(EVENTS, decoded(1))  # heavier than the limit, but it waits alone
    with pytest.raises(Busy):
        writer.submit(EVENTS, decoded(2))
    store.gate.set()
    assert kept.result(10).successful_rows == 1
    writer.close()


def test_closing_writes_what_waits_and_refuses_the_rest(store: MemoryStore) -> None:
    writer = Writer(store)
    hold(store, writer)
    kept = [writer.submit(EVENTS, decoded(i)) for i in (1, 2, 3)]
    store.gate.set()
    writer.close()
    assert [future.result(0).successful_rows for future in kept] == [1, 1, 1]
    with pytest.raises(Busy) as error:
        writer.submit(EVENTS, decoded(4))
    assert error.value.status == 503


def test_a_large_batch_is_cut(store: MemoryStore) -> None:
    writer = Writer(store, max_batch_rows=3)
    hold(store, writer)
    futures = [writer.submit(EVENTS, decoded(i, i + 1)) for i in range(4)]
    store.gate.set()
    assert [future.result(10).successful_rows for future in futures] == [2] * 4
    assert store.commits == 5
    writer.close()
