"""Expressions that begin with a word and have a grammar of their own.

`SPECIAL` maps such a word to a function of the parser, which returns None where the word is only a
name in this place (`SELECT date, interval FROM t`); the parser then steps back to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mini_tb.sql import parse_star
from mini_tb.sql.lexer import OPERATOR, STRING, WORD, keywords, sql_error
from mini_tb.sql.syntax import (
    Call,
    Constant,
    Expression,
    Subquery,
)

if TYPE_CHECKING:
    from mini_tb.sql.parse_operand import OperandParser

UNITS = {
    spelling: unit
    for unit, spellings in {
        "Nanosecond": "NANOSECOND NANOSECONDS SQL_TSI_NANOSECOND NS",
        "Microsecond": "MICROSECOND MICROSECONDS SQL_TSI_MICROSECOND US",
        "Millisecond": "MILLISECOND MILLISECONDS SQL_TSI_MILLISECOND MS",
        "Second": "SECOND SECONDS SQL_TSI_SECOND SS S",
        "Minute": "MINUTE MINUTES SQL_TSI_MINUTE MI N",
        "Hour": "HOUR HOURS SQL_TSI_HOUR HH H",
        "Day": "DAY DAYS SQL_TSI_DAY DD D",
        "Week": "WEEK WEEKS SQL_TSI_WEEK WK WW",
        "Month": "MONTH MONTHS SQL_TSI_MONTH MM M",
        "Quarter": "QUARTER QUARTERS SQL_TSI_QUARTER QQ Q",
        "Year": "YEAR YEARS SQL_TSI_YEAR YYYY YY",
    }.items()
    for spelling in spellings.split()
}
"""Every spelling of a unit of time."""

EXTRACTS = {
    **{unit: "to" + unit for unit in set(UNITS.values())},
    "Day": "toDayOfMonth",
    "Week": "toISOWeek",
    "EPOCH": "toUnixTimestamp",
    "DOW": "toDayOfWeek",
    "ISODOW": "toDayOfWeek",
    "DOY": "toDayOfYear",
    "ISOYEAR": "toISOYear",
}
"""The function that EXTRACT calls for a unit or one of its own words."""

TYPE_TAILS = keywords(
    """
    PRECISION VARYING UNSIGNED SIGNED LARGE OBJECT
    """
)
"""Later words of the types that have several (`DOUBLE PRECISION`, `BIGINT UNSIGNED`)."""

INFINITY = float("inf")


def literal(value: float | bool | None) -> Callable[[OperandParser], Expression | None]:
    """A word that is a literal."""

    def parse(parser: OperandParser) -> Expression | None:
        i = parser.i
        if parser.words[i + 1] == "(":
            return None
        parser.i = i + 1
        return Constant(parser.starts[i], parser.ends[i], value, parser.tokens.text(i))

    return parse


def not_(parser: OperandParser) -> Expression:
    """`NOT x`, `NOT(x)`: always the operator."""
    return parser.not_()


# Types -----------------------------------------------------------------------------------


def type_text(parser: OperandParser) -> str:
    """Take a type; its text as ClickHouse prints it (`Decimal(10, 2)`), not yet a known one."""
    parser.identifier("a type")
    first = parser.i - 1
    if parser.words[first] in ("NATIONAL", "CHAR", "CHARACTER"):
        parser.one_of(("CHAR", "CHARACTER"))
    while parser.one_of(TYPE_TAILS):
        pass
    words = [parser.tokens.text(i) for i in range(first, parser.i)]
    text = " ".join(words).upper() if len(words) > 1 else words[0]
    if parser.words[parser.i] == "(":
        text += type_arguments(parser)
        while parser.words[parser.i] in TYPE_TAILS:
            text += " " + parser.words[parser.i]
            parser.i += 1
    return text


def type_arguments(parser: OperandParser) -> str:
    """`( … )` of a type, with one blank after commas, around `=` and between words."""
    parts: list[str] = []
    depth = 0
    glued = True
    while True:
        mark = parser.words[parser.i]
        if parser.kinds[parser.i] == "end":
            parser.fail("`)` after the type")
        if not glued and mark not in (",", "(", ")", "."):
            parts.append(" ")
        parts.append(parser.tokens.text(parser.i))
        glued = mark in ("(", "-", ".")
        depth += (mark == "(") - (mark == ")")
        parser.i += 1
        if depth == 0:
            return "".join(parts)


def type_name(parser: OperandParser) -> Constant:
    """Take a type; the constant's value is its text, which is a type that exists."""
    start = parser.starts[parser.i]
    text = type_text(parser)
    check_type(parser, parser.text[start : parser.end], start)
    return Constant(start, parser.end, text, parser.text[start : parser.end])


def check_type(parser: OperandParser, text: str, start: int) -> None:
    """Fail where the text, which is at `start`, is no type."""
    from mini_tb.types.parse import TypeSyntaxError, parse_type

    try:
        parse_type(text)
    except TypeSyntaxError as error:
        place = start + error.offset
        raise sql_error(
            "SQ004", parser.fragment, error.message, place, start + len(text), error.hint
        ) from None


# Calls with words inside ------------------------------------------------------------------


def call(parser: OperandParser, start: int, name: str, args: list[Expression]) -> Call:
    """A call that was written with words, from `start` to the last token."""
    return Call(start, parser.end, name, args)


def is_call(parser: OperandParser) -> bool:
    """Whether a `(` follows the word; takes both if so."""
    if parser.words[parser.i + 1] != "(":
        return False
    parser.i += 2
    return True


def cast(parser: OperandParser) -> Expression | None:
    """`CAST(x AS T)`, `CAST(x, 'T')`."""
    start = parser.starts[parser.i]
    if not is_call(parser):
        return None
    value = parser.expression()
    if parser.words[parser.i] == "AS" and parser.words[parser.i + 2] in ("AS", ","):
        parser.i += 1
        value.alias = parser.identifier()
    kind: Expression
    if parser.accept("AS"):
        kind = type_name(parser)
    else:
        parser.expect(",", "write `CAST(x AS Type)` or `CAST(x, 'Type')`")
        kind = parser.expression()
        if isinstance(kind, Constant) and isinstance(kind.value, str):
            check_type(parser, kind.value, kind.start + 1)
    parser.expect(")")
    return Call(start, parser.end, "CAST", [value, kind], operator=True)


def case(parser: OperandParser) -> Expression | None:
    """`CASE [x] WHEN a THEN b … [ELSE c] END`."""
    start = parser.starts[parser.i]
    parser.i += 1
    if not begins_operand(parser):
        return None
    args: list[Expression] = []
    name = "multiIf"
    if parser.words[parser.i] != "WHEN":
        name = "caseWithExpression"
        args.append(parser.expression())
    parser.expect("WHEN")
    while True:
        args.append(parser.aliased())
        parser.expect("THEN")
        args.append(parser.aliased())
        if not parser.accept("WHEN"):
            break
    if parser.accept("ELSE"):
        args.append(parser.aliased())
    else:
        place = parser.starts[parser.i]
        args.append(Constant(place, place, None, "NULL"))
    parser.expect("END", "close `CASE` with `END`")
    return Call(start, parser.end, name, args, operator=True)


def begins_operand(parser: OperandParser) -> bool:
    """Whether an operand can begin at the next token, so that the word before it was no name."""
    kind, word = parser.kinds[parser.i], parser.words[parser.i]
    if kind == OPERATOR:
        return word in ("(", "[", "{", "-")
    return kind != "end" and word not in ("FROM", "AS")


def dated(function: str) -> Callable[[OperandParser], Expression | None]:
    """`DATE '2024-01-01'`, `TIMESTAMP '…'`."""

    def parse(parser: OperandParser) -> Expression | None:
        start = parser.starts[parser.i]
        parser.i += 1
        if parser.kinds[parser.i] != STRING:
            return None
        value = parser.operand()
        return Call(start, parser.end, function, [value], operator=True)

    return parse


def interval(parser: OperandParser) -> Expression | None:
    """`INTERVAL 1 DAY`, `INTERVAL '1 day 2 hours'`, `INTERVAL expression unit`."""
    word = parser.i
    start = parser.starts[word]
    parser.i += 1
    kind = parser.kinds[parser.i]
    if word in parser.plain_words or not begins_operand(parser):
        return None
    if kind == STRING and parser.words[parser.i + 1] not in UNITS:
        return interval_text(parser, start)
    first = parser.i
    count = parser.expression()
    unit = parser.one_of(UNITS)
    if unit is None:
        if kind == WORD or parser.words[first] in ("(", "["):
            parser.plain_words.add(word)  # a name, or a function called interval
            return None
        parser.fail("a unit of time", "for example `INTERVAL 1 DAY`")
    return Call(start, parser.end, "toInterval" + UNITS[unit], [count], operator=True)


def interval_text(parser: OperandParser, start: int) -> Expression:
    """`INTERVAL '1 day 2 hours'`: one interval, or a tuple of them."""
    place = parser.starts[parser.i]
    pieces = parser.string().split()
    parts: list[Expression] = []
    for count, unit in zip(pieces[::2], pieces[1::2], strict=False):
        if unit.upper() not in UNITS or not count.lstrip("-").isdigit():
            break
        parts.append(
            Call(
                start,
                parser.end,
                "toInterval" + UNITS[unit.upper()],
                [Constant(place, parser.end, int(count), count)],
                operator=True,
            )
        )
    if not parts or len(parts) * 2 != len(pieces):
        parser.i -= 1
        raise parser.error(
            f"{parser.found()} is no interval", "for example `INTERVAL '1 day'` or `INTERVAL 1 DAY`"
        )
    if len(parts) == 1:
        return parts[0]
    return Call(start, parser.end, "tuple", parts, operator=True)


def extract(parser: OperandParser) -> Expression | None:
    """`EXTRACT(unit FROM x)`; `extract(text, pattern)` is a function like any other."""
    start = parser.starts[parser.i]
    if not is_call(parser) or parser.words[parser.i + 1] != "FROM":
        return None
    word = parser.words[parser.i]
    function = EXTRACTS.get(UNITS.get(word, word))
    if function is None:
        parser.fail("a unit of time", "for example `EXTRACT(YEAR FROM x)`")
    parser.i += 2
    args = [parser.expression()]
    if word == "DOW":
        args.append(Constant(parser.end, parser.end, 2, "2"))
    parser.expect(")")
    return call(parser, start, function, args)


def trim(parser: OperandParser) -> Expression | None:
    """`TRIM([BOTH | LEADING | TRAILING] 'x' FROM y)`, `TRIM(y)`."""
    start = parser.starts[parser.i]
    if not is_call(parser):
        return None
    side = parser.one_of(("BOTH", "LEADING", "TRAILING"))
    name = {"LEADING": "trimLeft", "TRAILING": "trimRight"}.get(side or "", "trimBoth")
    if side is None:
        args = parser.list_of(")")
        return call(parser, start, name, args)
    mark = parser.expression()
    parser.expect("FROM")
    value = parser.expression()
    parser.expect(")")
    return call(parser, start, name, [value, mark])


def renamed(name: str) -> Callable[[OperandParser], Expression | None]:
    """A function of ordinary grammar that is known by another name."""

    def parse(parser: OperandParser) -> Expression | None:
        start = parser.starts[parser.i]
        if not is_call(parser):
            return None
        return call(parser, start, name, parser.list_of(")"))

    return parse


def substring(parser: OperandParser) -> Expression | None:
    """`SUBSTRING(x FROM a [FOR b])`, `substring(x, a, b)`."""
    start = parser.starts[parser.i]
    if not is_call(parser):
        return None
    args = [parser.aliased()]
    if parser.accept("FROM"):
        args.append(parser.expression())
        if parser.accept("FOR"):
            args.append(parser.expression())
        parser.expect(")")
    elif parser.accept(","):
        args += parser.list_of(")")
    else:
        parser.expect(")")
    return call(parser, start, "substring", args)


def position(parser: OperandParser) -> Expression | None:
    """`POSITION(part IN text)`, `position(text, part)`."""
    start = parser.starts[parser.i]
    if not is_call(parser):
        return None
    args = parser.list_of(")")
    if len(args) == 1 and isinstance(args[0], Call) and args[0].operator and args[0].name == "in":
        args = args[0].args[::-1]
    return call(parser, start, "position", args)


def unit_argument(parser: OperandParser) -> str | None:
    """The unit that is next as an argument of its own: `DAY,`."""
    unit = UNITS.get(parser.words[parser.i])
    return unit if unit is not None and parser.words[parser.i + 1] == "," else None


def shift(operator: str) -> Callable[[OperandParser], Expression | None]:
    """`DATE_ADD(DAY, 1, x)`, `DATE_ADD(x, INTERVAL 1 DAY)` and their family."""

    def parse(parser: OperandParser) -> Expression | None:
        start = parser.starts[parser.i]
        if not is_call(parser):
            return None
        unit = unit_argument(parser)
        if unit is None:
            return call(parser, start, operator, parser.list_of(")"))
        parser.i += 2
        count = parser.expression()
        parser.expect(",")
        value = parser.expression()
        parser.expect(")")
        step = Call(count.start, count.end, "toInterval" + unit, [count])
        return call(parser, start, operator, [value, step])

    return parse


def date_diff(parser: OperandParser) -> Expression | None:
    """`DATEDIFF(DAY, a, b)`, `dateDiff('day', a, b [, zone])`."""
    start = parser.starts[parser.i]
    if not is_call(parser):
        return None
    unit = unit_argument(parser)
    args: list[Expression] = []
    if unit is not None:
        i = parser.i
        text = unit.lower()
        args.append(Constant(parser.starts[i], parser.ends[i], text, f"'{text}'"))
        parser.i += 2
    return call(parser, start, "dateDiff", args + parser.list_of(")"))


def exists(parser: OperandParser) -> Expression | None:
    """`EXISTS(SELECT …)`."""
    start = parser.starts[parser.i]
    if not is_call(parser) or not parser.is_query(parser.i):
        return None
    place = parser.starts[parser.i]
    query = parser.query()
    parser.expect(")")
    return Call(start, parser.end, "exists", [Subquery(place, parser.end, query)], operator=True)


ADD = shift("plus")
SUBTRACT = shift("minus")

SPECIAL: dict[str, Callable[[OperandParser], Expression | None]] = {
    "NULL": literal(None),
    "TRUE": literal(True),
    "FALSE": literal(False),
    "INF": literal(INFINITY),
    "INFINITY": literal(INFINITY),
    "NAN": literal(float("nan")),
    "NOT": not_,
    "CASE": case,
    "CAST": cast,
    "DATE": dated("toDate"),
    "TIMESTAMP": dated("toDateTime"),
    "INTERVAL": interval,
    "EXTRACT": extract,
    "TRIM": trim,
    "LTRIM": renamed("trimLeft"),
    "RTRIM": renamed("trimRight"),
    "SUBSTRING": substring,
    "POSITION": position,
    "EXISTS": exists,
    "COLUMNS": parse_star.columns_word,
    **dict.fromkeys(("DATE_ADD", "DATEADD", "TIMESTAMP_ADD", "TIMESTAMPADD"), ADD),
    **dict.fromkeys(("DATE_SUB", "DATESUB", "TIMESTAMP_SUB", "TIMESTAMPSUB"), SUBTRACT),
    **dict.fromkeys(("DATE_DIFF", "DATEDIFF", "TIMESTAMP_DIFF", "TIMESTAMPDIFF"), date_diff),
}
