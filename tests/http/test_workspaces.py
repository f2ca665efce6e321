"""Workspaces, branches, secrets, and the small calls around them."""

from __future__ import annotations

from http_client import Client, assert_error, project_files


def user(empty: Client) -> Client:
    return empty.with_token(empty.http.get(f"{empty.url}/tokens").json()["user_token"])


def test_workspaces_come_and_go(empty: Client) -> None:
    me = user(empty)
    made = me.post("/v1/workspaces", data={"name": "one"}).json()
    assert set(made) == {"id", "name", "token"}
    assert_error(me.post("/v1/workspaces?name=one"), 409, "`one`")
    listed = me.get("/v1/user/workspaces/?with_organization=true").json()
    assert {"id", "name", "token"} == set(listed["workspaces"][0])
    assert listed["organization_id"]
    full = me.get("/v1/user/workspaces?with_environments=true&with_organization=true").json()
    assert {"role", "plan", "is_branch", "main", "current"} <= set(full["workspaces"][0])
    one = empty.with_token(made["token"])
    assert one.get("/v1/workspace").json()["name"] == "one"
    assert me.get(f"/v1/workspaces/{made['id']}?with_token=true").json() == made
    one.build(project_files())
    assert one.sql("SELECT count() AS n FROM readings") == [{"n": 0}]
    # Each is alone: its tokens open nothing else, and its data is nobody else's.
    assert [w["name"] for w in one.get("/v1/user/workspaces").json()["workspaces"]] == ["one"]
    assert_error(one.get(f"/v1/workspaces/{empty.id}"), 404)
    assert_error(one.request("DELETE", f"/v1/workspaces/{empty.id}"), 404)
    deleted = me.request("DELETE", f"/v1/workspaces/{made['id']}?hard_delete_confirmation=yes")
    assert deleted.status_code == 200
    assert_error(one.get("/v1/workspace"), 403)
    assert_error(me.request("DELETE", f"/v1/workspaces/{made['id']}"), 404)


def test_branches(empty: Client) -> None:
    empty.build(project_files())
    event = '{"at":"2024-01-01 00:00:00","device":"a","kind":"k","value":1,"tags":[]}'
    empty.post("/v0/events?name=readings", content=event)
    answer = empty.post("/v1/environments?name=work&data=last_partition").json()
    assert empty.get(f"/v0/jobs/{answer['job']['id']}").json()["status"] == "done"
    found = empty.get("/v0/environments/work?with_token=true").json()
    branch = empty.with_token(found["token"])
    assert branch.sql("SELECT device FROM readings") == [{"device": "a"}]
    branch.post("/v0/datasources/readings/truncate")
    assert len(empty.sql("SELECT device FROM readings")) == 1
    assert [e["name"] for e in empty.get("/v1/environments").json()["environments"]] == ["work"]
    assert empty.request("DELETE", f"/v0/environments/{found['id']}").status_code == 200
    assert_error(empty.get("/v0/environments/work"), 404, "`work`")


def test_secrets(empty: Client) -> None:
    assert_error(empty.get("/v0/variables/key"), 404, "`key`")
    empty.post("/v0/variables", data={"name": "key", "value": "hidden"})
    shown = empty.get("/v0/variables/key")
    assert shown.json()["name"] == "key" and "hidden" not in shown.text
    assert empty.sql("% SELECT {{tb_secret('key')}} AS x") == [{"x": "hidden"}]
    empty.request("PUT", "/v0/variables/key", data={"value": "changed"})
    assert empty.sql("% SELECT {{tb_secret('key')}} AS x") == [{"x": "changed"}]
    assert [v["name"] for v in empty.get("/v0/variables").json()["variables"]] == ["key"]
    assert empty.request("DELETE", "/v0/variables/key").status_code == 200
    assert_error(empty.request("PUT", "/v0/variables/key", data={"value": "x"}), 404)
    assert_error(empty.post("/v0/variables", json={"name": [], "value": "x"}), 400, "`name`")


def test_a_ready_made_address(empty: Client) -> None:
    empty.build(project_files())
    response = empty.get("/examples/query.http?format=json&pipe=latest&q=")
    assert response.headers["content-type"] == "text/plain"
    address = response.text.replace("http://localhost:8001", empty.url)
    assert empty.http.get(address).status_code == 200
    assert "limit=10" in address
    assert_error(empty.get("/examples/query.http?pipe=nope"), 404)


def test_small_calls(empty: Client) -> None:
    empty.build(project_files())
    assert empty.get("/v0/regions").json() == {"regions": []}
    assert empty.get("/v0/connectors").json() == {"connectors": []}
    assert empty.get("/v0/health").json()["status"] == "ok"
    assert empty.get("/v0/auth").json()["is_valid"] is True
    dependencies = empty.get("/v0/dependencies?datasource=readings").json()["dependencies"]
    assert "latest" in dependencies
    assert_error(empty.get("/v0/nothing/here"), 404)
    assert_error(empty.request("PATCH", "/v0/sql"), 405)
    code = assert_error(empty.get("/v0/pipes/nope"), 404)["documentation"]
    page = empty.http.get(code)
    assert page.status_code == 200 and page.text.startswith("NM302: ")
    assert_error(empty.get("/docs/errors/XX999"), 404)


def test_every_answer_has_an_id(empty: Client) -> None:
    ids = {empty.get("/v0/health").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
