"""ORDER BY … WITH FILL: the rows that are missing between those there are.

The last of the keys with FILL is stepped through, for every value of the keys before it; rows that
the series has and the answer lacks are added, with each column's default or, by INTERPOLATE, the
value of the row before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import tree
from mini_tb.sql.errors import QueryError
from mini_tb.sql.functions.datetime_shift import duck_interval
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.types import DataType, to_duckdb
from mini_tb.types.duckdb import quote_identifier

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering


def refused(what: str) -> QueryError:
    """WITH FILL in a form that is not done here."""
    from mini_tb.diagnostics import Diagnostic

    hint = "the ClickHouse engine runs it"
    return QueryError(Diagnostic("SQ223", f"{what} is not supported", hint=hint), 48)


def filled(low: Lowering, query: tree.BoundSelect, text: str) -> str:
    """The SELECT's text with the missing rows, ordered."""
    fill = query.fills[-1]
    if len(query.fills) > 1:
        raise refused("WITH FILL of more than one key")
    if fill.staleness is not None:
        raise refused("WITH FILL STALENESS")
    positions = [_position(query, key) for key in query.order_by]
    key = query.order_by[fill.key]
    names = [f"b.{quote_identifier(c.duck_name)}" for c in query.columns]
    name = names[positions[fill.key]]
    prefix = [names[i] for i in positions[: fill.key]]
    step = _step(low, fill.step, key.expr.type, key.descending)
    first, last = ("max", "min") if key.descending else ("min", "max")
    duck = to_duckdb(key.expr.type)
    start = f"CAST({low.expr(fill.from_)} AS {duck})" if fill.from_ else f"{first}({name})"
    if fill.to is not None:
        end = f"CAST({low.expr(fill.to)} AS {duck})"
        beyond = f"s.x {'>' if key.descending else '<'} {end}"
    else:
        end = f"{last}({name})"
        beyond = "TRUE"
    numeric = "BIGINT" if key.expr.type.is_integer else duck
    if key.expr.type.is_date_or_datetime:
        numeric = "TIMESTAMP"
    series = (
        f"unnest(generate_series(CAST({start} AS {numeric}), CAST({end} AS {numeric}), {step}))"
    )
    group = f" GROUP BY {', '.join(prefix)}" if prefix else ""
    prefixed = "".join(f", {p} AS p{i}" for i, p in enumerate(prefix))
    grid = f"SELECT {series} AS x{prefixed} FROM base AS b{group}"
    same = " AND ".join(
        [f"{name} IS NOT DISTINCT FROM CAST(s.x AS {duck})"]
        + [f"{p} IS NOT DISTINCT FROM s.p{i}" for i, p in enumerate(prefix)]
    )
    interpolated = dict(query.interpolate or ())
    if query.interpolate == []:
        interpolated = {i: None for i in range(len(query.columns)) if i not in positions}
    items: list[str] = []
    for i, c in enumerate(query.columns):
        if i == positions[fill.key]:
            value = f"CAST(s.x AS {to_duckdb(c.type)})"
        elif i in positions[: fill.key]:
            value = f"s.p{positions.index(i)}"
        elif i in interpolated:
            value = f"CAST(NULL AS {to_duckdb(c.type)})"
        else:
            value = literal(zero(c.type), c.type)
        items.append(f"{value} AS {quote_identifier(c.duck_name)}")
    absent = (
        f"SELECT {', '.join(items)}, TRUE AS made FROM ({grid}) AS s "
        f"WHERE {beyond} AND NOT EXISTS (SELECT 1 FROM base AS b WHERE {same})"
    )
    order = ", ".join(
        f"b.{quote_identifier(query.columns[p].duck_name)} {'DESC' if k.descending else 'ASC'} "
        f"NULLS {'FIRST' if k.nulls_first else 'LAST'}"
        for p, k in zip(positions, query.order_by, strict=True)
    )
    shown = []
    for i, (c, n) in enumerate(zip(query.columns, names, strict=True)):
        value = n
        if i in interpolated:
            if interpolated[i] is not None:
                raise refused("INTERPOLATE with an expression")
            before = (
                f"last_value({n} IGNORE NULLS) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING)"
            )
            value = f"CASE WHEN b.made THEN coalesce({before}, {literal(zero(c.type), c.type)})"
            value += f" ELSE {n} END"
        shown.append(f"{value} AS {quote_identifier(c.duck_name)}")
    return (
        f"WITH base AS MATERIALIZED ({text}), "
        f"every AS (SELECT *, FALSE AS made FROM base UNION ALL {absent}) "
        f"SELECT {', '.join(shown)} FROM every AS b ORDER BY {order}"
    )


def _position(query: tree.BoundSelect, key: tree.OrderKey) -> int:
    """The column of the answer that a sort key is."""
    for i, column in enumerate(query.columns):
        if column.expr == key.expr:
            return i
    raise refused("WITH FILL of a key that is not a column of the answer")


def _step(low: Lowering, step: tree.Expr | None, key: DataType, descending: bool) -> str:
    """The step of `generate_series`: a number, or an INTERVAL for dates and times."""
    sign = "-" if descending and step is None else ""
    if key.is_date_or_datetime:
        unit, count = ("Day" if key.is_date else "Second"), f"{sign}1"
        if step is not None:
            count = low.expr(step)
            if step.type.is_interval:
                unit = str(step.type.params[0])
        return duck_interval(unit, f"CAST({count} AS BIGINT)")
    return f"{sign}1" if step is None else low.expr(step)
