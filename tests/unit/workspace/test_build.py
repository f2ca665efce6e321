"""All that is wrong with a project is said, and each thing once."""

from __future__ import annotations

import pytest

from mini_tb.workspace.build import build_project

PIPE = "NODE n\nSQL >\n    SELECT ts, a.`v` + 1 AS w FROM a WHERE {} > 1\n\nTYPE endpoint\n"


def _found(column: str, name: str) -> list[tuple[str, str]]:
    schema = f'SCHEMA >\n    `ts` DateTime `json:$.ts`,\n    {column}\n\nENGINE "MergeTree"\n'
    files = {
        "datasources/a.datasource": f'{schema}ENGINE_SORTING_KEY "ts"\n',
        "pipes/p.pipe": PIPE.format(name),
    }
    return [(d.code, d.message) for d in build_project(files, {}).errors]


@pytest.mark.parametrize("column", ["`v` Floaty64 `json:$.v`", "`v` Int `json:$.v`", "`v`"])
def test_a_column_that_cannot_be_read_is_not_missed_elsewhere(column: str) -> None:
    found = _found(column, "v")
    assert [code for code, _ in found] == ["DF027" if column == "`v`" else "TY001"]


def test_other_columns_are_missed_beside_it() -> None:
    found = _found("`v` Floaty64 `json:$.v`", "nothing")
    assert [code for code, _ in found] == ["TY001", "NM201"]
    assert found[1][1] == "unknown column `nothing`"


READ = """NODE first
SQL >
    %
    {}

NODE last
SQL >
    SELECT ts, {} FROM first

TYPE endpoint
"""


@pytest.mark.parametrize(
    "template",
    [
        "SELECT ts, v FROM a WHERE {{ column(by) }} = 1",
        "SELECT ts, v AS {{ symbol(by) }} FROM a",
        "SELECT ts, v FROM {{ table(of) }}",
        "{% set c = JSON(conf) %}SELECT ts, v FROM a LIMIT {{ c['n'] }}",
        "{% if int(least) > 1 %}SELECT ts, v FROM a{% else %}SELECT ts, 1 AS v FROM a{% end %}",
        "SELECT ts, v FROM a WHERE {{ sql_and(v__like=String(v, defined=False)) }}",
    ],
)
def test_what_only_a_request_decides_is_not_missed_where_it_is_read(template: str) -> None:
    schema = "SCHEMA >\n    `ts` DateTime `json:$.ts`,\n    `v` Int32 `json:$.v`\n"
    files = {"a.datasource": schema, "p.pipe": READ.format(template, "nothing")}
    assert build_project(files, {}).errors == ()
    certain = {"a.datasource": schema, "p.pipe": READ.format("SELECT ts FROM a", "nothing")}
    assert [d.code for d in build_project(certain, {}).errors] == ["NM201"]
