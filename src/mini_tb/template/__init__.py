"""The `%` template language: SQL with parameters, rendered as text or as a bound statement."""

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
