"""The official `tinybird` package as a baseline, in an environment of its own.

It is installed on first use into `.bench/`, as other baselines are, never beside mini-tb, and only
its public names are called. `BENCH_TINYBIRD` names the `bin` folder of an environment that has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tinybird", "duckdb==2.0.*", "sqlglot[c]~=30.30")


def tinybird_bin() -> Path:
    """The folder with the `tb` and `python` of an environment that has the package."""
    return environment("tinybird", PACKAGES, "BENCH_TINYBIRD")


def environment(name: str, packages: tuple[str, ...], variable: str) -> Path:
    """The `bin` folder of an environment with those packages: the one that `variable` names, else
    one in `.bench/`. Raises `CalledProcessError` if they cannot be installed."""
    given = os.environ.get(variable)
    if given:
        return Path(given)
    folder = ROOT / ".bench" / name
    found = folder / ("Scripts" if os.name == "nt" else "bin")
    if not (folder / "ready").exists():
        print(f"installing {', '.join(packages)} into {folder}", file=sys.stderr)
        subprocess.check_call([sys.executable, "-m", "venv", str(folder)])
        pip = [str(found / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.check_call([*pip, "--disable-pip-version-check", *packages])
        (folder / "ready").touch()
    return found
