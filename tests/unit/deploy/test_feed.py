"""Which inserts trigger a materialisation, and what its rows depend on."""

from __future__ import annotations

import pytest

from mini_tb.deploy.feed import Feeds
from mini_tb.project import Project, load_project

DATASOURCES = {
    f"{name}.datasource": "SCHEMA >\n  n Int64\n" for name in ("events", "other", "target")
}


def project(sql: str, **pipes: str) -> Project:
    """A project whose pipe `mv` materialises `sql`, beside pipes of one node."""
    files = DATASOURCES | {
        f"{name}.pipe": f"NODE n\nSQL >\n  {text}\n" for name, text in pipes.items()
    }
    head = "NODE first\nSQL >\n  SELECT n FROM events\n"
    files["mv.pipe"] = f"{head}NODE m\nSQL >\n  {sql}\nTYPE materialized\nDATASOURCE target\n"
    return load_project(files).require()


@pytest.mark.parametrize(
    ("sql", "source"),
    [
        ("SELECT n FROM events", "events"),
        ("SELECT n FROM first", "events"),
        ("SELECT n FROM shared", "other"),
        ("SELECT n FROM (SELECT n FROM (SELECT n FROM other))", "other"),
        ("WITH x AS (SELECT n FROM other) SELECT n FROM x", "other"),
        ("SELECT e.n AS n FROM events AS e JOIN other AS o ON e.n = o.n", "events"),
        ("SELECT n FROM events WHERE n IN (SELECT n FROM other)", "events"),
        ("SELECT n FROM other UNION ALL SELECT n FROM events", "other"),
        ("SELECT toInt64(1) AS n", None),
    ],
)
def test_the_left_most_table_triggers(sql: str, source: str | None) -> None:
    feeds = Feeds(project(sql, shared="SELECT n FROM other"))
    assert [feed.source for feed in feeds.into("target")] == ([source] if source else [])


def test_a_signature_holds_all_that_is_read() -> None:
    query = "SELECT n FROM shared WHERE n IN (SELECT n FROM first)"

    def signature(shared: str) -> object:
        feeds = Feeds(project(query, shared=shared, aside="SELECT 1 AS n"))
        return feeds.signature(feeds.into("target")[0])

    assert signature("SELECT n FROM other") == signature("SELECT n FROM other")
    assert signature("SELECT n FROM other") != signature("SELECT n FROM other WHERE n > 1")


def test_sources_come_before_their_targets() -> None:
    order = Feeds(project("SELECT n FROM other")).ordered()
    assert order.index("other") < order.index("target")
    assert sorted(order) == ["events", "other", "target"]
