"""Every output format writes what ClickHouse writes, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import duckdb
import orjson
import pyarrow.parquet as pq
import pytest
from format_cases import CASES, RECORDED, RUNS, without_times

from mini_tb.diagnostics import UserError
from mini_tb.formats import Answer, Settings, find_format, write
from mini_tb.formats.answer import CHUNK_ROWS
from mini_tb.types import DataType, parse_type


@pytest.mark.parametrize(("case", "name"), RUNS)
def test_written_as_clickhouse_writes_it(case: str, name: str) -> None:
    found = b"".join(write(CASES[case].answer(), name))
    assert without_times(found) == (RECORDED / case / name).read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_either_form_in_which_duckdb_hands_out_values(case: str) -> None:
    both = [CASES[case].answer(is_lossless=is_lossless) for is_lossless in (True, False)]
    for name in ("JSON", "CSV", "RowBinary"):
        found = {without_times(b"".join(write(answer, name))) for answer in both}
        assert len(found) == 1


@dataclass(frozen=True)
class Column:
    name: str
    type: DataType


def answer_of(sql: str, types: dict[str, str], **options: Any) -> Answer:
    columns = tuple(Column(name, parse_type(text)) for name, text in types.items())
    with duckdb.connect() as connection:
        batches = connection.sql(sql).to_arrow_table().to_batches()
    return Answer(columns, batches, **options)


def written(answer: Answer, name: str) -> bytes:
    return b"".join(write(answer, name))


def test_rows_are_separated_across_chunks() -> None:
    answer = answer_of(f"SELECT i AS n FROM range({CHUNK_ROWS + 3}) AS r(i)", {"n": "Int64"})
    found = orjson.loads(written(answer, "JSON"))
    assert [row["n"] for row in found["data"]] == list(range(CHUNK_ROWS + 3))
    assert found["rows"] == CHUNK_ROWS + 3
    lines = written(answer, "Values")
    assert lines.startswith(b"(0),(1),") and lines.endswith(f",({CHUNK_ROWS + 2})".encode())


def test_settings_of_numbers() -> None:
    types = {"big": "UInt64", "small": "UInt32", "f": "Float64"}
    sql = "SELECT 18446744073709551615::UBIGINT, 1::UINTEGER, 'nan'::DOUBLE"
    settings = Settings(quote_64bit_integers=True, quote_denormals=True)
    answer = answer_of(sql, types, settings=settings)
    assert written(answer, "JSONEachRow") == (
        b'{"big":"18446744073709551615","small":1,"f":"nan"}\n'
    )
    assert b'"f":null' in written(answer_of(sql, types), "JSONEachRow")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "JSON",
            b'\t],\n\n\t"totals":\n\t{\n\t\t"k": 0,\n\t\t"c": 10\n\t},\n\n\t"rows": 2,\n\n'
            b'\t"rows_before_limit_at_least": 2,\n\n',
        ),
        ("JSONCompact", b'\t],\n\n\t"totals": [0, 10],\n\n\t"rows": 2,\n\n'),
        ("TSV", b"0\t4\n1\t3\n\n0\t10\n"),
    ],
)
def test_totals_and_limit(name: str, expected: bytes) -> None:
    types = {"k": "UInt8", "c": "UInt64"}
    totals = answer_of("SELECT 0::UTINYINT, 10::UBIGINT", types).batches[0]  # type: ignore[index]  # a list
    sql = "SELECT * FROM (VALUES (0::UTINYINT, 4::UBIGINT), (1, 3)) ORDER BY 1"
    answer = answer_of(sql, types, totals=totals, has_limit=True)
    assert expected in written(answer, name)


def test_booleans_of_comparisons_are_numbers_where_clickhouse_says_uint8() -> None:
    answer = answer_of("SELECT 1 = 1 AS a, 1 = 1 AS b", {"a": "UInt8", "b": "Bool"})
    assert written(answer, "CSV") == b"1,true\n"


def test_invalid_utf8_stays_as_it_is() -> None:
    answer = answer_of(r"SELECT '\xFF\xFE/'::BLOB", {"s": "String"})
    assert written(answer, "JSONEachRow") == b'{"s":"\xff\xfe\\/"}\n'


def test_parquet_reads_back() -> None:
    answer = CASES["texts"].answer()
    table = pq.read_table(BytesIO(written(answer, "Parquet")))
    assert table.column_names == [column.name for column in answer.columns]
    assert table.column("e").to_pylist() == ["a", "b'c"]
    assert table.column("ns").to_pylist() == ["x", None]
    times = pq.read_table(BytesIO(written(CASES["times"].answer(), "Parquet")))
    assert str(times.schema.field("t").type) == "timestamp[ms, tz=UTC]"
    parts = pq.read_table(BytesIO(written(CASES["parts"].answer(), "Parquet")))
    assert parts.column("aa").to_pylist() == [[[1, i], []] for i in range(3)]
    empty = pq.read_table(BytesIO(written(CASES["nothing"].answer(), "Parquet")))
    assert (empty.column_names, empty.num_rows) == (["a", "b"], 0)


_LABELS = "Map(String, String)"
_METRICS = {
    "name": "String",
    "value": "Float64",
    "help": "String",
    "type": "String",
    "timestamp": "Int64",
    "labels": _LABELS,
}


def test_prometheus() -> None:
    sql = """SELECT * FROM (VALUES
        ('a', 1.5::DOUBLE, 'h', 'counter', 5::BIGINT, MAP {'l': 'v'}),
        ('a', 2, 'h', 'counter', 6, MAP {'l': 'w"' || chr(10), 'z': 'q'}),
        ('b', 3, '', 'gauge', 0, MAP {}))"""
    assert written(answer_of(sql, _METRICS), "Prometheus") == (
        b'# HELP a h\n# TYPE a counter\na{l="v"} 1.5 5\na{l="w\\"\\n",z="q"} 2 6\n\n'
        b"# TYPE b gauge\nb 3\n\n"
    )
    sql = """SELECT * FROM (VALUES
        ('h', 1::DOUBLE, 'histogram', MAP {'le': '0.5'}), ('h', 2, 'histogram', MAP {'le': '+Inf'}),
        ('h', 2, 'histogram', MAP {'count': ''}), ('h', 9, 'histogram', MAP {'sum': ''}))"""
    types = {"name": "String", "value": "Float64", "type": "String", "labels": _LABELS}
    assert written(answer_of(sql, types), "Prometheus") == (
        b'# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 2\nh_sum 9\nh_count 2\n\n'
    )


@pytest.mark.parametrize(
    ("sql", "types", "word"),
    [
        ("SELECT 1::DOUBLE", {"value": "Float64"}, "`name`"),
        ("SELECT 1::UTINYINT, 1::DOUBLE", {"name": "UInt8", "value": "Float64"}, "`UInt8`"),
    ],
)
def test_prometheus_names_what_is_missing(sql: str, types: dict[str, str], word: str) -> None:
    with pytest.raises(UserError, match=word):
        written(answer_of(sql, types), "Prometheus")


def test_an_unknown_format_is_said_by_name() -> None:
    with pytest.raises(UserError) as raised:
        find_format("JSONEachRows")
    [diagnostic] = raised.value.diagnostics
    assert "`JSONEachRows`" in diagnostic.message
    assert diagnostic.hint == "did you mean `JSONEachRow`?"


def test_names_of_formats_ignore_case() -> None:
    assert find_format("jsoneachrow").name == "JSONEachRow"
    assert find_format("TSVWithNames").name == "TabSeparatedWithNames"


def test_slices_of_columns_with_nulls() -> None:
    types = {"u": "Nullable(UUID)", "n": "Nullable(Int128)", "a": "Array(Nullable(UUID))"}
    sql = """SELECT CASE WHEN i % 2 = 1
            THEN ('00000000-0000-0000-0000-' || lpad(i::VARCHAR, 12, '0'))::UUID END u,
        CASE WHEN i % 2 = 1 THEN i::HUGEINT END n, [u] AS a FROM range(6) AS r(i)"""
    with duckdb.connect(config={"arrow_lossless_conversion": True}) as connection:
        [batch] = connection.sql(sql).to_arrow_table().to_batches()
    columns = tuple(Column(name, parse_type(text)) for name, text in types.items())
    whole = written(Answer(columns, [batch]), "CSV").splitlines()
    parts = written(Answer(columns, [batch.slice(i, 1) for i in range(6)]), "CSV").splitlines()
    assert parts == whole
    assert whole[1].startswith(b'"00000000-0000-0000-0000-000000000001",1,')
    for name in ("RowBinary", "JSON"):
        sliced = written(Answer(columns, [batch.slice(0, 3), batch.slice(3, 3)]), name)
        assert sliced == written(Answer(columns, [batch]), name)
