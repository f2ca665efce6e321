"""Where values and blocks begin and end."""

from __future__ import annotations

import pytest

from mini_tb.datafile import Kind, parse
from mini_tb.datafile.tree import Block, Setting, Tree, content_fragment
from mini_tb.source import Fragment, Piece, SourceFile


def tree_of(text: str, kind: str = "datasource") -> Tree:
    return parse(SourceFile(f"x.{kind}", text)).tree


def setting(text: str) -> Setting:
    entry = tree_of(text).entries[0]
    assert isinstance(entry, Setting)
    return entry


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("ENGINE MergeTree", "MergeTree"),
        ("  engine\t'MergeTree'  ", "MergeTree"),
        ('ENGINE_TTL "a"  +   "b c"', 'a" + "b c'),
        ("ENGINE_SETTINGS x   y", "x y"),
        ('ENGINE_SETTINGS "x   y"', "x   y"),
        ("ENGINE_SETTINGS x it's", "x it's"),
        ("KAFKA_TOPIC a#b", "a"),
        ('KAFKA_TOPIC "a#b" # c', "a#b"),
        ("ENGINE_VER orders_{at, '%Y'}", "orders_{at, '%Y' }"),
        ('KAFKA_TOPIC {{ tb_secret("A", "#  x") }}', '{{ tb_secret("A", "#  x") }}'),
        ('KAFKA_TOPIC "{{ tb_secret("A") }}"', '{{ tb_secret("A") }}'),
    ],
)
def test_value(line: str, value: str) -> None:
    assert setting(line + "\n").text == value


def test_description_keeps_its_quotes() -> None:
    tree = tree_of('DESCRIPTION \'tis "fine"\n')
    entry = tree.entries[0]
    assert isinstance(entry, Setting)
    assert entry.value == '\'tis "fine"'
    assert not parse(SourceFile("x.datasource", "DESCRIPTION don't\n")).diagnostics


def block_names(text: str, kind: str) -> list[str]:
    tree = tree_of(text, kind)
    return [e.row.name for e in tree.all_entries() if isinstance(e, Setting | Block)]


def test_block_ends_at_an_instruction_in_the_first_column() -> None:
    text = "NODE a\nSQL >\n    SELECT 1\n  TYPE x\nsettings x\nTYPE endpoint\n"
    assert block_names(text, "pipe") == ["SQL", "TYPE"]


def test_block_is_not_ended_by_words_of_other_kinds_of_files() -> None:
    text = "NODE a\nSQL >\nSELECT 1\nengine x\nschema y\ncache z\nfrom b\n"
    assert block_names(text, "pipe") == ["SQL"]


def test_instructions_that_pipes_once_had_end_a_block_in_capitals() -> None:
    text = 'NODE a\nSQL >\n    SELECT 1\nENGINE "MergeTree"\nCACHE 1h\n'
    assert block_names(text, "pipe") == ["SQL", "ENGINE", "CACHE"]


def test_content_of_a_block_drops_blank_and_hash_lines_and_the_margin() -> None:
    tree = tree_of("NODE a\nSQL >\n\t  SELECT 1 # kept\n\n\t # gone\n\t    FROM x  \n", "pipe")
    block = tree.nodes[0].entries[0]
    assert isinstance(block, Block)
    assert block.body is not None
    sql = content_fragment(tree, block.body)
    assert sql.text == "SELECT 1 # kept\n  FROM x"
    span = sql.span(sql.text.index("FROM"))
    assert span is not None
    assert (span.line, span.column) == (5, 5)


def test_comments_behind_a_block_belong_to_what_follows() -> None:
    tree = tree_of("NODE a\nSQL >\n    SELECT 1\n    # inside\n\n# about b\nNODE b\n", "pipe")
    kinds = [getattr(entry, "type", "") for entry in tree.nodes[0].entries]
    assert kinds == ["", "BLANK", "COMMENT"]


def test_spans_of_derived_text_lead_to_the_file() -> None:
    file = SourceFile("x.incl", "NODE $NAME\nTYPE endpoint\n")
    text = "NODE counted\nTYPE endpoint\n"
    pieces = (Piece(0, 0, 5), Piece(5, 5, 0), Piece(12, 10, 15))
    tree = parse(Fragment(text, file, pieces), Kind.PIPE).tree
    entry = tree.nodes[0].entries[0]
    assert isinstance(entry, Setting)
    span = tree.span_of(entry.word)
    assert span is not None
    assert (span.line, span.column) == (1, 0)
