"""The console script. `--version` is answered without loading anything; the rest is `main`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line of this process; never returns."""
    sys.exit(main(sys.argv[1:]))


def main(args: list[str]) -> int:
    """Run a command line; its exit code. Nothing is raised: what goes wrong is said."""
    if args in (["--version"], ["-V"]):
        from mini_tb import __version__

        sys.stdout.write(f"mini-tb {__version__}\n")
        return 0
    import os

    from mini_tb.cli.console import note, say_error
    from mini_tb.cli.main import app

    try:
        app(args, prog_name="mini-tb")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except KeyboardInterrupt:
        note("stopped")
        return 1
    except BrokenPipeError:
        # The reader of a pipe has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("MINI_TB_DEBUG"):
            import traceback

            traceback.print_exception(error)
        say_error(error)
        return 1
    return 0
