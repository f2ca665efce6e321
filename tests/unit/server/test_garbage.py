"""Full collections of garbage wait for a moment when nobody else does."""

from __future__ import annotations

import asyncio
import gc
import weakref

from mini_tb.server import garbage
from mini_tb.server.garbage import collect_when_idle, patient_collections


class Cycle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


def old_garbage() -> weakref.ref[Cycle]:
    """Garbage that young collections have let pass, and enough of them for a full one."""
    cycle = Cycle()
    found = weakref.ref(cycle)
    for _ in range(garbage.WORTH_IT):
        gc.collect(1)
    assert gc.get_count()[2] >= garbage.WORTH_IT
    return found


def test_garbage_is_collected_once_no_request_runs(monkeypatch) -> None:
    monkeypatch.setattr(garbage, "IDLE_CHECK_S", 0)
    asked = []

    async def run() -> None:
        found = old_garbage()
        idle = asyncio.Event()

        def is_idle() -> bool:
            asked.append(found() is not None)
            return idle.is_set()

        task = asyncio.create_task(collect_when_idle(is_idle))
        while len(asked) < 3:
            await asyncio.sleep(0)
        assert all(asked), "collected beside a request"
        idle.set()
        while found() is not None:
            await asyncio.sleep(0)
        task.cancel()

    with patient_collections():
        asyncio.run(asyncio.wait_for(run(), 10))


def test_thresholds_come_back() -> None:
    before = gc.get_threshold()
    with patient_collections():
        assert gc.get_threshold() == (*before[:2], garbage.AT_LATEST)
    assert gc.get_threshold() == before
