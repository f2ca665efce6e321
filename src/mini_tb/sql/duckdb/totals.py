"""WITH TOTALS: one more row, the aggregates of all rows, with defaults for the keys.

The groups that HAVING leaves out are not in it. It shows through a SELECT that only computes its
columns from such an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import tree
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.duckdb.draws import drawn_of_rows
from mini_tb.sql.duckdb.relations import aliases, gathered, lower_relation, unnested
from mini_tb.sql.functions.aggregates.rows import is_unnesting
from mini_tb.sql.functions.carrier import carrier
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.logic import truth
from mini_tb.types.duckdb import quote_identifier

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering


def lower_totals(low: Lowering, query: tree.BoundQuery) -> str | None:
    """DuckDB text of the row of totals, with the columns of `query`; None if it has none."""
    if not isinstance(query, tree.BoundSelect):
        return None
    if query.with_totals:
        return _totals(low, query)
    source = query.source
    is_projection = (
        isinstance(source, tree.QueryRelation)
        and query.group_by is None
        and query.where is None
        and not query.array_joins
    )
    if not is_projection or not isinstance(source, tree.QueryRelation):
        return None
    inner = lower_totals(low, source.query)
    return (
        None if inner is None else f"SELECT {_items(low, query)} FROM ({inner}) AS {source.alias}"
    )


def _totals(low: Lowering, query: tree.BoundSelect) -> str:
    before, low.substitutes = low.substitutes, [*low.substitutes]
    sources, around, conditions = _rows(low, query)
    if draws := drawn_of_rows(query):
        names = [low.fresh("drawn") for _draw in draws]
        texts = [low.expr(draw) for draw in draws]
        inside = f"FROM {', '.join(sources)}" if sources else ""
        sources = [gathered(around, inside, names, texts)]
        low.substitutes += zip(draws, names, strict=True)
    keys = [key for key in query.group_by or [] if not is_constant(key)]
    if query.having is not None:
        conditions.append(_kept(low, query))
    outer = low.substitutes
    aggregates = [
        (part, low.expr(part))
        for column in query.columns
        if column.expr is not None
        for part in column.expr.walk()
        if isinstance(part, tree.Aggregate)
    ]
    if any(is_unnesting(sql) for _part, sql in aggregates):  # which cannot stand in a lambda
        alias = low.fresh("t")
        inner = ", ".join(f"{sql} AS v{i}" for i, (_part, sql) in enumerate(aggregates))
        sources = [f"({' '.join([f'SELECT {inner}', *_from(sources, conditions)])}) AS {alias}"]
        conditions = []
        aggregates = [(part, f"{alias}.v{i}") for i, (part, _sql) in enumerate(aggregates)]
    defaults = [(key, literal(zero(key.type), carrier(key.type))) for key in keys]
    low.substitutes = [*outer, *defaults, *aggregates]  # aggregates see the rows' own keys
    text = f"SELECT {_items(low, query)}"
    low.substitutes = before
    if not any(tree.contains(c.expr, tree.Aggregate) for c in query.columns if c.expr is not None):
        return text
    return " ".join([text, *_from(sources, conditions)])


def _from(sources: list[str], conditions: list[str]) -> list[str]:
    """FROM and WHERE, where there is something to say in them."""
    found = [f"FROM {', '.join(sources)}"] if sources else []
    return [*found, f"WHERE {' AND '.join(conditions)}"] if conditions else found


def _rows(low: Lowering, query: tree.BoundSelect) -> tuple[list[str], list[str], list[str]]:
    """What stands in FROM, the aliases there, and what stands in WHERE."""
    source = [] if query.source is None else [lower_relation(low, query.source)]
    sources, around = unnested(low, source, aliases(query.source), query.array_joins)
    where = [] if query.where is None else [low.filter(query.where)]
    return sources, around, where


def _kept(low: Lowering, query: tree.BoundSelect) -> str:
    """That a row's group is one that HAVING keeps."""
    assert query.having is not None
    keys = [key for key in query.group_by or [] if not is_constant(key)]
    texts = [low.expr(key) for key in keys]
    sources, _around, where = _rows(low, query)
    alias = low.fresh("h")
    names = [f"k{i}" for i in range(len(keys))]
    items = ", ".join(f"{text} AS {name}" for text, name in zip(texts, names, strict=True)) or "1"
    groups = f"SELECT {items} FROM {', '.join(sources)}"
    if where:
        groups += f" WHERE {' AND '.join(where)}"
    if texts:
        groups += f" GROUP BY {', '.join(texts)}"
    groups += f" HAVING {truth(query.having, low.expr(query.having))}"
    same = " AND ".join(
        f"{alias}.{name} IS NOT DISTINCT FROM {text}"
        for name, text in zip(names, texts, strict=True)
    )
    return f"EXISTS (SELECT 1 FROM ({groups}) AS {alias} WHERE {same or 'TRUE'})"


def _items(low: Lowering, query: tree.BoundSelect) -> str:
    return ", ".join(
        f"{low.expr(column.expr)} AS {quote_identifier(column.duck_name)}"
        for column in query.columns
        if column.expr is not None
    )
