"""Bodies as they arrive: compressed or not, of bounded size, one record a line or one document."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from mini_tb.diagnostics import UserError
from mini_tb.ingest.jsontext import JsonError

MAX_BODY = 512 << 20
"""Bytes that a body may have once it is decompressed."""

_CHUNK = 1 << 20
_ZSTD_PIECE = 4 << 10
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def decompress(body: bytes, encoding: str | None = None, *, limit: int = MAX_BODY) -> bytes:
    """The body without its `Content-Encoding` (gzip, zstd, deflate, identity, or a list of them).

    Without one, a body that starts like gzip or zstd is taken for what it is. Raises `UserError`:
    413 for more than `limit` bytes, 400 for a damaged or cut off body, 415 for other encodings.
    """
    encodings = [name.strip().lower() for name in (encoding or "").split(",") if name.strip()]
    if not encodings:
        encodings = ["gzip"] if body[:2] == _GZIP else ["zstd"] if body[:4] == _ZSTD else []
    for name in reversed(encodings):
        if name in ("gzip", "x-gzip", "deflate"):
            body = _inflate(body, name, limit)
        elif name == "zstd":
            body = _unzstd(body, limit)
        elif name != "identity":
            raise UserError.of(
                "IN105",
                f"content encoding `{name}` is not supported",
                hint="send it as gzip, as zstd, or as it is",
                status=415,
            )
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _inflate(body: bytes, name: str, limit: int) -> bytes:
    parts: list[bytes] = []
    size, rest = 0, body
    try:
        while rest:
            # 47: gzip or zlib, by its header; a body may be several gzip members in a row.
            decoder = zlib.decompressobj(47)
            while not decoder.eof:
                part = decoder.decompress(rest, _CHUNK)
                rest = decoder.unconsumed_tail
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
                if not part and not rest and not decoder.eof:
                    raise _damaged(name, "it ends too early")
            rest = decoder.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise _damaged(name, str(error)) from None
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in unzstd(io.BytesIO(body)):
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def unzstd(stream: BinaryIO) -> Iterator[bytes]:
    """The decompressed bytes of a zstd stream, piece by piece. Raises `UserError` IN103."""
    import zstandard

    # Small pieces, and a bounded window: a few bytes could ask for very much memory.
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    frame = None
    try:
        while piece := stream.read(_ZSTD_PIECE):
            while piece:
                frame = frame or decompressor.decompressobj()
                yield frame.decompress(piece)
                piece = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise _damaged("zstd", str(error)) from None
    if frame is not None:
        raise _damaged("zstd", "it ends too early")


def _too_large(limit: int) -> UserError:
    return UserError.of(
        "IN104",
        f"the body has more than {limit} bytes",
        hint="send it in several requests",
        status=413,
    )


def _damaged(name: str, why: str) -> UserError:
    return UserError.of("IN103", f"the body is not whole {name}: {why.lower()}")


def is_utf8(body: bytes) -> bool:
    """Whether all of it is."""
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def split_values(text: str) -> list[str]:
    """The objects of a JSON document: the elements of an array of objects, or objects in a row.

    Only brackets and strings are looked at; each piece is still to be parsed. Raises JsonError.
    """
    start = len(text) - len(text.lstrip())
    base = 1 if text[start : start + 1] == "[" else 0
    pieces: list[str] = []
    depth, opened, between = 0, 0, 0
    for match in _MARKS.finditer(text):
        mark = match[0]
        if mark in "{[":
            if depth == base and (mark == "{" or not base):
                if mark == "{":
                    _only_separators(text, between, match.start(), base)
                opened = match.start()
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == base and mark == "}":
                pieces.append(text[opened : match.end()])
                between = match.end()
            elif depth < 0:
                raise JsonError(f"`{mark}` that closes nothing", match.start())
    if depth:
        raise JsonError("unexpected end", len(text))
    _only_separators(text, between, len(text), base)
    return pieces


_SEPARATORS = re.compile(r"[\s,]*")
_BRACKETS = re.compile(r"[\s,\[\]]*")


def _only_separators(text: str, start: int, end: int, base: int) -> None:
    match = (_BRACKETS if base else _SEPARATORS).match(text, start, end)
    if match is None or match.end() != end:
        raise JsonError("expected an object", match.end() if match else start)
