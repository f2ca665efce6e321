"""What `printf` prints and DuckDB does not: all digits of floats, texts of a width; each distinct
value once."""

from __future__ import annotations

import math
import re

from mini_tb.sql.functions.udf.values import python_udf

_WIDE = re.compile(
    "[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3040-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19"
    "\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U0001f300-\U0001f64f\U0001f900-\U0001f9ff"
    "\U00020000-\U0002fffd\U00030000-\U0003fffd]"
)
"""Characters that take two places."""


def printed_text(text: str, width: int, most: int, left: bool) -> str:
    """The beginning of a text that takes no more places than `most`, filled up with blanks."""
    if not text.isascii() and (wide := set(_WIDE.findall(text))):
        places = 0
        for at, char in enumerate(text):
            places += 1 + (char in wide)
            if places > most:
                text = text[:at]
                break
        width -= sum(char in wide for char in text)
    else:
        text = text[:most]
    return text.ljust(width) if left else text.rjust(width)


def _hexadecimal(number: float, precision: str, is_upper: bool, keeps_point: bool) -> str:
    """As C prints it, but for the sign: with as many digits as needed, or so many as told."""
    exponent = max(math.frexp(number)[1] - 1, -1022) if number else -1022
    digits = int(precision or 13)
    # One bit before the point, four for each digit behind it; half of one is rounded to even.
    whole = round(math.ldexp(number, 52 - exponent))
    kept = round(whole / (1 << 52 - 4 * digits)) if digits < 13 else whole << 4 * (digits - 13)
    head, tail = divmod(kept, 1 << 4 * digits)
    behind = f"{tail:0{digits}x}" if digits else ""
    if not precision:
        behind = behind.rstrip("0")
    point = "." if behind or keeps_point else ""
    text = f"0x{head}{point}{behind}p{exponent:+d}"
    return text.upper() if is_upper else text


def printed_float(number: float, sign: str) -> str:
    """A number as C's `printf` prints it."""
    match = re.fullmatch(r"%([-+ 0#]*)(\d*)(?:\.(\d+))?[hlLjzt]*(\w)", sign)
    assert match is not None
    flags, width, precision, kind = match[1], int(match[2] or 0), match[3], match[4]
    if not math.isfinite(number):
        digits = "nan" if math.isnan(number) else "inf"
        digits = digits.upper() if kind.isupper() else digits
    elif kind in "aA":
        digits = _hexadecimal(abs(number), precision, kind == "A", "#" in flags)
    else:
        alternate = "#" if "#" in flags else ""
        digits = f"%{alternate}.{precision or 6}{kind}" % abs(number)
    before = (
        "-" if math.copysign(1, number) < 0 else "+" if "+" in flags else flags.strip("-0#")[:1]
    )
    if "-" in flags:
        return (before + digits).ljust(width)
    if "0" in flags and math.isfinite(number):
        return before + digits.rjust(width - len(before), "0")
    return (before + digits).rjust(width)


UDFS = (
    python_udf(
        "mt_printed_text",
        ("VARCHAR", "INTEGER", "INTEGER", "BOOLEAN"),
        "VARCHAR",
        printed_text,
        constants=3,
    ),
    python_udf("mt_printed_float", ("DOUBLE", "VARCHAR"), "VARCHAR", printed_float, constants=1),
)
