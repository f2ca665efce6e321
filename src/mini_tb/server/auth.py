"""Whose request it is: the token in the URL or in a header, its workspace, and its pace."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from starlette.requests import Request

    from mini_tb.server.call import Call


def token_of(request: Request) -> str | None:
    """The token of a request: `?token=`, `Authorization: Bearer`, or as ClickHouse's clients send
    theirs: `X-ClickHouse-Key`, a Basic password, `?password=`."""
    given = request.query_params.get("token")
    if given:
        return given
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer" and rest:
        return rest
    if scheme.lower() == "basic" and rest:
        return _password(rest)
    key = request.headers.get("x-clickhouse-key") or request.query_params.get("password")
    return key or None


def _password(encoded: str) -> str | None:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text.partition(":")[2] or None


def authenticate(call: Call) -> None:
    """Give the call its workspace and access. Raises `UserError` (HTTP 403) for a missing or wrong
    token, and 429 when a JWT with a pace is used faster."""
    if call.token is None:
        raise UserError.of(
            "AU008",
            "an authentication token is needed",
            hint="send it as `?token=` or as `Authorization: Bearer`",
            status=403,
        )
    workspace, access = call.server.registry.authenticate(call.token)
    call._workspace, call._access = workspace, access
    if access.rps is not None:
        call.server.rates.check(f"{workspace.id}/{access.name}", access.rps)
