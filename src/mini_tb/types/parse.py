"""Type text → `DataType`, by ClickHouse's rules: families as they are written, SQL's aliases in any
case."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from mini_tb.types import family
from mini_tb.types.datatype import DataType, nullable

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.|'')*')|(?P<quoted>`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<mark>[()\[\],=]))"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}


class TypeSyntaxError(ValueError):
    """The text is not a type. `offset` is where, `hint` the next action, if there is one."""

    def __init__(self, message: str, offset: int = 0, hint: str | None = None) -> None:
        self.message, self.offset, self.hint = message, offset, hint
        super().__init__(message)


def _unquote(token: str) -> str:
    body = token[1:-1]
    if token[0] == "'":
        body = body.replace("''", "'")
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), body, flags=re.S)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        end = len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                skipped = len(text[at:]) - len(text[at:].lstrip())
                raise TypeSyntaxError(
                    f"unexpected `{text[at + skipped]}` in a type", at + skipped, None
                )
            kind = match.lastgroup
            self.tokens.append((kind, match[kind], match.start(kind)))
            at = match.end()
        self.i = 0

    def peek(self, ahead: int = 0) -> tuple[str, str, int]:
        i = self.i + ahead
        return self.tokens[i] if i < len(self.tokens) else ("end", "", len(self.text))

    def take(self) -> tuple[str, str, int]:
        token = self.peek()
        self.i += 1
        return token

    def accept(self, mark: str) -> bool:
        if self.peek()[:2] == ("mark", mark):
            self.i += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        kind, value, offset = self.peek()
        if not self.accept(mark):
            found = f"`{value}`" if kind != "end" else "the end"
            raise TypeSyntaxError(f"expected `{mark}`, found {found}", offset)

    def type(self) -> DataType:
        kind, word, offset = self.take()
        if kind != "word":
            raise TypeSyntaxError(
                f"expected a type, found {f'`{word}`' if word else 'the end'}", offset
            )
        if word.upper() == "DOUBLE" and self.peek()[1].upper() == "PRECISION":
            self.take()
        name = _family(word, offset)
        if name in ("Int32", "Int64", "String") and word.upper() in family.ALIASES:
            self._ignored_length()  # INT(11), VARCHAR(255): MySQL's lengths mean nothing
        return self._build(name, offset)

    def _ignored_length(self) -> None:
        if self.peek()[1] == "(" and self.peek(1)[0] == "number" and self.peek(2)[1] == ")":
            self.i += 3

    def _build(self, name: str, offset: int) -> DataType:
        if name in family.SIMPLE:
            return DataType(name)
        if name.startswith("Interval"):
            return DataType("Interval", params=(name[8:],))
        builder = getattr(self, "_" + _BUILDERS[name])
        built = builder(name, offset)
        assert isinstance(built, DataType)
        return built

    def _list(self) -> list[DataType]:
        self.expect("(")
        types = [self.type()]
        while self.accept(","):
            types.append(self.type())
        self.expect(")")
        return types

    def _wrapper(self, name: str, offset: int) -> DataType:
        types = self._list()
        if len(types) != 1:
            raise TypeSyntaxError(f"`{name}` takes one type, found {len(types)}", offset)
        inner = types[0]
        if name == "Nullable":
            if not inner.can_be_nullable:
                raise TypeSyntaxError(
                    f"`{inner}` cannot be inside Nullable",
                    offset,
                    "an empty array or map is the usual stand-in for no value",
                )
            return nullable(inner)
        if name == "LowCardinality" and not inner.can_be_low_cardinality:
            raise TypeSyntaxError(f"`{inner}` cannot be inside LowCardinality", offset)
        return DataType(name, (inner,))

    def _map(self, name: str, offset: int) -> DataType:
        types = self._list()
        if len(types) != 2:
            raise TypeSyntaxError(f"`Map` takes a key and a value type, found {len(types)}", offset)
        return DataType("Map", tuple(types))

    def _variant(self, name: str, offset: int) -> DataType:
        return DataType("Variant", tuple(sorted(self._list(), key=str)))

    def _tuple(self, name: str, offset: int) -> DataType:
        self.expect("(")
        names: list[str] = []
        types: list[DataType] = []
        while not self.accept(")"):
            if types:
                self.expect(",")
            kind, word, at = self.peek()
            following = self.peek(1)[0]
            if kind == "quoted" or (kind == "word" and following == "word"):
                self.take()
                names.append(_unquote(word) if kind == "quoted" else word)
            types.append(self.type())
            if names and len(names) != len(types):
                raise TypeSyntaxError(f"name all elements of `{name}` or none", at)
        if name == "Nested" and not names:
            raise TypeSyntaxError("`Nested` needs a name for each element", offset)
        return DataType(name, tuple(types), names=tuple(names))

    def _numbers(self, least: int, most: int, name: str, offset: int) -> list[int]:
        values: list[int] = []
        if self.accept("("):
            while not self.accept(")"):
                if values:
                    self.expect(",")
                kind, word, at = self.take()
                if kind != "number" or "." in word:
                    raise TypeSyntaxError(f"expected a number in `{name}(…)`", at)
                values.append(int(word))
        if not least <= len(values) <= most:
            raise TypeSyntaxError(f"`{name}` needs {least} to {most} numbers", offset)
        return values

    def _fixedstring(self, name: str, offset: int) -> DataType:
        (length,) = self._numbers(1, 1, name, offset)
        if length < 1:
            raise TypeSyntaxError("`FixedString` needs a length of at least 1", offset)
        return DataType("FixedString", params=(length,))

    def _decimal(self, name: str, offset: int) -> DataType:
        if name in family.DECIMAL_WIDTHS:
            (scale,) = self._numbers(1, 1, name, offset)
            precision = family.DECIMAL_WIDTHS[name]
        else:
            given = self._numbers(0, 2, name, offset)
            precision = given[0] if given else 10
            scale = given[1] if len(given) > 1 else 0
        if not 1 <= precision <= 76 or not 0 <= scale <= precision:
            raise TypeSyntaxError(
                f"`Decimal({precision}, {scale})` is out of range",
                offset,
                "precision is 1 to 76, scale 0 to the precision",
            )
        return DataType("Decimal", params=(precision, scale))

    def _time64(self, name: str, offset: int) -> DataType:
        return DataType("Time64", params=tuple(self._numbers(1, 1, name, offset)))

    def _datetime(self, name: str, offset: int) -> DataType:
        params: list[Any] = []
        if self.accept("("):
            while not self.accept(")"):
                if params:
                    self.expect(",")
                kind, word, at = self.take()
                if kind == "string":
                    params.append(_unquote(word))
                elif kind == "number" and name == "DateTime64" and not params:
                    params.append(int(word))
                elif kind == "number" and name == "DateTime" and not params:
                    name = "DateTime64"  # DateTime(3) is DateTime64(3)
                    params.append(int(word))
                else:
                    raise TypeSyntaxError(f"expected a time zone in `{name}(…)`", at)
        if name == "DateTime64":
            if not params:
                params = [3]
            if not isinstance(params[0], int) or not 0 <= params[0] <= 9:
                raise TypeSyntaxError("`DateTime64` needs a precision from 0 to 9", offset)
        return DataType(name, params=tuple(params))

    def _enum(self, name: str, offset: int) -> DataType:
        self.expect("(")
        members: list[tuple[str, int]] = []
        following = 1
        while not self.accept(")"):
            if members:
                self.expect(",")
            kind, word, at = self.take()
            if kind != "string":
                raise TypeSyntaxError("expected a quoted name in an Enum", at)
            if self.accept("="):
                kind, number, at = self.take()
                if kind != "number" or "." in number:
                    raise TypeSyntaxError("expected a number in an Enum", at)
                following = int(number)
            members.append((_unquote(word), following))
            following += 1
        small = all(-128 <= v <= 127 for _, v in members)
        if name == "Enum":
            name = "Enum8" if small else "Enum16"
        if not members or len({v for _, v in members}) != len(members):
            raise TypeSyntaxError(f"`{name}` needs distinct names and numbers", offset)
        if name == "Enum8" and not small:
            raise TypeSyntaxError("a number is outside the range of `Enum8`", offset)
        return DataType(name, params=tuple(sorted(members, key=lambda m: m[1])))

    def _aggregate(self, name: str, offset: int) -> DataType:
        self.expect("(")
        kind, function, at = self.take()
        if kind == "number" and function == "1" and name == "AggregateFunction":
            # The version of the state's form: it follows from the function.
            self.expect(",")
            kind, function, at = self.take()
        if kind != "word":
            raise TypeSyntaxError(f"expected an aggregate function in `{name}(…)`", at)
        params = self._constants(")") if self.accept("(") else []
        types: list[DataType] = []
        while not self.accept(")"):
            self.expect(",")
            types.append(self.type())
        return DataType(name, tuple(types), (function, *params))

    def _constants(self, end: str) -> list[Any]:
        """The parameters of an aggregate function, or the elements of one that is an array."""
        found: list[Any] = []
        while not self.accept(end):
            if found:
                self.expect(",")
            if self.accept("["):
                found.append(self._constants("]"))
                continue
            kind, word, at = self.take()
            if kind == "string":
                found.append(_unquote(word))
            elif kind == "number":
                found.append(float(word) if "." in word else int(word))
            else:
                raise TypeSyntaxError("expected a constant parameter", at)
        return found

    def _json(self, name: str, offset: int) -> DataType:
        if not self.accept("("):
            return DataType(name)
        start, depth = self.peek()[2], 1
        while depth:
            kind, word, at = self.take()
            if kind == "end":
                raise TypeSyntaxError("expected `)`, found the end", at)
            depth += {"(": 1, ")": -1}.get(word, 0) if kind == "mark" else 0
        return DataType(name, params=(self.text[start:at].strip(),))


_BUILDERS = {
    "Nullable": "wrapper",
    "LowCardinality": "wrapper",
    "Array": "wrapper",
    "Map": "map",
    "Tuple": "tuple",
    "Nested": "tuple",
    "Variant": "variant",
    "FixedString": "fixedstring",
    "Decimal": "decimal",
    "Decimal32": "decimal",
    "Decimal64": "decimal",
    "Decimal128": "decimal",
    "Decimal256": "decimal",
    "DateTime": "datetime",
    "DateTime64": "datetime",
    "Time64": "time64",
    "Enum": "enum",
    "Enum8": "enum",
    "Enum16": "enum",
    "AggregateFunction": "aggregate",
    "SimpleAggregateFunction": "aggregate",
    "JSON": "json",
    "Dynamic": "json",
}

FAMILIES = (
    family.SIMPLE | set(_BUILDERS) | {f"Interval{unit}" for unit in family.INTERVAL_UNITS}
) - {"Enum"}
"""Every family name that a type may start with."""


def _family(word: str, offset: int) -> str:
    if word in FAMILIES:
        return word
    if word.upper() in family.ALIASES:
        return family.ALIASES[word.upper()]
    known = {name.lower(): name for name in FAMILIES}
    meant = known.get(word.lower())
    if meant is None:
        from mini_tb.diagnostics import nearest

        meant = nearest(word, FAMILIES)
    raise TypeSyntaxError(
        f"unknown type `{word}`", offset, f"did you mean `{meant}`?" if meant else None
    )


@lru_cache(maxsize=4096)
def parse_type(text: str) -> DataType:
    """The type that `text` spells. Raises `TypeSyntaxError`."""
    parser = _Parser(text)
    parsed = parser.type()
    kind, word, offset = parser.peek()
    if kind != "end":
        raise TypeSyntaxError(f"unexpected `{word}` after the type", offset)
    return parsed
