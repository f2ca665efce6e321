"""What a server on one's own machine says about itself, and the few calls that have no effect."""

from __future__ import annotations

from typing import Any

from mini_tb import __version__
from mini_tb.diagnostics import UserError
from mini_tb.diagnostics.codes import CODES
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.reply import Reply

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def get_tokens(call: Call) -> Any:
    """The tokens to begin with: exactly these keys, which clients unpack."""
    if call.server.is_loopback and call.request.url.hostname not in LOOPBACK:
        # A page whose name was made to point here must not read them.
        raise UserError.of("AU012", "tokens are given to this machine only", status=403)
    registry = call.server.registry
    main = registry.find(registry.main.id)
    assert main is not None
    return {
        "user_token": registry.user_token,
        "admin_token": registry.admin_token,
        "workspace_admin_token": registry.token(main),
    }


def get_health(call: Call) -> Any:
    """Whether the server answers."""
    return {"status": "ok", "version": __version__}


def get_regions(call: Call) -> Any:
    """There are none."""
    return {"regions": []}


def get_tags(call: Call) -> Any:
    """The tags of the project's resources."""
    project = call.workspace.project
    tags: dict[str, list[dict[str, str]]] = {}
    for kind, found in (("datasource", project.datasources), ("pipe", project.pipes)):
        for name, resource in found.items():
            for tag in resource.tags:
                item = {"id": call.workspace.resource_id(kind, name), "name": name, "type": kind}
                tags.setdefault(tag, []).append(item)
    return {"tags": [{"name": name, "resources": found} for name, found in tags.items()]}


def get_connectors(call: Call) -> Any:
    """The project's connections, without their settings."""
    call.access.check("ADMIN")
    connections = call.workspace.project.connections.values()
    return {
        "connectors": [
            {
                "id": call.workspace.resource_id("connection", found.name),
                "name": found.name,
                "service": found.type,
                "settings": {},
            }
            for found in connections
        ]
    }


def get_dependencies(call: Call) -> Any:
    """Which pipes read a data source."""
    found = call.workspace.datasource(call.required("datasource"))
    call.access.check("DATASOURCES:READ", found.name)
    users = call.server.lineages.of(call.workspace).used_by(found.name)
    dependencies: dict[str, list[str]] = {name: [] for name in users}
    return {"dependencies": dependencies, "incompatible_datasources": {}}


def get_openapi(call: Call) -> Any:
    """OpenAPI 3 of this server's routes."""
    from mini_tb.server.openapi import api
    from mini_tb.server.routes import ROUTES

    return api(ROUTES)


def get_error_page(call: Call) -> Any:
    """What a diagnostic code means."""
    code = call.path("code")
    if code not in CODES:
        raise UserError.of("RT615", f"there is no code `{code}`", status=404)
    return Reply(f"{code}: {CODES[code]}\n", content_type="text/plain; charset=utf-8")


ROUTES = [
    Route("/tokens", get_tokens, is_open=True),
    Route("/v0/health", get_health, is_open=True),
    Route("/openapi.json", get_openapi, is_open=True),
    Route("/docs/errors/{code}", get_error_page, is_open=True),
    Route("/v0/regions", get_regions, is_open=True),
    Route("/v0/tags", get_tags),
    Route("/v0/connectors", get_connectors),
    Route("/v0/dependencies", get_dependencies, params="datasource"),
]
