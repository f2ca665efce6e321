"""Functions are found whether their family is loaded or not."""

from __future__ import annotations

from importlib import import_module

from mini_tb.sql.functions import FAMILIES, Functions
from mini_tb.sql.functions.index import INDEX


def test_the_index_names_every_function() -> None:
    """`python dev.py compat` writes it anew."""
    assert tuple(INDEX) == FAMILIES
    for family, names in INDEX.items():
        rows = import_module(f"mini_tb.sql.functions.{family}").ROWS
        assert set(names.split()) == {n for row in rows for n in (row.name, *row.aliases)}, family


def test_what_is_found_does_not_depend_on_what_was_asked_before() -> None:
    everything = Functions().all()
    names = [*everything.exact, *everything.folded, *map(str.upper, everything.exact)]
    asked = Functions()
    for name in names:
        assert Functions().find(name) is asked.find(name) is everything.find(name)
    assert asked.find("noSuchFunction") is None
