"""Secrets, which the API calls variables: names with values that are never given back."""

from __future__ import annotations

from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.server import resources
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.reply import Reply


def list_variables(call: Call) -> Any:
    """All names."""
    call.access.check("ADMIN")
    return {"variables": [resources.secret(found) for found in call.workspace.secrets.list()]}


def get_variable(call: Call) -> Any:
    """One name; 404 if it is not set."""
    call.access.check("ADMIN")
    return resources.secret(_known(call))


def create_variable(call: Call) -> Any:
    """Set a name, new or not."""
    call.access.check("ADMIN")
    value = call.param("value")
    return resources.secret(call.workspace.secrets.save(call.required("name"), value))


def update_variable(call: Call) -> Any:
    """Change the value of a name."""
    call.access.check("ADMIN")
    found = _known(call)
    return resources.secret(call.workspace.secrets.save(found.name, call.param("value")))


def delete_variable(call: Call) -> Any:
    """Forget a name."""
    call.access.check("ADMIN")
    call.workspace.secrets.delete(_known(call).name)
    return Reply({"ok": True})


def _known(call: Call) -> Any:
    name = call.path("name")
    found = call.workspace.secrets.find(name)
    if found is None:
        raise UserError.of("CF105", f"there is no secret `{name}`", status=404)
    return found


ROUTES = [
    Route("/v0/variables", list_variables),
    Route("/v0/variables", create_variable, "POST", "name value"),
    Route("/v0/variables/{name}", get_variable),
    Route("/v0/variables/{name}", update_variable, "PUT", "value"),
    Route("/v0/variables/{name}", delete_variable, "DELETE"),
]
