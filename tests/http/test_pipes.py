"""Reading endpoints, and what pipes are."""

from __future__ import annotations

from io import BytesIO

import pyarrow.parquet as pq
import pytest
import zstandard
from http_client import Client, assert_error


def test_json_has_clickhouses_shape(served: Client) -> None:
    response = served.get("/v0/pipes/latest.json", params={"limit": "2"})
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body["meta"] == [
        {"name": "at", "type": "DateTime"},
        {"name": "device", "type": "String"},
        {"name": "value", "type": "Float64"},
    ]
    assert body["data"][0] == {"at": "2024-01-02 00:00:00", "device": "a", "value": 4}
    assert body["rows"] == len(body["data"]) == 2
    assert body["rows_before_limit_at_least"] >= 2
    statistics = body["statistics"]
    assert isinstance(statistics["elapsed"], float) and statistics["elapsed"] > 0
    assert statistics["rows_read"] >= 3 and statistics["bytes_read"] > 0
    assert '"value": 4\n' in response.text


@pytest.mark.parametrize(
    ("extension", "content_type", "expected"),
    [
        ("csv", "text/csv; charset=utf-8", '"device","n"'),
        ("csvwithnames", "text/csv; charset=utf-8", '"device","n"'),
        ("ndjson", "application/x-ndjson", '{"device":"a","n":2}\n{"device":"b","n":1}\n'),
    ],
)
def test_text_formats(served: Client, extension: str, content_type: str, expected: str) -> None:
    query = "SELECT device, count() AS n FROM _ GROUP BY device ORDER BY device"
    response = served.get(f"/v0/pipes/latest.{extension}", params={"q": query})
    assert response.headers["content-type"] == content_type
    assert response.text.startswith(expected)


def test_csv_header_can_be_left_out(served: Client) -> None:
    response = served.get("/v0/pipes/per_day.csv", params={"__tb__csv_header": "0"})
    assert response.text.splitlines()[0] == '"2024-01-01","a",1,1.5'


def test_parquet_and_prometheus(served: Client) -> None:
    response = served.get("/v0/pipes/latest.parquet")
    assert pq.read_table(BytesIO(response.content)).column("device").to_pylist() == ["a", "b", "a"]
    response = served.get("/v0/pipes/metrics.prometheus")
    assert response.text == "# TYPE readings_total counter\nreadings_total 3\n\n"
    assert_error(served.get("/v0/pipes/latest.prometheus"), 400, "`name`")


def test_materialized_views_answer(served: Client) -> None:
    rows = served.get("/v0/pipes/per_day.json").json()["data"]
    assert rows[0] == {"day": "2024-01-01", "device": "a", "readings": 1, "total": 1.5}
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("params", "devices"),
    [
        ({"device": "b"}, ["b"]),
        ({"devices": "a,b"}, ["a", "b", "a"]),
        ({"devices": ["a", "b"]}, ["a", "b", "a"]),
        ({"devices": "b"}, ["b"]),
        ({"unknown": "1", "from": "cli", "cli_version": "5", "__tb__client": "x"}, ["a", "b", "a"]),
    ],
)
def test_parameters_in_the_url(
    served: Client, params: dict[str, str | list[str]], devices: list[str]
) -> None:
    response = served.get("/v0/pipes/latest.json", params=params)
    assert [row["device"] for row in response.json()["data"]] == devices


def test_parameters_in_a_body(served: Client) -> None:
    for options in (
        {"data": {"device": "b", "limit": "1"}},
        {"json": {"device": "b", "limit": 1}},
        {"json": {"devices": ["b"]}},
        {"data": {"devices": ["b"]}},
        {"files": {"device": (None, "b")}},
    ):
        response = served.post("/v0/pipes/latest.ndjson", **options)
        assert response.text == '{"at":"2024-01-01 01:00:00","device":"b","value":2}\n', options


def test_the_urls_parameters_win(served: Client) -> None:
    response = served.post("/v0/pipes/latest.json?limit=2", json={"limit": 1})
    assert response.json()["rows"] == 2


def test_q_runs_over_the_result(served: Client) -> None:
    for name in ("_", "latest"):
        query = f"SELECT sum(value) AS total FROM {name}"
        response = served.get("/v0/pipes/latest.json", params={"q": query, "device": "a"})
        assert response.json()["data"] == [{"total": 5.5}]


def test_a_format_in_q_wins(served: Client) -> None:
    query = "SELECT count() FROM _ FORMAT TSV"
    response = served.get("/v0/pipes/latest.json", params={"q": query})
    assert response.text == "3\n"


def test_explain(served: Client) -> None:
    for path in ("/v0/pipes/latest/explain", "/v0/pipes/latest.json?explain=true"):
        body = served.get(path).json()
        assert "readings" in body["debug_query"] and body["query_explain"]


def test_wrong_parameters_are_400(served: Client) -> None:
    response = served.get("/v0/pipes/latest.json", params={"limit": "abc"})
    body = assert_error(response, 400)
    assert body["error"] == "Template Syntax Error: Error validating 'abc' to type Int32"


def test_errors_of_templates_keep_their_words(served: Client) -> None:
    assert_error(served.get("/v0/pipes/moody.json?x=stop"), 400, "stopped")
    response = served.get("/v0/pipes/moody.json?x=teapot")
    assert (response.status_code, response.json()) == (418, {"error": "I am a teapot", "pot": 1})


def test_a_value_never_becomes_sql(served: Client) -> None:
    for value in ("a' OR 1=1 --", "a\\' OR 1=1 --", "'; DROP TABLE readings; --", "{{x}}", "%"):
        response = served.get("/v0/pipes/latest.json", params={"device": value})
        assert response.json()["data"] == [], value


def test_what_is_not_there_is_404(served: Client) -> None:
    assert_error(served.get("/v0/pipes/nope.json"), 404, "`nope`")
    assert_error(served.get("/v0/pipes/shared.json"), 404, "no endpoint")
    assert_error(served.get("/v0/pipes/nope"), 404, "`nope`")
    assert_error(served.get("/v0/pipes/latest.xml"), 404, "`.xml`")


def test_an_endpoint_by_its_id(served: Client) -> None:
    pipe = served.get("/v0/pipes/per_day").json()
    assert served.get(f"/v0/pipes/{pipe['id']}.json").json()["rows"] == 3


def test_the_list_of_pipes(served: Client) -> None:
    pipes = {pipe["name"]: pipe for pipe in served.get("/v0/pipes").json()["pipes"]}
    types = {name: pipe["type"] for name, pipe in pipes.items()}
    assert types == {
        "cached": "endpoint",
        "latest": "endpoint",
        "metrics": "endpoint",
        "moody": "endpoint",
        "per_device": "endpoint",
        "per_day": "endpoint",
        "shared": "default",
        "to_daily": "materialized",
        "to_snapshot": "copy",
    }
    latest = pipes["latest"]
    assert latest["endpoint"] == latest["nodes"][1]["id"]
    assert latest["url"].endswith("/v0/pipes/latest.json")
    assert [node["node_type"] for node in latest["nodes"]] == ["standard", "endpoint"]
    assert latest["nodes"][1]["sql"].startswith("%\n")
    assert latest["nodes"][1]["dependencies"] == ["filtered"]
    [limit] = latest["nodes"][1]["params"]
    assert limit == {"name": "limit", "type": "Int32", "default": 10, "description": "How many"}
    target = served.get("/v0/datasources/daily").json()["id"]
    assert pipes["to_daily"]["nodes"][0]["materialized"] == target
    assert len(latest["created_at"][:-7]) == len("2024-01-01 00:00:00")
    assert served.get("/v1/pipes/").json() == served.get("/v0/pipes").json()


def test_attrs_select_keys(served: Client) -> None:
    response = served.get("/v0/pipes", params={"attrs": "id,name,description,type,endpoint"})
    for pipe in response.json()["pipes"]:
        assert set(pipe) == {"id", "name", "description", "type", "endpoint", "url"}
    nodes = served.get("/v0/pipes", params={"node_attrs": "id,name"}).json()["pipes"][0]["nodes"]
    assert set(nodes[0]) == {"id", "name"}


def test_the_datafile_comes_back_as_it_was_sent(served: Client) -> None:
    response = served.get("/v1/pipes/latest.pipe")
    assert response.headers["content-type"] == "text/plain"
    assert response.text.startswith('TOKEN "reader" READ\n\nDESCRIPTION >')


def test_openapi_shows_what_the_token_may_read(served: Client) -> None:
    document = served.get("/v0/pipes/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert set(document["paths"]) == {
        f"/v0/pipes/{name}.json"
        for name in ("cached", "latest", "metrics", "moody", "per_day", "per_device")
    }
    parameters = document["paths"]["/v0/pipes/latest.json"]["get"]["parameters"]
    by_name = {parameter["name"]: parameter for parameter in parameters}
    assert by_name["limit"]["schema"] == {"type": "integer", "format": "int32", "default": 10}
    assert by_name["devices"]["schema"]["type"] == "array"
    reader = next(t for t in served.get("/v0/tokens").json()["tokens"] if t["name"] == "reader")
    seen = served.with_token(reader["token"]).get("/v0/pipes/openapi.json").json()
    assert set(seen["paths"]) == {"/v0/pipes/latest.json"}


def test_answers_are_compressed_when_large(served: Client) -> None:
    query = "SELECT number, 'some text' AS t FROM numbers(5000)"
    for encoding in ("gzip", "zstd"):
        headers = {"Accept-Encoding": encoding}
        with served.http.stream(
            "GET",
            f"{served.url}/v0/sql",
            params={"q": query, "token": served.token},
            headers=headers,
        ) as response:
            raw = b"".join(response.iter_raw())
            assert response.headers["content-encoding"] == encoding
        if encoding == "zstd":
            assert raw[:4] == b"\x28\xb5\x2f\xfd"
            assert b'"rows": 5000' in zstandard.ZstdDecompressor().decompressobj().decompress(raw)
        assert len(raw) < 60_000
    small = served.get("/v0/pipes/per_day.json", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


def test_head_and_options(served: Client) -> None:
    response = served.request("HEAD", "/v0/pipes/per_day.json")
    assert (response.status_code, response.content) == (200, b"")
    response = served.http.options(
        f"{served.url}/v0/pipes/per_day.json",
        headers={
            "Origin": "https://page.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-headers"] == "authorization,content-type"
    assert served.get("/v0/pipes/per_day.json").headers["access-control-allow-origin"] == "*"


def test_pipes_cannot_be_made_one_by_one(served: Client) -> None:
    for method, path in (
        ("POST", "/v0/pipes"),
        ("POST", "/v0/pipes/another"),
        ("DELETE", "/v0/pipes/latest"),
        ("POST", "/v0/pipes/latest/nodes"),
        ("PUT", "/v0/pipes/latest/nodes/endpoint"),
    ):
        assert_error(served.request(method, path), 405, "deploy")


def test_answers_are_kept_until_their_data_changes(served: Client) -> None:
    def ask(**params: str) -> tuple[str, str]:
        response = served.get("/v0/pipes/cached.ndjson", params=params)
        return response.headers["x-cache-hits"], response.text

    first = ask()
    assert first[0] == "0"
    assert ask() == ("1", first[1])
    assert ask() == ("2", first[1])
    assert ask(device="b")[0] == "0"
    event = '{"at":"2024-01-01 00:00:00","device":"c","kind":"k","value":1,"tags":[]}'
    served.post("/v0/events?name=readings&wait=true", content=event)
    hits, text = ask()
    assert hits == "0" and '"n":1' in text
    served.post("/v0/datasources/readings/delete", data={"delete_condition": "device = 'c'"})
    assert "x-cache-hits" not in served.get("/v0/pipes/per_day.json").headers
