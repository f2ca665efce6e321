"""Texts in other character sets."""

from __future__ import annotations

import codecs

from mini_tb.sql.functions.udf.values import python_udf

_SUBSTITUTE = "\x1a"
_MARKED = {"utf-16": codecs.BOM_UTF16_LE, "utf-32": codecs.BOM_UTF32_LE}
"""Written least byte first, behind a mark that says so."""


def convert(data: bytes, source: str, target: str) -> bytes:
    """The text in another character set; what it does not have is ASCII's SUB."""
    text = data.decode(source, "replace")
    mark = _MARKED.get(target)
    if mark is not None:
        return mark + text.encode(f"{target}-le")
    try:
        return text.encode(target)
    except UnicodeEncodeError:
        return b"".join(_encoded(char, target) for char in text)


def _encoded(char: str, target: str) -> bytes:
    try:
        return char.encode(target)
    except UnicodeEncodeError:
        return _SUBSTITUTE.encode(target)


_T = "VARCHAR"

UDFS = (python_udf("mt_convert_charset", ("BLOB", _T, _T), "BLOB", convert, constants=2),)
