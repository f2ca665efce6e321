"""`python -m bench [NAME …]`: run all benchmarks, or those named."""

from __future__ import annotations

import importlib
import sys

NAMES = ("parse", "startup", "compile", "hashes", "serve", "ingest")


def main(names: list[str]) -> None:
    """Run benchmarks one after the other."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    for name in names or NAMES:
        print(f"\n# {name}")
        importlib.import_module(f"bench.{name}").run()


main(sys.argv[1:])
