"""Texts with what was found in them between tags."""

from __future__ import annotations

import re
from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_distinct


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


def _highlight(texts: Any, needles: Any, opened: Any, closed: Any) -> Any:
    import pyarrow as pa

    if not len(texts):
        return pa.array([], pa.string())
    # The rest is constant.
    constants = needles[0].as_py(), opened[0].as_py(), closed[0].as_py()
    return over_distinct(lambda text: highlight(text, *constants), texts, pa.string())


UDFS = (Udf("mt_highlight", ("VARCHAR", "VARCHAR[]", "VARCHAR", "VARCHAR"), "VARCHAR", _highlight),)
