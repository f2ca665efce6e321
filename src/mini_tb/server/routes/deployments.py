"""Builds and deployments: a whole project uploaded, checked, applied, promoted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import Diagnostic, Severity, UserError
from mini_tb.server.app import Route
from mini_tb.server.call import Call
from mini_tb.server.errors import line_of

if TYPE_CHECKING:
    from mini_tb.deploy.diff import Diff
    from mini_tb.workspace.deployment import Deployment

_PART = "data_project://"
_EXTENSIONS = (".datasource", ".pipe", ".connection", ".incl")
_DEPLOY = "WORKSPACE:DEPLOY"


def uploaded(call: Call) -> dict[str, str]:
    """The datafiles of a multipart upload: path inside the project → text.

    Raises `UserError` RT611 for a path that leaves the project, RT612 for text that is no UTF-8.
    """
    files: dict[str, str] = {}
    for part in call.parts:
        if part.name != _PART:
            continue
        path = _inside(part.filename or "")
        if not path.endswith(_EXTENSIONS):
            continue
        try:
            files[path] = part.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError.of("RT612", f"`{path}` is no UTF-8: {error.reason}") from error
    if not call.parts:
        raise UserError.of("RT613", "no project was uploaded", hint=f"send parts named `{_PART}`")
    return files


def _inside(filename: str) -> str:
    path = PurePosixPath(filename.replace("\\", "/"))
    parts = path.parts  # `.` has none
    if not parts or path.is_absolute() or ".." in parts or ":" in parts[0]:
        raise UserError.of("RT611", f"`{filename}` is no path inside a project")
    return str(path)


def build(call: Call) -> Any:
    """Make the uploaded project the live one, as a build: what is missing in it is deleted."""
    call.access.check(_DEPLOY)
    made = call.workspace.deploy(uploaded(call), allow_destructive=True)
    if made.result == "failed":
        return {"result": "failed", "errors": _errors(made.errors)}
    # "no_changes" would be the word, but tb knows a build without changes by its empty lists.
    return {
        "result": "success",
        "build": {"id": made.id, **_names(made.diff), "feedback": _feedback(made.feedback)},
    }


def deploy(call: Call) -> Any:
    """Deploy the uploaded project: check it, or stage it, or stage and promote it."""
    call.access.check(_DEPLOY)
    made = call.workspace.deploy(
        uploaded(call),
        check=call.flag("check"),
        allow_destructive=call.flag("allow_destructive_operations"),
        promote=call.flag("auto_promote"),
    )
    answer: dict[str, Any] = {"result": made.result, "deployment": deployment(made)}
    if made.errors:
        answer["errors"] = _errors(made.errors)
    return answer


def list_deployments(call: Call) -> Any:
    """The live one first, candidates after it."""
    call.access.check(_DEPLOY)
    found = call.workspace.deployments.list(include_deleted=call.flag("include_deleted"))
    return {"deployments": [deployment(item) for item in found]}


def get_deployment(call: Call) -> Any:
    """One deployment, deleted ones too."""
    call.access.check(_DEPLOY)
    deployment_id = call.path("id")
    found = call.workspace.deployments.find(deployment_id)
    if found is None:
        raise UserError.of("PL201", f"there is no deployment {deployment_id}", status=404)
    return {"result": found.result, "deployment": deployment(found)}


def set_live(call: Call) -> Any:
    """Promote a candidate."""
    call.access.check(_DEPLOY)
    made = call.workspace.promote_deployment(call.path("id"))
    if made.errors:
        answer = {"result": "failed", "deployment": deployment(made)}
        return {**answer, "errors": _errors(made.errors)}
    return {"result": "success", "deployment": deployment(made)}


def delete_deployment(call: Call) -> Any:
    """Discard a candidate. Deleting what is deleted already is no error."""
    call.access.check(_DEPLOY)
    known = call.workspace.deployments.find(call.path("id"))
    if known is not None and known.status == "deleted":
        return {"result": "success", "deployment": deployment(known)}
    made = call.workspace.discard_deployment(call.path("id"))
    return {"result": "success", "deployment": deployment(made)}


def deployment(found: Deployment) -> dict[str, Any]:
    """A deployment as clients read it; lists are never null."""
    return {
        "id": found.id or "0",
        "status": found.status,
        "live": found.live,
        "created_at": _moment(found.created_at),
        "updated_at": _moment(found.updated_at),
        **_names(found.diff),
        "new_data_connector_ids": [],
        "disconnected_data_source_names": [],
        "token_changes": _token_changes(found.diff),
        "data_movements": [
            {
                "datasource_name": movement.datasource,
                "kind": movement.kind,
                "source_mv_name": movement.source_mv,
            }
            for movement in found.movements
        ],
        "errors": _errors(found.errors),
        "feedback": _feedback(found.diagnostics),
        "stages": list(found.stages),
    }


def _moment(found: datetime) -> str:
    return found.strftime("%Y-%m-%d %H:%M:%S.%f")


def _names(diff: Diff) -> dict[str, list[str]]:
    kinds = {"datasource": diff.datasources, "pipe": diff.pipes, "data_connector": diff.connections}
    return {
        f"{change}_{kind}_names": list(getattr(names, change))
        for change in ("new", "changed", "deleted")
        for kind, names in kinds.items()
    }


def _token_changes(diff: Diff) -> list[dict[str, Any]]:
    def permissions(grants: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
        return [
            {"resource_name": name, "resource_type": kind, "permission": permission}
            for name, kind, permission in grants
        ]

    return [
        {
            "token_name": change.name,
            "change_type": change.kind,
            "permission_changes": {
                "added_permissions": permissions(change.added),
                "removed_permissions": permissions(change.removed),
            },
        }
        for change in diff.tokens
    ]


def _errors(found: Sequence[Diagnostic]) -> list[dict[str, str]]:
    return [{"filename": d.file or "", "error": _located(d), "code": d.code} for d in found]


def _located(found: Diagnostic) -> str:
    if found.span is None:
        return line_of(found)
    return f"{line_of(found)} (line {found.span.line + 1}, column {found.span.column + 1})"


_LEVELS = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}


def _feedback(found: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    return [
        {
            "resource": PurePosixPath(d.file).stem if d.file else None,
            "level": _LEVELS[d.severity],
            "message": line_of(d),
        }
        for d in found
    ]


ROUTES = [
    Route("/v1/build", build, "POST", "with_connections", limit="upload", body="project"),
    Route(
        "/v1/deploy",
        deploy,
        "POST",
        "check auto_promote allow_destructive_operations",
        limit="upload",
        body="project",
    ),
    Route("/v1/deployments", list_deployments, params="include_deleted"),
    Route("/v1/deployments/{id}", get_deployment),
    Route("/v1/deployments/{id}", delete_deployment, "DELETE"),
    Route("/v1/deployments/{id}/set-live", set_live, "POST"),
]
