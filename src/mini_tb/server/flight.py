"""Requests that ask the same at the same time: one of them runs, the others get its answer.

They ask the same if neither the statement, nor its values, nor the form of the answer, nor the
version of any data that it reads is another: then whoever comes while one runs would be told
exactly what that one is told. What depends on the time or on chance is run for each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from mini_tb.server.reply import Stream, Written

if TYPE_CHECKING:
    from mini_tb.sql import Compiled


def may_share(compiled: Compiled) -> bool:
    """Whether the statement gives two who ask at once the same."""
    return not (compiled.uses_now or compiled.uses_chance)


class Flight:
    """One request under way. Who has it first must `land` it, however it ends."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._has_landed = False
        self.landing: Future[Written | None] | None = None
        """Gets the answer, or None if everybody must ask on their own; there if anybody waits."""

    def land(self, written: Written | None = None) -> None:
        """There is the answer, or none to share. Only the first call counts."""
        if self._has_landed:
            return
        self._has_landed = True
        self._end()  # nobody joins any more
        if self.landing is not None:
            self.landing.set_result(written)


class Flights:
    """All requests of a server that others may join."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Flight] = {}

    def share(self, key: Hashable, ask: Callable[[], Stream]) -> Stream:
        """The answer of `ask`, or that of somebody who asks the same (`key`) now. Only small ones
        are shared; and what goes wrong for one is tried again by each of the others."""
        flight, landing = self._board(key)
        if landing is not None:
            landed = landing.result()
            return ask() if landed is None else Stream.of(landed)
        try:
            answer = ask()
        except BaseException:
            flight.land()
            raise
        keep, close = answer.keep, answer.close

        def keep_and_land(written: Written | None) -> None:
            if keep is not None:
                keep(written)
            flight.land(written)

        def close_and_land() -> None:
            flight.land()
            close()

        answer.keep, answer.close = keep_and_land, close_and_land
        return answer

    def _board(self, key: Hashable) -> tuple[Flight, Future[Written | None] | None]:
        """The flight for what is asked, and its landing if it is somebody else's."""
        with self._lock:
            found = self._under_way.get(key)
            if found is not None:
                found.landing = found.landing or Future()
                return found, found.landing
            made = self._under_way[key] = Flight(partial(self._ended, key))
            return made, None

    def _ended(self, key: Hashable) -> None:
        with self._lock:
            del self._under_way[key]
