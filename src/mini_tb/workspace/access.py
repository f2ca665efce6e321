"""What a token may do: scopes, checked by name wherever a request touches something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError

ADMIN = "ADMIN"
READ_ALL = "WORKSPACE:READ_ALL"
READ_PIPE = "PIPES:READ"
READ_DATASOURCE = "DATASOURCES:READ"
APPEND = "DATASOURCES:APPEND"

SCOPES: Mapping[str, bool] = {
    # Scope → whether it is about one resource.
    ADMIN: False,
    "ADMIN_USER": False,
    "TOKENS": False,
    READ_ALL: False,
    "WORKSPACE:DEPLOY": False,
    "ORG_DATASOURCES:READ": False,
    "DATASOURCES:CREATE": False,
    "PIPES:CREATE": False,
    READ_DATASOURCE: True,
    APPEND: True,
    "DATASOURCES:DROP": True,
    READ_PIPE: True,
    "PIPES:DROP": True,
}
ALL = "*"
"""A resource name that stands for every resource of its kind."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission. `filter` (SQL over a data source's columns) and `fixed_params` (of a pipe)
    narrow what is read; only JWTs carry them."""

    type: str
    resource: str | None = None
    filter: str | None = None
    fixed_params: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, text: str) -> Scope:
        """`DATASOURCES:READ:name` and its like. Raises `UserError` AU002 for unknown scopes and for
        a filter behind the name, which static tokens cannot have."""
        for kind, has_resource in SCOPES.items():
            if text == kind:
                if has_resource:
                    raise _bad_scope(text, f"say of what: `{kind}:NAME`")
                return cls(kind)
            if has_resource and text.startswith(kind + ":"):
                resource, _, row_filter = text[len(kind) + 1 :].partition(":")
                if row_filter:
                    raise _bad_scope(text, "row filters belong into the scopes of a JWT")
                return cls(kind, resource)
        raise _bad_scope(text, "scopes are " + ", ".join(f"`{kind}`" for kind in SCOPES))

    @classmethod
    def of_json(cls, item: Any) -> Scope:
        """A scope of a JWT's `scopes` list. Raises `UserError` AU002 if it is none."""
        if not isinstance(item, Mapping) or item.get("type") not in SCOPES:
            raise _bad_scope(str(item), "a scope is an object with a known `type`")
        resource, row_filter = item.get("resource"), item.get("filter")
        fixed = item.get("fixed_params")
        has_resource = SCOPES[item["type"]]
        if has_resource and not isinstance(resource, str):
            raise _bad_scope(str(item["type"]), "it needs a `resource`")
        if row_filter is not None and not isinstance(row_filter, str):
            raise _bad_scope(str(item["type"]), "`filter` is SQL text")
        if fixed is not None and not isinstance(fixed, Mapping):
            raise _bad_scope(str(item["type"]), "`fixed_params` is an object")
        return cls(item["type"], resource, row_filter or None, dict(fixed) if fixed else None)

    def as_json(self) -> dict[str, Any]:
        """As clients read it."""
        found: dict[str, Any] = {"type": self.type}
        if self.resource is not None:
            found["resource"] = self.resource
        if self.filter:
            found["filter"] = self.filter
        if self.fixed_params:
            found["fixed_params"] = dict(self.fixed_params)
        return found

    def __str__(self) -> str:
        return self.type if self.resource is None else f"{self.type}:{self.resource}"


def _bad_scope(text: str, hint: str) -> UserError:
    return UserError.of("AU002", f"`{text}` is not a scope", hint=hint)


@dataclass(frozen=True, slots=True)
class Access:
    """What the bearer of one token may do. `rps` limits its requests a second."""

    name: str
    scopes: tuple[Scope, ...]
    token_id: str = ""
    rps: float | None = None
    _index: Mapping[str, tuple[Scope, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[str, tuple[Scope, ...]] = {}
        for scope in self.scopes:
            index[scope.type] = (*index.get(scope.type, ()), scope)
        object.__setattr__(self, "_index", index)

    @property
    def is_admin(self) -> bool:
        """Whether it may do everything in its workspace."""
        return ADMIN in self._index or "ADMIN_USER" in self._index

    @property
    def narrows(self) -> bool:
        """Whether two bearers who may read the same pipe may get different rows of it."""
        return any(scope.filter or scope.fixed_params for scope in self.scopes)

    def may(self, scope: str, resource: str | None = None) -> bool:
        """Whether it holds the scope, for that resource if the scope is about one."""
        if self.is_admin:
            return True
        if scope in (READ_PIPE, READ_DATASOURCE) and READ_ALL in self._index:
            return True
        return any(s.resource in (resource, ALL, None) for s in self._index.get(scope, ()))

    def check(self, scope: str, resource: str | None = None) -> None:
        """Raises `UserError` AU003 (HTTP 403) unless it may."""
        if not self.may(scope, resource):
            raise self.refusal(scope if resource is None else f"{scope}:{resource}")

    def check_any(self, scopes: Iterable[str]) -> None:
        """Raises `UserError` AU003 (HTTP 403) unless it holds one of the scopes for anything."""
        wanted = list(scopes)
        if not self.is_admin and not any(scope in self._index for scope in wanted):
            raise self.refusal(wanted[0])

    def refusal(self, wanted: str) -> UserError:
        """The error for a missing scope."""
        message = f"the token `{self.name}` has no permission `{wanted}`"
        return UserError.of("AU003", message, status=403)

    def row_filter(self, datasource: str) -> str | None:
        """The SQL condition on what it may read of a data source; None if there is none. Several
        scopes with filters widen each other; a scope without one reads all."""
        if self.is_admin:
            return None
        scopes = [
            s for s in self._index.get(READ_DATASOURCE, ()) if s.resource in (datasource, ALL)
        ]
        filters = [scope.filter for scope in scopes]
        if not filters or None in filters:
            return None
        return " OR ".join(f"({text})" for text in filters)

    def every_fixed_param(self) -> Mapping[str, Any]:
        """The parameters that the token decides for any pipe: a query of the caller's own may read
        them all. Raises `UserError` AU013 (HTTP 403) if it decides one differently for two."""
        found: dict[str, Any] = {}
        for scope in self._index.get(READ_PIPE, ()):
            for name, value in (scope.fixed_params or {}).items():
                if found.setdefault(name, value) != value:
                    message = f"the token fixes `{name}` differently for two pipes"
                    hint = "read each of them as an endpoint, without SQL of your own"
                    raise UserError.of("AU013", message, hint=hint, status=403)
        return found

    def fixed_params(self, pipe: str) -> Mapping[str, Any]:
        """The parameters that the token, not the caller, decides when it reads a pipe."""
        found: dict[str, Any] = {}
        for scope in self._index.get(READ_PIPE, ()):
            if scope.resource in (pipe, ALL):
                found.update(scope.fixed_params or {})
        return found


EVERYTHING = Access("workspace", (Scope(ADMIN),))
"""The workspace's own access, for its jobs and for the command line beside the files."""
