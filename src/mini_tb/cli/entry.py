"""The console script. `--version` is answered without loading anything; the rest is `main`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line; never returns."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from mini_tb import __version__

        sys.stdout.write(f"mini-tb {__version__}\n")
        sys.exit(0)
    from mini_tb.cli.main import app

    app()
