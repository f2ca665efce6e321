"""Texts compared, measured, cleaned and printed for people; each distinct one is read once."""

from __future__ import annotations

import html.entities
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_distinct, over_rows
from mini_tb.sql.functions.udf.sequences import distance

# Similarity ------------------------------------------------------------------------------------


def _grams(text: str, utf8: bool) -> Counter[Any]:
    if utf8:
        return Counter(text[i : i + 3] for i in range(len(text) - 2))
    data = text.encode()
    return Counter(data[i : i + 4] for i in range(len(data) - 3))


def ngram_distance(a: str, b: str, utf8: bool) -> float:
    """Share of the n-grams (4 bytes, or 3 characters) that only one of the texts has."""
    first, second = _grams(a, utf8), _grams(b, utf8)
    total = first.total() + second.total()
    if not total:
        return 0.0
    common = (first & second).total()
    return (total - 2 * common) / total


def ngram_search(haystack: str, needle: str, utf8: bool) -> float:
    """Share of the needle's n-grams that the haystack has."""
    first, second = _grams(haystack, utf8), _grams(needle, utf8)
    total = second.total()
    return (first & second).total() / total if total else 1.0


def has_subsequence(haystack: str, needle: str) -> int:
    """Whether the characters of the needle are in the haystack in their order."""
    rest = iter(haystack)
    return int(all(char in rest for char in needle))


# Text ------------------------------------------------------------------------------------------

_SOUNDS = dict(zip("BFPVCGJKQSXZDTLMNR", "111122222222334556", strict=True))


def soundex(text: str) -> str:
    """The Soundex code of a text's letters; `H` and `W` part equal sounds, as in ClickHouse."""
    letters = [char.upper() for char in text if char.isascii() and char.isalpha()]
    if not letters:
        return "0000"
    code, before = letters[0], _SOUNDS.get(letters[0], "")
    for char in letters[1:]:
        digit = _SOUNDS.get(char, "")
        if digit and digit != before:
            code += digit
        before = digit
    return code[:4].ljust(4, "0")


def quote_meta(text: str) -> str:
    """The text with the signs escaped that mean something in regular expressions."""
    return re.sub(r"([\0\\|()^$.\[\]?*+{:\-])", r"\\\1", text)


def title(text: str) -> str:
    """Each word with a capital first and the rest small."""
    return re.sub(r"[^\W_]+", lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[(?P<data>.*?)\]\]>|<(?P<tag>script|style)\b.*?</(?P=tag)\s*>|<[^>]*>",
    re.S | re.I,
)


def text_of_html(text: str) -> str:
    """The text of an HTML page: without tags, comments, scripts and styles; blanks are one."""
    bare = _MARKUP.sub(lambda m: m["data"] or " ", text)
    return " ".join(bare.split())


def decode_xml(text: str) -> str:
    """The five entities of XML and character references resolved."""

    return re.sub(r"&(#\d+|#[xX][0-9a-fA-F]+|amp|lt|gt|quot|apos);", _resolved, text)


def decode_html(text: str) -> str:
    """The named entities of HTML and character references resolved."""
    return re.sub(r"&(#\d+|#[xX][0-9a-fA-F]+|\w+);", _resolved, text)


def _resolved(match: re.Match[str]) -> str:
    name = match[1]
    if name.startswith("#"):
        try:
            return chr(int(name[2:], 16) if name[1:2] in "xX" else int(name[1:]))
        except (ValueError, OverflowError):
            return match[0]
    return html.entities.html5.get(f"{name};", match[0])


def valid_utf8(data: bytes) -> str:
    """The bytes as text; each run of those that are no UTF-8 is one replacement character."""
    return re.sub(
        "[\udc80-\udcff]+", "\N{REPLACEMENT CHARACTER}", data.decode("utf-8", "surrogateescape")
    )


_XML = str.maketrans({"<": "&lt;", "&": "&amp;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def encode_xml(text: str) -> str:
    """The signs of XML's markup as entities."""
    return text.translate(_XML)


def _normal(form: str) -> Callable[[str], str]:
    return lambda text: unicodedata.normalize(form, text)  # type: ignore[arg-type]  # one of four


def cut_parameter(url: str, name: str) -> str:
    """The URL without a parameter of its query or fragment."""
    for mark in "?&#":
        at = url.find(f"{mark}{name}=")
        if at < 0:
            continue
        end = min((i for i in (url.find(m, at + 1) for m in "&#") if i >= 0), default=len(url))
        if mark in "?#":
            rest = url[end + 1 :] if url[end : end + 1] == "&" else url[end:]
            return url[: at + 1] + rest
        return url[:at] + url[end:]
    return url


def _texts(function: Callable[[Any], Any], name: str, takes: str = "VARCHAR") -> Udf:
    def over(values: Any) -> Any:
        import pyarrow as pa

        return over_distinct(function, values, pa.string())

    return Udf(name, (takes,), "VARCHAR", over)


def _is_valid_utf8(values: Any) -> Any:
    import pyarrow as pa

    def is_valid(data: bytes) -> bool:
        try:
            data.decode()
        except UnicodeDecodeError:
            return False
        return True

    return over_distinct(is_valid, values, pa.bool_()).cast(pa.uint8())


def _in_bytes(case: str) -> Udf:
    """The letters of ASCII in the other case, in bytes that need not be UTF-8."""

    def over(values: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        texts = column.cast(pa.binary()).view(pa.string())
        return getattr(pc, f"ascii_{case}")(texts).view(pa.binary())

    return Udf(f"mt_{case}_bytes", ("BLOB",), "BLOB", over)


def _lists(function: Callable[[str], list[str]], name: str) -> Udf:
    def over(values: Any) -> Any:
        import pyarrow as pa

        return over_distinct(function, values, pa.list_(pa.string()))

    return Udf(name, ("VARCHAR",), "VARCHAR[]", over)


def _pairs(function: Callable[[Any, Any], Any], name: str, gives: str) -> Udf:
    def over(a: Any, b: Any) -> Any:
        import pyarrow as pa

        arrow = {"UBIGINT": pa.uint64(), "UTINYINT": pa.uint8()}.get(gives, pa.string())
        return over_rows(function, (a, b), arrow)

    return Udf(name, ("VARCHAR", "VARCHAR"), gives, over)


def _shares(function: Callable[[str, str, bool], float], name: str) -> Udf:
    def over(a: Any, b: Any, utf8: Any) -> Any:
        import pyarrow as pa

        return over_rows(function, (a, b, utf8), pa.float32())

    return Udf(name, ("VARCHAR", "VARCHAR", "BOOLEAN"), "FLOAT", over)


UDFS = (
    _pairs(distance, "mt_edit_distance", "UBIGINT"),
    _pairs(has_subsequence, "mt_has_subsequence", "UTINYINT"),
    _pairs(cut_parameter, "mt_cut_parameter", "VARCHAR"),
    _shares(ngram_distance, "mt_ngram_distance"),
    _shares(ngram_search, "mt_ngram_search"),
    _texts(soundex, "mt_soundex"),
    _texts(quote_meta, "mt_quote_meta"),
    _texts(title, "mt_title"),
    _texts(text_of_html, "mt_text_of_html"),
    _texts(decode_xml, "mt_decode_xml"),
    _texts(decode_html, "mt_decode_html"),
    _texts(str.upper, "mt_upper"),
    _texts(str.lower, "mt_lower"),
    _texts(valid_utf8, "mt_valid_utf8", "BLOB"),
    Udf("mt_is_valid_utf8", ("BLOB",), "UTINYINT", _is_valid_utf8),
    _in_bytes("upper"),
    _in_bytes("lower"),
    _texts(encode_xml, "mt_encode_xml"),
    *(
        _texts(_normal(form), f"mt_normalize_{form.lower()}")
        for form in ("NFC", "NFD", "NFKC", "NFKD")
    ),
)
