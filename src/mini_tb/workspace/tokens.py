"""The tokens of a workspace: static ones, kept; JWTs, checked by signature.

The texts of static tokens are made from the seed, the workspace, the token's name and how often it
was refreshed: the same folder gives the same tokens after a restart, on any machine that has the
seed. Texts are looked up by their digest and never logged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.workspace.access import ADMIN, APPEND, READ_DATASOURCE, READ_PIPE, Access, Scope

if TYPE_CHECKING:
    from mini_tb.deploy.diff import Grant
    from mini_tb.workspace.state import State

KIND = "token"
WORKSPACE_ADMIN = "workspace admin token"
READ_TABLES = {"datasource": READ_DATASOURCE, "pipe": READ_PIPE}


@dataclass(frozen=True, slots=True)
class Token:
    """A static token. `origin` tells who made it: `workspace`, `datafile` or `api`."""

    name: str
    scopes: tuple[Scope, ...]
    origin: str = "api"
    description: str = ""
    refreshes: int = 0
    id: str = ""
    text: str = ""
    created_at: datetime | None = None

    @property
    def access(self) -> Access:
        """What its bearer may do."""
        return Access(self.name, self.scopes, self.id)


def token_text(seed: bytes, workspace_id: str, token_id: str, refreshes: int = 0) -> str:
    """The text of a static token, as `p.PAYLOAD.SIGNATURE`."""
    claims = {"u": workspace_id, "id": token_id, "host": "local"}
    payload = _base64(json.dumps(claims).encode())
    message = f"{payload}.{refreshes}".encode()
    return f"p.{payload}.{_base64(hmac.digest(seed, message, 'sha256'))}"


def token_id(seed: bytes, workspace_id: str, name: str) -> str:
    """The id of the token of that name: the same for the same seed."""
    digest = hmac.digest(seed, f"{workspace_id}/{name}".encode(), "sha256")
    return str(uuid.UUID(bytes=digest[:16]))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Tokens:
    """All tokens of one workspace."""

    def __init__(
        self, state: State, seed: bytes, workspace_id: str, now: Callable[[], datetime]
    ) -> None:
        self._state = state
        self._seed = seed
        self._workspace_id = workspace_id
        self._now = now
        self.on_admin_refresh: Callable[[int], None] | None = None
        self._by_name: dict[str, Token] = {}
        self._by_digest: dict[bytes, Token] = {}
        for record in state.all(KIND).values():
            self._keep(self._made(_from_record(record)))
        if WORKSPACE_ADMIN not in self._by_name:
            self._store(Token(WORKSPACE_ADMIN, (Scope(ADMIN),), origin="workspace"))

    @property
    def admin(self) -> Token:
        """The workspace's own admin token, whose text signs JWTs."""
        return self._by_name[WORKSPACE_ADMIN]

    def list(self) -> list[Token]:
        """All static tokens by name, the workspace's own first."""
        return sorted(self._by_name.values(), key=lambda t: (t.origin != "workspace", t.name))

    def find(self, key: str) -> Token | None:
        """The static token of that name, id or text."""
        named = self._by_name.get(key)
        if named is not None:
            return named
        digest = _digest(key)
        for token in self._by_name.values():
            if token.id == key or hmac.compare_digest(_digest(token.text), digest):
                return token
        return None

    def access(self, text: str) -> Access:
        """What the bearer of `text` may do. Raises `UserError` AU001 (HTTP 403) for a text that is
        no token of this workspace, or a JWT that has expired or is signed by somebody else."""
        token = self._by_digest.get(_digest(text))
        if token is not None:
            return token.access
        if text.count(".") == 2 and not text.startswith("p."):
            return self._jwt(text)
        raise UserError.of("AU001", "invalid authentication token", status=403)

    def create(
        self, name: str, scopes: Iterable[Scope], *, description: str = "", origin: str = "api"
    ) -> Token:
        """A new static token. Raises `UserError` AU004 (HTTP 409) if the name is taken."""
        if not name:
            raise UserError.of("AU005", "a token needs a name")
        if name in self._by_name:
            raise UserError.of("AU004", f"there is a token `{name}` already", status=409)
        return self._store(Token(name, tuple(scopes), origin, description))

    def update(
        self,
        token: Token,
        *,
        name: str | None = None,
        scopes: Iterable[Scope] | None = None,
        description: str | None = None,
    ) -> Token:
        """The token with new scopes, name or description; its id and text stay."""
        changed = replace(
            token,
            name=token.name if name is None else name,
            scopes=token.scopes if scopes is None else tuple(scopes),
            description=token.description if description is None else description,
        )
        if changed.name != token.name:
            if changed.name in self._by_name:
                raise UserError.of("AU004", f"there is a token `{name}` already", status=409)
            self._forget(token)
        return self._store(changed)

    def refresh(self, token: Token) -> Token:
        """The token with a new text; the old text is worthless from now on."""
        refreshed = self._store(replace(token, refreshes=token.refreshes + 1))
        if refreshed.name == WORKSPACE_ADMIN and self.on_admin_refresh is not None:
            self.on_admin_refresh(refreshed.refreshes)
        return refreshed

    def delete(self, token: Token) -> None:
        """Forget a token. Raises `UserError` AU006 (HTTP 403) for the workspace's own."""
        if token.origin == "workspace":
            raise UserError.of("AU006", f"`{token.name}` cannot be deleted", status=403)
        self._forget(token)

    def apply_grants(self, grants: Mapping[str, frozenset[Grant]]) -> None:
        """Make the tokens of TOKEN lines be exactly `grants`: create, widen, narrow, delete. Scopes
        that the API gave to a token of that name stay."""
        for name, token in list(self._by_name.items()):
            if token.origin == "datafile" and name not in grants:
                self._forget(token)
        for name, permissions in grants.items():
            scopes = tuple(_scope(grant) for grant in sorted(permissions))
            known = self._by_name.get(name)
            if known is None:
                self._store(Token(name, scopes, origin="datafile"))
            elif known.origin == "datafile" and known.scopes != scopes:
                self._store(replace(known, scopes=scopes))
            elif known.origin == "api":
                merged = tuple(dict.fromkeys((*known.scopes, *scopes)))
                self._store(replace(known, scopes=merged))

    def sign(
        self,
        name: str,
        scopes: Iterable[Scope],
        expires_at: int,
        *,
        rps: float | None = None,
    ) -> str:
        """A JWT with those scopes until `expires_at` (seconds since 1970)."""
        import jwt

        claims: dict[str, Any] = {
            "workspace_id": self._workspace_id,
            "name": name,
            "exp": expires_at,
            "scopes": [scope.as_json() for scope in scopes],
        }
        if rps is not None:
            claims["limits"] = {"rps": rps}
        return jwt.encode(claims, self.admin.text, algorithm="HS256")

    def _jwt(self, text: str) -> Access:
        import jwt

        try:
            claims = jwt.decode(
                text,
                self.admin.text,
                algorithms=["HS256"],
                options={"verify_exp": False, "require": ["exp"]},
            )
        except jwt.PyJWTError as error:
            message = "invalid authentication token"
            raise UserError.of("AU001", message, status=403) from error
        expires = claims["exp"]
        if isinstance(expires, bool) or not isinstance(expires, int | float):
            raise UserError.of("AU001", "`exp` is seconds since 1970", status=403)
        if expires <= _timestamp(self._now()):
            raise UserError.of("AU007", "the token has expired", status=403)
        if claims.get("workspace_id") != self._workspace_id:
            raise UserError.of("AU001", "the token is for another workspace", status=403)
        scopes = claims.get("scopes")
        if not isinstance(scopes, list):
            raise UserError.of("AU001", "the token has no scopes", status=403)
        limits = claims.get("limits")
        rps = limits.get("rps") if isinstance(limits, Mapping) else None
        try:
            granted = tuple(Scope.of_json(item) for item in scopes)
        except UserError as error:
            raise UserError(*error.diagnostics, status=403) from error
        return Access(
            str(claims.get("name", "jwt")),
            granted,
            rps=float(rps) if isinstance(rps, (int, float)) else None,
        )

    def _made(self, token: Token) -> Token:
        """With the id and the text that the seed gives it."""
        made_id = token.id or token_id(self._seed, self._workspace_id, token.name)
        text = token_text(self._seed, self._workspace_id, made_id, token.refreshes)
        created = token.created_at or self._now()
        return replace(token, id=made_id, text=text, created_at=created)

    def _store(self, token: Token) -> Token:
        made = self._made(token)
        self._state.save(KIND, made.name, _to_record(made))
        return self._keep(made)

    def _keep(self, token: Token) -> Token:
        self._by_name[token.name] = token
        self._by_digest = {_digest(t.text): t for t in self._by_name.values()}
        return token

    def _forget(self, token: Token) -> None:
        self._state.delete(KIND, token.name)
        del self._by_name[token.name]
        self._by_digest = {_digest(t.text): t for t in self._by_name.values()}


def _timestamp(moment: datetime) -> float:
    """Seconds since 1970 of a naive UTC time, whatever the machine's zone."""
    return moment.replace(tzinfo=UTC).timestamp()


def _scope(grant: Grant) -> Scope:
    resource, kind, permission = grant
    return Scope(APPEND if permission == "APPEND" else READ_TABLES[kind], resource)


def _to_record(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "id": token.id,
        "scopes": [scope.as_json() for scope in token.scopes],
        "origin": token.origin,
        "description": token.description,
        "refreshes": token.refreshes,
        "created_at": token.created_at,
    }


def _from_record(record: Mapping[str, Any]) -> Token:
    return Token(
        record["name"],
        tuple(Scope.of_json(item) for item in record["scopes"]),
        record["origin"],
        record["description"],
        record["refreshes"],
        record["id"],
        created_at=datetime.fromisoformat(record["created_at"]),
    )
