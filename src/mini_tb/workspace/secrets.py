"""The secrets of a workspace (environment variables to some clients): names with hidden values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError

if TYPE_CHECKING:
    from mini_tb.workspace.state import State

KIND = "secret"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret; its value is never printed."""

    name: str
    value: str = field(repr=False)
    created_at: datetime
    updated_at: datetime


class Secrets:
    """All secrets of one workspace."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        self._state = state
        self._now = now
        self.version = 0
        """Grows with every change."""
        self._by_name = {
            name: Secret(
                name,
                record["value"],
                datetime.fromisoformat(record["created_at"]),
                datetime.fromisoformat(record["updated_at"]),
            )
            for name, record in state.all(KIND).items()
        }

    def list(self) -> list[Secret]:
        """All secrets by name."""
        return sorted(self._by_name.values(), key=lambda secret: secret.name)

    def find(self, name: str) -> Secret | None:
        """The secret of that name."""
        return self._by_name.get(name)

    def values(self) -> dict[str, str]:
        """Name → value, for `tb_secret`."""
        return {name: secret.value for name, secret in self._by_name.items()}

    def save(self, name: str, value: str) -> Secret:
        """Set a secret. Raises `UserError` CF101 for a name that `tb_secret` could not name."""
        if not _NAME.fullmatch(name):
            hint = "letters, digits and underscores, not beginning with a digit"
            raise UserError.of("CF101", f"`{name}` is no name for a secret", hint=hint)
        known = self._by_name.get(name)
        now = self._now()
        secret = Secret(name, value, known.created_at if known else now, now)
        record = {"value": value, "created_at": secret.created_at, "updated_at": now}
        self._state.save(KIND, name, record)
        self._by_name[name] = secret
        self.version += 1
        return secret

    def delete(self, name: str) -> None:
        """Forget a secret; one that does not exist is no error."""
        self._by_name.pop(name, None)
        self._state.delete(KIND, name)
        self.version += 1
