"""ORDER BY … WITH FILL: the rows that are missing between those there are.

The values of a key go from FROM, or the least there is, by STEP, up to TO, or the greatest there
is; the keys before the first with FILL part the rows into ranges of their own. Rows that these
values lack are added, with each column's default or, by INTERPOLATE, a value made of the row
before. The text is a chain of common tables:

| table | rows |
|---|---|
| `base` | the answer without FILL; its keys are `k0`, `k1`… |
| `grid…` | the values of the keys with FILL, one table a key |
| `every` | the rows of both, numbered in their order |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.diagnostics import Diagnostic
from mini_tb.sql import tree
from mini_tb.sql.errors import QueryError
from mini_tb.sql.functions import zone
from mini_tb.sql.functions.carrier import carrier
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.datetime_shift import INTERVALS_OF_DATES, duck_interval
from mini_tb.types import DataType, to_duckdb
from mini_tb.types.duckdb import quote_identifier

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering
    from mini_tb.sql.duckdb.select import Select


def filled(
    low: Lowering, query: tree.BoundSelect, fill: tree.Fill, select: Select, conditions: list[str]
) -> str:
    """The SELECT's text with the missing rows, ordered."""
    if not select.bounds.are_plain:
        hint = "the ClickHouse engine runs it"
        message = "WITH FILL and such a LIMIT are not supported together"
        raise QueryError(Diagnostic("SQ223", message, hint=hint), 48)
    return _Filled(low, query, fill).text(select, conditions)


class _Filled:
    """The text of one SELECT with FILL."""

    def __init__(self, low: Lowering, query: tree.BoundSelect, fill: tree.Fill) -> None:
        self.low = low
        self.query = query
        self.fill = fill
        self.names = [quote_identifier(column.duck_name) for column in query.columns]
        self.number = low.fresh("")
        self.base = self.table("base")
        first = fill.keys[0].key
        self.before = first
        """How many keys stand before the first with FILL."""
        self.depth = first + len(fill.keys)
        """How many keys a row of the grid has."""

    def table(self, role: str) -> str:
        """The name of one of the common tables; no table of the catalog has it."""
        return f'"fill {self.number} {role}"'

    def text(self, select: Select, conditions: list[str]) -> str:
        low, query, fill = self.low, self.query, self.fill
        keys = [f"{low.expr(key.expr)} AS k{i}" for i, key in enumerate(query.order_by)]
        base = select.core([*select.items(), *keys], "", conditions)
        order = self.order()
        tables = [f"{self.base} AS MATERIALIZED ({base})"]
        grid = ""
        for i, key in enumerate(fill.keys):
            name = self.table(f"grid {i}")
            tables.append(f"{name} AS ({self.grid(key, self.before + i, grid)})")
            grid = name
        every = self.table("every")
        row = f"row_number() OVER (ORDER BY {order})"
        rows = f"SELECT *, FALSE AS made FROM {self.base} UNION ALL BY NAME {self.absent(grid)}"
        tables.append(f"{every} AS (SELECT *, {row} AS row FROM ({rows}) AS e)")
        if any(expr is not None for expr in fill.interpolate.values()):
            walk = self.table("walk")
            tables.append(f"{walk} AS ({self.walk(every, walk)})")
            shown = f"SELECT {', '.join(self.names)} FROM {walk} WHERE row > 0 ORDER BY row"
        else:
            shown = self.carried(every)
        return f"WITH RECURSIVE {', '.join(tables)} {shown}"

    def order(self) -> str:
        """The keys of the rows `e` in their order."""
        keys = (
            tree.OrderKey(tree.Column(k.expr.type, "e", f"k{i}"), k.descending, k.nulls_first)
            for i, k in enumerate(self.query.order_by)
        )
        return self.low.order(list(keys))

    # The values of the keys ------------------------------------------------------------------

    def grid(self, fill: tree.FillKey, index: int, outer: str) -> str:
        """The values of the key at `index`, for each row of the keys before it."""
        key = self.query.order_by[index]
        name = f"k{index}"
        before = [f"k{i}" for i in range(index)]
        low_end, high_end = ("max", "min") if key.descending else ("min", "max")
        ends = f"{low_end}(b.{name}) AS a, {high_end}(b.{name}) AS z"
        if outer:
            same = " AND ".join(f"b.{k} IS NOT DISTINCT FROM g.{k}" for k in before)
            groups = ", ".join(f"g.{k}" for k in before)
            source = f"{outer} AS g LEFT JOIN {self.base} AS b ON {same} GROUP BY {groups}"
            missing = literal(zero(key.expr.type.bare), key.expr.type.bare)
        else:
            groups = ", ".join(f"b.{k}" for k in before)
            source = f"{self.base} AS b" + (f" GROUP BY {groups}" if groups else "")
            missing = "NULL"
        kept = "".join(f"{part}, " for part in groups.split(", ") if part)
        ends = f"SELECT {kept}{ends} FROM {source}"
        series = self.series(fill, key, missing)
        listed = "".join(f"s.{k}, " for k in before)
        own = ", ".join(f"b.k{i}" for i in range(index + 1))
        return (
            f"SELECT {listed}{series} AS {name} FROM ({ends}) AS s "
            f"UNION SELECT DISTINCT {own} FROM {self.base} AS b"
        )

    def series(self, fill: tree.FillKey, key: tree.OrderKey, missing: str) -> str:
        """The values from `s.a` to `s.z`, unnested, in the key's storage type."""
        t = key.expr.type.bare
        duck = to_duckdb(t)
        wide = _wide(t)
        a, z = f"coalesce(s.a, {missing})", "s.z"
        start = f"CAST({a if fill.from_ is None else self.low.expr(fill.from_)} AS {wide})"
        if fill.to is None:
            z = f"coalesce({z}, {missing if fill.from_ is None else start})"
            end, beyond = f"CAST({z} AS {wide})", "<" if key.descending else ">"
            if fill.staleness is not None:
                end = f"({end} + {self.distance(fill.staleness, t)})"
        else:
            end = f"CAST({self.low.expr(fill.to)} AS {wide})"
            beyond = "<=" if key.descending else ">="
        if t.is_float:
            step = f"CAST({self.low.expr(fill.step)} AS DOUBLE)"
            count = f"CAST(greatest(ceil(({end} - {start}) / {step}), -1) AS BIGINT) + 2"
            values = (
                f"list_reduce(range(1, {count}), lambda acc, i: "
                f"list_append(acc, acc[-1] + {step}), [{start}])"
            )
        elif t.is_integer:
            step = f"CAST({self.low.expr(fill.step)} AS BIGINT)"
            values = f"generate_series(CAST({start} AS BIGINT), CAST({end} AS BIGINT), {step})"
        else:
            values = self.moments(start, end, fill.step, t)
        past = f"x {beyond} {end}"
        if t.is_integer and not t.is_signed:
            past += " OR x < 0"
        kept = f"list_filter({values}, lambda x: NOT ({past}))"
        return f"unnest(CAST({kept} AS {duck}[]))"

    def moments(self, start: str, end: str, step: tree.Expr, t: DataType) -> str:
        """The list of days or instants; days, weeks and months go by the clock of the zone."""
        step_sql = self.interval(step, t)
        by_days = t.is_datetime and self.unit(step, t) in INTERVALS_OF_DATES
        if not (by_days and zone.differs_from_utc(t.zone)):
            return f"generate_series({start}, {end}, {step_sql})"
        first, last = zone.to_wall(start, t.zone), zone.to_wall(end, t.zone)
        instant = zone.to_instant("x", t.zone)
        return f"list_transform(generate_series({first}, {last}, {step_sql}), lambda x: {instant})"

    def distance(self, step: tree.Expr, t: DataType) -> str:
        """A step as DuckDB text that can be added to a value of the wide type."""
        return self.interval(step, t) if t.is_date_or_datetime else self.low.expr(step)

    def interval(self, step: tree.Expr, t: DataType) -> str:
        """A step of dates and times as DuckDB's INTERVAL; a number counts days or seconds."""
        return duck_interval(self.unit(step, t), f"CAST({self.low.expr(step)} AS BIGINT)")

    def unit(self, step: tree.Expr, t: DataType) -> str:
        """What a step of dates or times counts."""
        if step.type.is_interval:
            return str(step.type.params[0])
        return "Day" if t.is_date else "Second"

    # The rows that are made ------------------------------------------------------------------

    def absent(self, grid: str) -> str:
        """The rows of the grid that the answer lacks, with the defaults of its columns."""
        positions = self.positions()
        items = []
        for i, column in enumerate(self.query.columns):
            key = positions.get(i)
            if key is not None and key < self.depth:
                value = f"g.k{key}"
            else:
                value = self.default(column)
            items.append(f"{value} AS {self.names[i]}")
        items += [f"g.k{i}" for i in range(self.depth)]
        for i, sort in enumerate(self.query.order_by[self.depth :], self.depth):
            t = sort.expr.type
            items.append(f"{literal(zero(t), t)} AS k{i}")
        same = " AND ".join(f"b.k{i} IS NOT DISTINCT FROM g.k{i}" for i in range(self.depth))
        kept = [f"NOT EXISTS (SELECT 1 FROM {self.base} AS b WHERE {same})"]
        if self.fill.keys[0].staleness is not None:
            kept.append(self.is_fresh(self.fill.keys[0]))
        return (
            f"SELECT {', '.join(items)}, TRUE AS made FROM {grid} AS g WHERE {' AND '.join(kept)}"
        )

    def is_fresh(self, fill: tree.FillKey) -> str:
        """A row that is made is not further than STALENESS from the row before."""
        assert fill.staleness is not None
        key = self.query.order_by[fill.key]
        name, t = f"k{fill.key}", key.expr.type.bare
        last, way, beyond = ("min", ">", ">") if key.descending else ("max", "<", "<")
        same = "".join(f" AND b.k{i} IS NOT DISTINCT FROM g.k{i}" for i in range(self.before))
        last = (
            f"(SELECT {last}(b.{name}) FROM {self.base} AS b WHERE b.{name} {way} g.{name}{same})"
        )
        wide = _wide(t)
        limit = f"CAST({last} AS {wide}) + {self.distance(fill.staleness, t)}"
        return f"g.{name} {beyond} {limit}"

    def positions(self) -> dict[int, int]:
        """Column of the answer → the sort key that it is."""
        found: dict[int, int] = {}
        for i, column in enumerate(self.query.columns):
            for k, key in enumerate(self.query.order_by):
                if column.expr == key.expr:
                    found.setdefault(i, k)
        return found

    def default(self, column: tree.OutputColumn) -> str:
        return literal(zero(column.type), carrier(column.type))

    # INTERPOLATE -----------------------------------------------------------------------------

    def carried(self, every: str) -> str:
        """The rows in their order; columns of INTERPOLATE have the value of the row before, which
        is that of the last row that was not made."""
        items = []
        for i, (name, column) in enumerate(zip(self.names, self.query.columns, strict=True)):
            if i in self.fill.interpolate:
                first = f"first_value(e.{name}) OVER (PARTITION BY e.span ORDER BY e.row)"
                default = self.default(column)
                items.append(f"CASE WHEN e.span = 0 THEN {default} ELSE {first} END AS {name}")
            else:
                items.append(f"e.{name}")
        if not self.fill.interpolate:
            return f"SELECT {', '.join(items)} FROM {every} AS e ORDER BY e.row"
        span = "count(*) FILTER (NOT made) OVER (ORDER BY row) AS span"
        source = f"(SELECT *, {span} FROM {every}) AS e"
        return f"SELECT {', '.join(items)} FROM {source} ORDER BY e.row"

    def walk(self, every: str, walk: str) -> str:
        """The rows, each made row computed from the one before: all spans go on in step."""
        row = tree.FILL_ROW
        names = ", ".join(self.names)
        defaults = ", ".join(map(self.default, self.query.columns))
        items = []
        for i, name in enumerate(self.names):
            if i not in self.fill.interpolate:
                items.append(f"e.{name}")
                continue
            expr = self.fill.interpolate[i]
            items.append(f"{row}.{name}" if expr is None else self.low.expr(expr))
        return (
            f"SELECT {names}, row FROM {every} WHERE NOT made "
            f"UNION ALL SELECT {defaults}, 0 UNION ALL "
            f"SELECT {', '.join(items)}, e.row FROM {walk} AS {row} "
            f"JOIN {every} AS e ON e.row = {row}.row + 1 AND e.made"
        )


def _wide(t: DataType) -> str:
    """A type in which a key's values can be counted on without an end."""
    if t.is_integer:
        return "HUGEINT"
    return "TIMESTAMP" if t.is_date_or_datetime else "DOUBLE"
