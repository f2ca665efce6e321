"""Connections that nobody has: the one that came last goes first, what it read is still at hand."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")


class Idle(Generic[T]):
    """A stack to wait at. Every query goes through one twice, so a lock is taken only where
    somebody waits: `append` and `pop` of a list are whole without it."""

    def __init__(self) -> None:
        self._all: list[T] = []
        self._came = threading.Condition()
        self._waiting = 0

    def __len__(self) -> int:
        return len(self._all)

    def put(self, item: T) -> None:
        """Put one on top; wakes who waits."""
        self._all.append(item)
        if self._waiting:
            with self._came:
                self._came.notify()

    def at_once(self) -> T | None:
        """The top one; None if there is none now."""
        try:
            return self._all.pop()
        except IndexError:
            return None

    def take(self, timeout_s: float) -> T:
        """The top one, when there is one. Raises `TimeoutError` if there is none for so long."""
        try:
            return self._all.pop()
        except IndexError:
            return self._wait(timeout_s)

    def _wait(self, timeout_s: float) -> T:
        deadline = time.monotonic() + timeout_s
        with self._came:
            self._waiting += 1
            try:
                while True:
                    try:
                        return self._all.pop()
                    except IndexError:  # who did not wait may have been quicker
                        if not self._came.wait(deadline - time.monotonic()):
                            raise TimeoutError from None
            finally:
                self._waiting -= 1
