"""Idle connections: the last one first, waiting for one, and none lost or given twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mini_tb.engine.duckdb.idle import Idle


def test_the_last_one_goes_first() -> None:
    idle: Idle[str] = Idle()
    idle.put("a")
    idle.put("b")
    assert len(idle) == 2
    assert [idle.at_once(), idle.take(1.0), idle.at_once()] == ["b", "a", None]


def test_none_comes() -> None:
    with pytest.raises(TimeoutError):
        Idle[str]().take(0.01)


def test_many_threads_share_a_few() -> None:
    idle: Idle[int] = Idle()
    held: list[int] = []
    for item in range(2):
        idle.put(item)

    def use(_: int) -> None:
        item = idle.take(60.0)
        assert item not in held
        held.append(item)
        held.remove(item)
        idle.put(item)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(20_000)))
    assert {idle.at_once(), idle.at_once(), idle.at_once()} == {0, 1, None}
