"""`mini-tb serve` as a process of its own, over a folder: started, asked, killed, measured."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson

CARE = """
import sys
from mini_tb.workspace import maintenance
maintenance.EVERY_S, maintenance.MIN_NEW_ROWS = 0.3, 1000
from mini_tb.cli.entry import run
sys.argv = ["mini-tb", *sys.argv[1:]]
run()
"""
"""The command, with tables compacted so often that kills hit it."""
START_S = 60.0


@dataclass
class Served:
    """A server process; `start` returns when it answers. `errors` is what it wrote of errors."""

    folder: Path
    prelude: str = CARE
    process: subprocess.Popen[bytes] | None = None
    url: str = ""
    clickhouse_url: str = ""
    token: str = ""
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "server.log"

    def spawn(self) -> subprocess.Popen[bytes]:
        """Begin a process, without waiting for it to answer."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", self.prelude, "serve", "--port", "0"],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        return self.process

    def start(self) -> None:
        """Begin a process and wait until it answers."""
        process = self.spawn()
        note = self.folder / ".mini-tb" / "server.json"
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if process.poll() is not None:
                raise AssertionError(
                    f"the server ended with {process.returncode}:\n{self.said[-3000:]}"
                )
            if note.exists():
                found = orjson.loads(note.read_bytes())
                if found["pid"] == process.pid:
                    self.url, self.clickhouse_url = found["url"], found["clickhouse_url"]
                    tokens = httpx.get(f"{self.url}/tokens", timeout=60).json()
                    self.token = tokens["workspace_admin_token"]
                    return
            time.sleep(0.01)
        raise AssertionError(f"the server does not answer:\n{self.said[-3000:]}")

    @property
    def said(self) -> str:
        """Everything that the processes wrote."""
        return self.log.read_text(errors="replace")

    @property
    def peak_mb(self) -> float:
        """The most memory that the process has held (VmHWM)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def faults_at_end(self) -> list[str]:
        """Stops it; what was wrong with how it ended, and with what it said."""
        code = self.stop()
        faults = [f"the server ended with {code}"] if code else []
        _, found, trace = self.said.partition("Traceback")
        return [*faults, *([f"the log has a traceback: {trace[:4000]}"] if found else [])]

    def deploy(self, files: dict[str, str]) -> None:
        """Make the project live."""
        parts = [("data_project://", (name, text)) for name, text in files.items()]
        url = f"{self.url}/v1/build"
        answer = httpx.post(url, params={"token": self.token}, files=parts, timeout=60)
        assert answer.json()["result"] == "success", answer.text

    def post(self, path: str, content: Any = b"", **params: str) -> httpx.Response:
        """A request of one's own connection."""
        query = urlencode({"token": self.token, **params})
        return httpx.post(f"{self.url}{path}?{query}", content=content, timeout=60)

    def sql(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        params = {"token": self.token, "q": f"{query} FORMAT JSON"}
        answer = httpx.get(f"{self.url}/v0/sql", params=params, timeout=120)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["data"]
        return rows
