"""Files of every format: CSV, Parquet, NDJSON; from paths, bodies and URLs."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from mini_tb.diagnostics import UserError
from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.files import decode_stream, format_of, open_source
from mini_tb.project import Column, Datasource
from mini_tb.types import parse_type

SOURCE = Datasource(
    "d",
    tuple(
        Column(name, parse_type(data_type), f"$.{name}", default)
        for name, data_type, default in [
            ("a", "Int32", None),
            ("b", "String", None),
            ("c", "Nullable(Float64)", None),
            ("d", "DateTime", "now()"),
            ("e", "Array(Int32)", "[]"),
            ("f", "Bool", "0"),
        ]
    ),
)


def decode(body: bytes | Path | str, format: str, **options: str) -> list[Decoded]:
    with open_source(body) as stream:
        return list(decode_stream(stream, SOURCE, format, options=options))


def rows(batches: list[Decoded]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.good.to_pylist()]


def errors(batches: list[Decoded]) -> list[tuple[list[str], list[str]]]:
    return [
        (row["c__error_column"], row["c__error"])
        for batch in batches
        for row in batch.quarantine.to_pylist()
    ]


# CSV ---------------------------------------------------------------------------------------


def test_csv_by_header() -> None:
    (batch,) = decode(
        b"b,a,unknown,c,e,f,d\n"
        b'"x ""y"", z",1,?,1.5,"[1,2]",true,2024-01-02 03:04:05\n'
        b'"two\nlines", 2 ,?,\\N,,,\n'
        b"third,3,?,,['4'],1,02/01/2024 03:04\n",
        "csv",
    )
    assert [list(row.values()) for row in batch.good.to_pylist()] == [
        [1, 'x "y", z', 1.5, datetime(2024, 1, 2, 3, 4, 5), [1, 2], True],
        [2, "two\nlines", None, None, None, None],
        [3, "third", None, datetime(2024, 1, 2, 3, 4), [4], True],
    ]
    defaulted = {name: mask.to_pylist() for name, mask in batch.defaulted.items()}
    assert defaulted == {name: [False, True, False] for name in ("d", "e", "f")}


def test_csv_by_position_takes_missing_columns_as_missing() -> None:
    (batch,) = decode(b"1;x;2.5\n2;y;1e2\n", "csv")
    assert [(row["a"], row["b"], row["c"]) for row in batch.good.to_pylist()] == [
        (1, "x", 2.5),
        (2, "y", 100.0),
    ]
    assert batch.defaulted["d"].to_pylist() == [True, True]


def test_csv_rows_that_do_not_fit() -> None:
    batches = decode(b"a,b,c\nx,y,z\n1,2\n3,ok,\n,ok,1\n4,\xff,1\n", "csv")
    assert [row["a"] for row in rows(batches)] == [3]
    assert sorted(errors(batches)) == [
        (["$"], ["line is not UTF-8: 4,\ufffd,1"]),
        (["$"], ["line is of 2 cells, not 3: 1,2"]),
        (
            ["a"],
            [
                "value '' on column 'a' is missing, "
                "and the column is neither Nullable nor has a DEFAULT"
            ],
        ),
        (
            ["a", "c"],
            ["value 'x' on column 'a' is not Int32", "value 'z' on column 'c' is not Float64"],
        ),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_guessed(delimiter: str) -> None:
    text = "a,b\n1,x\n2,y\n".replace(",", delimiter)
    assert [row["a"] for row in rows(decode(text.encode(), "csv"))] == [1, 2]


def test_dialect_options() -> None:
    body = b"a~b\n1~x!~y\n"
    found = decode(body, "csv", dialect_delimiter="~", dialect_escapechar="!")
    assert [(row["a"], row["b"]) for row in rows(found)] == [(1, "x~y")]
    with pytest.raises(UserError) as error:
        decode(body, "csv", dialect_delimiter="::")
    assert error.value.diagnostics[0].code == "IN107"


def test_windows_line_ends_and_byte_order_mark() -> None:
    assert [row["a"] for row in rows(decode(b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y\r\n", "csv"))] == [1, 2]


def test_large_csv_comes_in_batches() -> None:
    body = b"a,b\n" + b"".join(b"%d,%s\n" % (i, b"x" * 100) for i in range(200_000))
    batches = decode(body, "csv")
    assert len(batches) > 1
    assert [row for b in batches for row in b.good["a"].to_pylist()] == list(range(200_000))


# Parquet -----------------------------------------------------------------------------------


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_parquet_columns_of_the_same_types() -> None:
    body = parquet(
        b=pa.array(["x", "y"]).dictionary_encode(),
        a=pa.array([1, 2], pa.int64()),
        d=pa.array([datetime(2024, 1, 2, 3, 4, 5, 600), None], pa.timestamp("us", "Europe/Madrid")),
        e=pa.array([[1], None], pa.list_(pa.int32())),
    )
    (batch,) = decode(body, "parquet")
    assert [list(row.values()) for row in batch.good.to_pylist()] == [
        [1, "x", None, datetime(2024, 1, 2, 3, 4, 5), [1], None],
        [2, "y", None, None, None, None],
    ]
    assert batch.defaulted["e"].to_pylist() == [False, True]


def test_parquet_values_of_other_types_follow_the_rules() -> None:
    body = parquet(
        a=["1", "x", "3"],
        b=[1, 2, 3],
        c=pa.array([Decimal("1.5"), None, Decimal("2.25")]),
        e=[[1], [2], [2**40]],
    )
    batches = decode(body, "parquet")
    assert [(row["a"], row["b"], row["c"]) for row in rows(batches)] == [(1, "1", 1.5)]
    assert [columns for columns, _ in errors(batches)] == [["a"], ["e"]]


def test_parquet_nulls_in_a_column_that_takes_none() -> None:
    batches = decode(parquet(a=[1, None, 3], b=["x", "y", "z"]), "parquet")
    assert [row["a"] for row in rows(batches)] == [1, 3]
    assert [columns for columns, _ in errors(batches)] == [["a"]]


def test_parquet_without_a_column_of_ours() -> None:
    with pytest.raises(UserError) as error:
        decode(parquet(other=[1]), "parquet")
    assert error.value.diagnostics[0].code == "IN110"


# Sources -----------------------------------------------------------------------------------

LINES = b'{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n'


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_path_compressed_or_not(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "rows"
    path.write_bytes(pack(LINES))
    assert [row["a"] for row in rows(decode(path, "ndjson"))] == [1, 2]


@pytest.mark.parametrize(
    ("body", "format", "code"),
    [
        (b"", "ndjson", "IN101"),
        (b"\n\n", "ndjson", "IN101"),
        (b"", "csv", "IN101"),
        (b"", "parquet", "IN108"),
        (b"nothing", "ndjson", "IN102"),
        (b"PAR1", "parquet", "IN108"),
        (gzip.compress(LINES, mtime=0)[:-5], "ndjson", "IN103"),
        (zstandard.compress(LINES)[:-5], "csv", "IN103"),
        (LINES, "xml", "IN106"),
        (Path("/nowhere/at/all"), "csv", "IN109"),
        ("ftp://example.com/x", "csv", "IN109"),
        ("http://127.0.0.1:1/x.csv", "csv", "IN109"),
    ],
)
def test_what_cannot_be_read(body: bytes | Path | str, format: str, code: str) -> None:
    with pytest.raises(UserError) as error:
        decode(body, format)
    assert error.value.diagnostics[0].code == code


def test_a_file_may_have_a_limit() -> None:
    body = gzip.compress(LINES * 100)
    with pytest.raises(UserError) as error, open_source(body, limit=1000) as stream:
        list(decode_stream(stream, SOURCE, "ndjson"))
    assert error.value.status == 413


def test_large_ndjson_comes_in_batches_of_whole_lines() -> None:
    line = b'{"a":%d,"b":"' + b"x" * 400 + b'"}\n'
    body = b"".join(line % i for i in range(100_000))
    batches = decode(body, "ndjson")
    assert len(batches) > 1
    assert [a for batch in batches for a in batch.good["a"].to_pylist()] == list(range(100_000))


@pytest.fixture
def url() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.startswith("/rows")
            self.send_response(200 if found else 404)
            self.end_headers()
            if found:
                self.wfile.write(gzip.compress(LINES, mtime=0))

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url(url: str) -> None:
    assert [row["a"] for row in rows(decode(f"{url}/rows.ndjson.gz?x=1", "ndjson"))] == [1, 2]
    with pytest.raises(UserError) as error:
        decode(f"{url}/gone", "ndjson")
    assert "not found" in str(error.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", "csv"),
        ("b/a.NDJSON.gz", "ndjson"),
        ("a.jsonl", "ndjson"),
        ("https://x.org/a.parquet?y=.csv", "parquet"),
        ("a.json.zst", "json"),
        ("a", None),
        ("a.txt", None),
    ],
)
def test_format_of(name: str, expected: str | None) -> None:
    assert format_of(name) == expected
