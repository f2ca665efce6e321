"""The one place that reads a project from disk: datafiles, secrets, names of fixtures.

Datafiles (`.datasource`, `.pipe`, `.connection`, `.incl`) are collected in the project's folder and
down to three levels of folders below it, whatever their names, except in

- `vendor/`, `tests/`, `fixtures/`, `node_modules/` and folders that begin with a dot;
- a folder that is a project of its own below a project: one with a `tinybird.config.json` or a
  `datasources/` folder. So `examples/shop/datasources/…` is not part of the project around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import Diagnostic, UserError

MAX_DEPTH = 3
EXTENSIONS = (".datasource", ".pipe", ".connection", ".incl")
CONFIG_NAMES = ("tinybird.config.json", "tinybird.json")
SKIPPED = ("vendor", "tests", "fixtures", "node_modules")
FIXTURE_EXTENSIONS = (".ndjson", ".csv", ".sql")


@dataclass(frozen=True, slots=True)
class Folder:
    """What a project's folder holds. Paths in `files` are relative to `root`, with `/`.

    `fixtures` are the files of sample data by the name of their data source. `diagnostics` say
    which files could not be read.
    """

    root: Path
    files: Mapping[str, str]
    secrets: Mapping[str, str]
    fixtures: Mapping[str, Path]
    diagnostics: tuple[Diagnostic, ...] = ()


def find_project(start: Path) -> Path:
    """The folder of the project that `start` is in: what the nearest config says, else `start`."""
    start = start.resolve()
    for folder in (start, *start.parents):
        for name in CONFIG_NAMES:
            config = folder / name
            if config.is_file():
                return _configured_folder(config)
    return start


def _configured_folder(config: Path) -> Path:
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError.of("CF001", f"`{config.name}` is not JSON: {error}") from error
    folder = settings.get("folder") if isinstance(settings, dict) else None
    if isinstance(folder, str) and "include" not in settings:
        return (config.parent / folder).resolve()
    return config.parent


def read_folder(root: Path, max_depth: int = MAX_DEPTH) -> Folder:
    """Read a project's folder; a file that is no text is left out with a diagnostic."""
    files: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for path in _datafiles(root, max_depth):
        name = path.relative_to(root).as_posix()
        try:
            # Bytes, not text mode: line breaks stay as they are.
            files[name] = path.read_bytes().decode("utf-8-sig")
        except (UnicodeDecodeError, OSError) as error:
            diagnostics.append(Diagnostic("CF002", f"the file cannot be read: {error}", path=name))
    secrets: dict[str, str] = {}
    for env in (".env", ".env.local"):
        if (root / env).is_file():
            secrets |= parse_env((root / env).read_text(encoding="utf-8-sig"))
    return Folder(root, files, secrets, dict(_fixtures(root)), tuple(diagnostics))


def _datafiles(root: Path, max_depth: int) -> Iterator[Path]:
    is_project = _is_project(root)
    pending = [(root, 0)]
    while pending:
        folder, depth = pending.pop(0)
        children = sorted(folder.iterdir())
        yield from (p for p in children if p.suffix in EXTENSIONS and p.is_file())
        if depth == max_depth:
            continue
        for child in children:
            if child.name in SKIPPED or child.name.startswith(".") or not child.is_dir():
                continue
            if not (is_project and _is_project(child)):
                pending.append((child, depth + 1))


def _is_project(folder: Path) -> bool:
    if any((folder / name).is_file() for name in CONFIG_NAMES):
        return True
    return (folder / "datasources").is_dir()


def _fixtures(root: Path) -> Iterator[tuple[str, Path]]:
    """Sample data by data source; of several files for one, ndjson goes before csv before sql."""
    folder = root / "fixtures"
    if not folder.is_dir():
        return
    found: dict[str, Path] = {}
    for extension in FIXTURE_EXTENSIONS:
        for path in sorted(folder.glob(f"*{extension}")):
            found.setdefault(path.stem, path)
    yield from sorted(found.items())


_ENV_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$")


def parse_env(text: str) -> dict[str, str]:
    """The non-empty `KEY=VALUE` lines of a `.env` file; quotes around a value are removed."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        match = _ENV_LINE.match(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        value = match[2]
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        else:
            value = re.sub(r"\s+#.*$", "", value)
        if value:
            values[match[1]] = value
    return values
