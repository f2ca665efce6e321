"""Queries: SELECT with all its clauses, in ClickHouse's order, and set operations."""

from __future__ import annotations

from typing import Any

from mini_tb.sql.cursor import MAX_DEPTH
from mini_tb.sql.lexer import END, HEREDOC, NUMBER, OPERATOR, STRING
from mini_tb.sql.parse_from import FromParser
from mini_tb.sql.parse_operand import number
from mini_tb.sql.syntax import (
    CTE,
    Expression,
    Fill,
    Frame,
    LimitBy,
    OrderItem,
    Query,
    Select,
    SetOperation,
    Star,
    WindowSpec,
)

AFTER_BASE = (")", "PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS")
"""What may follow the window that a window is based on."""

BOUND_WORDS = {
    ("UNBOUNDED", "PRECEDING"),
    ("UNBOUNDED", "FOLLOWING"),
    ("CURRENT", "ROW"),
}


class SelectParser(FromParser):
    """Parses queries."""

    # Set operations ---------------------------------------------------------------------

    def query(self) -> Query:
        """`arm [UNION ALL | UNION DISTINCT | EXCEPT | INTERSECT arm]…`; INTERSECT binds first."""
        self.enter()
        arms = [self.intersection()]
        last = ""
        excepts = 0
        while self.words[self.i] in ("UNION", "EXCEPT"):
            operator = self.set_operator()
            if last and (operator != last or last.startswith("EXCEPT")):
                arms = [balanced(last, arms)]
            excepts += operator.startswith("EXCEPT")
            if excepts > MAX_DEPTH:
                self.too_deep()
            last = operator
            arms.append(self.intersection())
            share_with(arms[0], arms[-1])
        self.depth -= 1
        return balanced(last, arms)

    def intersection(self) -> Query:
        """Arms that are joined by INTERSECT."""
        left = self.arm()
        while self.words[self.i] == "INTERSECT":
            operator = self.set_operator()
            right = self.arm()
            share_with(left, right)
            left = SetOperation(left.start, self.end, operator, left, right)
        return left

    def set_operator(self) -> str:
        """Take `UNION ALL`, `EXCEPT DISTINCT` and the like."""
        word = self.words[self.i]
        mode = self.words[self.i + 1]
        if word == "UNION" and mode not in ("ALL", "DISTINCT"):
            raise self.error(
                "expected `ALL` or `DISTINCT` after `UNION`",
                "`UNION ALL` keeps duplicate rows, `UNION DISTINCT` removes them",
            )
        self.i += 2 if mode in ("ALL", "DISTINCT") else 1
        if word == "UNION" or mode == "DISTINCT":
            return f"{word} {mode}"
        return word

    def arm(self) -> Query:
        """One SELECT, or a query in parentheses."""
        if self.words[self.i] == "(":
            self.i += 1
            inner = self.query()
            self.expect(")")
            return inner
        return self.select()

    # SELECT -----------------------------------------------------------------------------

    def select(self) -> Select:
        """One SELECT with its clauses; `FROM t [SELECT …]` too."""
        node = Select(self.starts[self.i], 0, [])
        if self.accept("WITH"):
            self.with_(node)
        if self.accept("FROM"):
            node.from_ = self.from_()
            if self.words[self.i] != "SELECT":
                place = node.from_.start
                node.columns = [self.all_columns(place)]
                self.clauses(node)
                node.end = self.end
                return node
        if self.words[self.i] != "SELECT":
            self.fail("`SELECT`")
        self.i += 1
        if self.accept("DISTINCT"):
            node.distinct = True
            if self.accept("ON"):
                self.expect("(")
                node.distinct = False
                node.distinct_on = self.list_of(")")
        elif self.words[self.i] == "ALL" and self.words[self.i + 1] not in (",", "FROM"):
            self.i += 1
        if self.words[self.i] == "TOP" and (
            self.kinds[self.i + 1] == NUMBER or self.words[self.i + 1] in ("(", "{")
        ):
            self.i += 1
            node.limit = self.operand()
            node.with_ties = self.accept_all("WITH", "TIES")
        node.columns = self.select_list()
        if node.from_ is None and self.accept("FROM"):
            node.from_ = self.from_()
        self.clauses(node)
        node.end = self.end
        return node

    def all_columns(self, place: int) -> Expression:
        """The `*` that `FROM t` alone means."""
        return Star(place, place)

    def select_list(self) -> list[Expression]:
        """The columns; a comma before FROM or the end is allowed."""
        columns = [self.aliased(True)]
        while self.words[self.i] == ",":
            self.i += 1
            word = self.words[self.i]
            if self.kinds[self.i] == END or word in (")", ";"):
                break
            if word == "FROM" and not self.is_column_named_from():
                break
            columns.append(self.aliased(True))
        return columns

    def is_column_named_from(self) -> bool:
        """Whether the FROM that is next is a column: `SELECT a, from, b`."""
        after = self.words[self.i + 1]
        return self.kinds[self.i + 1] == OPERATOR and after not in ("(", "{")

    def with_(self, node: Select) -> None:
        """The elements of WITH: common tables, and expressions with or without a name."""
        node.recursive = self.accept("RECURSIVE")
        while True:
            if self.is_cte():
                node.ctes.append(self.cte())
            else:
                node.with_expressions.append(self.aliased())
            if not self.accept(","):
                return
            if self.words[self.i] == "SELECT":
                return

    def is_cte(self) -> bool:
        """Whether `name [(columns)] AS [MATERIALIZED] (` is next."""
        if not self.is_identifier():
            return False
        i = self.i + 1
        if self.words[i] == "(":
            while self.words[i] != ")" and self.kinds[i] != END:
                i += 1
            i += 1
        if i >= len(self.words) or self.words[i] != "AS":
            return False
        i += 1
        while self.words[i] in ("NOT", "MATERIALIZED"):
            i += 1
        return self.words[i] == "("

    def cte(self) -> CTE:
        """`name [(columns)] AS (query)`."""
        start = self.starts[self.i]
        name = self.identifier()
        columns = self.column_aliases()
        self.expect("AS")
        self.accept("NOT")
        self.accept("MATERIALIZED")
        self.expect("(")
        query = self.query()
        self.expect(")")
        return CTE(start, self.end, name, query, columns)

    # Clauses ----------------------------------------------------------------------------

    def clauses(self, node: Select) -> None:
        """Everything that may follow FROM, in ClickHouse's order."""
        if self.accept("PREWHERE"):
            node.prewhere = self.aliased()
        if self.accept("WHERE"):
            node.where = self.aliased()
        if self.accept_all("GROUP", "BY"):
            self.group_by(node)
        self.with_modifiers(node)
        if self.accept("HAVING"):
            node.having = self.aliased()
        if self.accept("WINDOW"):
            self.named_windows(node)
        if self.accept("QUALIFY"):
            node.qualify = self.aliased()
        if self.accept_all("ORDER", "BY"):
            self.order_by(node)
        if self.words[self.i] == "LIMIT":
            self.limits(node)
        if self.accept("OFFSET"):
            self.offset_rows(node)
        if self.words[self.i] == "FETCH":
            self.fetch(node)
        if self.accept("SETTINGS"):
            node.settings = self.settings()

    def group_by(self, node: Select) -> None:
        """`ALL`, `GROUPING SETS (…)`, `ROLLUP (…)`, `CUBE (…)` or a list."""
        if self.words[self.i] == "ALL" and self.words[self.i + 1] not in (",", ".", "("):
            self.i += 1
            node.group_by_all = True
        elif self.accept_all("GROUPING", "SETS"):
            node.grouping_sets = self.grouping_sets()
        elif self.words[self.i] in ("ROLLUP", "CUBE") and self.words[self.i + 1] == "(":
            node.grouping = "ROLLUP" if self.words[self.i] == "ROLLUP" else "CUBE"
            self.i += 2
            node.group_by = self.list_of(")")
        else:
            node.group_by = self.expressions()

    def expressions(self) -> list[Expression]:
        """A list outside brackets."""
        items = [self.aliased()]
        while self.accept(","):
            items.append(self.aliased())
        return items

    def grouping_sets(self) -> list[list[Expression]]:
        """`((a, b), (a), a, ())`."""
        sets: list[list[Expression]] = []
        self.expect("(")
        while True:
            if self.accept("("):
                sets.append(self.list_of(")"))
            else:
                sets.append([self.expression()])
            if not self.accept(","):
                self.expect(")")
                return sets

    def with_modifiers(self, node: Select) -> None:
        """`WITH ROLLUP`, `WITH CUBE`, `WITH TOTALS`."""
        while self.words[self.i] == "WITH":
            word = self.words[self.i + 1]
            if word == "TOTALS":
                node.with_totals = True
            elif word == "ROLLUP":
                node.grouping = "ROLLUP"
            elif word == "CUBE":
                node.grouping = "CUBE"
            else:
                return
            self.i += 2

    def named_windows(self, node: Select) -> None:
        """`name AS ( … ), …`."""
        while True:
            name = self.identifier("a window's name")
            self.expect("AS")
            if self.words[self.i] != "(":
                self.fail("`(`")
            node.windows[name] = self.window()
            if not self.accept(","):
                return

    def window(self) -> WindowSpec:
        """`([base] [PARTITION BY …] [ORDER BY …] [frame])`."""
        start = self.starts[self.i]
        self.expect("(")
        node = WindowSpec(start, start, [], [])
        if self.is_identifier() and self.words[self.i + 1] in AFTER_BASE:
            node.base = self.identifier()
        if self.accept_all("PARTITION", "BY"):
            node.partition_by = self.expressions()
        if self.accept_all("ORDER", "BY"):
            node.order_by = self.order_items()
        unit = self.one_of(("ROWS", "RANGE", "GROUPS"))
        if unit is not None:
            node.frame = self.frame(unit)
        self.expect(")")
        node.end = self.end
        return node

    def frame(self, unit: str) -> Frame:
        """`BETWEEN bound AND bound`, or one bound, which means up to the current row."""
        if self.accept("BETWEEN"):
            first = self.bound()
            self.expect("AND")
            return Frame(unit, first, self.bound())
        return Frame(unit, self.bound(), ("CURRENT ROW", None))

    def bound(self) -> tuple[str, Expression | None]:
        """One end of a frame."""
        pair = (self.words[self.i], self.words[self.i + 1])
        if pair in BOUND_WORDS:
            self.i += 2
            return " ".join(pair), None
        offset = self.expression(7)
        side = self.one_of(("PRECEDING", "FOLLOWING"))
        if side is None:
            self.fail("`PRECEDING` or `FOLLOWING`")
        return side, offset

    def order_by(self, node: Select) -> None:
        """What follows ORDER BY, and INTERPOLATE."""
        after = self.words[self.i + 1]
        if self.words[self.i] == "ALL" and after not in (",", ".", "("):
            self.order_by_all(node)
        else:
            node.order_by = self.order_items()
        if self.accept("INTERPOLATE"):
            node.interpolate = []
            if self.accept("(") and not self.accept(")"):
                while True:
                    name = self.identifier("a column's name")
                    value = self.expression() if self.accept("AS") else None
                    node.interpolate.append((name, value))
                    if not self.accept(","):
                        break
                self.expect(")")

    def order_by_all(self, node: Select) -> None:
        """`ORDER BY ALL [DESC] [NULLS …]`: the item that is kept says only the direction."""
        item = self.order_item()
        node.order_by_all = True
        node.order_by = [item]

    def order_items(self) -> list[OrderItem]:
        """Items of ORDER BY."""
        items = [self.order_item()]
        while self.accept(","):
            items.append(self.order_item())
        return items

    def order_item(self) -> OrderItem:
        """`expression [ASC | DESC] [NULLS FIRST | LAST] [COLLATE '…'] [WITH FILL …]`."""
        start = self.starts[self.i]
        item = OrderItem(start, start, self.aliased())
        direction = self.one_of(("ASC", "ASCENDING", "DESC", "DESCENDING"))
        item.descending = direction is not None and direction.startswith("DESC")
        if self.accept("NULLS"):
            side = self.one_of(("FIRST", "LAST"))
            if side is None:
                self.fail("`FIRST` or `LAST`")
            item.nulls_first = side == "FIRST"
        if self.accept("COLLATE"):
            item.collate = self.string("a collation in quotes")
        if self.accept_all("WITH", "FILL"):
            item.fill = Fill(
                from_=self.expression() if self.accept("FROM") else None,
                to=self.expression() if self.accept("TO") else None,
                step=self.expression() if self.accept("STEP") else None,
                staleness=self.expression() if self.accept("STALENESS") else None,
            )
        item.end = self.end
        return item

    def limits(self, node: Select) -> None:
        """`LIMIT … BY …` and `LIMIT …`, in this order, each at most once."""
        while self.accept("LIMIT"):
            if node.limit is not None:
                raise self.error("there are two `LIMIT`s", "only `LIMIT … BY` can stand before it")
            offset: Expression | None = None
            count = self.expression()
            if self.accept(","):
                offset, count = count, self.expression()
            elif self.accept("OFFSET"):
                offset = self.expression()
            if self.accept("BY"):
                node.limit_by = self.limit_by(node, count, offset)
                continue
            node.limit, node.offset = count, offset
            node.with_ties = self.accept_all("WITH", "TIES")

    def limit_by(self, node: Select, count: Expression, offset: Expression | None) -> LimitBy:
        """The expressions after `LIMIT n BY`."""
        if node.limit_by is not None:
            raise self.error("there are two `LIMIT … BY`")
        if self.words[self.i] == "ALL" and self.words[self.i + 1] not in (",", "."):
            self.i += 1
            return LimitBy(count, offset, None)
        return LimitBy(count, offset, self.expressions())

    def offset_rows(self, node: Select) -> None:
        """`OFFSET n [ROW | ROWS]`."""
        node.offset = self.expression()
        self.one_of(("ROW", "ROWS"))

    def fetch(self, node: Select) -> None:
        """`FETCH FIRST | NEXT n ROW | ROWS ONLY | WITH TIES`."""
        self.i += 1
        if not self.one_of(("FIRST", "NEXT")):
            self.fail("`FIRST` or `NEXT`")
        node.limit = self.expression()
        if not self.one_of(("ROW", "ROWS")):
            self.fail("`ROWS`")
        if self.accept_all("WITH", "TIES"):
            node.with_ties = True
        else:
            self.expect("ONLY")

    def settings(self) -> dict[str, Any]:
        """`name = value, …`."""
        found: dict[str, Any] = {}
        while True:
            name = self.identifier("a setting's name")
            self.expect("=")
            found[name] = self.setting_value()
            if not self.accept(","):
                return found

    def setting_value(self) -> Any:
        """A number, string, `true` or `false`; another word is its text."""
        if self.kinds[self.i] in (STRING, HEREDOC):
            return self.string()
        sign = "-" if self.accept("-") else ""
        if self.kinds[self.i] == NUMBER:
            self.i += 1
            return number(sign + self.tokens.text(self.i - 1))
        word = self.one_of(("TRUE", "FALSE"))
        if word is not None:
            return word == "TRUE"
        return self.identifier("a value")


def balanced(operator: str, arms: list[Query]) -> Query:
    """One tree of all arms, as flat as can be: generated queries have hundreds of UNION ALL."""
    if len(arms) == 1:
        return arms[0]
    middle = (len(arms) + 1) // 2
    left, right = balanced(operator, arms[:middle]), balanced(operator, arms[middle:])
    return SetOperation(left.start, right.end, operator, left, right)


def share_with(first: Query, other: Query) -> None:
    """Let the arms of a set operation see what the WITH of the first arm names."""
    source = first
    while isinstance(source, SetOperation):
        source = source.left
    if not source.ctes and not source.with_expressions:
        return
    pending = [other]
    while pending:
        query = pending.pop()
        if isinstance(query, SetOperation):
            pending += (query.left, query.right)
            continue
        names = {cte.name for cte in query.ctes}
        names |= {node.alias for node in query.with_expressions if node.alias}
        query.ctes[:0] = [cte for cte in source.ctes if cte.name not in names]
        query.with_expressions[:0] = [
            node for node in source.with_expressions if node.alias and node.alias not in names
        ]
        query.recursive = query.recursive or source.recursive
