"""Texts → project: what is handed in, what equals what, what one broken file does to others."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from mini_tb.diagnostics import Diagnostic, UserError
from mini_tb.project import (
    Copy,
    Graph,
    KafkaSource,
    Materialization,
    Project,
    load_project,
    resolve,
)

SCHEMA = "SCHEMA >\n    a String, b Nullable(Int32) DEFAULT NULL\n"


def test_equal_files_mean_equal_resources_wherever_they_stand() -> None:
    first = load_project({"x.datasource": SCHEMA + "ENGINE_SORTING_KEY a\n"})
    second = load_project(
        {"deep/x.datasource": '# moved\n\nengine_sorting_key "a"\n' + SCHEMA.replace(", b", ",\nb")}
    )
    assert first.project == second.project
    file = second.project.datasources["x"].file
    assert file is not None
    assert file.path == "deep/x.datasource"


def test_sql_that_moved_is_the_same_pipe() -> None:
    first = load_project({"p.pipe": "NODE a\nSQL >\n  SELECT 1\n\nTYPE endpoint\n"})
    second = load_project({"p.pipe": "NODE a\nTYPE endpoint\nSQL >\n      SELECT 1\n"})
    assert first.project.pipes == second.project.pipes


def test_all_errors_of_all_files_are_said_in_order() -> None:
    loaded = load_project(
        {
            "b.datasource": "SCHEMA >\n    a Foo\nENGIN x\n",
            "a.pipe": "NODE a\nSQL >\n    SELECT 1 FROM missing\nTYPE endpoin\n",
            "c.datasource": SCHEMA,
        }
    )
    assert [(d.file, d.code) for d in loaded.errors] == [
        ("a.pipe", "NM001"),
        ("a.pipe", "DF014"),
        ("b.datasource", "TY001"),
        ("b.datasource", "DF001"),
    ]
    assert list(loaded.project.datasources) == ["c"]
    with pytest.raises(UserError) as caught:
        loaded.require()
    assert caught.value.diagnostics == loaded.errors


def test_a_broken_file_does_not_make_its_name_unknown() -> None:
    loaded = load_project(
        {
            "events.datasource": "SCHEMA >\n    a Foo\n",
            "p.pipe": "NODE n\nSQL >\n    SELECT a FROM events\nTYPE copy\n"
            "TARGET_DATASOURCE events\n",
        }
    )
    assert [d.code for d in loaded.errors] == ["TY001"]


def test_unread_columns_are_not_missed_in_keys() -> None:
    loaded = load_project({"x.datasource": "SCHEMA >\n    a Foo, b Int8\nENGINE_SORTING_KEY a\n"})
    assert [d.code for d in loaded.errors] == ["TY001"]


def test_variables_come_from_what_is_handed_in() -> None:
    text = SCHEMA + "KAFKA_CONNECTION_NAME c\nKAFKA_TOPIC ${ENV}_$TOPIC\nKAFKA_GROUP_ID $NOT_SET\n"
    loaded = load_project({"x.datasource": text}, env={"ENV": "dev", "TOPIC": "clicks"})
    assert loaded.project.datasources["x"].connector == KafkaSource("c", "dev_clicks", "$NOT_SET")


def test_secrets_fill_whole_files_and_places_stay_true() -> None:
    text = '# {{ tb_secret("A", "b") }}\nTYPE kafka\nKAFKA_KEY {{ tb_secret("KEY") }}\nFOO\n'
    loaded = load_project({"c.connection": text}, secrets={"KEY": "long " * 9})
    assert loaded.project.connections["c"].setting("KAFKA_KEY") == ("long " * 9).strip()
    (error,) = loaded.errors
    assert error.span is not None
    assert (error.span.line, error.span.column) == (3, 0)


def test_secrets_are_not_shown_by_repr() -> None:
    loaded = load_project({"c.connection": "TYPE kafka\nKAFKA_SECRET hush\n"})
    assert "hush" not in repr(loaded.project)


def test_a_template_loses_its_sign_and_keeps_its_places() -> None:
    text = "NODE n\nSQL >\n    %\n    SELECT {{Int32(x)}}, {{Foo(y)}}\n"
    loaded = load_project({"p.pipe": text})
    node = loaded.project.pipes["p"].nodes[0]
    assert node.is_template
    assert node.sql.text.startswith("SELECT")
    (error,) = loaded.errors
    assert error.code == "TM002"
    assert error.span is not None
    assert (error.span.line, error.span.column) == (3, 27)


def test_names_in_templates_are_resolved_where_they_stand() -> None:
    text = (
        "NODE n\nSQL >\n    %\n    SELECT {{Int32(x)}}, {{String(y, 'a')}}\n"
        "    FROM {{table(t)}}, missing\n"
    )
    loaded = load_project({"p.pipe": text})
    (error,) = loaded.errors
    assert error.code == "NM001"
    assert error.span is not None
    assert text[error.span.start : error.span.end] == "missing"


def test_a_pipe_without_type_is_shared_sql() -> None:
    loaded = load_project(
        {
            "shared.pipe": "NODE a\nSQL >\n    SELECT 1 AS x\nNODE b\nSQL >\n    SELECT x FROM a\n",
            "top.pipe": "NODE n\nSQL >\n    SELECT x FROM shared\nTYPE endpoint\n",
        }
    )
    assert not loaded.diagnostics
    shared = loaded.project.pipes["shared"]
    assert shared.published is None
    assert shared.endpoint is None
    assert shared.output.name == "b"
    assert loaded.graph.chain("top", "n") == [("shared", "a"), ("shared", "b"), ("top", "n")]


def test_columns_in_the_place_of_a_set_are_no_tables() -> None:
    sql = "SELECT 1 FROM e WHERE a IN b AND a IN (SELECT a FROM e) AND a IN known"
    loaded = load_project(
        {
            "e.datasource": SCHEMA,
            "known.datasource": SCHEMA,
            "p.pipe": f"NODE n\nSQL >\n    {sql}\n",
        }
    )
    assert not loaded.diagnostics
    assert loaded.graph.datasources("p", "n") == ["e", "known"]


def test_publications() -> None:
    files = {
        "t.datasource": SCHEMA,
        "m.pipe": "NODE n\nSQL >\n    SELECT a FROM t\nTYPE materialized\nDATASOURCE t\n",
        "c.pipe": "NODE n\nSQL >\n    SELECT a FROM t\nTYPE copy\nTARGET_DATASOURCE t\n"
        "COPY_SCHEDULE @on-demand\n",
    }
    pipes = load_project(files).require().pipes
    assert pipes["m"].output.kind == Materialization("t")
    assert pipes["c"].output.kind == Copy("t", schedule=None, mode="append")


def test_checks_of_others_run_last() -> None:
    def complain(project: Project, graph: Graph, known: Collection[str]) -> Iterator[Diagnostic]:
        yield Diagnostic("PL001", f"{sorted(known)}", path="z")

    loaded = load_project({"t.datasource": SCHEMA}, checks=[complain])
    assert [d.message for d in loaded.errors] == ["['t']"]


def test_a_node_that_selects_from_its_own_name_means_the_resource() -> None:
    loaded = load_project(
        {"t.datasource": SCHEMA, "p.pipe": "NODE t\nSQL >\n    SELECT a FROM t\nTYPE endpoint\n"}
    )
    assert [d.code for d in loaded.diagnostics] == ["NM009"]
    assert loaded.graph.datasources("p", "t") == ["t"]
    pipe = loaded.project.pipes["p"]
    assert resolve(loaded.project, pipe, "t", "other").node == ("p", "t")


@pytest.mark.parametrize(
    "text",
    [
        "SCHEMA >\n    a " + "Array(" * 3000 + "String" + ")" * 3000 + "\n",
        "SCHEMA >\n    a String CODEC" + "(" * 3000 + ")" * 3000 + "\n",
        "SCHEMA >\n    a String\nINDEXES >\n    INDEX " + "a " * 3000 + " TYPE " * 500 + "\n",
        "SCHEMA >\n    a String\nENGINE_PARTITION_KEY " + "b " * 3000 + "\n",
        "SCHEMA >\n    a String DEFAULT " + "'" * 3001 + "\nENGINE_TTL " + "'a\" " * 3000 + "\n",
    ],
    ids=["deep type", "deep codec", "long index", "long key", "quotes"],
)
def test_monstrous_texts_are_refused_quickly(text: str) -> None:
    assert load_project({"x.datasource": text}).errors
