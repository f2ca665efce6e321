"""What becomes of an endpoint: each node's template, ClickHouse SQL, columns and DuckDB SQL, and
the one statement for the engine. Nothing is run and no database is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError, nearest
from mini_tb.project import Node, Pipe, Project
from mini_tb.workspace.access import EVERYTHING
from mini_tb.workspace.live import Live
from mini_tb.workspace.request import CompiledCache, Request

if TYPE_CHECKING:
    from mini_tb.sql import ExplainedQuery


@dataclass(frozen=True, slots=True)
class ExplainedColumn:
    """A column of a node: its name, ClickHouse type, and the stored columns (`table.column`) that
    it is computed from."""

    name: str
    type: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedNode:
    """A node that is reached: its template as written (None if it is plain SQL), its ClickHouse
    SQL with placeholders, their values as (name, type, text), the same SQL with the values written
    into it, its columns, its own DuckDB SQL (other nodes are tables in it), and what that says in
    other words than ClickHouse."""

    name: str
    template: str | None
    ch_sql: str
    values: tuple[tuple[str, str, str], ...]
    ch_text: str
    columns: tuple[ExplainedColumn, ...]
    duck_sql: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stages of one request. `nodes` are in the order of their needs; `columns` are the
    answer's as (name, ClickHouse type), `reads` the data sources, `duck_sql` the statement that
    runs, and `parameters` what it binds: name → value."""

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
    node = pipe.endpoint or pipe.output
    request = Request(Live(project), params, secrets, EVERYTHING)
    try:
        compiled, values = request.node(CompiledCache(), pipe, node)
        queries = request.explain(pipe, node)
    except TemplateError as error:
        raise UserError.of("TM005", error.message) from error
    return Explanation(
        pipe.name,
        tuple(
            _explained(*_node(project, query.name or f"{pipe.name}.{node.name}"), query, request)
            for query in queries
        ),
        tuple((column.name, str(column.type)) for column in compiled.columns),
        tuple(sorted(compiled.tables & project.datasources.keys())),
        compiled.duck_sql,
        values,
    )


def _node(project: Project, view: str) -> tuple[Pipe, Node]:
    """The node that a view's name means: `pipe.node`, or `pipe` for its output."""
    pipe_name, _, node_name = view.partition(".")
    pipe = project.pipes[pipe_name]
    node = pipe.node(node_name) if node_name else pipe.output
    assert node is not None
    return pipe, node


def _explained(pipe: Pipe, node: Node, query: ExplainedQuery, request: Request) -> ExplainedNode:
    sql, values = request.render(pipe, node)
    text = sql.text
    if node.is_template:
        from mini_tb.workspace.render import parsed

        template = parsed(node.sql.text)
        text = template.render(request.params, secrets=request.secrets.keys()).text
    return ExplainedNode(
        f"{pipe.name}.{node.name}",
        node.sql.text.strip("\n") if node.is_template else None,
        _without_blank_lines(sql.text),
        tuple((value.name, value.type, value.text) for value in values.values()),
        _without_blank_lines(text),
        tuple(
            ExplainedColumn(c.name, str(c.type), tuple(f"{t}.{name}" for t, name in c.sources))
            for c in query.columns
        ),
        query.duck_sql,
        query.notes,
    )


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())
