"""COMPAT.md says what the tables say today: `python3 dev.py compat` writes it."""

from __future__ import annotations

from compat import COMBINATORS, PAGE, Checked, page

from mini_tb.sql.functions.aggregates import registry


def test_the_page_is_what_the_tables_say() -> None:
    assert page() == PAGE.read_text(), "stale: run python3 dev.py compat"


def test_every_combinator_is_described() -> None:
    assert set(COMBINATORS) == set(registry.COMBINATORS)


def test_a_call_with_combinators_checks_its_function() -> None:
    checked = Checked({"sumifstate", "uniq"})
    assert checked.mark(("sum",), None) == "✓"
    assert checked.mark(("avg",), None) == "○"
    assert checked.mark(("uniq",), "not to be had") == "✗"
    assert checked.combinators == {"If", "State"}
