"""What data sources hold, in rows and bytes: looked up once for each version of their data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mini_tb.engine.duckdb.table import QUARANTINE_SUFFIX
from mini_tb.types.duckdb import quote_identifier as quote

if TYPE_CHECKING:
    from mini_tb.workspace.workspace import Workspace

SAMPLE = 100
"""So many rows tell how wide one is."""


class Statistics(NamedTuple):
    """Of a data source: its rows, their weight in bytes (uncompressed, from the widths of a
    sample), and the rows of its quarantine."""

    rows: int
    size: int
    quarantined: int


class StatisticsBook:
    """`of` a data source; a list of many asks the engine only about those that have changed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, tuple[tuple[int, ...], Statistics]] = {}

    def of(self, name: str) -> Statistics:
        """As they are now. Raises `EngineError` if there is no such table."""
        workspace = self._workspace
        quarantine = name + QUARANTINE_SUFFIX
        version = workspace.data_version(frozenset((name, quarantine)))
        known = self._known.get(name)
        if known is not None and known[0] == version:
            return known[1]
        rows = workspace.count(name)
        found = Statistics(rows, self._size(name, rows), workspace.count(quarantine))
        self._known[name] = version, found
        return found

    def _size(self, name: str, rows: int) -> int:
        if not rows:
            return 0
        sample = f"(FROM {quote(name)} LIMIT {SAMPLE}) AS t"
        query = f"SELECT avg(strlen(CAST(t AS VARCHAR))) FROM {sample}"
        return round(rows * float(self._workspace.engine.fetch(query)[0][0] or 0))
