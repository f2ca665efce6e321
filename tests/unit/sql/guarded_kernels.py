"""Runs every kernel between pages that must not be touched: a step too far ends the process.

Nothing but this looks whether a kernel stays within its memory.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Iterator
from importlib import import_module

from mini_tb.sql.duckdb.udf import FAMILIES
from mini_tb.sql.functions.udf.machine import SPANS, SPARE, Kernel

SIZES = (*range(300), 383, 384, 385, 510, 511)
COUNTS = (*range(1, 35), 100)
PAGE = mmap.PAGESIZE
PAGES = 16
UNTOUCHABLE = 0


class Guarded:
    """Some pages of memory with untouchable ones around them."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, (PAGES + 2) * PAGE)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory)) + PAGE
        self.end = self.start + PAGES * PAGE
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        for page in (self.start - PAGE, self.end):
            if protect(ctypes.c_void_p(page), ctypes.c_size_t(PAGE), UNTOUCHABLE):
                raise OSError(ctypes.get_errno(), "mprotect")

    def lay(self, data: bytes, *, last: bool, behind: int = 0) -> int:
        """Lay down bytes at the end, or at the beginning; their address."""
        at = self.end - len(data) - behind if last else self.start
        ctypes.memmove(at, data, len(data))
        return at


def kernels() -> Iterator[tuple[str, Kernel]]:
    for family in FAMILIES:
        module = import_module(f"mini_tb.sql.functions.udf.{family}")
        for udf in module.UDFS:
            if isinstance(udf.function, Kernel):
                yield udf.name, udf.function
        if family == "addresses":
            yield "ipv4", module._IPV4


def run(kernel: Kernel, count: int, size: int, places: list[Guarded], *, last: bool) -> None:
    """Rows of which the last has the given size, those before have one byte more each."""
    results, *columns = places
    given = []
    for name in kernel.columns:
        numbers = columns.pop()
        if name in SPANS:
            ends = [0]
            for i in range(count):
                ends.append(ends[-1] + size + (count - 1 - i) % 5)
            offsets = b"".join(end.to_bytes(4, "little") for end in ends)
            elements = b"1" * (SPANS[name] * ends[-1])
            given.append(numbers.lay(offsets, last=last))
            given.append(columns.pop().lay(elements, last=last, behind=SPARE))
        else:
            given.append(numbers.lay(count * (8).to_bytes(8, "little"), last=last))
    room = kernel.room(count)
    kernel.compiled()(count, results.lay(bytes(room), last=last), *given)


def main() -> None:
    places = [Guarded() for _ in range(7)]
    for name, kernel in kernels():
        # Said if the process ends here.
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        spans = any(column in SPANS for column in kernel.columns)
        for last in (False, True):
            for count in COUNTS:
                for size in (0, 3, 50):
                    run(kernel, count, size, places, last=last)
            for size in SIZES if spans else ():
                run(kernel, 1, size, places, last=last)


main()
