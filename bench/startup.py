"""What it takes to start: `--version` beside a bare interpreter, `build` beside `tb --version`,
and `serve` until it answers beside a process that only imports duckdb and sqlglot."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.client import Client, request
from bench.measure import compare, in_turns, in_turns_given, report
from bench.official import ROOT, tinybird_bin
from mini_tb.workspace.registry import Registry

RUNS = 15
ENDPOINT = "get_resource_anomalies.json?threshold=3"


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


def cold_start() -> None:
    """Measure and print: the time from nothing to the first answer of an endpoint."""
    mini_tb = str(Path(sys.executable).parent / "mini-tb")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "src")], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("datasources", "pipes"):
            shutil.copytree(ROOT / part, folder / part)
        deploy = [mini_tb, "-C", str(folder), "deploy", "--local", "--fixtures"]
        subprocess.run(deploy, check=True, stdout=-3)
        with Registry(folder) as registry:
            token = registry.admin_token
        imports = [sys.executable, "-c", "import duckdb, sqlglot"]
        resident: list[float] = []
        colds = {
            "python -c 'import duckdb, sqlglot'": lambda: _timed(_process(imports)),
            "mini-tb serve, until it answers": lambda: _first_answer(
                mini_tb, folder, token, resident
            ),
        }
        timings = in_turns_given(colds, 9)
        report(timings)
        bare, cold = (timing.median for timing in timings.values())
        compare("serve ÷ importing duckdb and sqlglot", cold / bare, at_most=2)
        if resident:
            print(f"  resident after the first answer: {statistics.median(resident):.0f} MB")


def _process(command: list[str]) -> Callable[[], object]:
    return lambda: subprocess.run(command, check=True, stdout=-3, env=_environment())


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _first_answer(mini_tb: str, folder: Path, token: str, resident: list[float]) -> float:
    """The seconds until an endpoint has answered; appends the server's memory in MB by then."""
    asked = request("GET", f"/v0/pipes/{ENDPOINT}&token={token}")
    command = [mini_tb, "-C", str(folder), "serve", "--port", "0"]
    env = {**_environment(), "PYTHONUNBUFFERED": "1"}
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        greeting = process.stdout.readline()  # … on http://localhost:7181
        client = Client(int(greeting.rpartition(":")[2]))
        client.ask(asked)
        seconds = time.perf_counter() - started
        client.close()
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            line = next(line for line in status.read_text().splitlines() if "VmRSS" in line)
            resident.append(int(line.split()[1]) / 1024)
        process.terminate()
    return seconds
