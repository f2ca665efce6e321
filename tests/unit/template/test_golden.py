"""Whole templates: each folder of tests/golden/template holds one, its requests and its forms."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_tb.template import Template, TemplateError

CASES = Path(__file__).parents[2] / "golden" / "template"


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_forms(case: Path, golden: Callable[[Path, str], None]) -> None:
    template = Template.parse((case / "template.sql").read_text())
    requests = json.loads((case / "requests.json").read_text())
    texts, bounds = [], []
    for params in requests:
        head = f"-- {json.dumps(params)}\n"
        try:
            texts.append(head + template.render(params).text)
            bound = template.bind(params)
        except TemplateError as error:
            texts.append(f"{head}-- {error.kind} at {error.offset}: {error.message}\n")
            continue
        values = "".join(f"-- {v.name} {v.type} = {v.value!r}\n" for v in bound.values)
        bounds.append(head + bound.sql + values)
    golden(case / "text.sql", "\n".join(texts))
    golden(case / "bound.sql", "\n".join(bounds))
    shown = [json.dumps(parameter.to_json()) + "\n" for parameter in template.parameters]
    golden(case / "parameters.jsonl", "".join(shown))
