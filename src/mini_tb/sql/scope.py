"""A scope: what the names inside one SELECT may mean.

ClickHouse resolves a name to, in this order: a lambda's parameter, an alias of the same SELECT
(anywhere in it, in any clause), a column of FROM, and then the same in the SELECT around it. Inside
its own expression an alias means the column that it shadows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.source import Fragment
from mini_tb.sql import syntax
from mini_tb.sql.catalog import Catalog
from mini_tb.sql.tree import (
    ArrayJoinCall,
    Expr,
    JoinRelation,
    Relation,
    RelationColumn,
    SharedQuery,
)


@dataclass(slots=True)
class NamedQuery:
    """A CTE: its syntax, the scope it was written in, and what it was bound to (once)."""

    cte: syntax.CTE
    scope: Scope
    is_recursive: bool = False
    shared: SharedQuery | None = None


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
    is_closed: bool = False
    """A query of its own (a CTE, one in FROM): columns of the SELECT around it are not seen."""
    is_correlated: bool = False
    """Whether it reads columns of a SELECT around it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    aliases: dict[str, syntax.Expression] = field(default_factory=dict)
    ctes: dict[str, NamedQuery] = field(default_factory=dict)
    windows: dict[str, syntax.WindowSpec] = field(default_factory=dict)
    array_joins: list[ArrayJoinCall] = field(default_factory=list)
    expanding: list[str] = field(default_factory=list)
    """Aliases whose expression is being bound now."""
    locals: list[dict[str, Expr]] = field(default_factory=list)
    """What names mean inside a lambda: its parameters, or what stands for them."""
    bound_aliases: dict[tuple[str, ...], Expr] = field(default_factory=dict)
    sizes: dict[int, tuple[Expr, int]] = field(default_factory=dict)
    """What names stand for, by identity, and how many calls that is when it is written out."""
    clause: str | None = None
    """The clause that is being bound, if aggregates cannot stand in it."""

    def child(self, *, is_closed: bool = False) -> Scope:
        """The scope of a subquery."""
        return Scope(
            self.fragment,
            self.catalog,
            self.view,
            self,
            is_closed=is_closed,
            settings=self.settings,
        )

    def local(self, name: str) -> Expr | None:
        """What the lambda parameter of that name means, innermost first."""
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

    def is_ambiguous(self, name: str) -> bool:
        """Whether a name without a qualifier is that of columns of several joined tables, and it
        is not clear which is meant."""
        return any(_is_ambiguous(relation, name) for relation in self.relations)


def _is_ambiguous(relation: Relation, name: str) -> bool:
    """Of two tables the left is meant; of more, the left of two columns that ON says are equal."""
    if not isinstance(relation, JoinRelation):
        return False
    left, right = _offered(relation.left, name), _offered(relation.right, name)
    if not left or not right:
        return _is_ambiguous(relation.left if left else relation.right, name)
    if len(_offered(relation, name)) == 1:
        return False  # USING made one of them
    is_single = not isinstance(relation.left, JoinRelation)
    keys = list(zip(relation.left_keys, relation.right_keys, strict=True))
    if is_single or any((a, b) in keys for a in left for b in right):
        return _is_ambiguous(relation.left, name)
    return True


def _offered(relation: Relation, name: str) -> list[Expr]:
    """What a relation's columns of that name are."""
    return [column.expr for column in relation.columns if column.name == name]


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
