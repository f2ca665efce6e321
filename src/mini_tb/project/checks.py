"""What is wrong between resources: names, tables, targets, connections.

Each check is a function (project, graph, known) → diagnostics, and `CHECKS` lists them. Columns
and types of a materialization against its target need compiled SQL: whoever compiles hands in a
check of that kind to `load_project`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from mini_tb.diagnostics import Diagnostic, Severity, nearest
from mini_tb.project.graph import Graph
from mini_tb.project.model import BucketSink, Connection, Copy, KafkaSink, Materialization, Project
from mini_tb.source import Span

Check = Callable[[Project, Graph, Collection[str]], Iterator[Diagnostic]]
"""`known` are the names of all files, also of those that are too broken to be in the project."""

SERVICE_SCHEMAS = ("tinybird", "organization", "system", "information_schema", "INFORMATION_SCHEMA")
"""Schemas whose tables exist without a datafile."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_names(project: Project, graph: Graph, known: Collection[str]) -> Iterator[Diagnostic]:
    """Names that clash or cannot be names."""
    for resource in project.resources():
        if isinstance(resource, Connection):
            continue  # nobody selects from it
        if not _NAME.fullmatch(resource.name):
            yield Diagnostic(
                "NM005",
                f"`{resource.name}` cannot be a name: letters, digits and `_`, no digit first",
                hint="rename the file",
                path=resource.file.path if resource.file else None,
            )
    for pipe in project.pipes.values():
        seen: dict[str, Span | None] = {}
        for node in pipe.nodes:
            if node.name in seen:
                first = seen[node.name]
                yield Diagnostic(
                    "NM003",
                    f"the node `{node.name}` is defined twice in this pipe",
                    node.span,
                    related=((first, "first defined here"),) if first else (),
                )
            seen.setdefault(node.name, node.span)
            if node.name == pipe.name:
                clash = "the pipe itself"
            elif node.name in project.datasources:
                clash = "a data source"
            elif node.name in project.pipes:
                clash = "a pipe"
            else:
                continue
            yield Diagnostic(
                "NM009",
                f"the node `{node.name}` has the name of {clash}",
                node.span,
                Severity.WARNING,
                "give the node a name of its own: in this pipe the node hides the other",
            )


def check_tables(project: Project, graph: Graph, known: Collection[str]) -> Iterator[Diagnostic]:
    """Tables that nodes select from and that do not exist."""
    for (pipe, node), references in graph.reads.items():
        for reference in references:
            name = reference.name
            if reference.is_known or name in known or _exists_without_file(project, name):
                continue
            nodes = [n.name for n in project.pipes[pipe].nodes if n.name != node]
            guess = nearest(name, [*nodes, *project.pipes, *project.datasources])
            hint = f"did you mean `{guess}`?" if guess else None
            if "." in name:
                hint = "data sources of other workspaces cannot be read here"
            yield Diagnostic(
                "NM001",
                f"`{name}` is neither a node of this pipe nor a pipe nor a data source",
                reference.span,
                hint=hint,
            )


def _exists_without_file(project: Project, name: str) -> bool:
    schema, dot, _ = name.partition(".")
    if dot and schema in SERVICE_SCHEMAS:
        return True
    return name.endswith("_quarantine") and name.removesuffix("_quarantine") in project.datasources


def check_cycles(project: Project, graph: Graph, known: Collection[str]) -> Iterator[Diagnostic]:
    """Nodes that read each other in a ring."""
    for ring, span in graph.cycles():
        one_pipe = len({pipe for pipe, _ in ring}) == 1
        names = [node if one_pipe else f"{pipe}.{node}" for pipe, node in ring]
        chain = " → ".join(f"`{name}`" for name in (*names, names[0]))
        yield Diagnostic("NM004", f"nodes select from each other in a ring: {chain}", span)


def check_targets(project: Project, graph: Graph, known: Collection[str]) -> Iterator[Diagnostic]:
    """Materializations and copies that write to what is no data source."""
    for pipe in project.pipes.values():
        for node in pipe.nodes:
            kind = node.kind
            if not isinstance(kind, (Materialization, Copy)) or kind.target in project.datasources:
                continue
            if kind.target in project.pipes:
                yield Diagnostic(
                    "NM007",
                    f"`{kind.target}` is a pipe, and rows are written to data sources only",
                    kind.target_span,
                )
            elif kind.target not in known:
                guess = nearest(kind.target, project.datasources)
                yield Diagnostic(
                    "NM006",
                    f"the target `{kind.target}` is no data source of the project",
                    kind.target_span,
                    hint=(
                        f"did you mean `{guess}`?"
                        if guess
                        else f"add a file `{kind.target}.datasource` with the query's columns"
                    ),
                )


def check_connections(
    project: Project, graph: Graph, known: Collection[str]
) -> Iterator[Diagnostic]:
    """Data sources and sinks that use a connection without a file.

    A warning: a connection may exist where the project is deployed.
    """
    uses = [
        (source.connector.connection, source.file)
        for source in project.datasources.values()
        if source.connector is not None
    ]
    uses += [
        (node.kind.connection, pipe.file)
        for pipe in project.pipes.values()
        for node in pipe.nodes
        if isinstance(node.kind, (KafkaSink, BucketSink))
    ]
    for name, file in uses:
        if name in project.connections or name in known or "{{" in name:
            continue
        guess = nearest(name, project.connections)
        yield Diagnostic(
            "NM008",
            f"the connection `{name}` has no `.connection` file in the project",
            severity=Severity.WARNING,
            hint=f"did you mean `{guess}`?" if guess else None,
            path=file.path if file else None,
        )


CHECKS: tuple[Check, ...] = (
    check_names,
    check_tables,
    check_cycles,
    check_targets,
    check_connections,
)
