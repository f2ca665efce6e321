"""What can go wrong around a server: each fault made on purpose, the answers checked.

After each the server must still answer, have no traceback in its log, and hold exactly the rows
that it acknowledged. `python -m tests.crash faults` runs them all; full and read-only disks need
the right to mount.
"""

from __future__ import annotations

import gzip
import io
import random
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
from served import Served

FILES = {
    "datasources/events.datasource": (
        "SCHEMA >\n  id UInt64,\n  text String\nENGINE MergeTree\nENGINE_SORTING_KEY id\n"
    ),
    "datasources/totals.datasource": (
        "SCHEMA >\n  n UInt64\nENGINE SummingMergeTree\nENGINE_SORTING_KEY tuple()\n"
    ),
    "pipes/to_totals.pipe": (
        "NODE n\nSQL >\n  SELECT count() AS n FROM events\nTYPE materialized\nDATASOURCE totals\n"
    ),
}
MEGABYTE = 1 << 20


class Tried:
    """A served project, and what it should hold."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.server = Served(folder)
        self.server.start()
        self.server.deploy(FILES)
        self.rows = 0

    def append(self, text: str = "x", count: int = 1) -> httpx.Response:
        """Send rows; those acknowledged are expected to be there for good."""
        lines = (f'{{"id":{self.rows + i},"text":"{text}"}}' for i in range(count))
        answer = self.server.post("/v0/events", "\n".join(lines).encode(), name="events")
        if answer.status_code in (200, 202):
            self.rows += answer.json()["successful_rows"]
        return answer

    def check(self) -> None:
        """The server takes rows and has all of them, once."""
        answer = self.append()
        assert answer.status_code == 202, (answer.status_code, answer.text)
        query = "SELECT count() AS n, uniqExact(id) AS u, (SELECT sum(n) FROM totals) AS v"
        [found] = self.server.sql(f"{query} FROM events")
        assert found == {"n": self.rows, "u": self.rows, "v": self.rows}, (found, self.rows)
        check_log(self.server)

    def end(self) -> None:
        """Check, stop, start again, check, stop."""
        self.check()
        assert self.server.stop() == 0, self.server.said[-2000:]
        self.server.start()
        self.check()
        assert self.server.stop() == 0
        check_log(self.server)


def check_log(server: Served) -> None:
    """No traceback was written."""
    _, found, trace = server.said.partition("Traceback")
    assert not found, trace


def refused(answer: httpx.Response, *statuses: int) -> str:
    """The text of a refusal with one of the statuses, in one line."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    text = answer.json()["error"]
    assert text and "Traceback" not in text
    return f"{answer.status_code} {text[:160]}"


def does_not_start(server: Served) -> str:
    """What a server says that must not start."""
    before = len(server.said)
    code = server.spawn().wait(60)
    said = server.said[before:].strip()
    assert code not in (0, None) and said and "Traceback" not in said, (code, said)
    return f"exit {code}: {' '.join(said.split())[:200]}"


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of that size."""
    folder.mkdir(parents=True)
    size = f"size={megabytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


# The faults ----------------------------------------------------------------------------------


def full_disk(folder: Path) -> Iterator[str]:
    with mounted(folder / "small", 64) as small:
        ballast = small / "ballast"
        tried = Tried(small / "project")
        ballast.write_bytes(bytes(24 * MEGABYTE))
        answers: list[httpx.Response] = []
        for number in range(200):
            noise = random.Random(number).randbytes(500).hex()
            answers.append(tried.append(noise, 600))
            if answers[-1].status_code >= 400:
                break
        yield f"full after {tried.rows} rows: {refused(answers[-1], 503, 507)}"
        for _ in range(5):
            tried.append("y" * 1000, 2000)
        [found] = tried.server.sql("SELECT count() AS n FROM events")
        assert found["n"] == tried.rows
        yield f"reads go on: {found['n']} rows"
        ballast.unlink()
        tried.check()
        yield "takes rows again once there is room"
        tried.end()
        ballast.write_bytes(bytes(24 * MEGABYTE))
        free = shutil.disk_usage(small).free
        (small / "rest").write_bytes(bytes(max(0, free - 4096)))
        try:
            tried.server.start()
            yield "starts on a full disk"
            tried.server.stop()
        except AssertionError as error:
            assert "Traceback" not in str(error), error
            yield f"start on a full disk: {str(error).splitlines()[-1][:200]}"
        ballast.unlink()
        tried.server.start()
        tried.end()


def read_only_folder(folder: Path) -> Iterator[str]:
    with mounted(folder / "locked", 64) as locked:
        tried = Tried(locked / "project")
        tried.end()
        log = folder / "server.log"
        subprocess.run(["mount", "-o", "remount,ro", str(locked)], check=True)
        tried.server.log = log
        log.touch()
        yield does_not_start(tried.server)
        subprocess.run(["mount", "-o", "remount,rw", str(locked)], check=True)
        tried.server.start()
        tried.end()


def damaged_file(folder: Path) -> Iterator[str]:
    tried = Tried(folder / "project")
    tried.append("some text", 5000)
    tried.end()
    file = folder / "project" / ".mini-tb" / "workspace.duckdb"
    whole = file.read_bytes()
    for name, change in {
        "start overwritten": bytes(8192) + whole[8192:],
        "cut to a third": whole[: len(whole) // 3],
        "empty of sense": b"not a database" * 1000,
        "blocks overwritten": whole[:12288] + b"\xff" * (len(whole) - 12288),
    }.items():
        file.write_bytes(change)
        yield f"{name}: {does_not_start(tried.server)}"
        assert file.read_bytes() == change, "the file was changed"
    file.write_bytes(_of_version(whole, 9999))
    yield f"newer format: {does_not_start(tried.server)}"
    file.write_bytes(whole)
    tried.server.start()
    tried.end()


def _of_version(whole: bytes, version: int) -> bytes:
    """The file as a newer DuckDB would have begun it: version and checksum of its first block."""
    header = bytearray(whole[:4096])
    header[12:20] = struct.pack("<Q", version)
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", header[8:]):
        checksum ^= word * 0xBF58476D1CE4E5B9 % (1 << 64)
    header[:8] = struct.pack("<Q", checksum)
    return bytes(header) + whole[4096:]


def two_servers(folder: Path) -> Iterator[str]:
    tried = Tried(folder / "project")
    second = Served(folder / "project")
    second.log = folder / "second.log"
    second.log.touch()
    yield f"with the note: {does_not_start(second)}"
    note = folder / "project" / ".mini-tb" / "server.json"
    kept = note.read_bytes()
    note.unlink()
    yield f"without the note: {does_not_start(second)}"
    note.write_bytes(kept)
    tried.end()


def cut_uploads(folder: Path) -> Iterator[str]:
    tried = Tried(folder / "project")
    url = urlsplit(tried.server.url)
    address = (url.hostname or "", url.port or 0)
    line = b'{"id":1000000000,"text":"half"}\n'
    for number in range(200):
        with socket.create_connection(address) as connection:
            query = urlencode({"name": "events", "token": tried.server.token})
            head = f"POST /v0/events?{query} HTTP/1.1\r\nHost: x\r\n"
            if number % 2:
                head += f"Content-Length: {len(line) * 1000}\r\n\r\n"
                connection.sendall(head.encode() + line * (number % 900))
            else:
                head += "Transfer-Encoding: chunked\r\n\r\n"
                connection.sendall(head.encode() + b"20\r\n" + line[:32] + b"\r\n40\r\n" + line)
            if number % 3 == 0:  # not even politely
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    tried.check()
    yield "200 clients gone in mid-body: nothing stored, the server goes on"
    packed = gzip.compress(line * 100)
    yield f"gzip cut: {refused(tried.server.post('/v0/events', packed[:-20], name='events'), 400)}"
    upload = b'--b\r\nContent-Disposition: form-data; name="ndjson"; filename="a"\r\n\r\n' + line
    params = {"name": "events", "mode": "append", "format": "ndjson"}
    query = urlencode({"token": tried.server.token, **params})
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = httpx.post(
        f"{tried.server.url}/v0/datasources?{query}", content=upload, headers=headers
    )
    yield f"multipart cut: {refused(answer, 400)}"
    tried.end()


def bombs(folder: Path) -> Iterator[str]:
    tried = Tried(folder / "project")
    tried.append()
    tried.check()
    before = tried.server.peak_mb
    packed = _packed(b"0" * MEGABYTE, 6000)
    yield f"{len(packed) >> 20} MB of gzip, 6 GB inside: " + refused(
        tried.server.post("/v0/events", packed, name="events"), 413
    )
    nested = _packed(b"[" * MEGABYTE, 9)
    yield "9 MB of brackets: " + refused(
        tried.server.post("/v0/events", nested, name="events"), 400
    )
    line = b'{"id":1,"text":"' + b"x" * (100 * MEGABYTE) + b'"}'
    yield "a line of 100 MB: " + refused(tried.server.post("/v0/events", line, name="events"), 413)
    packed = gzip.compress(line, 1)
    yield f"the same in {len(packed) >> 10} kB of gzip: " + refused(
        tried.server.post("/v0/events", packed, name="events"), 413
    )
    yield f"peak memory {tried.server.peak_mb:.0f} MB, {before:.0f} before"
    params = {"name": "events", "mode": "append", "format": "ndjson"}
    answer = tried.server.post("/v0/datasources", line, **params)
    yield f"a line of 100 MB as an import: {answer.status_code} {answer.text[:160]}"
    assert answer.status_code < 500
    if answer.status_code == 200:
        tried.rows += 1
        [found] = tried.server.sql("SELECT max(length(text)) AS n FROM events")
        assert found["n"] == 100 * MEGABYTE
    yield f"peak memory {tried.server.peak_mb:.0f} MB"
    # Bad rows of much text: what is refused must not grow either.
    bad = b'{"id":"no","text":"' + b"x" * (9 * MEGABYTE) + b'"}'
    for _ in range(10):
        answer = tried.server.post("/v0/events", bad, name="events")
        assert answer.json() == {"successful_rows": 0, "quarantined_rows": 1}
    yield f"peak memory after 90 MB of bad rows {tried.server.peak_mb:.0f} MB"
    tried.server.stop()
    check_log(tried.server)


def _packed(piece: bytes, count: int) -> bytes:
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", compresslevel=6) as file:
        for _ in range(count):
            file.write(piece)
    return made.getvalue()


FAULTS: dict[str, Callable[[Path], Iterator[str]]] = {
    "full disk": full_disk,
    "read-only folder": read_only_folder,
    "damaged file": damaged_file,
    "two servers": two_servers,
    "cut uploads": cut_uploads,
    "bombs": bombs,
}


def try_faults(folder: Path, names: list[str]) -> int:
    """Make the faults of these names (or all) and print what came of them; how many were wrong."""
    wrong = 0
    for name, fault in FAULTS.items():
        if names and name not in names:
            continue
        print(name, flush=True)
        try:
            for line in fault(folder / name.replace(" ", "-")):
                print(f"  {line}", flush=True)
        except Exception as error:  # the next fault is to be tried too
            wrong += 1
            print(f"  WRONG: {type(error).__name__}: {str(error)[-3000:]}", flush=True)
    return wrong
