"""The resources of a project by name or id, as clients name them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from mini_tb.diagnostics import UserError, nearest

if TYPE_CHECKING:
    from mini_tb.project import Datasource, Node, Pipe, Project


@lru_cache(maxsize=4096)
def resource_id(workspace_id: str, kind: str, name: str) -> str:
    """The id of a `datasource`, `pipe` or `node` (`pipe.node`), as clients see it: the same for the
    same workspace, kind and name."""
    text = f"{workspace_id}/{kind}/{name}"
    return f"t_{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def find_datasource(workspace_id: str, project: Project, key: str) -> Datasource:
    """The data source of that name or id. Raises `UserError` NM301 (HTTP 404)."""
    found = project.datasources.get(key)
    if found is None:
        for name, datasource in project.datasources.items():
            if resource_id(workspace_id, "datasource", name) == key:
                return datasource
        raise missing("NM301", "data source", key, project.datasources)
    return found


def find_pipe(workspace_id: str, project: Project, key: str) -> Pipe:
    """The pipe of that name or id. Raises `UserError` NM302 (HTTP 404)."""
    found = _pipe(workspace_id, project, key)
    if found is None:
        raise missing("NM302", "pipe", key, project.pipes)
    return found


def find_endpoint(workspace_id: str, project: Project, key: str) -> tuple[Pipe, Node]:
    """The pipe of that name or id, with its endpoint. Raises `UserError` NM303 (HTTP 404)."""
    found = _pipe(workspace_id, project, key)
    if found is None:
        endpoints = [pipe.name for pipe in project.pipes.values() if pipe.endpoint]
        raise missing("NM303", "endpoint", key, endpoints)
    if found.endpoint is None:
        hint = "give one of its nodes `TYPE endpoint`"
        message = f"pipe `{key}` has no endpoint"
        raise UserError.of("NM303", message, hint=hint, status=404)
    return found, found.endpoint


def missing(code: str, what: str, name: str, known: Iterable[str]) -> UserError:
    """The error (HTTP 404) for a name that nothing has; its hint is the one of those `known` that
    was probably meant."""
    guess = nearest(name, known)
    hint = f"did you mean `{guess}`?" if guess else None
    return UserError.of(code, f"there is no {what} `{name}`", hint=hint, status=404)


def _pipe(workspace_id: str, project: Project, key: str) -> Pipe | None:
    found = project.pipes.get(key)
    if found is not None:
        return found
    pipes = project.pipes.items()
    return next((p for name, p in pipes if resource_id(workspace_id, "pipe", name) == key), None)
