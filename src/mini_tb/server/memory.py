"""How freed memory is kept by a process that serves; where there is no glibc, most is as it was.

glibc makes an arena for every thread that allocates, up to eight a core, and Arrow's own allocator
keeps pages for every thread, too: what is freed in one is of no use to the others. Over 10,000
mixed requests memory came to 500 MB, and grew; with two arenas for all, to 260.
"""

from __future__ import annotations

import os
from contextlib import suppress

ARENAS = 2
_M_ARENA_MAX = -8


def share_arenas() -> None:
    """Let threads share a few arenas, and Arrow use them; to be called before there are threads and
    before Arrow is loaded. Python's threads seldom allocate at the same time."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    _libc("mallopt", _M_ARENA_MAX, ARENAS)


def trim() -> None:
    """Give free memory back to the system: what is freed in small pieces stays otherwise."""
    _libc("malloc_trim", 0)


def _libc(name: str, *values: int) -> None:
    import ctypes

    with suppress(AttributeError, OSError):
        getattr(ctypes.CDLL(None), name)(*values)
