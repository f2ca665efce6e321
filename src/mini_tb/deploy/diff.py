"""What differs between two projects, by name: the lists that every client of a deployment reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mini_tb.dataclass import dataclass
from mini_tb.project import Project, Resource, Token


@dataclass(frozen=True, slots=True)
class Names:
    """New, changed and deleted resources of one kind, in the order of their files."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.deleted)


@dataclass(frozen=True, slots=True)
class TokenChange:
    """What a deployment does to one static token: permissions are (resource name, resource kind,
    permission), the kind `datasource` or `pipe`."""

    name: str
    kind: str  # new, changed or deleted
    added: tuple[tuple[str, str, str], ...] = ()
    removed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """How `new` differs from `old`. Resources are compared by meaning: a changed comment outside
    SQL is no change."""

    datasources: Names = field(default_factory=Names)
    pipes: Names = field(default_factory=Names)
    connections: Names = field(default_factory=Names)
    tokens: tuple[TokenChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.datasources or self.pipes or self.connections)


def diff(old: Project, new: Project) -> Diff:
    """Compare two projects."""
    return Diff(
        _names(old.datasources, new.datasources),
        _names(old.pipes, new.pipes),
        _names(old.connections, new.connections),
        _tokens(old, new),
    )


def _names(old: Mapping[str, Resource], new: Mapping[str, Resource]) -> Names:
    return Names(
        new=tuple(name for name in new if name not in old),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        deleted=tuple(name for name in old if name not in new),
    )


Grant = tuple[str, str, str]


def grants(project: Project) -> dict[str, frozenset[Grant]]:
    """Each static token of the project's TOKEN lines with what it may do, as in `TokenChange`.
    A token that several files name gathers their permissions."""
    found: dict[str, set[Grant]] = {}

    def add(tokens: tuple[Token, ...], resource: str, kind: str) -> None:
        for token in tokens:
            found.setdefault(token.name, set()).add((resource, kind, token.permission))

    for datasource in project.datasources.values():
        add(datasource.tokens, datasource.name, "datasource")
    for pipe in project.pipes.values():
        add(pipe.tokens, pipe.name, "pipe")
    return {name: frozenset(permissions) for name, permissions in found.items()}


def _tokens(old: Project, new: Project) -> tuple[TokenChange, ...]:
    before, after = grants(old), grants(new)
    changes: list[TokenChange] = []
    for name in sorted(before.keys() | after.keys()):
        had, has = before.get(name, frozenset()), after.get(name, frozenset())
        if had != has:
            kind = "new" if not had else "deleted" if not has else "changed"
            changes.append(
                TokenChange(name, kind, tuple(sorted(has - had)), tuple(sorted(had - has)))
            )
    return tuple(changes)
