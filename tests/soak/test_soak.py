"""A short run of `python -m tests.soak`: too short to say anything about memory."""

from __future__ import annotations

from pathlib import Path

from soak import soak


def test_nothing_fails_and_nothing_is_left(tmp_path: Path) -> None:
    report = soak(tmp_path, seconds=3, requests=150, clients=16)
    faults = [fault for fault in report.faults if not fault.startswith("memory")]
    assert not faults, faults[:5]
    assert sum(counts.total() for counts in report.statuses.values()) >= 150
