"""What names mean in a project whose data sources are stored: the catalog that queries are
compiled against.

A data source is a stored table, a pipe is the SQL of its output node, and inside a pipe each node
is a name too. Nodes are rendered when a query names them, so one that is not reached is never
rendered. What a name means is decided by `project.graph.resolve`; behind it stands what the caller
offers beside the project (quarantines, service data sources).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.engine.duckdb.table import QUARANTINE_SUFFIX, quarantine_of
from mini_tb.engine.relation import table_of
from mini_tb.project import Datasource, Node, Pipe, Project
from mini_tb.project.graph import resolve
from mini_tb.source import Fragment
from mini_tb.sql import Table, View

Rendered = tuple[Fragment, Mapping[str, Any]]
"""A node's SQL with its bound values by name."""

Render = Callable[[Pipe, Node], Rendered]
Guard = Callable[[Table | View], Table | View]
"""Looks at what a name resolved to; may narrow it or refuse it."""


def render_plain(pipe: Pipe, node: Node) -> Rendered:
    """For nodes that may hold no template: their SQL as it is written."""
    return node.sql, {}


class StoredTables:
    """The tables of a project's data sources and quarantines, each made when first named."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._made: dict[str, Table] = {}

    def find(self, name: str) -> Table | None:
        """The table called `name`, if the project stores one."""
        made = self._made.get(name)
        if made is None:
            datasource = self._datasource(name)
            if datasource is None:
                return None
            made = self._made[name] = table_of(datasource)
        return made

    def names(self) -> Iterable[str]:
        """The data sources."""
        return self.project.datasources

    def _datasource(self, name: str) -> Datasource | None:
        datasources = self.project.datasources
        if name in datasources:
            return datasources[name]
        if name.endswith(QUARANTINE_SUFFIX):
            parent = datasources.get(name.removesuffix(QUARANTINE_SUFFIX))
            return quarantine_of(parent) if parent is not None else None
        return None


@dataclass(frozen=True, slots=True)
class ProjectCatalog:
    """A `sql.Catalog` over a project, for one rendering of its nodes.

    `pipe` is the one whose nodes are names. `replaced` stands before everything else: the block
    that triggers a materialisation, the result that `_` means. `others` stands behind. `guard`
    sees what every name of this text means; `inner` what the names inside views mean.
    """

    tables: StoredTables
    render: Render = render_plain
    pipe: Pipe | None = None
    node: str | None = None
    replaced: Mapping[str, Table | View] = field(default_factory=dict)
    others: Callable[[str], Table | View | None] | None = None
    guard: Guard | None = None
    inner: Guard | None = None

    def lookup(self, name: str) -> Table | View | None:
        """See `sql.Catalog`."""
        found = self._find(name)
        if found is None or self.guard is None:
            return found
        return self.guard(found)

    def _find(self, name: str) -> Table | View | None:
        if name in self.replaced:
            return self.replaced[name]
        project = self.tables.project
        meant = resolve(project, self.pipe, name, self.node)
        if meant.node is not None:
            own = self.pipe if self.pipe is not None and self.pipe.name == meant.node[0] else None
            pipe = own or project.pipes[meant.node[0]]
            node = pipe.node(meant.node[1])
            if node is not None:
                return self.view(pipe, node, None if own else name)
        table = self.tables.find(name)
        if table is None and self.others is not None:
            return self.others(name)
        return table

    def view(self, pipe: Pipe, node: Node, name: str | None = None) -> View:
        """The view of a node. It is called `pipe.node`, or by its pipe's name from outside."""
        sql, values = self.render(pipe, node)
        return View(name or f"{pipe.name}.{node.name}", sql, self.inside(pipe, node), values)

    def inside(self, pipe: Pipe, node: Node) -> ProjectCatalog:
        """The catalog that a node of `pipe` is bound in."""
        replaced = {k: v for k, v in self.replaced.items() if isinstance(v, Table)}
        return ProjectCatalog(
            self.tables, self.render, pipe, node.name, replaced, self.others, self.inner, self.inner
        )

    def with_replaced(self, names: Mapping[str, Table | View]) -> ProjectCatalog:
        """This catalog, where `names` stand before everything else; inside views they do not."""
        return replace(self, replaced={**self.replaced, **names})

    def names(self) -> Iterable[str]:
        """See `sql.Catalog`."""
        if self.pipe is not None:
            yield from (node.name for node in self.pipe.nodes)
        yield from self.tables.names()
        yield from self.tables.project.pipes
