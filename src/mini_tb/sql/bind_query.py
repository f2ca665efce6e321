"""Queries: one SELECT, set operations, and what all queries of a compilation share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mini_tb.source import Fragment
from mini_tb.sql import syntax
from mini_tb.sql.bind_select import SelectBinder
from mini_tb.sql.catalog import Catalog, View
from mini_tb.sql.errors import query_error
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.sql.naming import literal_name
from mini_tb.sql.parser import parse_statement
from mini_tb.sql.plain_moment import form
from mini_tb.sql.scope import NamedQuery, Scope
from mini_tb.sql.settings import check_settings
from mini_tb.sql.tree import BoundQuery, BoundSet, OutputColumn, SharedQuery
from mini_tb.types import DataType, NoSupertype, least_supertype


class QueryBinder:
    """Binds the queries of one compilation, and remembers what they use."""

    def __init__(
        self, values: Mapping[str, Any], inlined: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        self.values: dict[str, Mapping[str, Any]] = {"": values}
        self.inlined = inlined
        self.parameters: dict[str, tuple[str, str]] = {}
        """Name in DuckDB's text → (view, value's name)."""
        self.named: set[tuple[str, str]] = set()
        """The bound values whose text is in the name of a column, by view and name."""
        self.tables: set[str] = set()
        """Every data source and view that is read, at any depth."""
        self.views: dict[str, View] = {}
        self.shared_views: dict[tuple[str, str], SharedQuery] = {}
        """Views that are bound already, by name and text."""
        self.depth = 0
        """How many views and CTEs are being bound, one inside the other."""
        self._numbers: dict[str, int] = {}

    def fresh(self, prefix: str) -> str:
        """A name that nothing else in the compiled text has."""
        number = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}{number}"

    def fresh_query(self) -> str:
        """A name in DuckDB's text for a query that is read more than once; no table has it."""
        return f'"{self.fresh("query ")}"'

    # Bound values --------------------------------------------------------------------------

    def parameter(self, view: str, name: str) -> str:
        """The name in DuckDB's text of a bound value; it tells the form of a plain moment."""
        for duck_name, key in self.parameters.items():
            if key == (view, name):
                return duck_name
        _, value = self.parameter_value(view, name)
        duck_name = self.fresh((form(value) if isinstance(value, str) else None) or "p")
        self.parameters[duck_name] = (view, name)
        return duck_name

    def parameter_value(self, view: str, name: str) -> tuple[bool, Any]:
        """Whether a value decides the query's shape and so is part of its text, and the value."""
        value = self.values.get(view, {}).get(name)
        return (view, name) in self.inlined, getattr(value, "value", value)

    def is_text(self, view: str, name: str) -> bool:
        """Whether a value is the text that a client gave for it, which is read as `CAST` reads."""
        return getattr(self.values.get(view, {}).get(name), "type", None) == ""

    def text_of(self, view: str) -> Callable[[str], str]:
        """Gives the ClickHouse text of a bound value, for the name of a column, which others have
        that are bound to the same statement."""

        def text(name: str) -> str:
            self.named.add((view, name))
            value = self.values.get(view, {}).get(name)
            plain = getattr(value, "value", value)
            is_literal = isinstance(plain, str | list)
            return literal_name(plain) if is_literal else str(getattr(value, "text", value))

        return text

    # Queries -------------------------------------------------------------------------------

    def statement(self, sql: Fragment, catalog: Catalog) -> tuple[syntax.Statement, BoundQuery]:
        """A whole text, parsed and bound."""
        statement = parse_statement(sql)
        scope = Scope(sql, catalog)
        if statement.settings:
            scope.settings = check_settings(statement.settings, statement, scope)
        return statement, self.query(statement.query, scope)

    def subquery(self, query: syntax.Query, scope: Scope, *, is_closed: bool = False) -> BoundQuery:
        """A query inside another. It sees the names of the other; its columns too, unless it
        `is_closed`: a CTE or a query in FROM."""
        return self.query(query, scope.child(is_closed=is_closed))

    def query(self, query: syntax.Query, scope: Scope) -> BoundQuery:
        """A query in a scope of its own."""
        if isinstance(query, syntax.Select):
            return SelectBinder(query, scope, self).bind()
        for cte in query.ctes:
            scope.ctes[cte.name] = NamedQuery(cte, scope)
        left = self.query(query.left, scope.child())
        right = self.query(query.right, scope.child())
        return unite(query, left, right, scope)


def unite(node: syntax.SetOperation, left: BoundQuery, right: BoundQuery, scope: Scope) -> BoundSet:
    """A set operation: the names are those of the left, the types are the common ones."""
    if len(left.columns) != len(right.columns):
        raise query_error(
            "SQ208",
            f"{node.operator} of {len(left.columns)} and {len(right.columns)} columns",
            scope.fragment,
            node.start,
            node.end,
            number=258,
        )
    columns: list[OutputColumn] = []
    for a, b in zip(left.columns, right.columns, strict=True):
        try:
            common = common_type(a.type, b.type)
        except (NoSupertype, ArgumentError) as error:
            raise query_error(
                "SQ208",
                f"column `{a.name}` of {node.operator}: {error}",
                scope.fragment,
                node.start,
                node.end,
                number=386,
            ) from None
        columns.append(OutputColumn(a.name, a.duck_name, common))
    return BoundSet(node.operator, columns, left, right)


def common_type(a: DataType, b: DataType) -> DataType:
    """The type to which two columns of a set operation are brought."""
    common = least_supertype([a, b])
    for side in (a, b):
        lower_cast(side, common, "")
    return common
