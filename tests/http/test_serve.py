"""Running a server: its note, its ports, its end; and the parts that need no request."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import httpx
import orjson
import pytest
from http_client import project_files

from mini_tb.diagnostics import UserError
from mini_tb.server.cache import MAX_BYTES, AnswerCache
from mini_tb.server.pool import READ_NICENESS, Overloaded, Pool
from mini_tb.server.rate import RateLimits, TooFast
from mini_tb.server.reply import Written, encoding_for
from mini_tb.server.serve import Listening, listen, serve
from mini_tb.workspace.registry import Registry

SCRIPT = """
import sys
from pathlib import Path
from mini_tb.server.serve import serve
from mini_tb.workspace.registry import Registry
with Registry(Path(sys.argv[1]), name="p") as registry:
    serve(registry, port=0, clickhouse_port=0, on_ready=lambda w: print(w.url, flush=True))
"""

get, post = (partial(ask, timeout=60.0) for ask in (httpx.get, httpx.post))


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def upload(url: str, token: str) -> None:
    parts = [("data_project://", (name, text)) for name, text in project_files().items()]
    answer = post(f"{url}/v1/build", params={"token": token}, files=parts)
    assert answer.json()["result"] == "success", answer.text


EVENT = '{"at":"2024-01-01 00:00:00","device":"a","kind":"k","value":1,"tags":[]}'


def test_acknowledged_rows_survive_a_kill(tmp_path: Path) -> None:
    process, url = start(tmp_path)
    note = orjson.loads((tmp_path / ".mini-tb" / "server.json").read_bytes())
    assert (note["url"], note["pid"]) == (url, process.pid)
    assert (tmp_path / ".mini-tb" / "server.json").stat().st_mode & 0o077 == 0
    token = get(f"{url}/tokens").json()["workspace_admin_token"]
    upload(url, token)
    for wait in ("true", "false"):
        params = {"name": "readings", "token": token, "wait": wait}
        assert post(f"{url}/v0/events", params=params, content=EVENT).is_success
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    process, url = start(tmp_path)
    query = {"q": "SELECT count() AS n FROM readings", "token": token}
    assert get(f"{url}/v0/sql", params=query).json()["data"] == [{"n": 2}]
    # The other end: what runs comes to its end, the note goes.
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not (tmp_path / ".mini-tb" / "server.json").exists()


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Registry(tmp_path) as registry:
            with pytest.raises(UserError, match=str(port)):
                serve(registry, port=port)
            with pytest.raises(UserError, match=str(port)):
                serve(registry, port=0, clickhouse_port=port)
    listen("127.0.0.1", 0).close()


def test_a_server_in_a_thread_stops(tmp_path: Path) -> None:
    ready, found = threading.Event(), []

    def note(where: Listening) -> None:
        found.append(where)
        ready.set()

    with Registry(tmp_path) as registry:
        options = {"port": 0, "clickhouse_port": 0, "on_ready": note}
        thread = threading.Thread(target=serve, args=(registry,), kwargs=options)
        thread.start()
        assert ready.wait(20)
        assert get(f"{found[0].url}/v0/health").is_success
        found[0].stop()
        thread.join(20)
        assert not thread.is_alive()
    with pytest.raises(httpx.ConnectError):
        get(f"{found[0].url}/v0/health")


def test_kept_answers_end_with_their_time() -> None:
    now = [0.0]
    cache = AnswerCache(lambda: now[0])
    cache.keep("a", Written(b"one", "text/plain", {}), "5s")
    kept = cache.find("a")
    assert kept is not None and (kept.written.content, kept.hits) == (b"one", 1)
    now[0] = 4.9
    assert cache.find("a") is not None
    now[0] = 5.0
    assert cache.find("a") is None


def test_kept_answers_are_bounded() -> None:
    cache = AnswerCache()
    third = bytes(MAX_BYTES // 3)
    for key in "abc":
        cache.keep(key, Written(third, "text/plain", {}), "1h")
    assert cache.find("a") is not None
    cache.keep("d", Written(third, "text/plain", {}), "1h")
    assert [key for key in "abcd" if cache.find(key)] == ["a", "c", "d"]


def test_a_pace_is_kept_and_refills() -> None:
    now = [0.0]
    rates = RateLimits(lambda: now[0])
    rates.check("x", 2)
    rates.check("x", 2)
    with pytest.raises(TooFast):
        rates.check("x", 2)
    rates.check("y", 2)
    now[0] = 0.5
    rates.check("x", 2)
    with pytest.raises(TooFast):
        rates.check("x", 2)


def test_a_full_pool_refuses() -> None:
    async def run() -> None:
        pool, release = Pool("test", 1, 1), threading.Event()
        running = [pool.start(release.wait), pool.start(release.wait)]
        with pytest.raises(Overloaded):
            pool.start(time.monotonic)
        release.set()
        await asyncio.gather(*running)
        await pool.start(time.monotonic)
        pool.close()

    asyncio.run(run())


def test_what_waits_for_a_pool_can_be_given_up() -> None:
    done: list[str] = []

    async def run() -> None:
        pool, release = Pool("test", 1, 3), threading.Event()
        running = pool.start(release.wait)
        given_up = pool.start(partial(done.append, "given up"))
        given_up.cancel()
        failing = pool.start(partial(int, "none"))
        release.set()
        assert await running
        with pytest.raises(ValueError, match="none"):
            await failing
        pool.close()

    asyncio.run(run())
    assert not done


def test_closing_a_pool_waits_for_what_runs() -> None:
    done: list[str] = []

    async def run() -> None:
        pool = Pool("test", 1, 0)
        begun, release = threading.Event(), threading.Event()

        def running() -> None:
            begun.set()
            release.wait()
            done.append("ran")

        pool.start(running)
        begun.wait()
        threading.Timer(0.01, release.set).start()
        pool.close()

    asyncio.run(run())
    assert done == ["ran"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no niceness")
def test_threads_that_read_give_way_and_others_do_not() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    async def asked() -> list[int]:
        pools = [Pool("t", 1, 1, yields=yields) for yields in (True, False)]
        try:
            return [await pool.start(niceness) for pool in pools for _ in range(2)]
        finally:
            for pool in pools:
                pool.close()

    own = niceness()
    below = min(own + READ_NICENESS, 19)
    assert asyncio.run(asked()) == [below, below, own, own]


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", None),
        ("identity", None),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
    ],
)
def test_which_compression(accepted: str, expected: str | None) -> None:
    assert encoding_for(accepted) == expected
