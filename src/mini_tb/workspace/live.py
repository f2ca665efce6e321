"""The live project of a workspace: an immutable snapshot that requests read without locks.

A deployment makes a new one and the workspace swaps its pointer; a request that began with the old
one ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.deploy.names import StoredTables
from mini_tb.project import Project

if TYPE_CHECKING:
    from mini_tb.workspace.landing import Triggers


@dataclass(frozen=True, slots=True)
class Live:
    """A project that is deployed, its datafiles, its tables and triggers. `version` grows with
    every deployment. Of a candidate, which is none yet, the tables are `planned`."""

    project: Project
    files: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    planned: StoredTables | None = None
    tables: StoredTables = field(init=False)
    _triggers: Triggers | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", self.planned or StoredTables(self.project))

    @property
    def triggers(self) -> Triggers:
        """Its materialisations; made with the first rows, which serving needs none of."""
        if self._triggers is None:
            from mini_tb.workspace.landing import Triggers

            object.__setattr__(self, "_triggers", Triggers(self.project, self.tables))
        assert self._triggers is not None
        return self._triggers
