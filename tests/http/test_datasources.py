"""Data sources: what they are, imports, emptying them."""

from __future__ import annotations

import gzip
from io import BytesIO

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from http_client import Client, assert_error

from mini_tb.server import app

CSV = 'device,last\n"a,1",1.25\nb,2\n'
NDJSON = '{"device":"a","last":1}\n{"device":"b","last":2}\n{"device":"c","last":"x"}\n'


def rows(served: Client) -> list[dict[str, object]]:
    return served.sql("SELECT device, last FROM snapshot ORDER BY device")


@pytest.fixture(autouse=True)
def _emptied(served: Client) -> None:
    assert served.post("/v0/datasources/snapshot/truncate").status_code == 205


def test_a_data_source_as_clients_unpack_it(served: Client) -> None:
    found = served.get("/v0/datasources/readings").json()
    assert set(found["engine"]) == {
        "engine",
        "engine_sorting_key",
        "engine_partition_key",
        "engine_primary_key",
    }
    assert found["engine"]["engine_sorting_key"] == "device, at"
    assert set(found["columns"][0]) == {
        "name",
        "type",
        "codec",
        "default_value",
        "jsonpath",
        "nullable",
        "normalized_name",
    }
    assert found["columns"][4] == {
        "name": "tags",
        "type": "Array(String)",
        "codec": None,
        "default_value": None,
        "jsonpath": "$.tags[:]",
        "nullable": False,
        "normalized_name": "tags",
    }
    assert found["statistics"]["row_count"] == 3 and found["statistics"]["bytes"] > 0
    assert found["description"] == "What sensors say"
    assert {user["name"] for user in found["used_by"]} >= {"latest", "to_daily", "shared"}
    assert served.get(f"/v0/datasources/{found['id']}").json()["name"] == "readings"
    names = [d["name"] for d in served.get("/v0/datasources").json()["datasources"]]
    assert names == ["daily", "readings", "snapshot"]
    text = served.get("/v0/datasources/readings.datasource")
    assert text.headers["content-type"] == "text/plain"
    assert text.text.startswith('TOKEN "writer" APPEND\n')


def test_append_of_raw_bodies(served: Client) -> None:
    path = "/v1/datasources/snapshot/append"
    for options in (
        {"params": {"format": "csv"}, "content": CSV, "headers": {"Content-Type": "text/csv"}},
        {
            "params": {"format": "csv"},
            "content": gzip.compress(CSV.encode()),
            "headers": {"Content-Encoding": "gzip"},
        },
    ):
        job = served.post(path, **options).json()
        assert job["status"] == "done" and job["import_id"] == job["id"]
        assert "error" not in job
    assert rows(served)[:2] == [{"device": "a,1", "last": 1.25}] * 2
    job = served.post(path, params={"format": "ndjson"}, content=NDJSON).json()
    [block] = served.get(f"/v0/jobs/{job['id']}?debug=blocks,block_log").json()["blocks"]
    assert block["process_return"][0]["lines"] == 3
    assert block["process_return"][0]["quarantine"] == 1
    assert (job["successful_rows"], job["quarantined_rows"]) == (2, 1)


def test_append_of_parquet(served: Client) -> None:
    sink = BytesIO()
    pq.write_table(pa.table({"device": ["p"], "last": [3.5]}), sink)
    served.post(
        "/v1/datasources/snapshot/append",
        params={"format": "parquet"},
        content=sink.getvalue(),
        headers={"Content-Type": "application/vnd.apache.parquet"},
    )
    assert rows(served) == [{"device": "p", "last": 3.5}]


@pytest.mark.parametrize(
    ("part", "filename", "content", "params"),
    [
        ("csv", "a.csv", CSV, {}),
        ("csv", "a.ndjson", '{"device":"b","last":2}\n{"device":"a,1","last":1.25}', {}),
        ("ndjson", "a", '{"device":"b","last":2}\n{"device":"a,1","last":1.25}', {}),
        ("csv", "upload", CSV, {"format": "csv"}),
    ],
)
def test_the_older_way_to_append(
    served: Client, part: str, filename: str, content: str, params: dict[str, str]
) -> None:
    response = served.post(
        "/v0/datasources",
        params={"name": "snapshot", "mode": "append", **params},
        files={part: (filename, content)},
    )
    assert response.status_code == 200, response.text
    assert response.json()["error"] is False and response.json()["quarantine_rows"] == 0
    assert rows(served) == [{"device": "a,1", "last": 1.25}, {"device": "b", "last": 2}]


def test_replace_all_or_a_part(served: Client) -> None:
    path = "/v1/datasources/snapshot/replace?format=csv"
    served.post("/v1/datasources/snapshot/append?format=csv", content=CSV)
    served.post(path, content="device,last\nz,9\n")
    assert rows(served) == [{"device": "z", "last": 9}]
    served.post(path, params={"replace_condition": "device = 'y'"}, content="device,last\ny,1\n")
    assert rows(served) == [{"device": "y", "last": 1}, {"device": "z", "last": 9}]
    served.post(path, params={"replace_condition": "device = 'y'"}, content="device,last\ny,2\n")
    assert rows(served)[0] == {"device": "y", "last": 2}
    assert_error(served.post(path, content=b""), 400, "empty")
    assert len(rows(served)) == 2


def test_replacing_makes_materialized_data_anew(empty: Client, served: Client) -> None:
    served.post(
        "/v1/datasources/readings/replace?format=ndjson",
        content='{"at":"2024-01-01 00:00:00","device":"only","kind":"k","value":5,"tags":[]}',
    )
    totals = served.get("/v0/pipes/per_day.json").json()["data"]
    assert [(row["device"], row["total"]) for row in totals] == [("only", 5)]


def test_a_failed_import_leaves_no_trace(served: Client) -> None:
    response = served.post(
        "/v1/datasources/snapshot/replace?format=parquet", content=b"PAR1 but not really"
    )
    assert_error(response, 400)
    served.post("/v1/datasources/snapshot/append?format=csv", content=CSV)
    broken = served.post(
        "/v1/datasources/snapshot/replace?format=ndjson&replace_condition=nope = 1",
        content='{"device":"a","last":1}',
    )
    assert_error(broken, 400)
    assert len(rows(served)) == 2
    jobs = served.get("/v0/jobs?kind=import&status=error").json()["jobs"]
    assert jobs and all(job["error"] for job in jobs)


def test_a_file_that_is_larger_than_memory_should_hold(
    served: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "SPOOL_FROM", 1000)
    many = "".join(f'{{"device":"{i}","last":{i}}}\n' for i in range(5000))
    pieces = [many[i : i + 700].encode() for i in range(0, len(many), 700)]
    path = "/v0/datasources?name=snapshot&mode=append&format=ndjson"
    assert served.post(path, content=iter(pieces)).json()["successful_rows"] == 5000
    packed = gzip.compress(many.encode())
    assert served.post(path, content=packed).json()["successful_rows"] == 5000
    replaced = served.post("/v1/datasources/snapshot/replace?format=ndjson", content=many)
    assert (replaced.json()["successful_rows"], len(rows(served))) == (5000, 5000)
    # Nothing of a file that turns out to be damaged is stored; nobody else may bring one.
    assert_error(served.post(path, content=packed[:-100]), 400, "damaged")
    assert_error(served.post(path.replace("snapshot", "nope"), content=many), 404, "`nope`")
    scope = {"name": "brings_none", "scope": "DATASOURCES:READ:snapshot"}
    reader = served.post("/v0/tokens", params=scope).json()["token"]
    for token in ("none", reader):
        assert_error(served.with_token(token).post(path, content=many), 403)
    assert len(rows(served)) == 5000


def test_what_imports_refuse(served: Client) -> None:
    post = served.post
    assert_error(post("/v1/datasources/nope/append?format=csv", content=CSV), 404, "`nope`")
    assert_error(post("/v1/datasources/snapshot/append?format=xml", content=CSV), 400, "xml")
    assert_error(post("/v0/datasources?name=nope&mode=append", files={"csv": CSV}), 404)
    assert_error(post("/v0/datasources?name=new&mode=create", files={"csv": CSV}), 400, "deploy")
    assert_error(post("/v0/datasources?name=snapshot&mode=upsert", files={"csv": CSV}), 400)
    assert_error(post("/v1/datasources/snapshot/append?url=file:///etc/passwd"), 400, "http")
    assert_error(served.request("DELETE", "/v0/datasources/snapshot"), 405, "deploy")
    assert_error(post("/v0/datasources/snapshot/alter", data={"schema": "x Int"}), 405)


def test_what_only_connectors_do_is_said(served: Client) -> None:
    for what in ("scheduling/runs", "start", "sample"):
        assert_error(served.post(f"/v0/datasources/readings/{what}"), 400, "connector")
    assert_error(served.post("/v0/datasources/readings/share"), 405, "SHARED_WITH")


def test_an_import_from_an_address(served: Client) -> None:
    import http.server
    import threading

    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CSV.encode())

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as files:
        threading.Thread(target=files.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{files.server_port}/some.csv"
        served.post("/v1/datasources/snapshot/append", params={"url": url})
        files.shutdown()
    assert len(rows(served)) == 2


def wait(served: Client, job: dict[str, str]) -> dict[str, object]:
    while True:
        found = served.get(f"/v0/jobs/{job['id']}").json()
        if found["status"] in ("done", "error", "cancelled"):
            return found


def test_deleting_rows(served: Client) -> None:
    served.post("/v1/datasources/snapshot/append?format=csv", content=CSV)
    path = "/v0/datasources/snapshot/delete"
    dry = served.post(path, data={"delete_condition": "device = 'b'", "dry_run": "true"})
    assert dry.json() == {"rows_to_be_deleted": 1}
    job = served.post(path, data={"delete_condition": "device = 'b'"}).json()
    assert job["delete_id"] == job["job_id"]
    assert wait(served, job)["rows_affected"] == 1
    assert rows(served) == [{"device": "a,1", "last": 1.25}]
    light = served.post("/v1/datasources/snapshot/delete", data={"delete_condition": "1 = 1"})
    assert light.json()["rows_affected"] == 1
    assert_error(served.post(path, data={"delete_condition": "nope = 1", "dry_run": "1"}), 400)
    assert_error(served.post(path), 400, "delete_condition")
    for condition in ("nope = 1", "device =", "uper(device) = 'A'", "1 = 1; SELECT 1"):
        assert_error(served.post(path, data={"delete_condition": condition}), 400)
        replace = {"format": "csv", "replace_condition": condition}
        path_ = "/v1/datasources/snapshot/replace"
        assert_error(served.post(path_, params=replace, content=b"device\na\n"), 400)


def test_copies(served: Client) -> None:
    answer = served.post("/v0/pipes/to_snapshot/copy").json()
    target = served.get("/v0/datasources/snapshot").json()["id"]
    assert answer["tags"]["copy_target_datasource"] == target
    assert wait(served, answer["job"])["status"] == "done"
    before = len(rows(served))
    assert before >= 1
    again = served.post("/v0/pipes/to_snapshot/copy?_mode=append").json()
    wait(served, again["job"])
    assert len(rows(served)) == 2 * before
    assert_error(served.post("/v0/pipes/latest/copy"), 404)
    assert_error(served.post("/v0/pipes/to_snapshot/copy?_mode=sideways"), 400, "sideways")
    assert served.post("/v0/pipes/to_snapshot/copy/pause").status_code == 200
    assert served.post("/v0/pipes/to_snapshot/copy/resume").status_code == 200


def test_population(served: Client) -> None:
    answer = served.post("/v0/pipes/to_daily/nodes/sums/population?truncate=true").json()
    assert wait(served, answer["job"])["status"] == "done"


def test_jobs(served: Client) -> None:
    wait(served, served.post("/v0/pipes/to_snapshot/copy").json()["job"])
    jobs = served.get("/v0/jobs").json()["jobs"]
    assert jobs and all(job["job_url"].endswith(job["id"]) for job in jobs)
    kinds = {job["kind"] for job in served.get("/v0/jobs?kind=copy").json()["jobs"]}
    assert kinds <= {"copy"}
    assert_error(served.get("/v0/jobs/nope"), 404, "`nope`")
    assert_error(served.post("/v0/jobs/nope/cancel"), 404)
    done = served.get("/v0/jobs?status=done").json()["jobs"][0]
    assert_error(served.post(f"/v0/jobs/{done['id']}/cancel"), 400, "ended")


def test_service_data_sources(served: Client) -> None:
    for change in ("append", "replace"):
        changed = served.post(f"/v1/datasources/snapshot/{change}?format=csv", content=CSV)
        wait(served, changed.json())
    wait(served, served.post("/v0/pipes/to_snapshot/copy").json()["job"])
    served.get("/v0/pipes/latest.json?limit=1")
    served.get("/v0/pipes/latest.json?limit=x")
    query = (
        "SELECT status_code, error, parameters FROM tinybird.pipe_stats_rt"
        " WHERE pipe_name = 'latest'"
    )
    found = served.sql(query)
    assert {"status_code": 200, "error": 0, "parameters": {"limit": "1"}} in found
    assert {"status_code": 400, "error": 1, "parameters": {"limit": "x"}} in found
    assert all(served.token not in str(row) for row in found)
    errors = served.sql("SELECT pipe_name, status_code FROM tinybird.endpoint_errors")
    assert {"pipe_name": "latest", "status_code": 400} in errors
    operations = served.sql("SELECT DISTINCT event_type FROM tinybird.datasources_ops_log")
    assert {row["event_type"] for row in operations} >= {"append", "replace", "truncate"}
    storage = served.sql("SELECT datasource_name FROM tinybird.datasources_storage")
    assert {row["datasource_name"] for row in storage} == {"readings", "daily", "snapshot"}
    assert served.sql("SELECT count() AS n FROM tinybird.jobs_log")[0]["n"] > 1


def test_a_reader_sees_no_service_data(served: Client, http: httpx.Client) -> None:
    reader = served.with_token(served.get("/v0/tokens/reader").json()["token"])
    for table in ("tinybird.pipe_stats_rt", "tinybird.pipe_stats", "system.tables"):
        assert_error(reader.get("/v0/sql", params={"q": f"SELECT * FROM {table}"}), 403)


def test_a_guess_at_a_file(served: Client) -> None:
    answer = served.post("/v0/analyze", files={"csv": ("a.csv", CSV)}).json()
    columns = [(c["name"], c["recommended_type"]) for c in answer["analysis"]["columns"]]
    assert columns == [("device", "String"), ("last", "Float64")]
    assert answer["preview"]["rows"] == 2
    answer = served.post("/v0/analyze?format=ndjson", content=NDJSON).json()
    assert answer["analysis"]["columns"][0]["path"] == "$.device"
    assert "`json:$.device`" in answer["analysis"]["schema"]
    assert_error(served.post("/v0/analyze", content=b""), 400, "empty")
