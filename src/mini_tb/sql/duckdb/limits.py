"""LIMIT, OFFSET, WITH TIES and LIMIT BY as DuckDB's clauses, and as conditions on windows.

A LIMIT below zero takes rows from the end, an OFFSET below zero leaves them out there; a number
between 0 and 1 is a share of the rows, rounded up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.sql import tree
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.functions.convert_number import without_effects

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering


class Bounds:
    """What the limits of one SELECT are in DuckDB's text."""

    def __init__(self, low: Lowering, query: tree.BoundSelect) -> None:
        self.low = low
        self.query = query

    @property
    def are_plain(self) -> bool:
        """Whether LIMIT and OFFSET are numbers of rows from the start."""
        query = self.query
        return not query.with_ties and _is_plain(query.limit) and _is_plain(query.offset)

    def clauses(self) -> list[str]:
        """LIMIT and OFFSET."""
        low, query = self.low, self.query
        if not self.are_plain:
            return []
        found = []
        if query.limit is not None:
            found.append(f"LIMIT {low.expr(query.limit)}")
        if query.offset is not None:
            found.append(f"OFFSET {low.expr(query.offset)}")
        return found

    def limit(self) -> list[str]:
        """LIMIT and OFFSET as conditions."""
        query, ordered = self.query, self.ordered()
        return self.within(query.limit, query.offset, ordered, "", ties=query.with_ties)

    def limit_by(self, clause: tuple[tree.Expr, tree.Expr | None, list[tree.Expr]]) -> list[str]:
        """LIMIT BY as conditions."""
        count, offset, keys = clause
        texts = ", ".join(self.low.expr(key) for key in keys if not is_constant(key))
        partition = f"PARTITION BY {without_effects(texts)}" if texts else ""
        return self.within(count, offset, f"{partition} {self.ordered()}".strip(), partition)

    def ordered(self) -> str:
        """ORDER BY of a window over the answer."""
        order = self.low.order(self.query.order_by)
        return f"ORDER BY {without_effects(order)}" if order else ""

    def within(
        self,
        limit: tree.Expr | None,
        offset: tree.Expr | None,
        over: str,
        partition: str,
        *,
        ties: bool = False,
    ) -> list[str]:
        """Conditions on a row's number among those of its partition."""
        number = f"row_number() OVER ({over})"
        count = f"count(*) OVER ({partition})"
        # The rows that OFFSET leaves are those from `first` (excluded) to `last`.
        first, last = "0", count
        conditions: list[str] = []
        if offset is not None:
            rows, from_end = self.rows(offset, count)
            if from_end:
                last = f"({count} - {rows})"
                conditions.append(f"{number} <= {last}")
            else:
                first = rows
                conditions.append(f"{number} > {first}")
        if limit is None:
            return conditions
        rows, from_end = self.rows(limit, count)
        if ties:
            way = f"rank() OVER ({over})" if not from_end else self.rank_from_end()
            end = f"{count} - {last} + {rows}" if from_end else f"{first} + {rows}"
            return [*conditions, f"{way} <= {end}"]
        if from_end:
            return [*conditions, f"{number} > {last} - {rows}"]
        return [*conditions, f"{number} <= {first} + {rows}"]

    def rank_from_end(self) -> str:
        """The rank of a row when the order is turned around."""
        keys = [
            tree.OrderKey(key.expr, not key.descending, not key.nulls_first)
            for key in self.query.order_by
        ]
        return f"rank() OVER (ORDER BY {without_effects(self.low.order(keys))})"

    def rows(self, expr: tree.Expr, count: str) -> tuple[str, bool]:
        """How many rows a LIMIT or OFFSET means, and whether they are counted from the end."""
        value = expr.value if isinstance(expr, tree.Const) else None
        if _is_share(value):
            return f"CAST(ceil({value!r} * {count}) AS BIGINT)", False
        if value is not None and value < 0:
            return str(int(-value)), True
        if isinstance(expr, tree.Call) and expr.function.name == "negate":
            return f"CAST({self.low.expr(expr.args[0])} AS BIGINT)", True
        return f"CAST({self.low.expr(expr)} AS BIGINT)", False


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 < value < 1


def _is_plain(expr: tree.Expr | None) -> bool:
    if isinstance(expr, tree.Const):
        return not _is_share(expr.value) and expr.value >= 0
    return not (isinstance(expr, tree.Call) and expr.function.name == "negate")
