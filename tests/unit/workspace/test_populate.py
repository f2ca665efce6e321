"""Population: a materialisation over what is there already, beside rows that arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workspace_setup import deployed, rows

from mini_tb.diagnostics import UserError
from mini_tb.workspace import Workspace
from mini_tb.workspace.landing import Landing

FILES = {
    "events.datasource": "SCHEMA >\n  g String,\n  n Int64\n",
    "sums.datasource": (
        "SCHEMA >\n  g String,\n  n Int64\nENGINE SummingMergeTree\nENGINE_SORTING_KEY g\n"
    ),
    "sum.pipe": (
        "NODE s\nSQL >\n  SELECT g, sum(n) AS n FROM events GROUP BY g\n"
        "TYPE materialized\nDATASOURCE sums\n"
    ),
}
SUMS = "SELECT g, n FROM sums FINAL ORDER BY g"
FIRST = b'{"g":"a","n":1}\n{"g":"b","n":2}'
MORE = b'{"g":"a","n":10}\n{"g":"c","n":30}'
ENDLESS = FILES | {
    "sums.datasource": FILES["sums.datasource"] + "BACKFILL skip\n",
    "sum.pipe": (
        "NODE s\nSQL >\n  SELECT g, sum(e.n) AS n FROM events AS e, numbers(1000000) AS x,"
        " numbers(1000000) AS y GROUP BY g\nTYPE materialized\nDATASOURCE sums\n"
    ),
}


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    deployed(workspace, FILES)
    workspace.append("events", FIRST)
    return workspace


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, does: Callable[[], object]
) -> None:
    """Do something when the population has computed its rows, and has not stored them yet."""
    land = workspace.landing
    pending = [does]

    @contextmanager
    def landing() -> Iterator[Landing]:
        if pending:
            pending.pop()()
        with land() as made:
            yield made

    monkeypatch.setattr(workspace, "landing", landing)


def test_rows_that_arrive_meanwhile_are_counted_once(
    monkeypatch: pytest.MonkeyPatch, filled: Workspace
) -> None:
    meanwhile(monkeypatch, filled, lambda: filled.append("events", MORE))
    job = filled.populate("sum", truncate=True, wait=True)
    assert (job.status, job.error, job.details["rows"]) == ("done", None, 2)
    assert rows(filled, SUMS) == [("a", 11), ("b", 2), ("c", 30)]


def test_it_is_done_anew_if_rows_were_taken_away_meanwhile(
    monkeypatch: pytest.MonkeyPatch, filled: Workspace
) -> None:
    def truncate_and_append() -> None:
        filled.truncate("sums")
        filled.append("events", MORE)

    meanwhile(monkeypatch, filled, truncate_and_append)
    job = filled.populate("sum", truncate=True, wait=True)
    assert (job.status, job.details["rows"]) == ("done", 3)
    assert rows(filled, SUMS) == [("a", 11), ("b", 2), ("c", 30)]


def test_it_gives_up_if_a_deployment_changed_what_fills_the_target(
    monkeypatch: pytest.MonkeyPatch, filled: Workspace
) -> None:
    doubled = FILES | {"sum.pipe": FILES["sum.pipe"].replace("sum(n)", "sum(n) * 2")}
    meanwhile(monkeypatch, filled, lambda: deployed(filled, doubled))
    job = filled.populate("sum", truncate=True, wait=True)
    assert (job.status, job.details.get("rows")) == ("error", None)
    assert "what fills `sums` was changed" in (job.error or "")
    assert rows(filled, SUMS) == [("a", 2), ("b", 4)]


def test_a_condition_that_does_not_compile_starts_no_job(filled: Workspace) -> None:
    with pytest.raises(UserError):
        filled.populate("sum", condition="nothing = 1")
    assert filled.jobs.list() == []


def test_a_population_that_was_stopped_goes_on_with_the_next_server(tmp_path: Path) -> None:
    with Workspace.open(tmp_path) as opened:
        deployed(opened, FILES)
        opened.append("events", FIRST)
        deployed(opened, ENDLESS)
        job = opened.populate("sum", truncate=True)
        waits = opened.populate("sum", condition="g = 'b'")
        assert opened.jobs.wait(job.id, 0.0).status in ("waiting", "working")
    with Workspace.open(tmp_path) as opened:
        kept = {job.id: job.status for job in opened.jobs.list()}
        assert kept == {job.id: "waiting", waits.id: "waiting"}
        assert rows(opened, SUMS) == [("a", 1), ("b", 2)]
        deployed(opened, FILES)
        opened.start()
        assert opened.jobs.wait(job.id).status == "done"
        assert opened.jobs.wait(waits.id).details["rows"] == 1
        assert rows(opened, SUMS) == [("a", 1), ("b", 4)]


def test_a_running_population_tells_how_far_it_is(filled: Workspace) -> None:
    deployed(filled, ENDLESS)
    job = filled.populate("sum", truncate=True)
    seen = None
    while seen is None:
        seen = filled.jobs.progress(job.id)
        assert filled.jobs.wait(job.id, 0.01).status in ("waiting", "working")
    assert 0 <= seen <= 100
    filled.jobs.cancel(job.id)
    assert filled.jobs.wait(job.id).status == "cancelled"
    assert filled.jobs.progress(job.id) is None
