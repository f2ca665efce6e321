"""The Query API: where the query may stand, formats, what a query may do."""

from __future__ import annotations

import pytest
from http_client import Client, assert_error

QUERY = "SELECT count() AS n FROM readings"


def test_every_way_to_send_a_query(served: Client) -> None:
    for response in (
        served.get("/v0/sql", params={"q": QUERY}),
        served.post("/v0/sql", params={"q": QUERY}),
        served.post("/v0/sql", content=QUERY, headers={"Content-Type": "text/plain"}),
        served.post("/v0/sql", content=QUERY),
        served.post("/v0/sql", data={"q": QUERY}),
        served.post("/v0/sql", json={"q": QUERY}),
        served.post("/v0/sql/", json={"q": QUERY}),
    ):
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        assert response.json()["data"] == [{"n": 3}]


@pytest.mark.parametrize(
    ("format_name", "content_type", "text"),
    [
        ("CSV", "text/csv", '1,"x"\n'),
        ("CSVWithNames", "text/csv", '"a","b"\n1,"x"\n'),
        ("TSV", "text/tab-separated-values", "1\tx\n"),
        ("TabSeparatedWithNamesAndTypes", "text/tab-separated", "a\tb\nUInt8\tString\n1\tx\n"),
        ("JSONEachRow", "application/x-ndjson", '{"a":1,"b":"x"}\n'),
        ("JSONCompactEachRow", "application/x-ndjson", '[1, "x"]\n'),
        ("Markdown", "text/markdown", "| a | b |\n|-:|:-|\n| 1 | x |\n"),
        ("Values", "text/plain", "(1,'x')"),
    ],
)
def test_formats(served: Client, format_name: str, content_type: str, text: str) -> None:
    query = f"SELECT 1 AS a, 'x' AS b FORMAT {format_name}"
    response = served.get("/v0/sql", params={"q": query})
    assert response.headers["content-type"].startswith(content_type)
    assert response.text == text


def test_without_rows(served: Client) -> None:
    body = served.get("/v0/sql", params={"q": "SELECT device FROM readings WHERE 0"}).json()
    assert (body["data"], body["rows"]) == ([], 0)
    assert body["meta"] == [{"name": "device", "type": "String"}]


def test_a_large_answer_is_streamed_whole(served: Client) -> None:
    query = "SELECT number, 'a text to make it longer' AS t FROM numbers(200000)"
    response = served.get("/v0/sql", params={"q": query})
    assert "content-length" not in response.headers
    rows = response.json()["data"]
    assert len(rows) == 200_000 and rows[-1]["number"] == 199_999


def test_pipes_and_their_nodes_are_tables(served: Client) -> None:
    assert served.sql("SELECT sum(n) AS n FROM shared") == [{"n": 3}]
    assert served.sql("SELECT count() AS n FROM filtered", pipeline="latest") == [{"n": 3}]
    assert served.sql("SELECT count() AS n FROM _", pipeline="per_day") == [{"n": 3}]
    assert_error(served.get("/v0/sql", params={"q": "SELECT * FROM filtered"}), 400, "filtered")
    assert_error(served.get("/v0/sql", params={"q": QUERY, "pipeline": "nope"}), 404, "`nope`")


def test_templates(served: Client) -> None:
    query = "% SELECT {{Int32(x, 1)}} AS x"
    assert served.sql(query) == [{"x": 1}]
    assert served.sql(query, x="7") == [{"x": 7}]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("SELECT", "62"),
        ("SELECT nope FROM readings", "47"),
        ("SELECT * FROM nope", "60"),
        ("SELECT noSuchFunction(1)", "46"),
    ],
)
def test_errors_carry_clickhouses_number(served: Client, query: str, number: str) -> None:
    response = served.get("/v0/sql", params={"q": query})
    assert_error(response, 400)
    assert response.headers["x-db-exception-code"] == number


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE readings",
        "INSERT INTO readings SELECT 1",
        "SELECT 1; SELECT 2",
        "COPY readings TO '/tmp/x'",
        "ATTACH '/etc/passwd'",
        "PRAGMA database_list",
        "SET threads = 1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM mini_tb.records",
        "SELECT * FROM sqlite_master",
        "SELECT getenv('HOME')",
        "",
        "   ",
        "SELECT 1 FORMAT Nope",
    ],
)
def test_only_a_select_over_ones_own(served: Client, query: str) -> None:
    assert_error(served.get("/v0/sql", params={"q": query}), 400)
    assert served.sql(QUERY) == [{"n": 3}]


def test_numbers_can_be_quoted(served: Client) -> None:
    params = {
        "q": "SELECT toUInt64(1) AS n FORMAT JSONEachRow",
        "output_format_json_quote_64bit_integers": "1",
    }
    assert served.get("/v0/sql", params=params).text == '{"n":"1"}\n'


def test_the_tables_of_a_query(served: Client) -> None:
    query = "SELECT * FROM a JOIN tinybird.b USING x"
    body = served.get("/v0/sql_tables", params={"q": query}).json()
    assert body == {"tables": [["", "a"], ["tinybird", "b"]]}


def test_a_query_that_takes_too_long_is_stopped(served: Client) -> None:
    # See conftest: the server's limit is what it is in production, so only its shape is tested
    # where it can be reached: a cancelled client leaves no reader behind.
    import httpx

    query = (
        "SELECT count() FROM numbers(100000) AS a, numbers(100000) AS b WHERE a.number != b.number"
    )
    for _ in range(6):
        with pytest.raises(httpx.ReadTimeout):
            served.get("/v0/sql", params={"q": query}, timeout=0.3)
    assert served.sql(QUERY) == [{"n": 3}]


def test_an_answer_that_fails_half_way_ends_short(served: Client) -> None:
    import httpx

    query = "SELECT number, 'some text', intDiv(1, number - 400000) FROM numbers(500000)"
    with pytest.raises(httpx.RemoteProtocolError):
        served.get("/v0/sql", params={"q": query})
    early = "SELECT intDiv(1, number) FROM numbers(10)"
    assert_error(served.get("/v0/sql", params={"q": early}), 400)
    assert served.sql(QUERY) == [{"n": 3}]


def test_large_answers_do_not_wait_for_those_that_wait_for_a_reader(served: Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    query = "SELECT number, 'some text to make it long' AS t FROM numbers(300000)"

    def ask(_: int) -> int:
        return len(served.get("/v0/sql", params={"q": query}, timeout=120).content)

    # More at a time than there are readers and threads together.
    with ThreadPoolExecutor(40) as threads:
        sizes = set(threads.map(ask, range(40)))
    assert max(sizes) - min(sizes) < 100 and min(sizes) > 10 << 20


@pytest.mark.parametrize("text", ["$now", "$p1", "a $now's"])
def test_texts_that_look_like_what_is_bound(served: Client, text: str) -> None:
    literal = text.replace("'", "''")
    assert served.sql(f"SELECT '{literal}' AS x") == [{"x": text}]
    assert served.sql(f"SELECT '{literal}' AS x WHERE now() > '2020-01-01'") == [{"x": text}]


def test_tables_of_an_organization_are_those_of_an_account(served: Client) -> None:
    refused = served.get("/v0/sql", params={"q": "SELECT * FROM organization.pipe_stats_rt"})
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert "unknown table `organization.pipe_stats_rt`" in error
    assert "`tinybird.pipe_stats_rt`" in error


def test_rows_of_a_query_are_copied_by_pipes_only(served: Client) -> None:
    refused = served.post("/v0/sql_copy", params={"copy_to": "visits"}, content="SELECT 1")
    assert refused.status_code == 405
    assert "copy pipe" in refused.json()["error"]
