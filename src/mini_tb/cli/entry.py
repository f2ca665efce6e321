"""The console script. `--version` is answered without loading anything, and `serve` without what
reads command lines; the rest is `main`."""

from __future__ import annotations

import sys
from collections.abc import Callable


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

    try:
        if (served := _plain_serve(args)) is not None:
            served()
            return 0
        from mini_tb.cli.main import app

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


def _plain_serve(args: list[str]) -> Callable[[], None] | None:
    """What a `serve` does whose command line has nothing that needs to be explained: reading it
    takes a tenth of the time until the first answer otherwise."""
    if "serve" not in args:
        return None
    from pathlib import Path

    given: dict[str, str] = {}
    known: tuple[str, ...] = ("-C", "--folder")
    words = iter(args)
    for word in words:
        if word == "serve" and "--port" not in known:
            known = ("--port", "--host")
        elif word in known:
            given[word.lstrip("-")] = next(words, "-")
        else:
            return None
    folder = Path(given.get("folder") or given.get("C") or Path.cwd())
    from mini_tb.cli.serving import HOST, MAX_PORT, PORT, serve_folder

    host, port = given.get("host", HOST), given.get("port", str(PORT))
    is_plain = folder.is_dir() and not host.startswith("-") and port.isdecimal()
    if not is_plain or int(port) > MAX_PORT:
        return None
    from mini_tb.project import find_project

    return lambda: serve_folder(find_project(folder), host=host, port=int(port))
