"""Stored rows: views that equal a recomputation, FINAL that no compaction changes, backups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workspace_setup import Clock, deployed, rows

from mini_tb.diagnostics import UserError
from mini_tb.engine.duckdb.backup import check_database
from mini_tb.workspace import Workspace
from mini_tb.workspace.jobs import Handle
from mini_tb.workspace.maintenance import MIN_LOG_BYTES

COLUMNS = "SCHEMA >\n  k Int32,\n  v Int64,\n  ver UInt32,\n  sign Int8\n"
ENGINES = {
    "plain": "ENGINE MergeTree\n",
    "replacing": "ENGINE ReplacingMergeTree\nENGINE_VER ver\n",
    "summing": "ENGINE SummingMergeTree\nENGINE_COLUMNS v\n",
    "collapsing": "ENGINE CollapsingMergeTree\nENGINE_SIGN sign\n",
    "versioned": "ENGINE VersionedCollapsingMergeTree\nENGINE_SIGN sign\nENGINE_VERSION ver\n",
}
FILES = {
    f"{name}.datasource": COLUMNS + engine + "ENGINE_SORTING_KEY k\n"
    for name, engine in ENGINES.items()
}

row = st.fixed_dictionaries(
    {
        "k": st.integers(0, 2),
        "v": st.integers(-3, 3),
        "ver": st.integers(0, 2),
        "sign": st.sampled_from([1, -1]),
    }
)
batch = st.lists(row, min_size=1, max_size=4)
steps = st.lists(st.one_of(batch, st.just("compact")), min_size=1, max_size=7)


def body(batch_rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(map(json.dumps, batch_rows)).encode()


@pytest.fixture(scope="module")
def tables() -> Iterator[Workspace]:
    with Workspace.open(None) as opened:
        deployed(opened, FILES)
        yield opened


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=12)
@given(steps=steps)
def test_compaction_changes_no_answer(tables: Workspace, name: str, steps: list[Any]) -> None:
    """Two tables get the same rows; one is compacted now and then."""
    query = f"SELECT * FROM {name} FINAL ORDER BY k, v, ver, sign"
    answers = []
    for is_compacting in (False, True):
        tables.truncate(name)
        seen = []
        for step in steps:
            if step != "compact":
                tables.append(name, body(step))
            elif is_compacting:
                assert tables.maintenance.compact(name)
            seen.append(rows(tables, query))
        answers.append(seen)
    assert answers[0] == answers[1]


def test_compaction_leaves_the_fewest_rows_in_order(tables: Workspace) -> None:
    for name in ("replacing", "summing", "plain"):
        tables.truncate(name)
        for k in (2, 1, 2, 1):
            tables.append(name, body([{"k": k, "v": 1, "ver": 1, "sign": 1}]))
        tables.maintenance.compact(name)
    assert rows(tables, "SELECT k FROM replacing") == [(1,), (2,)]
    assert rows(tables, "SELECT k, v FROM summing") == [(1, 2), (2, 2)]
    assert rows(tables, "SELECT k FROM plain") == [(1,), (1,), (2,), (2,)]


VIEWS = {
    "events.datasource": "SCHEMA >\n  g String,\n  n Int64\nENGINE_SORTING_KEY g\n",
    "sums.datasource": (
        "SCHEMA >\n  g String,\n  n SimpleAggregateFunction(sum, Int64),\n"
        "  c AggregateFunction(count)\nENGINE AggregatingMergeTree\nENGINE_SORTING_KEY g\n"
    ),
    "high.datasource": "SCHEMA >\n  g String,\n  n Int64\n",
    "to_sums.pipe": (
        "NODE n\nSQL >\n  SELECT g, sum(events.n) AS n, countState() AS c FROM events GROUP BY g\n"
        "TYPE materialized\nDATASOURCE sums\n"
    ),
    "to_high.pipe": (
        "NODE n\nSQL >\n  SELECT g, n FROM sums WHERE n > 2\nTYPE materialized\nDATASOURCE high\n"
    ),
}
event = st.fixed_dictionaries({"g": st.sampled_from("abc"), "n": st.integers(-5, 5)})


@settings(max_examples=6)
@given(batches=st.lists(st.lists(event, min_size=1, max_size=5), min_size=1, max_size=5))
def test_views_equal_a_recomputation(batches: list[list[dict[str, Any]]]) -> None:
    with Workspace.open(None) as opened:
        deployed(opened, VIEWS)
        high: list[tuple[str, int]] = []
        for given_rows in batches:
            opened.append("events", body(given_rows))
            for g in sorted({r["g"] for r in given_rows}):
                total = sum(r["n"] for r in given_rows if r["g"] == g)
                high += [(g, total)] if total > 2 else []
        expected = rows(opened, "SELECT g, sum(n), count() FROM events GROUP BY g ORDER BY g")
        merged = "SELECT g, sum(n), countMerge(c) FROM sums GROUP BY g ORDER BY g"
        final = "SELECT g, n, countMerge(c) FROM sums FINAL GROUP BY g, n ORDER BY g"
        assert rows(opened, merged) == rows(opened, final) == expected
        opened.maintenance.compact("sums")
        assert rows(opened, merged) == rows(opened, final) == expected
        # The cascade saw each block's own sums.
        assert rows(opened, "SELECT g, n FROM high ORDER BY g, n") == sorted(high)
        again = opened.populate("to_sums", truncate=True, wait=True)
        assert again.status == "done"
        assert rows(opened, merged) == expected


def test_ttl_expires_rows_when_compacted(workspace: Workspace, clock: Clock) -> None:
    schema = "SCHEMA >\n  at DateTime,\n  keep UInt8\nENGINE MergeTree\nENGINE_SORTING_KEY at\n"
    ttl = 'ENGINE_TTL "at + toIntervalDay(1) DELETE WHERE keep = 0"\n'
    deployed(workspace, {"events.datasource": schema + ttl})
    old = "2025-12-01 00:00:00"
    new = clock.now.strftime("%Y-%m-%d %H:%M:%S")
    given_rows = [{"at": old, "keep": 0}, {"at": old, "keep": 1}, {"at": new, "keep": 0}]
    workspace.append("events", body(given_rows))
    assert workspace.count("events") == 3
    workspace.maintenance.compact("events")
    assert rows(workspace, "SELECT toString(at), keep FROM events") == [(old, 1), (new, 0)]
    clock.advance(days=2)
    workspace.maintenance.compact("events")
    assert rows(workspace, "SELECT keep FROM events") == [(1,)]


def meanwhile(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, action: Any) -> None:
    """Let `action` happen after a compaction has read its snapshot, before it swaps."""
    background = workspace.engine.background

    @contextmanager
    def late() -> Iterator[Any]:
        with background() as tx:
            yield tx
        action()

    monkeypatch.setattr(workspace.engine, "background", late)


def test_rows_that_come_during_a_compaction_stay(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(workspace, FILES)
    first = [{"k": 1, "v": 1, "ver": 1, "sign": 1}]
    workspace.append("replacing", body(first))
    meanwhile(workspace, monkeypatch, lambda: workspace.append("replacing", body(first * 2)))
    assert workspace.maintenance.compact("replacing")
    assert workspace.count("replacing") == 3


def test_a_deletion_during_a_compaction_wins(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(workspace, FILES)
    workspace.append("plain", body([{"k": k, "v": 1, "ver": 1, "sign": 1} for k in (1, 2)]))
    meanwhile(workspace, monkeypatch, lambda: workspace.delete("plain", "k = 1"))
    assert not workspace.maintenance.compact("plain")
    assert rows(workspace, "SELECT k FROM plain") == [(2,)]
    leftovers = "SELECT count(*) FROM duckdb_tables() WHERE contains(table_name, ' ')"
    assert workspace.engine.fetch(leftovers) == [(0,)]


def check_restored(folder: Path, backup: Path) -> None:
    """A backup takes the place of what came later; a damaged one, or one for a database that is
    open, changes nothing."""
    damaged = folder / "damaged.duckdb"
    damaged.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    for wrong, code in ((damaged, "RT006"), (folder / "missing", "RT006")):
        with pytest.raises(UserError) as error:
            Workspace.restore(folder, wrong)
        assert error.value.diagnostics[0].code == code
    with Workspace.open(folder) as opened:
        assert opened.count("events") == 2
        with pytest.raises(UserError) as error:
            Workspace.restore(folder, backup)
        assert error.value.diagnostics[0].code == "RT001"
    Workspace.restore(folder, backup)
    with Workspace.open(folder) as opened:
        assert rows(opened, "SELECT n FROM events") == [(1,)]


def test_a_backup_is_a_workspace(tmp_path: Path) -> None:
    target = tmp_path / "copy" / "workspace.duckdb"
    with Workspace.open(tmp_path / "project") as opened:
        deployed(opened, VIEWS)
        opened.append("events", body([{"g": "a", "n": 1}]))
        token = opened.tokens.admin.text
        opened.backup(target)
        opened.append("events", body([{"g": "a", "n": 2}]))
        with pytest.raises(UserError):
            opened.backup(target)
        seed = bytes.fromhex((tmp_path / "project/.mini-tb/seed").read_text())
    check_database(target)
    check_restored(tmp_path / "project", target)
    with Workspace.open(None, database=target, seed=seed) as copy:
        assert rows(copy, "SELECT g, n FROM events") == [("a", 1)]
        assert rows(copy, "SELECT g, countMerge(c) FROM sums GROUP BY g") == [("a", 1)]
        assert copy.deployments.live.id == "1"
        assert copy.tokens.admin.text == token


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with Workspace.open(tmp_path) as opened:
        deployed(opened, VIEWS)
        opened.append("events", body([{"g": "a", "n": 1}]) + b'\n{"g": 1}')
        opened.secrets.save("s", "value")
        opened.tokens.create("mine", [])
        deployed(opened, VIEWS | {"p.pipe": "NODE n\nSQL >\n  SELECT 1 AS one\nTYPE endpoint\n"})
        before = opened.tokens.list(), opened.deployments.list(include_deleted=True)
    with Workspace.open(tmp_path) as opened:
        assert (opened.tokens.list(), opened.deployments.list(include_deleted=True)) == before
        assert opened.live.files["p.pipe"].startswith("NODE n")
        assert opened.secrets.values() == {"s": "value"}
        assert rows(opened, "SELECT g, n FROM events") == [("a", 1)]
        assert opened.count("events_quarantine") == 1
        with opened.query("p") as result:
            assert result.rows() == [(1,)]
        opened.append("events", body([{"g": "a", "n": 2}]))
        assert rows(opened, "SELECT g, sum(n) FROM sums GROUP BY g") == [("a", 3)]


def test_the_log_is_emptied_when_nobody_waits(tmp_path: Path) -> None:
    with Workspace.open(tmp_path) as opened:
        deployed(opened, {"events.datasource": "SCHEMA >\n  n Int64,\n  text String\n"})
        for n in range(200):
            opened.append("events", json.dumps({"n": n, "text": f"{n}" * 5_000}).encode())
        assert opened.engine.log_bytes > MIN_LOG_BYTES
        assert opened.maintenance.run() == []
        assert opened.engine.log_bytes < MIN_LOG_BYTES
        assert opened.count("events") == 200


def test_tables_that_a_killed_process_was_filling_are_dropped(workspace: Workspace) -> None:
    deployed(workspace, {"events.datasource": "SCHEMA >\n  n Int64\n"})
    tables = "SELECT table_name FROM duckdb_tables() WHERE contains(table_name, ' ')"

    def work(handle: Handle) -> dict[str, int]:
        with workspace.engine.transaction() as tx:
            tx.execute(f'CREATE TABLE "new events {handle.job.id}" (n BIGINT)')
            tx.execute('CREATE TABLE "new events of-yore" (n BIGINT)')
        workspace.maintenance.drop_unfinished()
        [(kept,)] = workspace.engine.fetch(tables)
        assert kept.endswith(handle.job.id)
        return {}

    assert workspace.jobs.run("copy", work).status == "done"
    workspace.maintenance.drop_unfinished()
    assert workspace.engine.fetch(tables) == []
