"""A Nested: columns `n.a`, `n.b` of arrays. `n` itself is the array of their tuples, and after
`ARRAY JOIN n` the tuple of their elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mini_tb.sql.apply import apply
from mini_tb.sql.functions.convert import convert
from mini_tb.sql.scope import named
from mini_tb.sql.tree import Expr, Relation, RelationColumn
from mini_tb.types import array, tuple_of


def nested_columns(relation: Relation, name: str) -> Iterator[RelationColumn]:
    """The columns of a Nested: `name.a`, `name.b`, with or without the table's name."""
    yield from _within(relation, name)
    qualifier, _, inner = name.rpartition(".")
    for table in named(relation, qualifier) if qualifier else ():
        yield from _within(table, inner)


def _within(relation: Relation, name: str) -> Iterator[RelationColumn]:
    yield from (c for c in relation.columns if c.name.startswith(f"{name}."))


def whole(relations: Sequence[Relation], parts: Sequence[str]) -> tuple[Expr, int] | None:
    """The Nested that a dotted name starts with, as one array, and how many parts of the name that
    takes; None if there is none."""
    for take in range(len(parts), 0, -1):
        for relation in relations:
            columns = list(nested_columns(relation, ".".join(parts[:take])))
            if columns and all(column.expr.type.is_array for column in columns):
                return _zipped(columns), take
    return None


def _zipped(columns: Sequence[RelationColumn]) -> Expr:
    names, arrays = _distinct(columns)
    zipped = apply("arrayZip", arrays)
    return convert(zipped, array(tuple_of(*(a.type.element for a in arrays), names=names)))


def element(columns: Sequence[RelationColumn]) -> Expr:
    """The elements of a Nested's arrays in one row, as one tuple."""
    names, values = _distinct(columns)
    return convert(apply("tuple", values), tuple_of(*(v.type for v in values), names=names))


def _distinct(columns: Sequence[RelationColumn]) -> tuple[tuple[str, ...], list[Expr]]:
    found: dict[str, Expr] = {}
    for column in columns:
        found.setdefault(column.name.rpartition(".")[2], column.expr)
    return tuple(found), list(found.values())
