"""Whatever is sent, the answer is never a 5xx, and every error has the one shape."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from http_client import Client, assert_error
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_tb.server.routes import ROUTES

NAMES = ["readings", "daily", "latest", "per_day", "latest.json", "latest.csv", "to_snapshot"]
ODD = [
    "",
    "0",
    "-1",
    "%",
    "'",
    '"',
    "\\",
    "a b",
    "é",
    "\x00",
    "../x",
    "{{x}}",
    "% {{",
    "1;2",
    "x" * 300,
]
SQL = [
    "SELECT 1",
    "SELECT * FROM readings",
    "SELECT * FROM",
    "% SELECT {{Int8(x)}}",
    "SELECT {x:UInt8}",
    "SELECT 1 FORMAT Native",
    "(((",
    "SELECT '",
    "1 = 1",
]
TEXTS = st.one_of(st.sampled_from(NAMES), st.sampled_from(ODD), st.sampled_from(SQL), st.text())
BODIES = st.one_of(
    st.none(),
    st.binary(max_size=200),
    TEXTS.map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from([b"{}", b"[]", b"null", b'{"q":1}', b'{"scopes":[{}]}', b'{"name":{"a":1}}']),
)
TYPES = st.sampled_from(
    [
        None,
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "text/csv",
        "\xff",
    ]
)
# Removing the workspace itself would end the test early.
TARGETS = [
    (method, route)
    for route in ROUTES
    for method in route.methods.split("|")
    if not (method == "DELETE" and "workspaces" in route.path)
]


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    method, route = draw(st.sampled_from(TARGETS))
    parts = []
    for part in route.path.split("/"):
        if part.startswith("{"):
            part = quote(draw(TEXTS).encode("utf-8", "replace"), safe="") or "x"
        parts.append(part)
    names = [*route.params.split(), "limit", "device", "explain", "x"]
    given_ = draw(st.dictionaries(st.sampled_from(names), TEXTS, max_size=4))
    pairs = {name: value.encode("utf-8", "replace") for name, value in given_.items()}
    headers = {} if (kind := draw(TYPES)) is None else {"Content-Type": kind.encode("latin-1")}
    if draw(st.integers(0, 5)) == 0:
        headers["Content-Encoding"] = draw(st.sampled_from(["gzip", "zstd", "deflate", "br"]))
    return {
        "method": method,
        "path": f"{'/'.join(parts)}?{urlencode(pairs)}",
        "content": draw(BODIES),
        "headers": headers,
    }


@settings(
    max_examples=600,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=requests())
def test_no_answer_is_a_5xx(served: Client, request: dict[str, Any]) -> None:
    response = served.request(
        request["method"],
        request["path"],
        content=request["content"],
        headers=request["headers"],
    )
    if response.is_error:
        assert response.status_code < 500, (request, response.text)
        assert_error(response, response.status_code)


def test_openapi_of_the_server(served: Client) -> None:
    document = served.http.get(f"{served.url}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert described == {(m, route.path) for route in ROUTES for m in route.methods.split("|")}
    assert all(
        operation["summary"] for item in document["paths"].values() for operation in item.values()
    )


@pytest.mark.parametrize("path", ["/v0/pipes/%ff.json", "/v0/pipes/a%00b.json", "/%2e%2e/x"])
def test_odd_paths(served: Client, path: str) -> None:
    assert_error(served.get(path), 404)
