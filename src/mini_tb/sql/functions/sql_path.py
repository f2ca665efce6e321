"""Paths of SQL in JSON, as `JSON_VALUE` and its like take them: `$.a[*][0 to 2, 4]."b c"`.

A step leads to a member, to an element counted from 0, to all elements, or to some: a range ends
before its last number.
"""

from __future__ import annotations

import re
from itertools import chain

from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types.duckdb import quote_string

_RANGE = r"\d+(?:\s+to\s+\d+)?"
_STEP = re.compile(
    rf"""
    \.(?P<name>[A-Za-z_]\w*) | \."(?P<quoted>[^"\\]*)"
    | \[\s*(?: "(?P<double>[^"\\]*)" | '(?P<single>[^'\\]*)' | (?P<word>[A-Za-z_]\w*)
             | (?P<all>\*) | (?P<ranges>{_RANGE}(?:\s*,\s*{_RANGE})*) )\s*\]
    """,
    re.VERBOSE | re.ASCII,
)
_MEMBERS = ("name", "quoted", "double", "single", "word")


def _steps(path: str) -> list[str | list[int]]:
    """The steps as pieces of DuckDB's path, or as the elements that they choose."""
    if not path.startswith("$"):
        raise ArgumentError(f"`{path}` is no path: it must begin with `$`", 36)
    steps: list[str | list[int]] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise ArgumentError(f"`{path[at:]}` is no step of the path `{path}`", 36)
        at = match.end()
        member = next((match[kind] for kind in _MEMBERS if match[kind] is not None), None)
        if member is not None:
            steps.append(f'."{member}"')
        elif match["all"]:
            steps.append("[*]")
        else:
            places = list(chain.from_iterable(map(_places, match["ranges"].split(","))))
            steps.append(f"[{places[0]}]" if len(places) == 1 else places)
    return steps


def _places(text: str) -> range:
    """The elements that `3` or `0 to 3` chooses."""
    first, *last = (int(number) for number in re.split(r"\bto\b", text))
    if last and first >= last[0]:
        raise ArgumentError(f"the range `{text.strip()}` has no elements", 36)
    return range(first, last[0] if last else first + 1)


def found_at(document: str, path: str) -> tuple[str, bool]:
    """DuckDB text of the value (JSON) at a path; of a list of all of them, and True, where the path
    may lead to several. Raises `ArgumentError` for what is no path."""
    plain = ""
    values: str | None = None
    for step in [*_steps(path), None]:
        if isinstance(step, str):
            plain += step
            continue
        if plain or values is None:
            if values is None and step is None:
                found = f"json_extract({document}, {quote_string('$' + plain)})"
                return found, "[*]" in plain
            values = _each(f"[{document}]" if values is None else values, plain)
            plain = ""
        if step is not None:
            items = ", ".join(f"json_extract(p, '$[{place}]')" for place in step)
            values = f"flatten(list_transform({values}, lambda p: {_known(f'[{items}]')}))"
    assert values is not None
    return values, True


def _each(values: str, plain: str) -> str:
    """What a path without ranges leads to from each value of a list."""
    if not plain:
        return values
    found = f"list_transform({values}, lambda p: json_extract(p, {quote_string('$' + plain)}))"
    return f"flatten({found})" if "[*]" in plain else _known(found)


def _known(values: str) -> str:
    return f"list_filter({values}, lambda v: v IS NOT NULL)"
