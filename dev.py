"""The project's front door: `python3 dev.py serve` and `python3 dev.py test` on a fresh machine.

Both make a virtual environment in `.venv` and install the package into it, once; needs Python 3.11
and nothing else.

    serve   deploy this project to `.mini-tb/` and serve it on http://localhost:7181
    test    install the development tools, then lint, type-check and run all tests
    check   lint and type-check only
    record  record the conformance answers from real ClickHouse (installs chdb)
    conformance  compare the recorded answers, then random queries, with ClickHouse live
    compat  write COMPAT.md
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LINT = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))


def run(*command: str) -> None:
    """Run a tool of the environment in the project's folder; leave with its code if it fails."""
    code = subprocess.call([str(BIN / command[0]), *command[1:]], cwd=ROOT)
    if code:
        sys.exit(code)


def install(extras: str) -> None:
    """Make the environment and install the package with `extras`, unless it is there already."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = VENV / f"installed-{extras or 'base'}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (BIN / "pip").exists() and not (BIN / "pip.exe").exists():
        print("making .venv", file=sys.stderr)
        subprocess.check_call([sys.executable, "-m", "venv", str(VENV)])
    print("installing mini-tb" + (f" with {extras}" if extras else ""), file=sys.stderr)
    target = f"{ROOT}[{extras}]" if extras else str(ROOT)
    run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", target)
    # What is installed in place is not compiled: without this the first commands would be slow.
    run("python", "-m", "compileall", "-q", "src")
    stamp.write_text(wanted)


def main(task: str, args: list[str]) -> None:
    """Do one task."""
    if sys.version_info < (3, 11):  # noqa: UP036  # an older Python may run this very file
        sys.exit("mini-tb needs Python 3.11 or later")
    if task == "serve":
        install("")
        run("mini-tb", "deploy", "--local")
        run("mini-tb", "serve", *args)
    elif task == "test":
        install("dev")
        for command in LINT:
            run(*command)
        run("python", "-m", "pytest", "-n", "auto", *args)
    elif task == "check":
        install("dev")
        for command in LINT:
            run(*command)
    elif task == "record":
        install("dev,clickhouse")
        run("python", "tests/conformance/record.py", *args)
    elif task == "conformance":
        install("dev,clickhouse")
        run("python", "tests/conformance/record.py", "--compare")
        run("python", "tests/conformance/differential.py", *args)
    elif task == "compat":
        install("dev")
        run("python", "tests/conformance/compat.py")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "help", sys.argv[2:])
