"""What becomes of an endpoint: its nodes as rendered, their values, the answer's columns, and the
statement for the engine. Nothing is run and no database is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mini_tb.diagnostics import UserError, nearest
from mini_tb.project import Node, Pipe, Project
from mini_tb.workspace.access import EVERYTHING
from mini_tb.workspace.live import Live
from mini_tb.workspace.request import CompiledCache, Request


@dataclass(frozen=True, slots=True)
class ExplainedNode:
    """A node that is reached: its ClickHouse SQL with placeholders, their values as (name, type,
    text), and the same SQL with the values written into it."""

    name: str
    ch_sql: str
    values: tuple[tuple[str, str, str], ...]
    ch_text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stages of one request. `columns` are (name, ClickHouse type), `reads` the data sources,
    `parameters` what the engine's statement binds: name → text."""

    pipe: str
    nodes: tuple[ExplainedNode, ...]
    columns: tuple[tuple[str, str], ...]
    reads: tuple[str, ...]
    duck_sql: str
    parameters: Mapping[str, Any]


def explain_pipe(
    project: Project, name: str, params: Mapping[str, Any], secrets: Mapping[str, str]
) -> Explanation:
    """How a request for a pipe with these parameters is answered: its endpoint, or what its last
    node gives.

    Raises `UserError`: no such pipe, a parameter that is missing or of another type, SQL that does
    not compile.
    """
    from mini_tb.template import TemplateError

    pipe = project.pipes.get(name)
    if pipe is None:
        guess = nearest(name, project.pipes)
        hint = f"did you mean `{guess}`?" if guess else None
        raise UserError.of("NM302", f"there is no pipe `{name}`", hint=hint)
    request = Request(Live(project), params, secrets, EVERYTHING)
    try:
        compiled, values = request.node(CompiledCache(), pipe, pipe.endpoint or pipe.output)
    except TemplateError as error:
        raise UserError.of("TM005", error.message) from error
    nodes = (
        _explained(found, node, request, secrets)
        for found in sorted(project.pipes.values(), key=lambda other: other is pipe)
        for node in found.nodes
        if (found.name, node.name) in request.reached
    )
    return Explanation(
        pipe.name,
        tuple(nodes),
        tuple((column.name, str(column.type)) for column in compiled.columns),
        tuple(sorted(compiled.tables & project.datasources.keys())),
        compiled.duck_sql,
        values,
    )


def _explained(
    pipe: Pipe, node: Node, request: Request, secrets: Mapping[str, str]
) -> ExplainedNode:
    sql, values = request.render(pipe, node)
    text = sql.text
    if node.is_template:
        from mini_tb.workspace.render import parsed

        text = parsed(node.sql.text).render(request.params, secrets=secrets.keys()).text
    return ExplainedNode(
        f"{pipe.name}.{node.name}",
        _without_blank_lines(sql.text),
        tuple((value.name, value.type, value.text) for value in values.values()),
        _without_blank_lines(text),
    )


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())
