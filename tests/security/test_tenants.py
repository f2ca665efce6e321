"""Tokens read what their scopes say and nothing beyond, whatever is asked; values stay values."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mini_tb.diagnostics import MiniTbError
from mini_tb.engine.duckdb import DuckDBResult
from mini_tb.template import TemplateError
from mini_tb.workspace import Access, Scope, Workspace

FULL = os.environ.get("MINI_TB_SECURITY") == "full"
REFUSALS = (MiniTbError, TemplateError)
TENANTS = ["a", "b", "c"]
FILES = {
    "events.datasource": "SCHEMA >\n  tenant String `json:$.tenant`,\n  n Int64 `json:$.n`\n",
    "other.datasource": "SCHEMA >\n  tenant String `json:$.tenant`,\n  n Int64 `json:$.n`\n",
    "plain.pipe": "NODE n\nSQL >\n  SELECT tenant, n FROM events\nTYPE endpoint\n",
    "by_tenant.pipe": (
        "NODE n\nSQL >\n  %\n  SELECT tenant, n FROM events"
        " WHERE tenant = {{String(tenant, 'none')}}\nTYPE endpoint\n"
    ),
    "nested.pipe": "NODE n\nSQL >\n  SELECT tenant, n FROM plain\nTYPE endpoint\n",
    "nested_by.pipe": "NODE n\nSQL >\n  SELECT tenant, n FROM by_tenant\nTYPE endpoint\n",
    "others.pipe": "NODE n\nSQL >\n  SELECT tenant, n FROM other\nTYPE endpoint\n",
}
READS = {"plain": "events", "by_tenant": "events", "nested": "events", "nested_by": "events"}
READS["others"] = "other"


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    with Workspace.open(None) as opened:
        assert opened.deploy(FILES).result == "success"
        for name in ("events", "other"):
            body = "\n".join(f'{{"tenant":"{t}","n":{i}}}' for i, t in enumerate(TENANTS * 3))
            opened.append(name, body.encode())
        yield opened


def pipe(name: str, **fixed: str) -> Scope:
    return Scope("PIPES:READ", name, fixed_params=fixed or None)


def source(name: str, condition: str | None = None) -> Scope:
    return Scope("DATASOURCES:READ", name, filter=condition)


SCOPES = [source("events"), source("other"), *(pipe(name) for name in READS)]
TABLES = ["events", "other", "events_quarantine", *READS]
SHAPES = [
    "SELECT * FROM {t}",
    "SELECT count() FROM {t}",
    "SELECT (SELECT max(n) FROM {t})",
    "SELECT 1 WHERE 1 IN (SELECT n FROM {t})",
    "WITH x AS (SELECT * FROM {t}) SELECT * FROM x",
    "SELECT * FROM (SELECT * FROM `{t}`) AS q",
    "SELECT 1 UNION ALL SELECT count() FROM {t}",
    "SELECT 1 FROM numbers(1) AS z CROSS JOIN {t} AS y",
    "SELECT exists(SELECT 1 FROM {t})",
    "% SELECT * FROM {{{{TABLE('{t}')}}}}",
]


def is_allowed(scope: Scope, table: str) -> bool:
    return scope.resource == table.removesuffix("_quarantine") and (
        (scope.type == "PIPES:READ") == (table in READS)
    )


def outcome(ask: Callable[..., DuckDBResult], *args: Any, **options: Any) -> str:
    """`rows`, or the status of a refusal."""
    try:
        with ask(*args, **options) as result:
            result.rows()
    except REFUSALS as error:
        return str(getattr(error, "status", 400))
    return "rows"


def test_a_matrix_of_scopes_routes_and_tables(workspace: Workspace) -> None:
    cells = 0
    shapes = SHAPES if FULL else SHAPES[::3]
    for scope in SCOPES:
        access = Access("t", (scope,))
        for table, shape in itertools.product(TABLES, shapes):
            text = shape.format(t=table)
            expected = "rows" if is_allowed(scope, table) else "403"
            assert outcome(workspace.sql, text, access=access) == expected, (scope, text)
            cells += 1
            if scope.type == "PIPES:READ":
                ask_pipe = str(scope.resource)
                found = outcome(workspace.query, ask_pipe, q=text, access=access)
                assert found == expected, (scope, text)
                cells += 1
        for name in READS:
            expected = "rows" if is_allowed(scope, name) else "403"
            assert outcome(workspace.query, name, access=access) == expected
            text = "SELECT * FROM _"
            found = outcome(workspace.sql, text, pipeline=name, access=access)
            assert found == expected, (scope, name)
            cells += 2
    assert cells > 150


def random_request(rng: random.Random) -> tuple[str | None, str | None, dict[str, str]]:
    """(endpoint, SQL, parameters)."""
    tables = rng.choices([*READS, "events", "_"], k=3)
    one, two, three = tables
    shape = rng.choice(
        [
            f"SELECT tenant FROM {one}",
            f"SELECT tenant FROM {one} WHERE tenant = 'a' OR 1",
            f"SELECT x.tenant AS tenant FROM {one} AS x JOIN {two} AS y ON x.n = y.n",
            f"SELECT tenant FROM {one} UNION ALL SELECT tenant FROM {two}",
            f"WITH q AS (SELECT * FROM {one}) SELECT tenant FROM q WHERE n IN (SELECT n FROM q)",
            f"SELECT DISTINCT tenant FROM (SELECT * FROM {one} UNION ALL SELECT * FROM {three})",
            f"SELECT arrayJoin(groupArray(tenant)) AS tenant FROM {one}",
            f"SELECT (SELECT max(tenant) FROM {one}) AS tenant",
            f"% SELECT tenant FROM {one} WHERE {{{{String(tenant, 'c')}}}} != 'zz'",
            f"% {{% set tenant = 'a' %}} SELECT tenant FROM {one}",
        ]
    )
    params = {"tenant": rng.choice([*TENANTS, "' OR 1=1 --", "a,b", ""])}
    way = rng.randrange(3)
    if way == 0:
        return rng.choice(list(READS)), None, params
    return (rng.choice(list(READS)) if way == 1 else None), shape, params


@pytest.mark.parametrize("kind", ["filter", "fixed_params"])
def test_another_tenants_rows_are_never_seen(workspace: Workspace, kind: str) -> None:
    rng = random.Random(kind)
    answered = 0
    for _ in range(10_000 if FULL else 500):
        mine = rng.choice(TENANTS)
        if kind == "filter":
            condition = f"tenant = '{mine}'"
            scopes: tuple[Scope, ...] = (
                source("events", condition),
                *(pipe(name) for name in ("plain", "by_tenant", "nested", "nested_by")),
            )
        else:
            scopes = (pipe("by_tenant", tenant=mine), pipe("nested_by", tenant=mine))
        access = Access("jwt", scopes)
        name, text, params = random_request(rng)
        try:
            if name is None:
                assert text is not None
                found = workspace.sql(text, params, access=access)
            else:
                found = workspace.query(name, params, q=text, access=access)
            with found as result:
                rows = [row[0] for row in result.rows()]
        except REFUSALS:
            continue
        answered += 1
        assert set(rows) <= {mine, None, ""}, (mine, name, text, params)
    assert answered > 50


# Values ----------------------------------------------------------------------------------

_QUOTES = ["'", '"', "`", "''", "\\'", "\\\\'", "%27", "’", "\\x27", "\u02bc"]
_TAILS = [
    " OR 1=1",
    " OR 1=1 --",
    "; DROP TABLE events",
    "; DROP TABLE events; --",
    " UNION ALL SELECT tenant, n FROM other --",
    " UNION SELECT content, 1 FROM read_text('/etc/passwd')",
    ") OR (1=1",
    "/*",
    "*/ OR 1 /*",
    "#",
    "{{x}}",
    "{% end %}",
    "{x:String}",
    "$p1",
    "||(SELECT max(tenant) FROM other)||",
    "\n OR 1",
    "\x00 OR 1",
    "),(1",
    "' FROM other --",
    "::INT",
]
PAYLOADS = [quote + tail for quote in _QUOTES for tail in _TAILS] + [
    "1 OR 1=1",
    "1; DROP TABLE events",
    "0x31 OR 1",
    "1e400",
    "nan",
    "events, other",
    "events; --",
    "(SELECT * FROM other)",
    "n FROM other --",
    "\\",
]
TYPES = ["String", "Int32", "UInt8", "Int64", "Int256", "Float64", "Boolean", "Date", "DateTime"]
TYPES += ["DateTime64", "Symbol"]
CALLS = [f"{{{{{name}(x)}}}}" for name in TYPES if name != "Symbol"]
CALLS += ["{{Array(x, 'String')}}", "{{Array(x, 'Int32')}}", "{{JSON(x)}}"]
IDENTIFIERS = ["{{column(x, 'n')}}", "{{symbol(x)}}", "{{columns(x, 'n')}}"]


def test_values_stay_values(workspace: Workspace) -> None:
    """A payload in a value is one value: the statement has one row and one column, and the text of
    a String is the payload."""
    assert len(set(PAYLOADS)) >= 200
    payloads = PAYLOADS if FULL else PAYLOADS[::4]
    for call, payload in itertools.product(CALLS, payloads):
        text = f"% SELECT {call} AS x"
        try:
            with workspace.sql(text, {"x": payload}) as result:
                rows = result.rows()
        except REFUSALS as error:
            assert getattr(error, "status", 400) == 400, (call, payload)
            continue
        assert len(rows) == 1 and len(rows[0]) == 1, (call, payload)
        if call == "{{String(x)}}":
            read = rows[0][0]
            assert read.replace("\\%", "%") == payload.replace("\\%", "%"), payload


def test_names_stay_names(workspace: Workspace) -> None:
    """A payload for a name is the name of nothing."""
    reader = Access("t", (source("events"),))
    payloads = PAYLOADS if FULL else PAYLOADS[::2]
    for call, payload in itertools.product(IDENTIFIERS, payloads):
        with pytest.raises(REFUSALS):
            workspace.sql(f"% SELECT {call} FROM events", {"x": payload}, access=reader).close()
    for payload in payloads:
        with pytest.raises(REFUSALS):
            text = "% SELECT n FROM {{TABLE(x)}}"
            workspace.sql(text, {"x": payload}, access=reader).close()
    with workspace.sql("SELECT count() FROM other") as result:
        assert result.rows() == [(9,)]
