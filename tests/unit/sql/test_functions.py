"""Functions are found whether their family is loaded or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mini_tb.sql import functions
from mini_tb.sql.functions import FUNCTIONS, aggregates, index
from mini_tb.sql.functions.aggregates import registry
from mini_tb.sql.functions.aggregates.registry import AGGREGATES
from mini_tb.sql.functions.families import Families

TABLES = [
    (FUNCTIONS, index.FUNCTIONS, (functions.__name__, "ROWS")),
    (AGGREGATES, index.AGGREGATES, (aggregates.__name__, "BASES")),
]


@pytest.mark.parametrize(("table", "indexed", "place"), TABLES)
def test_the_index_names_every_function(
    table: Families[Any], indexed: Mapping[str, str], place: tuple[str, str]
) -> None:
    """`python dev.py compat` writes it anew."""
    assert tuple(indexed) == table.families
    for family, names in indexed.items():
        rows = table.rows(family)
        assert set(names.split()) == {n for row in rows for n in (row.name, *row.aliases)}, family


@pytest.mark.parametrize(("table", "indexed", "place"), TABLES)
def test_what_is_found_does_not_depend_on_what_was_asked_before(
    table: Families[Any], indexed: Mapping[str, str], place: tuple[str, str]
) -> None:
    def fresh() -> Families[Any]:
        return Families(*place, table.families, indexed)

    everything = fresh()
    names = [*everything.all(), *map(str.upper, everything.all())]
    asked = fresh()
    for name in names:
        assert fresh().find(name) is asked.find(name) is everything.find(name)
    assert asked.find("noSuchFunction") is None


def test_a_family_is_loaded_with_the_first_of_its_functions() -> None:
    asked: Families[Any] = Families(
        aggregates.__name__, "BASES", registry.FAMILIES, index.AGGREGATES
    )
    assert asked.find("SUM") is registry.find_base("sum")
    assert asked.find("noSuchFunction") is None
    assert asked._waiting == {*registry.FAMILIES} - {"simple"}
