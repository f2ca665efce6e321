"""The runtime: `Workspace` is a project, an engine, tokens and jobs in one object.

`workspace` is the front; `live` the deployed project, `request` the way from parameters to a
compiled statement, `landing` the way of rows into data sources, `build` the checks, `deployment`
the records of deployments, `tokens` and `access` who may do what, `jobs`, `secrets`, `state` what
is remembered.
"""

from mini_tb.workspace.access import EVERYTHING, Access, Scope
from mini_tb.workspace.workspace import Workspace

__all__ = ["EVERYTHING", "Access", "Scope", "Workspace"]
