"""The table of functions: one module a family, one row a function.

`FUNCTIONS` is the whole table. A family module gives its rows as `ROWS`; it is loaded with the
first of its functions that is looked up, for most queries need few families. `index` tells which
that is (`python dev.py compat` writes it); what it does not know is looked for in all of them.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from threading import RLock

from mini_tb.sql.functions.function import Function, Registry
from mini_tb.sql.functions.index import INDEX

FAMILIES = (
    "arithmetic",
    "division",
    "arrays",
    "array_sets",
    "higher_order",
    "maps",
    "comparison",
    "logic",
    "conditional",
    "extremes",
    "conversion",
    "datetime_parts",
    "datetime_start",
    "datetime_shift",
    "datetime_between",
    "datetime_make",
    "datetime_format",
    "financial",
    "format_row",
    "rounding",
    "math",
    "bits",
    "bitmap",
    "integers",
    "random",
    "reinterpret",
    "introspection",
    "session",
    "states",
    "encoding",
    "addresses",
    "identifiers",
    "tuple_math",
    "distance",
    "geo",
    "geometry",
    "h3",
    "readable",
    "similarity",
    "tokens",
    "arrays_more",
    "color",
    "notations",
    "samples",
    "sequences",
    "series",
    "shingles",
    "phrases",
    "texts",
    "datetime_more",
    "utm",
    "not_here",
    "hashing",
    "json",
    "json_simple",
    "search",
    "splitting",
    "strings",
    "cutting",
    "tuples",
    "url",
    "windows",
)


class Functions:
    """All functions by name. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._registry = Registry()
        self._waiting = set(FAMILIES)
        self._lock = RLock()

    def find(self, name: str) -> Function | None:
        """The function of that name, or None."""
        family = self._families.get(name)
        if family in self._waiting:
            self._load(family)
        found = self._registry.find(name)
        if found is None and self._waiting:
            self._load(self._folded.get(name.lower()))
            found = self._registry.find(name) or self.all().find(name)
        return found

    def all(self) -> Registry:
        """The functions of all families."""
        for family in FAMILIES:
            self._load(family)
        return self._registry

    def _load(self, family: str | None) -> None:
        with self._lock:
            if family is None or family not in self._waiting:
                return
            for row in import_module(f"mini_tb.sql.functions.{family}").ROWS:
                self._registry.add(row)
            self._waiting.discard(family)

    @cached_property
    def _families(self) -> dict[str, str]:
        return {name: family for family, names in INDEX.items() for name in names.split()}

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {name.lower(): family for name, family in self._families.items()}


FUNCTIONS = Functions()
