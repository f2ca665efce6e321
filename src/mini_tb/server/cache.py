"""Written answers of endpoints whose templates say `cache_ttl(…)`.

An answer is kept under its statement, its values, its format and the versions of the data it read:
it is given again only while nothing that it read has changed, and no longer than its time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass

if TYPE_CHECKING:
    from mini_tb.server.reply import Written
    from mini_tb.workspace.query import Prepared
    from mini_tb.workspace.workspace import Workspace

TTL_S = {"5s": 5, "1m": 60, "5m": 300, "30m": 1800, "1h": 3600}
MAX_BYTES = 64 << 20
_UNVERSIONED = ("tinybird.", "system.", "organization.")


@dataclass(slots=True)
class Kept:
    """One answer. `hits` counts how often it was given again."""

    written: Written
    expires: float
    hits: int = 0


def answer_key(workspace: Workspace, prepared: Prepared, form: Hashable) -> Hashable | None:
    """What decides an answer in the given `form` (its format and settings), as of now; None if it
    reads what changes without a version."""
    compiled = prepared.compiled
    if any(name.startswith(_UNVERSIONED) for name in compiled.tables):
        return None
    values = tuple(sorted((name, repr(value)) for name, value in prepared.values.items()))
    version = workspace.data_version(compiled.tables)
    return (workspace.id, compiled.duck_sql, compiled.totals, values, form, version)


class AnswerCache:
    """All kept answers of a server, at most `MAX_BYTES`; the least recently used go first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._size = 0

    def find(self, key: Hashable) -> Kept | None:
        """The answer, if it is there and its time has not passed."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            if found.expires <= self._clock():
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            found.hits += 1
            return found

    def keep(self, key: Hashable, written: Written, ttl: str) -> None:
        """Keep an answer for `ttl` (`5s` … `1h`)."""
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = Kept(written, self._clock() + TTL_S[ttl])
            self._size += len(written.content)
            while self._size > MAX_BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        self._size -= len(self._kept.pop(key).written.content)
