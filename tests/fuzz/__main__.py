"""Events by the hundred thousand against ClickHouse: `python -m tests.fuzz --events 200000`.

A real server gets generated and mutated events over HTTP, in bodies of one line up to hundreds of
kilobytes. Then every row is in its data source with exactly the values that ClickHouse stores for
the same line, or in quarantine with exactly the columns that are at fault. No answer is a 5xx.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))

from fuzz import fuzz


def main() -> int:
    """Run, print the report; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mini-tb-fuzz-") as name:
        report = fuzz(Path(name), given.events, given.seed)
    print(report)
    for reason, count in report.stricter.most_common():
        print(f"  {count:,} values refused that ClickHouse bends: {reason}")
    for wrong in report.wrong[:100]:
        print(f"  {wrong[:1000]}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
