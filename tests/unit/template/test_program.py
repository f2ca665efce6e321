"""`python -m mini_tb.template`, the reference page, and what importing the package costs."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mini_tb.template.reference import render_reference

ROOT = Path(__file__).parents[3]


def run(lines: Iterable[dict[str, Any]], *arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "mini_tb.template", *arguments],
        input="\n".join(json.dumps(line) for line in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_is_answered() -> None:
    lines: list[dict[str, Any]] = [
        {"template": "SELECT {{Int8(x)}}", "params": {"x": "3"}},
        {"template": "{{cache_ttl('1m')}}{{x}}", "mode": "check"},
        {"template": "{{tb_secret('s')}}", "secrets": ["s"]},
        {"template": "{{custom_error('no', 418)}}"},
        {"template": "ab{{"},
    ]
    assert run(lines) == [
        {"rendered": "SELECT toInt8('3')"},
        {"rendered": "-- cache_ttl 1m\n'__no_value__'", "settings": {"cache_ttl": "1m"}},
        {"rendered": "{s: String}", "query_params": ["s"]},
        {"error_kind": "custom_error", "message": "no", "status": 418, "offset": 0},
        {
            "error_kind": "template_parse",
            "message": "Template Syntax Error: missing `}}` of this tag",
            "offset": 2,
        },
    ]


def test_bound_and_parameters() -> None:
    line = {"template": "SELECT {{Int8(x)}}", "params": {"x": "3"}}
    value = {"name": "_1", "type": "Int8", "value": 3, "text": "toInt8('3')"}
    assert run([line], "--bound") == [{"sql": "SELECT {_1:Int8}", "values": [value]}]
    assert run([line, {"template": "{{Int8(3)}}"}], "--parameters") == [
        {"parameters": [{"name": "x", "type": "Int8", "default": None}]},
        {
            "parameters": [{"name": 3, "type": "Int8", "default": None}],
            "rejected_on_parse": True,
        },
    ]


def test_the_reference_page_is_fresh() -> None:
    page = ROOT / "docs" / "reference" / "templates.md"
    assert page.read_text() == render_reference(), (
        "run python -m mini_tb.template.reference > docs/reference/templates.md"
    )


def test_the_engine_is_loaded_only_to_render() -> None:
    script = "import sys, mini_tb.template as t; t.Template.parse('{{x}}').parameters; "
    subprocess.run(
        [sys.executable, "-c", script + "assert 'jinja2' not in sys.modules"], check=True
    )
