"""The console script. `--version` is answered without loading anything; the rest is `main`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line; never returns."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from mini_tb import __version__

        sys.stdout.write(f"mini-tb {__version__}\n")
        sys.exit(0)
    sys.exit(_run())


def _run() -> int:
    import os

    from mini_tb.cli.console import note, say_error
    from mini_tb.cli.main import app

    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        note("stopped")
        return 1
    except BrokenPipeError:
        # The reader of a pipe has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("MINI_TB_DEBUG"):
            raise
        say_error(error)
        return 1
    return 0
