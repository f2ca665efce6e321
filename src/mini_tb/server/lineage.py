"""What pipes declare and read: parameters of their nodes, tables they name, who uses a data source.

Worked out once for every deployed project of a workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.project import Node, Project

if TYPE_CHECKING:
    from mini_tb.template import Parameter
    from mini_tb.workspace import Workspace


@lru_cache(maxsize=4096)
def parameters_of(template: str) -> tuple[Parameter, ...]:
    """The parameters of a template; none if it cannot be parsed."""
    from mini_tb.template import Template, TemplateError

    try:
        return Template.parse(template).parameters
    except TemplateError:
        return ()


@lru_cache(maxsize=4096)
def tables_of(text: str, is_template: bool) -> tuple[str, ...]:
    """The tables that a query names; none if it cannot be parsed."""
    from mini_tb.sql import tables
    from mini_tb.template import Template, TemplateError

    try:
        if is_template:
            text = Template.parse(text).render({}, check=True).text
        return tuple(dict.fromkeys(name for name, _, _ in tables(text)))
    except (TemplateError, UserError):
        return ()


@dataclass(frozen=True)
class Lineage:
    """Of one project."""

    project: Project

    @staticmethod
    def parameters(node: Node) -> tuple[Parameter, ...]:
        """What a node's template declares."""
        return parameters_of(node.sql.text) if node.is_template else ()

    @staticmethod
    def dependencies(node: Node) -> tuple[str, ...]:
        """The tables that a node names, nodes of its own pipe among them."""
        return tables_of(node.sql.text, node.is_template)

    @cached_property
    def _users(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for pipe in self.project.pipes.values():
            for node in pipe.nodes:
                for name in self.dependencies(node):
                    found.setdefault(name, {})[pipe.name] = None
        return {name: tuple(pipes) for name, pipes in found.items()}

    def used_by(self, name: str) -> tuple[str, ...]:
        """The pipes that name a data source or a pipe."""
        return self._users.get(name, ())


class Lineages:
    """The lineage of each workspace's live project."""

    def __init__(self) -> None:
        self._kept: dict[str, Lineage] = {}

    def of(self, workspace: Workspace) -> Lineage:
        """That of its live project, now."""
        project = workspace.project
        found = self._kept.get(workspace.id)
        if found is None or found.project is not project:
            found = self._kept[workspace.id] = Lineage(project)
        return found
