"""The reference page of the template language, written from the tables that the code runs on."""

from __future__ import annotations

from mini_tb.template.errors import KINDS
from mini_tb.template.functions import DOCUMENTATION, FUNCTIONS, STATEMENT_ALIASES, Function
from mini_tb.template.parameters import RESERVED_NAMES

_INTRODUCTION = """\
# Template functions

A node whose SQL begins with `%` is a template: `{{ expression }}` writes a value, `{% if … %}`,
`{% for … %}`, `{% while … %}`, `{% try %}` and `{% set … %}` are statements, `{% end %}` closes any
block, `{# … #}` is a comment. Expressions are Python's: `{{ }}` takes literals, names, `+ - *`,
indexes, `a if b else c`, the functions below and the methods `split`, `get`, `join` and `replace`;
statements take comparisons, `and`/`or`, comprehensions, lambdas and the methods of values, too.

A name is a parameter of the request. Without a value it is null. The functions of the first group
declare a parameter with its type; their other arguments (`…`: `description`, `required`,
`example`, `format`, `enum`) only document it.

This page is generated: `python -m mini_tb.template.reference`.
"""


def render_reference() -> str:
    """The page, in Markdown."""
    lines = [_INTRODUCTION]
    groups: dict[str, list[str]] = {}
    for row in FUNCTIONS.values():
        groups.setdefault(row.group, []).append(f"| `{_usage(row)}` | {row.doc} |")
    for group, rows in groups.items():
        lines += [f"## {group}", "", "| Function | Result |", "|---|---|", *rows, ""]
    aliases = ", ".join(f"`{name}`" for name in STATEMENT_ALIASES)
    lines += [f"In statements {aliases} are other names of `symbol`.", ""]
    lines += [
        "## Names with another meaning",
        "",
        "`format` and `q` cannot be parameters. These can, with a warning, because requests use "
        "them for something else:",
        "",
        ", ".join(f"`{name}`" for name in sorted(RESERVED_NAMES)) + ".",
        "",
        "## Errors",
        "",
        "All are answered with status 400, but `custom_error` with its own.",
        "",
        "| Kind | Meaning |",
        "|---|---|",
        *(f"| `{kind}` | {meaning} |" for kind, meaning in KINDS.items()),
    ]
    return "\n".join(lines) + "\n"


def _usage(row: Function) -> str:
    """How the function is called, without the arguments that only document."""
    named = row.signature.parameters.values()
    shown = [str(p) for p in named if p.name not in DOCUMENTATION]
    documented = ["…"] if len(shown) < len(named) else []
    return f"{row.name}({', '.join(shown + documented)})"


if __name__ == "__main__":
    import sys

    sys.stdout.write(render_reference())
