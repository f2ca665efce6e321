"""A text that is known to be a plain day or time is read as any other text is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_tb.sql import Tables, Value, compile_query
from mini_tb.sql.duckdb.udf import register
from mini_tb.sql.plain_moment import DAY, MOMENT, SECOND, form

TYPES = [
    "Date",
    "Date32",
    "DateTime",
    "DateTime('America/New_York')",
    "DateTime('Asia/Kathmandu')",
    "DateTime64(0)",
    "DateTime64(3)",
    "DateTime64(6, 'Europe/Madrid')",
    "DateTime64(9, 'Asia/Kathmandu')",
]
QUERIES = [
    *(f"SELECT {{x:String}}::{name}" for name in TYPES),
    *(f"SELECT {{x:String}}::Nullable({name})" for name in TYPES),
    "SELECT parseDateTimeBestEffort({x:String})",
    "SELECT parseDateTime64BestEffortOrNull({x:String}, 3)",
    "SELECT toDateTimeOrNull({x:String}, 'Asia/Kathmandu')",
    "SELECT toDateTime64OrZero({x:String}, 3)",
    "SELECT toDateOrNull({x:String})",
    "SELECT toUnixTimestamp({x:String})",
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    year = draw(st.sampled_from([1969, 1970, 1971, 2024, 2025, 2105, 2106]))
    text = f"{year}-{draw(st.integers(0, 13)):02}-{draw(st.integers(0, 32)):02}"
    if draw(st.booleans()):
        hour, minute, second = (draw(st.integers(0, limit)) for limit in (24, 60, 60))
        text += f"{draw(st.sampled_from(' T'))}{hour:02}:{minute:02}:{second:02}"
        text += draw(st.just("") | st.from_regex(r"\.[0-9]{1,6}", fullmatch=True))
    return text


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        register(connection)
        yield connection


def test_forms() -> None:
    assert form("2025-01-02") == DAY
    assert form("2025-01-02 03:04:05") == form("2025-01-02T03:04:05") == SECOND
    assert form("2025-01-02 03:04:05.678") == MOMENT
    for text in ("2025-02-29", "2025-1-2", "2025-01-02 24:00:00", "1970-01-01", "2106-01-01", ""):
        assert form(text) is None


@given(texts(), st.sampled_from(QUERIES))
def test_a_plain_moment_is_read_as_any_text(
    connection: duckdb.DuckDBPyConnection, text: str, query: str
) -> None:
    assert answer(connection, query, text, known=text) == answer(
        connection, query, text, known="any text"
    )


def answer(connection: duckdb.DuckDBPyConnection, query: str, text: str, known: str) -> Any:
    """What a statement compiled for a text `known` gives for `text`, or its error."""
    compiled = compile_query(query, Tables(), values={"x": Value("x", "String", known, known)})
    (name,) = compiled.parameters
    try:
        return connection.execute(compiled.duck_sql, {name: text}).fetchall()
    except duckdb.Error as error:
        return str(error)
