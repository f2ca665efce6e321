"""One SELECT as DuckDB's text: what DuckDB's clauses do not do as ClickHouse does, from others.

| ClickHouse | here |
|---|---|
| keys missing from a grouping set are defaults | `coalesce` around the key, outside GROUP BY |
| a key with a subquery in it | computed beside FROM, in a LATERAL |
| `LIMIT n BY` | `row_number()` over the keys, in QUALIFY |
| `LIMIT n WITH TIES` | `rank()` over the sort keys, in QUALIFY |
| WITH FILL | see `fill` |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import tree
from mini_tb.sql.duckdb.fill import filled
from mini_tb.sql.functions.comparison import truth
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.types.duckdb import quote_identifier

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering

_SUBQUERIES = (tree.ScalarQuery, tree.InQuery, tree.ExistsQuery)


def lower_select(low: Lowering, query: tree.BoundSelect) -> str:
    """DuckDB text of a SELECT; its columns have their `duck_name`s."""
    source = [] if query.source is None else [low.relation(query.source)]
    outer = low.substitutes
    low.substitutes = list(outer)
    for call in query.array_joins:
        if tree.contains(call.array, tree.Aggregate, tree.Window):
            # An array that is only there after grouping: its rows come with the answer's.
            low.substitutes.append((call, f"unnest({low.expr(call.array)})"))
        else:
            source.append(f"LATERAL (SELECT unnest({low.expr(call.array)}) AS v) AS aj{call.slot}")
    group_by = _group_by(low, query, source)
    items = []
    for column in query.columns:
        assert column.expr is not None
        items.append(f"{low.expr(column.expr)} AS {quote_identifier(column.duck_name)}")
    distinct = ""
    if query.distinct_on:
        distinct = f"DISTINCT ON ({', '.join(low.expr(e) for e in query.distinct_on)}) "
    elif query.distinct:
        distinct = "DISTINCT "
    parts = [f"SELECT {distinct}{', '.join(items)}"]
    if source:
        parts.append("FROM " + ", ".join(source))
    if query.where is not None:
        parts.append(f"WHERE {truth(query.where, low.expr(query.where))}")
    parts.extend(group_by)
    if query.having is not None:
        parts.append(f"HAVING {truth(query.having, low.expr(query.having))}")
    order_by = [low.order_key(key) for key in query.order_by]
    qualify = _qualify(low, query, order_by)
    if qualify:
        parts.append("QUALIFY " + " AND ".join(qualify))
    if query.fills:
        text = filled(low, query, " ".join(parts))
        parts = [text]
    elif order_by:
        parts.append("ORDER BY " + ", ".join(order_by))
    if query.limit is not None and not query.with_ties:
        parts.append(f"LIMIT {low.expr(query.limit)}")
    if query.offset is not None and not query.with_ties:
        parts.append(f"OFFSET {low.expr(query.offset)}")
    low.substitutes = outer
    return " ".join(parts)


def _group_by(low: Lowering, query: tree.BoundSelect, source: list[str]) -> list[str]:
    """The GROUP BY clause; arranges what the keys become outside it."""
    if not query.group_by:
        return []
    keys = [key for key in query.group_by if not tree.is_constant(key)]
    texts: dict[int, str] = {}
    for index, key in enumerate(keys):
        if tree.contains(key, *_SUBQUERIES):
            alias = f"g{index}"
            source.append(f"LATERAL (SELECT {low.expr(key)} AS v) AS {alias}")
            texts[index] = f"{alias}.v"
            low.substitutes.append((key, texts[index]))
        else:
            texts[index] = low.expr(key)
    clause = ", ".join(texts.values())
    if query.grouping_sets is not None:
        sets = [
            "(" + ", ".join(texts[keys.index(key)] for key in items if key in keys) + ")"
            for items in query.grouping_sets
        ]
        clause = f"GROUPING SETS ({', '.join(sets)})"
    elif query.grouping is not None:
        clause = f"{query.grouping} ({clause})"
    if query.grouping_sets is not None or query.grouping is not None:
        for index, key in enumerate(keys):
            default = zero(key.type)
            if default is not None:
                filled_key = f"coalesce({texts[index]}, {literal(default, key.type)})"
                low.substitutes.append((key, filled_key))
    return [f"GROUP BY {clause}"] if keys else []


def _qualify(low: Lowering, query: tree.BoundSelect, order_by: list[str]) -> list[str]:
    """QUALIFY, LIMIT BY and LIMIT WITH TIES as conditions on windows."""
    conditions: list[str] = []
    if query.qualify is not None:
        conditions.append(truth(query.qualify, low.expr(query.qualify)))
    order = f" ORDER BY {', '.join(order_by)}" if order_by else ""
    if query.limit_by is not None:
        count, offset, keys = query.limit_by
        partition = ", ".join(low.expr(key) for key in keys if not tree.is_constant(key))
        over = f"PARTITION BY {partition}{order}" if partition else order.strip()
        first = low.expr(offset) if offset is not None else "0"
        number = f"row_number() OVER ({over})"
        conditions.append(f"{number} > {first} AND {number} <= {first} + {low.expr(count)}")
    if query.with_ties and query.limit is not None:
        limit = low.expr(query.limit)
        if query.offset is not None:
            skip = low.expr(query.offset)
            conditions.append(f"row_number() OVER ({order.strip()}) > {skip}")
            limit = f"{skip} + {limit}"
        conditions.append(f"rank() OVER ({order.strip()}) <= {limit}")
    return conditions
