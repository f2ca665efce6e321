"""The `%` template language: SQL with parameters, rendered as text or as a bound statement.

text ─ tags ─▶ tree ─ compiler ─▶ Jinja2 template ─ sandbox, runtime ─▶ chunks ─ output ─▶ text or
bound SQL. `expressions` checks the Python inside of tags before anything runs, `functions` is the
table of what it may call (`evaluators` does it, with `casts` and `values`), and `parameters` reads
from the tree what a template declares. Nothing here knows what SQL means or touches a file.
"""

from mini_tb.template.errors import KINDS, TemplateError
from mini_tb.template.parameters import Parameter
from mini_tb.template.template import Bound, Rendered, Template, render_datafile, template_text
from mini_tb.template.values import Value

__all__ = [
    "KINDS",
    "Bound",
    "Parameter",
    "Rendered",
    "Template",
    "TemplateError",
    "Value",
    "render_datafile",
    "template_text",
]
