"""Texts with what was found in them between tags."""

from __future__ import annotations

import re

from mini_tb.sql.functions.udf.values import python_udf


def highlight(text: str, needles: list[str], opened: str, closed: str) -> str:
    """The text with every place where a needle is, in any case of ASCII, between the tags; places
    that overlap or touch are one."""
    marked = [False] * len(text)
    for needle in filter(None, needles):
        # Looking ahead finds places that overlap.
        for match in re.finditer(f"(?ai:(?={re.escape(needle)}))", text):
            marked[match.start() : match.start() + len(needle)] = [True] * len(needle)
    parts = []
    for i, char in enumerate(text):
        if marked[i] and not (i and marked[i - 1]):
            parts.append(opened)
        parts.append(char)
        if marked[i] and marked[i + 1 : i + 2] != [True]:
            parts.append(closed)
    return "".join(parts)


_T = "VARCHAR"

UDFS = (python_udf("mt_highlight", (_T, f"{_T}[]", _T, _T), _T, highlight, constants=3),)
