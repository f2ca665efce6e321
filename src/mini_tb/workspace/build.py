"""Everything that can be wrong with a project, found without changing anything.

After the project's own checks all SQL is compiled, templates with stand-ins for their parameters,
and the columns of what writes into a data source are compared with it.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mini_tb.dataclass import dataclass
from mini_tb.deploy.forward import check_without_live
from mini_tb.deploy.materialize import check_columns
from mini_tb.deploy.names import ProjectCatalog, Rendered, StoredTables
from mini_tb.diagnostics import Diagnostic, Severity, UserError
from mini_tb.engine.duckdb.table import check_storable
from mini_tb.project import (
    Copy,
    Datasource,
    Loaded,
    Materialization,
    Node,
    Pipe,
    Project,
    load_project,
)
from mini_tb.project.load import STAND_IN
from mini_tb.source import Fragment
from mini_tb.sql import Compiled, compile_query
from mini_tb.workspace.trigger_check import check_triggers


@dataclass(frozen=True, slots=True)
class Build:
    """A project as far as it could be made, and all that was found, by file and position."""

    project: Project
    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that forbid a deployment."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """Whether it can be deployed."""
        return not self.errors


NO_VALUE = "__no_value__"
"""What templates write in a check for a parameter that has neither value nor default."""
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_NAMES = re.compile(rf"\b({NO_VALUE}|{STAND_IN})\b")
"""The names that they write."""
_CERTAIN = frozenset({"NM201", "NM202", "SQ001", "SQ002", "SQ201", "SQ202", "SQ203"})
"""What is wrong with SQL whatever its values are."""


class _Echoes:
    """What the compiler misses because it is in pieces already: reported where that is."""

    codes = frozenset({"NM202", "NM204"})
    """Unknown tables and rings of nodes."""

    def __init__(self, loaded: Loaded) -> None:
        self._any = bool(loaded.errors)
        self._columns = {
            name for datasource in loaded.project.datasources.values() for name in datasource.unread
        }

    def __contains__(self, diagnostic: Diagnostic) -> bool:
        if diagnostic.code == "NM201" and self._columns and (span := diagnostic.span) is not None:
            name = span.file.text[span.start : span.end]
            return name.rpartition(".")[2].strip('`"') in self._columns
        return self._any and diagnostic.code in self.codes


def build_project(files: Mapping[str, str], secrets: Mapping[str, str]) -> Build:
    """Load, check and compile. Never raises for what is wrong with the files."""
    with _uncollected():
        return _build(files, secrets)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing of a build becomes garbage before its end, so that looking for it (a tenth of the
    time for a thousand files) is put off."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _build(files: Mapping[str, str], secrets: Mapping[str, str]) -> Build:
    loaded = load_project(files, secrets=secrets)
    found = list(loaded.diagnostics)
    for datasource in loaded.project.datasources.values():
        found.extend(check_storable(datasource))
        found.extend(_check_expressions(datasource))
    found.extend(_check_cases(loaded.project))
    tables = StoredTables(loaded.project)
    for datasource in loaded.project.datasources.values():
        found.extend(check_without_live(tables, datasource))
    found.extend(check_triggers(loaded.project))
    echoes = _Echoes(loaded)
    found.extend(d for d in _compile_nodes(loaded.project, secrets) if d not in echoes)
    unique = sorted(dict.fromkeys(found), key=lambda d: d.sort_key)
    return Build(loaded.project, files, tuple(unique))


def _check_cases(project: Project) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for name, datasource in project.datasources.items():
        other = seen.setdefault(name.lower(), name)
        if other != name:
            message = f"data sources `{other}` and `{name}` differ only in case"
            hint = "the DuckDB engine cannot tell them apart: rename one"
            yield Diagnostic("EN101", message, datasource.span, hint=hint)


def _check_expressions(datasource: Datasource) -> Iterator[Diagnostic]:
    """DEFAULTs that do not compile or do not fit their column."""
    from mini_tb.engine.relation import table_columns
    from mini_tb.sql import compile_expression

    columns = table_columns(datasource)
    for column in datasource.columns:
        if column.default is None:
            continue
        try:
            compile_expression(column.default, columns, target=column.type)
        except UserError as error:
            for diagnostic in error.diagnostics:
                yield Diagnostic(
                    diagnostic.code,
                    f"in the DEFAULT of `{column.name}`: {diagnostic.message}",
                    column.span,
                    diagnostic.severity,
                    diagnostic.hint,
                )


def _compile_nodes(project: Project, secrets: Mapping[str, str]) -> Iterator[Diagnostic]:
    """What is wrong with the SQL of nodes. A node that others read is bound with them: it is
    compiled on its own only if none of them could be."""
    tables = StoredTables(project)
    stand_ins = StandIns(secrets)
    bound: set[str] = set()
    for pipe in project.pipes.values():
        for node in reversed(pipe.nodes):
            if _view_names(pipe, node) & bound and not isinstance(
                node.kind, Materialization | Copy
            ):
                continue
            catalog = ProjectCatalog(tables, stand_ins.render, pipe, node.name)
            try:
                statement = compile_query(stand_ins.render(pipe, node)[0], catalog)
            except Incomplete:
                continue
            except UserError as error:
                is_certain = not stand_ins.has_unknown_values(node)
                yield from (d for d in error.diagnostics if is_certain or d.code in _CERTAIN)
                continue
            bound.update(statement.views)
            yield from _check_target(project, pipe, node, statement)


def _view_names(pipe: Pipe, node: Node) -> set[str]:
    names = {f"{pipe.name}.{node.name}"}
    return names | {pipe.name} if node is pipe.output else names


def _check_target(
    project: Project, pipe: Pipe, node: Node, statement: Compiled
) -> Iterator[Diagnostic]:
    kind = node.kind
    if not isinstance(kind, Materialization | Copy):
        return
    target = project.datasources.get(kind.target)
    if target is not None:
        what = f"node `{node.name}` of pipe `{pipe.name}`"
        yield from check_columns(statement, target, kind.target_span or node.span, what)


class Incomplete(Exception):
    """A node is read whose SQL cannot be known without a request: a parameter that has no default
    decides a name or the shape of it."""


class StandIns:
    """Renders templates as they are checked: every parameter is a stand-in of its type."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._rendered: dict[int, Fragment | None] = {}

    def render(self, pipe: Pipe, node: Node) -> Rendered:
        """The node's SQL with stand-ins. Raises `Incomplete`."""
        made = self._fragment(node)
        if made is None or (node.is_template and _NAMES.search(_LITERAL.sub("''", made.text))):
            raise Incomplete(node.name)
        return made, {}

    def has_unknown_values(self, node: Node) -> bool:
        """Whether a text in the node's SQL stands for one that only a request gives."""
        made = self._fragment(node)
        return made is None or (node.is_template and NO_VALUE in made.text)

    def _fragment(self, node: Node) -> Fragment | None:
        if not node.is_template:
            return node.sql
        key = id(node)
        if key not in self._rendered:
            self._rendered[key] = self._check(node.sql)
        return self._rendered[key]

    def _check(self, template: Fragment) -> Fragment | None:
        from mini_tb.template import TemplateError
        from mini_tb.workspace.render import parsed

        try:
            made = parsed(template.text).checked(secrets=self._secrets.keys())
        except TemplateError:
            return None  # what can be known to be wrong was reported when the project was loaded
        return template.derive(made.text, made.pieces)
