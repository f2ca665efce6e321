"""What each parameter type accepts, and the value it makes: `validate('Int32', '007')` is 7.

Requests carry text, so every check works on the text of the value. The rules are the product's
own, odd ones included: a trailing line break passes, dates are not looked up in a calendar.
"""

from __future__ import annotations

import re
from typing import Any

from mini_tb.template.errors import TemplateError
from mini_tb.template.values import TypedFloat, TypedInt

_SIGNED = re.compile(r"[+-]?\d+$")
_UNSIGNED = re.compile(r"\d+$")
_MAX_DIGITS = 78
_PATTERNS = {
    "Date": re.compile(r"\d{4}-\d\d-\d\d$"),
    "DateTime": re.compile(
        r"\d{4}.\d\d.\d\d[ T]\d\d:\d\d:\d\d|\d\d.\d\d.\d{4}.\d{1,2}:\d{1,2}:\d{1,2}"
    ),
    "DateTime64": re.compile(
        r"\d{4}.\d\d.\d\d[ T]\d\d:\d\d:\d\d\.\d{3}"
        r"|\d\d.\d\d.\d{4}.\d{1,2}:\d{1,2}:\d{1,2}\.\d{1,3}"
    ),
}
INTEGER_TYPES = frozenset(
    f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)
)
FLOAT_TYPES = frozenset({"Float32", "Float64"})

# What check mode uses for a parameter without value and default.
STAND_INS: dict[str, Any] = {
    **dict.fromkeys(INTEGER_TYPES, "0"),
    **dict.fromkeys(FLOAT_TYPES, "0.0"),
    "Boolean": "0",
    "Date": "2019-01-01",
    "DateTime": "2019-01-01 00:00:00",
    "DateTime64": "2019-01-01 00:00:00.000",
    "String": "__no_value__",
    "Symbol": "placeholder",
}


def validate(type_name: str, value: Any) -> Any:
    """The value that a cast to `type_name` makes of `value`.

    Integers and floats keep their type (`TypedInt`, `TypedFloat`), `Boolean` is 1 or 0, everything
    else is text; an unknown type name means String. Raises `TemplateError` (`type_validation`).
    """
    if type_name == "Boolean":
        return boolean(value)
    text = str(value)
    if type_name in INTEGER_TYPES:
        number = _integer(type_name, text)
        if number is None:
            raise _misfit(text, type_name)
        return TypedInt(number, type_name)
    if type_name in FLOAT_TYPES:
        try:
            if "_" in text:
                raise ValueError
            return TypedFloat(float(text), type_name)
        except ValueError:
            raise _misfit(text, type_name) from None
    pattern = _PATTERNS.get(type_name)
    if pattern is not None and not pattern.match(text):
        raise _misfit(text, type_name)
    return text


def boolean(value: Any) -> int:
    """1 or 0; only null, empty, `0`, `false` (in any case) and their native forms are 0."""
    if value is None or (isinstance(value, str) and value.lower() in ("", "0", "false")):
        return 0
    return int(value != 0)


def elements(type_name: str, value: Any) -> list[Any]:
    """The elements of an array parameter: of a list, or of text split at its commas.

    Raises `TemplateError` (`type_validation`) that names the value, its index and the type.
    """
    items = list(value) if isinstance(value, list | tuple | set) else str(value).split(",")
    made = []
    for index, item in enumerate(items):
        try:
            made.append(validate(type_name, item))
        except TemplateError:
            raise TemplateError(
                "type_validation",
                f"Error validating '{_shortened(str(item))}' at index {index} "
                f"to type Array({type_name})",
            ) from None
    return made


def _integer(type_name: str, text: str) -> int | None:
    unsigned = type_name.startswith("U")
    bits = int(type_name.removeprefix("U").removeprefix("Int"))
    pattern = _UNSIGNED if unsigned and bits <= 64 else _SIGNED
    if not pattern.match(text) or len(text.strip().lstrip("+-")) > _MAX_DIGITS:
        return None
    number = int(text)
    low, high = (0, 2**bits) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    return number if low <= number < high else None


def _misfit(text: str, type_name: str) -> TemplateError:
    return TemplateError(
        "type_validation", f"Error validating '{_shortened(text)}' to type {type_name}"
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
