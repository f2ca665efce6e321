"""Guessing a schema: what is guessed takes the file it was guessed from."""

from __future__ import annotations

import io

import pytest

from mini_tb.diagnostics import UserError
from mini_tb.ingest.analyze import analyze
from mini_tb.ingest.files import decode_stream
from mini_tb.project import load_project

NESTED = b"""
{"ts":"2024-01-02T03:04:05.1Z","n":1,"x y":1,"b":{"c":1.5,"d":null},"tags":[],"items":[{"k":"a"}]}
{"ts":"2024-01-02T03:04:05Z","n":99999999999999999999,"tags":["x"],"ok":true,"my-key":"2024-01-02"}
"""


@pytest.mark.parametrize(
    ("body", "format", "schema"),
    [
        (
            NESTED,
            "ndjson",
            "`ts` DateTime64(3) `json:$.ts`, `n` Int128 `json:$.n`,"
            " `b_c` Nullable(Float64) `json:$.b.c`, `b_d` Nullable(String) `json:$.b.d`,"
            " `tags` Array(String) `json:$.tags[:]`,"
            " `items_k` Array(String) `json:$.items[:].k` DEFAULT [],"
            " `ok` Nullable(Bool) `json:$.ok`, `my_key` Nullable(Date) `json:$.my-key`",
        ),
        (b'[{"a":1},{"a":"x"}]', "json", "`a` String `json:$.a`"),
        (
            b'{"a":{"b":[1.5]},"A":2}',
            "ndjson",
            "`a_b` Array(Float64) `json:$.a.b[:]`, `A` Int64 `json:$.A`",
        ),
        (
            b"id;Full name;when;zip;v\n1;x;2024-01-02 03:04:05;01234;1.5\n2;;;02345;2\n",
            "csv",
            "`id` Int64, `Full_name` String, `when` Nullable(DateTime), `zip` String, `v` Float64",
        ),
        (b"1,x\n2,y\n", "csv", "`column_00` Int64, `column_01` String"),
    ],
)
def test_guess(body: bytes, format: str, schema: str) -> None:
    found = analyze(io.BytesIO(body), format)
    assert found.schema == schema
    loaded = load_project({"datasources/d.datasource": found.datasource("Guessed")})
    assert [d.message for d in loaded.diagnostics] == []
    source = loaded.project.datasources["d"]
    assert source.description.strip() == "Guessed"
    batches = list(decode_stream(io.BytesIO(body.strip()), source, format))
    assert sum(batch.quarantined_rows for batch in batches) == 0


def test_presence_and_preview() -> None:
    found = analyze(io.BytesIO(b'{"a":1}\n{"a":null,"b":"x"}\n'), "ndjson")
    assert [(c.name, c.path, c.present_pct) for c in found.columns] == [
        ("a", "$.a", 50.0),
        ("b", "$.b", 50.0),
    ]
    assert found.preview == ({"a": 1, "b": None}, {"a": None, "b": "x"})


@pytest.mark.parametrize(
    ("body", "format", "code"),
    [
        (b"", "csv", "IN101"),
        (b"x", "ndjson", "IN102"),
        (b"x", "parquet", "IN108"),
        (b"x", "xml", "IN106"),
    ],
)
def test_what_cannot_be_analyzed(body: bytes, format: str, code: str) -> None:
    with pytest.raises(UserError) as error:
        analyze(io.BytesIO(body), format)
    assert error.value.diagnostics[0].code == code
