"""What clients do to a server: each kind of request, and which answers to it are in order.

Every client has a connection of its own. Besides well-behaved ones there are those that go away in
the middle of an answer or of an upload.
"""

from __future__ import annotations

import gzip
import http.client
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import orjson
from populated import EXTRA, root_files

REGIONS = ("us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-1")
METRICS = ("cpu_utilization", "memory_usage", "disk_io")
REFUSALS = frozenset({429, 503})
"""What an overloaded server may answer to anything, deliberately."""
GONE = 0
"""The status of a request whose client did not wait for one."""
TIMEOUT_S = 60.0


class Unexpected(Exception):
    """An answer that is not in order."""


@dataclass
class Client:
    """One connection, kept alive; opened anew when it has been closed."""

    url: str
    clickhouse_url: str
    token: str
    random: random.Random
    _connection: http.client.HTTPConnection | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        expected: tuple[int, ...] = (200,),
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> tuple[int, bytes]:
        """The status and the body. Raises `Unexpected`."""
        if self._connection is None:
            where = urlsplit(self.url)
            self._connection = http.client.HTTPConnection(
                where.hostname or "", where.port, timeout=TIMEOUT_S
            )
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        target = f"{path}?{urlencode(params)}"
        try:
            self._connection.request(method, target, body, given)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._connection = None
            raise Unexpected(f"{method} {target}: {error!r}") from error
        if response.status not in expected and response.status not in REFUSALS:
            raise Unexpected(f"{method} {target}: {response.status} {content[:500]!r}")
        if response.status >= 400 and not isinstance(orjson.loads(content).get("error"), str):
            raise Unexpected(f"{method} {target}: an error of another shape: {content[:500]!r}")
        return response.status, content

    def abandon(self, head: str, body: bytes, read: int) -> None:
        """Send a request by hand, read some bytes of the answer, and break the connection."""
        where = urlsplit(self.url)
        with socket.create_connection((where.hostname, where.port), timeout=TIMEOUT_S) as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            found.sendall(head.encode() + body)
            while read > 0 and (piece := found.recv(min(read, 16384))):
                read -= len(piece)
            if self.random.random() < 0.5:  # a reset, not an end
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


Kind = Callable[[Client], int]
"""Makes one request; returns its status."""


def endpoint(client: Client) -> int:
    chance = client.random
    name, params = chance.choice(
        [
            ("get_resource_metrics", {"region": chance.choice(REGIONS)}),
            ("get_resource_metrics", {"limit": str(chance.randint(1, 500))}),
            ("get_resource_summary", {"metric_name": chance.choice(METRICS)}),
            ("get_resource_anomalies", {"threshold": f"{chance.uniform(1, 4):.3f}"}),
            ("energy_consumption_by_device", {}),
        ]
    )
    extension = chance.choice(["json", "json", "csv", "ndjson", "parquet"])
    encoding = chance.choice(["identity", "gzip", "zstd"])
    path = f"/v0/pipes/{name}.{extension}"
    return client.ask("GET", path, headers={"Accept-Encoding": encoding}, **params)[0]


def endpoint_with_sql(client: Client) -> int:
    limit = client.random.randint(1, 50)
    query = f"SELECT region, count() AS n FROM _ GROUP BY region ORDER BY n LIMIT {limit}"
    return client.ask("GET", "/v0/pipes/get_resource_metrics.json", q=query)[0]


def wrong_parameter(client: Client) -> int:
    path = "/v0/pipes/get_resource_anomalies.json"
    return client.ask("GET", path, expected=(400,), threshold="many")[0]


def _events(client: Client, rows: int) -> bytes:
    chance = client.random
    made = [
        {
            "timestamp": f"2025-06-0{chance.randint(1, 7)} 0{chance.randint(0, 9)}:00:00",
            "resource_id": f"i-{chance.randint(1, 50)}",
            "resource_type": "ec2-instance",
            "resource_name": f"web-{chance.randint(1, 50)}",
            "metric_name": chance.choice(METRICS),
            "metric_value": chance.uniform(0, 100) if chance.random() < 0.99 else "much",
            "region": chance.choice(REGIONS),
            "account_id": "1",
            "environment": "soak",
        }
        for _ in range(rows)
    ]
    return b"\n".join(map(orjson.dumps, made))


def events(client: Client) -> int:
    body = _events(client, client.random.choice([1, 1, 1, 10, 100]))
    headers = {}
    if client.random.random() < 0.3:
        body, headers = gzip.compress(body), {"Content-Encoding": "gzip"}
    wait = client.random.choice(["true", "false"])
    path, name = "/v0/events", "cloud_resource_metrics"
    return client.ask("POST", path, body, (200, 202), headers, name=name, wait=wait)[0]


def upload(client: Client) -> int:
    lines = ["timestamp,device_id,energy_consumed,location"]
    for _ in range(client.random.randint(1, 200)):
        lines.append(f"2025-06-01 00:00:00,d{client.random.randint(1, 20)},1.5,kitchen")
    path = "/v1/datasources/energy_consumption/append"
    return client.ask("POST", path, "\n".join(lines).encode(), format="csv")[0]


def sql(client: Client) -> int:
    chance = client.random
    metrics = "cloud_resource_metrics"
    query = chance.choice(
        [
            f"SELECT count() FROM {metrics}",
            f"SELECT metric_name, quantile(0.9)(metric_value) FROM {metrics} GROUP BY 1",
            "SELECT region, n FROM regions ORDER BY region",
            f"SELECT number FROM numbers({chance.randint(1, 20000)})",
            "SELECT countMerge(n) FROM by_region",
            "SELECT * FROM cloud_resource_metrics_quarantine LIMIT 10",
            "SELECT pipe_name, count() FROM tinybird.pipe_stats_rt GROUP BY 1",
            f"SELECT {chance.randint(1, 10**9)} AS never_seen_before",
        ]
    )
    format_ = chance.choice(["JSON", "CSVWithNames", "JSONEachRow", "Native", "PrettyCompact"])
    text = f"{query} FORMAT {format_}"
    if chance.random() < 0.5:
        return client.ask("POST", "/v0/sql", text.encode())[0]
    return client.ask("GET", "/v0/sql", q=text)[0]


def wrong_sql(client: Client) -> int:
    query = client.random.choice(["SELECT", "SELECT x FROM y", "SELECT toDate('never')", "DROP x"])
    return client.ask("GET", "/v0/sql", expected=(400, 404), q=query)[0]


def clickhouse(client: Client) -> int:
    other = Client(client.clickhouse_url, "", client.token, client.random)
    try:
        return other.ask("POST", "/", b"SELECT * FROM cloud_resource_metrics LIMIT 100")[0]
    finally:
        other.close()


def metadata(client: Client) -> int:
    paths = ["/v0/datasources", "/v0/pipes", "/v0/tokens", "/v0/jobs", "/v1/deployments"]
    paths += ["/v0/pipes/openapi.json", "/v0/datasources/energy_consumption", "/v0/variables"]
    return client.ask("GET", client.random.choice(paths))[0]


def token(client: Client) -> int:
    body = orjson.dumps({"scopes": [{"type": "PIPES:READ", "resource": "get_resource_metrics"}]})
    status, content = client.ask("POST", "/v0/tokens", body, expiration_time="4000000000")
    if status != 200:
        return status
    holder = Client(client.url, "", orjson.loads(content)["token"], client.random)
    try:
        holder.ask("GET", "/v0/pipes/get_resource_summary.json", expected=(403,))
        return holder.ask("GET", "/v0/pipes/get_resource_metrics.json", limit="1")[0]
    finally:
        holder.close()


def copy(client: Client) -> int:
    return client.ask("POST", "/v0/pipes/copy_regions/copy")[0]


def remove(client: Client) -> int:
    """What has come in goes again, so that the memory that data takes stays as it is."""
    path = "/v1/datasources/cloud_resource_metrics/delete"
    condition = urlencode({"delete_condition": "environment = 'soak'"}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.ask("POST", path, condition, headers=kind)[0]


def truncate(client: Client) -> int:
    return client.ask("POST", "/v0/datasources/energy_consumption/truncate", expected=(205,))[0]


def leave_an_answer(client: Client) -> int:
    """A large answer, of which the client takes the first part."""
    rows = client.random.choice([300_000, 3_000_000])
    query = f"SELECT number, toString(number) AS text FROM numbers({rows}) FORMAT JSONEachRow"
    client.abandon(_head(client, "GET", "/v0/sql", q=query), b"", client.random.choice([1, 65536]))
    return GONE


def leave_a_query(client: Client) -> int:
    """A query that takes long, and a client that does not."""
    query = "SELECT sum(sqrt(number)) FROM numbers(3000000000) WHERE number % 7 = 3 FORMAT JSON"
    head = _head(client, "GET", "/v0/sql", q=query)
    where = urlsplit(client.url)
    with socket.create_connection((where.hostname, where.port), timeout=TIMEOUT_S) as found:
        found.sendall(head.encode())
        found.settimeout(client.random.uniform(0.01, 0.3))
        try:
            found.recv(1)
        except TimeoutError:
            return GONE
    raise Unexpected("a query over three thousand million numbers was answered at once")


def leave_an_upload(client: Client) -> int:
    """A body that is announced and does not come."""
    body = _events(client, 50)
    length = {"Content-Length": str(len(body) * 100)}
    name = "cloud_resource_metrics"
    head = _head(client, "POST", "/v0/events", length, name=name, wait="true")
    client.abandon(head, body * client.random.randint(0, 99), 0)
    return GONE


def _head(
    client: Client, method: str, path: str, headers: dict[str, str] | None = None, **params: str
) -> str:
    given = {"Host": "localhost", "Authorization": f"Bearer {client.token}", **(headers or {})}
    lines = [f"{method} {path}?{urlencode(params)} HTTP/1.1"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in given.items()), "", ""])


KINDS: dict[Kind, int] = {
    endpoint: 400,
    endpoint_with_sql: 50,
    wrong_parameter: 20,
    events: 200,
    upload: 20,
    sql: 150,
    wrong_sql: 30,
    clickhouse: 20,
    metadata: 40,
    token: 10,
    copy: 4,
    remove: 4,
    truncate: 2,
    leave_an_answer: 20,
    leave_a_query: 10,
    leave_an_upload: 20,
}
"""How often each is asked, in thousandths."""


def projects() -> list[tuple[str, dict[str, str], bool]]:
    """What is deployed in turn: a call, its files, and whether they can be deployed."""
    base = {**root_files(), **EXTRA}
    path = "datasources/energy_consumption.datasource"
    column = base[path].replace("SCHEMA >\n", "SCHEMA >\n    `note` String DEFAULT 'none',\n", 1)
    assert column != base[path]
    added = {
        **base,
        "extra.pipe": "NODE n\nSQL >\n    SELECT count() AS n FROM extra_rows\nTYPE endpoint\n",
        "extra_rows.datasource": "SCHEMA >\n    `x` Int32\n",
    }
    dropping = "allow_destructive_operations=true"
    wrong = {**base, "wrong.pipe": "NODE n\nSQL >\n    SELECT nothing FROM nowhere\n"}
    return [
        (f"/v1/deploy?auto_promote=true&{dropping}", {**base, path: column}, True),
        (f"/v1/deploy?auto_promote=true&{dropping}", added, True),
        ("/v1/build", wrong, False),
        (f"/v1/deploy?check=true&{dropping}", base, True),
        ("/v1/build", base, True),
        ("/v1/deploy", added, True),
    ]
