"""Endpoints and SQL: what is rendered and compiled, what names mean, what tokens may read."""

from __future__ import annotations

from typing import Any

import pytest
from workspace_setup import Clock, access, deployed, rows

from mini_tb.diagnostics import UserError
from mini_tb.template import TemplateError
from mini_tb.workspace import Scope, Workspace

FILES = {
    "events.datasource": "SCHEMA >\n  tenant String,\n  n Int64\n",
    "other.datasource": "SCHEMA >\n  a Int64\n",
    "top.pipe": (
        "NODE filtered\nSQL >\n  %\n  SELECT * FROM events WHERE 1"
        " {% if defined(tenant) %} AND tenant = {{String(tenant)}} {% end %}\n"
        "NODE unused\nSQL >\n  %\n  SELECT {{Int32(nobody_gives_this)}}\n"
        "NODE out\nSQL >\n  %\n  SELECT tenant, sum(filtered.n) AS n, now() AS at FROM filtered"
        " GROUP BY tenant ORDER BY tenant LIMIT {{Int32(limit, 10)}}\nTYPE endpoint\n"
    ),
    "tenants.pipe": "NODE n\nSQL >\n  SELECT count() AS tenants FROM top\nTYPE endpoint\n",
    "shared.pipe": "NODE n\nSQL >\n  SELECT n + 1 AS m FROM events\n",
}


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    deployed(workspace, FILES)
    workspace.append(
        "events",
        b'{"tenant":"a","n":1}\n{"tenant":"b","n":2}\n{"tenant":"a","n":3}\n',
    )
    return workspace


def ask(workspace: Workspace, pipe: str, params: Any = None, **options: Any) -> list[Any]:
    with workspace.query(pipe, params, **options) as result:
        return [row[:2] for row in result.rows()]


def test_an_endpoint_answers_with_clickhouse_names_and_types(filled: Workspace) -> None:
    with filled.query("top", {"tenant": "a"}) as result:
        assert [(c.name, str(c.type)) for c in result.columns] == [
            ("tenant", "String"),
            ("n", "Int64"),
            ("at", "DateTime"),
        ]
        assert result.rows() == [("a", 4, filled.now())]
        assert result.rows_read == 3


def test_new_values_compile_nothing(filled: Workspace) -> None:
    assert ask(filled, "top", {"tenant": "a"}) == [("a", 4)]
    compiled = filled.queries.compiled.compilations
    assert ask(filled, "top", {"tenant": "b", "limit": "5"}) == [("b", 2)]
    assert ask(filled, "top", {"tenant": "it's; DROP TABLE events --"}) == []
    assert filled.queries.compiled.compilations == compiled
    # Another shape is another statement.
    assert ask(filled, "top") == [("a", 4), ("b", 2)]
    assert filled.queries.compiled.compilations == compiled + 1


ASKED = """NODE n
SQL >
  %
  SELECT {{Int32(n)}}, if({{Boolean(flag, 0)}}, 'yes', 'no') AS flagged
  FROM days
  WHERE {{Boolean(all, 0)}} OR day IN {{Array(days, 'Date')}} OR kind IN {{Array(kinds, 'Int8')}}
TYPE endpoint
"""


def test_bound_values_mean_what_they_mean_when_written(workspace: Workspace) -> None:
    schema = "SCHEMA >\n  day Date,\n  kind Enum8('a' = 1, 'b' = 2)\n"
    deployed(workspace, {"days.datasource": schema, "asked.pipe": ASKED})
    body = b'{"day":"2026-01-02","kind":"a"}\n{"day":"2026-01-03","kind":"b"}\n'
    workspace.append("days", body)

    def asked(**params: str) -> tuple[str, list[Any]]:
        with workspace.query("asked", {"days": "", "kinds": "7", **params}) as result:
            return result.columns[0].name, result.rows()

    # The name of a column without alias tells the value of this request, not of an earlier one.
    assert asked(n="5", days="2026-01-02") == ("toInt32('5')", [(5, "no")])
    assert asked(n="6", days="2026-01-03,2026-01-04") == ("toInt32('6')", [(6, "no")])
    assert asked(n="6", days="2026-01-04", all="1", flag="1")[1] == [(6, "yes")] * 2
    assert asked(n="6", days="2026-01-04", kinds="1,9")[1] == [(6, "no")]


def test_the_same_request_is_prepared_once(filled: Workspace) -> None:
    first = filled.prepare("top", {"tenant": "a"})
    assert filled.prepare("top", {"tenant": "a"}) is first
    assert filled.prepare("top", {"tenant": "b"}) is not first
    reader = access(Scope("PIPES:READ", "top"))
    assert filled.prepare("top", {"tenant": "a"}, access=reader) is first
    with pytest.raises(UserError) as refused:
        filled.prepare("top", {"tenant": "a"}, access=access(Scope("PIPES:READ", "tenants")))
    assert refused.value.status == 403
    fixed = access(Scope("PIPES:READ", "top", fixed_params={"tenant": "b"}))
    assert ask(filled, "top", {"tenant": "a"}, access=fixed) == [("b", 2)]
    deployed(filled, FILES | {"tenants.pipe": FILES["tenants.pipe"].replace("count()", "max(n)")})
    assert filled.prepare("top", {"tenant": "a"}) is not first


def test_what_a_request_says_is_not_kept_past_its_reasons(filled: Workspace) -> None:
    files = {
        "told.pipe": "NODE n\nSQL >\n  %\n  SELECT {{DateTime(job_timestamp)}} AS at, 1 AS one\n"
        "TYPE endpoint\n",
        "keyed.pipe": "NODE n\nSQL >\n  %\n  SELECT {{tb_secret('key')}} AS key, 1 AS one\n"
        "TYPE endpoint\n",
    }
    filled.secrets.save("key", "old")
    deployed(filled, FILES | files)
    assert filled.prepare("told") is not filled.prepare("told")
    assert ask(filled, "keyed") == [("old", 1)]
    filled.secrets.save("key", "new")
    assert ask(filled, "keyed") == [("new", 1)]
    # 1 and True are equal in Python, but not to a template.
    assert ask(filled, "top", {"limit": 1}) == [("a", 4)]
    with pytest.raises(TemplateError):
        filled.prepare("top", {"limit": True})


def test_a_deployment_forgets_compiled_statements(filled: Workspace) -> None:
    assert ask(filled, "tenants") == [(2,)]
    deployed(filled, FILES | {"tenants.pipe": FILES["tenants.pipe"].replace("count()", "max(n)")})
    assert ask(filled, "tenants") == [(4,)]


def test_pipes_are_tables_and_keep_their_own_nodes(filled: Workspace) -> None:
    assert rows(filled, "SELECT tenant, n FROM top ORDER BY n DESC LIMIT 1") == [("a", 4)]
    assert rows(filled, "SELECT sum(m) FROM shared") == [(9,)]
    with pytest.raises(UserError, match="filtered"):
        filled.sql("SELECT * FROM filtered")


def test_pipeline_makes_nodes_tables(filled: Workspace) -> None:
    query = "SELECT count() FROM filtered"
    assert rows(filled, query, pipeline="top") == [(3,)]
    assert rows(filled, query, pipeline="top", params={"tenant": "b"}) == [(1,)]
    assert rows(filled, "SELECT n FROM _ ORDER BY n", pipeline="top") == [(2,), (4,)]


def test_q_runs_over_the_answer(filled: Workspace) -> None:
    assert ask(filled, "top", {"tenant": "a"}, q="SELECT sum(n) AS s FROM _") == [(4,)]
    assert ask(filled, "top", q="SELECT count() FROM top") == [(2,)]
    with pytest.raises(UserError, match="filtered"):
        filled.query("top", q="SELECT * FROM filtered")


def test_sql_may_be_a_template(filled: Workspace) -> None:
    query = "% SELECT sum(n) FROM events WHERE tenant = {{String(t)}}"
    assert rows(filled, query, params={"t": "a"}) == [(4,)]
    with pytest.raises(TemplateError) as error:
        filled.sql("% SELECT {{Int32(x)}}", {"x": "abc"})
    assert "Int32" in error.value.message


def test_quarantines_are_tables(filled: Workspace) -> None:
    assert filled.append("events", b'{"tenant":"a","n":"x"}').quarantined_rows == 1
    assert rows(filled, "SELECT c__error_column, n FROM events_quarantine") == [(["n"], "x")]


def test_unknown_names_are_told_with_the_nearest(filled: Workspace) -> None:
    with pytest.raises(UserError) as error:
        filled.sql("SELECT * FROM event")
    assert error.value.diagnostics[0].hint == "did you mean `events`?"
    with pytest.raises(UserError) as error:
        filled.query("topp")
    assert (error.value.status, error.value.diagnostics[0].code) == (404, "NM303")
    with pytest.raises(UserError) as error:
        filled.query("shared")
    assert error.value.status == 404


def test_now_is_the_workspace_clock(filled: Workspace, clock: Clock) -> None:
    first = rows(filled, "SELECT now()")
    clock.advance(hours=1)
    assert rows(filled, "SELECT now()") == [(clock.now,)] != first


READ_TOP = Scope("PIPES:READ", "top")
READ_EVENTS = Scope("DATASOURCES:READ", "events")


@pytest.mark.parametrize(
    ("scopes", "query", "is_allowed"),
    [
        ((), "SELECT count() FROM events", False),
        ((READ_EVENTS,), "SELECT count() FROM events", True),
        ((READ_EVENTS,), "SELECT count() FROM events_quarantine", True),
        ((READ_EVENTS,), "SELECT count() FROM other", False),
        ((READ_EVENTS,), "SELECT count() FROM events WHERE n IN (SELECT a FROM other)", False),
        ((READ_EVENTS,), "WITH x AS (SELECT * FROM other) SELECT * FROM x", False),
        ((READ_EVENTS,), "SELECT * FROM events UNION ALL SELECT 'x', a FROM other", False),
        ((READ_TOP,), "SELECT count() FROM top", True),
        ((READ_TOP,), "SELECT count() FROM events", False),
        ((READ_TOP,), "SELECT count() FROM tenants", False),
        ((Scope("WORKSPACE:READ_ALL"),), "SELECT count() FROM tenants, other", True),
        ((Scope("ADMIN"),), "SELECT count() FROM tenants, other", True),
    ],
)
def test_every_table_needs_a_scope(
    filled: Workspace, scopes: tuple[Scope, ...], query: str, is_allowed: bool
) -> None:
    rows(filled, query)  # compiled for an admin first: others must not get that statement
    if is_allowed:
        rows(filled, query, access=access(*scopes))
    else:
        with pytest.raises(UserError) as error:
            filled.sql(query, access=access(*scopes))
        assert (error.value.status, error.value.diagnostics[0].code) == (403, "AU003")


def test_reading_a_pipe_needs_no_right_on_its_sources(filled: Workspace) -> None:
    assert ask(filled, "top", access=access(READ_TOP)) == [("a", 4), ("b", 2)]
    with pytest.raises(UserError) as error:
        filled.query("tenants", access=access(READ_TOP))
    assert error.value.status == 403


def test_fixed_parameters_win_everywhere(filled: Workspace) -> None:
    fixed = access(Scope("PIPES:READ", "top", fixed_params={"tenant": "b"}))
    assert ask(filled, "top", {"tenant": "a"}, access=fixed) == [("b", 2)]
    assert ask(filled, "top", {"tenant": "a"}, access=fixed, q="SELECT * FROM _") == [("b", 2)]
    query = "SELECT tenant FROM top"
    assert rows(filled, query, access=fixed, params={"tenant": "a"}) == [("b",)]
    assert rows(filled, query, access=fixed, params={"tenant": "a"}, pipeline="top") == [("b",)]


def test_row_filters_hold_at_every_depth(filled: Workspace) -> None:
    only_b = access(
        Scope("DATASOURCES:READ", "events", filter="tenant = 'b'"),
        Scope("PIPES:READ", "top"),
        Scope("PIPES:READ", "tenants"),
    )
    assert ask(filled, "top") == [("a", 4), ("b", 2)]
    assert ask(filled, "top", access=only_b) == [("b", 2)]
    assert ask(filled, "tenants", access=only_b) == [(1,)]
    assert rows(filled, "SELECT DISTINCT tenant FROM events", access=only_b) == [("b",)]
    assert rows(filled, "SELECT tenant FROM top", access=only_b) == [("b",)]
    assert ask(filled, "top") == [("a", 4), ("b", 2)]


def test_secrets_are_values(filled: Workspace) -> None:
    filled.secrets.save("who", "a' OR 1 = 1 --")
    query = "% SELECT count() FROM events WHERE tenant = {{tb_secret('who')}}"
    assert rows(filled, query) == [(0,)]
    filled.secrets.save("who", "a")
    assert rows(filled, query) == [(2,)]


@pytest.mark.parametrize(
    ("query", "totals"),
    [
        ("SELECT number % 3 AS k, count() AS c FROM numbers(10) GROUP BY k WITH TOTALS", (0, 10)),
        (
            "SELECT toNullable(number % 3) AS k, sum(number) AS c FROM numbers(4) "
            "GROUP BY k WITH TOTALS ORDER BY c LIMIT 1",
            (None, 6),
        ),
        (
            "SELECT number % 3 AS k, count() AS c FROM numbers(10) GROUP BY k WITH TOTALS "
            "HAVING c > 3",
            (0, 4),
        ),
        ("SELECT number AS k, count() AS c FROM numbers(0) GROUP BY k WITH TOTALS", (0, 0)),
        ("SELECT number % 3 AS k, count() AS c FROM numbers(10) GROUP BY k", None),
    ],
)
def test_totals(workspace: Workspace, query: str, totals: tuple[int | None, int] | None) -> None:
    with workspace.sql(query) as result:
        result.rows()
        found = result.totals
        assert (None if found is None else tuple(found.to_pylist()[0].values())) == totals
    assert rows(workspace, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("query", "least", "most"),
    [
        ("SELECT number FROM numbers(10) ORDER BY number LIMIT 3 OFFSET 2", 10, 10),
        ("SELECT number % 5 AS k, count() FROM numbers(10) GROUP BY k LIMIT 2", 2, 5),
        ("SELECT number FROM numbers(10) WHERE number > 5 ORDER BY number LIMIT 2", 4, 4),
        ("SELECT number FROM numbers(10) ORDER BY number LIMIT 20", 0, 10),
        ("SELECT number FROM numbers(10)", 0, 0),
    ],
)
def test_rows_before_limit(workspace: Workspace, query: str, least: int, most: int) -> None:
    with workspace.sql(query) as result:
        result.rows()
        assert least <= result.rows_before_limit <= most
