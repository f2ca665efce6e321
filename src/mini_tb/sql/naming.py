"""The name that ClickHouse gives to a column without alias: its expression in canonical form.

`a+1` is `plus(a, 1)`, `x::Int8` is `CAST(x, 'Int8')`, `count(*)` is `count()`. Functions keep the
spelling of the text, literals do not: floats have a dot or an exponent, strings are escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mini_tb.sql.syntax import (
    Call,
    Constant,
    Expression,
    Frame,
    Lambda,
    Name,
    OrderItem,
    Parameter,
    Star,
    Subquery,
    TableQuery,
    WindowSpec,
    is_literal,
)

ESCAPES = str.maketrans(
    {
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\0": "\\0",
        "\\": "\\\\",
        "'": "\\'",
    }
)


def column_name(
    expression: Expression,
    parameters: Mapping[str, str] | Callable[[str], str] | None = None,
    *,
    names: Callable[[Name | Star], str] | None = None,
) -> str:
    """The name of the column that `expression` makes, which is its alias if it has one.

    `parameters` says how the value of a `{name:Type}` reads in the query, by its name; `names`
    what a name is called (`t.a` is `a` where no other table has an `a`), and the names that a star
    stands for. Without `parameters` a
    parameter, without `names` a name is called as it is written.
    """
    return Namer(parameters, names).name(expression)


def shown(name: str) -> str:
    """The name as UTF-8: with U+FFFD for bytes that are none, as ClickHouse has it in JSON."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Namer:
    """Names the columns of one query: subqueries are numbered through it."""

    def __init__(
        self,
        parameters: Mapping[str, str] | Callable[[str], str] | None = None,
        names: Callable[[Name | Star], str] | None = None,
    ) -> None:
        self.parameters = parameters
        self.names = names
        self.before: Callable[[], int] = int
        """How many subqueries ClickHouse has numbered before: those in FROM."""
        self.subqueries: int | None = None

    def column(self, node: Expression) -> str:
        """The name of a column of the answer; subqueries are counted under an alias too."""
        if node.alias is None:
            return self.form(node)
        parameters, self.parameters = self.parameters, None
        self.form(node)
        self.parameters = parameters
        return node.alias

    def name(self, node: Expression) -> str:
        """The name of a column: its alias, or its canonical form."""
        return node.alias if node.alias is not None else self.form(node)

    def form(self, node: Expression) -> str:
        """The canonical form of an expression, whatever its alias."""
        match node:
            case Name() | Star() if self.names is not None:
                return self.names(node)
            case Name():
                return ".".join(node.parts)
            case Constant():
                return constant_name(node.value)
            case Call():
                return self.call(node)
            case Lambda():
                params = ", ".join(node.params)
                return f"lambda(tuple({params}), {self.name(node.body)})"
            case Subquery():
                number = 1 + (self.before() if self.subqueries is None else self.subqueries)
                self.subqueries = number + queries_in(node.query)
                return f"_subquery_{number}"
            case Parameter():
                return self.parameter(node)
            case Star():
                return ".".join((*node.qualifier, "*"))
            case _:
                raise TypeError(type(node).__name__)

    def parameter(self, node: Parameter) -> str:
        """The text of the parameter's value, or the parameter itself where it has none."""
        text: str | None = None
        if callable(self.parameters):
            text = self.parameters(node.name)
        elif self.parameters is not None:
            text = self.parameters.get(node.name)
        return f"{{{node.name}:{node.type}}}" if text is None else text

    def all(self, nodes: list[Expression]) -> str:
        """Names with commas between them."""
        return ", ".join([self.name(node) for node in nodes])

    def call(self, node: Call) -> str:
        """`name(params)(args) OVER …`, with the forms that arrays, tuples and casts have."""
        args = node.args
        if node.name in ("array", "tuple"):
            if node.operator and is_literal(node):
                return literal_name(literal_value(node))
            items = self.all(args)
            return f"[{items}]" if node.name == "array" else f"({items})"
        if node.name == "CAST" and isinstance(args[0], Call) and args[0].text is not None:
            return f"CAST({quoted(args[0].text)}, {self.name(args[1])})"
        name = node.name
        if node.distinct:
            name += "Distinct"
        if node.filter is not None:
            name += "If"
            args = [*args, node.filter]
        params = f"({self.all(node.params)})" if node.params is not None else ""
        if args and isinstance(args[0], Lambda):  # its subqueries are numbered last
            rest = self.all(args[1:])
            items = self.name(args[0]) + (f", {rest}" if rest else "")
        else:
            items = self.all(args)
        over = f" OVER {self.over(node.over)}" if node.over is not None else ""
        return f"{name}{params}({items}){over}"

    def over(self, window: WindowSpec | str) -> str:
        """What stands after OVER."""
        if isinstance(window, str):
            return window
        parts = [] if window.base is None else [window.base]
        if window.partition_by:
            parts.append("PARTITION BY " + self.all(window.partition_by))
        if window.order_by:
            parts.append("ORDER BY " + ", ".join(map(self.order_item, window.order_by)))
        if window.frame is not None:
            parts.append(self.frame(window.frame))
        return "(" + " ".join(parts) + ")"

    def order_item(self, item: OrderItem) -> str:
        """An item of ORDER BY; its direction is always said."""
        name = self.name(item.expression) + (" DESC" if item.descending else " ASC")
        if item.nulls_first is not None:
            name += " NULLS FIRST" if item.nulls_first else " NULLS LAST"
        if item.collate is not None:
            name += " COLLATE " + quoted(item.collate)
        return name

    def frame(self, frame: Frame) -> str:
        """A frame in its long form."""
        first, last = self.bound(frame.first), self.bound(frame.last)
        return f"{frame.unit} BETWEEN {first} AND {last}"

    def bound(self, bound: tuple[str, Expression | None]) -> str:
        """One end of a frame."""
        kind, offset = bound
        return kind if offset is None else f"{self.name(offset)} {kind}"


def queries_in(node: object) -> int:
    """How many queries are inside a query: ClickHouse numbers them all."""
    if isinstance(node, list | tuple):
        return sum(map(queries_in, node))
    if not is_dataclass(node):
        return 0
    here = isinstance(node, Subquery | TableQuery)
    return here + sum(queries_in(getattr(node, field.name)) for field in fields(node))


def literal_value(node: Expression) -> Any:
    """The value of a literal: arrays are lists, tuples are tuples, Bool in them is a number."""
    if isinstance(node, Constant):
        return int(node.value) if isinstance(node.value, bool) else node.value
    assert isinstance(node, Call)
    values = [literal_value(item) for item in node.args]
    return values if node.name == "array" else tuple(values)


def literal_name(value: Any) -> str:
    """How ClickHouse writes a literal with brackets; the numbers of an array are of one type."""
    if isinstance(value, list):
        return "[" + ", ".join(map(literal_name, unified(value))) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal_name, value)) + ")"
    return constant_name(value)


def unified(values: list[Any]) -> list[Any]:
    """The elements of an array: all floats where one number in it, at any depth, is a float."""
    return list(map(to_float, values)) if any(map(has_float, values)) else values


def has_float(value: Any) -> bool:
    """Whether a number in it is a float."""
    return any(map(has_float, value)) if isinstance(value, list) else isinstance(value, float)


def to_float(value: Any) -> Any:
    """The value with every number in it a float."""
    if isinstance(value, list):
        return list(map(to_float, value))
    return float(value) if isinstance(value, int) else value


def constant_name(value: float | str | bool | None) -> str:
    """How ClickHouse writes a literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return str(value)
    return float_name(value)


def float_name(value: float) -> str:
    """The shortest digits that give the number back; with an exponent below 1e-6 and from 1e21."""
    digits = repr(value)
    if digits in ("inf", "-inf", "nan"):
        return digits
    mantissa, _, power = digits.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    fraction = fraction.rstrip("0")
    point = len(whole) + int(power or 0)
    figures = whole + fraction
    point -= len(figures) - len(figures.lstrip("0"))
    figures = figures.lstrip("0")
    if not figures:
        return sign + "0."
    trimmed = figures.rstrip("0")
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{trimmed}"
    if 0 < point <= 21:
        padded = trimmed.ljust(point, "0")
        return f"{sign}{padded[:point]}.{padded[point:]}"
    rest = f".{trimmed[1:]}" if len(trimmed) > 1 else ""
    return f"{sign}{trimmed[0]}{rest}e{point - 1}"


def quoted(text: str) -> str:
    """A string in quotes, escaped."""
    return f"'{text.translate(ESCAPES)}'"
