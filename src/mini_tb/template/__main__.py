"""Templates for editors, tests and scripts: JSON lines in, JSON lines out.

Each line of the input is `{template, params?, mode?, secrets?}`; `mode` is `run` or `check`. Each
line of the output is `{rendered, settings?, query_params?}` or `{error_kind, message, status?}`.
With `--bound` it is `{sql, values, …}`, with `--parameters` the template's `{parameters}`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mini_tb.template import Template, TemplateError


def answer(request: dict[str, Any], form: str) -> dict[str, Any]:
    """The answer to one line of input; `form` is `text`, `bound` or `parameters`."""
    try:
        template = Template.parse(request["template"])
        if form == "parameters":
            shown = [parameter.to_json() for parameter in template.parameters]
            rejected = {"rejected_on_parse": True} if template.literal_parameters else {}
            return {"parameters": shown, **rejected}
        params = request.get("params") or {}
        secrets = request.get("secrets") or ()
        if form == "bound" and request.get("mode") != "check":
            bound = template.bind(params, secrets=secrets)
            values = [
                {"name": v.name, "type": v.type, "value": v.value, "text": v.text}
                for v in bound.values
            ]
            result: dict[str, Any] = {"sql": bound.sql, "values": values}
            made: Any = bound
        else:
            made = template.render(params, secrets=secrets, check=request.get("mode") == "check")
            result = {"rendered": made.text}
        if made.settings:
            result["settings"] = made.settings
        if made.query_params:
            result["query_params"] = list(made.query_params)
        return result
    except TemplateError as error:
        wrong: dict[str, Any] = {"error_kind": error.kind, "message": error.message}
        if error.offset is not None:
            wrong["offset"] = error.offset
        if error.kind == "custom_error":
            wrong["status"] = error.status
        return wrong


def main(arguments: list[str]) -> int:
    """Answers every line of standard input. Returns the exit code."""
    forms = {"--bound": "bound", "--parameters": "parameters"}
    if any(argument not in forms for argument in arguments):
        sys.stderr.write((__doc__ or "") + "\n")
        return 2
    form = forms[arguments[-1]] if arguments else "text"
    for line in sys.stdin:
        if line.strip():
            sys.stdout.write(json.dumps(answer(json.loads(line), form), ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
