"""Builds and deployments over HTTP, as clients read them."""

from __future__ import annotations

from http_client import EVENTS, Client, assert_error, project_files

LISTS = [
    f"{change}_{kind}_names"
    for change in ("new", "changed", "deleted")
    for kind in ("datasource", "pipe", "data_connector")
]


def test_a_build_and_one_without_changes(empty: Client) -> None:
    files = project_files()
    built = empty.build(files)
    assert built["result"] == "success"
    assert set(built["build"]["new_datasource_names"]) == {"readings", "daily", "snapshot"}
    assert built["build"]["id"].isdigit()
    again = empty.build(files)
    assert again["result"] == "success"
    assert [again["build"][name] for name in LISTS] == [[]] * 9


def test_a_changed_pipe(empty: Client) -> None:
    files = project_files()
    empty.build(files)
    files["pipes/per_day.pipe"] = files["pipes/per_day.pipe"].replace("AS total", "AS sum_total")
    built = empty.build(files)
    assert built["build"]["changed_pipe_names"] == ["per_day"]
    assert empty.get("/v0/pipes/per_day.json").json()["meta"][-1]["name"] == "sum_total"
    empty.build(project_files())


def test_what_is_missing_is_deleted_by_a_build(empty: Client) -> None:
    files = project_files()
    empty.build(files)
    del files["pipes/shared.pipe"]
    assert empty.build(files)["build"]["deleted_pipe_names"] == ["shared"]
    assert_error(empty.get("/v0/pipes/shared"), 404)
    assert empty.build(project_files())["build"]["new_pipe_names"] == ["shared"]


def test_a_failed_build_names_every_file_and_changes_nothing(empty: Client) -> None:
    files = project_files()
    files["pipes/one.pipe"] = "NODE n\nSQL >\n    SELECT * FROM no_such\n\nTYPE endpoint\n"
    files["datasources/two.datasource"] = "SCHEMA >\n    `a` Strin `json:$.a`\n"
    failed = empty.build(files)
    assert failed["result"] == "failed"
    by_file = {error["filename"]: error["error"] for error in failed["errors"]}
    assert "Strin" in by_file["datasources/two.datasource"]
    assert "line 2" in by_file["datasources/two.datasource"]
    assert "one" not in {pipe["name"] for pipe in empty.get("/v0/pipes").json()["pipes"]}
    del files["datasources/two.datasource"]
    [error] = empty.build(files)["errors"]
    assert (error["filename"], "no_such" in error["error"]) == ("pipes/one.pipe", True)


def test_bare_file_names_are_a_project_too(empty: Client) -> None:
    files = {path.rpartition("/")[2]: text for path, text in project_files().items()}
    assert empty.build(files)["result"] == "success"


def test_uploads_stay_in_the_project(empty: Client) -> None:
    for name in ("../evil.pipe", "/etc/evil.pipe", "a/../../evil.pipe", "c:\\evil.pipe", "."):
        response = empty.upload("/v1/build", {name: "NODE n\nSQL >\n    SELECT 1\n"})
        assert_error(response, 400, "path")
    binary = [("data_project://", ("x.pipe", b"\xff\xfe\x00", "text/plain"))]
    assert_error(empty.post("/v1/build", files=binary), 400, "UTF-8")
    assert_error(empty.post("/v1/build", content=b"{}"), 400)


def assert_deployment(found: dict[str, object]) -> None:
    assert isinstance(found["id"], str) and int(found["id"]) >= 0
    assert isinstance(found["live"], bool)
    for name in (*LISTS, "errors", "feedback", "token_changes", "disconnected_data_source_names"):
        assert isinstance(found[name], list), name


def test_check_changes_nothing(empty: Client) -> None:
    empty.build(project_files())
    before = empty.get("/v1/deployments").json()
    files = project_files() | {"pipes/x.pipe": "NODE n\nSQL >\n    SELECT 1 AS x\nTYPE endpoint\n"}
    answer = empty.upload("/v1/deploy?check=true", files).json()
    assert answer["result"] == "success"
    assert_deployment(answer["deployment"])
    assert answer["deployment"]["new_pipe_names"] == ["x"]
    assert empty.get("/v1/deployments").json() == before
    broken = {"pipes/x.pipe": "NODE n\nSQL >\n    SELECT * FROM nope\nTYPE endpoint\n"}
    answer = empty.upload("/v1/deploy?check=true", project_files() | broken).json()
    assert answer["result"] == "failed"
    assert_deployment(answer["deployment"])
    assert "nope" in answer["errors"][0]["error"]
    assert "nope" in answer["deployment"]["errors"][0]["error"]
    assert "error" not in answer


def test_deploy_and_promote_by_hand(empty: Client) -> None:
    files = project_files() | {"pipes/y.pipe": "NODE n\nSQL >\n    SELECT 2 AS y\nTYPE endpoint\n"}
    staged = empty.upload("/v1/deploy", files).json()["deployment"]
    assert (staged["status"], staged["live"]) == ("data_ready", False)
    assert_error(empty.get("/v0/pipes/y.json"), 404)
    old, candidate = empty.get("/v1/deployments").json()["deployments"]
    assert old["live"] and candidate["id"] == staged["id"]
    promoted = empty.post(f"/v1/deployments/{staged['id']}/set-live").json()
    assert promoted["result"] == "success" and promoted["deployment"]["live"]
    assert empty.get("/v0/pipes/y.json").json()["data"] == [{"y": 2}]
    assert empty.request("DELETE", f"/v1/deployments/{old['id']}").json()["result"] == "success"
    gone = empty.get(f"/v1/deployments/{old['id']}").json()["deployment"]
    assert gone["status"] == "deleted"
    [only] = empty.get("/v1/deployments").json()["deployments"]
    assert only["id"] == staged["id"]
    assert empty.upload("/v1/deploy?auto_promote=true", files).json()["result"] == "no_changes"


def test_discarding_a_candidate(empty: Client) -> None:
    files = project_files() | {"pipes/z.pipe": "NODE n\nSQL >\n    SELECT 3 AS z\nTYPE endpoint\n"}
    staged = empty.upload("/v1/deploy", files).json()["deployment"]
    empty.request("DELETE", f"/v1/deployments/{staged['id']}")
    assert_error(empty.get("/v0/pipes/z.json"), 404)
    assert_error(empty.post(f"/v1/deployments/{staged['id']}/set-live"), 404)
    live = empty.get("/v1/deployments").json()["deployments"][0]
    assert_error(empty.request("DELETE", f"/v1/deployments/{live['id']}"), 409)
    assert_error(empty.get("/v1/deployments/999"), 404)


def test_dropping_a_data_source_needs_a_word(empty: Client) -> None:
    empty.upload("/v1/deploy?auto_promote=true", project_files())
    files = project_files()
    del files["datasources/snapshot.datasource"], files["pipes/to_snapshot.pipe"]
    refused = empty.upload("/v1/deploy?auto_promote=true", files).json()
    assert refused["result"] == "failed"
    assert any("snapshot" in item["message"] for item in refused["deployment"]["feedback"])
    done = empty.upload(
        "/v1/deploy?auto_promote=true&allow_destructive_operations=true", files
    ).json()
    assert done["deployment"]["deleted_datasource_names"] == ["snapshot"]
    assert done["deployment"]["live"] is True


def test_rows_survive_and_new_columns_get_their_default(empty: Client) -> None:
    empty.build(project_files())
    event = '{"at":"2024-01-01 00:00:00","device":"a","kind":"k","value":1,"tags":[]}'
    empty.post("/v0/events?name=readings", content=event)
    files = project_files()
    name = "datasources/readings.datasource"
    column = "    `unit` String `json:$.unit` DEFAULT 'none',\n    `tags`"
    files[name] = files[name].replace("    `tags`", column)
    assert empty.build(files)["build"]["changed_datasource_names"] == ["readings"]
    assert empty.sql("SELECT device, unit FROM readings") == [{"device": "a", "unit": "none"}]


def test_a_forward_query_is_told_with_its_line(empty: Client) -> None:
    path = "datasources/readings.datasource"
    empty.build(project_files())
    text = (
        project_files()[path].rstrip() + "\n\nFORWARD_QUERY >\n    SELECT\n        *,\n        {}\n"
    )
    line = text.count("\n")
    event = '{"at":"2024-01-01 00:00:00","device":"a","kind":"temp","value":1.5,"tags":[]}'
    empty.post("/v0/events?name=readings&wait=true", content=event)
    column = text.replace("SCHEMA >\n", "SCHEMA >\n    `long` String,\n", 1)
    for expression, words, is_known_at_once in (
        ("uper(device) AS long", "uper", True),
        ("upper(devize) AS long", "devize", False),
    ):
        files = project_files() | {path: column.replace("{}", expression)}
        for call in ("/v1/build", "/v1/deploy?check=true", "/v1/deploy?auto_promote=true"):
            [error] = empty.upload(call, files).json()["errors"]
            assert error["filename"] == path and words in error["error"]
            assert f"(line {line + 1}, " in error["error"]
        # With other columns live, or none, the mistake may be none.
        files[path] = files[path].replace("`long` String,\n", "", 1)
        result = empty.upload("/v1/deploy?check=true", files).json()["result"]
        assert result == ("failed" if is_known_at_once else "success")


def test_staging_reads_the_candidate(empty: Client) -> None:
    staging = {"__tb__deployment": "staging"}
    live = empty.get("/v1/deployments").json()["deployments"]
    for other in live[1:]:
        empty.request("DELETE", f"/v1/deployments/{other['id']}")
    empty.build(project_files())
    empty.post("/v0/events?name=readings&wait=true", content=EVENTS)
    assert_error(empty.get("/v0/sql", params={"q": "SELECT 1", **staging}), 404, "staging")
    path = "datasources/readings.datasource"
    column = project_files()[path].replace("SCHEMA >\n", "SCHEMA >\n    `n` UInt8 DEFAULT 7,\n", 1)
    pipe = "NODE n\nSQL >\n    SELECT max(n) AS n FROM readings\nTYPE endpoint\n"
    files = project_files() | {path: column, "pipes/s.pipe": pipe}
    staged = empty.upload("/v1/deploy", files).json()["deployment"]
    assert_error(empty.get("/v0/pipes/s.json"), 404)
    assert empty.get("/v0/pipes/s.json", params=staging).json()["data"] == [{"n": 7}]
    over = {"q": "SELECT n + 1 AS m FROM _", **staging}
    assert empty.get("/v0/pipes/s.json", params=over).json()["data"] == [{"m": 8}]
    assert empty.sql("SELECT n FROM s", **staging) == [{"n": 7}]
    assert empty.sql("SELECT * FROM n", pipeline="s", **staging) == [{"n": 7}]
    names = [p["name"] for p in empty.get("/v0/pipes", params=staging).json()["pipes"]]
    assert "s" in names
    assert empty.get("/v0/pipes/s", params=staging).json()["nodes"][0]["name"] == "n"
    address = empty.get("/examples/query.http", params={"pipe": "s", **staging}).text
    assert "__tb__deployment=staging" in address
    where = address.replace("http://localhost:8001", "")
    assert empty.get(where).json()["data"] == [{"n": 7}]
    empty.request("DELETE", f"/v1/deployments/{staged['id']}")
    assert_error(empty.get("/v0/pipes/s.json", params=staging), 404)
