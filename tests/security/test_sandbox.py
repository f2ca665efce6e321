"""Nothing of DuckDB but what stands for ClickHouse's SQL can be reached, by any way in.

What there is, is asked of the installed DuckDB: its table functions, the functions that look at
files, settings or the catalogue, its pragmas and settings, and the kinds of its statements. Long:
each of them by each way; else every so many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest
from http_client import Client, assert_error

from mini_tb.deploy.plan import plan_deployment
from mini_tb.diagnostics import Severity
from mini_tb.sql.functions import FUNCTIONS
from mini_tb.sql.functions.aggregates.registry import AGGREGATES
from mini_tb.sql.table_functions import _FUNCTIONS as TABLE_FUNCTIONS
from mini_tb.workspace.build import build_project

FULL = os.environ.get("MINI_TB_SECURITY") == "full"
PROJECT = {
    "d.datasource": 'SCHEMA >\n  a Int64 `json:$.a`\nENGINE "MergeTree"\nENGINE_SORTING_KEY "a"\n',
    "p.pipe": "NODE n\nSQL >\n  SELECT a FROM d\nTYPE endpoint\n",
}
STATEMENTS = """
COPY d TO '/tmp/out.csv'
COPY (SELECT 1) TO '/tmp/out.csv'
COPY d FROM '/etc/passwd'
ATTACH '/tmp/other.db'
ATTACH ':memory:' AS x
DETACH memory
INSTALL httpfs
LOAD httpfs
FORCE INSTALL httpfs
UPDATE EXTENSIONS
EXPORT DATABASE '/tmp/out'
IMPORT DATABASE '/tmp/out'
CREATE TABLE x AS SELECT 1
CREATE VIEW x AS SELECT 1
CREATE MACRO m() AS 1
CREATE SECRET s (TYPE s3)
CREATE SCHEMA s
CREATE SEQUENCE s
CREATE TYPE t AS ENUM ('a')
CREATE INDEX i ON d (a)
INSERT INTO d VALUES (1)
UPDATE d SET a = 1
DELETE FROM d
DROP TABLE d
TRUNCATE d
ALTER TABLE d ADD COLUMN b INT
ANALYZE
VACUUM
CHECKPOINT
FORCE CHECKPOINT
BEGIN
COMMIT
ROLLBACK
PREPARE q AS SELECT 1
EXECUTE q
DEALLOCATE q
USE memory
COMMENT ON TABLE d IS 'x'
MERGE INTO d USING d AS e ON d.a = e.a WHEN MATCHED THEN DELETE
FROM '/etc/passwd'
TABLE d
PIVOT d ON a
UNPIVOT d ON a
SUMMARIZE d
SHOW ALL TABLES
DESCRIBE d
SELECT 1; SELECT 2
SELECT 1; DROP TABLE d
SELECT * FROM '/etc/passwd'
SELECT * FROM "/etc/passwd"
SELECT * FROM `/etc/passwd`
SELECT * FROM 'data.parquet'
SELECT * FROM `data.csv`
SELECT * FROM 'https://example.com/x.csv'
SELECT * FROM `s3://bucket/x.parquet`
SELECT * FROM information_schema.tables
SELECT * FROM information_schema.schemata
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_class
SELECT * FROM sqlite_master
SELECT * FROM main.sqlite_master
SELECT * FROM duckdb_settings
SELECT * FROM mini_tb.state
SELECT * FROM `mini_tb.state`
SELECT * FROM `mini_tb`.`state`
SELECT * FROM main.d
SELECT * FROM memory.main.d
SELECT * FROM workspace.main.d
SELECT * FROM incoming
SELECT * FROM `d"; DROP TABLE d; --`
SELECT * FROM `d") , ("x`
SELECT `a" FROM d; --` FROM d
SELECT a FROM d UNION ALL SELECT * FROM read_csv('/etc/passwd')
SELECT a FROM d WHERE a IN (SELECT * FROM read_text('/etc/passwd'))
SELECT (SELECT content FROM read_text('/etc/passwd'))
WITH x AS (SELECT * FROM glob('*')) SELECT * FROM x
SELECT * FROM d JOIN duckdb_tables() AS t ON 1
SELECT a FROM d QUALIFY getenv('HOME') = ''
SELECT a FROM d ORDER BY getenv('HOME')
SELECT a FROM d INTO OUTFILE '/tmp/out.csv'
SELECT COLUMNS(*)::VARCHAR FROM read_blob('/etc/passwd')
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('d')
SELECT * FROM d AT (VERSION => 1)
SELECT a FROM d USING SAMPLE 10 ROWS
SELECT $p1
SELECT $now
SELECT ?
""".strip().splitlines()


@cache
def names(*kinds: str) -> list[str]:
    """The functions of these kinds that DuckDB has."""
    with duckdb.connect() as connection:
        query = "SELECT DISTINCT function_name, function_type FROM duckdb_functions() ORDER BY ALL"
        return [name for name, kind in connection.execute(query).fetchall() if kind in kinds]


@cache
def settings() -> list[str]:
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT name FROM duckdb_settings() ORDER BY name").fetchall()
        return [name for (name,) in rows]


def quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def table_functions() -> Iterator[str]:
    for name in names("table", "table_macro"):
        if name in TABLE_FUNCTIONS or name.lower() in TABLE_FUNCTIONS:
            continue  # one that ClickHouse has, too
        for args in ("", "'/etc/passwd'"):
            yield f"SELECT * FROM {quoted(name)}({args})"
        yield f"CALL {quoted(name)}()"


def functions() -> Iterator[str]:
    """Every function that is not ClickHouse's, too."""
    aggregates = {name.lower() for name in AGGREGATES.all()}
    for name in names("scalar", "macro", "aggregate", "window"):
        is_known = FUNCTIONS.find(name) is not None or name.lower() in aggregates
        if not is_known and name.isidentifier():
            yield f"SELECT {name}('HOME')"


def pragmas() -> Iterator[str]:
    for name in names("pragma"):
        yield f"PRAGMA {name}"
        yield f"PRAGMA {name}('d')"
        yield f"SELECT * FROM pragma_{name}('d')"
        yield f"CALL {name}('d')"


def every_setting() -> Iterator[str]:
    for name in settings():
        yield f"SET {name} = '1'"
        yield f"SET GLOBAL {name} = '1'"
        yield f"RESET {name}"
        yield f"PRAGMA {name} = '1'"
        yield f"SELECT current_setting('{name}')"
        yield f"SELECT getSetting('{name}')"


FAMILIES: dict[str, Callable[[], Iterator[str]]] = {
    "statements": lambda: iter(STATEMENTS),
    "table functions": table_functions,
    "functions": functions,
    "pragmas": pragmas,
    "settings": every_setting,
}


@pytest.fixture(scope="module")
def client(admin: Client) -> Client:
    assert admin.build(PROJECT)["result"] == "success"
    posted = admin.post("/v0/events?name=d&wait=true", content='{"a":1}')
    assert posted.json()["successful_rows"] == 1
    return admin


def some(family: str, share: int) -> list[str]:
    """All of a family, or every so many of it where that would take long."""
    found = list(FAMILIES[family]())
    return found if FULL or len(found) <= 120 else found[::share]


def test_there_is_something_to_refuse() -> None:
    counts = {family: len(list(make())) for family, make in FAMILIES.items()}
    assert counts["statements"] > 80 and counts["table functions"] > 250, counts
    assert counts["functions"] > 600 and counts["pragmas"] > 100, counts
    assert counts["settings"] > 900, counts


@pytest.mark.parametrize("family", FAMILIES)
def test_the_query_api(client: Client, family: str) -> None:
    answered = []
    for query in some(family, 4):
        response = client.post("/v0/sql", content=query)
        if response.status_code == 200:
            answered.append(query)
        else:
            assert_error(response, 403 if response.status_code == 403 else 400)
    assert answered == []


@pytest.mark.parametrize("family", FAMILIES)
def test_q(client: Client, family: str) -> None:
    for query in some(family, 12):
        response = client.get("/v0/pipes/p.json", params={"q": query})
        assert 400 <= response.status_code < 500, (query, response.text)
        assert_error(response, response.status_code)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_clickhouse_port(client: Client, family: str) -> None:
    for query in some(family, 12):
        response = client.http.post(
            client.clickhouse_url, content=query, auth=("default", client.token)
        )
        assert 400 <= response.status_code < 500, (query, response.text)
        assert (
            "DB::Exception" in response.text and "x-clickhouse-exception-code" in response.headers
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_endpoints_when_they_are_built(client: Client, family: str) -> None:
    """Some by a real request; all of them by the build that such a request makes, below."""
    pipes = endpoints(some(family, 40)[:30])
    response = client.upload("/v1/build", {**PROJECT, **pipes}).json()
    assert response["result"] == "failed"
    wrong = {error["filename"] for error in response["errors"]}
    # What is only an unknown name is told once what is more wrong has been put right.
    for name in sorted(set(pipes) - wrong):
        alone = client.upload("/v1/build", {**PROJECT, name: pipes[name]}).json()
        assert alone["result"] == "failed", pipes[name]


def endpoints(queries: list[str]) -> dict[str, str]:
    """A pipe for each query."""
    return {
        f"x{i}.pipe": f"NODE n\nSQL >\n    {query}\nTYPE endpoint\n"
        for i, query in enumerate(queries)
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_endpoint_that_could_be_built(family: str) -> None:
    left = endpoints(some(family, 6))
    while left:
        made = build_project({**PROJECT, **left}, {})
        wrong = {error.file for error in made.errors}
        assert wrong, f"these can be deployed: {list(left.values())[:5]}"
        left = {name: text for name, text in left.items() if name not in wrong}


NEXT = PROJECT["d.datasource"].replace("a Int64", "a Array(Int64)").replace("$.a`", "$.a[:]`")
"""Another type: rows get over only by a FORWARD_QUERY."""


@pytest.mark.parametrize("family", FAMILIES)
def test_forward_queries(client: Client, family: str) -> None:
    """Some by a real deployment; all of them, by the plan that it makes, below."""
    queries = list(FAMILIES[family]())
    for query in queries[:: max(1, len(queries) // 12)]:
        files = {**PROJECT, "d.datasource": f"{NEXT}\nFORWARD_QUERY >\n    {query}\n"}
        response = client.upload("/v1/deploy?auto_promote=true", files)
        assert response.status_code < 500, query
        assert response.json()["result"] == "failed", query
    assert client.sql("SELECT a FROM d") == [{"a": 1}]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_forward_query_that_could_be_planned(family: str) -> None:
    queries = some(family, 6)
    names = [f"d{i}.datasource" for i in range(len(queries))]
    before = dict.fromkeys(names, PROJECT["d.datasource"])
    after = {
        name: f"{NEXT}\nFORWARD_QUERY >\n    {query}\n"
        for name, query in zip(names, queries, strict=True)
    }
    live = build_project({**PROJECT, **before}, {})
    made = build_project({**PROJECT, **after}, {})
    assert live.ok
    plan = plan_deployment(live.project, made.project, has_rows=lambda name: True)
    wrong = {error.file for error in made.errors}
    wrong |= {d.file for d in plan.diagnostics if d.severity is Severity.ERROR}
    assert [after[name] for name in names if name not in wrong] == []


CONDITIONS = [
    "getenv('HOME') = ''",
    "a IN (SELECT 1 FROM read_text('/etc/passwd'))",
    "1); DROP TABLE d; --",
    "1) OR (1",
    "current_setting('threads') = '1'",
    'a = 1; SELECT "a"',
    "exists(SELECT 1 FROM duckdb_tables())",
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions(client: Client, condition: str) -> None:
    data = {"delete_condition": condition, "wait": "true"}
    for version in ("v0", "v1"):
        assert_error(client.post(f"/{version}/datasources/d/delete", data=data), 400)
    assert client.sql("SELECT a FROM d") == [{"a": 1}]


def test_settings_of_a_query_do_not_reach_the_engine(client: Client) -> None:
    for name in settings() if FULL else settings()[::5]:
        response = client.post(
            "/v0/sql", content=f"SELECT 1 AS x SETTINGS {name} = 'x' FORMAT JSON"
        )
        assert response.status_code in (200, 400), (name, response.text)
    assert client.sql("SELECT a FROM d") == [{"a": 1}]


def test_the_engine_itself_refuses(tmp_path: Path) -> None:
    """Behind the compiler stands DuckDB, shut off: a text of its own SQL reaches no file either."""
    from mini_tb.diagnostics import EngineError
    from mini_tb.engine.duckdb import DuckDBEngine

    (tmp_path / "secret.csv").write_text("a\n1\n")
    engine = DuckDBEngine.open(tmp_path / "x.duckdb")
    try:
        for text in (
            f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
            f"SELECT * FROM '{tmp_path}/secret.csv'",
            f"SELECT * FROM read_text('{tmp_path}/secret.csv')",
            f"SELECT * FROM glob('{tmp_path}/*')",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            f"ATTACH '{tmp_path}/other.duckdb'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "SELECT * FROM tmp_path",
        ):
            with pytest.raises(EngineError):
                engine.fetch(text)
        assert sorted(path.name for path in tmp_path.glob("o*")) == []
    finally:
        engine.close()
