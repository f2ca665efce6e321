"""Dates and times as text and back by a format: `formatDateTime`, `parseDateTime`, `dateName`, …

A format is a constant; each of its codes becomes one of DuckDB's, or an expression of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mini_tb.sql.functions import zone
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert import lower_cast, unreadable
from mini_tb.sql.functions.convert_moment import bounded, from_ticks, seconds, to_ticks
from mini_tb.sql.functions.datetime_parts import moment, wall
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    DATETIME,
    INT64,
    STRING,
    UINT32,
    DataType,
    array,
    datetime,
    datetime64,
    nullable,
    to_duckdb,
)
from mini_tb.types.duckdb import quote_string

Piece = tuple[str, str]
"""(`text`, characters), (`code`, of DuckDB's strftime) or (`sql`, an expression of `{w}`)."""

_MYSQL: dict[str, tuple[Piece, ...]] = {
    # https://clickhouse.com/docs/sql-reference/functions/date-time-functions#formatDateTime
    **{c: (("code", c),) for c in "abdfHIjmpSVwyYGu"},
    "c": (("code", "m"),),
    "C": (("sql", "lpad(CAST(year({w}) // 100 AS VARCHAR), 2, '0')"),),
    "D": (("code", "m"), ("text", "/"), ("code", "d"), ("text", "/"), ("code", "y")),
    "e": (("code", "-d"),),
    "F": (("code", "Y"), ("text", "-"), ("code", "m"), ("text", "-"), ("code", "d")),
    "g": (("sql", "lpad(CAST(isoyear({w}) % 100 AS VARCHAR), 2, '0')"),),
    "h": (("code", "I"),),
    "i": (("code", "M"),),
    "k": (("code", "H"),),
    "l": (("code", "I"),),
    "M": (("code", "B"),),
    "n": (("text", "\n"),),
    "Q": (("sql", "CAST(quarter({w}) AS VARCHAR)"),),
    "r": (("code", "I"), ("text", ":"), ("code", "M"), ("text", " "), ("code", "p")),
    "R": (("code", "H"), ("text", ":"), ("code", "M")),
    "s": (("code", "S"),),
    "t": (("text", "\t"),),
    "T": (("code", "H"), ("text", ":"), ("code", "M"), ("text", ":"), ("code", "S")),
    "W": (("code", "A"),),
    "z": (("sql", "{z}"),),
    "%": (("text", "%"),),
}


def mysql_pieces(pattern: str) -> list[Piece]:
    """The pieces of a format of `formatDateTime`. Raises `ArgumentError` for an unknown code."""
    pieces: list[Piece] = []
    i = 0
    while i < len(pattern):
        if pattern[i] != "%":
            pieces.append(("text", pattern[i]))
            i += 1
            continue
        code = pattern[i + 1 : i + 2]
        if code not in _MYSQL:
            raise ArgumentError(f"the format has `%{code}`, which is not supported", 36, 1)
        pieces.extend(_MYSQL[code])
        i += 2
    return pieces


def _padded(sql: str, width: int) -> str:
    number = f"CAST({sql} AS VARCHAR)"
    return (
        number
        if width < 2
        else f"lpad({number}, CAST(greatest({width}, strlen({number})) AS INTEGER), '0')"
    )


_JODA_NUMBERS = {
    "C": "year({w}) // 100",
    "x": "isoyear({w})",
    "w": "weekofyear({w})",
    "e": "isodow({w})",
    "D": "dayofyear({w})",
    "d": "day({w})",
    "K": "hour({w}) % 12",
    "h": "(hour({w}) + 11) % 12 + 1",
    "H": "hour({w})",
    "k": "(hour({w}) + 23) % 24 + 1",
    "m": "minute({w})",
    "s": "second({w})",
}


def _joda_token(letter: str, count: int) -> Piece:
    if letter in _JODA_NUMBERS:
        return "sql", _padded(_JODA_NUMBERS[letter], count)
    if letter in "yY":
        if count == 2:
            return "sql", "lpad(CAST(year({w}) % 100 AS VARCHAR), 2, '0')"
        return "sql", _padded("year({w})", count)
    if letter == "M":
        if count > 2:
            return "code", "b" if count == 3 else "B"
        return "sql", _padded("month({w})", count)
    if letter == "E":
        return "code", "A" if count > 3 else "a"
    if letter == "a":
        return "code", "p"
    if letter == "G":
        return "text", "AD"
    if letter == "S":
        return "sql", f"rpad(substr(strftime({{w}}, '%f'), 1, {count}), {count}, '0')"
    raise ArgumentError(f"the format has `{letter}`, which is not supported", 48, 1)


def _joda_runs(pattern: str) -> Iterator[tuple[str, int]]:
    """(letter, how many) of a Joda format; quoted and other text as (text, 0)."""
    i = 0
    while i < len(pattern):
        char = pattern[i]
        if char == "'":
            end = pattern.find("'", i + 1)
            if end < 0:
                raise ArgumentError("the format has an open quote", 36, 1)
            yield ("'" if end == i + 1 else pattern[i + 1 : end]), 0
            i = end + 1
        elif char.isascii() and char.isalpha():
            end = i
            while end < len(pattern) and pattern[end] == char:
                end += 1
            yield char, end - i
            i = end
        else:
            yield char, 0
            i += 1


def joda_pieces(pattern: str) -> list[Piece]:
    """The pieces of a format in Joda's syntax. Raises `ArgumentError` for an unknown letter."""
    return [
        _joda_token(part, count) if count else ("text", part) for part, count in _joda_runs(pattern)
    ]


def _joined(pieces: Sequence[Piece], w: str, offset: str) -> str:
    """VARCHAR text of a wall clock by the pieces: as few `strftime`s as it takes."""
    parts: list[str] = []
    pattern = ""

    def flush() -> None:
        nonlocal pattern
        if pattern:
            parts.append(f"strftime({w}, {quote_string(pattern)})")
        pattern = ""

    for kind, value in pieces:
        if kind == "sql":
            flush()
            parts.append(value.replace("{w}", w).replace("{z}", offset))
        else:
            pattern += "%" + value if kind == "code" else value.replace("%", "%%")
    flush()
    return f"({' || '.join(parts)})" if parts else "''"


def _offset(at: str, zone_name: str | None) -> str:
    """`+0200`: how far the wall clock is from UTC at an instant."""
    if not zone.differs_from_utc(zone_name):
        return "'+0000'"
    whole = f"date_trunc('second', {at})"
    return _distance(whole, zone.to_wall(whole, zone_name))


def _distance(whole: str, wall_clock: str) -> str:
    minutes = f"(({seconds(wall_clock)} - {seconds(whole)}) // 60)"
    sign = f"CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END"
    return f"({sign} || printf('%02d%02d', abs({minutes}) // 60, abs({minutes}) % 60))"


_Pieces = Callable[[str], list[Piece]]


def _format(name: str, pieces: _Pieces, aliases: tuple[str, ...] = ()) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        moment(args)
        pieces(text(args[1]))
        if not zone.is_of_row(args, 2):
            zone.argument(args, 2)
        return STRING

    def lower(call: Call, args: list[str]) -> str:
        t = call.args[0].type.bare
        if zone.is_of_row(call.args, 2):
            at = f"date_trunc('second', {args[0]})"
            distance = "'+0000'" if t.is_date else _distance(at, zone.wall_of_row(t, at, args[2]))
            w = zone.wall_of_row(t, args[0], args[2])
            return _joined(pieces(text(call.args[1])), w, distance)
        zone_name = zone.argument(call.args, 2) or t.zone
        w = f"CAST({args[0]} AS TIMESTAMP)" if t.is_date else wall(call, args, 2)
        offset = "'+0000'" if t.is_date else _offset(args[0], zone_name)
        return _joined(pieces(text(call.args[1])), w, offset)

    return Function(name, returns, lower, args=(2, 3), aliases=aliases, any_case=True)


def _from_unix(name: str, pieces: _Pieces, aliases: tuple[str, ...] = ()) -> Function:
    """`fromUnixTimestamp(seconds[, format[, zone]])`: a DateTime, or its text."""

    def returns(args: Sequence[Expr]) -> DataType:
        if not args[0].type.is_integer:
            raise ArgumentError(f"illegal type `{args[0].type}`, expected an integer")
        if len(args) == 1:
            return DATETIME
        pieces(text(args[1]))
        zone.argument(args, 2)
        return STRING

    def lower(call: Call, args: list[str]) -> str:
        source = call.args[0].type.bare
        if len(args) == 1:
            return lower_cast(source, DATETIME, args[0])
        if source.bits > 32:
            count = bounded(0, lower_cast(source, INT64, args[0]))
            at = from_ticks(datetime64(0), count)
        else:  # wrapped around
            at = lower_cast(UINT32, DATETIME, lower_cast(source, UINT32, args[0]))
        zone_name = zone.argument(call.args, 2)
        w = zone.to_wall(at, zone_name)
        return _joined(pieces(text(call.args[1])), w, _offset(at, zone_name))

    return Function(name, returns, lower, args=(1, 3), aliases=aliases, any_case=True)


# dateName, timeSlots ---------------------------------------------------------------------

_NAMES = {
    "year": "%Y",
    "month": "%B",
    "dayofyear": "%-j",
    "day": "%-d",
    "weekday": "%A",
    "hour": "%-H",
    "minute": "%-M",
    "second": "%-S",
}
_NUMBERS = {"quarter": "quarter({w})", "week": "weekofyear({w})"}


def _name_returns(args: Sequence[Expr]) -> DataType:
    moment(args[1:])
    unit = text(args[0]).lower()
    if unit not in _NAMES and unit not in _NUMBERS:
        raise ArgumentError(f"unknown unit `{unit}`", 36, 0)
    zone.argument(args, 2)
    return STRING


def _lower_name(call: Call, args: list[str]) -> str:
    unit = text(call.args[0]).lower()
    w = zone.wall(call.args[1].type.bare, args[1], zone.argument(call.args, 2))
    if unit in _NUMBERS:
        return f"CAST({_NUMBERS[unit].replace('{w}', w)} AS VARCHAR)"
    return f"strftime({w}, '{_NAMES[unit]}')"


def _month_name_returns(args: Sequence[Expr]) -> DataType:
    if moment(args).name == "Date32":
        message = (
            "illegal type `Date32`, expected Date or DateTime: `dateName('month', …)` takes it"
        )
        raise ArgumentError(message)
    return STRING


def _lower_month_name(call: Call, args: list[str]) -> str:
    return f"strftime({zone.wall(call.args[0].type.bare, args[0])}, '%B')"


def _slots_returns(args: Sequence[Expr]) -> DataType:
    t = moment(args, times=True)
    for arg in args[1:]:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")
    return array(datetime(t.zone) if t.name == "DateTime" else datetime64(t.scale, t.zone))


def _lower_slots(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    unit = 10**t.scale
    start = to_ticks(t, args[0])
    length = f"CAST(trunc({args[1]} * {unit}) AS BIGINT)"
    size = f"CAST(trunc({args[2]} * {unit}) AS BIGINT)" if len(args) > 2 else str(1800 * unit)
    slots = f"range({start} // {size}, ({start} + {length}) // {size} + 1)"
    slot = from_ticks(t, f"slot * {size}")
    return f"list_transform({slots}, lambda slot: CAST({slot} AS {to_duckdb(t)}))"


# parseDateTime ---------------------------------------------------------------------------

_FRACTIONS = {f"f{digits}": digits for digits in range(1, 7)}
"""The codes of fractions of a second, by how many digits they have."""
_OFFSET = "z"
"""The code of how far the text is from UTC."""
_DATE_CODES = frozenset(["Y", "y", "m", "d", "b", "B", "j", "-d"])


def _joda_parse_pieces(pattern: str) -> list[Piece]:
    codes = {"y": "Y", "Y": "Y", "d": "d", "H": "H", "h": "I", "m": "M", "s": "S", "a": "p"}
    found: list[Piece] = []
    for part, count in _joda_runs(pattern):
        if not count:
            found.append(("text", part))
        elif part in "yY" and count == 2:
            found.append(("code", "y"))
        elif part == "S":
            if f"f{count}" not in _FRACTIONS:
                raise ArgumentError(f"a second has at most {len(_FRACTIONS)} digits here", 41, 1)
            found.append(("code", f"f{count}"))
        elif part == "Z" and count < 3:
            found.append(("code", _OFFSET))
        elif part == "M":
            found.append(("code", "m" if count < 3 else "b" if count == 3 else "B"))
        elif part in codes:
            found.append(("code", codes[part]))
        else:
            raise ArgumentError(f"the format has `{part}`, which is not supported", 48, 1)
    return found


_SHAPES = {
    # What a code may look like; DuckDB alone would take less and more.
    "Y": r"\d{4}",
    "j": r"\d{3}",
    "-d": r"(?: \d|\d\d?)",
    "b": "[A-Za-z]{3}",
    "B": "[A-Za-z]+",
    "p": "[AaPp][Mm]",
    "f": r"\d{1,6}",
    _OFFSET: r"[+-](?:[01]\d|2[0-3])[0-5]\d",
    **{code: rf"\d{{1,{digits}}}" for code, digits in _FRACTIONS.items()},
}


def _shape(pieces: Sequence[Piece], exact: bool) -> str:
    """The regular expression of the texts that fit the pieces; `exact`: numbers of full width."""
    number = r"\d{2}" if exact else r"\d+"
    return "".join(
        "".join(f"\\x{{{ord(char):x}}}" for char in value)
        if kind == "text"
        else _SHAPES.get(value, number)
        for kind, value in pieces
    )


def _filled(pieces: Sequence[Piece], exact: bool, sql: str) -> str:
    """The text with all digits of its fraction, which `strptime` takes for the first ones."""
    at = next(i for i, (kind, value) in enumerate(pieces) if kind == "code" and value in _FRACTIONS)
    parts = (pieces[:at], pieces[at : at + 1], pieces[at + 1 :])
    shape = quote_string("".join(f"({_shape(part, exact)})" for part in parts))
    before, fraction, after = (f"regexp_extract({sql}, {shape}, {i})" for i in (1, 2, 3))
    return f"({before} || lpad({fraction}, {_FRACTIONS[pieces[at][1]]}, '0') || {after})"


def _strptime(pieces: Sequence[Piece], sql: str, exact: bool) -> str:
    """TIMESTAMP of a text by the pieces, in UTC if they tell how far it is from there; NULL if it
    does not fit."""
    shape = _shape(pieces, exact)
    fits = f"regexp_full_match({sql}, {quote_string(shape)})"
    pattern, codes = "", []
    for kind, value in pieces:
        if kind == "sql" or value in ("G", "V", "u", "w", "a"):
            raise ArgumentError("the format has a code that is not supported for reading", 48, 1)
        is_fraction = kind == "code" and value in _FRACTIONS
        code = "f" if is_fraction else value
        pattern += "%" + code if kind == "code" else value.replace("%", "%%")
        codes += [code] if kind == "code" else []
        sql = _filled(pieces, exact, sql) if is_fraction else sql
    if codes.count("f") > 1:
        raise ArgumentError("a format with two fractions of a second is not supported", 48, 1)
    dates = _DATE_CODES.intersection(codes)
    if dates and not dates & {"Y", "y"}:
        raise ArgumentError("a format with a date but no year is not supported", 48, 1)
    if not dates:
        pattern, sql = "%Y-%m-%d " + pattern, f"'1970-01-01 ' || {sql}"
    read = f"try_strptime({sql}, {quote_string(pattern)})"
    return f"CASE WHEN {fits} THEN {_utc(read) if _OFFSET in codes else read} END"


def _utc(instant: str) -> str:
    """TIMESTAMP of a TIMESTAMP WITH TIME ZONE."""
    return f"timezone('UTC', {instant})"


_PARSE_ALIASES = {"parseDateTime": ("TO_UNIXTIME",), "parseDateTimeOrNull": ("str_to_date",)}


_FORMS: dict[_Pieces, str] = {
    mysql_pieces: "%Y-%m-%d %H:%i:%s",
    _joda_parse_pieces: "yyyy-MM-dd HH:mm:ss",
}
"""What is read where no format is told."""


def _joda_scale(pieces: Sequence[Piece]) -> int:
    return sum(_FRACTIONS.get(value, 0) for kind, value in pieces if kind == "code")


def _parse_rows(
    name: str, pieces: _Pieces, scale: Callable[[Sequence[Piece]], int] | None
) -> Iterator[Function]:
    """`name` and its OrNull and OrZero; without a zone the type names the server's. `scale` is that
    of a DateTime64 by the pieces of its format."""
    exact = pieces is mysql_pieces

    def form(args: Sequence[Expr]) -> list[Piece]:
        return pieces(text(args[1]) if len(args) > 1 else _FORMS[pieces])

    def target(args: Sequence[Expr]) -> DataType:
        if not args[0].type.is_string:
            raise ArgumentError(f"illegal type `{args[0].type}`, expected a String")
        _strptime(form(args), "", exact)
        zone_name = zone.argument(args, 2) or "UTC"
        return datetime64(scale(form(args)), zone_name) if scale else datetime(zone_name)

    def read(call: Call, args: list[str]) -> str:
        at = _strptime(form(call.args), args[0], exact)
        is_utc = ("code", _OFFSET) in form(call.args)
        found = at if is_utc else zone.to_instant(at, call.type.zone)
        if scale:
            return f"CAST({found} AS TIMESTAMP)"
        return f"date_trunc('second', {found})"

    def lower(call: Call, args: list[str]) -> str:
        found = f"coalesce({read(call, args)}, {unreadable(call.type.bare)})"
        return f"CASE WHEN {args[0]} IS NOT NULL THEN {found} END"

    def or_zero(call: Call, args: list[str]) -> str:
        bare = call.type.bare
        found = f"coalesce({read(call, args)}, {literal(zero(bare), bare)})"
        return f"CASE WHEN {args[0]} IS NOT NULL THEN {found} END"

    aliases = _PARSE_ALIASES.get(name, ())
    yield Function(name, target, lower, args=(1, 3), aliases=aliases, any_case=True)
    aliases = _PARSE_ALIASES.get(f"{name}OrNull", ())
    yield Function(
        f"{name}OrNull",
        lambda args: nullable(target(args)),
        read,
        args=(1, 3),
        aliases=aliases,
        any_case=bool(aliases),
    )
    yield Function(f"{name}OrZero", target, or_zero, args=(1, 3))


ROWS = (
    _format("formatDateTime", mysql_pieces, aliases=("DATE_FORMAT",)),
    _format("formatDateTimeInJodaSyntax", joda_pieces),
    _from_unix("fromUnixTimestamp", mysql_pieces, aliases=("FROM_UNIXTIME",)),
    _from_unix("fromUnixTimestampInJodaSyntax", joda_pieces),
    Function("dateName", _name_returns, _lower_name, args=(2, 3), any_case=True),
    Function("monthName", _month_name_returns, _lower_month_name, any_case=True),
    Function("timeSlots", _slots_returns, _lower_slots, args=(2, 3)),
    *_parse_rows("parseDateTime", mysql_pieces, None),
    *_parse_rows("parseDateTimeInJodaSyntax", _joda_parse_pieces, None),
    *_parse_rows("parseDateTime64", mysql_pieces, lambda pieces: 6),
    *_parse_rows("parseDateTime64InJodaSyntax", _joda_parse_pieces, _joda_scale),
)
