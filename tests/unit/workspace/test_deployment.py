"""Deployments as records: candidates, promotion, failure; builds that change nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from workspace_setup import Clock, rows

from mini_tb.diagnostics import UserError
from mini_tb.workspace import Workspace

EVENTS = {"events.datasource": "SCHEMA >\n  n Int64\n"}
TOP = {"top.pipe": "NODE n\nSQL >\n  SELECT n FROM events\nTYPE endpoint\n"}


def test_a_new_workspace_has_the_empty_deployment(workspace: Workspace) -> None:
    [seed] = workspace.deployments.list()
    assert (seed.id, seed.status, seed.live) == ("0", "data_ready", True)
    assert workspace.deploy({}).no_changes


def test_each_deployment_replaces_the_one_before(workspace: Workspace, clock: Clock) -> None:
    first = workspace.deploy(EVENTS)
    assert (first.id, first.result, first.status, first.live) == (
        "1",
        "success",
        "data_ready",
        True,
    )
    assert first.diff.datasources.new == ("events",)
    clock.advance(minutes=1)
    second = workspace.deploy(EVENTS | TOP)
    assert (second.id, second.diff.pipes.new, second.diff.datasources.new) == ("2", ("top",), ())
    assert [d.id for d in workspace.deployments.list()] == ["2"]
    everything = workspace.deployments.list(include_deleted=True)
    assert [(d.id, d.status, d.live) for d in everything] == [
        ("2", "data_ready", True),
        ("0", "deleted", False),
        ("1", "deleted", False),
    ]
    created, updated = workspace.touched("events")
    assert created == updated == first.updated_at
    assert workspace.touched("top") == (clock.now, clock.now)


def test_texts_are_kept_as_they_were_sent(workspace: Workspace) -> None:
    workspace.deploy(EVENTS)
    commented = {"events.datasource": "# now with a comment\r\n" + EVENTS["events.datasource"]}
    made = workspace.deploy(commented)
    assert made.no_changes and made.id == "1"
    assert workspace.live.files == commented
    file = workspace.datasource("events").file
    assert file is not None and file.text == commented["events.datasource"]


def test_a_check_changes_nothing(workspace: Workspace) -> None:
    checked = workspace.deploy(EVENTS, check=True)
    assert (checked.result, checked.id, checked.live) == ("success", "", False)
    assert checked.stages == ("create data source `events`",)
    assert not workspace.project.datasources
    assert [d.id for d in workspace.deployments.list(include_deleted=True)] == ["0"]


def test_a_candidate_waits_for_its_promotion(workspace: Workspace) -> None:
    candidate = workspace.deploy(EVENTS, promote=False)
    assert (candidate.id, candidate.live, candidate.status) == ("1", False, "data_ready")
    assert [d.id for d in workspace.deployments.list()] == ["0", "1"]
    assert not workspace.project.datasources
    promoted = workspace.promote_deployment("1")
    assert promoted.live and list(workspace.project.datasources) == ["events"]
    assert [d.id for d in workspace.deployments.list()] == ["1"]
    other = workspace.deploy(EVENTS | TOP, promote=False)
    assert workspace.discard_deployment(other.id).status == "deleted"
    assert [d.id for d in workspace.deployments.list()] == ["1"]
    for refused, status in (("9", 404), (other.id, 404)):
        with pytest.raises(UserError) as error:
            workspace.promote_deployment(refused)
        assert error.value.status == status
    with pytest.raises(UserError) as error:
        workspace.discard_deployment("1")
    assert error.value.status == 409


def test_a_failed_deployment_leaves_all_as_it_was(workspace: Workspace) -> None:
    workspace.deploy(EVENTS)
    workspace.append("events", b'{"n": 1}')
    failing = {
        "events.datasource": (
            "SCHEMA >\n  n UInt8\n"
            "FORWARD_QUERY >\n  SELECT toUInt8(concat('x', toString(n))) AS n\n"
        ),
        "more.datasource": "SCHEMA >\n  a Int32\n",
    }
    made = workspace.deploy(failing)
    assert (made.result, made.status) == ("failed", "failed")
    assert [d.code for d in made.errors] == ["PL203"]
    assert rows(workspace, "SELECT n FROM events") == [(1,)]
    assert list(workspace.project.datasources) == ["events"]
    assert [d.id for d in workspace.deployments.list()] == ["1"]
    # The next one may make what the failed one could not.
    assert workspace.deploy(EVENTS | {"more.datasource": failing["more.datasource"]}).live


def test_a_build_finds_everything_at_once(workspace: Workspace) -> None:
    build = workspace.build(
        EVENTS
        | {
            "a.pipe": "NODE n\nSQL >\n  SELECT m FROM events\nTYPE endpoint\n",
            "b.pipe": "NODE n\nSQL >\n  SELECT nosuch(n) FROM events\nTYPE endpoint\n",
            "c.datasource": "SCHEMA >\n  x Int32 DEFAULT 1 + 'a'\n",
        }
    )
    assert not build.ok
    assert [d.file for d in build.errors] == ["a.pipe", "b.pipe", "c.datasource"]
    assert [(d.span.line, d.span.column) for d in build.errors[:2] if d.span] == [(2, 9), (2, 9)]
    assert not workspace.project.datasources


def test_templates_without_defaults_do_not_fail_a_build(workspace: Workspace) -> None:
    templates = {
        "a.pipe": (
            "NODE n\nSQL >\n  %\n  SELECT {{columns(which)}}, n FROM {{table(t)}}"
            " WHERE n = {{Int64(n)}} ORDER BY {{column(by, 'n')}}\nTYPE endpoint\n"
        ),
        "b.pipe": (
            "NODE n\nSQL >\n  %\n  {% if not defined(x) %} {{error('say x')}} {% end %}"
            " SELECT n FROM events WHERE n > {{Int64(x)}}"
            " AND toDate({{String(d)}}) > '2020-01-01'\n"
            "TYPE endpoint\n"
        ),
    }
    build = workspace.build(EVENTS | templates)
    assert [d.message for d in build.errors] == []


def materialized(sql: str) -> dict[str, str]:
    """A project whose data source `events` feeds `target` with this query."""
    return EVENTS | {
        "target.datasource": "SCHEMA >\n  n Int64\n",
        "mv.pipe": f"NODE m\nSQL >\n  {sql}\nTYPE materialized\nDATASOURCE target\n",
    }


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        ("SELECT n FROM events", []),
        ("SELECT n FROM events ORDER BY n LIMIT 3", ["EN201", "EN201"]),
        ("SELECT DISTINCT n FROM events", ["EN201"]),
        ("SELECT n FROM events FINAL", ["EN201"]),
        ("SELECT toInt64(row_number() OVER ()) AS n FROM events", ["EN201"]),
        ("SELECT n FROM (SELECT n FROM events WHERE toDateTime(n) < now())", ["EN201"]),
        ("SELECT toInt64(1) AS n", ["NM307"]),
        ("SELECT toInt64(number) AS n FROM numbers(3)", ["NM307"]),
        ("%\n  SELECT n FROM events WHERE n > {{Int64(x, 1)}}", ["NM308"]),
    ],
)
def test_pitfalls_of_materialisations_are_told(
    workspace: Workspace, sql: str, codes: list[str]
) -> None:
    build = workspace.build(materialized(sql))
    assert [d.code for d in build.diagnostics] == codes
    assert build.ok == all(code.startswith("EN") for code in codes)


def test_a_broken_file_does_not_hide_what_is_wrong_in_others(workspace: Workspace) -> None:
    build = workspace.build(
        EVENTS
        | {
            "a.datasource": "SCHEMA >\n  x Int3\n",
            "b.pipe": "NODE n\nSQL >\n  SELECT x FROM a\nTYPE endpoint\n",
            "c.pipe": "NODE n\nSQL >\n  SELECT m FROM events\nTYPE endpoint\n",
            "d.pipe": "NODE n\nSQL >\n  SELECT x FROM nowhere\nTYPE endpoint\n",
        }
    )
    assert [d.file for d in build.errors] == ["a.datasource", "c.pipe", "d.pipe"]
    assert [d.code for d in build.errors if d.file == "d.pipe"] == ["NM001"]


def test_requests_do_not_feel_a_deployment(workspace: Workspace) -> None:
    """Reads and events go on while columns come and go; each is answered, none is lost."""

    def version(number: int) -> dict[str, str]:
        more = "".join(f",\n  c{j} Int32 DEFAULT {j}" for j in range(number % 3))
        every = "NODE n\nSQL >\n  SELECT * FROM events ORDER BY n LIMIT 3\nTYPE endpoint\n"
        return {"events.datasource": f"SCHEMA >\n  n Int64{more}\n", "every.pipe": every}

    workspace.deploy(version(0))
    is_over = threading.Event()
    failures: list[Exception] = []
    counts = {"read": 0, "append": 0}

    def repeat(what: str, once: Callable[[], object]) -> None:
        while not is_over.is_set():
            try:
                once()
                counts[what] += 1
            except Exception as error:  # shown by the assertion below
                failures.append(error)

    def read() -> None:
        with workspace.query("every") as result:
            result.rows()

    def append() -> None:
        workspace.append("events", b'{"n": 1, "c0": 7, "c1": 8}')

    threads = [
        threading.Thread(target=repeat, args=("read", read)),
        threading.Thread(target=repeat, args=("append", append)),
    ]
    for thread in threads:
        thread.start()
    for number in range(12):
        assert workspace.deploy(version(number)).result != "failed"
    is_over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert counts["read"] and workspace.count("events") == counts["append"]


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        ("SELECT nope FROM events WHERE tenant = {{String(t)}}", ["NM201"]),
        ("SELECT nope(n) FROM events WHERE tenant = {{String(t)}}", ["SQ201"]),
        ("SELECT n FROM events WHERE tenant = {{String(t)}} GROUP", ["SQ001"]),
        ("SELECT n FROM events WHERE toDate(now()) = {{String(t)}}", []),
        ("SELECT {{column(t)}} FROM events", []),
    ],
)
def test_templates_without_defaults_are_compiled(
    workspace: Workspace, sql: str, codes: list[str]
) -> None:
    files = {
        "events.datasource": "SCHEMA >\n  tenant String,\n  n Int64\n",
        "p.pipe": f"NODE n\nSQL >\n  %\n  {sql}\nTYPE endpoint\n",
    }
    errors = workspace.build(files).errors
    assert [error.code for error in errors] == codes
    assert all(error.span is not None for error in errors)
