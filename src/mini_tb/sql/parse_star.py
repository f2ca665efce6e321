"""Stars: `*`, `t.*`, `COLUMNS(…)` and the transformers after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mini_tb.sql.lexer import HEREDOC, STRING
from mini_tb.sql.syntax import Call, Expression, Lambda, Name, Star

if TYPE_CHECKING:
    from mini_tb.sql.parse_operand import OperandParser


def columns_word(parser: OperandParser) -> Expression | None:
    """`COLUMNS('regex')`, `COLUMNS(a, b)`."""
    if parser.words[parser.i + 1] != "(":
        return None
    return columns(parser, parser.starts[parser.i], ())


def columns(parser: OperandParser, start: int, qualifier: tuple[str, ...]) -> Star:
    """`COLUMNS(…)` at the next token, and its transformers."""
    parser.i += 2
    pattern: str | None = None
    names: list[str] = []
    if parser.kinds[parser.i] in (STRING, HEREDOC):
        pattern = parser.string()
    else:
        while True:
            node = parser.name()
            if not isinstance(node, Name):
                parser.fail("a column's name")
            names.append(".".join(node.parts))
            if not parser.accept(","):
                break
    parser.expect(")")
    found = tuple(names) if pattern is None else None
    steps = transformers(parser)
    return Star(start, parser.end, qualifier, pattern, found, steps)


def star(parser: OperandParser, start: int, qualifier: tuple[str, ...]) -> Star:
    """`*` was taken: its transformers."""
    steps = transformers(parser)
    return Star(start, parser.end, qualifier, None, None, steps)


def transformers(parser: OperandParser) -> tuple[tuple[str, Any, Any], ...]:
    """`EXCEPT …`, `REPLACE …`, `APPLY …`, as many as there are."""
    steps: list[tuple[str, Any, Any]] = []
    while True:
        word = parser.words[parser.i]
        if word == "EXCEPT" and not parser.is_query(parser.i + 1):
            parser.i += 1
            steps.append(("EXCEPT", excepted(parser), None))
        elif word == "REPLACE":
            parser.i += 1
            steps.append(("REPLACE", replaced(parser), None))
        elif word == "APPLY":
            parser.i += 1
            steps.append(("APPLY", *applied(parser)))
        else:
            return tuple(steps)


def excepted(parser: OperandParser) -> list[str] | str:
    """The names, or the pattern, after EXCEPT."""
    parser.accept("STRICT")
    if parser.kinds[parser.i] == STRING:
        return parser.string()
    if not parser.accept("("):
        return [dotted(parser)]
    if parser.kinds[parser.i] == STRING:
        pattern = parser.string()
        parser.expect(")")
        return pattern
    names = [dotted(parser)]
    while parser.accept(","):
        names.append(dotted(parser))
    parser.expect(")")
    return names


def dotted(parser: OperandParser) -> str:
    """A column's name; that of a nested column has a dot."""
    name = parser.identifier("a column's name")
    while parser.accept("."):
        name += "." + parser.identifier("a column's name")
    return name


def replaced(parser: OperandParser) -> list[tuple[str, Expression]]:
    """`(expression AS name, …)` after REPLACE."""
    parser.accept("STRICT")
    found: list[tuple[str, Expression]] = []
    bracketed = parser.accept("(")
    while True:
        node = parser.expression()
        parser.expect("AS", "write `REPLACE(expression AS name)`")
        found.append((parser.identifier(), node))
        if not bracketed:
            return found
        if not parser.accept(","):
            parser.expect(")")
            return found


def applied(parser: OperandParser) -> tuple[Any, Any]:
    """`(f)`, `f`, `(f(params))` or `(x -> …)` after APPLY: the function and its parameters."""
    bracketed = parser.accept("(")
    node = parser.expression()
    if bracketed:
        parser.expect(")")
    if isinstance(node, Name) and len(node.parts) == 1:
        return node.parts[0], None
    if isinstance(node, Call) and not node.operator and node.params is None:
        return node.name, node.args
    if isinstance(node, Lambda):
        return node, None
    raise parser.error("`APPLY` takes a function or a lambda")
