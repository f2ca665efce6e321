"""A short run of what `python -m tests.fuzz` does at length; with `pytest -m chdb`."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.chdb


def test_every_event_is_stored_as_clickhouse_does_or_quarantined_for_it(tmp_path: Path) -> None:
    from fuzz import fuzz

    report = fuzz(tmp_path, events=3000, seed=2)
    assert not report.wrong, "\n".join(report.wrong)
    assert report.stored > 1000
    assert report.quarantined > 500
