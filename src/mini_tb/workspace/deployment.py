"""Deployments: what they did, and their records.

Deployment 0 is the empty workspace. Each deployment that becomes live replaces the one before,
which is `deleted` from then on; a candidate that waits for promotion is checked, and applied as one
transaction when it is promoted. A failed one changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.deploy.diff import Diff, Names, TokenChange
from mini_tb.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from mini_tb.deploy.plan import Plan
    from mini_tb.deploy.stage import DataMovement
    from mini_tb.workspace.state import State

DATA_READY, FAILED, DELETED = "data_ready", "failed", "deleted"
KIND, FILES = "deployment", "deployment_files"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deployment did or would do.

    `result` is `success`, `no_changes` or `failed`. `id` is a number as text; '' for a check and
    for one that failed before it began. `stages` are its steps in words.
    """

    id: str
    result: str
    status: str
    live: bool
    created_at: datetime
    updated_at: datetime
    diff: Diff = field(default_factory=Diff)
    movements: tuple[DataMovement, ...] = ()
    stages: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Why it failed."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def feedback(self) -> tuple[Diagnostic, ...]:
        """What to tell beside: warnings and notes."""
        return tuple(d for d in self.diagnostics if d.severity is not Severity.ERROR)

    @property
    def no_changes(self) -> bool:
        """Whether the project is what is live already."""
        return self.result == "no_changes"


class Deployments:
    """The records of a workspace's deployments."""

    def __init__(self, state: State, now: datetime) -> None:
        self._state = state
        self._all = {key: _from_record(r) for key, r in state.all(KIND).items()}
        if not self._all:
            self.save(Deployment("0", "success", DATA_READY, True, now, now))

    def list(self, *, include_deleted: bool = False) -> list[Deployment]:
        """The live one first, then candidates, oldest first; deleted ones only if asked."""
        found = [d for d in self._all.values() if include_deleted or d.status != DELETED]
        return sorted(found, key=lambda d: (not d.live, int(d.id)))

    def find(self, deployment_id: str) -> Deployment | None:
        """The deployment of that id, deleted ones too."""
        return self._all.get(deployment_id)

    @property
    def live(self) -> Deployment:
        """The one whose project answers."""
        return next(d for d in self._all.values() if d.live)

    @property
    def candidate(self) -> Deployment | None:
        """The newest one that waits for promotion."""
        waiting = [d for d in self._all.values() if not d.live and d.status == DATA_READY]
        return max(waiting, key=lambda d: int(d.id), default=None)

    def next_id(self) -> str:
        """The id of the next deployment."""
        return str(max(int(key) for key in self._all) + 1)

    def save(self, deployment: Deployment) -> Deployment:
        """Keep the record."""
        self._state.save(KIND, deployment.id, _to_record(deployment))
        self._all[deployment.id] = deployment
        return deployment

    def reload(self) -> None:
        """Read the records again, after a transaction that was rolled back."""
        self._all = {key: _from_record(r) for key, r in self._state.all(KIND).items()}

    def promote(self, deployment: Deployment, now: datetime) -> Deployment:
        """Make it live; the one before is deleted."""
        self.save(replace(self.live, live=False, status=DELETED, updated_at=now))
        self._state.delete(FILES, deployment.id)
        return self.save(replace(deployment, live=True, status=DATA_READY, updated_at=now))

    def discard(self, deployment: Deployment, now: datetime) -> Deployment:
        """Delete a candidate."""
        self._state.delete(FILES, deployment.id)
        return self.save(replace(deployment, status=DELETED, updated_at=now))

    def keep_files(self, deployment_id: str, files: Mapping[str, str]) -> None:
        """Remember a candidate's files until it is promoted or discarded."""
        self._state.save(FILES, deployment_id, dict(files))

    def files(self, deployment_id: str) -> Mapping[str, str]:
        """A candidate's files."""
        return self._state.find(FILES, deployment_id) or {}


def described(plan: Plan, found: tuple[Diagnostic, ...], **fields: Any) -> Deployment:
    """The record of what `plan` does, with what the build found beside what the plan says."""
    diagnostics = tuple(sorted({*found, *plan.diagnostics}, key=lambda d: d.sort_key))
    stages = tuple(map(str, plan.stages))
    return Deployment(
        diff=plan.diff,
        movements=plan.movements,
        stages=stages,
        diagnostics=diagnostics,
        **fields,
    )


def _to_record(deployment: Deployment) -> dict[str, Any]:
    # Diagnostics point into files that are not kept: only their texts are.
    plain = asdict(replace(deployment, diagnostics=()))
    plain["diagnostics"] = [
        {"code": d.code, "message": d.message, "severity": d.severity.value, "path": d.file}
        for d in deployment.diagnostics
    ]
    return plain


def _movement(record: Mapping[str, Any]) -> DataMovement:
    from mini_tb.deploy.stage import DataMovement

    return DataMovement(**record)


def _from_record(record: Mapping[str, Any]) -> Deployment:
    diff = record["diff"]
    kinds = ("datasources", "pipes", "connections")
    tokens = tuple(
        TokenChange(
            t["name"], t["kind"], tuple(map(tuple, t["added"])), tuple(map(tuple, t["removed"]))
        )
        for t in diff["tokens"]
    )
    names = {
        kind: Names(**{key: tuple(items) for key, items in diff[kind].items()}) for kind in kinds
    }
    return Deployment(
        record["id"],
        record["result"],
        record["status"],
        record["live"],
        datetime.fromisoformat(record["created_at"]),
        datetime.fromisoformat(record["updated_at"]),
        Diff(**names, tokens=tokens),
        tuple(map(_movement, record["movements"])),
        tuple(record["stages"]),
        tuple(
            Diagnostic(d["code"], d["message"], severity=Severity(d["severity"]), path=d["path"])
            for d in record["diagnostics"]
        ),
    )
