"""The bound tree: every name resolved, every expression with its ClickHouse type.

The binder makes it from `syntax`; `sql.duckdb` lowers it to DuckDB's text. An expression says what
is computed; how DuckDB computes it is written in the function's row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.types import DataType

if TYPE_CHECKING:
    from mini_tb.sql.functions.aggregate import BoundAggregate
    from mini_tb.sql.functions.function import Function


@dataclass(slots=True)
class Expr:
    """A typed expression."""

    type: DataType

    def children(self) -> Iterator[Expr]:
        """The expressions directly inside."""
        return iter(())

    def walk(self) -> Iterator[Expr]:
        """This expression and all inside it, outermost first."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(slots=True)
class Const(Expr):
    """A value known when the query is compiled; None is NULL.

    The value is Python's: int, float, str, bytes, bool, Decimal, date, datetime (UTC, naive),
    list (Array), tuple (Tuple), dict (Map).
    """

    value: Any


@dataclass(slots=True)
class Param(Expr):
    """A bound value: constant within one run, unknown to the compiled text."""

    name: str


@dataclass(slots=True)
class Column(Expr):
    """A column of a relation in FROM, by DuckDB's alias and column name."""

    relation: str
    name: str


@dataclass(slots=True)
class Local(Expr):
    """A parameter of a lambda, inside its body."""

    name: str


@dataclass(slots=True)
class LambdaExpr(Expr):
    """A lambda; `type` is the type of its body. `folds` and `predicate` are its function's."""

    params: tuple[Local, ...]
    body: Expr
    folds: bool = False
    predicate: bool = False

    def children(self) -> Iterator[Expr]:
        yield self.body


@dataclass(slots=True)
class Call(Expr):
    """An ordinary function applied to its arguments."""

    function: Function
    args: list[Expr]

    def children(self) -> Iterator[Expr]:
        return iter(self.args)


@dataclass(slots=True)
class ArrayJoinCall(Expr):
    """`arrayJoin(array)`: one row an element. `slot` numbers it among those of its SELECT."""

    array: Expr
    slot: int

    def children(self) -> Iterator[Expr]:
        yield self.array


@dataclass(slots=True)
class Aggregate(Expr):
    """An aggregate function, combinators and parameters included, over a group's rows."""

    function: BoundAggregate
    args: list[Expr]
    filter: Expr | None = None

    def children(self) -> Iterator[Expr]:
        yield from self.args
        if self.filter is not None:
            yield self.filter


@dataclass(slots=True)
class Grouping(Expr):
    """`grouping(a, b)`: which keys the row's grouping set lacks, one bit a key."""

    keys: list[Expr]

    def children(self) -> Iterator[Expr]:
        return iter(self.keys)


@dataclass(slots=True)
class OrderKey:
    """One sort key of a window or a query."""

    expr: Expr
    descending: bool = False
    nulls_first: bool = False


@dataclass(slots=True)
class WindowFrame:
    """`unit BETWEEN first AND last`; bounds as in `syntax.Frame`, their expressions bound."""

    unit: str
    first: tuple[str, Expr | None]
    last: tuple[str, Expr | None]


@dataclass(slots=True)
class Window(Expr):
    """An aggregate or a window function over a window."""

    call: Aggregate | Call
    partition_by: list[Expr]
    order_by: list[OrderKey]
    frame: WindowFrame | None

    def children(self) -> Iterator[Expr]:
        yield self.call
        yield from self.partition_by
        yield from (key.expr for key in self.order_by)


@dataclass(slots=True)
class ScalarQuery(Expr):
    """`(SELECT …)` as a value: its only row; a Tuple if it has several columns."""

    query: BoundQuery
    is_correlated: bool = False
    """Whether it reads columns of a SELECT around it."""


@dataclass(slots=True)
class InQuery(Expr):
    """`value IN (SELECT …)`."""

    value: Expr
    query: BoundQuery
    negated: bool

    def children(self) -> Iterator[Expr]:
        yield self.value


@dataclass(slots=True)
class MembersQuery(Expr):
    """The rows of a query that have no NULLs, as an Array: what `IN` is in a lambda."""

    query: BoundQuery


@dataclass(slots=True)
class ExistsQuery(Expr):
    """`EXISTS (SELECT …)`."""

    query: BoundQuery
    is_correlated: bool = False


# Queries ---------------------------------------------------------------------------------


@dataclass(slots=True)
class OutputColumn:
    """A column of a query's answer: ClickHouse's name, the name in DuckDB's text, its type."""

    name: str
    duck_name: str
    type: DataType
    expr: Expr | None = None


@dataclass(slots=True)
class RelationColumn:
    """A column that a relation offers. `expr` is what a reference to it becomes; `starred` says
    that it is one of those that `*` stands for."""

    name: str
    expr: Expr
    starred: bool = True


@dataclass(slots=True)
class Relation:
    """Something in FROM. `alias` is DuckDB's, `names` are ClickHouse's (`t`, `db.t`, alias)."""

    alias: str
    names: tuple[str, ...]
    columns: list[RelationColumn]
    parts: list[Relation] = field(default_factory=list, kw_only=True)
    """The relations inside, as they show through this one: what `t.column` may still name."""


@dataclass(slots=True)
class TableRelation(Relation):
    """A stored table (or any ready DuckDB relation text)."""

    text: str
    table: str = ""
    """ClickHouse's name of the table."""
    sample: Expr | None = None
    """The condition that SAMPLE puts on its rows."""


@dataclass(slots=True)
class SharedQuery:
    """A CTE, node or pipe, bound once. DuckDB's text repeats it under `name` if it is read more
    than once, and always if it reads itself."""

    name: str
    query: BoundQuery
    uses: int = 0
    is_recursive: bool = False


@dataclass(slots=True)
class QueryRelation(Relation):
    """A subquery, a node, a pipe, a CTE."""

    query: BoundQuery
    shared: SharedQuery | None = None


@dataclass(slots=True)
class JoinRelation(Relation):
    """Two relations joined. Its columns are what the outside sees (defaults filled)."""

    kind: str
    """`INNER LEFT RIGHT FULL CROSS PASTE`."""
    strictness: str | None
    left: Relation
    right: Relation
    on: Expr | None
    left_keys: list[Expr] = field(default_factory=list)
    right_keys: list[Expr] = field(default_factory=list)
    """The sides of the equalities in `on`, pairwise."""
    using: tuple[str, ...] = ()
    left_filters: list[Expr] = field(default_factory=list)
    right_filters: list[Expr] = field(default_factory=list)
    """The conditions in `on` that read one side only."""
    is_each: bool = False
    """Whether each row of the left has a first row of the right of its own: `on` compares."""


@dataclass(slots=True)
class FunctionRelation(Relation):
    """A table function: DuckDB text with `{0}`, `{1}`… for its arguments."""

    template: str
    args: list[Expr]


@dataclass(slots=True)
class ValuesRelation(Relation):
    """`values(…)`: rows of expressions; DuckDB's columns are called `c0`, `c1`…"""

    types: list[DataType]
    rows: list[list[Expr]]


@dataclass(slots=True)
class ArrayJoinRelation(Relation):
    """`source [LEFT] ARRAY JOIN arrays`; element columns are among its own columns, and are
    DuckDB's `e0`, `e1`…"""

    source: Relation
    left: bool
    arrays: list[tuple[str, Expr]]
    """(ClickHouse's name of the element column, array)."""


@dataclass(slots=True)
class FillKey:
    """WITH FILL of one ORDER BY key: constants of the key's type. A step may be an Interval."""

    key: int
    """Its place in ORDER BY."""
    from_: Expr | None
    to: Expr | None
    step: Expr
    staleness: Expr | None


@dataclass(slots=True)
class Fill:
    """ORDER BY … WITH FILL: its keys, and what INTERPOLATE gives the rows that are made."""

    keys: list[FillKey]
    interpolate: dict[int, Expr | None]
    """Column of the answer → its value from the row before, whose columns are those of the
    relation `FILL_ROW` under DuckDB's names; None: the same value."""


FILL_ROW = "_row"


@dataclass(slots=True)
class BoundSelect:
    """One SELECT, bound."""

    columns: list[OutputColumn]
    source: Relation | None = None
    array_joins: list[ArrayJoinCall] = field(default_factory=list)
    where: Expr | None = None
    group_by: list[Expr] | None = None
    """None: not aggregated; []: one group of all rows."""
    is_keyed: bool = False
    """Whether there is a GROUP BY: then there is no group where there are no rows."""
    grouping: str | None = None
    grouping_sets: list[list[Expr]] | None = None
    with_totals: bool = False
    having: Expr | None = None
    qualify: Expr | None = None
    distinct: bool = False
    distinct_on: list[Expr] = field(default_factory=list)
    order_by: list[OrderKey] = field(default_factory=list)
    fill: Fill | None = None
    limit_by: tuple[Expr, Expr | None, list[Expr]] | None = None
    limit: Expr | None = None
    offset: Expr | None = None
    with_ties: bool = False


@dataclass(slots=True)
class BoundSet:
    """UNION, EXCEPT, INTERSECT of queries whose columns were brought to common types."""

    operator: str
    columns: list[OutputColumn]
    left: BoundQuery
    right: BoundQuery


BoundQuery = BoundSelect | BoundSet


def contains(expr: Expr, *kinds: type[Expr]) -> bool:
    """Whether an expression of one of the kinds is in it; does not look into subqueries."""
    return any(isinstance(e, kinds) for e in expr.walk())


def relation_aliases(relation: Relation) -> set[str]:
    """DuckDB's aliases of everything inside a relation."""
    found = {relation.alias}
    if isinstance(relation, JoinRelation):
        found |= relation_aliases(relation.left) | relation_aliases(relation.right)
    elif isinstance(relation, ArrayJoinRelation):
        found |= relation_aliases(relation.source)
    return found


def queries_inside(relation: Relation) -> int:
    """How many queries stand in FROM, at any depth, and in the queries there."""
    if isinstance(relation, JoinRelation):
        return queries_inside(relation.left) + queries_inside(relation.right)
    if isinstance(relation, ArrayJoinRelation):
        return queries_inside(relation.source)
    if not isinstance(relation, QueryRelation):
        return 0
    return 1 + _queries_of(relation.query)


def _queries_of(query: BoundQuery) -> int:
    """How many queries a SELECT reads from, or stand in its conditions and columns."""
    if isinstance(query, BoundSet):
        return _queries_of(query.left) + _queries_of(query.right)
    count = 0 if query.source is None else queries_inside(query.source)
    exprs = [column.expr for column in query.columns]
    for expr in (*exprs, query.where, query.having):
        for part in expr.walk() if expr is not None else ():
            if isinstance(part, InQuery | ScalarQuery | ExistsQuery):
                count += (2 if isinstance(part, ExistsQuery) else 1) + _queries_of(part.query)
    return count
