"""What it takes to start: `--version` beside a bare interpreter, `build` beside `tb --version`,
`serve` until it answers beside a process that only imports its heaviest libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import compare, in_turns, in_turns_given, report
from bench.official import ROOT, tinybird_bin

RUNS = 15


def run() -> None:
    """Measure and print."""
    bin_ = Path(sys.executable).parent
    mini_tb = str(bin_ / "mini-tb")
    # Bytecode is written once, as an installation has it.
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "src")], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("datasources", "pipes"):
            shutil.copytree(ROOT / part, folder / part)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "mini-tb --version": [mini_tb, "--version"],
            "tb --version": [str(tinybird_bin() / "tb"), "--version"],
            "mini-tb build": [mini_tb, "-C", str(folder), "build"],
        }
        timings = in_turns({n: _process(c) for n, c in commands.items()}, RUNS)
        report(timings)
        bare, official = timings["python -c pass"], timings["tb --version"]
        version, build = timings["mini-tb --version"], timings["mini-tb build"]
        compare("mini-tb --version ÷ python -c pass", version.median / bare.median, at_most=3)
        compare("mini-tb build ÷ tb --version", build.median / official.median, at_most=1)

        subprocess.run([mini_tb, "-C", str(folder), "deploy", "--local"], check=True, stdout=-3)
        imports = [str(tinybird_bin() / "python"), "-c", "import duckdb, sqlglot"]
        colds = {
            "python -c 'import duckdb, sqlglot'": lambda: _timed(_process(imports)),
            "mini-tb serve, until it answers": lambda: _cold_start(mini_tb, folder),
        }
        timings = in_turns_given(colds, 7)
        report(timings)
        ratio = timings["mini-tb serve, until it answers"].median
        ratio /= timings["python -c 'import duckdb, sqlglot'"].median
        compare("serve ÷ importing duckdb and sqlglot", ratio)


def _process(command: list[str]) -> Callable[[], object]:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run(command, check=True, stdout=-3, env=env)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _cold_start(mini_tb: str, folder: Path) -> float:
    """The seconds until `serve` says that it answers."""
    started = time.perf_counter()
    command = [mini_tb, "-C", str(folder), "serve", "--port", "0"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - started
        process.terminate()
    return seconds
