"""Mixed requests for minutes, and what they leave behind.

Clients send what `traffic` describes at an even pace, each over a connection of its own, while a
project is deployed every few seconds. What must hold:

- every answer is one that is in order for its request; a 5xx is a deliberate 503;
- over the last four fifths of the time resident memory grows by no more than 5 %;
- when all is quiet, no reader, cursor, body or request is held, and there are not more threads than
  after the first fifth, nor more open files.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

import httpx
from http_client import Client as Admin
from populated import populate
from served import Served
from traffic import KINDS, TIMEOUT_S, Client, Unexpected, projects
from watch import PRELUDE, Sample, Samples

GROWTH = 0.05
DEPLOY_EVERY_S = 3.0
QUIET_S = 15.0
ROWS = 20_000


@dataclass
class Report:
    """What came of it. `faults` is empty if everything held."""

    seconds: float = 0.0
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)
    memory: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """MB after the first fifth, in the end, and the most."""
    before: Sample | None = None
    after: Sample | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        first, last, _ = self.memory
        return last / first - 1

    def __str__(self) -> str:
        total = sum((counts for counts in self.statuses.values()), Counter())
        said = ", ".join(f"{n} × {status or 'left'}" for status, n in sorted(total.items()))
        lines = [f"{total.total()} requests in {self.seconds:.0f} s: {said}"]
        for name, times in self.times.items():
            counts = " ".join(f"{s or 'left'}:{n}" for s, n in sorted(self.statuses[name].items()))
            late = quantiles(times, n=100)[98] if len(times) > 1 else times[0]
            took = f"p50 {1000 * median(times):7.1f} ms  p99 {1000 * late:8.1f} ms"
            lines.append(f"  {name:<18} {took}  {counts}")
        first, end, most = self.memory
        lines.append(
            f"memory: {first:.0f} MB after a fifth, {end:.0f} MB in the end ({self.growth:+.1%}),"
            f" {most:.0f} MB at most"
        )
        if self.before is not None and self.after is not None:
            for when, found in (("after a fifth", self.before), ("in the end", self.after)):
                held = ", ".join(f"{count} {name}" for name, count in found.opened.items())
                lines.append(
                    f"{when}: {found.threads} threads beside pools, {found.files} files, {held}"
                )
        lines.append(f"{len(self.faults)} faults")
        return "\n".join(lines)


class Soak:
    """`run` gives the report."""

    def __init__(self, folder: Path, *, seconds: float, requests: int, clients: int, seed: int):
        self.server = Served(folder, prelude=PRELUDE)
        self.samples = Samples(folder)
        self.seconds, self.requests, self.clients, self.seed = seconds, requests, clients, seed
        self.report = Report()
        self.lock = threading.Lock()
        self.next = 0
        self.admin: Admin
        self.began = 0.0
        self.is_over = threading.Event()

    def run(self) -> Report:
        self.server.start()
        try:
            with httpx.Client(timeout=TIMEOUT_S) as client:
                server = self.server
                self.admin = Admin(client, server.token, "soak", server.url, server.clickhouse_url)
                populate(self.admin, ROWS)
                self._load()
                self.samples.end()
                self._judge()
        finally:
            self.report.faults += self.server.faults_at_end()
        return self.report

    def _fault(self, text: str) -> None:
        with self.lock:
            self.report.faults.append(text)

    # Clients -------------------------------------------------------------------------------------

    def _load(self) -> None:
        """A fifth of the requests, a pause to look at what is left, then the others."""
        started = time.monotonic()
        first = self.requests // 5
        self._send(first, self.seconds / 5)
        self.report.before = self._quiet()
        self.began = time.monotonic()
        self._send(self.requests - first, self.seconds * 4 / 5)
        self.ended = time.monotonic()
        self.report.after = self._quiet()
        self.report.seconds = self.ended - started

    def _send(self, requests: int, seconds: float) -> None:
        self.next = 0
        self.is_over.clear()
        begin = time.monotonic()
        threads = [
            threading.Thread(target=self._client, args=(i, begin, requests, seconds))
            for i in range(self.clients)
        ]
        deploying = threading.Thread(target=self._deploy)
        for thread in (*threads, deploying):
            thread.start()
        for thread in threads:
            thread.join()
        self.is_over.set()
        deploying.join()

    def _client(self, number: int, begin: float, requests: int, seconds: float) -> None:
        chance = random.Random(self.seed * 1000 + number + requests)
        server = self.server
        client = Client(server.url, server.clickhouse_url, server.token, chance)
        kinds, weights = list(KINDS), list(KINDS.values())
        while True:
            with self.lock:
                turn, self.next = self.next, self.next + 1
            if turn >= requests:
                break
            time.sleep(max(0.0, begin + turn * seconds / requests - time.monotonic()))
            kind = chance.choices(kinds, weights)[0]
            started = time.monotonic()
            try:
                status = kind(client)
            except (Unexpected, OSError) as error:
                self._fault(f"{kind.__name__}: {error}")
                continue
            self._note(kind.__name__, status, time.monotonic() - started)
        client.close()

    def _note(self, name: str, status: int, took: float) -> None:
        with self.lock:
            self.report.statuses.setdefault(name, Counter())[status] += 1
            self.report.times.setdefault(name, []).append(took)

    def _deploy(self) -> None:
        for path, files, is_good in cycle(projects()):
            if self.is_over.wait(DEPLOY_EVERY_S):
                break
            started = time.monotonic()
            response = self.admin.upload(path, files)
            took = time.monotonic() - started
            answer = response.json()
            if response.status_code != 200 or (answer["result"] != "failed") != is_good:
                told = answer.get("errors") or answer.get("deployment", {}).get("errors")
                self._fault(f"{path}: {response.status_code} {told or response.text[:500]}")
            candidate = answer.get("deployment", {})
            if path == "/v1/deploy" and answer["result"] == "success":
                done = self.admin.request("DELETE", f"/v1/deployments/{candidate['id']}")
                if done.status_code != 200:
                    self._fault(f"a candidate cannot be discarded: {done.text[:500]}")
            self._note("deploy", response.status_code, took)

    # Judgement -----------------------------------------------------------------------------------

    def _quiet(self) -> Sample:
        """A look when nothing is asked, or after a while the last one."""
        since = time.monotonic()
        until = since + QUIET_S
        while True:
            found = self.samples.between(since, time.monotonic())
            if found and found[-1].is_quiet:
                return found[-1]
            if time.monotonic() > until:
                assert found, f"the server does not look at itself: {self.server.said[-3000:]}"
                return found[-1]
            time.sleep(0.3)

    def _judge(self) -> None:
        report = self.report
        span = max(1.5, (self.ended - self.began) / 10)
        looks = self.samples.between(self.began, self.ended)
        report.memory = (
            self.samples.memory(self.began, self.began + span),
            self.samples.memory(self.ended - span, self.ended),
            max(look.rss for look in looks) / (1 << 20),
        )
        if report.growth > GROWTH:
            self._fault(f"memory grew by {report.growth:.1%}")
        before, after = report.before, report.after
        assert before is not None and after is not None
        if not after.is_quiet:
            self._fault(f"something is held when all is quiet: {after.opened}")
        for name, count in after.opened.items():
            if count > before.opened[name]:
                self._fault(f"{count - before.opened[name]} {name} more than before")
        if after.threads > before.threads:
            grown = Counter(after.names) - Counter(before.names)
            self._fault(f"{after.threads - before.threads} threads more: {dict(grown)}")
        if after.files > before.files:
            self._fault(f"{after.files - before.files} files more are open")


def soak(
    folder: Path, *, seconds: float, requests: int, clients: int = 32, seed: int = 1
) -> Report:
    """Serve, load, judge."""
    run = Soak(folder, seconds=seconds, requests=requests, clients=clients, seed=seed)
    return run.run()
