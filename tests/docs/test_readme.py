"""The README's commands, run as they stand against a live server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mini_tb.diagnostics.render import render_plain
from mini_tb.project import read_folder
from mini_tb.server.serve import Listening, serve
from mini_tb.workspace.build import build_project
from mini_tb.workspace.registry import Registry

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = dict(re.findall(r"<!-- run: (\w+) -->\n```\w+\n(.*?)```", README, re.DOTALL))
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


class Shell:
    """A shell in a project's folder, in which the README's lines mean what they mean there."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.token = ""

    def run(self, name: str) -> str:
        """Run a block; what it printed. It must succeed."""
        command = f"{sys.executable} -c 'from mini_tb.cli.entry import run; run()'"
        text = BLOCKS[name].replace("http://localhost:7181", self.url)
        text = text.replace(".venv/bin/mini-tb", command).replace("curl ", "curl -sS --fail ")
        if name == "token":
            text += 'printf %s "$TB_TOKEN"\n'
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "TB_TOKEN": self.token},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("readme")
    for part in ("datasources", "pipes"):
        shutil.copytree(ROOT / part, folder / part)
    ready = threading.Event()
    found: list[Listening] = []

    def note(where: Listening) -> None:
        found.append(where)
        ready.set()

    registry = Registry(folder)
    assert registry.main.deploy(read_folder(folder).files).result == "success"
    options = {"port": 0, "clickhouse_port": 0, "on_ready": note}
    thread = threading.Thread(target=serve, args=(registry,), kwargs=options)
    thread.start()
    try:
        assert ready.wait(20)
        made = Shell(folder, found[0].url)
        made.token = made.run("token")
        yield made
    finally:
        found[0].stop()
        thread.join(20)
        registry.close()


def objects(text: str) -> list[Any]:
    """The JSON values that stand one after the other in a text."""
    decoder, found = json.JSONDecoder(), []
    rest = text.lstrip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].lstrip()
    return found


@needs_curl
def test_the_lines_send_events_and_read_endpoints(shell: Shell) -> None:
    assert shell.token.startswith("p.")
    sent = objects(shell.run("events"))
    assert sent == [{"successful_rows": 1, "quarantined_rows": 0}] * 2
    many = objects(shell.run("many"))
    assert many == [{"successful_rows": 10_000, "quarantined_rows": 0}]
    shown = shell.run("read")
    metrics, rest = json.JSONDecoder().raw_decode(shown)
    assert metrics["rows"] == 5
    assert {row["region"] for row in metrics["data"]} == {"us-east-1"}
    summary, _, rest = shown[rest:].lstrip().partition("{")
    assert summary.startswith('"resource_id","resource_type"')
    assert len(summary.splitlines()) == 6
    anomalies, end = json.JSONDecoder().raw_decode("{" + rest)
    assert len(anomalies["data"]) == 3
    assert rest[end:].split() == ['"device_id","total_energy_consumed"', '"device_123",0.75']


def test_the_first_commands_are_tasks_of_dev_py() -> None:
    tasks = re.findall(r"python3 dev\.py (\w+)", README)
    known = (ROOT / "dev.py").read_text()
    assert tasks == ["serve", "test"]
    assert all(f'task == "{task}"' in known for task in tasks)


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(BLOCKS["python"], "README.md", "exec"), {})
    assert capsys.readouterr().out == "[('/', 2)]\n"


def test_the_mistake_is_told_as_shown() -> None:
    files = dict(read_folder(ROOT).files)
    path = "pipes/get_resource_summary.pipe"
    files[path] = files[path].replace("avg(metric_value)", "avg(metric_valu)")
    (shown,) = re.findall(r"```\n(pipes/.*?)```", README, re.DOTALL)
    assert render_plain(build_project(files, {}).diagnostics) == shown


def test_every_command_of_the_readme_exists() -> None:
    from typer.main import get_command

    from mini_tb.cli.main import app

    known = get_command(app).commands  # type: ignore[attr-defined]  # a group
    named = set(re.findall(r"mini-tb ([a-z]+)", README)) - {"is", "into", "generate"}
    assert named <= known.keys()


def test_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert "://" in link or (page.parent / link).exists(), f"{page}: {link}"
