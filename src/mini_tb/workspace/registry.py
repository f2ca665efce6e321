"""The workspaces of one server: the project's own, and those that clients make beside it.

    .mini-tb/seed                       decides all tokens
    .mini-tb/workspace.duckdb           the project's own workspace
    .mini-tb/workspaces.json            the others, by id
    .mini-tb/workspaces/<id>/           one of them

Workspaces open when a request needs them and close when nobody has used them for a while, so that
hundreds may exist. Whose request it is stands in its token: static tokens and JWTs name their
workspace, and that workspace decides whether they are genuine.
"""

from __future__ import annotations

import base64
import hmac
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import MiniTbError, UserError
from mini_tb.engine.duckdb import Settings
from mini_tb.workspace.access import ADMIN, Access, Scope
from mini_tb.workspace.seed import identity, read_seed
from mini_tb.workspace.tokens import WORKSPACE_ADMIN, token_id, token_text
from mini_tb.workspace.workspace import DATABASE, DEFAULT_TIMEOUT_S, FOLDER, Workspace, utc_now

MAX_OPEN = 32
IDLE_S = 300.0
USER_TOKEN, ADMIN_TOKEN = "user token", "admin token"


@dataclass(frozen=True, slots=True)
class Entry:
    """A workspace as the registry knows it, open or not. `parent` is the id of the workspace that
    it is a branch of."""

    id: str
    name: str
    created_at: datetime
    parent: str | None = None
    refreshes: int = 0


class Registry:
    """All workspaces of a folder. Methods may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str | None = None,
        settings: Settings | None = None,
        clock: Callable[[], datetime] = utc_now,
        timeout_s: float | None = DEFAULT_TIMEOUT_S,
        on_open: Callable[[Workspace], None] | None = None,
    ) -> None:
        """The workspaces kept in the folder's `.mini-tb/`. The project's own opens at once, so that
        a database that cannot be opened is told before anything is served. `on_open` is called with
        every workspace that opens."""
        self.folder = folder
        self._home = folder / FOLDER
        self._settings = settings
        self._clock = clock
        self._timeout_s = timeout_s
        self._on_open = on_open
        self._seed = read_seed(self._home)
        self._lock = threading.RLock()
        self._open: dict[str, Workspace] = {}
        self._used: dict[str, float] = {}
        self._entries = self._read()
        title = name or folder.resolve().name or "workspace"
        self._main_id = identity(self._seed, "main")
        known = self._entries.get(self._main_id)
        main = known or Entry(self._main_id, title, clock())
        self._entries = {main.id: replace(main, name=name or main.name), **self._entries}
        self._write()
        self.user_token = self._own_token(USER_TOKEN)
        self.admin_token = self._own_token(ADMIN_TOKEN)
        self.organization_id = identity(self._seed, "organization")
        self.user_id = identity(self._seed, "user")
        self.get(self._main_id)

    @property
    def main(self) -> Workspace:
        """The project's own workspace."""
        return self.get(self._main_id)

    def list(self) -> list[Entry]:
        """All workspaces, the project's own first, then in the order they were made."""
        with self._lock:
            return list(self._entries.values())

    def find(self, key: str) -> Entry | None:
        """The workspace of that id or name."""
        with self._lock:
            if key in self._entries:
                return self._entries[key]
            return next((entry for entry in self._entries.values() if entry.name == key), None)

    def token(self, entry: Entry) -> str:
        """The admin token of a workspace, which need not be open."""
        made = token_id(self._seed, entry.id, WORKSPACE_ADMIN)
        return token_text(self._seed, entry.id, made, entry.refreshes)

    def get(self, workspace_id: str) -> Workspace:
        """The workspace of that id, opened if need be. Raises `UserError` RT201 (HTTP 404)."""
        with self._lock:
            entry = self._entries.get(workspace_id)
            if entry is None:
                raise UserError.of("RT201", f"there is no workspace `{workspace_id}`", status=404)
            self._used[workspace_id] = time.monotonic()
            workspace = self._open.get(workspace_id)
            if workspace is None:
                self._make_room()
                workspace = self._open[workspace_id] = self._opened(entry)
            return workspace

    def create(self, name: str, *, parent: str | None = None) -> Entry:
        """A new, empty workspace; with `parent`, a branch of that one. Raises `UserError` RT202
        (HTTP 409) if the name is taken."""
        if not name.strip():
            raise UserError.of("RT203", "a workspace needs a name")
        with self._lock:
            if self.find(name) is not None:
                message = f"there is a workspace `{name}` already"
                raise UserError.of("RT202", message, status=409)
            entry = Entry(str(uuid.uuid4()), name, self._clock(), parent)
            self._entries[entry.id] = entry
            self._write()
            return entry

    def delete(self, workspace_id: str) -> None:
        """Close and remove a workspace, its data and its branches. Raises `UserError` RT201 (HTTP
        404) if there is none, RT204 for the project's own."""
        with self._lock:
            entry = self._entries.get(workspace_id)
            if entry is None:
                raise UserError.of("RT201", f"there is no workspace `{workspace_id}`", status=404)
            if workspace_id == self._main_id:
                message = f"`{entry.name}` is the project's own workspace"
                raise UserError.of("RT204", message, hint="stop the server and delete its folder")
            for branch in [e for e in self._entries.values() if e.parent == workspace_id]:
                self.delete(branch.id)
            self._close(workspace_id)
            del self._entries[workspace_id]
            self._write()
            shutil.rmtree(self._place(workspace_id), ignore_errors=True)

    def authenticate(self, token: str) -> tuple[Workspace, Access]:
        """The workspace that a token belongs to, and what its bearer may do there. The user's and
        the server's own tokens are for the project's own workspace.

        Raises `UserError` AU001 (HTTP 403) for a text that is no token, or no longer.
        """
        for own, title in ((self.user_token, USER_TOKEN), (self.admin_token, ADMIN_TOKEN)):
            if hmac.compare_digest(own.encode(), token.encode()):
                return self.main, Access(title, (Scope(ADMIN),))
        workspace_id = claimed_workspace(token)
        if workspace_id is None or workspace_id not in self._entries:
            raise UserError.of("AU001", "invalid authentication token", status=403)
        workspace = self.get(workspace_id)
        return workspace, workspace.tokens.access(token)

    def follow(self, on_open: Callable[[Workspace], None]) -> None:
        """Call `on_open` with every workspace that is open, and with every one that opens."""
        with self._lock:
            self._on_open = on_open
            for workspace in self._open.values():
                on_open(workspace)

    def close_idle(self, idle_s: float = IDLE_S) -> int:
        """Close what nobody has used for `idle_s` seconds; returns how many."""
        with self._lock:
            before = time.monotonic() - idle_s
            idle = [
                workspace_id
                for workspace_id, workspace in self._open.items()
                if workspace_id != self._main_id
                and self._used[workspace_id] <= before
                and workspace.is_idle
            ]
            for workspace_id in idle:
                self._close(workspace_id)
            return len(idle)

    @property
    def open_workspaces(self) -> tuple[Workspace, ...]:
        """Those that are open now."""
        with self._lock:
            return tuple(self._open.values())

    def free_memory(self) -> None:
        """Free what engines keep of statements that are through."""
        for workspace in self.open_workspaces:
            with suppress(MiniTbError):  # closed meanwhile, or lost
                workspace.engine.free_memory()

    def close(self) -> None:
        """Close all."""
        with self._lock:
            for workspace_id in list(self._open):
                self._close(workspace_id)

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _opened(self, entry: Entry) -> Workspace:
        workspace = Workspace.open(
            self.folder if entry.id == self._main_id else None,
            database=self._place(entry.id) / DATABASE,
            name=entry.name,
            workspace_id=entry.id,
            seed=self._seed,
            settings=self._settings,
            clock=self._clock,
            timeout_s=self._timeout_s,
        )
        workspace.tokens.on_admin_refresh = lambda count: self._refreshed(entry.id, count)
        if self._on_open is not None:
            self._on_open(workspace)
        return workspace

    def _refreshed(self, workspace_id: str, refreshes: int) -> None:
        with self._lock:
            entry = self._entries[workspace_id]
            self._entries[workspace_id] = replace(entry, refreshes=refreshes)
            self._write()

    def _make_room(self) -> None:
        if len(self._open) < MAX_OPEN:
            return
        for workspace_id in sorted(self._open, key=self._used.__getitem__):
            if workspace_id != self._main_id and self._open[workspace_id].is_idle:
                self._close(workspace_id)
                return

    def _close(self, workspace_id: str) -> None:
        workspace = self._open.pop(workspace_id, None)
        self._used.pop(workspace_id, None)
        if workspace is not None:
            workspace.close()

    def _place(self, workspace_id: str) -> Path:
        if workspace_id == self._main_id:
            return self._home
        return self._home / "workspaces" / workspace_id

    def _own_token(self, title: str) -> str:
        return token_text(self._seed, self._main_id, token_id(self._seed, self._main_id, title))

    def _read(self) -> dict[str, Entry]:
        path = self._home / "workspaces.json"
        try:
            records = orjson.loads(path.read_bytes())
            entries = [
                Entry(**{**record, "created_at": datetime.fromisoformat(record["created_at"])})
                for record in records
            ]
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError) as error:
            hint = "restore it, or delete it to lose sight of the workspaces it lists"
            raise UserError.of("CF104", f"`{path}` is damaged: {error}", hint=hint) from error
        return {entry.id: entry for entry in entries}

    def _write(self) -> None:
        path = self._home / "workspaces.json"
        written = path.with_suffix(".json.new")
        try:
            written.write_bytes(orjson.dumps([asdict(entry) for entry in self._entries.values()]))
            written.replace(path)
        except OSError as error:
            hint = "check its permissions, and that its disk has room"
            message = f"`{path}` cannot be written: {error.strerror}"
            raise UserError.of("RT004", message, hint=hint, status=503) from error


def claimed_workspace(token: str) -> str | None:
    """The id of the workspace that a token says it is for, unverified; None if it says none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    claims = _payload(parts[1])
    found = claims.get("u") or claims.get("workspace_id")
    return found if isinstance(found, str) else None


def _payload(part: str) -> Mapping[str, Any]:
    with suppress(ValueError):
        decoded = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if isinstance(decoded, dict):
            return decoded
    return {}
