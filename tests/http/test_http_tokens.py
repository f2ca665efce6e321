"""Tokens: where they stand, what they may do, JWTs."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from http_client import Client, assert_error


def token_of(served: Client, name: str) -> str:
    return served.get(f"/v0/tokens/{name}").json()["token"]


def made(served: Client, name: str, *scopes: str) -> Client:
    response = served.post("/v0/tokens", params={"name": name, "scope": list(scopes)})
    assert response.status_code == 200, response.text
    return served.with_token(response.json()["token"])


def signed(served: Client, *scopes: dict[str, Any], **limits: Any) -> Client:
    body: dict[str, Any] = {"scopes": list(scopes)}
    if limits:
        body["limits"] = limits
    response = served.post(
        f"/v0/tokens/?expiration_time={int(time.time()) + 600}&name=jwt", json=body
    )
    assert response.status_code == 200, response.text
    return served.with_token(response.json()["token"])


def test_the_token_may_stand_in_the_url_or_the_header(served: Client) -> None:
    url = f"{served.url}/v0/pipes/per_day.json"
    for options in (
        {"params": {"token": served.token}},
        {"headers": {"Authorization": f"Bearer {served.token}"}},
        {"headers": {"Authorization": f"bearer {served.token}"}},
    ):
        assert served.http.get(url, **options).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v0/pipes/per_day.json",
        "/v0/pipes",
        "/v0/sql?q=SELECT 1",
        "/v0/datasources",
        "/v0/tokens",
        "/v0/jobs",
        "/v0/variables",
        "/v1/deployments",
        "/v1/workspace",
        "/v1/user/workspaces",
        "/v0/connectors",
    ],
)
def test_a_missing_or_wrong_token_is_403(served: Client, path: str) -> None:
    assert_error(served.http.get(served.url + path), 403, "token")
    for wrong in ("p.nope", "nope", served.token[:-2], "a.b.c", served.token + "x"):
        assert_error(served.with_token(wrong).get(path), 403)


def test_the_tokens_of_datafiles(served: Client) -> None:
    writer = served.with_token(token_of(served, "writer"))
    reader = served.with_token(token_of(served, "reader"))
    event = '{"at":"2030-01-01 00:00:00","device":"t","kind":"k","value":1,"tags":[]}'
    assert writer.post("/v0/events?name=readings", content=event).status_code == 202
    assert_error(writer.post("/v0/events?name=snapshot", content=event), 403, "snapshot")
    assert_error(writer.get("/v0/sql?q=SELECT * FROM readings"), 403, "readings")
    assert_error(reader.post("/v0/events?name=readings", content=event), 403)
    assert reader.sql("SELECT count() AS n FROM readings")[0]["n"] >= 4
    assert reader.get("/v0/pipes/latest.json").status_code == 200
    assert_error(reader.get("/v0/pipes/per_day.json"), 403, "per_day")
    assert [p["name"] for p in reader.get("/v0/pipes").json()["pipes"]] == ["latest"]
    found = reader.get("/v0/datasources").json()["datasources"]
    assert [d["name"] for d in found] == ["readings"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM daily",
        "SELECT * FROM readings WHERE device IN (SELECT device FROM snapshot)",
        "SELECT * FROM readings AS r JOIN snapshot AS s ON r.device = s.device",
        "WITH x AS (SELECT * FROM daily) SELECT * FROM x",
        "SELECT (SELECT count() FROM daily)",
        "SELECT * FROM per_day",
        "SELECT * FROM shared",
        "SELECT * FROM readings UNION ALL SELECT * FROM daily",
        "SELECT * FROM readings_quarantine AS q, daily",
    ],
)
def test_every_table_of_a_query_needs_a_scope(served: Client, query: str) -> None:
    reader = served.with_token(token_of(served, "reader"))
    assert_error(reader.get("/v0/sql", params={"q": query}), 403)
    assert_error(reader.get("/v0/pipes/latest.json", params={"q": query}), 403)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v0/tokens"),
        ("POST", "/v0/tokens?name=x&scope=ADMIN"),
        ("PUT", "/v0/tokens/writer?scope=ADMIN"),
        ("DELETE", "/v0/tokens/writer"),
        ("POST", "/v0/tokens/writer/refresh"),
        ("GET", "/v0/tokens/writer"),
        ("GET", "/v0/jobs"),
        ("GET", "/v0/variables"),
        ("POST", "/v0/variables?name=x&value=y"),
        ("GET", "/v1/deployments"),
        ("POST", "/v1/build"),
        ("POST", "/v1/deploy"),
        ("POST", "/v0/datasources/readings/truncate"),
        ("POST", "/v0/datasources/readings/delete?delete_condition=1"),
        ("POST", "/v1/datasources/readings/delete?delete_condition=1"),
        ("POST", "/v1/datasources/readings/append?format=ndjson"),
        ("POST", "/v1/datasources/readings/replace?format=ndjson"),
        ("POST", "/v0/pipes/to_snapshot/copy"),
        ("GET", "/v1/pipes/per_day.pipe"),
        ("GET", "/v0/datasources/daily.datasource"),
        ("GET", "/v1/user/workspaces"),
        ("GET", "/v1/workspace"),
        ("POST", "/v1/workspaces?name=x"),
        ("DELETE", "/v1/workspaces/served"),
        ("POST", "/v1/environments?name=x"),
        ("GET", "/v0/connectors"),
    ],
)
def test_a_reader_may_only_read(served: Client, method: str, path: str) -> None:
    reader = served.with_token(token_of(served, "reader"))
    assert_error(reader.request(method, path), 403)


def test_static_tokens(served: Client) -> None:
    one = made(served, "one", "DATASOURCES:READ:readings", "PIPES:READ:per_day")
    assert one.get("/v0/pipes/per_day.json").status_code == 200
    assert_error(served.post("/v0/tokens?name=one&scope=ADMIN"), 409, "`one`")
    assert_error(served.post("/v0/tokens?name=two&scope=NOPE"), 400, "NOPE")
    assert_error(served.post("/v0/tokens?scope=ADMIN"), 400, "name")
    shown = served.get("/v0/tokens/one").json()
    assert shown["scopes"] == [
        {"type": "DATASOURCES:READ", "resource": "readings"},
        {"type": "PIPES:READ", "resource": "per_day"},
    ]
    assert served.get(f"/v0/tokens/{shown['id']}").json() == shown
    assert served.get(f"/v0/tokens/{one.token}").json() == shown
    assert one.get(f"/v0/tokens/{one.token}").json() == shown
    changed = served.request("PUT", "/v0/tokens/one?scope=PIPES:READ:latest").json()
    assert changed["scopes"] == [{"type": "PIPES:READ", "resource": "latest"}]
    assert_error(one.get("/v0/pipes/per_day.json"), 403)
    refreshed = served.post("/v0/tokens/one/refresh").json()
    assert refreshed["token"] != one.token
    assert_error(one.get("/v0/pipes/latest.json"), 403)
    assert served.request("DELETE", "/v0/tokens/one").status_code == 204
    assert_error(served.get("/v0/tokens/one"), 404, "`one`")
    assert_error(served.with_token(refreshed["token"]).get("/v0/pipes/latest.json"), 403)


def test_a_json_body_makes_a_static_token(served: Client) -> None:
    response = served.post("/v0/tokens/", json={"name": "body", "scope": ["PIPES:READ:latest"]})
    assert response.json()["scopes"] == [{"type": "PIPES:READ", "resource": "latest"}]


def test_a_jwts_fixed_params_win(served: Client) -> None:
    scope = {"type": "PIPES:READ", "resource": "latest", "fixed_params": {"device": "b"}}
    client = signed(served, scope)
    for path in ("/v0/pipes/latest.json", "/v0/pipes/latest.json?device=a"):
        assert {row["device"] for row in client.get(path).json()["data"]} == {"b"}
    response = client.get("/v0/pipes/latest.json", params={"q": "SELECT device FROM _"})
    assert response.json()["data"] == [{"device": "b"}]
    posted = client.post("/v0/pipes/latest.json", json={"device": "a"})
    assert {row["device"] for row in posted.json()["data"]} == {"b"}
    assert_error(client.get("/v0/pipes/per_day.json"), 403)
    assert_error(client.get("/v0/sql?q=SELECT * FROM readings"), 403)


def test_fixed_params_hold_for_every_pipe_that_sql_names(served: Client) -> None:
    free = {"type": "PIPES:READ", "resource": "latest"}
    fixed = {"type": "PIPES:READ", "resource": "per_device", "fixed_params": {"device": "b"}}
    client = signed(served, free, fixed)
    query = "SELECT DISTINCT device FROM per_device"
    for path in ("/v0/sql", "/v0/pipes/latest.json"):
        response = client.get(path, params={"q": query, "device": "a"})
        assert response.json()["data"] == [{"device": "b"}]
    other = {"type": "PIPES:READ", "resource": "latest", "fixed_params": {"device": "a"}}
    torn = signed(served, other, fixed)
    assert_error(torn.get("/v0/sql", params={"q": query}), 403, "`device`")
    assert_error(torn.get("/v0/pipes/latest.json", params={"q": query}), 403, "`device`")
    devices = torn.get("/v0/pipes/per_device.json?device=a").json()["data"]
    assert {row["device"] for row in devices} == {"b"}


def test_readers_do_not_see_secrets(served: Client) -> None:
    served.post("/v0/variables", data={"name": "hidden_key", "value": "hidden"})
    reader = served.with_token(token_of(served, "reader"))
    query = "% SELECT {{tb_secret('hidden_key')}} AS x"
    assert served.sql(query) == [{"x": "hidden"}]
    for response in (
        reader.get("/v0/sql", params={"q": query}),
        reader.get("/v0/pipes/latest.json", params={"q": query}),
    ):
        assert 'hidden"' not in response.text
        assert_error(response, 400)


def test_a_jwts_filter_narrows_a_data_source(served: Client) -> None:
    scope = {"type": "DATASOURCES:READ", "resource": "readings", "filter": "device = 'b'"}
    client = signed(served, scope)
    assert client.sql("SELECT device FROM readings") == [{"device": "b"}]
    for query in (
        "SELECT device FROM readings WHERE device = 'a' OR 1",
        "SELECT device FROM readings AS x WHERE x.device = 'a' OR 1",
        "WITH r AS (SELECT * FROM readings) SELECT device FROM r",
    ):
        assert client.sql(query) == [{"device": "b"}], query


def test_jwts_that_are_refused(served: Client) -> None:
    admin = next(t["token"] for t in served.get("/v0/tokens").json()["tokens"] if t["is_internal"])
    claims = {
        "workspace_id": served.id,
        "name": "x",
        "exp": int(time.time()) + 60,
        "scopes": [{"type": "PIPES:READ", "resource": "latest"}],
    }

    def answer(changes: dict[str, Any], key: str = admin, algorithm: str = "HS256") -> int:
        given = {k: v for k, v in {**claims, **changes}.items() if v is not None}
        text = jwt.encode(given, key, algorithm=algorithm)
        return served.with_token(text).get("/v0/pipes/latest.json").status_code

    assert answer({}) == 200
    assert answer({"exp": int(time.time()) - 1}) == 403
    assert answer({"exp": None}) == 403
    assert answer({}, key="another key that is long enough to be one") == 403
    assert answer({"workspace_id": "another"}) == 403
    assert answer({"scopes": "ADMIN"}) == 403
    assert answer({"scopes": []}) == 403
    unsigned = jwt.encode(claims, "", algorithm="none")
    assert served.with_token(unsigned).get("/v0/pipes/latest.json").status_code == 403


def test_a_jwts_pace(served: Client) -> None:
    client = signed(served, {"type": "PIPES:READ", "resource": "latest"}, rps=2)
    statuses = [client.get("/v0/pipes/latest.json").status_code for _ in range(6)]
    assert statuses[:2] == [200, 200] and 429 in statuses
    slow = next(r for _ in range(9) if (r := client.get("/v0/pipes/latest.json")).is_error)
    assert_error(slow, 429)
    assert int(slow.headers["retry-after"]) >= 1


def test_bad_jwt_requests(served: Client) -> None:
    later = int(time.time()) + 60
    post = served.post
    assert_error(post("/v0/tokens?name=x&expiration_time=soon", json={"scopes": []}), 400)
    assert_error(post(f"/v0/tokens?name=x&expiration_time={later}", json={"scopes": []}), 400)
    assert_error(post(f"/v0/tokens?name=x&expiration_time={later}", content="{"), 400)
    bad = {"scopes": [{"type": "NOPE"}]}
    assert_error(post(f"/v0/tokens?name=x&expiration_time={later}", json=bad), 400)


def test_tokens_are_only_for_this_machine(served: Client) -> None:
    keys = set(served.http.get(f"{served.url}/tokens").json())
    assert keys == {"user_token", "admin_token", "workspace_admin_token"}
    response = served.http.get(f"{served.url}/tokens", headers={"Origin": "https://page.example"})
    assert "access-control-allow-origin" not in response.headers
    rebound = served.http.get(f"{served.url}/tokens", headers={"Host": "evil.example"})
    assert_error(rebound, 403)
