"""Rows of a query into a data source: types compared, values converted, the INSERT compiled.

Columns are matched by name. What ClickHouse does on `INSERT … SELECT` happens here: a value is
converted to the column's type, NULL in a column that cannot be NULL is its default, and a column
that the query does not give is its default.
"""

from __future__ import annotations

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import Diagnostic, Severity, nearest
from mini_tb.engine.duckdb.table import storage_type
from mini_tb.engine.relation import table_columns
from mini_tb.project import Column, Datasource
from mini_tb.source import Span
from mini_tb.sql import Compiled, TableColumn
from mini_tb.sql.clock import binds_now
from mini_tb.types import DataType
from mini_tb.types.duckdb import quote_identifier as quote

SOURCE = "s"
"""What an INSERT calls the rows that it takes."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """A compiled query whose rows go to `target`. `duck_select` gives them in the target's columns
    and storage types; `uses_now` tells whether it binds `$now`."""

    target: str
    columns: tuple[str, ...]
    duck_select: str
    uses_now: bool

    def into(self, table: str) -> str:
        """The INSERT statement into the stored table of that name."""
        columns = ", ".join(map(quote, self.columns))
        return f"INSERT INTO {quote(table)} ({columns}) {self.duck_select}"


def insertion(compiled: Compiled, target: Datasource) -> Insertion:
    """The rows of `compiled` as rows of `target`; `check_columns` has found no error."""
    sources = {column.name: index for index, column in enumerate(compiled.columns)}
    names = [quote(f"c{index}") for index in range(len(compiled.columns))]
    items: list[str] = []
    uses_now = compiled.uses_now
    for column in target.columns:
        index = sources.get(column.name)
        if index is None:
            text = default_value(column, target)
            uses_now = uses_now or binds_now(text)
        else:
            value = f"{SOURCE}.{names[index]}"
            text = _converted(value, compiled.columns[index].type, column, target)
        items.append(f"{text} AS {quote(column.name)}")
    rows = f"({compiled.duck_sql}) AS {SOURCE}({', '.join(names)})"
    select = f"SELECT {', '.join(items)} FROM {rows}"
    return Insertion(target.name, tuple(c.name for c in target.columns), select, uses_now)


def default_value(column: Column, datasource: Datasource, *, relation: str | None = None) -> str:
    """DuckDB text of what a column holds when nothing is given: its DEFAULT, else NULL if it may be
    NULL, else its type's zero value. `relation` is the alias under which a DEFAULT reads other
    columns; without one it may read none. May use `$now`."""
    from mini_tb.sql import carrier, compile_expression
    from mini_tb.sql.functions.constants import literal, zero

    if column.default is not None:
        offered: tuple[TableColumn, ...] = table_columns(datasource) if relation else ()
        text, _ = compile_expression(
            column.default, offered, target=column.type, relation=relation or SOURCE
        )
        return text
    stored = carrier(column.type)
    if stored.name == "SimpleAggregateFunction":
        stored = stored.types[0]
    return literal(zero(stored), stored)


def _converted(value: str, source: DataType, column: Column, target: Datasource) -> str:
    from mini_tb.sql import carrier
    from mini_tb.sql.functions.convert import lower_cast

    before, after = carrier(source), carrier(column.type)
    if after.name == "SimpleAggregateFunction":
        after = after.types[0]
    text = lower_cast(before, after, value)
    if source.is_nullable and not after.is_nullable:
        text = f"coalesce({text}, {default_value(column, target)})"
    return f"CAST({text} AS {storage_type(column.type)})"


def check_columns(
    compiled: Compiled,
    target: Datasource,
    span: Span | None,
    what: str,
    *,
    is_conversion: bool = False,
) -> list[Diagnostic]:
    """What keeps the rows of `compiled` from being rows of `target`: names that are missing or too
    many, types that do not convert; conversions that may lose something are warnings.

    Of a query that is there to convert (`is_conversion`) names too many are warnings, and so are
    conversions that may fail for a row."""
    at_most = Severity.WARNING if is_conversion else Severity.ERROR
    found: list[Diagnostic] = []
    given = {column.name: column.type for column in compiled.columns}
    known = [column.name for column in target.columns]
    for column in compiled.columns:
        if target.column(column.name) is None:
            message = f"{what} gives column `{column.name}`, which `{target.name}` does not have"
            guess = nearest(column.name, [name for name in known if name not in given])
            hint = f"did you mean `{guess}`?" if guess else "give it an alias, or add the column"
            found.append(Diagnostic("TY201", message, span, at_most, hint=hint))
    for expected in target.columns:
        actual = given.get(expected.name)
        if actual is None:
            if expected.default is None and expected.type.is_state:
                message = f"{what} does not give column `{expected.name}` of `{target.name}`"
                found.append(Diagnostic("TY202", message, span))
            elif expected.default is None:
                message = f"{what} does not give column `{expected.name}` of `{target.name}`"
                hint = "it will hold the default value of its type"
                severity = Severity.WARNING
                found.append(Diagnostic("TY202", message, span, severity, hint=hint))
            continue
        severity_ = _mismatch(actual, expected.type)
        if severity_ is not None:
            if severity_ is Severity.ERROR and _can_convert(actual, expected.type):
                severity_ = at_most
            message = (
                f"column `{expected.name}` is {actual} in {what} and {expected.type} "
                f"in `{target.name}`"
            )
            hint = "convert it in the query, or change the data source's column"
            found.append(Diagnostic("TY203", message, span, severity_, hint=hint))
    return found


def _can_convert(actual: DataType, expected: DataType) -> bool:
    """Whether there is a way from one type to the other, though it may fail for some values."""
    from mini_tb.sql import carrier
    from mini_tb.sql.functions.convert import lower_cast
    from mini_tb.sql.functions.function import ArgumentError

    if actual.is_state or expected.is_state:
        return False
    try:
        lower_cast(carrier(actual), carrier(expected), "x")
    except ArgumentError:
        return False
    return True


def _mismatch(actual: DataType, expected: DataType) -> Severity | None:
    """How bad it is to store `actual` as `expected`: None where every value stays what it is."""
    if expected.name == "SimpleAggregateFunction":
        expected = expected.types[0]
    if actual.name == "SimpleAggregateFunction":
        actual = actual.types[0]
    if actual.is_state or expected.is_state:
        if not (actual.is_state and expected.is_state):
            return Severity.ERROR
        return None if _is_same_state(actual, expected) else Severity.ERROR
    before, after = actual.bare, expected.bare
    if before == after:
        return None
    if before.is_nothing or (before.is_number and after.is_number):
        return None if before.is_nothing else Severity.WARNING
    if before.is_date_or_datetime and after.is_date_or_datetime:
        return None if before.name == after.name else Severity.WARNING
    if (before.is_string and after.is_string) or (before.is_enum and after.is_string):
        return None
    if before.is_string and (after.is_enum or after.name in ("UUID", "IPv4", "IPv6", "JSON")):
        return Severity.WARNING
    if before.name == after.name and before.types and len(before.types) == len(after.types):
        pairs = zip(before.types, after.types, strict=True)
        found = [severity for pair in pairs if (severity := _mismatch(*pair)) is not None]
        return max(found, key=lambda severity: severity is Severity.ERROR, default=None)
    return Severity.ERROR


def _is_same_state(actual: DataType, expected: DataType) -> bool:
    """States of one function over the same values: LowCardinality does not matter, and `count`
    takes any arguments."""
    if actual.params != expected.params:
        return False
    if actual.params[0] == "count":
        return True
    return [t.bare for t in actual.types] == [t.bare for t in expected.types]
