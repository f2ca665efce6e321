"""The texts of datafiles → a `Project` and everything that is wrong with it.

Nothing here touches the disk or the environment: files, variables and secrets are handed in.
A file that is wrong does not keep the others from being read and checked.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.datafile.include import expand
from mini_tb.datafile.instructions import Kind
from mini_tb.datafile.parser import parse
from mini_tb.datafile.tree import Tree
from mini_tb.diagnostics import Diagnostic, Severity, UserError
from mini_tb.project.checks import CHECKS, Check
from mini_tb.project.connection import lower_connection
from mini_tb.project.datasource import lower_datasource
from mini_tb.project.graph import Graph, resolve
from mini_tb.project.model import Connection, Datasource, Node, Pipe, Project
from mini_tb.project.pipe import lower_pipe
from mini_tb.project.readers import Readers
from mini_tb.source import Fragment, SourceFile, Span


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project as far as it could be read, what its nodes read, and what is wrong.

    `diagnostics` are ordered by file and position.
    """

    project: Project
    graph: Graph
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that stop a build."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    def require(self) -> Project:
        """The project; raises `UserError` with all errors if there are any."""
        if self.errors:
            raise UserError(*self.errors)
        return self.project


def load_project(
    files: Mapping[str, str],
    *,
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    readers: Readers | None = None,
    checks: Sequence[Check] = (),
) -> Loaded:
    """Read all datafiles among `files` (path → text) and check them together; never raises.

    `env` fills `$NAME` in one-line values, `secrets` answer `tb_secret`. `checks` run after the
    project's own.
    """
    loader = _Loader(files, env or {}, secrets or {}, readers or Readers())
    for file in loader.files.values():
        loader.read(file)
    project = loader.project()
    graph = Graph.of(project, loader.references)
    known = set(loader.known)
    for check in (*CHECKS, *checks):
        loader.diagnostics.extend(check(project, graph, known))
    # A mistake in an included file is found once for each file that includes it.
    found = sorted(dict.fromkeys(loader.diagnostics), key=lambda d: d.sort_key)
    return Loaded(project, graph, tuple(found))


def read_project(files: Mapping[str, str], *, secrets: Mapping[str, str] | None = None) -> Project:
    """The project of datafiles that `load_project` has found to be right before: its templates and
    its queries are not looked into."""
    loader = _Loader(files, {}, secrets or {}, Readers())
    for file in loader.files.values():
        loader.read(file)
    return loader.project()


_TAGS = re.compile(r"\{\{|\{%|\{#")


class _Loader:
    """Reads file after file and remembers what was found."""

    def __init__(
        self,
        files: Mapping[str, str],
        env: Mapping[str, str],
        secrets: Mapping[str, str],
        readers: Readers,
    ) -> None:
        self.files = {path: SourceFile(path, text) for path, text in files.items()}
        self.env = env
        self.secrets = secrets
        self.readers = readers
        self.diagnostics: list[Diagnostic] = []
        self.known: dict[str, tuple[Kind, SourceFile]] = {}
        self.datasources: dict[str, Datasource] = {}
        self.pipes: dict[str, Pipe] = {}
        self.connections: dict[str, Connection] = {}

    def project(self) -> Project:
        """What was read so far."""
        return Project(self.datasources, self.pipes, self.connections)

    def read(self, file: SourceFile) -> None:
        """Read one file, if it is a datafile."""
        kind = Kind.of(file.path)
        if kind is None:
            return
        name = posixpath.basename(file.path).rpartition(".")[0]
        if not self._claim(name, kind, file):
            return
        tree, found = self._tree(file, kind)
        if kind is Kind.DATASOURCE:
            datasource = lower_datasource(tree, name, self.env, found)
            if datasource is not None:
                self.datasources[name] = datasource
        elif kind is Kind.PIPE:
            pipe = lower_pipe(tree, name, self.env, found)
            if pipe is not None:
                self.pipes[name] = pipe
        else:
            self.connections[name] = lower_connection(tree, name, self.env, found)
        self.diagnostics.extend(found)

    def _claim(self, name: str, kind: Kind, file: SourceFile) -> bool:
        """Take the name for the file; False, with an error, if another file has it."""
        # Connections have names of their own: nobody selects from one.
        key = f"connection {name}" if kind is Kind.CONNECTION else name
        taken = self.known.setdefault(key, (kind, file))
        if taken[1] is file:
            return True
        self.diagnostics.append(
            Diagnostic(
                "NM002",
                f"the name `{name}` is taken by `{taken[1].path}`",
                file.span(0),
                hint="rename one of the files",
                related=((taken[1].span(0), "the other file"),),
            )
        )
        return False

    def _tree(self, file: SourceFile, kind: Kind) -> tuple[Tree, list[Diagnostic]]:
        source = Fragment.of(file, 0, len(file.text))
        found: list[Diagnostic] = []
        if kind is not Kind.PIPE and _TAGS.search(file.text):
            source, problems = self.readers.render_file(file, self.secrets)
            found.extend(problems)
        parsed = expand(parse(source, kind), self.files, kind)
        found.extend(parsed.diagnostics)
        return parsed.tree, found

    def references(self, pipe: Pipe, node: Node) -> list[tuple[str, Span | None]]:
        """The tables that a node names; adds what is wrong with its template."""
        sql: Fragment | None = node.sql
        if node.is_template:
            sql, problems = self.readers.check_template(node.sql, self.secrets)
            self.diagnostics.extend(problems)
        if sql is None:
            return []
        found: list[tuple[str, Span | None]] = []
        for name, start, end in self.readers.tables(sql.text):
            if node.is_template and name == STAND_IN:
                continue
            if _AFTER_IN.search(sql.text[max(0, start - 40) : start]):
                # `x IN name` may name a column: it is a table only if there is one.
                known = resolve(self.project(), pipe, name, node.name)
                if not known.is_known:
                    continue
            found.append((name, sql.span(start, end)))
        return found


_AFTER_IN = re.compile(r"\bIN\s*\Z", re.IGNORECASE)
STAND_IN = "placeholder"
"""What `{{table(x)}}` renders to when templates are checked: no table of that name is meant."""
