"""The long run: `python -m tests.soak --minutes 10 --requests 24000`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))
sys.path.insert(0, str(Path(__file__).parents[1] / "http"))

from soak import soak


def main() -> int:
    """Run, print the report; 1 if something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--requests", type=int, default=24_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="leave the server's folder there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mini-tb-soak-") as name:
        folder = given.keep or Path(name)
        folder.mkdir(exist_ok=True)
        report = soak(
            folder,
            seconds=given.minutes * 60,
            requests=given.requests,
            clients=given.clients,
            seed=given.seed,
        )
    print(report)
    for fault in report.faults[:50]:
        print(f"  {fault[:4000]}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
