"""`printf`: values printed by the signs of a format, as C does.

The format is taken apart when the query is compiled; each of its parts is one text of DuckDB's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, text
from mini_tb.sql.functions.strings import need_string
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import INT64, STRING, DataType
from mini_tb.types.duckdb import quote_string

_PART = re.compile(
    r"[^%]+|%%|%(?P<flags>[-+ 0#]*)(?P<width>\d*)(?:\.(?P<precision>\d+))?"
    r"(?P<length>hh|h|ll|l|j|z|t|L)?(?P<kind>[a-zA-Z])"
)
_KINDS = {"s": "text", **dict.fromkeys("diuxXoc", "integer"), **dict.fromkeys("eEfFgGaA", "float")}
"""What each sign prints."""
_DIGITS = 15
"""So many digits of a float DuckDB prints exactly."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a format: text as it is, or how a value is printed."""

    literal: str
    match: re.Match[str] | None = None

    @property
    def kind(self) -> str:
        return self.match["kind"] if self.match else ""

    @property
    def width(self) -> int:
        return int((self.match and self.match["width"]) or 0)

    @property
    def precision(self) -> int | None:
        found = self.match and self.match["precision"]
        return int(found) if found else None

    @property
    def flags(self) -> str:
        return self.match["flags"] if self.match else ""

    @property
    def is_left(self) -> bool:
        return "-" in self.flags

    @property
    def sign(self) -> str:
        """The part for DuckDB, with no flag but those that count, in a row."""
        flags = set(self.flags)
        if self.is_left or (_KINDS[self.kind] == "integer" and self.precision is not None):
            flags.discard("0")
        if "+" in flags:
            flags.discard(" ")
        length = self.match["length"] or "" if self.match else ""
        dotted = "" if self.precision is None else f".{self.precision}"
        return f"%{''.join(sorted(flags))}{self.width or ''}{dotted}{length}{self.kind}"


def _parts(pattern: str, count: int) -> list[_Part]:
    """The parts of a format that prints so many values."""
    found, at = list[_Part](), 0
    while at < len(pattern):
        match = _PART.match(pattern, at)
        if match is None:
            raise ArgumentError(f"`{pattern}` ends within a sign of the format", 42)
        literal = match[0]
        if match["kind"]:
            found.append(_Part(literal, match))
        else:
            found.append(_Part("%" if literal == "%%" else literal))
        at = match.end()
    if sum(part.match is not None for part in found) != count or not found:
        raise ArgumentError(f"the format `{pattern}` does not print {count} values", 42)
    return found


def _returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    values = iter(args[1:])
    for part in _parts(text(args[0]), len(args) - 1):
        if part.match is None:
            continue
        t = next(values).type.bare
        is_number = (t.is_integer and t.bits <= 64) or t.is_bool or t.is_float
        if not is_number and not t.is_string:
            raise ArgumentError(f"illegal type `{t}`, expected a number or a String")
        own = "text" if t.is_string else "float" if t.is_float else "integer"
        if _KINDS.get(part.kind) != own:
            raise ArgumentError(f"`{part.literal}` does not print values of type `{t}`", 36)
    return STRING


def _padded(part: _Part, sql: str) -> str:
    if part.width <= 1:
        return sql
    return f"mt_printed_text({sql}, {part.width}, {2**31 - 1}, {str(part.is_left).upper()})"


def _integer(part: _Part, t: DataType, sql: str) -> str:
    value = lower_cast(t, INT64, sql)
    if part.kind != "c":
        return f"printf({quote_string(part.sign)}, {value})"
    failed = "error('DB::36: `%c` prints a sign of ASCII here')"
    byte = f"({value} & 255)"
    return _padded(
        part, f"CASE WHEN {byte} < 128 THEN chr(CAST({byte} AS INTEGER)) ELSE {failed} END"
    )


def _float(part: _Part, sql: str) -> str:
    precision = 6 if part.precision is None else part.precision
    value, sign = f"CAST({sql} AS DOUBLE)", quote_string(part.sign)
    exact = f"mt_printed_float({value}, {sign})"
    no_digits = not precision and part.kind in "gG"
    if part.kind in "aA" or precision > _DIGITS or "#" in part.flags or no_digits:
        return exact
    plain = f"printf({sign}, {value})"
    least = 10 ** (_DIGITS - precision) if part.kind in "fF" else None
    fits = f"abs({value}) < {least}" if least else f"isfinite({value})"
    return f"CASE WHEN {fits} THEN {plain} ELSE {exact} END"


def _text(part: _Part, sql: str) -> str:
    if not part.width and part.precision is None:
        return sql
    most = 2**31 - 1 if part.precision is None else part.precision
    return f"mt_printed_text({sql}, {part.width}, {most}, {str(part.is_left).upper()})"


def _lower(call: Call, args: list[str]) -> str:
    values = iter(zip(call.args[1:], args[1:], strict=True))
    texts = []
    for part in _parts(text(call.args[0]), len(args) - 1):
        if part.match is None:
            texts.append(quote_string(part.literal))
            continue
        arg, sql = next(values)
        t = arg.type.bare
        if t.is_string:
            texts.append(_text(part, sql))
        elif t.is_float:
            texts.append(_float(part, sql))
        else:
            texts.append(_integer(part, t, sql))
    return f"({' || '.join(texts)})"


ROWS = (Function("printf", _returns, _lower, args=(1, None)),)
