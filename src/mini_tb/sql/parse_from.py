"""FROM: tables, table functions, sub-selects, and the joins between them."""

from __future__ import annotations

from mini_tb.sql.lexer import keywords
from mini_tb.sql.parse_expression import ExpressionParser
from mini_tb.sql.syntax import (
    ArrayJoin,
    Expression,
    Join,
    JoinTree,
    Query,
    TableFunction,
    TableItem,
    TableName,
    TableQuery,
)

KINDS = ("INNER", "LEFT", "RIGHT", "FULL", "CROSS", "PASTE")
STRICTNESS = ("ALL", "ANY", "ASOF", "SEMI", "ANTI")
JOIN_WORDS = frozenset((*KINDS, *STRICTNESS, "GLOBAL", "LOCAL", "OUTER", "JOIN", "ARRAY"))

NOT_TABLE_ALIASES = keywords(
    """
    ALL ANTI ANY AS ASOF BETWEEN CROSS ELSE EXCEPT FILTER FINAL FORMAT FROM FULL GLOBAL HAVING
    ILIKE INNER INTERSECT JOIN LEFT LIKE LIMIT NATURAL NOT OFFSET ON ONLY OVER PASTE PREWHERE
    QUALIFY RIGHT SAMPLE SELECT SEMI SETTINGS STREAM UNION USING WHERE WINDOW WITH
    """
)
"""Words that are no alias of a table without AS."""


class FromParser(ExpressionParser):
    """Parses what stands in FROM; queries inside it are the subclass's."""

    def column_aliases(self) -> tuple[str, ...]:
        """`(a, b)` after a table's alias, if there is one."""
        if not self.accept("("):
            return ()
        names = [self.identifier("a column's name")]
        while self.accept(","):
            names.append(self.identifier("a column's name"))
        self.expect(")")
        return tuple(names)

    def from_(self) -> JoinTree:
        """The first table and what is joined to it, from left to right."""
        start = self.starts[self.i]
        tree = JoinTree(start, start, self.table())
        while True:
            word = self.words[self.i]
            if word == ",":
                place = self.starts[self.i]
                self.i += 1
                table = self.table()
                tree.rest.append(Join(place, self.end, "COMMA", None, table))
            elif word in JOIN_WORDS:
                tree.rest.append(self.join())
            elif word == "NATURAL":
                raise self.error("`NATURAL JOIN` is not supported", "name the columns with `USING`")
            else:
                tree.end = self.end
                return tree

    def join(self) -> Join | ArrayJoin:
        """`[strictness] kind JOIN table …` in any order of the words, or `[LEFT] ARRAY JOIN`."""
        start = self.starts[self.i]
        if self.accept_all("ARRAY", "JOIN") or self.accept_all("INNER", "ARRAY", "JOIN"):
            return self.array_join(start, left=False)
        if self.accept_all("LEFT", "ARRAY", "JOIN"):
            return self.array_join(start, left=True)
        kind, strictness = None, None
        while not self.accept("JOIN"):
            word = self.words[self.i]
            if word in KINDS and kind is None:
                kind = word
            elif word in STRICTNESS and strictness is None:
                strictness = word
            elif word not in ("GLOBAL", "LOCAL", "OUTER"):
                self.fail("`JOIN`")
            self.i += 1
        kind = kind or "INNER"
        node = Join(start, start, kind, strictness, self.table())
        if self.accept("ON"):
            node.on = self.expression()
        elif self.accept("USING"):
            if self.accept("("):
                node.using = self.list_of(")")
            else:
                node.using = [self.aliased()]
                while self.accept(","):
                    node.using.append(self.aliased())
        elif kind not in ("CROSS", "PASTE"):
            self.fail("`ON` or `USING`", "say which rows belong together")
        node.end = self.end
        return node

    def array_join(self, start: int, *, left: bool) -> ArrayJoin:
        """The arrays of an ARRAY JOIN."""
        arrays = [self.aliased(True)]
        while self.accept(","):
            arrays.append(self.aliased(True))
        return ArrayJoin(start, self.end, left, arrays)

    def table(self) -> TableItem | JoinTree:
        """A table, table function, sub-select or a join tree in parentheses."""
        start = self.starts[self.i]
        node: TableItem
        if self.words[self.i] == "(" and self.words[self.i + 1] == "VALUES":
            node = self.values()
        elif self.words[self.i] == "(":
            if not self.is_query(self.i) or not self.query_in_parentheses(self.i + 1):
                self.i += 1
                tree = self.from_()
                self.expect(")")
                return tree
            self.i += 1
            query = self.query()
            self.expect(")")
            node = TableQuery(start, self.end, query)
        else:
            if not self.is_identifier():
                self.fail("a table")
            if self.words[self.i] in NOT_TABLE_ALIASES and self.words[self.i + 1] != "(":
                self.fail("a table")
            parts = [self.identifier()]
            if self.words[self.i] == "(":
                node = TableFunction(start, start, parts[0], self.table_arguments())
            else:
                while self.accept("."):
                    parts.append(self.identifier("a table's name"))
                node = TableName(start, self.end, tuple(parts))
            node.end = self.end
        self.table_suffixes(node)
        return node

    def values(self) -> TableItem:
        """`(VALUES (…), (…))` is the table function without a structure."""
        start = self.starts[self.i]
        self.i += 2
        rows: list[Expression | Query] = list(self.list_of(")"))
        return TableFunction(start, self.end, "values", rows)

    def table_arguments(self) -> list[Expression | Query]:
        """`( … )` after a table function's name; an argument may be a query."""
        self.i += 1
        args: list[Expression | Query] = []
        if self.accept(")"):
            return args
        while True:
            args.append(
                self.query()
                if self.is_query(self.i) and self.query_in_parentheses(self.i)
                else self.aliased()
            )
            if self.accept(")"):
                return args
            self.expect(",")

    def table_suffixes(self, node: TableItem) -> None:
        """Alias, FINAL and SAMPLE; the alias may stand before or after FINAL."""
        self.table_alias(node)
        if self.accept("FINAL"):
            node.final = True
            if node.alias is None:
                self.table_alias(node)
        if self.words[self.i] == "SAMPLE":
            if not isinstance(node, TableName):
                raise self.error("`SAMPLE` needs a data source")
            self.i += 1
            node.sample = (self.expression(), self.expression() if self.accept("OFFSET") else None)

    def table_alias(self, node: TableItem) -> None:
        """`[AS] alias [(columns)]`."""
        if self.accept("AS"):
            node.alias = self.identifier("an alias")
        elif self.is_table_alias():
            node.alias = self.identifier()
        else:
            return
        node.columns = self.column_aliases()

    def is_table_alias(self) -> bool:
        """Whether the next token is a table's alias without AS."""
        return self.words[self.i] not in NOT_TABLE_ALIASES and self.is_alias_word()
