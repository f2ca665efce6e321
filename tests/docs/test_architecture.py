"""The stages shown in docs/architecture.md are what the code gives today.

`pytest --update-golden tests/docs` writes them anew; review the diff.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

import pytest

from mini_tb import Workspace
from mini_tb.datafile import parse
from mini_tb.datafile.token import Token
from mini_tb.datafile.tree import NodeSection
from mini_tb.project import load_project, read_folder
from mini_tb.source import SourceFile
from mini_tb.workspace.explain import Explanation, explain_pipe

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PIPE = "get_resource_anomalies"
PARAMS = {"threshold": "3", "metric_name": "cpu_utilization"}
BLOCK = re.compile(r"(<!-- (?:shown|runs): (\w+) -->\n```\w*\n)(.*?)(```\n)", re.DOTALL)


def events() -> bytes:
    """Twelve usual readings and one that is not."""
    values = [40 + number % 3 for number in range(12)] + [95]
    return "".join(
        json.dumps(
            {
                "timestamp": f"2025-05-01 00:{number:02d}:00",
                "resource_id": "i-1",
                "resource_type": "ec2-instance",
                "resource_name": "web-1",
                "metric_name": "cpu_utilization",
                "metric_value": value,
                "region": "us-east-1",
                "account_id": "a-1",
                "environment": "production",
            }
        )
        + "\n"
        for number, value in enumerate(values)
    ).encode()


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    with Workspace.open() as opened:
        assert opened.deploy(read_folder(ROOT).files).result == "success"
        assert opened.append("cloud_resource_metrics", events()).successful_rows == 13
        yield opened


@pytest.fixture(scope="module")
def explained(workspace: Workspace) -> Explanation:
    return explain_pipe(workspace.project, PIPE, PARAMS, {})


def tree() -> str:
    path = f"pipes/{PIPE}.pipe"
    source = SourceFile(path, (ROOT / path).read_text())
    parsed = parse(source).tree
    lines = []

    def show(entry: Any, indent: str) -> None:
        if isinstance(entry, Token):
            return
        line = source.position(entry.word.start)[0] + 1
        value = str(getattr(entry, "value", None) or "")
        body = getattr(entry, "body", None)
        if body is not None:
            value = f"{len(str(body).splitlines())} lines"
        lines.append(f"{line:>3}  {indent}{type(entry).__name__} {entry.row.name} {value}".rstrip())

    for entry in (*parsed.entries, *parsed.nodes):
        show(entry, "")
        if isinstance(entry, NodeSection):
            for inner in entry.entries:
                show(inner, "    ")
    return "\n".join(lines)


def meaning() -> str:
    loaded = load_project(read_folder(ROOT).files)
    pipe = loaded.project.pipes[PIPE]
    lines = [f"Pipe {pipe.name}: {pipe.description}"]
    for node in pipe.nodes:
        kind = type(node.kind).__name__ if node.kind else "plain"
        lines.append(f"  Node {node.name} ({kind}, {'template' if node.is_template else 'SQL'})")
        for reference in dict.fromkeys(loaded.graph.reads[PIPE, node.name]):
            is_node = reference.node is not None
            lines.append(f"    reads {'node' if is_node else 'data source'} {reference.name}")
    return "\n".join(dict.fromkeys(lines))


def shown(explained: Explanation, workspace: Workspace) -> dict[str, str]:
    """The text of each block."""
    last = explained.nodes[-1]
    with workspace.query(PIPE, PARAMS) as result:
        names = [column.name for column in result.columns]
        rows = [dict(zip(names, row, strict=True)) for row in result.rows()]
    return {
        "tree": tree(),
        "meaning": meaning(),
        "rendered": last.ch_sql,
        "values": "\n".join(f"{name}  {type_}  {text}" for name, type_, text in last.values),
        "columns": "\n".join(f"{name} {type_}" for name, type_ in explained.columns),
        "answer": json.dumps(rows, indent=2, default=str),
        "duckdb": "\n".join(wrap(explained.duck_sql, 100, break_on_hyphens=False)),
    }


def blocks() -> dict[str, str]:
    return {found[2]: found[3].rstrip("\n") for found in BLOCK.finditer(PAGE.read_text())}


def test_the_page_shows_what_the_code_gives(
    request: pytest.FixtureRequest, explained: Explanation, workspace: Workspace
) -> None:
    made = shown(explained, workspace)
    if request.config.getoption("--update-golden"):
        text = BLOCK.sub(lambda b: f"{b[1]}{made[b[2]]}\n{b[4]}", PAGE.read_text())
        PAGE.write_text(text)
    found = blocks()
    assert found.keys() == made.keys()
    del found["duckdb"], made["duckdb"]
    assert found == made


def test_the_statement_on_the_page_gives_the_answer_on_the_page(
    explained: Explanation, workspace: Workspace
) -> None:
    # Its text may change with every function's row; what it computes may not.
    with workspace.engine.transaction() as tx:
        rows = tx.fetch(blocks()["duckdb"], dict(explained.parameters))
    names = [name for name, _ in explained.columns]
    answer = [dict(zip(names, row, strict=True)) for row in rows]
    assert json.loads(json.dumps(answer, default=str)) == json.loads(blocks()["answer"])


def test_every_room_has_its_row_and_rooms_look_only_up() -> None:
    text = PAGE.read_text().split("## Rooms")[1].split("\n## ")[0]
    order = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)))
    rooms = {
        path.stem
        for path in (ROOT / "src" / "mini_tb").iterdir()
        if not path.name.startswith(("_", "py."))
    }
    assert rooms == set(order)
    # What an earlier room may not load, even when it is only being typed or called.
    for path in (ROOT / "src" / "mini_tb").rglob("*.py"):
        room = path.relative_to(ROOT / "src" / "mini_tb").parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for imported in re.findall(
            r"^\s*(?:from|import) mini_tb\.(\w+)", path.read_text(), re.MULTILINE
        ):
            assert order.index(imported) <= order.index(room), f"{path} imports {imported}"
