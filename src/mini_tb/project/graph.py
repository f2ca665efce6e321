"""Names and who depends on whom: what every node reads, in which order nodes can run.

A name in a node's SQL is a node of the same pipe, else a pipe (its output node), else a data
source. A node that selects from its own name means the pipe or data source of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

from mini_tb.dataclass import dataclass
from mini_tb.project.model import Node, Pipe, Project
from mini_tb.source import Span

NodeKey = tuple[str, str]
"""(pipe, node)."""

References = Callable[[Pipe, Node], Sequence[tuple[str, Span | None]]]
"""The tables that a node's SQL names, with their places."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A table's name in a node's SQL. It is a node, a data source, or neither (unknown)."""

    name: str
    node: NodeKey | None = None
    datasource: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_known(self) -> bool:
        """Whether the name means something in the project."""
        return self.node is not None or self.datasource is not None


def resolve(project: Project, pipe: Pipe | None, name: str, node: str | None = None) -> Reference:
    """What `name` means in the SQL of `node` of `pipe` (None: outside of any pipe)."""
    if pipe is not None and name != node and pipe.node(name) is not None:
        return Reference(name, node=(pipe.name, name))
    other = project.pipes.get(name)
    if other is not None and (pipe is None or other.name != pipe.name):
        return Reference(name, node=(other.name, other.output.name))
    if name in project.datasources:
        return Reference(name, datasource=name)
    return Reference(name)


@dataclass(frozen=True, slots=True)
class Graph:
    """What each node reads, by (pipe, node)."""

    reads: Mapping[NodeKey, tuple[Reference, ...]]

    @staticmethod
    def of(project: Project, references: References) -> Graph:
        """The graph of a project, where `references` says which tables a node's SQL names."""
        reads: dict[NodeKey, tuple[Reference, ...]] = {}
        for pipe in project.pipes.values():
            for node in pipe.nodes:
                found = []
                for name, span in references(pipe, node):
                    known = resolve(project, pipe, name, node.name)
                    found.append(Reference(name, known.node, known.datasource, span))
                reads[pipe.name, node.name] = tuple(found)
        return Graph(reads)

    def chain(self, pipe: str, node: str) -> list[NodeKey]:
        """All nodes that `node` needs, each after those it reads, `node` itself last."""
        order: list[NodeKey] = []
        seen: set[NodeKey] = set()
        # A node is left (None) once all that it reads is in order.
        pending: list[tuple[NodeKey, bool]] = [((pipe, node), False)]
        while pending:
            key, is_left = pending.pop()
            if is_left:
                order.append(key)
                continue
            if key in seen:
                continue
            seen.add(key)
            pending.append((key, True))
            pending += [(read, False) for read in reversed(self._nodes_read(key))]
        return order

    def _nodes_read(self, key: NodeKey) -> list[NodeKey]:
        return [r.node for r in self.reads.get(key, ()) if r.node is not None]

    def datasources(self, pipe: str, node: str) -> list[str]:
        """The data sources that `node` reads, itself or through other nodes, in order."""
        names: dict[str, None] = {}
        for key in self.chain(pipe, node):
            for reference in self.reads.get(key, ()):
                if reference.datasource is not None:
                    names[reference.datasource] = None
        return list(names)

    def cycles(self) -> Iterator[tuple[list[NodeKey], Span | None]]:
        """Every ring of nodes that read each other, once, with the place that closes it."""
        done: set[NodeKey] = set()
        for start in self.reads:
            if start in done:
                continue
            path = [start]
            on_path = {start}
            rest = [iter(self.reads.get(start, ()))]
            while path:
                reference = next(rest[-1], None)
                if reference is None:
                    done.add(path[-1])
                    on_path.discard(path.pop())
                    rest.pop()
                elif reference.node in on_path:
                    yield path[path.index(reference.node) :], reference.span
                elif reference.node is not None and reference.node not in done:
                    path.append(reference.node)
                    on_path.add(reference.node)
                    rest.append(iter(self.reads.get(reference.node, ())))
