"""The web analytics example answers what a plain Python program finds in its fixture."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

FUNNEL = ("view", "search", "signup", "purchase")


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


@pytest.mark.parametrize("device", [None, "mobile"])
def test_top_pages_come_from_the_materialised_counts(web: Any, device: str | None) -> None:
    views: dict[str, list[str]] = defaultdict(list)
    for event in web.fixture("events"):
        if event["event"] == "view" and device in (None, event["context"]["device"]):
            views[event["page"]].append(event["visitor_id"])
    expected = [
        {"page": page, "views": len(visitors), "visitors": len(set(visitors))}
        for page, visitors in sorted(views.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    given = {} if device is None else {"device": device}
    assert web.query("top_pages", **given) == expected


def test_top_pages_count_new_events_at_once(web: Any) -> None:
    row = (
        b'{"timestamp":"2031-01-01 00:00:00","visitor_id":"x","event":"view","page":"/new",'
        b'"context":{"country":"DE","device":"tablet"}}'
    )
    assert web.workspace.append("events", row + b"\n" + row).successful_rows == 2
    found = web.query("top_pages", date_from="2031-01-01", date_to="2031-01-01")
    web.workspace.delete("events", "page = '/new'")
    assert found == [{"page": "/new", "views": 2, "visitors": 1}]


def sessions(events: list[dict[str, Any]], pause: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """(visitor, events) of each session."""
    by_visitor: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in sorted(events, key=lambda e: (e["timestamp"], e["page"])):
        by_visitor[event["visitor_id"]].append(event)
    found = []
    for visitor, all_events in by_visitor.items():
        current = [all_events[0]]
        for before, event in pairwise(all_events):
            if moment(event) - moment(before) > timedelta(minutes=pause):
                found.append((visitor, current))
                current = []
            current.append(event)
        found.append((visitor, current))
    return found


@pytest.mark.parametrize(("pause", "country"), [(30, None), (5, None), (30, "DE")])
def test_sessions_end_with_a_pause(web: Any, pause: int, country: str | None) -> None:
    events = [e for e in web.fixture("events") if country in (None, e["context"]["country"])]
    by_page: dict[str, list[tuple[str, list[dict[str, Any]]]]] = defaultdict(list)
    for visitor, found in sessions(events, pause):
        by_page[found[0]["page"]].append((visitor, found))
    expected = []
    for page, landed in by_page.items():
        seconds = [(moment(found[-1]) - moment(found[0])).total_seconds() for _, found in landed]
        expected.append(
            {
                "landing_page": page,
                "sessions": len(landed),
                "visitors": len({visitor for visitor, _ in landed}),
                "average_seconds": pytest.approx(sum(seconds) / len(seconds), abs=0.051),
                "most_events": max(len(found) for _, found in landed),
                "bounce_rate": pytest.approx(
                    sum(len(found) == 1 for _, found in landed) / len(landed), abs=0.00051
                ),
            }
        )
    expected.sort(key=lambda row: (-row["sessions"], row["landing_page"]))
    given = {"pause": str(pause)} | ({} if country is None else {"country": country})
    assert web.query("sessions", **given) == expected


@pytest.mark.parametrize("hours", [24, 1])
def test_the_funnel_counts_steps_in_order(web: Any, hours: int) -> None:
    counts = [0, 0, 0, 0]
    by_visitor: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in sorted(web.fixture("events"), key=moment):
        by_visitor[event["visitor_id"]].append(event)
    for events in by_visitor.values():
        first = next((moment(e) for e in events if e["event"] == "view"), None)
        reached = first
        for step, name in enumerate(FUNNEL):
            if step and reached is not None and first is not None:
                ends = first + timedelta(hours=hours)
                after = (moment(e) for e in events if e["event"] == name)
                reached = next((at for at in after if reached < at <= ends), None)
            if reached is None:
                break
            counts[step] += 1
    assert counts[3] > 0
    found = web.query("funnel", hours=str(hours))
    assert [(row["step"], row["event"], row["visitors"]) for row in found] == [
        (number + 1, name, counts[number]) for number, name in enumerate(FUNNEL)
    ]
    assert [row["share"] for row in found] == pytest.approx(
        [count / counts[0] for count in counts], abs=0.000051
    )
