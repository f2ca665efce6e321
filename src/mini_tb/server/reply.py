"""What handlers return, and how it becomes bytes.

A handler returns a JSON-able value, a `Reply` for another status or header, or a `Stream` whose
first pieces are there already and whose rest is written while it is read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import field
from typing import Any

import orjson
from starlette.responses import Response

from mini_tb.dataclass import dataclass

JSON = "application/json"
COMPRESSED_FROM = 16 << 10
"""Answers of fewer bytes are sent as they are."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `content` is bytes, text or a JSON-able value; None has no body.
    `content_type` None means JSON; the type is sent exactly as given."""

    content: Any = None
    status: int = 200
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that is there as a whole, not yet compressed."""

    content: bytes
    content_type: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class Stream:
    """An answer written in pieces. `pieces` blocks while the engine computes; `close` must be
    called when it is done with, however it ends. `keep` gets the whole answer if it is small, and
    None if it is not."""

    pieces: Iterator[bytes]
    content_type: str
    close: Callable[[], None]
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: Callable[[Written | None], None] | None = None

    @classmethod
    def of(cls, written: Written, **headers: str) -> Stream:
        """An answer that is there already, with more headers."""
        pieces = iter((written.content,))
        return cls(pieces, written.content_type, _nothing, {**written.headers, **headers})


def _nothing() -> None:
    """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that another thread will know: `make` turns its result into a reply."""

    future: Future[Any]
    make: Callable[[Any], Reply]


def response_of(reply: Any) -> Response:
    """The response for what a handler returned, streams and futures aside."""
    if not isinstance(reply, Reply):
        reply = Reply(reply)
    if reply.content is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    content = reply.content
    if not isinstance(content, bytes | str):
        content = orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS)
    headers = {**reply.headers, "content-type": reply.content_type or JSON}
    return Response(content, reply.status, headers)


def encoding_for(accepted: str) -> str | None:
    """The compression to use for an Accept-Encoding header: zstd, gzip or none."""
    offered = {}
    for item in accepted.lower().split(","):
        name, _, quality = item.strip().partition(";q=")
        offered[name.strip()] = quality.strip() != "0" if quality else True
    for name in ("zstd", "gzip"):
        if offered.get(name):
            return name
    return None


def compress(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The pieces, compressed as they come: fast rather than small."""
    if encoding == "zstd":
        import zstandard

        packer: Any = zstandard.ZstdCompressor(level=1).compressobj()
    else:
        packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
