"""Workspaces and branches: a client makes its own beside the project's, and deletes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import UserError
from mini_tb.server import resources
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.workspace.branch import fill_branch

if TYPE_CHECKING:
    from mini_tb.workspace.registry import Entry

USER_EMAIL = "local@localhost"


def _short(call: Call, entry: Entry) -> dict[str, Any]:
    """Exactly three keys: clients unpack them."""
    return {
        "id": entry.id,
        "name": entry.name,
        "token": call.server.registry.token(entry),
    }


def _full(call: Call, entry: Entry) -> dict[str, Any]:
    registry = call.server.registry
    parent = registry.find(entry.parent) if entry.parent else None
    return {
        **_short(call, entry),
        "role": "admin",
        "plan": "dev",
        "is_branch": entry.parent is not None,
        "main": parent.id if parent else None,
        "current": entry.id == call.workspace.id,
        "owner": registry.user_id,
        "created_at": resources.timestamp(entry.created_at),
        "organization": {"id": registry.organization_id, "name": "local"},
        "members": [{"id": registry.user_id, "email": USER_EMAIL, "role": "admin", "active": True}],
    }


def _is_user(call: Call) -> bool:
    """Whether the token is the user's or the server's own, which know all workspaces."""
    registry = call.server.registry
    return call.token in (registry.user_token, registry.admin_token)


def _check_user(call: Call) -> None:
    if not _is_user(call) and not call.access.is_admin:
        raise call.access.refusal("ADMIN_USER")


def list_workspaces(call: Call) -> Any:
    """All workspaces of the user; of another token, the one it is for.

    Clients that ask for the organization alone unpack the entries into exactly three keys.
    """
    _check_user(call)
    registry = call.server.registry
    wants_full = "with_environments" in call.query or "with_organization" not in call.query
    with_branches = call.flag("with_environments") or call.flag("only_environments")
    entries = [
        entry
        for entry in registry.list()
        if (_is_user(call) or _is_own(call, entry))
        and (entry.parent is None or with_branches)
        and (entry.parent is not None or not call.flag("only_environments"))
    ]
    shape = _full if wants_full else _short
    return {
        "id": call.workspace.id,
        "organization_id": registry.organization_id,
        "organization_name": "local",
        "workspaces": [shape(call, entry) for entry in entries],
    }


def get_current(call: Call) -> Any:
    """The workspace of the token."""
    _check_user(call)
    entry = call.server.registry.find(call.workspace.id)
    assert entry is not None
    return {
        **_full(call, entry),
        "user_email": USER_EMAIL,
        "user_id": call.server.registry.user_id,
        "scope": "admin",
        "host": "local",
        "organization_id": call.server.registry.organization_id,
        "organization_name": "local",
    }


def create_workspace(call: Call) -> Any:
    """A new, empty workspace. Only the user may."""
    if not _is_user(call):
        raise call.access.refusal("ADMIN_USER")
    entry = call.server.registry.create(call.required("name"))
    return _short(call, entry)


def get_workspace(call: Call) -> Any:
    """One workspace by id or name."""
    _check_user(call)
    entry = _known(call, call.path("id"))
    return _short(call, entry) if call.flag("with_token") else _full(call, entry)


def delete_workspace(call: Call) -> Any:
    """Remove a workspace with all it holds."""
    _check_user(call)
    entry = _known(call, call.path("id"))
    call.server.registry.delete(entry.id)
    return {"ok": True, "id": entry.id}


def _known(call: Call, key: str) -> Entry:
    entry = call.server.registry.find(key)
    if entry is None or not (_is_user(call) or _is_own(call, entry)):
        raise UserError.of("RT201", f"there is no workspace `{key}`", status=404)
    return entry


def _is_own(call: Call, entry: Entry) -> bool:
    return call.workspace.id in (entry.id, entry.parent)


def change_members(call: Call) -> Any:
    """There is one user on one's own machine."""
    message = "a local workspace has one user, you: there are no members to change"
    raise UserError.of("RT614", message, status=400)


# Branches ------------------------------------------------------------------------------------


def list_branches(call: Call) -> Any:
    """The branches of the token's workspace."""
    _check_user(call)
    found = [e for e in call.server.registry.list() if e.parent == call.workspace.id]
    return {"environments": [_full(call, entry) for entry in found]}


def create_branch(call: Call) -> Any:
    """A branch: a workspace of its own with the same project. The job is done when this answers."""
    _check_user(call)
    name, parent = call.required("name"), call.workspace
    registry = call.server.registry
    data = call.param("data") or ("last_partition" if call.flag("last_partition") else "")
    entry = registry.create(name, parent=parent.id)
    job = fill_branch(parent, registry.get(entry.id), data)
    if job.error:
        registry.delete(entry.id)
        raise UserError.of("RT207", f"the branch could not be made: {job.error}")
    return {"job": resources.job(job), "workspace": {"id": entry.id}}


def get_branch(call: Call) -> Any:
    """One branch by name or id."""
    _check_user(call)
    entry = _branch(call)
    found = _full(call, entry)
    if not call.flag("with_token"):
        del found["token"]
    return found


def delete_branch(call: Call) -> Any:
    """Remove a branch with all it holds."""
    _check_user(call)
    entry = _branch(call)
    call.server.registry.delete(entry.id)
    return {"ok": True, "id": entry.id}


def _branch(call: Call) -> Entry:
    key = call.path("name")
    for entry in call.server.registry.list():
        if key in (entry.id, entry.name) and entry.parent == call.workspace.id:
            return entry
    raise UserError.of("RT205", f"there is no branch `{key}`", status=404)


ROUTES = [
    *(
        Route(path, handler, methods, params)
        for version in ("v0", "v1")
        for path, handler, methods, params in (
            (
                f"/{version}/user/workspaces",
                list_workspaces,
                "GET",
                "with_environments with_organization only_environments",
            ),
            (f"/{version}/workspace", get_current, "GET", ""),
            (f"/{version}/workspaces", create_workspace, "POST", "name"),
            (f"/{version}/workspaces/{{id}}", get_workspace, "GET", "with_token"),
            (
                f"/{version}/workspaces/{{id}}",
                delete_workspace,
                "DELETE",
                "hard_delete_confirmation",
            ),
            (f"/{version}/workspaces/{{id}}/users", change_members, "PUT", "operation users role"),
            (f"/{version}/environments", list_branches, "GET", ""),
            (f"/{version}/environments", create_branch, "POST", "name data last_partition"),
            (f"/{version}/environments/{{name}}", get_branch, "GET", "with_token"),
            (f"/{version}/environments/{{name}}", delete_branch, "DELETE", ""),
        )
    )
]
