"""The expressions of a key: `toDate(ts), device` and its other spellings."""

from __future__ import annotations


def key_expressions(text: str | None) -> list[str]:
    """The expressions of a sorting or partition key, as written; none for `tuple()` and ''.

    `a, b`, `(a, b)` and `tuple(a, b)` are the same key.
    """
    key = (text or "").strip()
    if key.startswith("tuple(") and _closing(key, 5) == len(key) - 1:
        key = key[5:]
    while key.startswith("(") and _closing(key, 0) == len(key) - 1:
        key = key[1:-1].strip()
    return [part.strip() for part in _split(key) if part.strip()]


def _closing(text: str, opening: int) -> int:
    depth = 0
    for index, char, is_quoted in _characters(text):
        if index < opening or is_quoted:
            continue
        depth += (char in "([") - (char in ")]")
        if depth == 0:
            return index
    return -1


def _split(text: str) -> list[str]:
    parts: list[str] = []
    depth = start = 0
    for index, char, is_quoted in _characters(text):
        if is_quoted:
            continue
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def _characters(text: str) -> list[tuple[int, str, bool]]:
    """Each character with whether it stands in quotes."""
    found: list[tuple[int, str, bool]] = []
    quote = ""
    skip = False
    for index, char in enumerate(text):
        found.append((index, char, bool(quote) or char in "'\"`"))
        if skip:
            skip = False
        elif quote:
            skip = char == "\\"
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
    return found
