"""What is computed once a row beforehand: what is drawn at random, and subqueries in lambdas.

Calls of one function with the same arguments are one value of a row in ClickHouse: `rand() =
rand()`, and so is what WHERE, ORDER BY and the answer say of `rand() AS r`. DuckDB draws anew at
each place, and draws nothing in the clauses of a window. So it is drawn in FROM, as a column beside
the others, or beside the groups. A lambda that draws without regard to its element draws once too.
The same is done of what DuckDB does not take where ClickHouse does: subqueries in lambdas, and in
conditions and groups what looks at the rows around.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mini_tb.sql import tree
from mini_tb.types import NOTHING, array

_REPEATING = (tree.Aggregate, tree.Window, tree.LambdaExpr)
"""What computes its parts more than once, or takes none that are drawn."""


_AROUND = frozenset(
    (
        "neighbor",
        "rowNumberInAllBlocks",
        "rowNumberInBlock",
        "runningDifference",
        "runningDifferenceStartingWithFirstValue",
    )
)
"""Functions that look at the rows around, in the order in which they come."""


def seen_around(query: tree.BoundSelect) -> tuple[list[tree.Expr], list[tree.Expr]]:
    """What a SELECT looks for in the rows around: in its condition, and in its groups."""
    where = [] if query.where is None else [query.where]
    groups: list[tree.Expr] = []
    if query.group_by is not None:
        used = [*_answered(query), *_partitioned(query)]
        aggregates = (part for e in used for part in e.walk() if isinstance(part, tree.Aggregate))
        groups = [*query.group_by, *aggregates]
    before = _around(where)
    return before, [call for call in _around(groups) if call not in before]


def _around(exprs: Iterable[tree.Expr]) -> list[tree.Expr]:
    found: list[tree.Expr] = []
    for part in (part for expr in exprs for part in expr.walk()):
        if isinstance(part, tree.Call) and part.function.name in _AROUND and part not in found:
            found.append(part)
    return found


def drawn_of_rows(query: tree.BoundSelect) -> list[tree.Expr]:
    """What must be drawn before a SELECT filters or groups its rows."""
    where = [] if query.where is None else [query.where]
    arrays = [call.array for call in query.array_joins]
    if query.group_by is None:
        return _drawn([*where, *_answered(query)], [*arrays, *_partitioned(query)])
    used = [*_answered(query), *_partitioned(query)]
    aggregates = [part for e in used for part in e.walk() if isinstance(part, tree.Aggregate)]
    return _drawn([*where, *query.group_by, *aggregates], arrays)


def drawn_of_groups(query: tree.BoundSelect, of_rows: list[tree.Expr]) -> list[tree.Expr]:
    """What must be drawn once a group, beside its keys and aggregates, and beside what is drawn of
    its rows."""
    if query.group_by is None:
        return []
    return _drawn(_answered(query), _partitioned(query), of_rows, query.group_by)


def _answered(query: tree.BoundSelect) -> Iterator[tree.Expr]:
    yield from (column.expr for column in query.columns if column.expr is not None)
    yield from (key.expr for key in query.order_by)
    yield from (part for part in (query.having, query.qualify) if part is not None)


def _partitioned(query: tree.BoundSelect) -> list[tree.Expr]:
    """What rows are told apart by."""
    return query.distinct_on + (query.limit_by[2] if query.limit_by is not None else [])


def _drawn(
    exprs: Iterable[tree.Expr],
    repeated: Iterable[tree.Expr],
    known: Iterable[tree.Expr] = (),
    keys: Sequence[tree.Expr] | None = None,
) -> list[tree.Expr]:
    """What is drawn in several of the expressions (once where it is `known` already), or where
    DuckDB does not draw it once. With `keys`, outside of them and of aggregates."""
    once, found = [*known], list[tree.Expr]()
    for expr in exprs:
        for draw, is_repeated in _draws(expr, keys):
            (found if is_repeated or draw in once else once).append(draw)
    found += (draw for expr in repeated for draw, _is_repeated in _draws(expr, keys))
    return [draw for i, draw in enumerate(found) if draw not in found[:i]]


def _draws(
    expr: tree.Expr,
    keys: Sequence[tree.Expr] | None = None,
    *,
    is_repeated: bool = False,
    in_lambda: bool = False,
) -> Iterator[tuple[tree.Expr, bool]]:
    if keys is not None and (isinstance(expr, tree.Aggregate) or expr in keys):
        return
    if isinstance(expr, tree.Call) and expr.function.draws:
        if (expr.function.per_row or in_lambda) and not tree.contains(
            expr, tree.Local, tree.Window
        ):
            yield expr, is_repeated
        return
    if in_lambda and isinstance(expr, tree.ScalarQuery | tree.InQuery | tree.ExistsQuery):
        yield members(expr) if isinstance(expr, tree.InQuery) else expr, True
    is_repeated = is_repeated or isinstance(expr, _REPEATING)
    in_lambda = in_lambda or isinstance(expr, tree.LambdaExpr)
    for child in expr.children():
        yield from _draws(child, keys, is_repeated=is_repeated, in_lambda=in_lambda)


def members(expr: tree.InQuery) -> tree.MembersQuery:
    """The values that `IN` looks for another among, inside of a lambda."""
    return tree.MembersQuery(array(NOTHING), expr.query)
