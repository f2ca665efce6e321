"""Time zones by name. Python's own are loaded with the first: they look through its configuration,
which takes a while, and most projects live in UTC."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def zone_info(name: str | None) -> ZoneInfo | None:
    """The zone of a type; None for UTC. Raises as `ZoneInfo` does for a name that is none."""
    return None if name in (None, "UTC") else _loaded(str(name))


@lru_cache(maxsize=256)
def _loaded(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)
