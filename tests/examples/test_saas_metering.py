"""The usage metering example answers what a plain Python program finds in its fixtures."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest

MONTH = date(2025, 5, 1)


def usage(metering: Any, month: date = MONTH) -> dict[tuple[str, str], list[float]]:
    """Reported quantities by (account, meter)."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in metering.fixture("usage_events"):
        if event["timestamp"].startswith(f"{month:%Y-%m}"):
            found[event["account"]["id"], event["meter"]].append(event["quantity"])
    return found


def plans(metering: Any) -> list[dict[str, str]]:
    """The rows of the plans, which come from CSV."""
    with metering.folder.fixtures["plans"].open(newline="") as file:
        return list(csv.DictReader(file))


def accounts(metering: Any) -> dict[str, dict[str, Any]]:
    """The latest row of each account."""
    rows = sorted(metering.fixture("accounts"), key=lambda row: row["updated_at"])
    return {row["account_id"]: row for row in rows}


def lines(metering: Any) -> list[dict[str, Any]]:
    """What every meter of every account's plan comes to in the month."""
    used = usage(metering)
    found = []
    for account_id, account in accounts(metering).items():
        for plan in plans(metering):
            if plan["plan"] == account["plan"]:
                key = (account_id, plan["meter"])
                found.append({**account, **plan, "used": sum(used.get(key, [])), "key": key})
    return sorted(found, key=lambda line: line["key"])


def test_usage_of_an_account(metering: Any) -> None:
    expected = [
        {
            "month": month,
            "meter": meter,
            "used": pytest.approx(sum(quantities)),
            "reports": len(quantities),
            "greatest_report": max(quantities),
        }
        for month in (date(2025, 4, 1), MONTH)
        for (account, meter), quantities in sorted(usage(metering, month).items())
        if account == "acme"
    ]
    assert metering.query("usage", account_id="acme") == expected
    of_may = [row for row in expected if row["month"] == MONTH]
    assert metering.query("usage", account_id="acme", month="2025-05-01") == of_may


def test_quotas_use_the_latest_plan_and_show_what_was_not_used(metering: Any) -> None:
    expected = []
    for line in lines(metering):
        included = float(line["included"])
        over = max(line["used"] - included, 0)
        status = "over" if over > 0 else "near" if line["used"] >= 0.8 * included else "ok"
        share = None if included == 0 else pytest.approx(line["used"] / included, abs=0.000051)
        expected.append(
            {
                "account_id": line["account_id"],
                "name": line["name"],
                "plan": line["plan"],
                "meter": line["meter"],
                "used": pytest.approx(line["used"]),
                "included": included,
                "over": pytest.approx(over),
                "share": share,
                "status": status,
            }
        )
    assert {row["status"] for row in expected} == {"ok", "near", "over"}
    assert metering.query("quotas") == expected
    wanted = [row for row in expected if row["status"] in ("near", "over")]
    assert metering.query("quotas", status="near,over") == wanted
    assert [row["plan"] for row in expected if row["account_id"] == "acme"] == ["team"] * 3


def test_closing_a_month_writes_its_invoices(metering: Any) -> None:
    job = metering.workspace.copy("close_month", {"month": str(MONTH)}, wait=True)
    assert job.status == "done", job.error
    items: dict[tuple[str, str], list[tuple[str, Decimal]]] = defaultdict(list)
    for line in lines(metering):
        if line["key"] in usage(metering):
            charged = max(line["used"] - float(line["included"]), 0)
            amount = Decimal(charged * float(line["price"])).quantize(
                Decimal("0.01"), rounding=ROUND_DOWN
            )
            items[line["account_id"], line["plan"]].append((line["meter"], amount))
    found = metering.query("invoices", month=str(MONTH))
    assert {(row["account_id"], row["plan"]): row["lines"] for row in found} == {
        key: len(value) for key, value in items.items()
    }
    for row in found:
        expected = items[row["account_id"], row["plan"]]
        # toDecimal64 of a Float64 cuts off: what is computed in floats may be a cent away.
        assert [meter for meter, _ in expected] == [item[0] for item in _items(row)]
        for (_, amount), item in zip(expected, _items(row), strict=True):
            assert abs(amount - item[1]) <= Decimal("0.01")
        assert row["total"] == sum(item[1] for item in _items(row))
    assert [row["total"] for row in found] == sorted((r["total"] for r in found), reverse=True)


def _items(row: dict[str, Any]) -> list[tuple[str, Decimal]]:
    return [
        tuple(item.values()) if isinstance(item, dict) else tuple(item) for item in row["items"]
    ]
