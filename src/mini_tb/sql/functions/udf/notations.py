"""Numbers, spans of time, keys and ids written as texts; each distinct text is read once."""

from __future__ import annotations

import re
import unicodedata

from mini_tb.sql.functions.udf.values import python_udf

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TOP = (1 << 64) - 1


def converted(text: str, source: int, target: int) -> str:
    """A number to another base, as C's `strtoull` reads it: up to what is no digit."""
    if not all(2 <= base <= 36 for base in (source, target)):
        raise ValueError("DB::36: bases must be from 2 to 36")
    if not text:
        raise ValueError("DB::36: the number to convert is empty")
    digits = text.strip()
    sign, digits = (digits[0], digits[1:]) if digits[:1] in ("+", "-") else ("+", digits)
    known = _DIGITS[:source]
    end = next((i for i, d in enumerate(digits.upper()) if d not in known), len(digits))
    number = min(int(digits[:end] or "0", source), _TOP)
    number = number if sign == "+" else -number & _TOP
    found = ""
    while number or not found:
        number, digit = divmod(number, target)
        found = _DIGITS[digit] + found
    return found


_UNITS = {
    "years year yr y": 31_536_000.0,
    "months month mo": 2_635_200.0,
    "weeks week w": 604_800.0,
    "days day d": 86_400.0,
    "hours hour hr h": 3_600.0,
    "minutes minute min m": 60.0,
    "seconds second sec s": 1.0,
    "milliseconds millisecond millisec ms": 1e-3,
    "microseconds microsecond microsec μs µs us": 1e-6,
    "nanoseconds nanosecond nanosec ns": 1e-9,
}
_SECONDS = {word: size for words, size in _UNITS.items() for word in words.split()}
_SPAN = re.compile(r" *(\d+(?:\.\d+)?) *([A-Za-zμµ]+) *(?:[;\-+,:] *(?=[\d ]))?")


def time_delta(text: str) -> float:
    """The seconds of `1 hour, 2 min`: spans are added up."""
    if not text.strip():
        raise ValueError(f"DB::36: no span of time: {text!r}")
    seconds, at = 0.0, 0
    while at < len(text):
        match = _SPAN.match(text, at)
        if match is None or match[2] not in _SECONDS:
            raise ValueError(f"DB::36: no span of time: {text!r}")
        seconds += float(match[1]) * _SECONDS[match[2]]
        at = match.end()
    return seconds


def _size_mark(digits: int) -> str:
    """What stands before a number of so many digits: longer ones come later."""
    rest = digits - 1
    if rest < 8:
        return str(rest)
    if rest < 18:
        return f"8{rest - 8}"
    if rest < 20:
        return f"9{rest - 18}"
    return f"9{rest}" if rest < 99 else f"999{len(str(digits))}{digits}"


def natural_sort_key(text: str) -> str:
    """A text that sorts numbers by their size."""

    def keyed(match: re.Match[str]) -> str:
        number = match[0].lstrip("0") or "0"
        return _size_mark(len(number)) + number

    return re.sub("[0-9]+", keyed, text)


_SQID_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _shuffled(letters: str) -> str:
    found = list(letters)
    for i in range(len(found) - 1):
        j = len(found) - 1 - i
        k = (i * j + ord(found[i]) + ord(found[j])) % len(found)
        found[i], found[k] = found[k], found[i]
    return "".join(found)


def sqid_decode(sqid: str) -> list[int]:
    """The numbers of a sqid; none if it is not one."""
    if not sqid or any(letter not in _SQID_LETTERS for letter in sqid):
        return []
    letters = _shuffled(_SQID_LETTERS)
    offset = letters.index(sqid[0])
    letters = (letters[offset:] + letters[:offset])[::-1]
    numbers, rest = [], sqid[1:]
    while rest:
        chunk, _, rest = rest.partition(letters[0])
        if not chunk:
            break
        number = 0
        for letter in chunk:
            number = number * (len(letters) - 1) + letters.index(letter) - 1
        numbers.append(number & _TOP)
        letters = _shuffled(letters)
    return numbers


def regexp_position(
    haystack: str, pattern: str, start: int, occurrence: int, after: int, flags: str, group: int
) -> int:
    """Where a match begins, in bytes from 1 on, or with `after` where it ends; 0 for none."""
    for name, value in (("position", start), ("occurrence", occurrence)):
        if value < 1:
            raise ValueError(f"DB::36: `{name}` must be at least 1, got {value}")
    known = {"i": re.I, "m": re.M, "s": re.S, "c": re.NOFLAG}
    options = re.NOFLAG
    for flag in flags:
        if flag not in known:
            raise ValueError(f"DB::36: unknown flag `{flag}`")
        options |= known[flag]
    try:
        compiled = re.compile(pattern.encode(), options)
    except re.error as error:
        raise ValueError(f"DB::427: cannot compile the pattern `{pattern}`: {error}") from None
    if group > compiled.groups or group < 0:
        raise ValueError(f"DB::36: the pattern has no group {group}")
    data = haystack.encode()
    for match in compiled.finditer(data, min(start - 1, len(data))):
        occurrence -= 1
        if not occurrence:
            return match.span(group)[1 if after else 0] + 1
    return 0


def remove_diacritics(text: str) -> str:
    """The letters without their marks."""
    parts = unicodedata.normalize("NFD", text)
    bare = "".join(char for char in parts if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", bare)


def nfkc_casefold(text: str) -> str:
    """Unicode's NFKC_Casefold."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in folded if unicodedata.category(char) != "Cf")


_T, _I = "VARCHAR", "INTEGER"

UDFS = (
    python_udf("mt_conv", (_T, _I, _I), _T, converted),
    python_udf("mt_regexp_position", (_T, _T, _I, _I, _I, _T, _I), "UBIGINT", regexp_position),
    python_udf("mt_parse_time_delta", (_T,), "DOUBLE", time_delta),
    python_udf("mt_natural_sort_key", (_T,), _T, natural_sort_key),
    python_udf("mt_sqid_decode", (_T,), "UBIGINT[]", sqid_decode),
    python_udf("mt_case_fold", (_T,), _T, str.casefold),
    python_udf("mt_normalize_nfkc_casefold", (_T,), _T, nfkc_casefold),
    python_udf("mt_remove_diacritics", (_T,), _T, remove_diacritics),
)
