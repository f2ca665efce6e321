"""ClickHouse's own HTTP interface."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from http_client import Client


def ask(
    served: Client, query: str | None = None, method: str = "GET", **options: Any
) -> httpx.Response:
    params = {**options.pop("params", {})} | ({"query": query} if query is not None else {})
    headers = {"X-ClickHouse-Key": served.token, **options.pop("headers", {})}
    return served.http.request(
        method, served.clickhouse_url, params=params, headers=headers, **options
    )


def test_the_default_format(served: Client) -> None:
    response = ask(served, "SELECT 1 AS a, 'x' AS b")
    assert response.text == "1\tx\n"
    assert response.headers["x-clickhouse-format"] == "TabSeparated"
    assert ask(served, "SELECT 1", params={"default_format": "JSONEachRow"}).text == '{"1":1}\n'
    headers = {"X-ClickHouse-Format": "CSV"}
    assert ask(served, "SELECT 'x'", headers=headers).text == '"x"\n'
    assert ask(served, "SELECT 1 FORMAT JSON").json()["data"] == [{"1": 1}]


def test_where_the_query_may_stand(served: Client) -> None:
    assert ask(served, method="POST", content="SELECT 1").text == "1\n"
    assert ask(served, "SELECT", method="POST", content="2").text == "2\n"
    assert ask(served, "SELECT 1", method="POST").text == "1\n"


def test_where_the_token_may_stand(served: Client) -> None:
    url = served.clickhouse_url
    params = {"query": "SELECT 1"}
    assert served.http.get(url, params=params, auth=("anybody", served.token)).text == "1\n"
    assert served.http.get(url, params={**params, "password": served.token}).text == "1\n"
    for refused in (
        served.http.get(url, params=params),
        served.http.get(url, params=params, auth=("anybody", "nope")),
    ):
        assert refused.status_code == 403
        assert refused.headers["x-clickhouse-exception-code"] == "516"
        assert refused.text.startswith("Code: 516. DB::Exception: ")


@pytest.mark.parametrize(
    ("type_name", "text", "expected"),
    [
        ("String", "a", "1\n"),
        ("String", "a\\tb", "0\n"),
        ("Array(String)", "['a','b']", "2\n"),
    ],
)
def test_parameters(served: Client, type_name: str, text: str, expected: str) -> None:
    operator = "IN" if type_name.startswith("Array") else "="
    query = f"SELECT uniqExact(device) FROM readings WHERE device {operator} {{x:{type_name}}}"
    assert ask(served, query, params={"param_x": text}).text == expected


def test_typed_parameters(served: Client) -> None:
    query = "SELECT count() FROM readings WHERE value >= {v:Float64} AND at >= {t:DateTime}"
    params = {"param_v": "2", "param_t": "2024-01-01 00:30:00"}
    assert ask(served, query, params=params).text == "2\n"
    missing = ask(served, "SELECT {x:UInt8}")
    assert missing.status_code == 400 and "`x`" in missing.text


@pytest.mark.parametrize(
    ("type_name", "text", "expected"),
    [
        ("DateTime", "1735787045", "2025-01-02 03:04:05"),
        ("DateTime64(3)", "1735787045.123", "2025-01-02 03:04:05.123"),
        ("DateTime('Asia/Tokyo')", "2025-01-02 03:04:05", "2025-01-02 03:04:05"),
        ("DateTime64(3, 'Asia/Tokyo')", "2025-01-02 03:04:05", "2025-01-02 03:04:05.000"),
        ("Nullable(UInt8)", "\\N", "\\N"),
        ("Nullable(DateTime)", "2025-01-02 03:04:05", "2025-01-02 03:04:05"),
        ("Decimal(10, 2)", "1.239", "1.23"),
        ("IPv4", "1.2.3.4", "1.2.3.4"),
        ("UInt8", "300", "44"),
        ("Array(String)", "['a','b\\'c\\t']", "['a','b\\'c\\t']"),
        ("Array(DateTime('Asia/Tokyo'))", "[1735787045]", "['2025-01-02 12:04:05']"),
        ("Array(Tuple(String, UInt8))", "[('a',1)]", "[('a',1)]"),
        ("Map(String, Array(UInt8))", "{'k':[1,2]}", "{'k':[1,2]}"),
        ("String", "\\d\\t", "\\\\d\\t"),
    ],
)
def test_parameters_are_read_as_their_types(
    served: Client, type_name: str, text: str, expected: str
) -> None:
    answer = ask(served, f"SELECT {{x:{type_name}}}", params={"param_x": text})
    assert answer.text == expected + "\n"


@pytest.mark.parametrize(
    ("type_name", "text", "number"), [("UInt8", "1.5", "6"), ("DateTime", "junk", "41")]
)
def test_parameters_of_another_type_are_refused(
    served: Client, type_name: str, text: str, number: str
) -> None:
    refused = ask(served, f"SELECT {{x:{type_name}}}", params={"param_x": text})
    assert refused.status_code == 400
    assert refused.headers["x-clickhouse-exception-code"] == number


def test_names_can_be_parameters(served: Client) -> None:
    query = "SELECT uniqExact({column:Identifier}) AS n FROM {table:Identifier}"
    params = {"param_column": "device", "param_table": "readings"}
    assert ask(served, query, params=params).text == "2\n"


def test_settings_are_ignored(served: Client) -> None:
    params = {"max_execution_time": "10", "wait_end_of_query": "1", "database": "default"}
    assert ask(served, "SELECT 1", params=params).text == "1\n"


@pytest.mark.parametrize(
    ("query", "number"),
    [("SELECT", "62"), ("SELECT nope FROM readings", "47"), ("DROP TABLE x", "")],
)
def test_errors_are_clickhouses(served: Client, query: str, number: str) -> None:
    response = ask(served, query)
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/plain")
    assert response.headers["x-clickhouse-exception-code"].startswith(number)
    assert response.text.startswith(f"Code: {number}")


def test_system_tables_tell_of_the_project(served: Client) -> None:
    tables = "SELECT total_rows > 0, sorting_key FROM system.tables WHERE name = 'readings'"
    assert ask(served, tables).text.startswith("1\t")
    functions = (
        "SELECT name, is_aggregate, case_insensitive, alias_to FROM system.functions"
        " WHERE name IN ('arrayMap', 'sum', 'ucase', 'sleep') ORDER BY name"
    )
    assert ask(served, functions).text == "arrayMap\t0\t0\t\nsum\t1\t1\t\nucase\t0\t1\tupper\n"


def test_native(served: Client) -> None:
    response = ask(served, "SELECT toUInt8(7) AS n, 'x' AS s FORMAT Native")
    assert response.content == b"\x02\x01\x01n\x05UInt8\x07\x01s\x06String\x01x"


def test_ping(served: Client) -> None:
    assert served.http.get(f"{served.clickhouse_url}/ping").text == "Ok.\n"
    assert ask(served).text == "Ok.\n"


def test_what_clients_ask_first(served: Client) -> None:
    query = "SELECT name, value, readonly FROM system.settings LIMIT 10000"
    assert ask(served, query).text == ""
    assert ask(served, "SELECT * FROM system.one").text == "0\n"
    tables = ask(served, "SELECT name FROM system.tables WHERE engine = 'MergeTree' ORDER BY name")
    assert tables.text == "readings\nsnapshot\n"
    columns = ask(served, "SELECT name, type FROM system.columns WHERE table = 'snapshot'")
    assert columns.text == "device\tString\nlast\tFloat64\n"


def test_what_the_server_says_of_itself(served: Client) -> None:
    query = "SELECT version(), timezone(), currentDatabase()"
    version, zone, database = ask(served, query).text.strip().split("\t")
    assert int(version.split(".")[0]) >= 24
    assert (zone, database) == ("UTC", "default")
