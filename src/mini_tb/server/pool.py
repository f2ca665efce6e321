"""Bounded thread pools: blocking work runs here, never on the event loop.

Reading, writing and administration have a pool each, so that slow queries cannot keep events or
deployments waiting. When too much waits for a pool, a request is refused at once (503). Where there
are not cores enough for all, threads that read give way to the others (on Linux).

A request goes to a thread and back in 50 µs; by an executor of `concurrent.futures`, for whose
futures threads can wait, too, it takes 150.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

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
        with suppress(OSError):  # where a sandbox forbids it, all threads are alike
            own = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, own + READ_NICENESS)


class Pool:
    """`threads` threads at most, made when they are needed, and room for `room` requests that wait
    for them. With `yields` they give way to others. All but `close` belongs on the loop."""

    def __init__(self, name: str, threads: int, room: int, *, yields: bool = False) -> None:
        self._name, self._yields = name, yields
        self._most, self._limit = threads, threads + room
        self._threads: list[threading.Thread] = []
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._running = 0

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run `work` in a thread. Raises `Overloaded` if the pool is full."""
        if self._running >= self._limit:
            raise Overloaded("the server is overloaded, try again")
        if len(self._threads) <= self._running and len(self._threads) < self._most:
            name = f"mini-tb-{self._name}_{len(self._threads)}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        self._running += 1
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(self._ended)
        self._work.put((work, loop, future))
        return future

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs or waits."""
        return not self._running

    def close(self) -> None:
        """Let what runs come to its end; what waits is dropped."""
        with suppress(queue.Empty):
            while True:
                self._work.get_nowait()
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        if self._yields:
            give_way()
        while (found := self._work.get()) is not None:
            _do(*found)
            del found  # nothing is held while there is nothing to do

    def _ended(self, _: object) -> None:
        self._running -= 1


_Work = tuple[Callable[[], Any], asyncio.AbstractEventLoop, asyncio.Future[Any]]


def _do(work: Callable[[], T], loop: asyncio.AbstractEventLoop, future: asyncio.Future[T]) -> None:
    if future.cancelled():
        return
    try:
        tell = partial(future.set_result, work())
    except BaseException as error:
        tell = partial(future.set_exception, error)
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_told, future, tell)


def _told(future: asyncio.Future[Any], tell: Callable[[], None]) -> None:
    if not future.done():
        tell()


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
