"""The table of functions: one module a family, one row a function.

`FUNCTIONS` is the whole table. A family module gives its rows as `ROWS`.
"""

from __future__ import annotations

from importlib import import_module

from mini_tb.sql.functions.function import Registry

FAMILIES = (
    "arithmetic",
    "arrays",
    "higher_order",
    "maps",
    "comparison",
    "conditional",
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
    "h3",
    "readable",
    "similarity",
    "tokens",
    "arrays_more",
    "color",
    "samples",
    "series",
    "phrases",
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


def _load() -> Registry:
    registry = Registry()
    for family in FAMILIES:
        for row in import_module(f"mini_tb.sql.functions.{family}").ROWS:
            registry.add(row)
    return registry


FUNCTIONS = _load()
