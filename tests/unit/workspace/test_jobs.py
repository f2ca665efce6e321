"""Jobs: copies, population, sinks and schedules; records that outlive the process."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest
from workspace_setup import Clock, deployed, rows

from mini_tb.diagnostics import UserError
from mini_tb.workspace import Workspace, jobs

FILES = {
    "events.datasource": (
        "SCHEMA >\n  g String,\n  n Int64,\n  at DateTime DEFAULT '2026-01-01 00:00:00'\n"
    ),
    "snapshot.datasource": "SCHEMA >\n  g String,\n  rows UInt64,\n  taken DateTime\n",
    "derived.datasource": "SCHEMA >\n  g String\n",
    "copy.pipe": (
        "NODE n\nSQL >\n  %\n  SELECT g, count() AS rows, now() AS taken FROM events"
        " WHERE n > {{Int32(above, 0)}} GROUP BY g\n"
        "TYPE copy\nTARGET_DATASOURCE snapshot\nCOPY_SCHEDULE 0 * * * *\nCOPY_MODE replace\n"
    ),
    "derive.pipe": (
        "NODE n\nSQL >\n  SELECT g FROM snapshot\nTYPE materialized\nDATASOURCE derived\n"
    ),
}


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    deployed(workspace, FILES)
    workspace.append("events", b'{"g":"a","n":1}\n{"g":"a","n":2}\n{"g":"b","n":3}')
    return workspace


def test_a_copy_replaces_or_appends(filled: Workspace) -> None:
    job = filled.copy("copy", wait=True)
    assert (job.status, job.error, job.details["rows"]) == ("done", None, 2)
    assert rows(filled, "SELECT g, rows FROM snapshot ORDER BY g") == [("a", 2), ("b", 1)]
    filled.copy("copy", {"above": "2"}, wait=True)
    assert rows(filled, "SELECT g, rows FROM snapshot") == [("b", 1)]
    filled.copy("copy", {"above": "1"}, mode="append", wait=True)
    expected = [("a", 1), ("b", 1), ("b", 1)]
    assert rows(filled, "SELECT g, rows FROM snapshot ORDER BY g") == expected


def test_an_appending_copy_triggers_materialisations(filled: Workspace) -> None:
    filled.copy("copy", mode="append", wait=True)
    assert rows(filled, "SELECT g FROM derived ORDER BY g") == [("a",), ("b",)]


def test_a_copy_that_gives_nothing_empties_its_target(filled: Workspace) -> None:
    filled.copy("copy", wait=True)
    filled.copy("copy", {"above": "99"}, wait=True)
    assert filled.count("snapshot") == 0


def test_a_failed_copy_changes_nothing(filled: Workspace) -> None:
    filled.copy("copy", wait=True)
    failing = FILES["copy.pipe"].replace("count() AS rows", "toUInt64(concat(g, 'x')) AS rows")
    deployed(filled, FILES | {"copy.pipe": failing})
    job = filled.copy("copy", wait=True)
    assert job.status == "error" and job.error
    assert filled.count("snapshot") == 2
    leftovers = "SELECT table_name FROM duckdb_tables() WHERE contains(table_name, ' ')"
    assert filled.engine.fetch(leftovers) == []


def test_only_copy_pipes_copy(filled: Workspace) -> None:
    with pytest.raises(UserError) as error:
        filled.copy("derive")
    assert error.value.status == 404
    with pytest.raises(UserError):
        filled.copy("copy", mode="merge")


def test_population_runs_over_what_is_there(filled: Workspace) -> None:
    filled.copy("copy", wait=True)
    job = filled.populate("derive", truncate=True, wait=True)
    assert (job.status, job.details["rows"]) == ("done", 2)
    filled.populate("derive", condition="g = 'b'", wait=True)
    assert rows(filled, "SELECT g FROM derived ORDER BY g") == [("a",), ("b",), ("b",)]


def test_schedules_follow_the_clock(filled: Workspace, clock: Clock) -> None:
    assert filled.schedules.run_due() == []
    clock.advance(minutes=56)
    [job] = filled.schedules.run_due()
    assert filled.jobs.wait(job.id).status == "done"
    assert rows(filled, "SELECT DISTINCT taken FROM snapshot") == [(clock.now,)]
    assert filled.schedules.run_due() == []
    filled.schedules.pause("copy")
    clock.advance(hours=1)
    assert filled.schedules.run_due() == []
    filled.schedules.resume("copy")
    clock.advance(hours=5)  # five times were missed: one run makes up for none of them
    [job] = filled.schedules.run_due()
    assert filled.jobs.wait(job.id).status == "done"


def test_jobs_are_done_in_order_and_can_be_cancelled(workspace: Workspace) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(handle: object) -> dict[str, int]:
        started.set()
        release.wait()
        handle.check()  # type: ignore[attr-defined]  # a Handle
        return {}

    first = workspace.jobs.start("copy", slow)
    second = workspace.jobs.start("copy", lambda handle: {"rows": 1})
    third = workspace.jobs.start("copy", lambda handle: {"rows": 2})
    started.wait()
    assert workspace.jobs.find(first.id).status == "working"  # type: ignore[union-attr]  # found
    assert workspace.jobs.cancel(second.id).status == "cancelled"
    assert workspace.jobs.cancel(first.id).status == "cancelling"
    release.set()
    assert workspace.jobs.wait(first.id).status == "cancelled"
    assert workspace.jobs.wait(third.id).details == {"rows": 2}
    assert [job.status for job in workspace.jobs.list()] == ["done", "cancelled", "cancelled"]
    with pytest.raises(UserError):
        workspace.jobs.cancel(third.id)
    again = workspace.jobs.retry(third.id)
    assert workspace.jobs.wait(again.id).status == "done"


def test_a_long_copy_stops_when_it_is_cancelled(filled: Workspace) -> None:
    endless = FILES["copy.pipe"].replace(
        "FROM events WHERE", "FROM events, numbers(1000000) AS x, numbers(1000000) AS y WHERE"
    )
    deployed(filled, FILES | {"copy.pipe": endless})
    job = filled.copy("copy")
    with filled.jobs._lock:
        filled.jobs._lock.wait_for(lambda: filled.jobs.find(job.id).status == "working", 10)  # type: ignore[union-attr]  # found
    filled.jobs.cancel(job.id)
    assert filled.jobs.wait(job.id, 20).status == "cancelled"


def test_jobs_survive_a_restart(tmp_path: Path) -> None:
    release = threading.Event()
    with Workspace.open(tmp_path) as opened:
        done = opened.jobs.run("import", lambda handle: {"rows": 3})
        failed = opened.jobs.run("import", lambda handle: 1 / 0)  # type: ignore[arg-type, return-value]  # a bug
    assert (done.status, failed.status) == ("done", "error")
    release.set()
    with Workspace.open(tmp_path) as opened:
        kept = {job.id: job for job in opened.jobs.list()}
        assert kept[done.id] == done
        assert "internal error" in (kept[failed.id].error or "")


def test_jobs_that_have_ended_are_forgotten_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "REMEMBERED", 3)
    clock, release = Clock(), threading.Event()

    def waits(_: object) -> dict[str, int]:
        release.wait()
        return {}

    with Workspace.open(tmp_path, clock=clock) as opened:
        open_ = opened.jobs.start("copy", waits)
        done = [opened.jobs.run("import", lambda _: {"rows": 1}).id for _ in range(5)]
        assert [job.id for job in opened.jobs.list()] == [*reversed(done[2:]), open_.id]
        assert opened.jobs.find(done[1]) is None
        release.set()
        opened.jobs.wait(open_.id)
    with Workspace.open(tmp_path, clock=clock) as opened:
        assert {job.id for job in opened.jobs.list()} == {*done[3:], open_.id}
        clock.advance(hours=49)
        last = opened.jobs.run("import", lambda _: {"rows": 1})
        assert opened.jobs.list() == [last]
    with Workspace.open(tmp_path, clock=clock) as opened:
        assert opened.jobs.list() == [last]


SINK = (
    "NODE n\nSQL >\n  SELECT g, n, at FROM events ORDER BY n\nTYPE sink\n"
    "EXPORT_CONNECTION_NAME local\nEXPORT_BUCKET_URI file://exports\nEXPORT_SCHEDULE @on-demand\n"
)
CONNECTION = {"local.connection": "TYPE s3\nS3_REGION r\nS3_ACCESS_KEY k\nS3_SECRET s\n"}


def sink(folder: Path, options: str) -> dict[str, bytes]:
    """The files that a sink with these options writes, by name."""
    with Workspace.open(folder) as opened:
        deployed(opened, FILES | CONNECTION | {"out.pipe": SINK + options})
        if not opened.count("events"):
            opened.append("events", b'{"g":"a","n":1}\n{"g":"a/b","n":2}\n{"g":"a","n":3}')
        job = opened.sink("out", wait=True)
        assert (job.status, job.error) == ("done", None)
    root = folder / "exports"
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_a_sink_writes_files(tmp_path: Path) -> None:
    found = sink(tmp_path, 'EXPORT_FILE_TEMPLATE "all"\nEXPORT_FORMAT csv\n')
    assert found["all.csv"].splitlines()[:2] == [b'"g","n","at"', b'"a",1,"2026-01-01 00:00:00"']
    again = sink(tmp_path, 'EXPORT_FILE_TEMPLATE "all"\nEXPORT_FORMAT csv\n')
    assert list(again) == ["all.csv", "all_1.csv"]
    options = 'EXPORT_FILE_TEMPLATE "all"\nEXPORT_FORMAT csv\nEXPORT_STRATEGY truncate\n'
    assert list(sink(tmp_path, options)) == ["all.csv", "all_1.csv"]


def test_a_sink_divides_rows_by_columns(tmp_path: Path) -> None:
    options = (
        "EXPORT_FILE_TEMPLATE \"{at, '%Y/%m'}/{g}\"\nEXPORT_FORMAT ndjson\nEXPORT_COMPRESSION gz\n"
    )
    found = sink(tmp_path, options)
    assert list(found) == ["2026_01/a.ndjson.gz", "2026_01/a_b.ndjson.gz"]
    assert len(gzip.decompress(found["2026_01/a.ndjson.gz"]).splitlines()) == 2


def test_a_sink_stays_in_the_project(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "project") as opened:
        outside = SINK.replace("file://exports", "file://../other")
        deployed(opened, FILES | CONNECTION | {"out.pipe": outside + 'EXPORT_FILE_TEMPLATE "x"\n'})
        with pytest.raises(UserError) as error:
            opened.sink("out")
        assert error.value.diagnostics[0].code == "RT402"
