"""What a column of a table is called in the answer: `a` or `t.a`.

ClickHouse drops a qualifier that says nothing. It stays where an alias has the column's name, and
where another table does: of two tables that is asked of the second only, of three or more of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mini_tb.sql import syntax
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import ArrayJoinRelation, Expr, Relation


@dataclass(slots=True)
class Labels:
    """The labels of one SELECT's columns."""

    scope: Scope

    def name(self, node: syntax.Name) -> str:
        """The label of a name as written in the query."""
        parts = node.parts
        if len(parts) == 1 or self.scope.local(parts[0]) is not None:
            return ".".join(parts)
        tables = self.tables()
        for take in range(len(parts), 0, -1):
            if any(_has(table, parts[:take]) for table in tables):
                break
            for split in range(1, take):
                qualifier, name = ".".join(parts[:split]), parts[split:take]
                for index, table in enumerate(tables):
                    if qualifier in table.names and _has(table, name):
                        return self.qualified(index, qualifier, parts[split:])
        return ".".join(parts)

    def column(self, name: str, expr: Expr) -> str:
        """The label of a column that a star stands for; one that USING has merged has none."""
        tables = self.tables()
        shown = [c for relation in self.scope.relations for c in relation.columns if c.name == name]
        if len(tables) < 2 or len(shown) < 2:
            return name
        for index, table in enumerate(tables):
            if table.names and any(c.name == name and c.expr == expr for c in table.columns):
                return self.qualified(index, table.names[0], (name,))
        return name

    def qualified(self, index: int, qualifier: str, name: tuple[str, ...]) -> str:
        """The label of `qualifier.name`, a column of the table at `index`."""
        tables = self.tables()
        others = tables[:index] if len(tables) == 2 else tables[:index] + tables[index + 1 :]
        taken = {*self.scope.aliases, *self.elements()}
        if name[0] in taken or any(_has(other, name[:1]) for other in others):
            return ".".join((qualifier, *name))
        return ".".join(name)

    def tables(self) -> list[Relation]:
        """The tables of FROM from left to right, as its joins show them."""
        return [table for relation in self.scope.relations for table in _tables(relation)]

    def elements(self) -> Iterator[str]:
        """The columns that ARRAY JOIN makes."""
        for relation in self.scope.relations:
            yield from _elements(relation)


def _tables(relation: Relation) -> Iterator[Relation]:
    if not relation.parts:
        yield relation
    for part in relation.parts:
        yield from _tables(part)


def _elements(relation: Relation) -> Iterator[str]:
    if isinstance(relation, ArrayJoinRelation):
        yield from (name for name, _array in relation.arrays)
    for part in relation.parts:
        yield from _elements(part)


def _has(relation: Relation, name: tuple[str, ...]) -> bool:
    joined = ".".join(name)
    return any(column.name == joined for column in relation.columns)
