"""The jsonpaths of a schema: which part of a record fills a column.

| path | takes |
|---|---|
| `$` | the whole record |
| `$.a`, `$.a.b.c` | a key, a key of a nested object |
| `$.['my-key']`, `$['k']`, `$.[key]` | a key with characters that a bare step cannot hold |
| `$.a[:]` | each element of an array, for an `Array(T)` column |
| `$.a[:].b`, `$.a.b[:].c.d` | a field of each element |

Numbers as indices, wildcards and filters are no jsonpaths here. A path has at most `MAX_STEPS`
steps.
"""

from __future__ import annotations

import re
from typing import Any

from mini_tb.dataclass import dataclass

MAX_STEPS = 64

_STEP = re.compile(
    r"(?P<each>\.?\[:\])"
    r"|\.?\[(?:'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<word>[^\[\]'\":*?]+))\]"
    r"|\.(?P<key>[^.\[\]'\"\s*]+)"
)


class JsonPathError(ValueError):
    """The text is not a jsonpath; `offset` is the first character that does not belong."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


class _Missing:
    """Nothing stands at the path: neither a value nor a null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A parsed path: keys, with None where it goes into each element of an array."""

    steps: tuple[str | None, ...] = ()

    @property
    def key(self) -> str | None:
        """The one top-level key it names, if that is all it does."""
        return self.steps[0] if len(self.steps) == 1 else None

    @property
    def arrays(self) -> int:
        """How many arrays deep its values are."""
        return self.steps.count(None)

    def value(self, record: Any) -> Any:
        """What stands at the path in a decoded record; `MISSING` if nothing does.

        Below `[:]`, an element without the field counts as null: the array keeps its length.
        """
        return _walk(record, self.steps, 0)

    def __str__(self) -> str:
        parts = ["$"]
        for step in self.steps:
            if step is None:
                parts.append("[:]")
            elif _STEP.fullmatch(f".{step}"):
                parts.append(f".{step}")
            else:
                escaped = step.replace("\\", "\\\\").replace("'", "\\'")
                parts.append(f".['{escaped}']")
        return "".join(parts)


def _walk(value: Any, steps: tuple[str | None, ...], i: int) -> Any:
    while i < len(steps):
        step = steps[i]
        i += 1
        if step is None:
            if not isinstance(value, list):
                return value  # not an array: the column's own rule refuses it, or takes its null
            if i == len(steps):
                return value
            found = [_walk(element, steps, i) for element in value]
            return [None if element is MISSING else element for element in found]
        if not isinstance(value, dict) or step not in value:
            return MISSING
        value = value[step]
    return value


def parse_jsonpath(text: str) -> JsonPath:
    """The path of a schema's `json:` text, as in `$.a.b[:]`. Raises JsonPathError."""
    if not text.startswith("$"):
        raise JsonPathError("a jsonpath starts with `$`", 0)
    steps: list[str | None] = []
    at = 1
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise JsonPathError(f"`{text[at:]}` is not a step of a jsonpath", at)
        quoted = match["single"] if match["single"] is not None else match["double"]
        if match["each"]:
            steps.append(None)
        elif quoted is not None:
            steps.append(re.sub(r"\\(.)", r"\1", quoted))
        elif match["word"] is not None:
            if match["word"].strip().lstrip("-").isdigit():
                raise JsonPathError("a jsonpath cannot pick an element by its number", at)
            steps.append(match["word"].strip())
        else:
            steps.append(match["key"])
        if len(steps) > MAX_STEPS:
            raise JsonPathError(f"a jsonpath has at most {MAX_STEPS} steps", at)
        at = match.end()
    return JsonPath(tuple(steps))
