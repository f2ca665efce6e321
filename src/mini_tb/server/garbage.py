"""Garbage collection that keeps nobody waiting.

A full collection holds every thread while it looks through all that is kept: 50 ms for 100,000
objects, which one request in a few thousand would feel. So what is loaded once is left out of it,
and while a server runs it is done when no request is, or after a long while.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

IDLE_CHECK_S = 1.0
WORTH_IT = 10
"""How many young collections make a full one worth while: Python's own measure."""
AT_LATEST = 200
"""As many make one due whether requests run or not."""


@contextmanager
def patient_collections() -> Iterator[None]:
    """Python begins a full collection by itself only when one is long due; at the end all is as
    before."""
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], AT_LATEST)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def leave_out_what_is_loaded() -> None:
    """What is kept now is kept to the end of the process, or nearly: collections pass it by."""
    gc.freeze()


async def collect_when_idle(is_idle: Callable[[], bool]) -> None:
    """Collect for as long as this is awaited, whenever it is worth it and `is_idle`."""
    while True:
        await asyncio.sleep(IDLE_CHECK_S)
        if gc.get_count()[2] >= WORTH_IT and is_idle():
            gc.collect()
