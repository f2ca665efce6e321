"""The pace of tokens that have one: a bucket that fills with `rps` requests a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from mini_tb.diagnostics import UserError


class TooFast(UserError):
    """HTTP 429, with the seconds after which to try again."""

    retry_after_s = 1


class RateLimits:
    """All buckets. One second's worth of requests may come at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def check(self, name: str, rps: float) -> None:
        """Take one request from the bucket. Raises `TooFast` (HTTP 429) if it is empty."""
        now = self._clock()
        with self._lock:
            level, since = self._buckets.get(name, (max(rps, 1.0), now))
            level = min(max(rps, 1.0), level + (now - since) * rps)
            allowed = level >= 1
            self._buckets[name] = (level - 1 if allowed else level, now)
        if not allowed:
            diagnostic = UserError.of("AU009", f"more than {rps:g} requests a second")
            raise TooFast(*diagnostic.diagnostics, status=429)
