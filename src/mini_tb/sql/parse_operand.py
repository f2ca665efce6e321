"""Operands: literals, names, calls and everything in brackets."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeGuard

from mini_tb.sql import parse_special, parse_star
from mini_tb.sql.cursor import Cursor
from mini_tb.sql.lexer import (
    END,
    HEREDOC,
    NUMBER,
    OPERATOR,
    QUOTED,
    STRING,
    WORD,
    keywords,
    unquote,
)
from mini_tb.sql.syntax import (
    Call,
    Constant,
    Expression,
    Lambda,
    Name,
    Parameter,
    Query,
    Star,
    Subquery,
    WindowSpec,
)

LAMBDA, TERNARY, NOT, IS, BETWEEN, COMPARISON, NEGATE, POSTFIX = 1, 2, 5, 6, 7, 9, 13, 14
"""How strongly the other operators bind."""

NOT_OPERANDS = keywords(
    """
    AND ANTI ASOF AS BETWEEN DIV ELSE FORMAT FROM GLOBAL GROUP HAVING ILIKE IN INTERSECT IS JOIN
    LIKE LIMIT MOD OFFSET ON OR ORDER PREWHERE QUALIFY REGEXP SETTINGS THEN UNION USING WHEN WHERE
    """
)
"""Words that are hardly a column's name where an operand must stand: an error there is at them."""

COUNT = re.compile("[cC][oO][uU][nN][tT](?:If|OrDefault|OrNull|State)*")
"""Functions that count rows, to which a bare `*` is nothing."""

AFTER_COLUMN = keywords("ASC COLLATE DESC ELSE END GROUP NULLS ORDER THEN WHEN")
"""Words that may follow a column, beside those that are no alias."""

NOT_ALIASES = keywords(
    """
    ALL AND ANTI ANY AS ASOF BETWEEN CROSS DIV ELSE EXCEPT FINAL FORMAT FROM FULL GLOBAL HAVING
    ILIKE IN INNER INTERSECT IS JOIN LEFT LIKE LIMIT MOD NATURAL NOT OFFSET ON ONLY OR PASTE
    PREWHERE QUALIFY REGEXP RIGHT SAMPLE SEMI SETTINGS STREAM UNION USING WHERE WINDOW WITH
    """
)
"""Words that are no alias without AS."""

NOT_ALIASES_BEFORE = {
    "ARRAY": ("JOIN",),
    "FETCH": ("FIRST", "NEXT"),
    "GROUP": ("BY",),
    "INTO": ("OUTFILE",),
    "LOCAL": ("JOIN", "LEFT", "RIGHT", "INNER", "FULL", "CROSS", "ANY", "ALL", "ASOF", "SEMI"),
    "ORDER": ("BY",),
    "PARALLEL": ("WITH",),
}
"""Words that are no alias without AS where one of these follows."""


SEPARATED = ("GROUPCONCAT", "GROUP_CONCAT", "STRING_AGG", "LISTAGG")
"""Aggregate functions whose second argument is a parameter: the separator."""


class OperandParser(Cursor):
    """Parses operands; expressions and queries inside them are the subclasses'."""

    def expression(self, power: int = 0) -> Expression:
        """The longest expression whose operators bind more strongly than `power`."""
        raise NotImplementedError

    def query(self) -> Query:
        """A query without parentheses around it."""
        raise NotImplementedError

    def window(self) -> WindowSpec:
        """`( … )` after OVER or `AS` in WINDOW."""
        raise NotImplementedError

    # Lists and aliases ------------------------------------------------------------------

    def aliased(self, implicit: bool = False) -> Expression:
        """An expression and its alias; `implicit` allows one without AS."""
        node = self.expression()
        if self.words[self.i] == "AS":
            self.i += 1
            node.alias = self.identifier("an alias")
        elif implicit and self.is_alias():
            node.alias = self.identifier()
        return node

    def is_alias(self) -> bool:
        """Whether the next token is an alias without AS."""
        return self.words[self.i] not in NOT_ALIASES and self.is_alias_word()

    def is_alias_word(self) -> bool:
        """Whether the next token is a name, and with the next but one no clause."""
        kind = self.kinds[self.i]
        if kind == WORD:
            followers = NOT_ALIASES_BEFORE.get(self.words[self.i])
            return followers is None or self.words[self.i + 1] not in followers
        return kind == QUOTED

    def list_of(self, close: str, *, trailing_comma: bool = False) -> list[Expression]:
        """Aliased expressions up to and with `close`; the opening mark is taken already."""
        items: list[Expression] = []
        if self.accept(close):
            return items
        while True:
            items.append(self.aliased())
            if self.accept(close):
                return items
            if not self.accept(","):
                self.fail(f"`,` or `{close}`")
            if trailing_comma and self.accept(close):
                return items

    # Operands ---------------------------------------------------------------------------

    def operand(self) -> Expression:
        """A literal, a name, a call, or something in brackets, with the prefix operators."""
        i = self.i
        kind = self.kinds[i]
        if kind == WORD:
            word = self.words[i]
            special = parse_special.SPECIAL.get(word)
            if special is not None:
                node = special(self)
                if node is not None:
                    return node
                self.i = i
            elif word in NOT_OPERANDS and not self.is_column(i):
                self.fail("an expression")
            if self.words[i + 1] == "(":
                return self.call()
            return self.name()
        if kind in (STRING, HEREDOC):
            self.i = i + 1
            text = self.text[self.starts[i] : self.ends[i]]
            return Constant(self.starts[i], self.ends[i], unquote(text), text)
        if kind == NUMBER:
            self.i = i + 1
            text = self.text[self.starts[i] : self.ends[i]]
            return Constant(self.starts[i], self.ends[i], number(text), text)
        if kind == QUOTED:
            if self.words[i + 1] == "(":
                return self.call()
            return self.name()
        prefix = PREFIX.get(self.words[i])
        if prefix is None:
            self.fail("an expression")
        return prefix(self)

    def is_column(self, i: int) -> bool:
        """Whether the keyword at i is the name of a column or function all the same: what follows
        it is not what follows the keyword."""
        word, kind, after = self.words[i], self.kinds[i + 1], self.words[i + 1]
        if kind == OPERATOR:
            return word != "FROM" or after != "("
        if kind == WORD:
            return after != "BY" and (after in NOT_ALIASES or after in AFTER_COLUMN)
        return kind == END

    def name(self) -> Expression:
        """`a`, `a.b.c`, `t.*`, `t.COLUMNS(…)`; `a.1` is left to the operator."""
        start = self.starts[self.i]
        parts = [self.identifier()]
        while self.words[self.i] == ".":
            after = self.i + 1
            kind, word = self.kinds[after], self.words[after]
            if word == "COLUMNS" and self.words[after + 1] == "(":
                self.i = after
                return parse_star.columns(self, start, tuple(parts))
            if kind in (WORD, QUOTED):
                self.i = after
                parts.append(self.identifier())
            elif word == "*":
                self.i = after + 1
                return parse_star.star(self, start, tuple(parts))
            elif word == ":":
                self.i = after + 1
                parts.append(":`" + str(self.json_type()) + "`")
            elif word == "^":
                self.i = after + 1
                parts.append("^`" + self.identifier() + "`")
            elif kind == NUMBER:
                break
            else:
                self.i = after
                self.fail("a name after `.`")
            while len(parts) > 1 and self.words[self.i : self.i + 2] == ["[", "]"]:
                self.i += 2
                parts.append("[]")
        return Name(start, self.end, tuple(parts))

    def json_type(self) -> str:
        """The type in `json.path.:Type`."""
        if self.kinds[self.i] == QUOTED:
            return self.identifier()
        return parse_special.type_text(self)

    def call(self) -> Expression:
        """`f(args)`, `f(params)(args)`, with DISTINCT, FILTER, OVER and the treatment of NULLs."""
        start = self.starts[self.i]
        node = Call(start, start, self.identifier(), [])
        self.arguments(node)
        if self.words[self.i] == "(":
            node.params = node.args
            self.arguments(node)
        elif len(node.args) == 2 and node.name.upper() in SEPARATED and not node.distinct:
            node.params = [node.args.pop()]
        self.suffixes(node)
        node.end = self.end
        return node

    def arguments(self, node: Call) -> None:
        """`( … )` after a function's name."""
        self.i += 1
        if self.is_query(self.i) and self.query_in_parentheses(self.i):
            start = self.starts[self.i]
            node.args = [Subquery(start, self.end, self.query())]
            node.args[0].end = self.end
            self.expect(")")
            return
        if self.words[self.i] == "DISTINCT" and self.words[self.i + 1] not in (")", ","):
            self.i += 1
            node.distinct = True
        node.args = lambda_first(self.list_of(")"))
        if COUNT.fullmatch(node.name):
            node.args = [arg for arg in node.args if arg != Star(arg.start, arg.end)]

    def suffixes(self, node: Call) -> None:
        """FILTER, RESPECT or IGNORE NULLS, and OVER, after a call."""
        while True:
            word = self.words[self.i]
            if word == "OVER":
                self.i += 1
                if self.words[self.i] == "(":
                    node.over = self.window()
                else:
                    node.over = self.identifier("a window's name or `(`")
                return
            if word == "FILTER" and self.words[self.i + 1] == "(":
                self.i += 2
                self.expect("WHERE")
                node.filter = self.expression()
                self.expect(")")
            elif word == "IGNORE" and self.words[self.i + 1] == "NULLS":
                self.i += 2
                node.null_treatment = "IGNORE NULLS"
            elif word == "RESPECT" and self.words[self.i + 1] == "NULLS":
                self.i += 2
                node.null_treatment = "RESPECT NULLS"
            else:
                return

    def is_query(self, i: int) -> bool:
        """Whether a query begins at token i, perhaps in more parentheses."""
        while self.words[i] == "(":
            i += 1
        word = self.words[i]
        if word == "SELECT":
            return True
        if word == "WITH":
            return self.kinds[i + 1] != "operator" or self.words[i + 1] in ("(", "[", "{", "-")
        return word == "FROM" and self.kinds[i + 1] in (WORD, QUOTED)

    def parenthesised(self) -> Expression:
        """`(a)`, `(a, b)`, `(a,)`, `()` or `(SELECT …)`."""
        start = self.starts[self.i]
        self.i += 1
        if self.is_query(self.i) and self.query_in_parentheses(self.i):
            query = self.query()
            self.expect(")")
            return Subquery(start, self.end, query)
        items: list[Expression] = []
        comma = False
        while not self.accept(")"):
            items.append(self.aliased())
            if self.words[self.i] == ",":
                self.i += 1
                comma = True
            elif self.words[self.i] != ")":
                self.fail("`,` or `)`")
        if len(items) == 1 and not comma:
            return items[0]
        return Call(start, self.end, "tuple", items, operator=True)

    def query_in_parentheses(self, i: int) -> bool:
        """Whether the parentheses at i, if any, hold one arm of a query and not an operand:
        `((SELECT 1) UNION ALL …)`, not `((SELECT 1) + 1)`."""
        if self.words[i] != "(":
            return True
        if not self.query_in_parentheses(i + 1):
            return False
        depth = 0
        while True:
            word = self.words[i]
            depth += (word == "(") - (word == ")")
            i += 1
            if depth == 0 or self.kinds[i] == "end":
                return self.words[i] in (")", "UNION", "EXCEPT", "INTERSECT")

    def array(self) -> Expression:
        """`[a, b]`."""
        start = self.starts[self.i]
        self.i += 1
        items = self.list_of("]")
        return Call(start, self.end, "array", items, operator=True)

    def braces(self) -> Expression:
        """`{name:Type}`, or a map `{'a': 1}`."""
        start = self.starts[self.i]
        self.i += 1
        if self.is_identifier() and self.words[self.i + 1] == ":":
            name = self.identifier()
            self.i += 1
            kind = parse_special.type_text(self)
            self.expect("}")
            return Parameter(start, self.end, name, kind)
        args: list[Expression] = []
        while not self.accept("}"):
            args.append(self.expression(TERNARY))
            self.expect(":")
            args.append(self.expression(TERNARY))
            if self.words[self.i] != "}":
                self.expect(",")
        return Call(start, self.end, "map", args, operator=True)

    def negation(self) -> Expression:
        """`-x`; `-1` is a literal."""
        start = self.starts[self.i]
        self.i += 1
        if self.kinds[self.i] == NUMBER:
            i = self.i
            self.i = i + 1
            text = self.text[start : self.ends[i]]
            return Constant(start, self.ends[i], number("-" + self.tokens.text(i)), text)
        if self.words[self.i] in ("INF", "INFINITY", "NAN") and self.words[self.i + 1] != "(":
            self.i += 1
            text = self.text[start : self.end]
            return Constant(start, self.end, -float(self.tokens.text(self.i - 1)), text)
        node = Call(start, start, "negate", [self.expression(NEGATE)], operator=True)
        node.end = self.end
        return node

    def plus_sign(self) -> Expression:
        """`+x` is x."""
        self.i += 1
        return self.expression(NEGATE)

    def not_(self) -> Expression:
        """`NOT x`, which reaches as far as a comparison does."""
        start = self.starts[self.i]
        self.i += 1
        node = Call(start, start, "not", [self.expression(NOT)], operator=True)
        node.end = self.end
        return node

    def star(self) -> Expression:
        """`*` where an operand stands."""
        self.i += 1
        return parse_star.star(self, self.starts[self.i - 1], ())


def lambda_first(args: list[Expression]) -> list[Expression]:
    """The arguments of a call in which `f(x, y -> …)` means `f((x, y) -> …)`."""
    for i, arg in enumerate(args):
        if isinstance(arg, Lambda) and i:
            names = [name.parts[0] for name in args[:i] if is_parameter(name)]
            if len(names) == i:
                arg.params = (*names, *arg.params)
                arg.start = args[0].start
                return args[i:]
            break
        if not is_parameter(arg):
            break
    return args


def is_parameter(node: Expression) -> TypeGuard[Name]:
    """Whether it can be the name of a lambda's parameter."""
    return isinstance(node, Name) and len(node.parts) == 1 and node.alias is None


def number(text: str) -> int | float:
    """The value of a number as written, perhaps with a minus sign.

    Integers that fit neither UInt64 nor Int64 are floats, as in ClickHouse.
    """
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("- \t\r\n").replace("_", "")
    prefix = digits[:2].lower()
    if prefix == "0x" and "p" not in digits.lower() and "." not in digits:
        value = int(digits, 16)
    elif prefix == "0x":
        return sign * float.fromhex(digits)
    elif prefix == "0b":
        value = int(digits, 2)
    elif digits.isdigit():
        value = int(digits)
    else:
        return sign * float(digits)
    value *= sign
    return value if -(2**63) <= value < 2**64 else float(value)


PREFIX: dict[str, Callable[[OperandParser], Expression]] = {
    "(": OperandParser.parenthesised,
    "[": OperandParser.array,
    "{": OperandParser.braces,
    "-": OperandParser.negation,
    "+": OperandParser.plus_sign,
    "*": OperandParser.star,
}
"""Marks that begin an operand."""
