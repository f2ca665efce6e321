"""One request's rendering of the project: nodes rendered once, compiled by their skeletons.

Rendering a template gives a skeleton (SQL with placeholders) and values. The compiled statement
depends on the skeletons of all nodes that are reached, not on the values, so it is kept under them:
a request that differs only in values compiles nothing. A few values decide a statement's shape
(`LIMIT` of a union, a format string …); the compiler names them, and they join the key. Of other
texts it joins whether they are plain days or times, for which the statement is simpler.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.deploy.names import ProjectCatalog, Rendered
from mini_tb.diagnostics import UserError
from mini_tb.engine.duckdb.table import QUARANTINE_SUFFIX
from mini_tb.project import Node, Pipe
from mini_tb.project.graph import resolve
from mini_tb.source import Fragment
from mini_tb.sql import Table, Value, View, tables
from mini_tb.sql.plain_moment import form
from mini_tb.workspace.access import READ_DATASOURCE, READ_PIPE, Access
from mini_tb.workspace.render import render_node
from mini_tb.workspace.system import OPEN

if TYPE_CHECKING:
    from mini_tb.sql import Compiled, ExplainedQuery
    from mini_tb.workspace.live import Live

Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class _Deciding:
    """The values that decide a statement, by view and name: those in its text or the names of its
    columns, and those bound."""

    written: tuple[tuple[str, str], ...]
    bound: tuple[tuple[str, str], ...]

    def key(self, key: Key, value_of: Callable[[str, str], Value]) -> Key:
        """What decides the statement for these values, beside what `key` says."""
        texts = (str(value_of(*name).text) for name in self.written)
        values = (value_of(*name).value for name in self.bound)
        return (*key, *texts, *(form(v) if type(v) is str else None for v in values))


class CompiledCache:
    """Compiled statements by what decides them; the least recently used go first."""

    def __init__(self, size: int = 2048) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._deciding: OrderedDict[Key, _Deciding] = OrderedDict()
        self._compiled: OrderedDict[Key, Compiled] = OrderedDict()
        self.compilations = 0
        """How many statements were compiled."""
        self.hits = 0
        """How many were found."""

    def get(
        self, key: Key, value_of: Callable[[str, str], Value], compile_: Callable[[], Compiled]
    ) -> Compiled:
        """The statement for `key`; `value_of(view, name)` gives a bound value."""
        with self._lock:
            deciding = self._deciding.get(key)
            if deciding is not None:
                full = deciding.key(key, value_of)
                found = self._compiled.get(full)
                if found is not None:
                    self.hits += 1
                    self._deciding.move_to_end(key)
                    self._compiled.move_to_end(full)
                    return found
        made = compile_()
        written = tuple(sorted(made.inlined | made.named))
        deciding = _Deciding(written, tuple(sorted(made.parameters.values())))
        full = deciding.key(key, value_of)
        with self._lock:
            self.compilations += 1
            self._deciding[key] = deciding
            self._compiled[full] = made
            for kept in (self._deciding, self._compiled):
                while len(kept) > self._size:
                    kept.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget all: the project has changed."""
        with self._lock:
            self._deciding.clear()
            self._compiled.clear()


@dataclass(slots=True)
class Request:
    """The parameters of one request and what was rendered with them.

    `settings` gathers what templates asked for (`cache_ttl`, `max_threads`, …); `tells_time`: the
    same parameters may give something else later.
    """

    live: Live
    params: Mapping[str, Any]
    secrets: Mapping[str, str]
    access: Access
    others: Callable[[str], Table | View | None] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    tells_time: bool = False
    _rendered: dict[tuple[str, str], Rendered] = field(default_factory=dict)
    _own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> Collection[tuple[str, str]]:
        """The nodes that were rendered so far, as (pipe, node)."""
        return self._rendered.keys()

    def render(self, pipe: Pipe, node: Node) -> Rendered:
        """The node's SQL and values for these parameters; worked out once."""
        key = (pipe.name, node.name)
        made = self._rendered.get(key)
        if made is None:
            # What the token fixes, the caller cannot say otherwise.
            params = {**self.params, **self.access.fixed_params(pipe.name)}
            rendering = render_node(node, params, self.secrets)
            self.settings.update(rendering.settings)
            self.tells_time |= rendering.tells_time
            made = self._rendered[key] = (rendering.sql, rendering.values)
        return made

    def node(self, cache: CompiledCache, pipe: Pipe, node: Node) -> tuple[Compiled, dict[str, Any]]:
        """The compiled statement of a node and the values it binds."""
        sql, self._own = self.render(pipe, node)
        key = (self.live.version, self._filters(), *self._reached(sql, pipe, node.name, set()))
        return self._compiled(cache, key, sql, self._catalog(pipe, node))

    def explain(self, pipe: Pipe, node: Node) -> tuple[ExplainedQuery, ...]:
        """Every node that a node reads, each after those that it reads itself; itself (named '')
        comes last."""
        from mini_tb.sql import explain_query

        sql, values = self.render(pipe, node)
        return explain_query(sql, self._catalog(pipe, node), values=values)

    def _catalog(self, pipe: Pipe, node: Node) -> ProjectCatalog:
        return ProjectCatalog(
            self.live.tables,
            self.render,
            pipe,
            node.name,
            others=self.others,
            guard=self._filtered,
            inner=self._filtered,
        )

    def text(
        self,
        cache: CompiledCache,
        text: str,
        pipe: Pipe | None = None,
        *,
        as_result: bool = False,
        query_params: Mapping[str, str] | None = None,
    ) -> tuple[Compiled, dict[str, Any]]:
        """The compiled statement of a caller's own SQL (a template if it begins with `%`).

        `query_params` are the texts of `{name:Type}` in it. With `pipe`, its nodes are tables, and
        `_` is its output; `as_result` says that its output is what the caller asked for, so that
        PIPES:READ of it is enough.
        """
        from mini_tb.workspace.render import render_text

        given: Mapping[str, Value] = {}
        if query_params:
            from mini_tb.sql.query_parameters import with_parameters

            text, given = with_parameters(text, query_params)
        # Who may only read must not read secrets through a template of their own.
        secrets = self.secrets if self.access.is_admin else {}
        rendering = render_text(text, self.params, secrets)
        self.settings.update(rendering.settings)
        self._own = {**given, **rendering.values}
        catalog = ProjectCatalog(
            self.live.tables,
            self.render,
            None if as_result else pipe,
            others=self.others,
            guard=self._guard,
            inner=self._filtered,
        )
        reached: list[str] = []
        if pipe is not None:
            view = catalog.view(pipe, pipe.output, pipe.name)
            catalog = catalog.with_replaced({"_": view, pipe.name: view})
            reached = self._reached(view.sql, pipe, pipe.output.name, set())
        own = self._reached(rendering.sql, None if as_result else pipe, None, set())
        signature = None if self.access.is_admin else repr(self.access.scopes)
        name = pipe.name if pipe is not None else None
        key = (self.live.version, signature, name, as_result, *own, "/", *reached)
        return self._compiled(cache, key, rendering.sql, catalog)

    def _compiled(
        self, cache: CompiledCache, key: Key, sql: Fragment, catalog: ProjectCatalog
    ) -> tuple[Compiled, dict[str, Any]]:
        def compile_() -> Compiled:
            from mini_tb.sql import compile_query

            return compile_query(sql, catalog, values=self._own)

        compiled = cache.get(key, self._value, compile_)
        values = {
            duck_name: self._value(view, name).value
            for duck_name, (view, name) in compiled.parameters.items()
        }
        return compiled, values

    def _value(self, view: str, name: str) -> Value:
        found = self._values(view).get(name)
        if found is None:
            raise UserError.of("SQ005", f"the query parameter `{name}` has no value")
        return found  # type: ignore[no-any-return]  # values of templates

    def _reached(
        self, sql: Fragment, pipe: Pipe | None, node: str | None, seen: set[tuple[str, str]]
    ) -> list[str]:
        """The skeletons that `sql` leads to, its own first, in the order they are met."""
        texts = [sql.text]
        for name, _, _ in tables(sql.text):
            meant = resolve(self.live.project, pipe, name, node).node
            if meant is None or meant in seen:
                continue
            seen.add(meant)
            other = pipe if pipe is not None and pipe.name == meant[0] else None
            other = other or self.live.project.pipes[meant[0]]
            found = other.node(meant[1])
            if found is not None:
                inner, _ = self.render(other, found)
                texts += self._reached(inner, other, found.name, seen)
        return texts

    def _values(self, view: str) -> Mapping[str, Any]:
        """The bound values of a view, by its name in the catalog; '' is the query's own text."""
        if not view:
            return self._own
        pipe_name, _, node_name = view.partition(".")
        if not node_name:
            node_name = self.live.project.pipes[pipe_name].output.name
        return self._rendered[pipe_name, node_name][1]

    # What the token may read -------------------------------------------------------------

    def _guard(self, found: Table | View) -> Table | View:
        """For the names in a caller's own SQL: each needs a scope."""
        name = found.name
        if isinstance(found, View):
            self.access.check(READ_PIPE, name.partition(".")[0])
            return found
        if name in OPEN:
            return found
        if name.endswith(QUARANTINE_SUFFIX) and name not in self.live.project.datasources:
            name = name.removesuffix(QUARANTINE_SUFFIX)
        self.access.check(READ_DATASOURCE, name)
        return self._filtered(found)

    def _filtered(self, found: Table | View) -> Table | View:
        """For every name at any depth: only the rows that the token's filter lets through."""
        if isinstance(found, View):
            return found
        condition = self.access.row_filter(found.name)
        if condition is None and found.name.endswith(QUARANTINE_SUFFIX):
            condition = self.access.row_filter(found.name.removesuffix(QUARANTINE_SUFFIX))
        return found if condition is None else _narrowed(found, condition)

    def _filters(self) -> str | None:
        if self.access.is_admin or not any(scope.filter for scope in self.access.scopes):
            return None
        return repr(self.access.scopes)


def _narrowed(table: Table, condition: str) -> Table:
    """The table with only the rows that satisfy a ClickHouse condition."""
    from mini_tb.sql import compile_expression
    from mini_tb.types import nullable, parse_type

    target = nullable(parse_type("UInt8"))
    duck_sql, _ = compile_expression(condition, table.columns, target=target, relation="f")

    def narrowed(relation: str) -> str:
        return f"(SELECT * FROM {relation} AS f WHERE ({duck_sql}) <> 0)"

    final = None if table.final is None else narrowed(table.final)
    return Table(table.name, narrowed(table.relation), table.columns, table.engine, final)
