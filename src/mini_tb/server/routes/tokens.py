"""Tokens: static ones by name, id or text; JWTs signed with the workspace's admin token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.server import resources
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.reply import Reply
from mini_tb.workspace.access import Scope
from mini_tb.workspace.tokens import Token


def list_tokens(call: Call) -> Any:
    """All static tokens of the workspace."""
    call.access.check("TOKENS")
    return {"tokens": [resources.token(found) for found in call.workspace.tokens.list()]}


def get_token(call: Call) -> Any:
    """One token; with `.token` behind its id, its text alone. Everybody may look up the token that
    they hold."""
    key = call.path("key")
    is_text = key.endswith(".token") and call.workspace.tokens.find(key) is None
    found = _known(call, key.removesuffix(".token") if is_text else key)
    if found.text != call.token:
        call.access.check("TOKENS")
    if is_text:
        return Reply(found.text, content_type="text/plain")
    return resources.token(found)


def create_token(call: Call) -> Any:
    """A static token, or with `expiration_time` a JWT."""
    call.access.check("TOKENS")
    # Some clients send JSON without saying so.
    body = call.json if call.body.lstrip()[:1] == b"{" else None
    given: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    if call.param("expiration_time"):
        return _create_jwt(call, given)
    scopes = _scopes(call)
    created = call.workspace.tokens.create(
        call.required("name"), scopes, description=call.param("description")
    )
    return resources.token(created)


def _create_jwt(call: Call, given: Mapping[str, Any]) -> Any:
    text = call.param("expiration_time")
    if not text.isascii() or not text.isdigit():
        raise UserError.of("AU010", "`expiration_time` is seconds since 1970")
    scopes = given.get("scopes")
    if not isinstance(scopes, list) or not scopes:
        raise UserError.of("AU010", "a JWT needs a list of `scopes`")
    limits = given.get("limits")
    rps = limits.get("rps") if isinstance(limits, Mapping) else None
    if rps is not None and (not isinstance(rps, int | float) or rps <= 0):
        raise UserError.of("AU010", "`limits.rps` is a number of requests a second")
    signed = call.workspace.tokens.sign(
        call.param("name") or "jwt", [Scope.of_json(item) for item in scopes], int(text), rps=rps
    )
    return {"token": signed}


def _scopes(call: Call) -> list[Scope]:
    return [Scope.parse(text) for text in call.params("scope") or call.params("scopes")]


def update_token(call: Call) -> Any:
    """New scopes, a new name or description."""
    call.access.check("TOKENS")
    found = _known(call, call.path("key"))
    scopes = _scopes(call)
    changed = call.workspace.tokens.update(
        found,
        name=call.param("name") or None,
        scopes=scopes or None,
        description=call.param("description") if "description" in call.everything else None,
    )
    return resources.token(changed)


def delete_token(call: Call) -> Any:
    """Forget a token."""
    call.access.check("TOKENS")
    call.workspace.tokens.delete(_known(call, call.path("key")))
    return Reply(status=204)


def refresh_token(call: Call) -> Any:
    """A new text for a token; the old one is worthless from now on."""
    call.access.check("TOKENS")
    return resources.token(call.workspace.tokens.refresh(_known(call, call.path("key"))))


def check_token(call: Call) -> Any:
    """Whether the token is good: reaching this says so."""
    return {"is_valid": True, "is_user": call.access.is_admin}


def _known(call: Call, key: str) -> Token:
    found = call.workspace.tokens.find(key)
    if found is None:
        raise UserError.of("AU011", f"there is no token `{key}`", status=404)
    return found


ROUTES = [
    Route("/v0/tokens", list_tokens),
    Route(
        "/v0/tokens",
        create_token,
        "POST",
        "name scope description expiration_time",
        body="scopes",
    ),
    Route("/v0/tokens/{key}/refresh", refresh_token, "POST"),
    Route("/v0/tokens/{key}", get_token),
    Route("/v0/tokens/{key}", update_token, "PUT", "name scope description"),
    Route("/v0/tokens/{key}", delete_token, "DELETE", success="204"),
    Route("/v0/auth", check_token),
]
