"""Other servers for the same rows: chdb behind a plain HTTP server, and roapi.

chdb has no server, so it gets the smallest: a thread a connection, the session shared, the answer's
bytes sent as they are. roapi is installed on first use into `.bench/`; `BENCH_ROAPI` names the
`bin` folder of an environment that has it.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.official import environment

CHDB = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from chdb.session import Session

session = Session(sys.argv[1])
session.query("CREATE DATABASE bench")
session.query(sys.argv[3].replace("{rows}", f"file('{sys.argv[2]}')"))

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        query = self.rfile.read(int(self.headers["content-length"])).decode()
        body = session.query(query, "JSON").bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *given):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[4])), Handler).serve_forever()
"""


@contextmanager
def chdb(folder: Path, rows: Path, create: str) -> Iterator[int | None]:
    """The port where chdb answers SQL that is posted to it; None if it is not installed. `create`
    makes the table, from `{rows}`."""
    if importlib.util.find_spec("chdb") is None:
        yield None
        return
    port = _free_port()
    arguments = [str(folder / "chdb"), str(rows), create, str(port)]
    with _running([sys.executable, "-c", CHDB, *arguments], port):
        yield port


@contextmanager
def roapi(rows: Path, table: str) -> Iterator[int | None]:
    """The port where roapi answers SQL that is posted to `/api/sql`; None where it cannot be
    installed."""
    try:
        found = environment("roapi", ("roapi",), "BENCH_ROAPI")
    except subprocess.CalledProcessError:
        yield None
        return
    port = _free_port()
    others = ["--addr-postgres", f"127.0.0.1:{_free_port()}"]
    others += ["--addr-flight-sql", f"127.0.0.1:{_free_port()}"]
    command = [str(found / "roapi"), "--addr-http", f"127.0.0.1:{port}", *others]
    with _running([*command, "--table", f"{table}={rows}"], port):
        yield port


def _free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    env = {**os.environ, "RUST_LOG": "error"}
    with subprocess.Popen(command, stdout=-3, stderr=-3, env=env) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Returns when something listens on the port."""
    while True:
        assert process.poll() is None, f"{process.args!r} has ended"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.001)
        else:
            return
