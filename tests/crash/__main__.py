"""The long runs: `python -m tests.crash --kills 100`, `python -m tests.crash faults`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from faults import FAULTS, try_faults
from kills import kill_often


def main() -> int:
    """Run, print the report; 1 if something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("what", choices=["kills", "faults"], nargs="?", default="kills")
    parser.add_argument("--only", action="append", choices=FAULTS, default=[])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--longest-s", type=float, default=1.5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mini-tb-crash-") as name:
        if given.what == "faults":
            return try_faults(Path(name), given.only)
        report = kill_often(
            Path(name),
            kills=given.kills,
            writers=given.writers,
            longest_s=given.longest_s,
            seed=given.seed,
        )
    print(report)
    for fault in report.faults[:50]:
        print(f"  {fault[:4000]}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
