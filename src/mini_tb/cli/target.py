"""Where a command's workspace is: in a running server, or in the project's folder.

One process owns the database. When a `serve` runs for the folder, commands talk to it over HTTP;
else they open the workspace themselves and speak to the same application in process. Either way a
command makes the same calls, so it gives the same answers.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from mini_tb.workspace.registry import Registry

NOTE = Path(".mini-tb") / "server.json"
ROWS = "% SELECT * FROM {{ table(datasource) }} LIMIT {{ Int64(limit) }}"
NEWEST = "% SELECT * FROM {{ table(datasource) }} ORDER BY {{ column(by) }} DESC LIMIT 1"
Body = bytes | Iterator[bytes]
PATIENCE_S = 3600
"""How long a command waits for an answer: imports and deployments may take their time."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of the API."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's JSON value."""
        return json.loads(self.body)


class Transport(Protocol):
    """A way to the API."""

    token: str
    url: str

    def request(self, method: str, path: str, body: Body, headers: Mapping[str, str]) -> Response:
        """Make a call and read its answer whole."""
        ...

    def close(self) -> None:
        """Let go of what the transport holds."""
        ...


class RunningServer:
    """A `serve` of the same folder."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def request(self, method: str, path: str, body: Body, headers: Mapping[str, str]) -> Response:
        """See `Transport`. Raises `UserError` RT510 if the server is gone."""
        import http.client

        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=PATIENCE_S
        )
        try:
            # A server that refuses a large body answers before it has read it all.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise UserError.of(
                "RT510", f"the server at {self.url} does not answer: {error}"
            ) from error
        finally:
            connection.close()

    def close(self) -> None:
        """See `Transport`."""


class OwnFolder:
    """The folder's workspace, opened by this process."""

    def __init__(self, registry: Registry) -> None:
        from mini_tb.server.app import create_app

        self._registry = registry
        self._app = create_app(registry)
        self.url = "http://localhost:7181"
        entry = registry.find(registry.main.id)
        assert entry is not None
        self.token = registry.token(entry)

    def request(self, method: str, path: str, body: Body, headers: Mapping[str, str]) -> Response:
        """See `Transport`."""
        import asyncio

        return asyncio.run(self._call(method, path, body, headers))

    async def _call(
        self, method: str, path: str, body: Body, headers: Mapping[str, str]
    ) -> Response:
        import asyncio

        route, _, query = path.partition("?")
        sent: list[dict[str, Any]] = []
        pieces = iter([body] if isinstance(body, bytes) else body)
        is_read = False

        async def receive() -> dict[str, Any]:
            nonlocal is_read
            if not is_read:
                piece = next(pieces, None)
                is_read = piece is None
                return {"type": "http.request", "body": piece or b"", "more_body": not is_read}
            await asyncio.Event().wait()  # a client in the same process never goes away
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        raw_headers = {"host": "localhost", **headers}
        if isinstance(body, bytes):
            raw_headers["content-length"] = str(len(body))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(route),
            "raw_path": route.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in raw_headers.items()],
            "server": ("localhost", 7181),
            "client": ("127.0.0.1", 0),
        }
        await self._app(scope, receive, send)
        status = next(m["status"] for m in sent if m["type"] == "http.response.start")
        fields = next(m["headers"] for m in sent if m["type"] == "http.response.start")
        found = {name.decode().lower(): value.decode() for name, value in fields}
        whole = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return Response(status, found, whole)

    def close(self) -> None:
        """Close the workspaces of the folder."""
        self._app.state.server.pools.close()
        self._registry.close()


class Target:
    """The API of the folder's workspace, with its admin token."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *error: object) -> None:
        self._transport.close()

    @property
    def url(self) -> str:
        """Where the API listens, or would listen."""
        return self._transport.url

    @property
    def token(self) -> str:
        """The workspace's admin token."""
        return self._transport.token

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        body: Body = b"",
        content_type: str = "application/octet-stream",
    ) -> Response:
        """Call a route; a body may come in pieces. Raises `UserError` with the server's words and
        code for an answer of 400 or more."""
        query = urlencode({k: v for k, v in (params or {}).items() if v is not None}, doseq=True)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        path = quote(path)
        answer = self._transport.request(
            method, f"{path}?{query}" if query else path, body, headers
        )
        if answer.status >= 400:
            code = answer.headers.get("x-mini-tb-code", "RT511")
            raise UserError.of(code, _error_text(answer), status=answer.status)
        return answer

    def sql(
        self, query: str, output: str = "JSON", *, pipeline: str | None = None, **params: Any
    ) -> Response:
        """The answer of a SELECT in one of ClickHouse's formats, unless the query says another. A
        query that begins with `%` is a template, and `params` are its parameters."""
        given = {"pipeline": pipeline, "default_format": output, **params}
        return self.call("POST", "/v0/sql", given, body=query.encode(), content_type="text/plain")

    def rows(self, datasource: str, *, limit: int, output: str = "JSON") -> bytes:
        """Some rows of a data source."""
        return self.sql(ROWS, output, datasource=datasource, limit=limit).body

    def newest(self, datasource: str, *, by: str) -> bytes:
        """The row of a data source with the greatest value of a column, as JSON."""
        return self.sql(NEWEST, datasource=datasource, by=by).body

    def get(self, path: str, **params: Any) -> Any:
        """The JSON value of a GET."""
        return self.call("GET", path, params).json()

    def upload(self, path: str, files: Mapping[str, str], params: Mapping[str, Any]) -> Any:
        """POST a project's datafiles; the JSON value of the answer."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="data_project://"; '
            f'filename="{name}"\r\nContent-Type: text/plain\r\n\r\n{text}\r\n'
            for name, text in files.items()
        ]
        body = "".join([*parts, f"--{boundary}--\r\n"]).encode()
        content_type = f"multipart/form-data; boundary={boundary}"
        return self.call("POST", path, params, body=body, content_type=content_type).json()


def _error_text(answer: Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return answer.body.decode("utf-8", "replace") or f"HTTP {answer.status}"


def running_server(folder: Path) -> RunningServer | None:
    """The server that runs for the folder, if there is one."""
    try:
        note = json.loads((folder / NOTE).read_text())
        if not _is_alive(int(note["pid"])):
            return None
        return RunningServer(str(note["url"]), str(note["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def open_target(folder: Path) -> Target:
    """The workspace of a project's folder, wherever it is. Raises `UserError`."""
    server = running_server(folder)
    if server is not None:
        return Target(server)
    from mini_tb.workspace.registry import Registry

    return Target(OwnFolder(Registry(folder)))
