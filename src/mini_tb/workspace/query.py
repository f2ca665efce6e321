"""Queries of one workspace: endpoints and SQL of a caller's own, prepared, and run.

To prepare one is to render its templates and to find the statement compiled for what they gave. A
request for an endpoint that comes again with the same parameters is not even rendered: what was
prepared for it is kept until the project or a secret changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import EngineError
from mini_tb.engine.duckdb.errors import Code
from mini_tb.workspace.access import EVERYTHING, READ_PIPE, Access
from mini_tb.workspace.request import CompiledCache, Request
from mini_tb.workspace.resource import find_endpoint, find_pipe

if TYPE_CHECKING:
    from mini_tb.engine.duckdb import DuckDBResult
    from mini_tb.project import Node, Pipe
    from mini_tb.sql import Compiled, Table, View
    from mini_tb.workspace.live import Live
    from mini_tb.workspace.workspace import Workspace

OnStart = Callable[[Callable[[], None]], None]
"""Gets what cancels a query."""

_STALE = frozenset(
    {Code.ILLEGAL_TYPE_OF_ARGUMENT, Code.UNKNOWN_IDENTIFIER, Code.UNKNOWN_TABLE, Code.TYPE_MISMATCH}
)
"""What the engine says of a statement whose tables have changed since it was compiled."""

_KEPT = 1024
"""How many prepared requests are kept."""
_LONG = 1024
"""From so many characters of parameters on a request is not kept."""

Key = tuple[int, int, str, tuple[tuple[str, Any], ...]]
"""Versions of the project and of the secrets, a pipe, and the parameters as they were given."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled statement, the values it binds, and what its templates asked for. `again` prepares
    it anew, for when a deployment changes the tables before it runs."""

    compiled: Compiled
    values: Mapping[str, Any]
    settings: Mapping[str, Any]
    version: int = 0
    again: Callable[[], Prepared] | None = None


class Queries:
    """The queries of one workspace. Methods may be called from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.compiled = CompiledCache()
        self._lock = threading.Lock()
        self._prepared: OrderedDict[Key, Prepared] = OrderedDict()

    def forget(self) -> None:
        """The project has changed: what was compiled for it is of no use."""
        self.compiled.clear()
        with self._lock:
            self._prepared.clear()

    def endpoint(
        self,
        name: str,
        params: Mapping[str, Any],
        *,
        q: str | None = None,
        access: Access = EVERYTHING,
        staging: bool = False,
    ) -> Prepared:
        """An endpoint's statement; see `Workspace.query`."""
        workspace = self._workspace
        live = workspace.staged if staging else workspace.live
        pipe, node = find_endpoint(workspace.id, live.project, name)
        access.check(READ_PIPE, pipe.name)
        key = None if q is not None or staging else self._key(live, pipe, params, access)
        if key is not None:
            with self._lock:
                kept = self._prepared.get(key)
                if kept is not None:
                    self._prepared.move_to_end(key)
                    return kept
        # SQL of the caller's own may name other pipes, too.
        fixed = access.fixed_params(pipe.name) if q is None else access.every_fixed_param()
        request = self.request(live, {**params, **fixed}, access)
        if q is None:
            compiled, values = request.node(self.compiled, pipe, node)
        else:
            compiled, values = request.text(self.compiled, q, pipe, as_result=True)
        again = partial(self.endpoint, name, params, q=q, access=access, staging=staging)
        made = Prepared(compiled, values, request.settings, live.version, again)
        if key is not None and not request.tells_time:
            self._keep(key, made)
        return made

    def text(
        self,
        text: str,
        params: Mapping[str, Any],
        *,
        pipeline: str | None = None,
        access: Access = EVERYTHING,
        query_params: Mapping[str, str] | None = None,
        staging: bool = False,
    ) -> Prepared:
        """The statement of a caller's own SQL; see `Workspace.sql`."""
        workspace = self._workspace
        live = workspace.staged if staging else workspace.live
        pipe = None if pipeline is None else find_pipe(workspace.id, live.project, pipeline)
        request = self.request(live, {**params, **access.every_fixed_param()}, access)
        compiled, values = request.text(self.compiled, text, pipe, query_params=query_params)
        again = partial(
            self.text,
            text,
            params,
            pipeline=pipeline,
            access=access,
            query_params=query_params,
            staging=staging,
        )
        return Prepared(compiled, values, request.settings, live.version, again)

    def node(
        self, pipe: Pipe, node: Node, params: Mapping[str, Any]
    ) -> tuple[Compiled, dict[str, Any]]:
        """The statement of any node, with the values it binds, for the workspace's own jobs."""
        request = self.request(self._workspace.live, params, EVERYTHING)
        return request.node(self.compiled, pipe, node)

    def request(self, live: Live, params: Mapping[str, Any], access: Access) -> Request:
        """What renders the project's templates with these parameters."""
        return Request(live, params, self._workspace.secrets.values(), access, self._service_table)

    def explain(self, prepared: Prepared) -> tuple[str, str]:
        """The statement that the engine runs, and its plan as the engine tells it."""
        statement = prepared.compiled.duck_sql
        asked = replace(prepared.compiled, duck_sql=f"EXPLAIN {statement}", totals=None)
        with self.run(replace(prepared, compiled=asked)) as result:
            plan = "\n".join(str(row[-1]) for row in result.rows())
        return statement, plan

    def run(
        self,
        prepared: Prepared,
        *,
        timeout_s: float | None = None,
        on_start: OnStart | None = None,
    ) -> DuckDBResult:
        """The answer of a prepared statement, as of now. Raises `EngineError`."""
        try:
            return self._run(prepared, timeout_s, on_start)
        except EngineError as error:
            if error.code not in _STALE or prepared.again is None:
                raise
            # Perhaps a deployment took the tables away: wait until it is through.
            with self._workspace.engine.exclusive():
                is_stale = self._workspace.live.version != prepared.version
            if not is_stale:
                raise
            return self._run(prepared.again(), timeout_s, on_start)

    def _run(
        self, prepared: Prepared, timeout_s: float | None, on_start: OnStart | None
    ) -> DuckDBResult:
        workspace, compiled, values = self._workspace, prepared.compiled, prepared.values
        if compiled.uses_now:
            values = {**values, "now": workspace.now()}
        workspace.service.refresh(compiled.tables)
        limit = workspace.timeout_s if timeout_s is None else timeout_s
        result = workspace.engine.execute(compiled, values, timeout_s=limit, on_start=on_start)
        result.settings = prepared.settings
        return result

    def _key(self, live: Live, pipe: Pipe, params: Mapping[str, Any], access: Access) -> Key | None:
        """What decides a request for an endpoint; None if more does than texts."""
        if access.narrows or not all(type(value) is str for value in params.values()):
            return None
        if sum(map(len, params.values())) > _LONG:
            return None
        return live.version, self._workspace.secrets.version, pipe.name, tuple(params.items())

    def _keep(self, key: Key, prepared: Prepared) -> None:
        with self._lock:
            self._prepared[key] = prepared
            while len(self._prepared) > _KEPT:
                self._prepared.popitem(last=False)

    def _service_table(self, name: str) -> Table | View | None:
        """What queries may name beside the project: service data sources and system tables."""
        from mini_tb.workspace.system import system_table

        return self._workspace.service.find(name) or system_table(self._workspace, name)
