"""What a column of a table is called in the answer: `a` or `t.a`.

ClickHouse drops a qualifier that says nothing. It stays where an alias has the column's name, and
where another table does: of two tables that is asked of the second only, of three or more of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from mini_tb.sql import syntax
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import ArrayJoinRelation, Expr, JoinRelation, Relation


class Labels:
    """The labels of one SELECT's columns; its FROM is bound."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @cached_property
    def tables(self) -> list[Relation]:
        """The tables of FROM from left to right, as its joins show them."""
        return [table for relation in self.scope.relations for table in _tables(relation)]

    @cached_property
    def names(self) -> list[set[str]]:
        """The names of each table's columns."""
        return [{column.name for column in table.columns} for table in self.tables]

    @cached_property
    def known(self) -> list[set[str]]:
        """The names of each table's columns, `n` of those called `n.a` too."""
        return [names | {name.rpartition(".")[0] for name in names} for names in self.names]

    @cached_property
    def shown(self) -> Counter[str]:
        """How many columns of each name FROM shows."""
        return Counter(c.name for relation in self.scope.relations for c in relation.columns)

    @cached_property
    def hidden(self) -> set[str]:
        """The names that mean elements of ARRAY JOIN beside columns called the same, or alone."""
        columns = (column for relation in self.scope.relations for column in relation.columns)
        return {column.name for column in columns if not column.starred}

    @cached_property
    def taken(self) -> set[str]:
        """Aliases, and the columns whose elements ARRAY JOIN shows in their place."""
        elements = (name for relation in self.scope.relations for name in _elements(relation))
        return {*self.scope.aliases, *(name for name in elements if name not in self.hidden)}

    def name(self, node: syntax.Name) -> str:
        """The label of a name as written in the query."""
        parts = node.parts
        if len(parts) == 1 or self.scope.local(parts[0]) is not None:
            return ".".join(parts)
        for take in range(len(parts), 0, -1):
            if any(".".join(parts[:take]) in names for names in self.names):
                break
            for split in range(1, take):
                qualifier, name = ".".join(parts[:split]), ".".join(parts[split:take])
                for index, table in enumerate(self.tables):
                    if qualifier in table.names and name in self.known[index]:
                        if index == 0 and name in self.merged:
                            return f"{qualifier}.{name}"
                        return self.qualified(index, qualifier, parts[split:])
        return ".".join(parts)

    @cached_property
    def merged(self) -> tuple[str, ...]:
        """The columns of USING that are the right side's: those of a RIGHT JOIN of two tables."""
        relation = self.scope.relations[0] if self.scope.relations else None
        while isinstance(relation, ArrayJoinRelation):
            relation = relation.source
        is_right = isinstance(relation, JoinRelation) and relation.kind == "RIGHT"
        return relation.using if is_right and isinstance(relation, JoinRelation) else ()

    def column(self, name: str, expr: Expr) -> str:
        """The label of a column that a star stands for; one that USING has merged has none."""
        if self.shown[name] < 2:
            return name
        for index, table in enumerate(self.tables):
            if table.names and any(c.name == name and c.expr == expr for c in table.columns):
                if name in self.hidden:
                    return f"{table.names[0]}.{name}"
                return self.qualified(index, table.names[0], (name,))
        return name

    def qualified(self, index: int, qualifier: str, name: tuple[str, ...]) -> str:
        """The label of `qualifier.name`, a column of the table at `index`."""
        names = self.known
        others = names[:index] if len(names) == 2 else names[:index] + names[index + 1 :]
        if name[0] in self.taken or any(name[0] in other for other in others):
            return ".".join((qualifier, *name))
        return ".".join(name)


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
