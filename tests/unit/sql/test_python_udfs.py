"""Python functions of the values of a row, run by DuckDB over columns."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from mini_tb.sql.duckdb.udf import FAMILIES, Udf
from mini_tb.sql.functions.udf.values import arrow_type, python_udf

ROWS = "(VALUES (0, 'a', 1), (1, 'b', NULL), (2, NULL, 3), (3, 'a', 1)) AS t(i, x, y)"


def shown(*values: object) -> str:
    return "/".join(map(str, values))


@pytest.fixture
def seen() -> list[tuple[object, ...]]:
    return []


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def answers(connection: duckdb.DuckDBPyConnection, udf: Udf, args: str) -> list[Any]:
    udf.create(connection)
    found = connection.sql(f"SELECT {udf.name}({args}) FROM {ROWS} ORDER BY i").fetchall()
    return [value for (value,) in found]


def test_the_types_are_those_in_which_duckdb_gives_them(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    udfs = [u for f in FAMILIES for u in import_module(f"mini_tb.sql.functions.udf.{f}").UDFS]
    returned = {udf.returns for udf in udfs if udf.returns != '"NULL"'}
    assert len(returned) > 20
    for duck in returned:
        (field,) = connection.sql(f"SELECT CAST(NULL AS {duck})").to_arrow_table().schema
        assert arrow_type(duck) == field.type, duck


@pytest.mark.parametrize(
    ("parameters", "args", "expected"),
    [
        (("VARCHAR",), "x", ["a", "b", None, "a"]),
        (("VARCHAR", "INTEGER"), "x, y", ["a/1", None, None, "a/1"]),
    ],
)
def test_each_distinct_row_is_computed_once(
    connection: duckdb.DuckDBPyConnection,
    seen: list[tuple[object, ...]],
    parameters: tuple[str, ...],
    args: str,
    expected: list[str | None],
) -> None:
    def function(*values: object) -> str:
        seen.append(values)
        return shown(*values)

    udf = python_udf("f", parameters, "VARCHAR", function)
    assert answers(connection, udf, args) == expected
    assert len(seen) == len(set(seen)) == len({value for value in expected if value})


def test_constants_come_after_the_values_of_the_row(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    udf = python_udf("f", ("VARCHAR", "INTEGER", "VARCHAR[]"), "VARCHAR", shown, constants=2)
    assert answers(connection, udf, "x, 7, ['k']") == [
        "a/7/['k']",
        "b/7/['k']",
        None,
        "a/7/['k']",
    ]


def test_rows_of_lists_are_computed_one_by_one(connection: duckdb.DuckDBPyConnection) -> None:
    udf = python_udf("f", ("INTEGER[]", "VARCHAR"), "VARCHAR", shown)
    assert answers(connection, udf, "[y, i], x") == ["[1, 0]/a", "[None, 1]/b", None, "[1, 3]/a"]


def test_of_a_group_only_the_first_must_be_there(connection: duckdb.DuckDBPyConnection) -> None:
    udf = python_udf("f", ("VARCHAR", "INTEGER"), "VARCHAR", shown, is_of_group=True)
    assert answers(connection, udf, "x, y") == ["a/1", "b/None", None, "a/1"]


def test_no_rows() -> None:
    udf = python_udf("f", ("VARCHAR", "INTEGER"), "VARCHAR[]", shown, constants=1)
    none = udf.function(pa.array([], pa.string()), pa.array([], pa.int32()))
    assert none == pa.array([], pa.list_(pa.string()))
