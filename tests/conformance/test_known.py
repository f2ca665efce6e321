"""Every name that ClickHouse knows is known here: computed, or refused by name and reason.

`known.txt` is ClickHouse's list, a kind and a name a line (`~`: in any case); `known.py` writes it.
"""

from __future__ import annotations

import pytest
from known import Kind, Name, names

from mini_tb.diagnostics import UserError
from mini_tb.sql import Tables, compile_query
from mini_tb.sql.functions.aggregates import registry

NAMES = names()


def _spellings(name: Name) -> list[str]:
    return [name.text, name.text.swapcase()] if name.any_case else [name.text]


def _complaint(sql: str) -> tuple[str, str]:
    """The code and message of what is wrong with a query, if anything is."""
    try:
        compile_query(sql, Tables({}))
    except UserError as error:
        return error.diagnostics[0].code, error.diagnostics[0].message
    return "", ""


@pytest.mark.parametrize("kind", [Kind.FUNCTION, Kind.AGGREGATE])
def test_functions_are_known(kind: Kind) -> None:
    spelled = [text for name in NAMES if name.kind is kind for text in _spellings(name)]
    assert len(spelled) > 100
    assert [text for text in spelled if _complaint(f"SELECT `{text}`(1)")[0] == "SQ201"] == []


def test_table_functions_are_known() -> None:
    texts = [name.text for name in NAMES if name.kind is Kind.TABLE_FUNCTION]
    assert len(texts) > 50
    complaints = {text: _complaint(f"SELECT * FROM `{text}`()")[1] for text in texts}
    assert [text for text in texts if complaints[text].startswith("unknown")] == []


def test_combinators_are_known() -> None:
    texts = {name.text for name in NAMES if name.kind is Kind.COMBINATOR}
    assert len(texts) > 10
    assert texts <= {*registry.COMBINATORS, *registry.REFUSED_COMBINATORS}


def test_a_name_that_clickhouse_does_not_know_is_unknown() -> None:
    assert _complaint("SELECT nobodysFunction(1)")[0] == "SQ201"
    assert _complaint("SELECT * FROM nobodysTable()")[1].startswith("unknown table function")
