"""The syntax tree of a ClickHouse query, as the parser gives it: nothing is resolved yet.

Operators are calls of the functions that they stand for, exactly as ClickHouse's own parser has it
(`a + b` is `plus(a, b)`, `x[1]` is `arrayElement(x, 1)`, `CASE` is `multiIf` or
`caseWithExpression`, `INTERVAL 1 DAY` is `toIntervalDay(1)`, `x::T` is `CAST(x, 'T')`), because a
column without alias is named after that form. Every node has `start` and `end`, offsets into the
query's text.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any
from typing import Literal as OneOf

from mini_tb.dataclass import dataclass


@dataclass(slots=True)
class Node:
    """Anything in the tree; [start, end) are offsets into the query text."""

    start: int
    end: int


# Expressions -----------------------------------------------------------------------------


@dataclass(slots=True)
class Expression(Node):
    """An expression; `alias` is set by `expr AS name`, at any depth."""

    alias: str | None = field(default=None, kw_only=True)


@dataclass(slots=True)
class Constant(Expression):
    """A literal: int, float, str, bool, None. `text` is as written (numbers keep their spelling).

    Numbers too large for UInt64 are floats, as in ClickHouse.
    """

    value: int | float | str | bool | None
    text: str


@dataclass(slots=True)
class Name(Expression):
    """`a`, `t.a`, `db.t.a`, `tuple.element`: the dotted parts, unquoted."""

    parts: tuple[str, ...]


@dataclass(slots=True)
class Parameter(Expression):
    """`{name:Type}`: a value that is bound; the type is ClickHouse type text."""

    name: str
    type: str


@dataclass(slots=True)
class Call(Expression):
    """`name(params)(args)`; `params` is None where there is one pair of parentheses only.

    `name` keeps the spelling of the text. `operator` says that it was written as an operator
    (`a + b`, `[1, 2]`, `(1, 2)`, `CASE`, `x::T`…), not as a call. `text` is the source text of a
    literal in brackets that is cast with `::`: a column is named after it.
    """

    name: str
    args: list[Expression]
    params: list[Expression] | None = None
    distinct: bool = False
    filter: Expression | None = None
    over: WindowSpec | str | None = None
    null_treatment: OneOf["RESPECT NULLS", "IGNORE NULLS"] | None = None
    operator: bool = False
    text: str | None = None


def is_literal(node: Expression) -> bool:
    """Whether it is a literal, or brackets around nothing but literals."""
    if node.alias is not None:
        return False
    if isinstance(node, Constant):
        return True
    return (
        isinstance(node, Call)
        and node.operator
        and node.name in ("array", "tuple")
        and all(map(is_literal, node.args))
    )


@dataclass(slots=True)
class Lambda(Expression):
    """`(x, y) -> body`."""

    params: tuple[str, ...]
    body: Expression


@dataclass(slots=True)
class Subquery(Expression):
    """`(SELECT …)` as a value, as the right side of IN, or inside EXISTS."""

    query: Query


@dataclass(slots=True)
class Star(Expression):
    """`*`, `t.*`, `COLUMNS('regex')`, `t.COLUMNS(a, b)`, with transformers in their order.

    A transformer is `("EXCEPT", [names] or regex, None)`,
    `("REPLACE", [(name, expression)…], None)` or `("APPLY", function name or Lambda, params)`.
    """

    qualifier: tuple[str, ...] = ()
    pattern: str | None = None
    columns: tuple[str, ...] | None = None
    transformers: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(slots=True)
class WindowSpec(Node):
    """`([base] PARTITION BY … ORDER BY … frame)`."""

    partition_by: list[Expression]
    order_by: list[OrderItem]
    frame: Frame | None = None
    base: str | None = None


@dataclass(slots=True)
class Frame:
    """`ROWS|RANGE|GROUPS BETWEEN start AND end`; a bound is `(kind, expression or None)` with kind
    `UNBOUNDED PRECEDING`, `PRECEDING`, `CURRENT ROW`, `FOLLOWING`, `UNBOUNDED FOLLOWING`."""

    unit: str
    first: tuple[str, Expression | None]
    last: tuple[str, Expression | None]


# Queries ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Fill:
    """`WITH FILL [FROM a] [TO b] [STEP s] [STALENESS t]`."""

    from_: Expression | None = None
    to: Expression | None = None
    step: Expression | None = None
    staleness: Expression | None = None


@dataclass(slots=True)
class OrderItem(Node):
    """One item of ORDER BY. `nulls_first` is None where the query does not say: they are last."""

    expression: Expression
    descending: bool = False
    nulls_first: bool | None = None
    collate: str | None = None
    fill: Fill | None = None


@dataclass(slots=True)
class CTE(Node):
    """`name AS (SELECT …)` in WITH; `columns` are its optional column names."""

    name: str
    query: Query
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class TableName(Node):
    """A table, view, node, CTE … by name."""

    parts: tuple[str, ...]
    alias: str | None = None
    columns: tuple[str, ...] = ()
    final: bool = False
    sample: tuple[Expression, Expression | None] | None = None


@dataclass(slots=True)
class TableFunction(Node):
    """`numbers(10)`, `values('a Int32', (1))` …"""

    name: str
    args: list[Expression | Query]
    alias: str | None = None
    columns: tuple[str, ...] = ()
    final: bool = False


@dataclass(slots=True)
class TableQuery(Node):
    """`(SELECT …) AS alias` in FROM."""

    query: Query
    alias: str | None = None
    columns: tuple[str, ...] = ()
    final: bool = False


TableItem = TableName | TableFunction | TableQuery


@dataclass(slots=True)
class Join(Node):
    """`[strictness] kind JOIN table ON … | USING …`; a comma is kind `COMMA`.

    kind: `INNER LEFT RIGHT FULL CROSS COMMA PASTE`; strictness: `ALL ANY ASOF SEMI ANTI` or None.
    """

    kind: str
    strictness: str | None
    table: TableItem | JoinTree
    on: Expression | None = None
    using: list[Expression] | None = None


@dataclass(slots=True)
class ArrayJoin(Node):
    """`[LEFT] ARRAY JOIN expr AS a, …`."""

    left: bool
    expressions: list[Expression]


@dataclass(slots=True)
class JoinTree(Node):
    """What stands in FROM: a first table, then joins and array joins from left to right."""

    first: TableItem | JoinTree
    rest: list[Join | ArrayJoin] = field(default_factory=list)


@dataclass(slots=True)
class LimitBy:
    """`LIMIT [offset,] count BY expressions`; `BY ALL` is `expressions` None."""

    count: Expression
    offset: Expression | None
    expressions: list[Expression] | None


@dataclass(slots=True)
class Select(Node):
    """One SELECT. Clauses that are absent are None or empty."""

    columns: list[Expression]
    with_expressions: list[Expression] = field(default_factory=list)
    """`WITH expr AS name`, and lambdas `WITH x -> … AS f`; unaliased ones too."""
    ctes: list[CTE] = field(default_factory=list)
    recursive: bool = False
    distinct: bool = False
    distinct_on: list[Expression] = field(default_factory=list)
    from_: JoinTree | None = None
    prewhere: Expression | None = None
    where: Expression | None = None
    group_by: list[Expression] = field(default_factory=list)
    group_by_all: bool = False
    grouping: OneOf["ROLLUP", "CUBE"] | None = None
    grouping_sets: list[list[Expression]] | None = None
    with_totals: bool = False
    having: Expression | None = None
    windows: dict[str, WindowSpec] = field(default_factory=dict)
    qualify: Expression | None = None
    order_by: list[OrderItem] = field(default_factory=list)
    order_by_all: bool = False
    interpolate: list[tuple[str, Expression | None]] | None = None
    """`INTERPOLATE (a AS expr, b)`; an empty list is INTERPOLATE of every column."""
    limit_by: LimitBy | None = None
    limit: Expression | None = None
    offset: Expression | None = None
    with_ties: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class SetOperation(Node):
    """`left OP right`, with OP one of `UNION ALL`, `UNION DISTINCT`, `EXCEPT`, `EXCEPT DISTINCT`,
    `INTERSECT`, `INTERSECT DISTINCT`."""

    operator: str
    left: Query
    right: Query
    ctes: list[CTE] = field(default_factory=list)


Query = Select | SetOperation


@dataclass(slots=True)
class Statement(Node):
    """A whole text: one query, and what follows it (`FORMAT`, outer `SETTINGS`)."""

    query: Query
    format: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
