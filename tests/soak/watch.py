"""The server looks at itself while it serves: memory, threads, open files, what it holds.

`PRELUDE` is `mini-tb serve` with a thread that appends a line to `watch.ndjson` twice a second;
`Samples` reads them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson

NOTES = "watch.ndjson"
PRELUDE = """
import os, re, sys, threading, time
from collections import Counter
from pathlib import Path

import orjson

from mini_tb.cli.entry import run
from mini_tb.diagnostics import EngineError
from mini_tb.server.app import Server

# Threads of pools are made when they are needed first, and are bounded: they are not counted.
POOLS = {f"mini-tb-{name}" for name in ("read", "write", "work", "stream")} | {"uvloop", "asyncio"}

def status(name):
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(name))
    return int(line.split()[1])

def cursors(engine):
    if not engine._connections._idle:
        return 0  # all readers are out: a look would wait for one
    try:
        return engine.fetch("FROM duckdb_connection_count()")[0][0]
    except EngineError:
        return 0

def files():
    # Files that DuckDB spills to are there for as long as rows are that it has let go.
    found = (os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd"))
    return sum("duckdb_temp_" not in path for path in found)

def state(server):
    from mini_tb.ingest.decoder import decoder
    engines = [w.engine for w in server.registry.open_workspaces]
    connections = [engine._connections for engine in engines]
    pools = server.pools._all
    with decoder() as found:
        decoding = found.execute("FROM duckdb_connection_count()").fetchone()[0]
    names = [re.sub("[-_0-9]+$", "", t.name) for t in threading.enumerate()]
    own = [name for name in names if name not in POOLS]
    return {
        "at": time.monotonic(),
        "rss": status("VmRSS:") * 1024,
        "threads": status("Threads:") - len(names) + len(own),
        "names": Counter(own),
        "files": files(),
        "readers out": sum(c.leased for c in connections),
        "cursors": sum(cursors(engine) for engine in engines),
        "decoders": decoding,
        "held": server.held,
        "running": sum(pool._running for pool in pools),
    }

servers = []
made = Server.__init__

def keep(self, *args, **options):
    made(self, *args, **options)
    servers.append(self)

Server.__init__ = keep

def watch():
    while not servers:
        time.sleep(0.5)
    server = servers[0]
    end = Path("watch.end")
    with open("watch.ndjson", "ab") as notes:
        while not end.exists():
            notes.write(orjson.dumps(state(server)) + b"\\n")
            notes.flush()
            time.sleep(0.5)
    end.unlink()

threading.Thread(target=watch, daemon=True, name="watch").start()
sys.argv = ["mini-tb", *sys.argv[1:]]
run()
"""
PATIENCE_S = 30.0
MEGABYTE = 1 << 20
OPEN = ("readers out", "held", "running", "cursors", "decoders")
"""What must be no more in the end than before; the first three are 0 when nothing is asked."""
QUIET = OPEN[:3]


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds of the monotonic clock, bytes, counts."""

    at: float
    rss: int
    threads: int
    files: int
    names: dict[str, int]
    opened: dict[str, int]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is asked."""
        return not any(self.opened[name] for name in QUIET)


@dataclass(slots=True)
class Samples:
    """The looks of a server's life."""

    folder: Path

    def all(self) -> list[Sample]:
        path = self.folder / NOTES
        lines = path.read_bytes().splitlines() if path.exists() else []
        found = map(orjson.loads, lines)
        return [
            Sample(
                s["at"],
                s["rss"],
                s["threads"],
                s["files"],
                s["names"],
                {name: s[name] for name in OPEN},
            )
            for s in found
        ]

    def end(self) -> None:
        """No looks from now on: none must be under way when the server ends."""
        ending = self.folder / "watch.end"
        ending.touch()
        until = time.monotonic() + PATIENCE_S
        while ending.exists() and time.monotonic() < until:
            time.sleep(0.05)

    def between(self, begin: float, end: float) -> list[Sample]:
        """Those of a span of the monotonic clock, which processes of a machine share."""
        return [sample for sample in self.all() if begin <= sample.at <= end]

    def memory(self, begin: float, end: float) -> float:
        """The middle of the resident memory in a span, in MB."""
        return median(sample.rss for sample in self.between(begin, end)) / MEGABYTE
