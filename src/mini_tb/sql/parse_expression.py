"""Expressions: precedence climbing over a table of operators, with ClickHouse's priorities.

Operators become the calls that ClickHouse makes of them, `BETWEEN` two comparisons (which share
the tested expression), chains of `AND`, `OR` and `||` one call with many arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mini_tb.sql.lexer import NUMBER, STRING
from mini_tb.sql.parse_operand import (
    BETWEEN,
    COMPARISON,
    IS,
    LAMBDA,
    POSTFIX,
    TERNARY,
    OperandParser,
    is_parameter,
)
from mini_tb.sql.parse_special import type_name
from mini_tb.sql.syntax import (
    Call,
    Constant,
    Expression,
    JoinTree,
    Lambda,
    Select,
    Star,
    Subquery,
    TableQuery,
    is_literal,
)

BINARY = {
    "=": (9, "equals"),
    "==": (9, "equals"),
    "!=": (9, "notEquals"),
    "<>": (9, "notEquals"),
    "<": (9, "less"),
    "<=": (9, "lessOrEquals"),
    ">": (9, "greater"),
    ">=": (9, "greaterOrEquals"),
    "<=>": (9, "isNotDistinctFrom"),
    "~": (9, "match"),
    "!~": (9, "notMatch"),
    "~*": (9, "matchCaseInsensitive"),
    "!~*": (9, "notMatchCaseInsensitive"),
    "LIKE": (9, "like"),
    "ILIKE": (9, "ilike"),
    "REGEXP": (9, "match"),
    "IN": (9, "in"),
    "+": (11, "plus"),
    "-": (11, "minus"),
    "*": (12, "multiply"),
    "/": (12, "divide"),
    "%": (12, "modulo"),
    "MOD": (12, "modulo"),
    "DIV": (12, "intDiv"),
}
"""Operators of two operands: how strongly they bind, and the function they call."""

CHAINS = {"OR": (3, "or"), "AND": (4, "and"), "||": (10, "concat")}
"""Operators whose chains are one call."""

NEGATED = {"LIKE": "notLike", "ILIKE": "notILike", "IN": "notIn"}
COMPARED_TO_ALL = {"=", "==", "!=", "<>", "<", "<=", ">", ">="}
MAX_CHAIN = 150
"""How many operators may follow one another on one level (`AND`, `OR` and `||` count once)."""

NAMED_LITERAL = re.compile(r"(?i)\b(?:null|true|false|inf|infinity|nan)\b")
"""Literals that are words: what has one of them is not cast from its text."""


class ExpressionParser(OperandParser):
    """Parses expressions; queries inside them are the subclass's."""

    def expression(self, power: int = 0) -> Expression:
        """The longest expression whose operators bind more strongly than `power`."""
        self.enter()
        left = self.operand()
        length = 0
        while True:
            word = self.words[self.i]
            operator = BINARY.get(word)
            if operator is not None:
                if operator[0] <= power:
                    break
                left = self.binary(left, word, operator)
            else:
                rest = REST.get(word)
                if rest is None:
                    break
                strength, parse = rest
                if strength <= power:
                    break
                result = parse(self, left, power)
                if result is None:
                    break
                left = result
            length += 1
            if length > MAX_CHAIN:
                self.too_deep()
        self.depth -= 1
        return left

    def binary(self, left: Expression, word: str, operator: tuple[int, str]) -> Expression:
        """`left word …`, with `word` next."""
        self.i += 1
        if (
            word in COMPARED_TO_ALL
            and self.words[self.i] in ("ANY", "ALL", "SOME")
            and self.words[self.i + 1] == "("
            and self.is_query(self.i + 2)
        ):
            return self.quantified(left, word, operator[1])
        right = self.expression(operator[0])
        return self.operation(operator[1], [left, right, *self.escape(word)])

    def escape(self, word: str) -> list[Expression]:
        """What follows a pattern of LIKE: `ESCAPE '#'`."""
        is_escape = self.words[self.i] == "ESCAPE" and self.kinds[self.i + 1] == STRING
        if not is_escape or word not in ("LIKE", "ILIKE"):
            return []
        self.i += 1
        return [self.operand()]

    def operation(self, name: str, args: list[Expression]) -> Call:
        """The call that an operator makes; it reaches from its first to its last argument."""
        return Call(args[0].start, self.end, name, args, operator=True)

    def chain(self, left: Expression, power: int) -> Expression:
        word = self.words[self.i]
        strength, name = CHAINS[word]
        args = [left]
        while self.accept(word):
            args.append(self.expression(strength))
        return self.operation(name, args)

    def ternary(self, left: Expression, power: int) -> Expression:
        self.i += 1
        then = self.expression(TERNARY)
        self.expect(":")
        return self.operation("if", [left, then, self.expression(TERNARY - 1)])

    def arrow(self, left: Expression, power: int) -> Expression:
        params = self.lambda_params(left)
        self.i += 1
        body = self.expression(LAMBDA - 1)
        return Lambda(left.start, self.end, params, body)

    def lambda_params(self, left: Expression) -> tuple[str, ...]:
        """The names before `->`."""
        nodes = [left]
        if isinstance(left, Call) and left.operator and left.name == "tuple":
            nodes = left.args
        names = tuple(node.parts[0] for node in nodes if is_parameter(node))
        if len(names) != len(nodes):
            raise self.error("only names can stand before `->`")
        return names

    def negated(self, left: Expression, power: int) -> Expression | None:
        """`NOT LIKE`, `NOT ILIKE`, `NOT IN`, `NOT BETWEEN`."""
        word = self.words[self.i + 1]
        if word == "BETWEEN":
            if power >= BETWEEN:
                return None
            self.i += 1
            return self.between(left, power, negated=True)
        if word not in NEGATED:
            return None
        if power >= COMPARISON:
            return None
        self.i += 2
        right = self.expression(COMPARISON)
        return self.operation(NEGATED[word], [left, right, *self.escape(word)])

    def global_in(self, left: Expression, power: int) -> Expression | None:
        """`GLOBAL [NOT] IN`; a `GLOBAL` before `JOIN` is not this."""
        if self.words[self.i + 1] not in ("IN", "NOT"):
            return None
        self.i += 1
        negated = self.accept("NOT")
        self.expect("IN")
        name = "globalNotIn" if negated else "globalIn"
        return self.operation(name, [left, self.expression(COMPARISON)])

    def between(self, left: Expression, power: int, negated: bool = False) -> Expression:
        self.i += 1
        low = self.expression(BETWEEN)
        self.expect("AND")
        high = self.expression(BETWEEN)
        first, last = ("less", "greater") if negated else ("greaterOrEquals", "lessOrEquals")
        return self.operation(
            "or" if negated else "and",
            [self.operation(first, [left, low]), self.operation(last, [left, high])],
        )

    def is_(self, left: Expression, power: int) -> Expression:
        """`IS [NOT] NULL | UNKNOWN | TRUE | FALSE | DISTINCT FROM …`."""
        self.i += 1
        negated = self.accept("NOT")
        word = self.one_of(("NULL", "UNKNOWN", "TRUE", "FALSE", "DISTINCT"))
        if word is None:
            self.fail("`NULL`, `TRUE`, `FALSE` or `DISTINCT FROM`")
        if word in ("NULL", "UNKNOWN"):
            return self.operation("isNotNull" if negated else "isNull", [left])
        if word == "DISTINCT":
            self.expect("FROM")
            right = self.expression(IS)
            return self.operation(
                "isNotDistinctFrom" if negated else "isDistinctFrom", [left, right]
            )
        truth = Constant(self.starts[self.i - 1], self.end, word == "TRUE", word.lower())
        return self.operation("isDistinctFrom" if negated else "isNotDistinctFrom", [left, truth])

    def cast(self, left: Expression, power: int) -> Expression:
        """`left::type`. A number is cast from its text, so that decimals keep every digit."""
        self.i += 1
        kind = type_name(self)
        if isinstance(left, Constant) and type(left.value) in (int, float):
            left.value = left.text
        elif isinstance(left, Call) and is_literal(left):
            text = self.text[left.start : left.end]
            left.text = None if NAMED_LITERAL.search(text) else text
        return self.operation("CAST", [left, kind])

    def subscript(self, left: Expression, power: int) -> Expression:
        self.i += 1
        index = self.expression()
        self.expect("]")
        return self.operation("arrayElement", [left, index])

    def element(self, left: Expression, power: int) -> Expression:
        """`left.1`, `left.name`; dotted names are taken in `name`."""
        self.i += 1
        start = self.starts[self.i]
        if self.kinds[self.i] == NUMBER:
            text = self.tokens.text(self.i)
            if not text.isdigit():
                self.fail("an element's number or name")
            self.i += 1
            return self.operation(
                "tupleElement", [left, Constant(start, self.end, int(text), text)]
            )
        if self.words[self.i] == "^":
            self.i += 1
            key = "^`" + self.identifier() + "`"
        else:
            key = self.identifier("an element's number or name")
        return self.operation("tupleElement", [left, Constant(start, self.end, key, key)])

    def quantified(self, left: Expression, word: str, function: str) -> Expression:
        """`left = ANY (SELECT …)`, `left > ALL (SELECT …)` as ClickHouse rewrites them."""
        every = self.words[self.i] == "ALL"
        self.i += 2
        start = self.starts[self.i]
        query = self.query()
        self.expect(")")
        if function == "equals" and not every:
            return self.operation("in", [left, Subquery(start, self.end, query)])
        if function == "notEquals" and every:
            return self.operation("notIn", [left, Subquery(start, self.end, query)])
        if function in ("equals", "notEquals"):
            aggregate = "singleValueOrNull"
            function = "in" if function == "equals" else "notIn"
        else:
            aggregate = "max" if (function in ("greater", "greaterOrEquals")) == every else "min"
        one = Select(
            start,
            self.end,
            [Call(start, start, aggregate, [Star(start, start)])],
            from_=JoinTree(start, self.end, TableQuery(start, self.end, query)),
        )
        return self.operation(function, [left, Subquery(start, self.end, one)])


Rest = Callable[[ExpressionParser, Expression, int], Expression | None]

REST: dict[str, tuple[int, Rest]] = {
    "->": (LAMBDA, ExpressionParser.arrow),
    "?": (TERNARY, ExpressionParser.ternary),
    **{word: (strength, ExpressionParser.chain) for word, (strength, _) in CHAINS.items()},
    "IS": (IS, ExpressionParser.is_),
    "BETWEEN": (BETWEEN, ExpressionParser.between),
    "NOT": (BETWEEN, ExpressionParser.negated),
    "GLOBAL": (COMPARISON, ExpressionParser.global_in),
    "::": (POSTFIX, ExpressionParser.cast),
    "[": (POSTFIX, ExpressionParser.subscript),
    ".": (POSTFIX, ExpressionParser.element),
}
"""What can follow an operand beside the binary operators. A function returns None where the word
turns out not to belong to the expression."""
