"""One request as a handler sees it: who calls, with which parameters and body.

Parameters may come in the query, in a form or in a JSON object; repeated keys make a list. What
clients add for their own sake, and what steers the request itself (`RESERVED`), never becomes a
parameter of a template.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import EngineError, UserError

if TYPE_CHECKING:
    from starlette.requests import Request

    from mini_tb.server.app import Server
    from mini_tb.server.observe import Observed
    from mini_tb.server.spool import Spool
    from mini_tb.workspace.access import Access
    from mini_tb.workspace.workspace import Workspace

RESERVED = frozenset(
    {
        "__tb__client",
        "__tb__csv_header",
        "__tb__deployment",
        "__tb__semver",
        "cli_version",
        "debug",
        "debug_source_tables",
        "default_format",
        "explain",
        "finalize_aggregations",
        "from",
        "output_format_json_quote_64bit_integers",
        "output_format_json_quote_denormals",
        "output_format_parquet_string_as_string",
        "pipeline",
        "playground",
        "q",
        "query_id",
        "release_replacements",
        "tag",
        "template_parameters",
        "token",
    }
)
MEGABYTE = 1 << 20
Params = Mapping[str, str | list[str]]


def merged(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Parameters by name; repeated ones as a list in their order."""
    found: dict[str, str | list[str]] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
            continue
        known = found[name]
        found[name] = [*known, value] if isinstance(known, list) else [known, value]
    return found


@dataclass
class Call:
    """See the module. `workspace` and `access` are those of the token, on routes that need one. A
    large file is in `spool`; then there is no `body`."""

    server: Server
    request: Request
    body: bytes = b""
    held: int = 0
    spool: Spool | None = None
    token: str | None = None
    _workspace: Workspace | None = None
    _access: Access | None = None
    observed: Observed | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _is_cancelled: bool = False
    _on_cancel: Callable[[], None] | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace that the token belongs to."""
        assert self._workspace is not None
        return self._workspace

    @property
    def is_unknown(self) -> bool:
        """Whether the token is not known (yet)."""
        return self._workspace is None

    @property
    def access(self) -> Access:
        """What the token may do."""
        assert self._access is not None
        return self._access

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.method

    # Parameters ------------------------------------------------------------------------------

    @cached_property
    def query(self) -> dict[str, str | list[str]]:
        """The parameters in the URL."""
        return merged(self.request.query_params.multi_items())

    @cached_property
    def content_type(self) -> str:
        """The body's media type, without parameters, in lower case."""
        return self.request.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None if there is no body. Raises `UserError` RT601 if it is none."""
        if not self.body.strip():
            return None
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise UserError.of("RT601", f"the body is no JSON: {error}") from error

    @cached_property
    def form(self) -> dict[str, str | list[str]]:
        """The parameters in the body: a form's fields or the members of a JSON object."""
        if self.content_type == "application/x-www-form-urlencoded":
            text = self.body.decode("utf-8", "replace")
            return merged(parse_qsl(text, keep_blank_values=True))
        if self.content_type == "application/json" and isinstance(self.json, dict):
            return {name: _text(value) for name, value in self.json.items() if value is not None}
        if self.content_type == "multipart/form-data":
            return merged([(p.name, p.data.decode("utf-8", "replace")) for p in self.parts])
        return {}

    @cached_property
    def everything(self) -> dict[str, str | list[str]]:
        """The parameters of the body and the URL; the URL's win."""
        return {**self.form, **self.query}

    def param(self, name: str, default: str = "") -> str:
        """One parameter; the last one if it is repeated. An empty list of JSON is none."""
        value = self.everything.get(name, default)
        if isinstance(value, list):
            return value[-1] if value else default
        return value

    def params(self, name: str) -> list[str]:
        """All values of a parameter."""
        value = self.everything.get(name, [])
        return value if isinstance(value, list) else [value]

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A parameter that is `true` or `false`."""
        value = self.param(name).lower()
        return default if not value else value in ("true", "1", "yes", "on")

    def required(self, name: str) -> str:
        """A parameter that must be there. Raises `UserError` RT602 if it is not."""
        value = self.param(name)
        if not value:
            raise UserError.of("RT602", f"the parameter `{name}` is missing")
        return value

    @property
    def staging(self) -> bool:
        """Whether it asks the candidate that waits, not what is live."""
        return self.query.get("__tb__deployment") == "staging"

    @property
    def template_params(self) -> Params:
        """What a template may see."""
        return {
            name: value
            for name, value in self.everything.items()
            if name not in RESERVED and not name.startswith("__tb__")
        }

    # Uploads ---------------------------------------------------------------------------------

    @cached_property
    def parts(self) -> list[Part]:
        """The parts of a multipart body. Raises `UserError` RT603 if it cannot be read."""
        return multipart(self.request.headers.get("content-type", ""), self.body)

    @cached_property
    def content(self) -> bytes:
        """The body with its Content-Encoding undone, at most `limits.decompressed` bytes.
        Raises `UserError` 400, 413 or 415 if it cannot be."""
        return self.unpacked(self.server.limits.decompressed)

    def unpacked(self, limit: int) -> bytes:
        """As `content`, for a limit of one's own."""
        from mini_tb.ingest.body import decompress

        encoding = self.request.headers.get("content-encoding")
        return decompress(self.body, encoding, limit=limit)

    # Cancelling ------------------------------------------------------------------------------

    def cancel(self) -> None:
        """The client has gone: stop what runs for it."""
        self._is_cancelled = True
        stop = self._on_cancel
        if stop is not None:
            stop()

    def on_start(self, stop: Callable[[], None]) -> None:
        """What to call when the client goes: stops the query that is about to run. Raises
        `EngineError` if it has gone already."""
        self._on_cancel = stop
        if self._is_cancelled:
            raise EngineError("Query was cancelled", code=394)


def _text(value: Any) -> str | list[str]:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [v if isinstance(v, str) else orjson.dumps(v).decode() for v in value]
    return orjson.dumps(value).decode()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body."""

    name: str
    filename: str | None
    content_type: str
    data: bytes


_DISPOSITION = re.compile(rb'(?i)(?:^|;)\s*([a-z]+)\*?="((?:[^"\\]|\\.)*)"')


def multipart(content_type: str, body: bytes) -> list[Part]:
    """The parts of a multipart body in their order. Names may repeat."""
    from python_multipart.exceptions import MultipartParseError
    from python_multipart.multipart import MultipartParser, parse_options_header

    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise UserError.of("RT603", "the multipart body has no boundary")
    found: list[Part] = []
    state: dict[str, Any] = {}
    data = bytearray()

    def begin() -> None:
        state.update(headers={}, field=b"", value=b"")
        data.clear()

    def field_data(chunk: bytes, start: int, end: int) -> None:
        state["field"] += chunk[start:end]

    def value_data(chunk: bytes, start: int, end: int) -> None:
        state["value"] += chunk[start:end]

    def header_end() -> None:
        state["headers"][state["field"].lower()] = state["value"]
        state.update(field=b"", value=b"")

    def part_data(chunk: bytes, start: int, end: int) -> None:
        data.extend(chunk[start:end])

    def part_end() -> None:
        headers = state["headers"]
        given = dict(_DISPOSITION.findall(headers.get(b"content-disposition", b"")))
        filename = given.get(b"filename")
        found.append(
            Part(
                given.get(b"name", b"").decode("utf-8", "replace"),
                None if filename is None else filename.decode("utf-8", "replace"),
                headers.get(b"content-type", b"").decode("latin-1"),
                bytes(data),
            )
        )

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_header_field": field_data,
            "on_header_value": value_data,
            "on_header_end": header_end,
            "on_part_data": part_data,
            "on_part_end": part_end,
            "on_end": lambda: state.update(ended=True),
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise UserError.of("RT603", f"the multipart body cannot be read: {error}") from error
    if "ended" not in state:
        raise UserError.of("RT603", "the multipart body ends before its last boundary")
    return found
