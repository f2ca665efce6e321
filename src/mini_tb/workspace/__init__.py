"""The runtime: `Workspace` is a project, an engine, tokens and jobs in one object.

`workspace` is the front; `live` the deployed project, `request` the way from parameters to a
compiled statement, `landing` the way of rows into data sources, `build` the checks, `deployment`
the records of deployments, `tokens` and `access` who may do what, `jobs`, `secrets`, `state` what
is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.workspace.access import EVERYTHING, Access, Scope

if TYPE_CHECKING:
    from mini_tb.workspace.workspace import Workspace

__all__ = ["EVERYTHING", "Access", "Scope", "Workspace"]


def __getattr__(name: str) -> object:
    # Checking a project needs `build` alone: the runtime is loaded by who opens one.
    if name == "Workspace":
        from mini_tb.workspace.workspace import Workspace

        return Workspace
    raise AttributeError(name)
