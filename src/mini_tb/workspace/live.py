"""The live project of a workspace: an immutable snapshot that requests read without locks.

A deployment makes a new one and the workspace swaps its pointer; a request that began with the old
one ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mini_tb.deploy.names import StoredTables
from mini_tb.project import Project
from mini_tb.workspace.landing import Triggers


@dataclass(frozen=True, slots=True)
class Live:
    """A project that is deployed, its datafiles, its tables and triggers. `version` grows with
    every deployment."""

    project: Project
    files: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    tables: StoredTables = field(init=False)
    triggers: Triggers = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", StoredTables(self.project))
        object.__setattr__(self, "triggers", Triggers(self.project, self.tables))
