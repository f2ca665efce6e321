"""A project of 1,000 datafiles: read by our parser, by the official one, and checked whole by us.

Every run is a new process (the official parser remembers what it has parsed), which measures the
work alone, without what it takes to start and import.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import compare, in_turns_given, report
from bench.official import tinybird_bin
from bench.project import make_project

FILES = 1000
RUNS = 7
OFFICIAL = """
import sys, time
from pathlib import Path
from tinybird.datafile.parse_datasource import parse_datasource
from tinybird.datafile.parse_pipe import parse_pipe
paths = sorted(p for p in Path(sys.argv[1]).rglob("*") if p.is_file())
started = time.perf_counter()
for path in paths:
    parse = parse_datasource if path.suffix == ".datasource" else parse_pipe
    parse(str(path))
print(time.perf_counter() - started)
"""


def run() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in make_project(FILES).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        official = str(tinybird_bin() / "python")
        ours = [sys.executable, "-m", "bench.parse", str(folder)]
        rivals = {
            "official parser": [official, "-c", OFFICIAL, str(folder)],
            "mini-tb: parse": [*ours, "parse"],
            "mini-tb: parse, check and compile all": [*ours, "check"],
        }
        print(f"{FILES} datafiles")
        timings = in_turns_given({n: _seconds(c) for n, c in rivals.items()}, RUNS)
    report(timings)
    baseline = timings["official parser"].median
    compare("official ÷ parse", baseline / timings["mini-tb: parse"].median, at_least=10)
    checked = timings["mini-tb: parse, check and compile all"].median
    compare("all checks ÷ official parser", checked / baseline, at_most=1)


def _seconds(command: list[str]) -> Callable[[], float]:
    def once() -> float:
        return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    return once


def parse_all(folder: Path) -> float:
    """The seconds that reading and parsing all datafiles takes."""
    from mini_tb.datafile import parse
    from mini_tb.source import SourceFile

    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    parse(SourceFile("warm.pipe", "NODE a\nSQL >\n    SELECT 1\n"))
    started = time.perf_counter()
    for path in paths:
        tree = parse(SourceFile(str(path), path.read_text(encoding="utf-8")))
        assert not tree.diagnostics
    return time.perf_counter() - started


def check_all(folder: Path) -> float:
    """The seconds that reading, checking and compiling the project takes."""
    from mini_tb.project import read_folder
    from mini_tb.workspace.build import build_project

    build_project({"warm.pipe": "NODE a\nSQL >\n    %\n    SELECT {{Int8(a, 1)}} AS a\n"}, {})
    started = time.perf_counter()
    build = build_project(read_folder(folder).files, {})
    seconds = time.perf_counter() - started
    assert build.ok, build.errors[0]
    return seconds


if __name__ == "__main__":
    work = parse_all if sys.argv[2] == "parse" else check_all
    print(work(Path(sys.argv[1])))
