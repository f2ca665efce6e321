"""Files and bodies of any format as a stream of decoded batches, of bounded memory.

`open_source` opens a local file, a URL or a body and undoes its compression; `decode_stream`
decodes what it reads. The caller writes it, all of it in one transaction or none.
"""

from __future__ import annotations

import gzip
import io
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit

from mini_tb.diagnostics import UserError
from mini_tb.ingest.body import unzstd
from mini_tb.ingest.decode import decode_json
from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.delimited import Dialect, decode_csv
from mini_tb.ingest.parquet import decode_parquet

if TYPE_CHECKING:
    from mini_tb.project import Datasource

FORMATS = ("ndjson", "json", "csv", "parquet")
MAX_FILE = 32 << 30
"""Bytes that a file may have once it is decompressed."""

_CHUNK_BYTES = 16 << 20
_MAX_LINE = 256 << 20
_SPOOL_BYTES = 64 << 20
_TIMEOUT_S = 30
_SUFFIXES = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}


def format_of(name: str) -> str | None:
    """The format that a file's name or a URL says, `.gz` and `.zst` aside; None if it says none."""
    path = urlsplit(name).path if "://" in name else name
    for ending in (".gz", ".zst"):
        path = path.removesuffix(ending)
    return _SUFFIXES.get(Path(path).suffix.lower())


@contextmanager
def open_source(
    source: str | Path | bytes | BinaryIO, *, limit: int = MAX_FILE
) -> Iterator[BinaryIO]:
    """A stream of the decompressed bytes of a path, an http(s) URL, a body, or an open file.

    Raises `UserError`: IN109 for what cannot be read, 413 for more than `limit` bytes.
    """
    with ExitStack() as stack:
        if isinstance(source, bytes):
            raw: BinaryIO = io.BytesIO(source)
        elif isinstance(source, str) and "://" in source:
            raw = stack.enter_context(_open_url(source))
        elif not isinstance(source, str | Path):
            raw = source
        else:
            try:
                raw = stack.enter_context(Path(source).open("rb"))
            except OSError as error:
                why = error.strerror or str(error)
                raise UserError.of("IN109", f"`{source}` cannot be read: {why.lower()}") from None
        yield cast(BinaryIO, _Bounded(_decompressing(raw, stack), limit))


def decode_stream(
    stream: BinaryIO,
    datasource: Datasource,
    format: str,
    *,
    options: Mapping[str, str] | None = None,
    import_id: str | None = None,
    now: datetime | None = None,
) -> Iterator[Decoded]:
    """The rows of a file, batch by batch. `options` are an import's parameters (`dialect_…`).

    Raises `UserError`: IN106 for an unknown format, IN101 for a file without rows, and whatever is
    wrong with the file.
    """
    if format not in FORMATS:
        known = ", ".join(f"`{name}`" for name in FORMATS)
        raise UserError.of("IN106", f"format `{format}` is not supported", hint=f"use {known}")
    if format == "csv":
        batches = decode_csv(
            stream, datasource, Dialect.of(options or {}), import_id=import_id, now=now
        )
    elif format == "parquet":
        batches = _spooled_parquet(stream, datasource, import_id, now)
    else:
        batches = _decode_json(stream, datasource, format == "json", import_id, now)
    rows = 0
    for batch in batches:
        rows += batch.successful_rows + batch.quarantined_rows
        yield batch
    if not rows:
        raise UserError.of("IN101", "the file has no rows")


def _decode_json(
    stream: BinaryIO,
    datasource: Datasource,
    document: bool,
    import_id: str | None,
    now: datetime | None,
) -> Iterator[Decoded]:
    if document:
        body = stream.read(_MAX_LINE + 1)
        if len(body) > _MAX_LINE:
            raise UserError.of(
                "IN104",
                f"a JSON document has at most {_MAX_LINE} bytes",
                hint="send it as NDJSON: one object a line",
                status=413,
            )
        yield decode_json(body, datasource, document=True, import_id=import_id, now=now)
        return
    is_first = True
    for chunk in _line_chunks(stream):
        if chunk.isspace():
            continue
        decoded = decode_json(chunk, datasource, import_id=import_id, now=now, check=is_first)
        is_first = False
        yield decoded


def _line_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in pieces of whole lines, of about 16 MB."""
    rest = b""
    while block := stream.read(_CHUNK_BYTES):
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            if len(rest) > _MAX_LINE:
                raise UserError.of("IN104", f"a line has more than {_MAX_LINE} bytes", status=413)
            continue
        yield rest + block[:end]
        rest = block[end:]
    if rest:
        yield rest


def _spooled_parquet(
    stream: BinaryIO, datasource: Datasource, import_id: str | None, now: datetime | None
) -> Iterator[Decoded]:
    """Parquet is read from its end: keep it in memory, or on disk if it is large."""
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
        while block := stream.read(1 << 20):
            spool.write(block)
        spool.seek(0)
        yield from decode_parquet(cast(BinaryIO, spool), datasource, import_id=import_id, now=now)


@contextmanager
def _open_url(url: str) -> Iterator[BinaryIO]:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    if urlsplit(url).scheme not in ("http", "https"):
        raise UserError.of("IN109", f"`{url}` is not an http or https URL")
    try:
        request = Request(url, headers={"User-Agent": "mini-tb", "Accept-Encoding": "identity"})
        with urlopen(request, timeout=_TIMEOUT_S) as response:
            yield response
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(error, HTTPError):
            error.close()
        raise UserError.of("IN109", f"`{url}` cannot be read: {str(reason).lower()}") from None


def _decompressing(raw: BinaryIO, stack: ExitStack) -> BinaryIO:
    start = raw.read(4)
    joined = io.BufferedReader(_Rejoined(start, raw))
    if start[:2] == b"\x1f\x8b":
        return cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=joined, mode="rb")))
    if start == b"\x28\xb5\x2f\xfd":
        return io.BufferedReader(_Pieces(unzstd(joined)))
    return joined


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


class _Rejoined(io.RawIOBase):
    """A stream with its first bytes put back."""

    def __init__(self, start: bytes, stream: BinaryIO) -> None:
        self._start = start
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._start or self._stream.read(len(buffer))
        taken, self._start = found[: len(buffer)], found[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


class _Bounded:
    """A stream that refuses to give more than `limit` bytes, and damaged compression."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        try:
            found = self._stream.read(size)
            while 0 < len(found) < size:  # a decompressor may give less before the end
                more = self._stream.read(size - len(found))
                if not more:
                    break
                found += more
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UserError.of("IN103", f"the file is damaged: {str(error).lower()}") from None
        self._size += len(found)
        if self._size > self._limit:
            raise UserError.of("IN104", f"the file has more than {self._limit} bytes", status=413)
        return found
