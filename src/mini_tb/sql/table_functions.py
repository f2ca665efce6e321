"""Table functions: `numbers(n)`, …"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.diagnostics import nearest
from mini_tb.sql import syntax
from mini_tb.sql.bind_expression import ExpressionBinder
from mini_tb.sql.errors import query_error
from mini_tb.sql.functions.function import integer
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import Column, Relation, RelationColumn, TableRelation
from mini_tb.types import UINT64

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

KNOWN = ("numbers", "numbers_mt")


def bind_table_function(item: syntax.TableFunction, scope: Scope, queries: QueryBinder) -> Relation:
    """The relation of a table function in FROM."""
    if item.name not in KNOWN:
        known = nearest(item.name, KNOWN)
        raise query_error(
            "SQ230",
            f"table function `{item.name}` is not supported",
            scope.fragment,
            item.start,
            item.end,
            number=46,
            hint=f"did you mean `{known}`?" if known else "the ClickHouse engine runs it",
        )
    binder = ExpressionBinder(scope, queries)
    numbers = [integer(binder.bind(arg)) for arg in item.args if isinstance(arg, syntax.Expression)]
    start, count = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    alias = queries.fresh("t")
    text = f"(SELECT CAST(range AS UBIGINT) AS number FROM range({start}, {start + count}))"
    return TableRelation(
        alias,
        (item.alias,) if item.alias else (),
        [RelationColumn("number", Column(UINT64, alias, "number"))],
        text,
    )
