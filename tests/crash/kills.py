"""Kill a serving process at random, again and again; then account for every row.

Writers send requests of one row and of many, some rows bad, to a data source from which two views
are materialised in cascade; readers compare the views with their source all the time; tables are
compacted. The server is killed (`kill -9`) and started again. What must hold in the end:

- a request that was acknowledged is there: each row once, in the data source or in quarantine;
- a request that was refused is not there;
- a request without an answer is there as a whole or not at all;
- every view equals its recomputation, at any moment that a reader sees.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
from served import Served

FILES = {
    "datasources/events.datasource": (
        "SCHEMA >\n  writer UInt16,\n  request UInt32,\n  row UInt32,\n  value Int64\n"
        "ENGINE MergeTree\nENGINE_SORTING_KEY writer, request\n"
    ),
    "datasources/by_request.datasource": (
        "SCHEMA >\n  writer UInt16,\n  slot UInt32,\n  rows SimpleAggregateFunction(sum, UInt64),\n"
        "  total AggregateFunction(sum, Int64)\n"
        "ENGINE AggregatingMergeTree\nENGINE_SORTING_KEY writer, slot\n"
    ),
    "datasources/by_writer.datasource": (
        "SCHEMA >\n  writer UInt16,\n  rows UInt64,\n  total Int64\n"
        "ENGINE SummingMergeTree\nENGINE_SORTING_KEY writer\n"
    ),
    "pipes/to_by_request.pipe": (
        "NODE n\nSQL >\n  SELECT writer, toUInt32(request % 16) AS slot, count() AS rows,\n"
        "    sumState(value) AS total FROM events GROUP BY writer, slot\n"
        "TYPE materialized\nDATASOURCE by_request\n"
    ),
    "pipes/to_by_writer.pipe": (
        "NODE n\nSQL >\n  SELECT writer, sum(by_request.rows) AS rows,\n"
        "    sumMerge(by_request.total) AS total FROM by_request GROUP BY writer\n"
        "TYPE materialized\nDATASOURCE by_writer\n"
    ),
}
VIEWS = """
SELECT
  (SELECT (count(), sum(value)) FROM events) AS stored,
  (SELECT (sum(rows), sumMerge(total)) FROM by_request) AS first,
  (SELECT (sum(rows), sum(total)) FROM by_writer) AS second
"""
RECOMPUTED = {
    "by_request": (
        "SELECT writer, slot, sum(rows) AS n, sumMerge(total) AS t FROM by_request"
        " GROUP BY writer, slot ORDER BY writer, slot",
        "SELECT writer, request % 16 AS slot, count() AS n, sum(value) AS t FROM events"
        " GROUP BY writer, slot ORDER BY writer, slot",
    ),
    "by_writer FINAL": (
        "SELECT writer, rows AS n, total AS t FROM by_writer FINAL ORDER BY writer",
        "SELECT writer, count() AS n, sum(value) AS t FROM events GROUP BY writer ORDER BY writer",
    ),
}
MANY = 1000
SHARE_OF_MANY = 0.05
STORED, REFUSED, UNKNOWN = "stored", "refused", "unknown"


@dataclass(frozen=True, slots=True)
class Request:
    """What a writer sends: everything follows from its two numbers."""

    writer: int
    number: int

    @property
    def size(self) -> int:
        chance = random.Random(self.writer * 1_000_003 + self.number).random()
        return MANY if chance < SHARE_OF_MANY else 1

    def value(self, row: int) -> int | None:
        """The value of a row, None of a bad one."""
        mixed = (self.writer * 1_000_003 + self.number * 7919 + row * 104_729) % 1_000_033
        return None if mixed % 23 == 0 else mixed - 500_000

    def body(self) -> bytes:
        made = []
        for row in range(self.size):
            value = self.value(row)
            sent = "bad" if value is None else value
            record = {"writer": self.writer, "request": self.number, "row": row, "value": sent}
            made.append(orjson.dumps(record))
        return b"\n".join(made)

    def expected(self) -> tuple[int, int, int]:
        """Good rows, the sum of their values, bad rows."""
        values = [self.value(row) for row in range(self.size)]
        good = [value for value in values if value is not None]
        return len(good), sum(good), len(values) - len(good)


@dataclass
class Report:
    """What came of it. `faults` is empty if everything held."""

    kills: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    unknown_stored: int = 0
    rows: int = 0
    quarantined: int = 0
    looks: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        sent = ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items()))
        return (
            f"{self.kills} kills; requests: {sent} (of the unknown {self.unknown_stored} are"
            f" there); {self.rows} rows, {self.quarantined} in quarantine; {self.looks} looks at"
            f" the views; {len(self.faults)} faults"
        )


class Run:
    """Writers, readers and a server that is killed; `run` gives the report."""

    def __init__(self, folder: Path, *, kills: int, writers: int, longest_s: float, seed: int):
        self.server = Served(folder)
        self.kills, self.writers, self.longest_s = kills, writers, longest_s
        self.random = random.Random(seed)
        self.report = Report()
        self.up = threading.Event()
        self.done = threading.Event()
        self.outcomes: dict[Request, str] = {}
        self.lock = threading.Lock()

    def run(self) -> Report:
        self.server.start()
        self.server.deploy(FILES)
        threads = [threading.Thread(target=self._write, args=(i,)) for i in range(self.writers)]
        threads += [threading.Thread(target=self._read) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(self.kills):
                self.up.set()
                time.sleep(self.random.uniform(0.02, self.longest_s))
                self.up.clear()
                self.server.kill()
                self.report.kills += 1
                if self.random.random() < 0.1:  # once more, while it takes up its log
                    self.server.spawn()
                    time.sleep(self.random.uniform(0.1, 1.5))
                    self.server.kill()
                    self.report.kills += 1
                self.server.start()
                self._compare_views()
            self.up.set()
            time.sleep(0.3)
        finally:
            self.done.set()
            self.up.set()
            for thread in threads:
                thread.join()
        self._account()
        self.report.faults += self.server.faults_at_end()
        return self.report

    def _fault(self, text: str) -> None:
        with self.lock:
            self.report.faults.append(text)

    # Clients -------------------------------------------------------------------------------------

    def _connections(self) -> Iterator[tuple[http.client.HTTPConnection, str]]:
        """A connection whenever the server is up, until the end."""
        while not self.done.is_set():
            if self.up.wait(0.1) and not self.done.is_set():
                host = urlsplit(self.server.url)
                connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
                yield connection, self.server.token
                connection.close()

    def _write(self, writer: int) -> None:
        number = 0
        for connection, token in self._connections():
            while self.up.is_set() and not self.done.is_set():
                request = Request(writer, number)
                number += 1
                outcome = self._send(connection, token, request)
                self.outcomes[request] = outcome
                if outcome == UNKNOWN:
                    break

    def _send(self, connection: http.client.HTTPConnection, token: str, request: Request) -> str:
        wait = "true" if request.number % 2 else "false"
        query = urlencode({"name": "events", "token": token, "wait": wait})
        try:
            connection.request("POST", f"/v0/events?{query}", request.body())
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return UNKNOWN
        if answer.status in (200, 202):
            good, _, bad = request.expected()
            if orjson.loads(content) != {"successful_rows": good, "quarantined_rows": bad}:
                self._fault(f"{request}: answered {content!r}")
            return STORED
        if answer.status not in (429, 503):
            self._fault(f"{request}: {answer.status} {content!r}")
        return REFUSED

    def _read(self) -> None:
        for connection, token in self._connections():
            query = urlencode({"q": f"{VIEWS} FORMAT JSON", "token": token})
            try:
                while self.up.is_set() and not self.done.is_set():
                    connection.request("GET", f"/v0/sql?{query}")
                    answer = connection.getresponse()
                    content = answer.read()
                    if answer.status != 200:
                        self._fault(f"a reader got {answer.status}: {content!r}")
                        continue
                    row = orjson.loads(content)["data"][0]
                    if not row["stored"] == row["first"] == row["second"]:
                        self._fault(f"a reader saw {row}")
                    self.report.looks += 1
            except (OSError, http.client.HTTPException):
                continue

    # Accounts ------------------------------------------------------------------------------------

    def _compare_views(self) -> None:
        try:
            for name, (view, source) in RECOMPUTED.items():
                if (seen := self.server.sql(view)) != (wanted := self.server.sql(source)):
                    self._fault(f"{name}: {seen} instead of {wanted}")
        except (AssertionError, httpx.HTTPError) as error:
            self._fault(f"the views cannot be compared: {error}")

    def _account(self) -> None:
        self._compare_views()
        stored: dict[tuple[int, int], tuple[int, int, int]] = {}
        query = (
            "SELECT writer, request, count() AS n, uniqExact(row) AS u, sum(value) AS t FROM events"
            " WHERE writer = {} GROUP BY writer, request"
        )
        refused = (
            "SELECT request, count() AS n, uniqExact(row) AS u FROM events_quarantine"
            " WHERE writer = '{}' GROUP BY request"
        )
        for writer in range(self.writers):
            for r in self.server.sql(query.format(writer)):
                key = (writer, int(r["request"]))
                stored[key] = (int(r["n"]), int(r["t"]), 0)
                if int(r["n"]) != int(r["u"]):
                    self._fault(f"{key}: {r['n']} rows of which {r['u']} differ")
            for r in self.server.sql(refused.format(writer)):
                key = (writer, int(r["request"]))
                n, t, _ = stored.get(key, (0, 0, 0))
                stored[key] = (n, t, int(r["n"]))
                if int(r["n"]) != int(r["u"]):
                    self._fault(f"{key}: {r['n']} quarantined rows of which {r['u']} differ")
        for request, outcome in self.outcomes.items():
            found = stored.pop((request.writer, request.number), None)
            self.report.outcomes[outcome] += 1
            if found is not None:
                self.report.rows += found[0]
                self.report.quarantined += found[2]
                self.report.unknown_stored += outcome == UNKNOWN
            allowed = {
                STORED: [request.expected()],
                REFUSED: [None],
                UNKNOWN: [request.expected(), None],
            }[outcome]
            if found not in allowed:
                self._fault(f"{request} was {outcome}: found {found}, not one of {allowed}")
        for key in stored:
            self._fault(f"{key} was never sent")


def kill_often(
    folder: Path, *, kills: int, writers: int = 16, longest_s: float = 1.5, seed: int = 1
) -> Report:
    """Kill a server over `folder` so often, each time after at most `longest_s` seconds."""
    run = Run(folder, kills=kills, writers=writers, longest_s=longest_s, seed=seed)
    try:
        return run.run()
    finally:
        process = run.server.process
        if process is not None and process.poll() is None:
            run.server.kill()
