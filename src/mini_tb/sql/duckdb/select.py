"""One SELECT as DuckDB's text: what DuckDB's clauses do not do as ClickHouse does, from others.

| ClickHouse | here |
|---|---|
| equal calls of random functions are one value | drawn in FROM, or beside the groups: see `draws` |
| keys missing from a grouping set are defaults | `coalesce` around the key, outside GROUP BY |
| a key with a subquery in it | computed beside FROM, in a LATERAL |
| GROUP BY of constants makes no group of no rows | `HAVING count(*) > 0` |
| `arrayJoin` of what groups or windows give | these are computed in a SELECT inside |
| DISTINCT comes before ORDER BY and LIMIT BY | it is computed in a SELECT inside |
| aggregates in lambdas, whose text is a subquery | computed in a SELECT inside |
| `LIMIT n BY` | `row_number()` over the keys, in QUALIFY |
| `LIMIT n WITH TIES` | `rank()` over the sort keys, in QUALIFY |
| LIMIT and OFFSET from the end, or of a share of the rows | `row_number()` and `count(*)` |
| WITH FILL | see `fill` |

What ClickHouse computes of the rows alone that ORDER BY and LIMIT leave, DuckDB computes of all. If
it is much, they are chosen in a SELECT inside, which has the columns that it is computed of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mini_tb.sql import tree
from mini_tb.sql.constancy import is_constant, is_fixed
from mini_tb.sql.duckdb.draws import drawn_of_groups, drawn_of_rows, seen_around
from mini_tb.sql.duckdb.fill import filled
from mini_tb.sql.duckdb.limits import Bounds
from mini_tb.sql.duckdb.relations import aliases, gathered, lower_relation, unnested
from mini_tb.sql.functions.aggregates.rows import is_unnesting
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.logic import truth
from mini_tb.types.duckdb import quote_identifier

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering

MUCH = 200
"""From so many characters on, what computes a column is much work; and where a function of ours,
whose names begin with `mt_`, is in it."""
_SUBQUERIES = (tree.ScalarQuery, tree.InQuery, tree.ExistsQuery)


def lower_select(low: Lowering, query: tree.BoundSelect) -> str:
    """DuckDB text of a SELECT; its columns have their `duck_name`s."""
    substitutes, keys = low.substitutes, low.keys
    low.substitutes, low.keys = list(substitutes), []
    try:
        return Select(low, query).text()
    finally:
        low.substitutes, low.keys = substitutes, keys


class Select:
    """The text of one SELECT, from the inside out."""

    def __init__(self, low: Lowering, query: tree.BoundSelect) -> None:
        self.low = low
        self.query = query
        self.sources: list[str] = []
        self.aliases = aliases(query.source)
        """Those that stand in them."""
        self.where: list[str] = []
        self.grouped: list[str] = []
        """GROUP BY and HAVING."""
        self.bounds = Bounds(low, query)

    def text(self) -> str:
        low, query = self.low, self.query
        if query.source is not None:
            self.sources.append(lower_relation(low, query.source))
        later = _later_array_joins(query)
        early = [call for call in query.array_joins if not any(call is one for one in later)]
        before, behind = seen_around(query)
        draws = [*drawn_of_rows(query), *before]
        self.draw([d for d in draws if not tree.contains(d, tree.ArrayJoinCall)])
        self.unnest(early)
        self.draw([d for d in draws if tree.contains(d, tree.ArrayJoinCall)])
        if query.where is not None:
            self.where.append(low.filter(query.where))
        self.draw(behind)
        late = drawn_of_groups(query, draws)
        is_apart = self.has_aggregates_in_lambdas()
        self.group(has_having=not late and not is_apart)
        if is_apart:
            self.nest(later, [], _OF_GROUPS, None if late else query.having)
        if later or late:
            self.nest(later, late, _OF_ROWS, query.having if late else None)
            self.unnest(later)
        return self.finished()

    def unnest(self, calls: list[tree.ArrayJoinCall]) -> None:
        """Have the elements of `arrayJoin(…)`s beside the columns of FROM."""
        self.sources, self.aliases = unnested(self.low, self.sources, self.aliases, calls)

    def draw(self, draws: list[tree.Expr]) -> None:
        """Draw what is random beside the columns of FROM."""
        if draws:
            names = [self.low.fresh("drawn") for _draw in draws]
            texts = [self.low.expr(draw) for draw in draws]
            inside = f"FROM {', '.join(self.sources)}" if self.sources else ""
            if self.where:
                inside += f" WHERE {' AND '.join(self.where)}"
            self.sources = [gathered(self.aliases, inside, names, texts)]
            self.where = []
            self.low.substitutes += zip(draws, names, strict=True)

    def finished(self) -> str:
        """What follows the groups, in ClickHouse's order: QUALIFY, DISTINCT, LIMIT BY, WITH FILL,
        LIMIT. Where two of them are conditions on windows, the first is computed inside."""
        low, query, bounds = self.low, self.query, self.bounds
        conditions: list[str] = []
        if query.qualify is not None:
            conditions = [truth(query.qualify, low.expr(query.qualify))]
        distinct = ""
        if query.distinct or query.distinct_on:
            if self.distinct_is_last():
                distinct = self.distinct_on() if query.distinct_on else "DISTINCT "
            else:
                self.wrap(conditions, self.distinct_on())
                conditions = []
        if query.limit_by is not None:
            if conditions or self.orders_by_windows():
                self.wrap(conditions)
            conditions = bounds.limit_by(query.limit_by)
        if query.fill is not None:
            return " ".join([filled(low, query, query.fill, self, conditions), *bounds.clauses()])
        if not bounds.are_plain:
            if conditions or self.orders_by_windows():
                self.wrap(conditions)
            conditions = bounds.limit()
        items, clauses = self.items(), self.clauses()
        if not distinct and bounds.are_plain and self.computes_much(items):
            self.choose(conditions, clauses)
            items, clauses, conditions = self.items(), self.clauses()[:1], []
        return " ".join([self.core(items, distinct, conditions), *clauses])

    def clauses(self) -> list[str]:
        """ORDER BY, LIMIT and OFFSET."""
        order = self.low.order(self.query.order_by)
        return [*([f"ORDER BY {order}"] if order else []), *self.bounds.clauses()]

    def core(self, items: list[str], distinct: str = "", conditions: Sequence[str] = ()) -> str:
        """SELECT, FROM, WHERE, GROUP BY, HAVING, QUALIFY."""
        parts = [f"SELECT {distinct}{', '.join(items)}"]
        if self.sources:
            parts.append("FROM " + ", ".join(self.sources))
        if self.where:
            parts.append("WHERE " + " AND ".join(self.where))
        parts += self.grouped
        if conditions:
            parts.append("QUALIFY " + " AND ".join(conditions))
        return " ".join(parts)

    def items(self) -> list[str]:
        """The columns of the answer."""
        return [
            f"{self.low.expr(column.expr)} AS {quote_identifier(column.duck_name)}"
            for column in self.query.columns
            if column.expr is not None
        ]

    # Groups --------------------------------------------------------------------------------

    def group(self, *, has_having: bool) -> None:
        """GROUP BY and HAVING; arranges what the keys become outside of them. `has_having` is
        False if HAVING is left to what stands around."""
        low, query = self.low, self.query
        if query.group_by is None:
            return
        keys = list(query.group_by)
        if not self.has_sets:
            keys = [key for key in keys if not is_constant(key)]
        found = [self.key(key) for key in keys]
        # Each a constant of its own, and no number, which would be a column's position.
        texts = [f"[{i}]" if text is None else text for i, text in enumerate(found)]
        clause = self.clause(keys, texts)
        if clause:
            self.grouped.append(f"GROUP BY {clause}")
        elif not query.is_keyed:
            # Said aloud, since no aggregate may be left in the text: `toTypeName(sum(x))`.
            self.grouped.append("GROUP BY ()")
        low.keys = [*zip(keys, texts, strict=True)]
        low.keys += [(key, "1") for key in query.group_by if key not in keys]
        if self.has_sets:
            for key, text in zip(keys, found, strict=True):
                default = _default(key)
                if text is not None and default is not None:
                    low.substitutes.append((key, f"coalesce({text}, {default})"))
        conditions = []
        if query.is_keyed and (not keys or query.grouping is not None):
            conditions.append("count(*) > 0")  # DuckDB makes a group of no rows
        if query.having is not None and has_having:
            conditions.append(truth(query.having, low.expr(query.having)))
        if conditions:
            self.grouped.append(f"HAVING {' AND '.join(conditions)}")

    def key(self, key: tree.Expr) -> str | None:
        """DuckDB text of what is grouped by; None for a key of one value, that of every set."""
        low = self.low
        if is_fixed(key):
            return None
        if tree.contains(key, *_SUBQUERIES):
            alias = low.fresh("g")
            self.sources.append(f"LATERAL (SELECT {low.expr(key)} AS v) AS {alias}")
            low.substitutes.append((key, f"{alias}.v"))
            return f"{alias}.v"
        text = low.expr(key)
        return None if self.has_sets and text == _default(key) else text

    @property
    def has_sets(self) -> bool:
        """ROLLUP, CUBE or GROUPING SETS."""
        return self.query.grouping_sets is not None or self.query.grouping is not None

    def clause(self, keys: list[tree.Expr], texts: list[str]) -> str:
        """What stands after GROUP BY."""
        query = self.query
        if query.grouping_sets is not None:
            sets = (", ".join(texts[keys.index(k)] for k in items) for items in query.grouping_sets)
            return f"GROUPING SETS ({', '.join(f'({items})' for items in sets)})"
        listed = ", ".join(texts)
        return f"{query.grouping} ({listed})" if query.grouping and keys else listed

    # A SELECT inside -----------------------------------------------------------------------

    def has_aggregates_in_lambdas(self) -> bool:
        """Whether there is a lambda with an aggregate in it that is a subquery in DuckDB's text,
        or has a lambda of its own, which cannot stand there."""
        query = self.query
        if query.group_by is None:
            return False
        exprs = [*_used(query), *([] if query.having is None else [query.having])]
        lambdas = (e for expr in exprs for e in expr.walk() if isinstance(e, tree.LambdaExpr))
        inside = (part for found in lambdas for part in found.walk())
        return any(
            isinstance(e, tree.Aggregate)
            and (tree.contains(e, tree.LambdaExpr) or _cannot_be_inside(self.low.expr(e)))
            for e in inside
        )

    def nest(
        self,
        later: list[tree.ArrayJoinCall],
        draws: list[tree.Expr],
        kinds: tuple[type[tree.Expr], ...],
        having: tree.Expr | None,
    ) -> None:
        """Compute groups, and windows if they are among these kinds, in a SELECT inside, whose
        columns the rest reads, and what is drawn beside them; then `having` of them."""
        low, query = self.low, self.query
        keys = [*(query.group_by or []), *draws]
        leaves: list[tree.Expr] = []
        for expr in [*_used(query), *([] if having is None else [having])]:
            for leaf in _leaves(expr, keys, later, kinds):
                if leaf not in leaves and leaf not in draws:
                    leaves.append(leaf)
        texts = [low.expr(leaf) for leaf in leaves]
        # What is drawn of the rows is another value.
        low.substitutes = [known for known in low.substitutes if known[0] not in draws]
        texts += [low.expr(draw) for draw in draws]
        leaves += draws
        alias = low.fresh("g")
        names = [f"{alias}.v{i}" for i in range(len(leaves))]
        items = [f"{text} AS v{i}" for i, text in enumerate(texts)] or ["1 AS v0"]
        self.sources, self.aliases = [f"({self.core(items)}) AS {alias}"], [alias]
        self.where, self.grouped = [], []
        low.substitutes += zip(leaves, names, strict=True)
        if having is not None:
            self.where.append(truth(having, low.expr(having)))

    def distinct_is_last(self) -> bool:
        """Whether DuckDB's DISTINCT can stand beside what else the SELECT does.

        Its ORDER BY takes the columns only; ClickHouse orders by those of the first such row.
        """
        query = self.query
        if query.limit_by is not None or query.fill is not None or not self.bounds.are_plain:
            return False
        shown = [column.expr for column in query.columns]
        keys = (key.expr for key in query.order_by)
        return bool(query.distinct_on) or all(k in shown or is_constant(k) for k in keys)

    def orders_by_windows(self) -> bool:
        """Whether windows would stand in the windows that LIMIT BY and WITH TIES are made of."""
        query = self.query
        keys = [key.expr for key in query.order_by]
        keys += query.limit_by[2] if query.limit_by is not None else []
        return any(tree.contains(key, tree.Window) for key in keys)

    def distinct_on(self) -> str:
        """DISTINCT as DISTINCT ON all columns."""
        on = self.query.distinct_on or [c.expr for c in self.query.columns if c.expr is not None]
        return f"DISTINCT ON ({', '.join(map(self.low.expr, on))}) "

    def wrap(self, conditions: list[str], distinct: str = "") -> None:
        """Compute what there is so far in a SELECT inside."""
        low, query = self.low, self.query
        alias = low.fresh("d")
        known = [
            (column.expr, f"{alias}.{quote_identifier(column.duck_name)}")
            for column in query.columns
            if column.expr is not None
        ]
        items = self.items()
        others = [key.expr for key in query.order_by]
        others += query.limit_by[2] if query.limit_by is not None else []
        for expr in others:
            if not is_constant(expr) and all(expr != other for other, _text in known):
                name = f"k{len(known)}"
                items.append(f"{low.expr(expr)} AS {name}")
                known.append((expr, f"{alias}.{name}"))
        inner = self.core(items, distinct, conditions)
        if distinct and query.distinct_on:
            inner += f" ORDER BY {order}" if (order := low.order(query.order_by)) else ""
        self.sources, self.where, self.grouped = [f"({inner}) AS {alias}"], [], []
        low.substitutes += known

    # The rows that are left ----------------------------------------------------------------

    def computes_much(self, items: list[str]) -> bool:
        """Whether the columns of the answer are much work beside choosing its rows."""
        query = self.query
        if query.limit is None or not query.order_by or query.group_by is not None:
            return False
        if query.array_joins or self.low.substitutes or is_constant(query.order_by[0].expr):
            return False
        if not any(len(item) > MUCH or "mt_" in item for item in items):
            return False
        return not any(tree.contains(expr, *_SUBQUERIES, tree.Window) for expr in _used(query))

    def choose(self, conditions: list[str], clauses: list[str]) -> None:
        """Choose the rows of the answer in a SELECT inside, with what the rest is computed of."""
        low, query = self.low, self.query
        parts = [key.expr for key in query.order_by if not is_constant(key.expr)]
        for expr in [column.expr for column in query.columns if column.expr is not None]:
            parts += _leaves(expr, parts, [])
        parts = [part for i, part in enumerate(parts) if part not in parts[:i]]
        alias = low.fresh("c")
        items = [f"{low.expr(part)} AS v{i}" for i, part in enumerate(parts)]
        inner = " ".join([self.core(items, "", conditions), *clauses])
        self.sources, self.where = [f"({inner}) AS {alias}"], []
        low.substitutes += [(part, f"{alias}.v{i}") for i, part in enumerate(parts)]


def _cannot_be_inside(text: str) -> bool:
    """Whether an aggregate's text is nothing that can stand in a lambda."""
    return is_unnesting(text) or "(lambda " in text or " lambda " in text


def _default(key: tree.Expr) -> str | None:
    """What a key is in the sets that leave it out; None if that is NULL."""
    default = zero(key.type)
    return None if default is None else literal(default, key.type)


def _later_array_joins(query: tree.BoundSelect) -> list[tree.ArrayJoinCall]:
    """The `arrayJoin`s that multiply the rows of groups, or of windows: those that are in no key,
    aggregate, window or condition."""
    if not query.array_joins:
        return []
    has_windows = any(tree.contains(expr, tree.Window) for expr in _used(query))
    if query.group_by is None and not has_windows:
        return []
    early = [] if query.where is None else [query.where]
    early += query.group_by or []
    for expr in [*_used(query), *([] if query.having is None else [query.having])]:
        early += (part for part in expr.walk() if isinstance(part, tree.Aggregate | tree.Window))
    found = [part for expr in early for part in expr.walk()]
    return [call for call in query.array_joins if call not in found]


def _used(query: tree.BoundSelect) -> Iterator[tree.Expr]:
    """What is computed of the groups."""
    yield from (column.expr for column in query.columns if column.expr is not None)
    yield from (key.expr for key in query.order_by)
    yield from query.distinct_on
    if query.qualify is not None:
        yield query.qualify
    if query.limit_by is not None:
        yield from query.limit_by[2]


_OF_GROUPS = (tree.Aggregate, tree.Grouping, tree.Column)
_OF_ROWS = (*_OF_GROUPS, tree.Window)


def _leaves(
    expr: tree.Expr,
    keys: Iterable[tree.Expr],
    later: list[tree.ArrayJoinCall],
    kinds: tuple[type[tree.Expr], ...] = _OF_ROWS,
) -> Iterator[tree.Expr]:
    """The parts of an expression that the SELECT inside computes."""
    is_early = isinstance(expr, tree.ArrayJoinCall) and expr not in later
    if expr in keys or isinstance(expr, kinds) or is_early:
        yield expr
        return
    children = list(expr.children())
    if isinstance(expr, tree.Window):
        children[:1] = expr.call.children()  # it is no aggregate of groups
    for child in children:
        yield from _leaves(child, keys, later, kinds)
