"""deploy and the commands on data, with the folder's own database and with a running server."""

from __future__ import annotations

import gzip
import json
import os
import signal
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

EVENT = '{"timestamp":"2026-01-01 10:00:00","page":"/a","visitor":"x"}'
BAD = '{"timestamp":"soon","page":"/a","visitor":"x"}'


def rows_of(folder: Any, name: str = "page_views") -> int:
    """How many rows a data source has."""
    listed = folder.ok("--output", "json", "datasource", "ls").json["datasources"]
    return next(found["statistics"]["row_count"] for found in listed if found["name"] == name)


def test_deploy_tells_what_changes(shop: Any) -> None:
    first = shop.ok("deploy", "--local", "--check")
    assert "  new     datasource  page_views" in first.out
    assert "create data source `page_views`" in first.out
    assert "✓ this can be deployed" in first.out
    done = shop.ok("deploy", "--local")
    assert "  new     pipe        top_pages" in done.out
    assert done.out.endswith("✓ deployment 1 is live\n")
    assert shop.ok("deploy", "--local").out == "no changes\n"
    pipe = shop.read("endpoints/top_pages.pipe")
    shop.write("endpoints/top_pages.pipe", pipe.replace("limit, 10", "limit, 5"))
    assert "  changed pipe        top_pages" in shop.ok("deploy", "--local").out


def test_deploying_less_needs_leave_and_keeps_other_data(live: Any) -> None:
    live.write("datasources/other.datasource", "SCHEMA >\n    `a` Int32\n")
    assert "  new     datasource  other" in live.ok("deploy", "--local").out
    live.ok("datasource", "append", "other", '{"a": 1}')
    (live.path / "datasources" / "other.datasource").unlink()
    refused = live.run("deploy", "--local")
    assert refused.code == 1
    assert "other" in refused.err
    assert "✗ nothing was deployed" in refused.err
    assert rows_of(live, "other") == 1
    assert (
        "  deleted datasource  other"
        in live.ok("deploy", "--local", "--allow-destructive-operations").out
    )
    assert rows_of(live) == 3


def test_a_broken_file_changes_nothing(live: Any) -> None:
    before = live.ok("endpoint", "data", "top_pages", "--format", "csv").out
    live.write("endpoints/top_pages.pipe", "NODE n\nSQL >\n    SELECT nope FROM page_views\n")
    ran = live.run("deploy", "--local")
    assert ran.code == 1
    assert "endpoints/top_pages.pipe:3:12: error" in ran.err
    assert "✗ nothing was deployed: 1 error" in ran.err
    assert live.ok("endpoint", "data", "top_pages", "--format", "csv").out == before
    assert live.run("--output", "json", "deploy", "--local").json["result"] == "failed"


def test_append_events_files_and_standard_input(live: Any) -> None:
    assert "✓ 1 rows appended" in live.ok("datasource", "append", "page_views", EVENT).out
    lines = (EVENT + "\n") * 5
    live.write("more.ndjson", lines)
    assert "✓ 5 rows" in live.ok("datasource", "append", "page_views", "more.ndjson").out
    (live.path / "more.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    assert "✓ 5 rows" in live.ok("datasource", "append", "page_views", "more.ndjson.gz").out
    live.write("more.csv", "timestamp,page,visitor\n2026-01-01 10:00:00,/csv,x\n")
    assert "✓ 1 rows" in live.ok("datasource", "append", "page_views", "more.csv").out
    assert "✓ 5 rows" in live.ok("datasource", "append", "page_views", "-", given=lines).out
    assert rows_of(live) == 3 + 1 + 5 + 5 + 1 + 5


def test_a_file_is_stored_whole_or_not_at_all(live: Any) -> None:
    before = rows_of(live)
    packed = gzip.compress((EVENT + "\n").encode() * 600_000)
    (live.path / "many.ndjson.gz").write_bytes(packed)
    (live.path / "cut.ndjson.gz").write_bytes(packed[:-1000])
    ran = live.run("datasource", "append", "page_views", "cut.ndjson.gz")
    assert ran.code == 1
    assert "IN103" in ran.err
    assert rows_of(live) == before
    assert "✓ 600,000 rows" in live.ok("datasource", "append", "page_views", "many.ndjson.gz").out


def test_bad_rows_are_quarantined_counted_and_shown(live: Any) -> None:
    live.write("mixed.ndjson", f"{EVENT}\n{BAD}\n{EVENT}\n")
    ran = live.ok("datasource", "append", "page_views", "mixed.ndjson")
    assert "✓ 2 rows appended" in ran.out
    assert "△ 1 rows went to page_views_quarantine" in ran.err
    assert '"timestamp": "soon"' in ran.err
    counted = live.ok("--output", "json", "datasource", "append", "page_views", BAD).json
    assert (counted["successful_rows"], counted["quarantined_rows"]) == (0, 1)
    assert "soon" in live.ok("datasource", "data", "page_views_quarantine").out


def test_endpoints_and_sql(live: Any) -> None:
    table = live.ok("endpoint", "data", "top_pages", "--limit", "1")
    assert table.out.splitlines() == ["page  views  visitors", "/         2         2"]
    assert table.err.startswith("1 rows in ")
    csv = live.ok("endpoint", "data", "top_pages", "--format=csv", "--param", "limit=1")
    assert csv.out == '"page","views","visitors"\n"/",2,2\n'
    counted = live.ok("endpoint", "data", "top_pages", "--query", "SELECT count() AS n FROM _")
    assert counted.out.splitlines()[1] == "2"
    data = live.ok("--output", "json", "sql", "SELECT max(views) AS m FROM top_pages").json["data"]
    assert data == [{"m": 2}]
    assert live.ok("sql", "SELECT 1 AS a FORMAT CSV").out == "1\n"
    assert live.ok("sql", "--format", "JSONCompact", "SELECT 1").out.startswith("{")
    assert live.ok("sql", "-", given="SELECT 'x' AS a").out == "a\nx\n"
    nodes = live.ok("sql", "SELECT count() AS n FROM top", "--pipeline", "top_pages")
    assert nodes.out == "n\n2\n"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["endpoint", "data", "nope"], "`nope`"),
        (["endpoint", "url", "nope"], "`nope`"),
        (["endpoint", "data", "top_pages", "--limit", "x"], "Error validating 'x' to type Int32"),
        (["datasource", "append", "page_vews", "{}"], "did you mean `page_views`?"),
        (["datasource", "data", "nope"], "nope"),
        (["datasource", "truncate", "nope", "--yes"], "`nope`"),
        (["sql", "SELEC 1"], "SELEC"),
        (["sql", "SELECT nope FROM page_views"], "`nope`"),
        (["sql", "SELECT 1 FORMAT Nope"], "Nope"),
    ],
)
def test_mistakes_are_said_and_exit_with_1(live: Any, args: list[str], text: str) -> None:
    ran = live.run(*args)
    assert ran.code == 1
    assert text in ran.err
    assert ran.out == ""


def test_truncate_asks(live: Any) -> None:
    assert live.run("datasource", "truncate", "page_views", given="n\n").code == 1
    assert rows_of(live) == 3
    live.ok("datasource", "truncate", "page_views", given="y\n")
    assert rows_of(live) == 0


def test_secrets_of_the_folder_come_along(live: Any) -> None:
    live.write(".env.local", "GREETING=hello\n")
    live.write(
        "endpoints/greet.pipe",
        "NODE n\nSQL >\n    %\n    SELECT {{ tb_secret('GREETING') }} AS word\n\nTYPE ENDPOINT\n",
    )
    live.ok("deploy", "--local")
    assert live.ok("endpoint", "data", "greet").out == "word\nhello\n"


def test_data_stays_between_commands(live: Any) -> None:
    live.ok("datasource", "append", "page_views", EVENT)
    shown = live.ok("datasource", "data", "page_views", "--limit", "9", "--format", "CSV").out
    assert len(shown.splitlines()) == 4


def test_tokens_stay_the_same(live: Any) -> None:
    first = live.ok("token", "env").out
    assert first.splitlines()[1].startswith("TINYBIRD_TOKEN=p.")
    assert live.ok("token", "env").out == first
    names = [found["name"] for found in live.ok("--output", "json", "token", "ls").json["tokens"]]
    assert "workspace admin token" in names


def get(url: str, token: str) -> Any:
    """The JSON behind an address."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_serve_takes_a_deployment_at_once(shop: Any, serve: Callable[..., Any]) -> None:
    shop.ok("deploy", "--local", "--fixtures")
    serving = serve(shop)
    url = f"{serving.url}/v0/pipes/top_pages.json"
    assert get(url, serving.token)["data"][0] == {"page": "/", "views": 2, "visitors": 2}
    pipe = shop.read("endpoints/top_pages.pipe")
    shop.write("endpoints/top_pages.pipe", pipe.replace("count() AS views", "7 AS views"))
    shop.ok("deploy", "--local")
    assert get(url, serving.token)["data"][0]["views"] == 7
    assert shop.ok("endpoint", "url", "top_pages").out.startswith(url)


def test_serve_prints_lines_that_work(shop: Any, serve: Callable[..., Any]) -> None:
    shop.ok("deploy", "--local")
    greeting = serve(shop).greeting
    event = greeting.split("-d '")[1].split("'\n")[0]
    assert set(json.loads(event)) == {"timestamp", "page", "visitor"}
    assert "/v0/pipes/top_pages.json?token=$TB_TOKEN" in greeting
    assert "a server runs for" in shop.run("serve", "--port", "0").err


def test_acknowledged_rows_survive_kill_9(shop: Any, serve: Callable[..., Any]) -> None:
    shop.ok("deploy", "--local")
    serving = serve(shop)
    for _ in range(20):
        shop_url = f"{serving.url}/v0/events?name=page_views&wait=true"
        request = urllib.request.Request(
            shop_url, EVENT.encode(), {"Authorization": f"Bearer {serving.token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["successful_rows"] == 1
    os.kill(serving.process.pid, signal.SIGKILL)
    serving.process.wait()
    assert (shop.path / ".mini-tb" / "server.json").exists()  # nobody took it away
    assert rows_of(shop) == 20
    serving.process.returncode = 0
