"""One thread that interrupts statements at their deadlines.

A timer thread a query would cost more than the small queries it guards.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count

AGAIN_S = 0.05


class Alarm:
    """One deadline: `rung` tells whether it passed before `cancel`."""

    __slots__ = ("_lock", "_ring", "is_over", "rung")

    def __init__(self, lock: threading.Condition, ring: Callable[[], None]) -> None:
        self._lock = lock
        self._ring = ring
        self.rung = False
        self.is_over = False

    def cancel(self) -> None:
        """Call it when the statement is over; after it returns, nothing will be interrupted."""
        with self._lock:
            self.is_over = True

    def ring(self) -> None:
        """Interrupt (the watchdog's lock is held, so it cannot hit a later statement)."""
        self.rung = True
        self._ring()


class Watchdog:
    """Calls back when time is up; the thread starts with the first alarm and is a daemon."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._order = count()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def alarm(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        """Call `ring` in `seconds` unless the alarm is cancelled before."""
        alarm = Alarm(self._lock, ring)
        with self._lock:
            due = time.monotonic() + seconds
            heapq.heappush(self._alarms, (due, next(self._order), alarm))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif self._alarms[0][2] is alarm:
                self._lock.notify()
        return alarm

    def close(self) -> None:
        """End the thread; alarms that have not rung never will."""
        with self._lock:
            self._is_closed = True
            self._alarms.clear()
            self._lock.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        with self._lock:
            while not self._is_closed:
                while self._alarms and self._alarms[0][2].is_over:
                    heapq.heappop(self._alarms)
                if not self._alarms:
                    self._lock.wait()
                    continue
                due, _, alarm = self._alarms[0]
                remaining = due - time.monotonic()
                if remaining > 0:
                    self._lock.wait(remaining)
                else:
                    heapq.heappop(self._alarms)
                    alarm.ring()
                    # An interrupt that comes before the statement starts is lost: ring until heard.
                    again = (time.monotonic() + AGAIN_S, next(self._order), alarm)
                    heapq.heappush(self._alarms, again)
