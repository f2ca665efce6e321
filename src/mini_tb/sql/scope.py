"""A scope: what the names inside one SELECT may mean.

ClickHouse resolves a name to, in this order: a lambda's parameter, an alias of the same SELECT
(anywhere in it, in any clause), a column of FROM, an alias of a WITH further out. Inside its own
expression an alias means the column that it shadows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mini_tb.source import Fragment
from mini_tb.sql import syntax
from mini_tb.sql.catalog import Catalog
from mini_tb.sql.tree import ArrayJoinCall, BoundQuery, Expr, Local, Relation, RelationColumn


@dataclass(slots=True)
class NamedQuery:
    """A CTE: its syntax, the scope it was written in, and what it was bound to (once)."""

    cte: syntax.CTE
    scope: Scope
    bound: BoundQuery | None = None


@dataclass(slots=True)
class Scope:
    """The names of one SELECT; `parent` is the SELECT around it."""

    fragment: Fragment
    catalog: Catalog
    view: str = ""
    """Name of the view whose SQL this is; bound values are told apart by it."""
    parent: Scope | None = None
    defines: NamedQuery | None = None
    """The CTE whose query this is: inside it, its name is that of something else."""
    relations: list[Relation] = field(default_factory=list)
    aliases: dict[str, syntax.Expression] = field(default_factory=dict)
    with_aliases: dict[str, syntax.Expression] = field(default_factory=dict)
    ctes: dict[str, NamedQuery] = field(default_factory=dict)
    windows: dict[str, syntax.WindowSpec] = field(default_factory=dict)
    array_joins: list[ArrayJoinCall] = field(default_factory=list)
    expanding: list[str] = field(default_factory=list)
    """Aliases whose expression is being bound now."""
    locals: list[dict[str, Local]] = field(default_factory=list)
    bound_aliases: dict[str, Expr] = field(default_factory=dict)

    def child(self) -> Scope:
        """The scope of a subquery."""
        return Scope(self.fragment, self.catalog, self.view, self)

    def local(self, name: str) -> Local | None:
        """The lambda parameter of that name, innermost first."""
        for frame in reversed(self.locals):
            if name in frame:
                return frame[name]
        return None

    def cte(self, name: str) -> NamedQuery | None:
        """The CTE of that name, here or further out; never the one whose own query this is."""
        scope: Scope | None = self
        own: list[NamedQuery] = []
        while scope is not None:
            if scope.defines is not None:
                own.append(scope.defines)
            found = scope.ctes.get(name)
            if found is not None and not any(found is one for one in own):
                return found
            scope = scope.parent
        return None

    def outer_with(self, name: str) -> tuple[Scope, syntax.Expression] | None:
        """The `WITH expr AS name` of a SELECT further out, and its scope."""
        scope = self.parent
        while scope is not None:
            if name in scope.with_aliases:
                return scope, scope.with_aliases[name]
            scope = scope.parent
        return None

    def columns(self, parts: tuple[str, ...]) -> Iterator[tuple[RelationColumn, int]]:
        """Columns that a dotted name may start with, and how many of its parts they take.

        `a` is a column; `t.a` a column of the relation `t`; the parts that remain are elements.
        """
        for take in range(len(parts), 0, -1):
            name = ".".join(parts[:take])
            for relation in self.relations:
                for column in relation.columns:
                    if column.name == name:
                        yield column, take
            for split in range(1, take):
                qualifier, rest = ".".join(parts[:split]), ".".join(parts[split:take])
                for relation in self.relations:
                    yield from ((column, take) for column in qualified(relation, qualifier, rest))


def qualified(relation: Relation, qualifier: str, name: str) -> Iterator[RelationColumn]:
    """Columns called `name` of the relation called `qualifier`, inside joins too."""
    for candidate in named(relation, qualifier):
        yield from (column for column in candidate.columns if column.name == name)


def named(relation: Relation, qualifier: str) -> Iterator[Relation]:
    """The relations called `qualifier`: the relation itself, or the sides of a join.

    A side of a join is given with the columns as the join shows them (defaults filled).
    """
    if qualifier in relation.names:
        yield relation
    for part in relation.parts:
        yield from named(part, qualifier)


def all_column_names(scope: Scope) -> list[str]:
    """Every name that could be meant, for suggestions."""
    names = [column.name for relation in scope.relations for column in relation.columns]
    return [*names, *scope.aliases]
