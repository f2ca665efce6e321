"""The reference page is what the rules say."""

from __future__ import annotations

from pathlib import Path

from mini_tb.ingest.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "ingestion.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(), (
        "run python -m mini_tb.ingest.reference > docs/reference/ingestion.md"
    )
