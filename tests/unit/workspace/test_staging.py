"""A candidate that is read before it is promoted answers as it will when it is live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mini_tb.diagnostics import UserError
from mini_tb.workspace import Workspace

BEFORE = {
    "events.datasource": (
        "SCHEMA >\n    id Int32,\n    name String,\n    amount Float64\n"
        "ENGINE MergeTree\nENGINE_SORTING_KEY id\n"
    ),
    "users.datasource": (
        "SCHEMA >\n    id Int32,\n    name String,\n    ver UInt32\n"
        "ENGINE ReplacingMergeTree\nENGINE_SORTING_KEY id\nENGINE_VER ver\n"
    ),
    "totals.datasource": (
        "SCHEMA >\n    name String,\n    n AggregateFunction(count)\n"
        "ENGINE AggregatingMergeTree\nENGINE_SORTING_KEY name\n"
    ),
    "count_events.pipe": (
        "NODE n\nSQL >\n    SELECT name, countState() AS n FROM events GROUP BY name\n"
        "TYPE materialized\nDATASOURCE totals\n"
    ),
    "top.pipe": "NODE n\nSQL >\n    SELECT id, name FROM events ORDER BY id\nTYPE endpoint\n",
}
ADDED = "    at DateTime DEFAULT now(),\n    long String DEFAULT concat(name, '$now')"
AFTER = {
    "a column more, with a default of others": {
        "events.datasource": BEFORE["events.datasource"].replace(
            "amount Float64\n", f"amount Float64,\n{ADDED}\n"
        ),
        "top.pipe": BEFORE["top.pipe"].replace("id, name", "id, long, at, amount"),
    },
    "a column less and one that may be NULL": {
        "events.datasource": (
            "SCHEMA >\n    id Nullable(Int64),\n    name String\nENGINE_SORTING_KEY tuple()\n"
        ),
    },
    "rewritten": {
        "events.datasource": (
            "SCHEMA >\n    id String,\n    name String,\n    cents Int64\n"
            "FORWARD_QUERY >\n    SELECT concat('e', toString(id)) AS id, name,"
            " toInt64(amount * 100) AS cents\n"
        ),
        "top.pipe": BEFORE["top.pipe"].replace("id, name", "id, name, cents"),
    },
    "replacing rows": {
        "users.datasource": BEFORE["users.datasource"].replace(
            "ver UInt32\n", "ver UInt32,\n    upper String DEFAULT upper(name)\n"
        ),
        "top.pipe": BEFORE["top.pipe"].replace(
            "id, name FROM events", "id, name, upper FROM users FINAL"
        ),
    },
    "a new materialisation of one that changes": {
        "count_events.pipe": BEFORE["count_events.pipe"].replace("name,", "upper(name) AS name,"),
        "per_first.datasource": "SCHEMA >\n    first String,\n    n UInt64\n",
        "count_first.pipe": (
            "NODE n\nSQL >\n    SELECT substring(name, 1, 1) AS first, countMerge(n) AS n"
            " FROM totals GROUP BY first\nTYPE materialized\nDATASOURCE per_first\n"
        ),
        "top.pipe": (
            "NODE m\nSQL >\n    SELECT name, countMerge(n) AS c FROM totals GROUP BY name\n"
            "NODE n\nSQL >\n    SELECT name, c FROM m UNION ALL SELECT first, n FROM per_first"
            " ORDER BY ALL\nTYPE endpoint\n"
        ),
    },
    "an empty data source": {
        "fresh.datasource": "SCHEMA >\n    id Int32\n",
        "top.pipe": "NODE n\nSQL >\n    SELECT id FROM fresh\nTYPE endpoint\n",
    },
}


def rows(workspace: Workspace, *, staging: bool) -> list[list[Any]]:
    asked = [
        workspace.query("top", staging=staging),
        workspace.query("top", q="SELECT count() FROM _", staging=staging),
        workspace.sql("SELECT * FROM events ORDER BY id", staging=staging),
        workspace.sql("SELECT * FROM events_quarantine", staging=staging),
        workspace.sql("SELECT * FROM n", pipeline="top", staging=staging),
    ]
    found = []
    for result in asked:
        with result:
            found.append(result.rows())
    return found


@pytest.mark.parametrize("name", AFTER)
def test_it_answers_as_it_will(name: str) -> None:
    clock = lambda: datetime(2026, 1, 2, 3, 4, 5)  # noqa: E731  # one time for all of it
    with Workspace.open(clock=clock) as workspace:
        assert workspace.deploy(BEFORE).result == "success"
        workspace.append(
            "events", b'{"id":1,"name":"ann","amount":1.5}\n{"id":2,"name":"bob","amount":0}'
        )
        workspace.append("events", b'{"id":3,"name":"ann","amount":2}\n{"id":"x"}')
        workspace.append("users", b'{"id":1,"name":"ann","ver":1}\n{"id":2,"name":"b","ver":1}')
        workspace.append("users", b'{"id":1,"name":"anna","ver":2}')
        before = rows(workspace, staging=False)
        candidate = workspace.deploy({**BEFORE, **AFTER[name]}, promote=False)
        assert candidate.result == "success", candidate.errors
        staged = rows(workspace, staging=True)
        assert staged != before
        assert rows(workspace, staging=False) == before
        # What comes in goes to what is live, and is seen by both.
        workspace.append("events", b'{"id":4,"name":"cid","amount":3}')
        assert workspace.count("events") == 4
        staged = rows(workspace, staging=True)
        assert len(staged[2]) == 4
        assert workspace.promote_deployment(candidate.id).result == "success"
        assert rows(workspace, staging=False) == staged
        with pytest.raises(UserError, match="no staging deployment") as error:
            workspace.query("top", staging=True)
        assert error.value.status == 404


def test_only_the_newest_candidate_is_staging() -> None:
    with Workspace.open() as workspace:
        workspace.deploy(BEFORE)
        for number in (1, 2):
            text = f"NODE n\nSQL >\n    SELECT {number} AS x\nTYPE endpoint\n"
            workspace.deploy({**BEFORE, "x.pipe": text}, promote=False)
        with workspace.query("x", staging=True) as result:
            assert result.rows() == [(2,)]
        workspace.discard_deployment("3")
        with workspace.query("x", staging=True) as result:
            assert result.rows() == [(1,)]
