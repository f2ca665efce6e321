"""Texts compared, measured, cleaned and printed for people; each distinct one is read once."""

from __future__ import annotations

import html.entities
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from struct import pack, unpack
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.sequences import distance
from mini_tb.sql.functions.udf.shingles import crc_table
from mini_tb.sql.functions.udf.values import python_udf

# Similarity ------------------------------------------------------------------------------------


_ALL_ONES = 0xFFFFFFFF
_BUCKETS = 0xFFFF
"""ClickHouse counts n-grams by 16 bits of their hashes."""


def _crc(word: int, start: int) -> int:
    """CRC-32C of a word of 64 bits."""
    table, crc = crc_table(), start
    for byte in word.to_bytes(8, "little"):
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc & _BUCKETS


@lru_cache(maxsize=1 << 16)
def _hash_of_bytes(gram: bytes) -> int:
    return _crc(int.from_bytes(gram, "little"), _ALL_ONES)


@lru_cache(maxsize=1 << 16)
def _hash_of_letters(first: int, second: int, third: int) -> int:
    return _crc(first << 32 | second, third)


@lru_cache(maxsize=1 << 16)
def _letter(char: str, fold: bool) -> int:
    """The number of a character's bytes; its case is told by some of their bits."""
    data = char.encode("utf-8", "surrogateescape")
    if fold:
        data = bytes(byte & ~0x20 for byte in data)
        data = bytes([data[0] & ~1, data[1]]) if len(data) == 2 else data
    return int.from_bytes(data, "little")


def _grams(text: str, utf8: bool, fold: bool) -> Counter[int]:
    """The hashes of 3 letters, or 4 bytes."""
    if utf8:
        letters = [_letter(char, fold) for char in text]
        return Counter(map(_hash_of_letters, letters, letters[1:], letters[2:]))
    data = text.encode("utf-8", "surrogateescape")
    data = data.lower() if fold else data
    return Counter(_hash_of_bytes(data[i : i + 4]) for i in range(len(data) - 3))


def ngram_distance(a: str, b: str, utf8: bool, fold: bool) -> float:
    """Share of the n-grams (4 bytes, or 3 characters) that only one of the texts has. `fold`: case
    does not count."""
    first, second = _grams(a, utf8, fold), _grams(b, utf8, fold)
    total = first.total() + second.total()
    if not total:
        return 0.0
    common = (first & second).total()
    return (total - 2 * common) / total


def ngram_search(haystack: str, needle: str, utf8: bool, fold: bool) -> float:
    """Share of the needle's n-grams that the haystack has, as one less the share of the others in
    the arithmetic of Float32; `fold` as above."""
    first, second = _grams(haystack, utf8, fold), _grams(needle, utf8, fold)
    total = second.total()
    if not total:
        return 1.0
    (missing,) = unpack("f", pack("f", (second - first).total() / total))
    return 1.0 - float(missing)


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


_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def _normal(form: str) -> Callable[[str], str]:
    return lambda text: unicodedata.normalize(form, text)  # type: ignore[arg-type]  # one of four


def cut_parameter(url: str, name: str) -> str:
    """The URL without a parameter of its query or fragment."""
    start, end = _parameter(url, name) or (0, 0)
    return url[:start] + url[end:]


def _parameter(url: str, name: str) -> tuple[int, int] | None:
    """From where to where a parameter goes, with the mark that parts it from others."""
    for mark in "?&#":
        at = url.find(f"{mark}{name}=")
        if at >= 0:
            end = min((i for i in (url.find(m, at + 1) for m in "&#") if i >= 0), default=len(url))
            if url[end : end + 1] == "&":
                return at + 1, end + 1
            return at + (mark != "&"), end
    return None


def cut_parameters(url: str, names: list[str]) -> str:
    """The URL without some parameters, each of which goes with the mark behind it, or the one in
    front of it if it is the last. ClickHouse finds them all in the whole URL: the mark in front of
    the first stays if the last are cut."""
    cut = [span for name in names if (span := _parameter(url, name)) is not None]
    return "".join(c for i, c in enumerate(url) if not any(a <= i < b for a, b in cut))


def is_valid_utf8(data: bytes) -> int:
    """1 if the bytes are UTF-8, else 0."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return 0
    return 1


def _in_bytes(case: str) -> Udf:
    """The letters of ASCII in the other case, in bytes that need not be UTF-8."""

    def over(values: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        texts = column.cast(pa.binary()).view(pa.string())
        return getattr(pc, f"ascii_{case}")(texts).view(pa.binary())

    return Udf(f"mt_{case}_bytes", ("BLOB",), "BLOB", over)


_T, _B = "VARCHAR", "BLOB"
_TWO_TEXTS = (_T, _T, "BOOLEAN", "BOOLEAN")

UDFS = (
    python_udf("mt_edit_distance", (_T, _T), "UBIGINT", distance),
    python_udf("mt_has_subsequence", (_T, _T), "UTINYINT", has_subsequence),
    python_udf("mt_cut_parameter", (_T, _T), _T, cut_parameter),
    python_udf("mt_cut_parameters", (_T, f"{_T}[]"), _T, cut_parameters, constants=1),
    python_udf("mt_ngram_distance", _TWO_TEXTS, "FLOAT", ngram_distance, constants=2),
    python_udf("mt_ngram_search", _TWO_TEXTS, "FLOAT", ngram_search, constants=2),
    python_udf("mt_valid_utf8", (_B,), _T, valid_utf8),
    python_udf("mt_is_valid_utf8", (_B,), "UTINYINT", is_valid_utf8),
    _in_bytes("upper"),
    _in_bytes("lower"),
    *(
        python_udf(f"mt_{name}", (_T,), _T, function)
        for name, function in {
            "soundex": soundex,
            "quote_meta": quote_meta,
            "title": title,
            "text_of_html": text_of_html,
            "decode_xml": decode_xml,
            "decode_html": decode_html,
            "encode_xml": encode_xml,
            "upper": str.upper,
            "lower": str.lower,
            **{f"normalize_{form.lower()}": _normal(form) for form in _FORMS},
        }.items()
    ),
)
