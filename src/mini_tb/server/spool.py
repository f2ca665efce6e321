"""Files that are too large for memory: on disk, from when they come until they are imported."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from mini_tb.server.call import Call

SPOOL_FROM = 32 << 20
"""Bytes of a body that are kept in memory; what comes then is written to disk, as much at once."""

_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "zstd"})
"""What an import undoes as it reads."""


def is_file(call: Call) -> bool:
    """Whether the body of a call is a file and nothing else."""
    encoding = call.request.headers.get("content-encoding", "").strip().lower()
    return call.content_type not in _FORMS and encoding in _ENCODINGS


class Spool:
    """A file without a name in `folder` (None: where the system keeps such): it is gone with the
    process, however that ends."""

    def __init__(self, folder: Path | None) -> None:
        self.file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (`close` is ours)

    def write(self, data: bytes) -> None:
        """Add bytes at the end. Raises `UserError` RT617 (HTTP 507) when the disk is full."""
        try:
            self.file.write(data)
            self.file.flush()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise UserError.of(
                "RT617", "there is no room on disk for the file", status=507
            ) from None

    def rewind(self) -> BinaryIO:
        """The file, from its start."""
        self.file.seek(0)
        return self.file

    def close(self) -> None:
        """Give the disk's space back."""
        self.file.close()
