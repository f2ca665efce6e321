"""What data sources are said to hold follows everything that changes them."""

from __future__ import annotations

import pytest
from workspace_setup import deployed

from mini_tb.diagnostics import EngineError
from mini_tb.workspace import Workspace

READINGS = "SCHEMA >\n    `id` Int32,\n    `place` String\n"
BY_PLACE = "SCHEMA >\n    `place` String\nENGINE MergeTree\nENGINE_SORTING_KEY place\n"
FILL = "NODE n\nSQL >\n    SELECT place FROM readings\nTYPE materialized\nDATASOURCE places\n"
FILES = {"readings.datasource": READINGS, "places.datasource": BY_PLACE, "fill.pipe": FILL}


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    deployed(workspace, FILES)
    workspace.append("readings", b'{"id": 1, "place": "roof"}\n{"id": 2, "place": "hall"}')
    return workspace


def test_a_materialisation_counts_too(filled: Workspace) -> None:
    assert filled.statistics("places").rows == filled.statistics("readings").rows == 2
    filled.append("readings", b'{"id": 3, "place": "hall"}')
    assert filled.statistics("places").rows == filled.statistics("readings").rows == 3


def test_the_quarantine_counts_too(filled: Workspace) -> None:
    assert filled.statistics("readings").quarantined == 0
    filled.append("readings", b'{"id": "many", "place": "roof"}')
    assert filled.statistics("readings")[::2] == (2, 1)


def test_rows_go(filled: Workspace) -> None:
    assert filled.statistics("readings").size > 0
    filled.delete("readings", "id = 1")
    assert filled.statistics("readings").rows == 1
    filled.truncate("readings")
    assert filled.statistics("readings") == (0, 0, 0)


def test_wider_rows_weigh_more(filled: Workspace) -> None:
    before = filled.statistics("readings").size
    column = READINGS.replace("`place` String", "`place` String,\n    `note` String DEFAULT 'none'")
    deployed(filled, {**FILES, "readings.datasource": column})
    assert filled.statistics("readings").size > before


def test_a_data_source_is_gone(filled: Workspace) -> None:
    assert filled.statistics("places").rows == 2
    deployed(filled, {"readings.datasource": READINGS})
    with pytest.raises(EngineError):
        filled.statistics("places")
