"""Choices of the formatter that golden cases do not show."""

from __future__ import annotations

import pytest

from mini_tb.datafile import format_text
from mini_tb.diagnostics import UserError
from mini_tb.source import SourceFile


def formatted(text: str, kind: str = "datasource") -> str:
    return format_text(SourceFile(f"x.{kind}", text))


def test_a_file_with_errors_is_not_touched() -> None:
    with pytest.raises(UserError) as caught:
        formatted("SCHEMA >\n    a String DEFAULT\nFOO\n")
    assert {d.code for d in caught.value.diagnostics} == {"DF024", "DF001"}


@pytest.mark.parametrize(
    "line",
    [
        'ENGINE_TTL ""',
        'ENGINE_SETTINGS "a   b"',
        'KAFKA_TOPIC "a#b"',
        "KAFKA_TOPIC \"'a'\"",
        'KAFKA_GROUP_ID "> x"',
    ],
)
def test_quotes_stay_where_they_matter(line: str) -> None:
    assert formatted(line + "\n") == line + "\n"


def test_comments_follow_their_instruction() -> None:
    text = "# the file\n\n# the engine\nENGINE MergeTree\n# the text\nDESCRIPTION x\n# the end\n"
    assert formatted(text) == (
        "# the file\n\n# the text\nDESCRIPTION >\n    x\n\n# the engine\nENGINE MergeTree\n\n"
        "# the end\n"
    )


def test_order_stays_around_includes() -> None:
    text = 'ENGINE MergeTree\n\nINCLUDE "a.incl"\n\nTAGS "b"\n'
    assert formatted(text) == text


def test_template_sign_stands_alone() -> None:
    text = "NODE a\nSQL >\n  %SELECT 1,\n      2\n"
    assert formatted(text, "pipe") == "NODE a\nSQL >\n    %\n    SELECT 1,\n    2\n"


def test_sql_is_moved_and_otherwise_left_alone() -> None:
    text = "NODE a\nSQL >\n  select  1,\n\n\n      2 -- x\n"
    assert formatted(text, "pipe") == "NODE a\nSQL >\n    select  1,\n\n        2 -- x\n"


def test_empty_file_stays_empty() -> None:
    assert formatted("\n\n") == ""
