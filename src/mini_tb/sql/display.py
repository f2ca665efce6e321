"""What a column of FROM is called in an answer: the shortest name that means it.

With one table, and where no other table has the name, that is the bare name. Of two joined tables
the left one's column is meant by the bare name; among more than two, every column whose name
another table has too is called by its table (`t1.a`). Checked against ClickHouse 26.9.
"""

from __future__ import annotations

from collections.abc import Iterator

from mini_tb.sql import syntax
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import Relation, RelationColumn


def leaves(relation: Relation) -> Iterator[Relation]:
    """The tables inside a relation, from left to right, as they show through it."""
    if not relation.parts:
        yield relation
    for part in relation.parts:
        yield from leaves(part)


def display_name(scope: Scope, column: RelationColumn) -> str:
    """The name of a column of FROM in an answer."""
    tables = [leaf for relation in scope.relations for leaf in leaves(relation)]
    owners = [leaf for leaf in tables if any(other.name == column.name for other in leaf.columns)]
    if len(owners) < 2:
        return column.name
    owner = next((leaf for leaf in owners if any(other is column for other in leaf.columns)), None)
    if owner is None or (len(tables) == 2 and owner is owners[0]) or not owner.names:
        return column.name
    return f"{owner.names[-1]}.{column.name}"


def written_name(scope: Scope, node: syntax.Name | syntax.Star) -> str:
    """The name of `t.a` in the name of an expression: `a`, unless another table has an `a` too."""
    if isinstance(node, syntax.Star):
        return "*"
    if scope.local(node.parts[0]) is None and len(node.parts) > 1:
        for column, take in scope.columns(node.parts):
            return ".".join((display_name(scope, column), *node.parts[take:]))
    return ".".join(node.parts)
