"""Nodes and queries with a request's parameters: SQL with placeholders, and the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.project import Node
from mini_tb.source import Fragment
from mini_tb.sql import Value
from mini_tb.template import Template, template_text


@dataclass(frozen=True, slots=True)
class Rendering:
    """SQL with `{name:Type}` placeholders, the values by name, and the settings that the template
    asked for. `tells_time`: the same parameters may give something else later."""

    sql: Fragment
    values: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    tells_time: bool = False


@lru_cache(maxsize=4096)
def parsed(text: str) -> Template:
    """The template, parsed once. Raises `TemplateError`."""
    return Template.parse(text)


def render_node(node: Node, params: Mapping[str, Any], secrets: Mapping[str, str]) -> Rendering:
    """A node's SQL for these parameters. Raises `TemplateError`."""
    if not node.is_template:
        return Rendering(node.sql)
    return _bound(node.sql, params, secrets)


def render_text(text: str, params: Mapping[str, Any], secrets: Mapping[str, str]) -> Rendering:
    """A caller's query, which is a template if it begins with `%`. Raises `TemplateError`."""
    found = template_text(text)
    if found is None:
        return Rendering(Fragment(text))
    return _bound(Fragment(found[0]), params, secrets)


def _bound(template: Fragment, params: Mapping[str, Any], secrets: Mapping[str, str]) -> Rendering:
    bound = parsed(template.text).bind(params, secrets=secrets.keys())
    values: dict[str, Any] = {value.name: value for value in bound.values}
    for name, type_text in bound.query_params.items():
        secret = secrets.get(name, "")
        values[name] = Value(name, type_text, secret, secret)
    return Rendering(
        template.derive(bound.sql, bound.pieces), values, bound.settings, bound.tells_time
    )
