"""Keys and values out of texts as `a:1, b:"x y"`; each distinct text is read once."""

from __future__ import annotations

from collections.abc import Iterator

from mini_tb.sql.functions.udf.values import python_udf

_MOST = 1000
"""The pairs of a text that are read."""


class _Reader:
    """One text, read from left to right."""

    def __init__(self, text: str, separator: str, ends: str, quote: str, strategy: str) -> None:
        self.text, self.separator, self.ends, self.quote = text, separator, ends, quote
        self.strategy = strategy
        self.at = 0

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The pairs in their order; what is no pair is passed over."""
        while self.at < len(self.text):
            key = self._key()
            if not key or self.text[self.at : self.at + 1] != self.separator:
                continue
            self.at += 1
            value = self._value()
            if value is not None:
                yield key, value

    def _key(self) -> str | None:
        while self._here() and self._here() in self.ends + self.separator:
            self.at += 1
        return self._word(self.ends + self.separator, self.separator)

    def _value(self) -> str | None:
        start = self.at
        value = self._word(self.ends, self.ends)
        if value is not None and self._was_quoted(start):
            # What follows a quoted value up to the end of the pair does not count.
            while self._here() and self._here() not in self.ends:
                self.at += 1
        return value

    def _here(self) -> str:
        return self.text[self.at : self.at + 1]

    def _was_quoted(self, start: int) -> bool:
        return self.at > start and self.text[self.at - 1] == self.quote

    def _word(self, stops: str, wanted: str) -> str | None:
        """The text up to one of the characters, or a quoted one; None if it ends otherwise than at
        one that is `wanted`."""
        start = self.at
        if self._here() == self.quote:
            return self._quoted()
        while self._here() and self._here() not in stops:
            if self._here() == self.quote and self.strategy != "accept":
                if self.strategy == "promote":
                    return self._quoted()
                self.at += 1
                return None
            self.at += 1
        word = self.text[start : self.at]
        is_end = not self._here() and wanted == self.ends
        return word if is_end or (self._here() and self._here() in wanted) else None

    def _quoted(self) -> str | None:
        end = self.text.find(self.quote, self.at + 1)
        start, self.at = self.at + 1, end + 1 if end >= 0 else len(self.text)
        return self.text[start:end] if end >= 0 else None


def key_value_pairs(
    text: str, separator: str, ends: str, quote: str, strategy: str
) -> list[tuple[str, str]]:
    """The pairs of a text. Raises `ValueError` if a key comes twice: a Map here has each once."""
    found: dict[str, str] = {}
    for count, (key, value) in enumerate(_Reader(text, separator, ends, quote, strategy).pairs()):
        if count == _MOST:
            raise ValueError(f"DB::290: more than {_MOST} pairs in a text")
        if key in found:
            raise ValueError(f"DB::48: the key `{key}` is in a text twice, which no Map here holds")
        found[key] = value
    return list(found.items())


_T = "VARCHAR"

UDFS = (
    python_udf("mt_key_value_pairs", (_T,) * 5, f"MAP({_T}, {_T})", key_value_pairs, constants=4),
)
