"""Which materialisations fill which data source, and from where."""

from __future__ import annotations

from mini_tb.deploy.stage import Feed
from mini_tb.project import Materialization, Node, Pipe, Project
from mini_tb.project.graph import resolve
from mini_tb.sql import leading_table, tables

MAX_DEPTH = 64
"""Nodes that read nodes; deeper than this they read each other in a ring, which a build reports."""

Signature = tuple[str, str, tuple[str, ...]]


class Feeds:
    """The materialisations of a project by target and by source."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._into: dict[str, list[Feed]] = {}
        self._from: dict[str, list[Feed]] = {}
        for pipe in project.pipes.values():
            node = pipe.published
            if node is None or not isinstance(node.kind, Materialization):
                continue
            source = self._source(pipe, node)
            if source is None:
                continue
            feed = Feed(pipe, node, source)
            self._into.setdefault(node.kind.target, []).append(feed)
            self._from.setdefault(source, []).append(feed)

    def into(self, target: str) -> list[Feed]:
        """What fills `target`."""
        return self._into.get(target, [])

    def triggered_by(self, source: str) -> list[Feed]:
        """What runs when `source` gets rows."""
        return self._from.get(source, [])

    def ordered(self) -> list[str]:
        """All data sources, sources before the targets that they feed."""
        done: dict[str, None] = {}

        def visit(name: str, path: frozenset[str]) -> None:
            if name in done or name in path:
                return
            for feed in self.into(name):
                visit(feed.source, path | {name})
            if name in self.project.datasources:
                done[name] = None

        for name in self.project.datasources:
            visit(name, frozenset())
        return list(done)

    def signature(self, feed: Feed) -> Signature:
        """What decides the rows of a feed: its source, its SQL, and the SQL of every node and pipe
        that it reads. Equal signatures give equal rows."""
        texts: dict[str, None] = {}
        self._texts(feed.pipe, feed.node, texts, frozenset())
        return feed.source, feed.node.sql.text, tuple(texts)

    def _texts(
        self, pipe: Pipe, node: Node, texts: dict[str, None], path: frozenset[tuple[str, str]]
    ) -> None:
        key = (pipe.name, node.name)
        if key in path:
            return
        texts[node.sql.text] = None
        for name, _, _ in tables(node.sql.text):
            found = self._node(pipe, name, node)
            if found is not None:
                self._texts(*found, texts, path | {key})

    def _node(self, pipe: Pipe, name: str, node: Node) -> tuple[Pipe, Node] | None:
        """The node that `name` means in the SQL of `node`; None if it means no node."""
        key = resolve(self.project, pipe, name, node.name).node
        if key is None:
            return None
        other = self.project.pipes[key[0]]
        found = other.node(key[1])
        return None if found is None else (other, found)

    def _source(self, pipe: Pipe, node: Node, depth: int = 0) -> str | None:
        """The data source that the node's FROM comes down to."""
        name = leading_table(node.sql.text)
        if name is None or depth > MAX_DEPTH:
            return None
        found = self._node(pipe, name, node)
        if found is not None:
            return self._source(*found, depth + 1)
        return name if name in self.project.datasources else None
