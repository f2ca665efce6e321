"""How values are written into SQL: as literals in the text form, as placeholders in the bound form.

A `Value` knows both: `text` is the literal that the text form writes, `type` and `value` are what
ClickHouse would make of that literal. So a statement with placeholders means the same as the one
with literals; what a literal loses or keeps (`'50\\%'` keeps its backslash) the value shows too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from mini_tb.dataclass import dataclass

_ESCAPES = {
    "\0": "\\0",
    "\r": "\\r",
    "\b": "\\b",
    "\t": "\\t",
    "\x1a": "\\z",
    "\n": "\\n",
    '"': '\\"',
    "'": "\\'",
    "\\": "\\\\",
    "%": "\\%",
    "`": "\\`",
}
_STRING = str.maketrans(_ESCAPES)
_IDENTIFIER = str.maketrans({**_ESCAPES, '"': None})
# Elements of native lists: escaped just so that the literal reads back as the string itself.
_ELEMENT = str.maketrans({c: e for c, e in _ESCAPES.items() if c not in '"%`\x1a'})
_REREAD = str.maketrans({c: _ESCAPES[c] for c in "%`\x1a"})
_DECODED = {"0": "\0", "r": "\r", "b": "\b", "t": "\t", "n": "\n", '"': '"', "'": "'"}
_DECODED |= {"\\": "\\", "`": "`"}
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a statement.

    `name` is its placeholder's (`_1`, `_2`, …; empty until bound), `type` the ClickHouse type,
    `value` the native Python value, `text` the exact literal of the text form. A consumer for which
    the value decides the statement's shape may write `text` in the placeholder's place.
    """

    name: str
    type: str
    value: Any
    text: str

    @property
    def is_bare_number(self) -> bool:
        """Whether the literal is a number without a cast, as a part of a name can be."""
        return self.text.lstrip("-")[:1].isdigit()


class Placeholder(str):
    """What a name without a value is in check mode: a string that is a little of everything."""

    __slots__ = ()

    def __getitem__(self, index: object) -> Placeholder:
        return self

    def __iter__(self) -> Any:
        return iter((self, self, self))

    def get(self, key: object, default: object = None) -> object:
        """As of a dictionary: the default, or another placeholder."""
        return self if default is None else default

    def _compare(self, other: object) -> bool:
        if isinstance(other, int | float):
            raise TypeError(
                "a parameter is compared with a number: wrap it in a type, as in `Int32(name)`"
            )
        return str(self) < str(other)

    __lt__ = __le__ = __gt__ = __ge__ = _compare


NO_VALUE = Placeholder("__no_value__")


class TypedInt(int):
    """An integer that a cast made: written as `toInt32('5')` while nothing is computed with it."""

    type: str

    def __new__(cls, value: int, type_name: str) -> TypedInt:
        self = super().__new__(cls, value)
        self.type = type_name
        return self


class TypedFloat(float):
    """A float that a cast made: written as `toFloat64('1.5')`."""

    type: str

    def __new__(cls, value: float, type_name: str) -> TypedFloat:
        self = super().__new__(cls, value)
        self.type = type_name
        return self


class Identifier(str):
    """A name of the caller's inside SQL text; `bound` is how the bound form writes it."""

    bound: str

    def __new__(cls, text: str, bound: str | None = None) -> Identifier:
        self = super().__new__(cls, text)
        self.bound = text if bound is None else bound
        return self


Part = str | Identifier | Value


class Sql(str):
    """SQL text that a function made, with its parts; to Python it is the text."""

    parts: tuple[Part, ...]

    def __new__(cls, *parts: Part) -> Sql:
        self = super().__new__(cls, "".join(text_of(part) for part in parts))
        self.parts = parts
        return self


def text_of(part: Part) -> str:
    """A part as the text form writes it."""
    return part.text if isinstance(part, Value) else part


def escape(value: str) -> str:
    """`value` as the inside of a string literal."""
    return value.translate(_STRING)


def quote(value: str) -> str:
    """`value` as a string literal."""
    return f"'{value.translate(_STRING)}'"


def decode(literal: str) -> str:
    """The string that ClickHouse reads from a quoted literal.

    An escape that ClickHouse does not know, such as `\\%` and `\\z`, stays as it is written.
    """

    def decoded(match: re.Match[str]) -> str:
        char = match[1]
        if char is None:
            return "'"
        return _DECODED.get(char, match[0])

    return _ESCAPED.sub(decoded, literal[1:-1])


def reread(text: str) -> str:
    """`text` after its literal was read as Python's: as the reference makes lists of comma text.

    Python keeps the backslash of the escapes that it does not know, so an element with a percent
    sign is a different string from the same element of a repeated key.
    """
    return text.translate(_REREAD)


def identifier(name: str, quote_char: str = "`") -> Identifier:
    """`name` as one quoted identifier."""
    return Identifier(f"{quote_char}{name.translate(_IDENTIFIER)}{quote_char}")


def dotted(name: str) -> Sql:
    """`name` as a column: each part between dots quoted."""
    return Sql(Identifier(".".join(identifier(part) for part in name.split("."))))


def alias(name: str) -> Identifier:
    """`name` as written after AS: bare if it is a plain word."""
    return Identifier(name) if _PLAIN_NAME.match(name) else identifier(name)


def table_name(name: str) -> Sql:
    """`name` as a table: bare in the text form; in the bound form quoted unless a plain name."""
    text = name.translate(_IDENTIFIER)
    parts = name.split(".")
    if all(_PLAIN_NAME.match(part) for part in parts):
        return Sql(Identifier(text))
    return Sql(Identifier(text, ".".join(identifier(part) for part in parts)))


def string_value(text: str) -> Value:
    """A string, written as a literal."""
    literal = quote(text)
    # Only these two escapes stay as they are written when ClickHouse reads the literal.
    if "%" in text or "\x1a" in text:
        text = text.replace("%", "\\%").replace("\x1a", "\\z")
    return Value("", "String", text, literal)


def literal_value(literal: str) -> Value:
    """A string given as its literal."""
    return Value("", "String", decode(literal), literal)


def cast_value(value: TypedInt | TypedFloat) -> Value:
    """A number that keeps the type of its cast."""
    number: int | float = int(value) if isinstance(value, int) else float(value)
    return Value("", value.type, number, f"to{value.type}('{number}')")


def number_value(number: bool | int | float) -> Value:
    """A bare number or truth value, with the type that ClickHouse gives its literal."""
    text = str(number)
    if isinstance(number, bool):
        return Value("", "Bool", number, text)
    if isinstance(number, int):
        type_name = _integer_type(number, number)
        if type_name is not None:
            return Value("", type_name, number, text)
    return Value("", "Float64", float(number), text)


def array_value(
    elements: Sequence[Any], texts: Iterable[str], separator: str = ","
) -> Value | None:
    """An array of elements that are all strings or all numbers, as one value.

    None if ClickHouse would not read the literal as an array of one such type (or it is empty).
    """
    text = f"[{separator.join(texts)}]"
    kinds = {type(element) for element in elements}
    if kinds == {str}:
        return Value("", "Array(String)", list(elements), text)
    if kinds == {bool}:
        return Value("", "Array(Bool)", list(elements), text)
    if kinds == {int}:
        type_name = _integer_type(min(elements), max(elements))
        if type_name is not None:
            return Value("", f"Array({type_name})", list(elements), text)
    if kinds == {float} or (kinds == {int, float} and all(abs(e) < 2**31 for e in elements)):
        return Value("", "Array(Float64)", [float(e) for e in elements], text)
    return None


def sql_parts(value: Any) -> tuple[Part, ...]:
    """A value as SQL. Raises `TypeError` for what SQL has no literal for."""
    if isinstance(value, Sql):
        return value.parts
    if isinstance(value, str):
        return (string_value(str(value)),)
    if isinstance(value, TypedInt | TypedFloat):
        return (cast_value(value),)
    if isinstance(value, int | float):
        return (number_value(value),)
    return native_parts(value)


def native_parts(value: Any, depth: int = 0) -> tuple[Part, ...]:
    """A native list, tuple, set or dictionary and what is in it, as SQL with its strings escaped.

    Raises `TypeError` for what is no value of SQL.
    """
    if depth > 32:
        raise TypeError("the value is nested too deep")
    if isinstance(value, Sql):
        return value.parts
    if isinstance(value, TypedInt | TypedFloat):
        value = int(value) if isinstance(value, int) else float(value)
    if value is None:
        return ("NULL",)
    if isinstance(value, str):
        text = str.__str__(value)
        return (Value("", "String", text, f"'{text.translate(_ELEMENT)}'"),)
    if isinstance(value, int | float):
        return (number_value(value),)
    if isinstance(value, dict):
        return _map_parts(value, depth)
    if isinstance(value, set | frozenset):
        value = sorted(value, key=lambda item: (str(type(item)), item))
    if not isinstance(value, list | tuple):
        raise TypeError(f"a value of type {type(value).__name__} cannot be written as SQL")
    items = [native_parts(item, depth + 1) for item in value]
    opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
    if isinstance(value, list):
        whole = _whole_array(items)
        if whole is not None:
            return (whole,)
    elif len(items) == 1:
        closing = ",)"
    parts: list[Part] = [opening]
    for index, item in enumerate(items):
        parts += [", ", *item] if index else item
    return (*parts, closing)


def _whole_array(items: list[tuple[Part, ...]]) -> Value | None:
    values = [item[0] for item in items if len(item) == 1 and isinstance(item[0], Value)]
    if not values or len(values) != len(items):
        return None
    if any(value.type.startswith(("Array", "Map")) for value in values):
        types = {value.type for value in values}
        if len(types) != 1:
            return None
        texts = ", ".join(value.text for value in values)
        return Value("", f"Array({types.pop()})", [v.value for v in values], f"[{texts}]")
    return array_value([v.value for v in values], [v.text for v in values], ", ")


def _map_parts(value: dict[Any, Any], depth: int) -> tuple[Part, ...]:
    keys = [native_parts(key, depth + 1) for key in value]
    items = [native_parts(item, depth + 1) for item in value.values()]
    text = "{" + ", ".join(
        "".join(map(text_of, key)) + ": " + "".join(map(text_of, item))
        for key, item in zip(keys, items, strict=True)
    )
    text += "}"
    key_array, item_array = _whole_array(keys), _whole_array(items)
    if key_array is None or item_array is None:
        return (text,)
    map_type = f"Map({key_array.type[6:-1]}, {item_array.type[6:-1]})"
    return (Value("", map_type, dict(zip(key_array.value, item_array.value, strict=True)), text),)


def _integer_type(low: int, high: int) -> str | None:
    """The type ClickHouse gives to integer literals between `low` and `high`; None if a float."""
    if low >= 0:
        return next((f"UInt{bits}" for bits in (8, 16, 32, 64) if high < 2**bits), None)
    low_bits = next((bits for bits in (8, 16, 32, 64) if low >= -(2 ** (bits - 1))), None)
    if low_bits is None:
        return None
    if high < 0:
        return f"Int{low_bits}"
    # A signed type that holds the unsigned one, too, is the next wider.
    high_bits = next((bits for bits in (8, 16, 32) if high < 2**bits), None)
    return None if high_bits is None else f"Int{max(low_bits, 2 * high_bits)}"
