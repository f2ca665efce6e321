"""Syntax tree of a `.connection` → `Connection`, with everything that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mini_tb.datafile.tree import Tree
from mini_tb.diagnostics import Diagnostic, nearest
from mini_tb.project.model import Connection
from mini_tb.project.section import Section

TYPES = {"kafka": "KAFKA_", "s3": "S3_", "gcs": "GCS_", "dynamodb": "DYNAMODB_", "postgres": "PG_"}
"""The types of connection, with the first letters of their settings."""


def lower_connection(
    tree: Tree, name: str, env: Mapping[str, str], diagnostics: list[Diagnostic]
) -> Connection:
    """The connection a tree describes. Adds what is wrong."""
    section = Section(tree, tree.entries, env, diagnostics)
    settings = tuple(
        (name, section.text(name) or "")
        for name in section.names()
        if (entry := section.last(name)) is not None and entry.row.field == "settings"
    )
    kind = _type(section, settings)
    for setting, _ in settings:
        prefix = TYPES.get(kind)
        if prefix is not None and not setting.startswith(prefix):
            section.warn(
                "DF083",
                f"`{setting}` has no effect on a connection of type `{kind}`",
                section.word_span(setting),
            )
    _check_json(section, "GCS_SERVICE_ACCOUNT_CREDENTIALS_JSON")
    return Connection(name, kind, settings, tree.file)


def _type(section: Section, settings: tuple[tuple[str, str], ...]) -> str:
    written = section.text("TYPE")
    if written is None:
        guess = next(
            (t for t, prefix in TYPES.items() if settings and settings[0][0].startswith(prefix)),
            "",
        )
        section.warn(
            "DF081",
            "the connection has no `TYPE`",
            None,
            f"write `TYPE {guess}`" if guess else f"types are {', '.join(TYPES)}",
        )
        return guess
    kind = written.lower()
    if kind not in TYPES:
        guess = nearest(kind, TYPES) or ""
        section.warn(
            "DF082",
            f"connections of type `{written}` are not supported",
            section.span("TYPE"),
            f"did you mean `{guess}`?" if guess else f"types are {', '.join(TYPES)}",
        )
    return kind


def _check_json(section: Section, name: str) -> None:
    text = section.text(name)
    if text is None or "{{" in text:
        return
    try:
        json.loads(text)
    except ValueError as error:
        section.error("DF084", f"`{name}` is not JSON: {error}", section.span(name))
