"""A short run of `python -m tests.crash`: three kills."""

from __future__ import annotations

from pathlib import Path

from kills import kill_often


def test_no_row_is_lost_or_doubled(tmp_path: Path) -> None:
    report = kill_often(tmp_path, kills=3, writers=8, longest_s=0.5)
    assert not report.faults, report.faults[:5]
    assert report.outcomes["stored"] > 0
