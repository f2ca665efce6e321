"""Requests that ask the same at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mini_tb.server.flight import Flights, may_share
from mini_tb.server.reply import Stream, Written
from mini_tb.sql import Tables, compile_query

OTHERS = 3


class Key:
    """Equal to all of its kind; tells when somebody has found another there."""

    def __init__(self, found: threading.Semaphore) -> None:
        self._found = found

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        self._found.release()
        return True


def answer(text: bytes) -> Stream:
    return Stream(iter((text,)), "text/plain", lambda: None, {"X-Ran": "once"})


def sent(stream: Stream) -> bytes:
    """The answer's bytes, as a request ends that sends them."""
    content = b"".join(stream.pieces)
    if stream.keep is not None:
        stream.keep(Written(content, stream.content_type, stream.headers))
    stream.close()
    return content


def test_who_asks_the_same_meanwhile_gets_the_same_answer() -> None:
    flights = Flights()
    started, going_on = threading.Event(), threading.Event()
    found = threading.Semaphore(0)

    def slow() -> Stream:
        started.set()
        assert going_on.wait(10)
        return answer(b"shared")

    def other() -> Stream:
        raise AssertionError("it was asked again")

    with ThreadPoolExecutor(OTHERS + 1) as threads:
        first = threads.submit(lambda: sent(flights.share(Key(found), slow)))
        assert started.wait(10)
        others = [threads.submit(flights.share, Key(found), other) for _ in range(OTHERS)]
        for _ in others:
            assert found.acquire(timeout=10)
        going_on.set()
        assert first.result() == b"shared"
        for each in others:
            assert each.result().headers == {"X-Ran": "once"}
            assert sent(each.result()) == b"shared"
    assert sent(flights.share("key", lambda: answer(b"later"))) == b"later"
    assert sent(flights.share("key", lambda: answer(b"anew"))) == b"anew"


def test_what_fails_for_one_is_tried_by_each_of_the_others() -> None:
    flights = Flights()
    started, failing = threading.Event(), threading.Event()
    found = threading.Semaphore(0)

    def fail() -> Stream:
        started.set()
        assert failing.wait(10)
        raise ValueError("gone")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(flights.share, Key(found), fail)
        assert started.wait(10)
        other = threads.submit(lambda: sent(flights.share(Key(found), lambda: answer(b"own"))))
        assert found.acquire(timeout=10)
        failing.set()
        with pytest.raises(ValueError, match="gone"):
            first.result()
        assert other.result() == b"own"


def test_a_large_answer_is_not_shared_and_nobody_waits_for_its_end() -> None:
    flights = Flights()
    large = flights.share("key", lambda: answer(b"a piece"))
    assert large.keep is not None
    large.keep(None)
    assert sent(flights.share("key", lambda: answer(b"own"))) == b"own"
    large.close()


def test_the_end_of_one_does_not_end_the_next() -> None:
    flights = Flights()
    found = threading.Semaphore(0)
    first = flights.share(Key(found), lambda: answer(b"first"))
    assert first.keep is not None
    first.keep(Written(b"first", "text/plain", {}))
    second = flights.share(Key(found), lambda: answer(b"second"))
    first.close()
    with ThreadPoolExecutor(1) as threads:
        third = threads.submit(lambda: sent(flights.share(Key(found), lambda: answer(b"third"))))
        assert found.acquire(timeout=10)
        assert sent(second) == b"second"
        assert third.result() == b"second"


@pytest.mark.parametrize(
    ("query", "is_shared"),
    [
        ("SELECT 1", True),
        ("SELECT now()", False),
        ("SELECT today()", False),
        ("SELECT rand()", False),
        ("SELECT generateUUIDv4()", False),
        ("SELECT * FROM generateRandom('a UInt8') LIMIT 1", False),
    ],
)
def test_what_depends_on_time_or_chance_is_run_for_each(query: str, is_shared: bool) -> None:
    assert may_share(compile_query(query, Tables({}))) is is_shared
