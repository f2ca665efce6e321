"""The rule of one column: what it does with a value, with none, and with a cell of a CSV file."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.ingest.coerce import parser
from mini_tb.ingest.jsonpath import MISSING
from mini_tb.ingest.jsontext import JsonError, json_text, parse_json
from mini_tb.ingest.refused import Parse, Refused
from mini_tb.types import DataType
from mini_tb.types.geometry import SHAPES

MAX_SHOWN = 200
"""Characters of a value that an error quotes."""


class _UseDefault:
    """Take the column's DEFAULT expression."""

    def __repr__(self) -> str:
        return "USE_DEFAULT"


USE_DEFAULT = _UseDefault()


@dataclass(frozen=True, slots=True)
class Coercion:
    """The rule of one column."""

    name: str
    type: DataType
    has_default: bool
    parse: Parse = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parse", parser(self.type))

    def value(self, value: Any) -> Any:
        """What is stored for a decoded JSON value (`MISSING`, None, …): a value for Arrow, None
        for NULL, or `USE_DEFAULT`. Raises Refused."""
        if value is None or value is MISSING:
            if self.has_default and (value is MISSING or not self.type.is_nullable):
                return USE_DEFAULT
            if self.type.is_nullable:
                return None
            how = "missing" if value is MISSING else "null"
            raise Refused(f"{how}, and the column is neither Nullable nor has a DEFAULT")
        return self.parse(value)

    def text(self, text: str | None) -> Any:
        """The same for a cell of a CSV file. An empty cell is a missing value, and `\\N` a null; an
        empty cell is the empty text in a String column that has neither DEFAULT nor NULL."""
        if text == "\\N":
            return self.value(None)
        if text is not None and not self.type.is_string:
            text = text.strip(" \t")
        is_plain_string = self.type.is_string and not self.type.is_nullable and not self.has_default
        if text is None or (text == "" and not is_plain_string):
            nothing = MISSING if self.has_default or not self.type.is_nullable else None
            return self.value(nothing)
        return self.value(_cell(text, self.type.bare))

    def complaint(self, value: Any, refused: Refused) -> str:
        """The sentence for the quarantine table."""
        if value is None or value is MISSING:
            return f"value on column '{self.name}' is {refused}"
        shown = json_text(value)
        if len(shown) > MAX_SHOWN:
            shown = shown[:MAX_SHOWN] + "…"
        return f"value '{shown}' on column '{self.name}' is {refused}"


_TEXT_BOOLS = {"true": True, "false": False, "1": True, "0": False}
_CONTAINERS = frozenset({"Array", "Map", "Tuple", "Nested", "JSON"}) | SHAPES.keys()


def _cell(text: str, t: DataType) -> Any:
    """A cell's text as the JSON value that it stands for in a column of type `t`."""
    if t.name == "Bool":
        return _TEXT_BOOLS.get(text.lower(), text)
    if t.name in _CONTAINERS or t.name == "SimpleAggregateFunction":
        try:
            return parse_json(text)
        except JsonError:
            # ClickHouse's own text form of arrays and maps quotes with single quotes.
            try:
                return parse_json(_single_to_double(text))
            except JsonError:
                return text
    return text


_SINGLE = re.compile(r"'((?:[^'\\]|\\.|'')*)'")


def _single_to_double(text: str) -> str:
    def double(match: re.Match[str]) -> str:
        body = re.sub(r"\\(.)", r"\1", match[1].replace("''", "'"))
        return '"' + body.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return _SINGLE.sub(double, text)
