"""Sinks to local files: the rows of a node into files below the project's folder.

`EXPORT_BUCKET_URI file://exports` names a folder, relative to the project's. In the file template
`{column}` and `{column, '%Y-%m'}` divide the rows into files by the value (as text, or as the date
format says), `{8}` and `{column, 8}` into that many files by a hash; the columns that divide stay
in the rows. The extensions of format and compression are added unless the template has them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.project import BucketSink, KafkaSink, Pipe

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.sql import ResultColumn
    from mini_tb.workspace.jobs import Handle, Job
    from mini_tb.workspace.workspace import Workspace

SCHEME = "file://"
FORMATS = {
    # EXPORT_FORMAT → the output format and the file's extension.
    "csv": ("CSVWithNames", ".csv"),
    "ndjson": ("JSONEachRow", ".ndjson"),
    "parquet": ("Parquet", ".parquet"),
}
_TAG = re.compile(
    r"\{\s*(?:([A-Za-z_]\w*)\s*(?:,\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+))\s*)?|(\d+))\s*\}"
)
_UNSAFE = re.compile(r"[^\w.=@+-]+")


def start_sink(workspace: Workspace, pipe: Pipe, params: Mapping[str, Any]) -> Job:
    """Queue a sink's job. Raises `UserError` NM306 (HTTP 404) if the pipe is no sink, RT401 if its
    kind needs a connector that is not here, RT402 for a place outside of the project."""
    node = pipe.published
    sink = node.kind if node is not None else None
    if node is None or not isinstance(sink, BucketSink | KafkaSink):
        hint = "give one of its nodes `TYPE sink`"
        raise UserError.of("NM306", f"`{pipe.name}` is no sink", hint=hint, status=404)
    if isinstance(sink, KafkaSink) or not sink.uri.startswith(SCHEME):
        where = "Kafka" if isinstance(sink, KafkaSink) else f"`{sink.uri}`"
        hint = "sinks write to local files: `EXPORT_BUCKET_URI file://exports`"
        raise UserError.of("RT401", f"no connector writes to {where}", hint=hint)
    folder = _folder(workspace.folder, sink.uri)
    writer = _file_writer(sink)

    def work(handle: Handle) -> dict[str, Any]:
        compiled, values = workspace.queries.node(pipe, node, params)
        if compiled.uses_now:
            values["now"] = workspace.now()
        with workspace.engine.execute(compiled, values) as result:
            handle.on_cancel(result.cancel)
            columns, table = result.columns, result.arrow()
        handle.on_cancel(None)
        files = []
        for name, part in _divided(sink.file_template, table):
            handle.check()
            path = writer.path(folder, name)
            writer.write(path, columns, part)
            files.append(path.relative_to(folder).as_posix())
        return {"files": files, "rows": table.num_rows}

    return workspace.jobs.start(
        "sink", work, pipe_name=pipe.name, pipe_id=workspace.resource_id("pipe", pipe.name)
    )


def _folder(project: Path | None, uri: str) -> Path:
    """The folder of a `file://` URI, which lies inside of the project's."""
    place = uri.removeprefix(SCHEME)
    if project is None:
        raise UserError.of("RT402", "a workspace in memory has no folder for files")
    root = project.resolve()
    found = (root / place.lstrip("/")).resolve() if not place.startswith(str(root)) else Path(place)
    if not found.resolve().is_relative_to(root):
        raise UserError.of(
            "RT402", f"`{uri}` is outside of the project", hint="use `file://exports`"
        )
    return found


Part = tuple[str, "pa.Table"]


def _divided(template: str, table: pa.Table) -> Iterator[Part]:
    """(file name, rows) for each file that the template makes of the rows."""
    tags = list(_TAG.finditer(template))
    if not tags:
        yield template, table
        return
    texts = [_texts(tag, table) for tag in tags]
    rows: dict[tuple[str, ...], list[int]] = {}
    for index, values in enumerate(zip(*texts, strict=True)):
        rows.setdefault(values, []).append(index)
    for values, indices in rows.items():
        name, end = "", 0
        for tag, value in zip(tags, values, strict=True):
            name += template[end : tag.start()] + _UNSAFE.sub("_", value)
            end = tag.end()
        yield name + template[end:], table.take(indices)


def _texts(tag: re.Match[str], table: pa.Table) -> list[str]:
    """What one tag becomes for each row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column, single, double, buckets, plain_buckets = tag.groups()
    if plain_buckets is not None:
        return [str(index % max(1, int(plain_buckets))) for index in range(table.num_rows)]
    if column not in table.column_names:
        raise UserError.of("RT403", f"the file template names `{column}`, which is no column")
    values = table.column(column)
    date_format = single if single is not None else double
    if date_format is not None:
        if not (pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)):
            raise UserError.of("RT403", f"`{column}` is no date: it takes no format")
        made = pc.strftime(values, format=date_format)
    else:
        made = values.cast(pa.string())
    texts = ["" if text is None else str(text) for text in made.to_pylist()]
    if buckets is not None:
        return [str(zlib.crc32(text.encode()) % max(1, int(buckets))) for text in texts]
    return texts


Compress = Callable[[Iterable[bytes]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _FileWriter:
    """How the files of one sink are named and written."""

    format: str
    extension: str
    compress: Compress
    overwrites: bool

    def path(self, folder: Path, name: str) -> Path:
        """Where a file goes: with the extension, and with a number if it may not overwrite."""
        stem = name.removesuffix(self.extension)
        path = folder / (stem + self.extension)
        if not path.resolve().is_relative_to(folder):
            raise UserError.of("RT402", f"the file `{name}` would leave its folder")
        number = 0
        while not self.overwrites and path.exists():
            number += 1
            path = folder / f"{stem}_{number}{self.extension}"
        return path

    def write(self, path: Path, columns: tuple[ResultColumn, ...], rows: pa.Table) -> None:
        """Write one file: it appears whole or not at all."""
        from mini_tb.formats import Answer, find_format

        path.parent.mkdir(parents=True, exist_ok=True)
        pieces = find_format(self.format).write(Answer(tuple(columns), rows.to_batches()))
        unfinished = path.with_name(path.name + ".part")
        try:
            with unfinished.open("wb") as file:
                for piece in self.compress(pieces):
                    file.write(piece)
            unfinished.replace(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            message = f"`{path}` cannot be written: {error.strerror}"
            raise UserError.of("RT404", message, status=503) from error


def _plain(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from pieces


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    engine = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield engine.compress(piece)
    yield engine.flush()


def _xz(pieces: Iterable[bytes]) -> Iterator[bytes]:
    import lzma

    engine = lzma.LZMACompressor()
    for piece in pieces:
        yield engine.compress(piece)
    yield engine.flush()


def _zstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    import zstandard

    engine = zstandard.ZstdCompressor().compressobj()
    for piece in pieces:
        yield engine.compress(piece)
    yield engine.flush()


COMPRESSIONS: Mapping[str, tuple[str, Compress]] = {
    # EXPORT_COMPRESSION → what it adds to the file's name, and how.
    "none": ("", _plain),
    "gz": (".gz", _gzip),
    "gzip": (".gz", _gzip),
    "xz": (".xz", _xz),
    "zst": (".zst", _zstd),
    "zstd": (".zst", _zstd),
}


def _file_writer(sink: BucketSink) -> _FileWriter:
    compression = (sink.compression or "none").lower()
    if compression not in COMPRESSIONS:
        known = ", ".join(f"`{name}`" for name in COMPRESSIONS)
        raise UserError.of(
            "RT405", f"no compression `{sink.compression}`", hint=f"there are {known}"
        )
    if sink.format not in FORMATS:
        raise UserError.of("RT405", f"no file format `{sink.format}`", hint="csv, ndjson, parquet")
    output, extension = FORMATS[sink.format]
    suffix, compress = COMPRESSIONS[compression]
    overwrites = sink.strategy.lstrip("@") in ("truncate", "replace")
    return _FileWriter(output, extension + suffix, compress, overwrites)
