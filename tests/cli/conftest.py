"""Commands in a folder of their own: most in this process, those that stay in one of theirs."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mini_tb.cli.entry import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from mini_tb.cli.entry import run; run()"]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Folder:
    """A project's folder, and `mini-tb` in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *args: str, given: str | None = None) -> Ran:
        """Run a command to its end."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "12")
        before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO((given or "").encode()))
        try:
            with chdir(self.path), redirect_stdout(out), redirect_stderr(err):
                code = main(list(args))
        finally:
            sys.stdin = before
        ran = Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))
        assert "Traceback" not in ran.err, ran.err
        assert "bug of mini-tb" not in ran.err, ran.err
        return ran

    def ok(self, *args: str, given: str | None = None) -> Ran:
        """Run a command that must succeed."""
        ran = self.run(*args, given=given)
        assert ran.code == 0, ran
        return ran

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        """The text of a file."""
        return (self.path / name).read_text()


@dataclass
class Serving:
    """A `mini-tb serve` that runs: where, with which token, and what it printed."""

    process: subprocess.Popen[str]
    url: str
    token: str
    greeting: str


@pytest.fixture
def serve() -> Iterator[Callable[[Folder], Serving]]:
    """Starts `serve` for a folder on a free port; stopped at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Folder) -> Serving:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0"],
            cwd=folder.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith(("Ctrl-C", "Nothing is deployed")):
                break
        text = "".join(lines)
        found = re.search(r" on (http://\S+)", text)
        token = re.search(r"admin token +(\S+)", text)
        assert found is not None, text
        assert token is not None, text
        return Serving(process, found[1], token[1], text)

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 0


@contextmanager
def served(folder: Folder) -> Iterator[None]:
    """A server for the folder, in a thread of this process."""
    from mini_tb.server.serve import Listening, serve
    from mini_tb.workspace.registry import Registry

    ready = threading.Event()
    found: list[Listening] = []

    def note(where: Listening) -> None:
        found.append(where)
        ready.set()

    registry = Registry(folder.path)
    options = {"port": 0, "clickhouse_port": 0, "on_ready": note}
    thread = threading.Thread(target=serve, args=(registry,), kwargs=options)
    thread.start()
    try:
        assert ready.wait(20)
        yield
    finally:
        found[0].stop()
        thread.join(20)
        registry.close()
    assert not thread.is_alive()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder."""
    return Folder(tmp_path)


@pytest.fixture
def shop(folder: Folder) -> Folder:
    """What `init` makes."""
    folder.ok("init", ".")
    return folder


@pytest.fixture(params=["own database", "running server"])
def live(request: pytest.FixtureRequest, shop: Folder) -> Iterator[Folder]:
    """The project of `init`, deployed with its fixture: the same commands, both ways."""
    if request.param == "own database":
        shop.ok("deploy", "--local", "--fixtures")
        yield shop
    else:
        with served(shop):
            shop.ok("deploy", "--local", "--fixtures")
            yield shop


@pytest.fixture
def root(folder: Folder) -> Folder:
    """A copy of the project that stands beside mini-tb's own sources."""
    for name in ("datasources", "pipes"):
        shutil.copytree(ROOT / name, folder.path / name)
    return folder
