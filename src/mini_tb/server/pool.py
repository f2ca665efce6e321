"""Bounded thread pools: blocking work runs here, never on the event loop.

Reading, writing and administration have a pool each, so that slow queries cannot keep events or
deployments waiting. When too much waits for a pool, a request is refused at once (503). Where there
are not cores enough for all, threads that read give way to the others (on Linux).
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mini_tb.diagnostics import MiniTbError

T = TypeVar("T")


class Overloaded(MiniTbError):
    """Too many requests wait already; `retry_after_s` seconds later there may be room."""

    status = 503
    retry_after_s = 1


READ_NICENESS = 10
"""What is added to the niceness of threads that read. Measured with 1,000 events a second beside 16
readers on two cores: events wait half as long, readers give one answer less in ten."""


def give_way() -> None:
    """Let this thread, for good, have less of the machine than others when it is short."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        own = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, own + READ_NICENESS)


class Pool:
    """`threads` threads, and room for `room` requests that wait for them. With `yields`
    they give way to others."""

    def __init__(self, name: str, threads: int, room: int, *, yields: bool = False) -> None:
        self._executor = ThreadPoolExecutor(
            threads, f"mini-tb-{name}", initializer=give_way if yields else None
        )
        self._limit = threads + room
        self._running = 0

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run `work` in a thread. Raises `Overloaded` if the pool is full. Call it on the loop."""
        if self._running >= self._limit:
            raise Overloaded("the server is overloaded, try again")
        self._running += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        future.add_done_callback(self._ended)
        return future

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs or waits."""
        return not self._running

    def close(self) -> None:
        """Let what runs come to its end; what waits is dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _ended(self, _: object) -> None:
        self._running -= 1


class Pools:
    """The pools of one server."""

    def __init__(self) -> None:
        self.reads = Pool("read", 16, 512, yields=True)
        self.writes = Pool("write", 8, 2048)
        self.work = Pool("work", 8, 128)
        # What goes on with an answer holds a reader already: it must not queue behind those that
        # wait for one.
        self.streams = Pool("stream", 16, 512, yields=True)
        self._all = (self.reads, self.writes, self.work, self.streams)

    def are_idle(self) -> bool:
        """Whether no request is worked on."""
        return all(pool.is_idle for pool in self._all)

    def close(self) -> None:
        """Close them all."""
        for pool in self._all:
            pool.close()
